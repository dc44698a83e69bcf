//! Characters that nobody sees. In a name they make two of one, or turn the text around it, so that it reads as another.

/// Whether a character has no shape of its own: Unicode's formatting characters, but for signs that are drawn around numbers,
/// and the fillers and selectors beside them.
pub fn is_shapeless(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether nobody sees a character and no spelling needs it. Joiners belong to the spelling of Persian, Hindi and emoji, and so
/// do selectors of variations.
pub fn is_hidden(c: char) -> bool {
    let is_spelling = matches!(c, '\u{34f}' | '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{200c}' | '\u{200d}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}');
    is_shapeless(c) && !is_spelling
}

/// A line as it is saved: without characters that nobody sees.
pub fn without(line: &str) -> String {
    line.chars().filter(|c| !is_hidden(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn nothing_unseen_is_left_but_what_belongs_to_a_spelling() {
        assert_eq!(without("\u{202e}gnp.exe\u{202c} HR\u{200b}IS\u{feff}\u{2066}\u{e0041}"), "gnp.exe HRIS");
        for name in ["علی\u{200c}رضا", "कखि्\u{200d}", "👩\u{200d}🚀", "Nguyễn Thị Ánh", "✨\u{fe0f} O’Brien"]
        {
            assert_eq!(without(name), name);
        }
    }
}
