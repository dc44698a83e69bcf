//! What is taken off a value before it means anything: words for nothing, characters nobody sees, guards against formulas.
//!
//! One list of words serves every field, for what one program writes for nothing must never become a name in one column
//! and an identity in the next.

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::domain::unseen::is_shapeless;

/// What programs write for nothing, in lower case and without the brackets around it.
#[rustfmt::skip]
const NOTHING: &[&str] = &[
    "", "-", "--", "---", "–", "—", ".", "..", "...", "…", "?", "??", "/", "_", "*", "n/a", "n.a.", "n.a", "#n/a", "#na", "n/v", "null",
    "\\n", "nil", "none", "nan", "nat", "na", "undefined", "unknown", "blank", "empty", "no data", "no value", "no entry",
    "not available", "not applicable", "not provided", "not specified", "not given", "not set", "[object object]",
    "object object", "k.a.", "k. a.", "k.a", "keine angabe", "keine angaben", "nicht angegeben", "unbekannt", "entfällt",
    "tbd", "tba", "tbc", "inconnu", "inconnue", "non renseigné", "non renseignée", "desconocido", "desconocida", "sconosciuto", "onbekend",
    "nvt", "n.v.t.", "#value!", "#ref!", "#name?", "#null!", "#num!", "#div/0!", "#error!", "#wert!", "#bezug!",
];
/// Those that are also names of people, when they are spelled like one: `Null`, `Na`.
const ALSO_NAMES: &[&str] = &["null", "nil", "none", "nan", "nat", "na"];

/// Whether a value is a word for nothing.
pub(super) fn is_nothing(text: &str) -> bool {
    let lower = text.trim().to_lowercase();
    let bare = lower.trim_matches(['<', '>', '(', ')', '[', ']', '{', '}']).trim();
    NOTHING.contains(&bare) || NOTHING.contains(&lower.as_str())
}

/// Whether it is no name: a word for nothing that is not spelled like the name it might be.
pub(super) fn is_no_name(text: &str) -> bool {
    let mut letters = text.trim().chars();
    let first = letters.next().is_some_and(char::is_uppercase);
    let like_a_name =
        first && letters.all(char::is_lowercase) && ALSO_NAMES.contains(&text.trim().to_lowercase().as_str());
    is_nothing(text) && !like_a_name
}

/// Whether it is no id: a word for nothing, or a number that programs give to what has none.
pub(super) fn is_no_id(text: &str) -> bool {
    let zeros = text.contains('0') && text.chars().all(|c| matches!(c, '0' | '-' | '.' | '{' | '}'));
    is_nothing(text) || zeros || text == "-1"
}

/// Text without the characters that have no shape and belong to no spelling. Joiners (Persian, Hindi, emoji), marks of
/// direction, variation selectors and the tags of flags stay.
pub(super) fn readable(text: &str) -> String {
    text.chars().filter(|c| !is_shapeless(*c) || is_spelling(*c)).collect()
}

/// What machines read (addresses, numbers, ids): without any character that nobody sees, in one Unicode form.
pub(super) fn visible(text: &str) -> String {
    let kept: String = text.chars().filter(|c| !is_shapeless(*c)).collect();
    ComposingNormalizerBorrowed::new_nfc().normalize(&kept).into_owned()
}

/// Like [`visible`], with letters and digits of another width brought to the common one, for addresses and numbers.
pub(super) fn plain(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfkc().normalize(&visible(text)).into_owned()
}

/// Those that belong to how something is written in some script.
fn is_spelling(c: char) -> bool {
    matches!(c,
        '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200c}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{e0020}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}')
}

/// A cell without what a program put round it: the apostrophe before what would be a formula, `="00416"`, and quotes
/// that were left over.
pub(super) fn cell(raw: &str) -> &str {
    let cell = raw.trim();
    if let Some(inner) = cell.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) {
        return inner;
    }
    if let Some(rest) = cell.strip_prefix('\'')
        && rest.starts_with(['=', '+', '-', '@', '\t', '\r'])
    {
        return rest;
    }
    for (open, close) in [('"', '"'), ('“', '”'), ('„', '“')] {
        let inner = cell.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        if let Some(inner) = inner.filter(|inner| !inner.contains([open, close])) {
            return inner;
        }
    }
    raw
}

/// A number without the apostrophe that keeps a spreadsheet from counting with it.
pub(super) fn number(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('\'')
        .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || "+-(".contains(c)))
        .unwrap_or(text)
}

/// A whole number to which a program gave decimals, `84211.0`, as it was.
pub(super) fn whole(text: &str) -> &str {
    let whole = text.strip_suffix(".0").or_else(|| text.strip_suffix(".00")).unwrap_or(text);
    if !whole.is_empty() && whole.bytes().all(|b| b.is_ascii_digit()) { whole } else { text }
}

/// Whether digits of a number are lost: `4,91511E+11`, `4.915123e+11`. An id such as `12E5` may be meant.
pub(super) fn is_shortened(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let meant = !exponent.starts_with('+') && !mantissa.contains(['.', ',']);
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    !meant && exponent.len() <= 3 && digits(exponent) && mantissa.split(['.', ',']).all(digits)
}
