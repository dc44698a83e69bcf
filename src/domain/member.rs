//! Members: people who sign in, each with a role in one or more organisations.

use chrono::{DateTime, Utc};

use super::ids::MemberId;
use super::role::Role;

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
    /// The letters of the small round sign in the bar: first letters of the first and last word of the name.
    pub fn initials(&self) -> String {
        let mut words = self.name.split_whitespace();
        let first = words.next().and_then(|word| word.chars().next());
        let last = words.next_back().and_then(|word| word.chars().next());
        first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
    }
}

/// An e-mail address as it is stored and compared: trimmed, lower-case, one `@` with something on both sides.
pub fn email(typed: &str) -> Option<String> {
    let email = typed.trim().to_lowercase();
    let (name, host) = email.rsplit_once('@')?;
    let plain = !email.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, ',' | ';' | '<' | '>'));
    (plain && !name.is_empty() && !host.is_empty() && email.len() <= 254 && !name.contains('@')).then_some(email)
}

#[cfg(test)]
mod tests {
    use super::email;

    #[test]
    fn an_email_is_trimmed_and_lowered_and_nonsense_is_none() {
        assert_eq!(email(" Siobhan@Mail.Example "), Some("siobhan@mail.example".into()));
        assert!(["", "a", "@b", "a@", "a b@c", "a@b@c", "a@b,c@d"].iter().all(|text| email(text).is_none()));
    }
}
