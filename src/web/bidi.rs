//! Text of others on a page, some of which runs from right to left: it must turn none of the words around it.
//!
//! A name stands in a `bdi`, or is [`isolated`] where no element can be. What nobody can see to from there is seen to on
//! the whole page ([`settled`]): characters that would break out of either, and words that a sentence quotes.

use std::borrow::Cow;

const FIRST_STRONG_ISOLATE: char = '\u{2068}';
const POP_ISOLATE: char = '\u{2069}';

/// Elements whose text is shown, copied or sent back as it is. Each is a paragraph of its own, which no direction leaves.
const VERBATIM: [&str; 2] = ["pre", "textarea"];

/// The page with each run of text settled by itself: no character in it turns what follows, every isolate that it opens is
/// closed in it, and what it quotes keeps its direction to itself.
pub fn settled(page: String) -> String {
    // Most pages hold nothing of the kind, and are not written a second time.
    if page.is_ascii() || !page.chars().any(|c| is_control(c) || runs_left(c)) {
        return page;
    }
    let mut out = String::with_capacity(page.len() + 64);
    let (mut rest, mut verbatim) = (page.as_str(), false);
    while let Some(at) = rest.find('<') {
        let (text, from) = rest.split_at(at);
        settle(text, verbatim, &mut out);
        // Within a value of an attribute it is written as an entity.
        let (tag, after) = from.split_at(from.find('>').map_or(from.len(), |end| end + 1));
        out.push_str(tag);
        let is_end = tag.starts_with("</");
        let name = tag.trim_start_matches(['<', '/']).split(|c: char| !c.is_ascii_alphanumeric()).next();
        if name.is_some_and(|name| VERBATIM.contains(&name)) {
            verbatim = !is_end;
        }
        rest = after;
    }
    settle(rest, verbatim, &mut out);
    out
}

fn settle(text: &str, verbatim: bool, out: &mut String) {
    if verbatim || text.is_ascii() {
        out.push_str(text);
        return;
    }
    let mut open = 0;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            c if turns(c) => {}
            FIRST_STRONG_ISOLATE => {
                open += 1;
                out.push(c);
            }
            POP_ISOLATE if open == 0 => {}
            POP_ISOLATE => {
                open -= 1;
                out.push(c);
            }
            '“' => {
                out.push(c);
                let quoted = rest.as_str().split_once('”').map(|(quoted, _)| quoted);
                if let Some(quoted) = quoted.filter(|quoted| quoted.chars().any(runs_left)) {
                    out.push_str(&isolated(quoted));
                    rest = rest.as_str()[quoted.len()..].chars();
                }
            }
            c => out.push(c),
        }
    }
    out.extend(std::iter::repeat_n(POP_ISOLATE, open));
}

/// Whether it is one of the characters that turn what follows them or set it apart, up to another one.
pub(super) fn is_control(c: char) -> bool {
    turns(c) || matches!(c, FIRST_STRONG_ISOLATE | POP_ISOLATE)
}

/// Whether it turns what follows it, whatever that is.
fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}' | '\u{2067}')
}

/// Whether it belongs to a script that runs from right to left.
fn runs_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{200f}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

/// A name within a plain text, where no element can keep its direction from the words around it: a title, a label, an option, a
/// sentence. ASCII runs the way the page runs.
pub fn isolated(name: &str) -> Cow<'_, str> {
    if name.is_ascii() {
        return Cow::Borrowed(name);
    }
    let kept: String = name.chars().filter(|c| !is_control(*c)).collect();
    Cow::Owned(format!("\u{2068}{kept}\u{2069}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_runs_the_other_way_turns_no_word_around_it() {
        assert_eq!(isolated("HRIS (old)"), "HRIS (old)");
        assert_eq!(isolated("محمد"), "\u{2068}محمد\u{2069}");
        assert_eq!(isolated("é\u{2069}\u{202e}gnp.exe"), "\u{2068}égnp.exe\u{2069}");
    }

    #[test]
    fn nothing_in_a_text_turns_what_stands_beside_it_on_the_page() {
        let page = "<p title=\"\u{202e}\">é\u{202e}gnp<bdi>x\u{2069}\u{202b}y</bdi>, \u{2068}z\u{2069} \u{2068}a</p>";
        let shown = "<p title=\"\u{202e}\">égnp<bdi>xy</bdi>, \u{2068}z\u{2069} \u{2068}a\u{2069}</p>";
        assert_eq!(settled(page.to_owned()), shown);
    }

    #[test]
    fn what_a_sentence_quotes_keeps_its_direction_to_itself() {
        assert_eq!(settled("<p>“محمد (2)” is no date</p>".to_owned()), "<p>“\u{2068}محمد (2)\u{2069}” is no date</p>");
        assert_eq!(settled("<p>“O’Brien” and “Jörg</p>".to_owned()), "<p>“O’Brien” and “Jörg</p>");
    }

    #[test]
    fn payloads_and_what_is_typed_stay_what_they_are() {
        let page = "<pre class=\"wrap\">“ع”\u{202e}<span>\u{2069}</span></pre><textarea>\u{2067}“ع”</textarea>";
        assert_eq!(settled(page.to_owned()), page);
    }
}
