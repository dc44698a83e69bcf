//! Which encoding a file without a mark is in that is no UTF-8, and letters that were encoded twice.
//!
//! Any byte is a letter or sign in each of these encodings, so what decides is what stands within words: in the right one
//! nearly nothing but letters does.

use encoding_rs::{Encoding, ISO_8859_2, MACINTOSH, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252};

/// What is tried, the commonest first: of two that fit equally well, the earlier is taken.
const CANDIDATES: [(&Encoding, &str); 5] = [
    (WINDOWS_1252, "Windows-1252"),
    (MACINTOSH, "Mac Roman"),
    (WINDOWS_1250, "Windows-1250"),
    (ISO_8859_2, "ISO 8859-2"),
    (WINDOWS_1251, "Windows-1251"),
];
/// What Excel writes; its readings are taken as they are.
const WINDOWS: &str = CANDIDATES[0].1;
/// So many words are shown as examples.
const MAX_EXAMPLES: usize = 3;
/// Longer words are no examples.
const MAX_EXAMPLE_LEN: usize = 30;

/// A text with what was assumed to read it.
pub(super) struct Guess {
    pub text: String,
    /// A sentence.
    pub note: String,
    /// Whether another encoding fits as well, so that a person should look at the names.
    pub is_doubtful: bool,
}

/// Reads bytes that are no UTF-8; `None` when no encoding fits, because they hold what none of them has.
pub(super) fn guess(bytes: &[u8]) -> Option<Guess> {
    let read = |(encoding, name): (&'static Encoding, &'static str)| {
        let (text, malformed) = encoding.decode_without_bom_handling(bytes);
        let is_text = !malformed && !text.chars().any(is_no_text);
        is_text.then(|| (fault(&text), name, text.into_owned()))
    };
    let readings: Vec<_> = CANDIDATES.into_iter().filter_map(read).collect();
    let (fault, name, text) = readings.iter().min_by_key(|(fault, ..)| *fault)?;
    if *name != WINDOWS && fault.0 * 2 > words(text).count() {
        return None;
    }
    // Of Central European and Cyrillic readings some always fit; a Mac's fit only what a Mac wrote.
    let mac = readings.iter().find(|(other, name, _)| *name == "Mac Roman" && other == fault);
    let rival = mac.filter(|(_, other, _)| other != name);
    let note = match rival {
        Some((_, _, rival)) => format!(
            "The file is not UTF-8; it was read as {name}: {}. If an old Mac program wrote it, that should be {}; then save \
             it as UTF-8.",
            examples(text),
            examples(rival)
        ),
        None => format!("The file is not UTF-8; it was read as {name}, with {}.", examples(text)),
    };
    Some(Guess { text: text.clone(), note, is_doubtful: rival.is_some() })
}

/// What stands in no text: controls, and what an encoding has no letter for.
fn is_no_text(c: char) -> bool {
    c == char::REPLACEMENT_CHARACTER || (c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{b}' | '\u{c}'))
}

/// How badly a text reads: signs within words and letters that do not fit together, then signs elsewhere.
fn fault(text: &str) -> (usize, usize) {
    let (mut odd, mut signs) = (0, 0);
    let letters: Vec<char> = text.chars().collect();
    for (at, c) in letters.iter().enumerate().filter(|(_, c)| !c.is_ascii()) {
        let before = at.checked_sub(1).map_or(' ', |before| letters[before]);
        let after = letters.get(at + 1).copied().unwrap_or(' ');
        if is_letter(*c) {
            let is_capital_within =
                c.is_uppercase() && (before.is_lowercase() || before.is_alphabetic() && after.is_lowercase());
            let mixes =
                [before, after].iter().any(|other| other.is_alphabetic() && is_cyrillic(*other) != is_cyrillic(*c));
            // Four accents in a row: another script, read as Latin.
            let is_fourth = !is_cyrillic(*c)
                && at >= 3
                && letters[at - 3..at].iter().all(|other| !other.is_ascii() && is_letter(*other));
            odd += usize::from(is_capital_within || mixes || is_fourth);
        } else {
            signs += 1;
            let is_within = before.is_alphabetic() && after.is_alphabetic();
            let touches = before.is_alphabetic() || after.is_alphabetic();
            let may_touch = "“”„‘’‚«»‹›…¡¿´°ªº§©®™€£•\u{a0}\u{ad}–—·".contains(*c);
            let may_part = "’‘´·\u{a0}\u{ad}—".contains(*c);
            odd += usize::from(is_within && !may_part || touches && !may_touch);
        }
    }
    (odd, signs)
}

/// A letter of a word, not one that is set above or between.
fn is_letter(c: char) -> bool {
    c.is_alphabetic() && !matches!(c, '\u{2b0}'..='\u{2ff}' | 'ª' | 'º' | 'µ' | 'ƒ' | 'Ω' | 'π')
}

fn is_cyrillic(c: char) -> bool {
    matches!(c, '\u{400}'..='\u{52f}')
}

/// The words with something beyond ASCII in them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric() || c.is_whitespace())
        .filter(|word| !word.is_ascii())
}

/// The first of these words, each once.
fn examples(text: &str) -> String {
    let mut found: Vec<&str> = Vec::new();
    for word in words(text).filter(|word| word.chars().count() < MAX_EXAMPLE_LEN) {
        if found.len() == MAX_EXAMPLES {
            break;
        }
        if !found.contains(&word) {
            found.push(word);
        }
    }
    found.iter().map(|word| format!("“{word}”")).collect::<Vec<_>>().join(", ")
}

/// The text with letters put right that were encoded twice, `MÃ¼ller`, and what that was; `None` when there are none. Signs
/// alone, such as `Â°`, prove nothing.
pub(super) fn undoubled(text: &str) -> Option<(String, String)> {
    let mut mended = String::with_capacity(text.len());
    let mut example: Option<(&str, String)> = None;
    let is_proof = |meant: &str| meant.chars().any(char::is_alphabetic);
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| !c.is_ascii()) {
        let (plain, other) = rest.split_at(start);
        let (run, after) = other.split_at(other.find(|c: char| c.is_ascii()).unwrap_or(other.len()));
        mended.push_str(plain);
        match once(run) {
            Some(meant) => {
                if is_proof(&meant) {
                    example.get_or_insert_with(|| (run, meant.clone()));
                }
                mended.push_str(&meant);
            }
            None => mended.push_str(run),
        }
        rest = after;
    }
    let (run, meant) = example?;
    mended.push_str(rest);
    let note = format!("Letters of this file were encoded twice, such as “{run}”; they were read as “{meant}”.");
    Some((mended, note))
}

/// What a run of letters beyond ASCII was before it was read as Windows-1252 and encoded again.
fn once(run: &str) -> Option<String> {
    let byte = |c: char| match u32::from(c) {
        // Bytes without a letter are kept as controls by most programs.
        0x80..=0x9f => u8::try_from(u32::from(c)).ok(),
        _ => {
            let mut buffer = [0; 4];
            let (bytes, _, unmappable) = WINDOWS_1252.encode(c.encode_utf8(&mut buffer));
            (!unmappable).then(|| bytes.first().copied()).flatten()
        }
    };
    let bytes: Option<Vec<u8>> = run.chars().map(byte).collect();
    String::from_utf8(bytes?).ok().filter(|meant| !meant.chars().any(char::is_control))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(encoding: &'static Encoding, text: &str) -> Vec<u8> {
        let (bytes, _, unmappable) = encoding.encode(text);
        assert!(!unmappable, "{text}");
        bytes.into_owned()
    }

    #[test]
    fn each_encoding_is_told_by_what_stands_within_words() {
        for (encoding, name, text) in [
            (WINDOWS_1252, "Windows-1252", "Jörg Müller; Señor Núñez – Zoë O’Brien; Ångström; Škoda; ÖZGÜR"),
            (MACINTOSH, "Mac Roman", "Jörg Straße Köln; Beñat Muñoz León; Renée"),
            (WINDOWS_1250, "Windows-1250", "Wałęsa; Łukasz Żółć; Kraków"),
            (WINDOWS_1251, "Windows-1251", "Иван Петров; Москва"),
        ] {
            let guess = guess(&encoded(encoding, text)).expect("it can be read");
            assert_eq!(guess.text, text, "{name}: {}", guess.note);
            assert!(guess.note.contains(&format!("read as {name}")) && !guess.is_doubtful, "{}", guess.note);
        }
    }

    #[test]
    fn what_fits_in_two_ways_is_shown_in_both() {
        let guess = guess(b"J\x9arg Tal").expect("it can be read");
        assert!(guess.is_doubtful, "{}", guess.note);
        assert!(guess.note.contains("“Jšrg”") && guess.note.contains("“Jörg”"), "{}", guess.note);
        assert!(super::guess(b"J\xf6rg \x01").is_none());
    }

    #[test]
    fn letters_that_were_encoded_twice_are_put_right_and_others_left_alone() {
        let (mended, note) = undoubled("JÃ¶rg MÃ¼ller, ZoÃ« Oâ€™Brien; Siobhán").expect("there are some");
        assert_eq!(mended, "Jörg Müller, Zoë O’Brien; Siobhán");
        assert!(note.contains("“Ã¶”") && note.contains("“ö”"), "{note}");
        for sound in ["Jörg Straße", "ÇÃO João", "«Äpfel»", "Nguyễn Thị Ánh", "é", "محمد", "👩‍🚀"]
        {
            assert_eq!(undoubled(sound).map(|(text, _)| text), None, "{sound}");
        }
    }
}
