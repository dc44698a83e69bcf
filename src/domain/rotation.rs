//! Rotation: a new key or secret takes the place of the old one without downtime (B3).
//!
//! For a chosen [`Overlap`] both work. Headers that hold several signatures carry both, newest first. A header with room for
//! one, and a key's header is one, carries what the hook *prefers* ([`Side`]): at first the old, which the receiver surely
//! knows. When the receiver refuses that, one extra try goes out at once with the other; if it is taken, that one is
//! preferred from then on. So a receiver that holds only one switches when it likes, and misses nothing.
//!
//! One preference serves key and secret. What makes that right for a hook whose key was switched before its secret is
//! regenerated is that each credential says whether the receiver is *known* to take it: the old side is the newest known of
//! each kind. Only two of a kind live at a time: another regeneration ends the oldest.
//!
//! What is *not* guaranteed: of a receiver's machines that switch one after the other and verify a header with room for one,
//! the extra try may meet another machine than the first, and be refused there. The policy's retries, or a header with room
//! for several, carry such a receiver over.

use chrono::{DateTime, TimeDelta, Utc};

use super::hook::Credential;
use super::secret::CredentialKind;
use super::words::words;

words! {
    /// Which of two a header with room for one carries.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub enum Side {
        /// What the receiver is known to take: the one before the last regeneration.
        #[default]
        Old = "old";
        /// The newest.
        New = "new";
    }
}

impl Side {
    /// The one that this is not.
    pub fn other(self) -> Self {
        match self {
            Side::Old => Side::New,
            Side::New => Side::Old,
        }
    }

    /// Which of a kind this side carries, as an index: `known` says of each, newest first, whether the receiver is known to
    /// take it. Of one alone it is that one.
    pub fn pick(self, known: impl Iterator<Item = bool>) -> usize {
        let mut oldest = 0;
        for (at, is_known) in known.enumerate() {
            if is_known || self == Side::New {
                return at;
            }
            oldest = at;
        }
        oldest
    }
}

/// What a hook prefers, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preference {
    /// What headers with room for one carry.
    pub side: Side,
    /// When that was last decided: by a regeneration, by an answer of the receiver, or by an admin.
    pub since: DateTime<Utc>,
}

words! {
    /// How long the old one works beside the new one; in the order of the form.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub enum Overlap {
        /// One hour.
        Hour = "1h", "1 hour";
        /// A day.
        #[default]
        Day = "24h", "24 hours";
        /// Three days.
        ThreeDays = "3d", "3 days";
        /// A week.
        Week = "7d", "7 days";
        /// Not at all.
        AtOnce = "at_once", "At once";
    }
}

impl Overlap {
    /// How long that is.
    pub fn duration(self) -> TimeDelta {
        match self {
            Overlap::AtOnce => TimeDelta::zero(),
            Overlap::Hour => TimeDelta::hours(1),
            Overlap::Day => TimeDelta::hours(24),
            Overlap::ThreeDays => TimeDelta::days(3),
            Overlap::Week => TimeDelta::days(7),
        }
    }

    /// What somebody chose in a form; nothing at all is a day.
    pub fn chosen(word: &str) -> Option<Self> {
        if word.is_empty() { Some(Overlap::default()) } else { Self::parse(word) }
    }
}

/// The credentials of a kind that work at a time, newest first: one, or two while a rotation lasts.
pub fn live(credentials: &[Credential], kind: CredentialKind, now: DateTime<Utc>) -> Vec<&Credential> {
    let mut live: Vec<_> = credentials.iter().filter(|one| one.kind == kind && one.is_live(now)).collect();
    // The new one goes on and the old one ends, also when both were made in the same instant.
    live.sort_by_key(|one| one.ends_at.is_some());
    live
}

/// Whether a hook with these credentials has two of a kind.
pub fn is_under_way(credentials: &[Credential], now: DateTime<Utc>) -> bool {
    CredentialKind::ALL.into_iter().any(|kind| live(credentials, kind, now).len() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{CredentialId, HookId};

    #[test]
    fn the_old_side_is_the_newest_that_the_receiver_is_known_to_take() {
        let pick = |side: Side, known: &[bool]| side.pick(known.iter().copied());
        assert_eq!((pick(Side::Old, &[true]), pick(Side::New, &[true])), (0, 0));
        assert_eq!((pick(Side::Old, &[false, true]), pick(Side::New, &[false, true])), (1, 0));
        // Switched before the other kind was regenerated.
        assert_eq!((pick(Side::Old, &[true, true]), pick(Side::New, &[true, true])), (0, 0));
        // Regenerated twice before the receiver switched: the first is gone.
        assert_eq!((pick(Side::Old, &[false, false]), pick(Side::Old, &[])), (1, 0));
    }

    #[test]
    fn what_has_ended_is_not_live_and_the_one_that_goes_on_stands_first() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let made = |ends_at| Credential {
            id: CredentialId::new(now),
            hook_id: HookId::new(now),
            kind: CredentialKind::Secret,
            ends_in: "3f9K".into(),
            created_by: None,
            created_at: now,
            ends_at,
            is_known: true,
            last_used_at: None,
        };
        let day = Some(now + Overlap::Day.duration());
        let both = [made(day), made(None)];
        let ends = |at| live(&both, CredentialKind::Secret, at).iter().map(|one| one.ends_at).collect::<Vec<_>>();
        assert_eq!(ends(now), [None, day]);
        assert!(is_under_way(&both, now) && live(&both, CredentialKind::Key, now).is_empty());
        let later = now + TimeDelta::hours(24);
        assert_eq!(ends(later - TimeDelta::microseconds(1)).len(), 2);
        assert_eq!(ends(later), [None]);
        assert!(!is_under_way(&both, later));
    }

    #[test]
    fn a_choice_reads_back_and_none_is_a_day() {
        assert!(Overlap::ALL.into_iter().all(|overlap| Overlap::parse(overlap.as_str()) == Some(overlap)));
        assert_eq!((Overlap::chosen(""), Overlap::chosen("2 weeks")), (Some(Overlap::Day), None));
        assert!([Side::Old, Side::New].into_iter().all(|side| Side::parse(side.as_str()) == Some(side)));
    }
}
