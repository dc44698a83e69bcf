//! Personal data as those see it who may not: enough to tell two people apart, too little to know them (B11).

pub mod json;
pub mod target;

/// What stands in place of what is not shown; always as long, so that it does not tell the length.
const HIDDEN: &str = "•••";

/// A name: each word's first letter. `Siobhán O’Brien` becomes `S••• O•••`.
pub fn name(name: &str) -> String {
    let words = name.split_whitespace().filter_map(|word| word.chars().next());
    let masked: Vec<String> = words.map(|first| format!("{first}{HIDDEN}")).collect();
    if masked.is_empty() { HIDDEN.to_owned() } else { masked.join(" ") }
}

/// An e-mail address: its first letter and its host. `siobhan@mail.example` becomes `s•••@mail.example`.
pub fn email(email: &str) -> String {
    match email.rsplit_once('@') {
        Some((local, host)) => format!("{}{HIDDEN}@{host}", local.chars().next().map(String::from).unwrap_or_default()),
        None => HIDDEN.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{email, name};

    #[test]
    fn names_keep_their_first_letters_in_every_script() {
        assert_eq!(name("Siobhán O’Brien"), "S••• O•••");
        assert_eq!(name("محمد العتيبي"), "م••• ا•••");
        assert_eq!(name("Sam ✨ Rivera"), "S••• ✨••• R•••");
        assert_eq!(name("<script>"), "<•••");
        assert_eq!(name("  "), "•••");
    }

    #[test]
    fn addresses_keep_their_first_letter_and_their_host() {
        assert_eq!(email("siobhan.obrien@mail.example"), "s•••@mail.example");
        assert_eq!(email("@mail.example"), "•••@mail.example");
        assert_eq!(email("no address"), "•••");
    }
}
