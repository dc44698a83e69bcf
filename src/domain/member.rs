//! Members: people who sign in, each with a role in one or more organisations.
//!
//! An account is known by an e-mail address, and an address typed by somebody else shows nothing. Until its holder has shown
//! that the address is theirs, through a link that was mailed to it or by word of the operator, the account is of use in the
//! organisation that it was made in and nowhere else.

use chrono::{DateTime, Utc};

use super::api_key;
use super::email::folded;
use super::ids::MemberId;
use super::role::Role;
use super::unseen::is_shapeless;

/// A person who can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Their id; `clientId` of the events they cause.
    pub id: MemberId,
    /// Their e-mail address, lower-case.
    pub email: String,
    /// Their name as they write it.
    pub name: String,
    /// When they were invited.
    pub created_at: DateTime<Utc>,
    /// When they showed that the address is theirs; `None` while they have not.
    pub address_proven_at: Option<DateTime<Utc>>,
    /// When the operator printed the password they have; `None` once they have chosen one. Until then they can do nothing else.
    pub password_given_at: Option<DateTime<Utc>>,
    /// Which password they have.
    pub password: PasswordMark,
}

/// Tells one password of a member from the next, and nothing else of it. A session bears that of the password it was opened
/// with, and is worth nothing under another: one that is opened while the password changes does not outlive it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PasswordMark(String);

impl PasswordMark {
    /// The mark of the password that was hashed to this.
    pub fn of(password_hash: &str) -> Self {
        let mut mark = api_key::hash(password_hash);
        mark.truncate(16);
        Self(mark)
    }

    /// As sessions keep it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A member's place in one organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Who.
    pub member: Member,
    /// As what.
    pub role: Role,
    /// Since when.
    pub since: DateTime<Utc>,
    /// When they last looked at this organisation's pages, to the hour; `None` when they never did.
    pub last_seen_at: Option<DateTime<Utc>>,
}

impl Member {
    /// Whether the address was shown to be theirs.
    pub fn is_proven(&self) -> bool {
        self.address_proven_at.is_some()
    }

    /// The letters of the small round sign in the bar: first letters of the first and last word of the name.
    pub fn initials(&self) -> String {
        let mut words = self.name.split_whitespace();
        let first = words.next().and_then(|word| word.chars().next());
        let last = words.next_back().and_then(|word| word.chars().next());
        first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
    }
}

/// An e-mail address as it is stored and compared: trimmed, lower-case, in one Unicode form, one `@` with something on both sides.
pub fn email(typed: &str) -> Option<String> {
    let email = folded(typed.trim());
    let (name, host) = email.rsplit_once('@')?;
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || is_shapeless(c) || matches!(c, ',' | ';' | '<' | '>');
    let plain = !email.chars().any(is_odd);
    (plain && !name.is_empty() && !host.is_empty() && email.len() <= 254 && !name.contains('@')).then_some(email)
}

#[cfg(test)]
mod tests {
    use super::email;

    #[test]
    fn an_email_is_trimmed_and_lowered_and_nonsense_is_none() {
        assert_eq!(email(" Siobhan@Mail.Example "), Some("siobhan@mail.example".into()));
        assert_eq!(email("jo\u{308}rg@mail.example"), Some("j\u{f6}rg@mail.example".into()));
        assert!(
            ["", "a", "@b", "a@", "a b@c", "a@b@c", "a@b,c@d", "a\u{200b}@b", "\u{202e}a@b"]
                .iter()
                .all(|text| email(text).is_none())
        );
    }
}
