//! Hooks: the addresses an organisation has us call, and who among them gets an event.

use chrono::{DateTime, Utc};

use super::event::{Event, EventType};
use super::hook_url::HookUrl;
use super::ids::{CredentialId, HookId, InterviewId, MemberId, OrganisationId};
use super::mode::Mode;
use super::policy::Policy;
use super::rate::RateLimit;
use super::secret::CredentialKind;
use super::words::words;

words! {
    /// How much of a candidate a hook is given (B11).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum FieldSet {
        /// Names, contact and stage.
        Minimal = "minimal", "Minimal";
        /// All but free-text answers.
        Standard = "standard", "Standard";
        /// Everything there is.
        Full = "full", "Full";
    }
}

impl FieldSet {
    /// What it leaves out, for pages.
    pub fn explanation(self) -> &'static str {
        match self {
            FieldSet::Minimal => "name, contact and stage only",
            FieldSet::Standard => "no free-text answers",
            FieldSet::Full => "everything, free-text answers included",
        }
    }
}

words! {
    /// Where a hook stands.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum HookState {
        /// It is called. An admin moves it on.
        Active = "active";
        /// What is owed to it is held until an admin resumes it; nothing is lost.
        Paused = "paused";
        /// It answered 410, or failed for too long ([`super::health`]). Nothing is sent to it until an admin enables it; what
        /// happens meanwhile is listed as missed.
        Disabled = "disabled";
        /// Nothing more is ever sent to it; its log stays.
        Deleted = "deleted";
    }
}

impl HookState {
    /// How what is owed to it is to stand: while its organisation is suspended nothing is sent, so it is held.
    pub fn within(self, is_suspended: bool) -> Self {
        match self {
            HookState::Active if is_suspended => HookState::Paused,
            own => own,
        }
    }
}

/// Which events a hook wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subscription {
    /// Every event, those to come included.
    All,
    /// These alone.
    Only(Vec<EventType>),
}

impl Subscription {
    /// Whether the subscription names the type.
    pub fn wants(&self, kind: EventType) -> bool {
        match self {
            Subscription::All => true,
            Subscription::Only(kinds) => kinds.contains(&kind),
        }
    }
}

/// What a hook is there for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookKind {
    /// The events it subscribed to, and exports.
    General,
    /// The events of one interview, in place of the default hook (S2). It is given what the default hook would be given, and
    /// follows its policy, key and secret as far as it has none of its own. Nothing is exported to it.
    Interview {
        /// Whose events.
        interview: InterviewId,
        /// Whether its policy is its own; otherwise it is the default hook's, whatever that is at the time.
        own_policy: bool,
    },
}

/// An address that is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Its id.
    pub id: HookId,
    /// Whose.
    pub organisation_id: OrganisationId,
    /// Which world it serves.
    pub mode: Mode,
    /// What the team calls the receiver.
    pub name: String,
    /// What it is for, in the team's words.
    pub note: Option<String>,
    /// Where it is; never changes (A2).
    pub url: HookUrl,
    /// How it is timed out and retried.
    pub policy: Policy,
    /// How much of a candidate it is given.
    pub field_set: FieldSet,
    /// Which events it wants.
    pub subscription: Subscription,
    /// How many requests it takes at the most; `None` for as many as there are.
    pub rate: Option<RateLimit>,
    /// Whether it is its mode's default (T1, S2).
    pub is_default: bool,
    /// What it is there for.
    pub kind: HookKind,
    /// Where it stands.
    pub state: HookState,
    /// Who made it.
    pub created_by: Option<MemberId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Who took over from it, when it was replaced (A2); it is deleted then.
    pub replaced_by: Option<HookId>,
}

impl Hook {
    /// Whether an event reaches this hook by routing. An export or a test reaches only the hook it is addressed to.
    ///
    /// Being the default changes nothing here: a default hook gets every event because none was ticked when it was made.
    /// One whose maker ticked events gets those, as the form says.
    /// A hook of the kind *interview* gets nothing by this rule: see [`Routes`](super::routes::Routes).
    pub fn routes(&self, event: &Event) -> bool {
        self.kind == HookKind::General && self.takes(event)
    }

    /// The interview whose events it gets in place of the default hook.
    pub fn interview(&self) -> Option<&InterviewId> {
        match &self.kind {
            HookKind::General => None,
            HookKind::Interview { interview, .. } => Some(interview),
        }
    }

    pub(super) fn takes(&self, event: &Event) -> bool {
        self.state != HookState::Deleted
            && self.organisation_id == event.organisation_id
            && self.mode == event.mode
            && !event.kind.is_addressed()
            && self.subscription.wants(event.kind)
    }
}

/// A key or secret of a hook, without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Its id.
    pub id: CredentialId,
    /// Whose.
    pub hook_id: HookId,
    /// Key or secret.
    pub kind: CredentialKind,
    /// Its last four characters.
    pub ends_in: String,
    /// Who made it.
    pub created_by: Option<MemberId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends, because another has taken its place ([`super::rotation`]).
    pub ends_at: Option<DateTime<Utc>>,
    /// Whether the receiver is known to take it.
    pub is_known: bool,
    /// When a delivery that was proven with it last arrived, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

impl Credential {
    /// Whether it works at this time.
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.ends_at.is_none_or(|end| end > now)
    }
}
