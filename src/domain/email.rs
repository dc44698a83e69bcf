//! E-mail addresses as they are compared. `ö` may be one character or an `o` with a mark behind it: both are one address.

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

/// An address as it is stored and compared: in lower case, each letter with its marks as one character.
pub fn folded(address: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(&address.to_lowercase()).into_owned()
}

/// How an address may stand in the database: as it is stored now, and as earlier versions stored what a Mac had written.
pub fn spellings(address: &str) -> [String; 2] {
    let folded = folded(address);
    let apart = DecomposingNormalizerBorrowed::new_nfd().normalize(&folded).into_owned();
    [folded, apart]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_in_two_unicode_forms_is_one_address() {
        let (one, apart) = ("j\u{f6}rg@mail.example", "jo\u{308}rg@mail.example");
        assert_eq!(folded("JO\u{308}RG@mail.example"), one);
        assert_eq!(spellings(apart), [one, apart]);
        assert_eq!(spellings("ada@mail.example"), ["ada@mail.example", "ada@mail.example"]);
    }
}
