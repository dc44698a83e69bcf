//! Whom the members of an organisation ask for help: what its admins wrote, and what can be made of it.

use url::Url;

use super::member::email;

/// What was written about it has at most so many characters.
pub const MAX_LEN: usize = 200;

/// Whom to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SupportContact {
    /// An e-mail address.
    Email(String),
    /// A page on the web.
    Page(Url),
    /// Anything else: a name, a number, a channel.
    Words(String),
}

impl SupportContact {
    /// Reads what was written.
    pub fn read(text: &str) -> Self {
        let text = text.trim();
        if let Some(address) = email(text).filter(|address| address.is_ascii()) {
            return SupportContact::Email(address);
        }
        match Url::parse(text) {
            Ok(page) if page.scheme() == "https" && page.has_host() => SupportContact::Page(page),
            _ => SupportContact::Words(text.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_and_a_page_can_be_followed_and_anything_else_is_words() {
        assert_eq!(SupportContact::read(" Help@Acme.example"), SupportContact::Email("help@acme.example".into()));
        let page = SupportContact::read("https://help.acme.example/hr?a=b");
        assert!(matches!(page, SupportContact::Page(_)), "{page:?}");
        for words in ["Maeve, extension 4711", "javascript:alert(1)", "http://help.example", "https:", "#help on Slack"]
        {
            assert_eq!(SupportContact::read(words), SupportContact::Words(words.into()));
        }
    }
}
