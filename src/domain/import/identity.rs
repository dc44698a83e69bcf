//! Whether two records may be one person, as far as their names tell.

use icu_normalizer::DecomposingNormalizerBorrowed;

use super::names::is_particle;
use crate::domain::candidate::Profile;

/// Whether the names of two records contradict each other in first AND last name: each has both, and no word of one is a
/// word of the other. An initial agrees with what it begins; names in different scripts tell nothing.
pub(super) fn contradict(one: &Profile, other: &Profile) -> bool {
    let (one, other) = (words(one), words(other));
    if one.len() < 2 || other.len() < 2 || is_latin(&one) != is_latin(&other) {
        return false;
    }
    !one.iter().any(|a| other.iter().any(|b| agree(a, b)))
}

fn agree(a: &str, b: &str) -> bool {
    let initial = |short: &str, long: &str| short.chars().nth(1).is_none() && long.starts_with(short);
    a == b || initial(a, b) || initial(b, a)
}

fn words(profile: &Profile) -> Vec<String> {
    let parts = [profile.first_name.as_deref(), profile.last_name.as_deref(), Some(profile.full_name.as_str())];
    let mut words: Vec<String> = Vec::new();
    for word in parts.into_iter().flatten().flat_map(|part| part.split(|c: char| !is_of_a_word(c))) {
        let folded = fold(word);
        if !folded.is_empty() && !is_particle(&folded) && !words.contains(&folded) {
            words.push(folded);
        }
    }
    words
}

fn is_of_a_word(c: char) -> bool {
    !(c.is_whitespace() || matches!(c, '-' | '‐' | '–' | ',' | '.' | ';' | '/' | '·' | '・' | '(' | ')'))
}

/// Letters and digits in lower case, without accents.
fn fold(word: &str) -> String {
    let apart = DecomposingNormalizerBorrowed::new_nfkd().normalize(word);
    let letters = apart.chars().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric());
    letters
        .map(|c| match c {
            'ł' => 'l',
            'ø' => 'o',
            'đ' => 'd',
            'ı' => 'i',
            other => other,
        })
        .collect()
}

fn is_latin(words: &[String]) -> bool {
    words.iter().any(|word| word.contains(|c: char| c.is_ascii_alphabetic()))
}
