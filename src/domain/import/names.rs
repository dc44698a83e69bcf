//! Names of people: taken as they are, and parted only when the file leaves no choice.

/// Which part of a name the file gave. An update must not replace what is known by what was only derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Names {
    /// Every part that is there.
    #[default]
    Given,
    /// First or last name; the full name was joined from them.
    Joined,
    /// The full name; first and last name were split from it.
    Split,
}

/// First, last and full name.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Name {
    pub first: Option<String>,
    pub last: Option<String>,
    pub full: Option<String>,
    /// Whether the column says that whole names begin with the last name.
    pub last_first: bool,
}

/// Words that belong to the last name behind them.
const PARTICLES: &[&str] = &[
    "al", "bin", "bint", "da", "das", "de", "del", "della", "den", "der", "di", "do", "dos", "du", "el", "ibn", "la",
    "le", "van", "vom", "von", "zu", "zum", "zur",
];
/// What may follow a name behind a comma without being the first name.
const SUFFIXES: &[&str] = &["jr", "sr", "ii", "iii", "iv", "phd", "md", "mba", "msc", "bsc", "esq", "mdphd", "dipling"];

impl Name {
    /// The whole of it with the full name never empty; `None` when there is no name at all.
    pub(super) fn complete(self) -> Option<(Option<String>, Option<String>, String, Names)> {
        match (self.first, self.last, self.full) {
            (None, None, None) => None,
            (None, None, Some(full)) => {
                let (first, last, full) = if self.last_first { turned(full) } else { split(full) };
                Some((first, last, full, Names::Split))
            }
            (first, last, Some(full)) => Some((first, last, full, Names::Given)),
            (first, last, None) => {
                let full = join(first.as_deref(), last.as_deref());
                Some((first, last, full, Names::Joined))
            }
        }
    }
}

/// `Anna` and `Müller` as one.
pub(super) fn join(first: Option<&str>, last: Option<&str>) -> String {
    [first, last].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The last word is the last name, with the particles before it; what stands before is the first name. A single word is
/// a first name. `Müller, Anna` is turned round; `John Smith, Jr.` stays whole.
fn split(full: String) -> (Option<String>, Option<String>, String) {
    if let Some((before, after)) = full.split_once(',') {
        let (before, after) = (before.trim(), after.trim());
        let letters: String = after.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        if SUFFIXES.contains(&letters.as_str()) || after.contains(',') {
            let (first, last) = at_last_word(before);
            return (first, last, full);
        }
        if !before.is_empty() && !after.is_empty() {
            return (Some(after.to_owned()), Some(before.to_owned()), format!("{after} {before}"));
        }
    }
    let (first, last) = at_last_word(&full);
    (first, last, full)
}

/// A whole name that begins with the last name: what is in capitals, or the first word with the particles before it.
fn turned(full: String) -> (Option<String>, Option<String>, String) {
    let words: Vec<&str> = full.split_whitespace().collect();
    if full.contains(',') || words.len() < 2 {
        return split(full);
    }
    let capitals = |word: &str| word.chars().any(char::is_uppercase) && !word.chars().any(char::is_lowercase);
    let leading = words.iter().take_while(|word| capitals(word)).count();
    let particles = words.iter().take_while(|word| is_particle(word)).count();
    let end = if (1..words.len()).contains(&leading) { leading } else { (particles + 1).min(words.len() - 1) };
    let (last, first) = (words[..end].join(" "), words[end..].join(" "));
    let full = format!("{first} {last}");
    (Some(first), Some(last), full)
}

/// Whether a word belongs to the last name behind it, such as `van`.
pub(super) fn is_particle(word: &str) -> bool {
    PARTICLES.contains(&word)
}

fn at_last_word(name: &str) -> (Option<String>, Option<String>) {
    let words: Vec<&str> = name.split_whitespace().collect();
    let Some(mut start) = words.len().checked_sub(1) else { return (None, None) };
    while start > 1 && PARTICLES.contains(&words[start - 1]) {
        start -= 1;
    }
    match start {
        0 => (Some(words.join(" ")), None),
        _ => (Some(words[..start].join(" ")), Some(words[start..].join(" "))),
    }
}
