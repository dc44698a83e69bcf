//! Invitations: a link that makes one person, once, a member of one organisation.
//!
//! The link holds a random token; only its hash is stored. What opening it shows depends on its [`Channel`]: whoever holds a
//! link that was mailed and shown to nobody else reads that mailbox; one that an admin saw shows nothing about anybody.
//! Each invitation ends in one of four ways (accepted, revoked,
//! replaced by another one, or by time), and whatever ended stays ended.

use chrono::{DateTime, TimeDelta, Utc};
use rand::distr::{Alphanumeric, SampleString};

use super::ids::{InvitationId, MemberId, OrganisationId};
use super::role::Role;
use super::secret::Plain;
use super::words::words;

/// How long a link works.
pub const LIFE: TimeDelta = TimeDelta::days(7);

/// An invitation as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its id; not what the link holds.
    pub id: InvitationId,
    /// Into which organisation.
    pub organisation_id: OrganisationId,
    /// Whom: an e-mail address, lower-case. The account that accepts has this address.
    pub email: String,
    /// What whoever invited calls them.
    pub name: Option<String>,
    /// As what.
    pub role: Role,
    /// Who invited; a link they have seen ends when they stop being an admin. When the operator did, the member who is invited.
    pub invited_by: MemberId,
    /// What became of its e-mail; `None` when no mail server is configured.
    pub mail: Option<Mail>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
    /// How it ended other than by time.
    pub ended: Option<End>,
    /// When it was ended so.
    pub ended_at: Option<DateTime<Utc>>,
    /// How its link reaches whom it is for.
    pub channel: Channel,
}

words! {
    /// How a link reaches whom it is for.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Channel {
        /// It was shown to the admin who invited, to be handed over.
        Shown = "shown";
        /// It was mailed to the address, and shown to nobody.
        Mail = "mail";
        /// It was printed for the operator, whose word counts.
        Operator = "operator";
    }
}

impl Channel {
    /// Whether who opens the link has shown that the address is theirs.
    pub fn proves_address(self) -> bool {
        matches!(self, Channel::Mail | Channel::Operator)
    }
}

words! {
    /// What became of the e-mail that carries the link.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Mail {
        /// It is being handed to the mail server; whatever never says more was cut off.
        Sending = "sending";
        /// The mail server took it.
        Sent = "sent";
        /// The mail server did not take it, or could not be reached in time.
        Failed = "failed";
    }
}

words! {
    /// How an invitation was ended.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum End {
        /// Somebody became a member with it.
        Accepted = "accepted";
        /// An admin took it back, or whoever made it is no admin any more.
        Revoked = "revoked";
        /// A newer one for the same person took its place.
        Replaced = "replaced";
    }
}

/// What a link is worth now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It can be accepted.
    Open,
    /// It ended by itself.
    Expired,
    /// It was ended.
    Ended(End),
}

impl Invitation {
    /// What its link is worth at `now`.
    pub fn standing(&self, now: DateTime<Utc>) -> Standing {
        match self.ended {
            Some(end) => Standing::Ended(end),
            None if self.expires_at <= now => Standing::Expired,
            None => Standing::Open,
        }
    }
}

/// What a link holds: 43 random letters and digits, 256 bits.
pub fn token() -> Plain {
    Plain::new(Alphanumeric.sample_string(&mut rand::rng(), 43))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_worth_something_until_its_time_and_nothing_once_it_ended() {
        let now = DateTime::UNIX_EPOCH;
        let mut one = Invitation {
            id: InvitationId::new(now),
            organisation_id: OrganisationId::new(now),
            email: "a@b.example".into(),
            name: None,
            role: Role::Support,
            invited_by: MemberId::new(now),
            mail: None,
            created_at: now,
            expires_at: now + LIFE,
            ended: None,
            ended_at: None,
            channel: Channel::Shown,
        };
        assert_eq!(one.standing(now + LIFE - TimeDelta::microseconds(1)), Standing::Open);
        assert_eq!(one.standing(now + LIFE), Standing::Expired);
        one.ended = Some(End::Accepted);
        assert_eq!(one.standing(now), Standing::Ended(End::Accepted));
        assert_eq!(one.standing(now + LIFE), Standing::Ended(End::Accepted), "it was not time that ended it");
    }

    #[test]
    fn a_token_is_43_letters_and_digits_and_no_two_are_alike() {
        let (one, other) = (token(), token());
        assert!(one.reveal().len() == 43 && one.reveal().bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_ne!(one.reveal(), other.reveal());
    }
}
