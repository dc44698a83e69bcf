//! The acts of the audit log: every one there is, the word that is stored of it and the sentence that tells it, in one list.
//!
//! A sentence never holds a secret, a key, a password or a candidate's data. One act may be told in several ways: each is a
//! variant of [`Act`], and all of them have one [`ActKind`]. What a later version wrote is a [`StoredAct::Later`], and is shown
//! as it is.

use std::borrow::Cow;
use std::net::IpAddr;

use super::api_key::ApiKey;
use super::delivery::Delivery;
use super::event::EventType;
use super::health::{Health, Why};
use super::hook::Hook;
use super::ids::InvitationId;
use super::mode::Mode;
use super::policy::Policy;
use super::role::Role;
use super::rotation::Overlap;
use super::words::words;

/// A number that was counted up to a limit; the second value says that there are more.
pub type Counted = (usize, bool);

macro_rules! acts {
    ($(
        $stored:literal = $kind:ident {
            $($variant:ident $({ $($field:ident: $type:ty),+ })? => $sentence:expr;)+
        }
    )+) => {
        words! {
            /// What was done.
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
            pub enum ActKind {
                $(#[doc = concat!("`", $stored, "`")] $kind = $stored;)+
            }
        }

        /// What was done, with all that its sentence tells.
        #[derive(Debug, Clone, Copy)]
        #[allow(missing_docs, reason = "the list says of each what it is")]
        pub enum Act<'a> {
            $($($variant $({ $($field: $type),+ })?,)+)+
        }

        impl Act<'_> {
            /// Which act it is.
            pub fn kind(&self) -> ActKind {
                match self {
                    $($(Act::$variant { .. } => ActKind::$kind,)+)+
                }
            }

            /// In words, for people.
            pub fn sentence(&self) -> Cow<'static, str> {
                match self {
                    $($(Act::$variant $({ $($field),+ })? => Cow::from($sentence),)+)+
                }
            }
        }
    };
}

acts! {
    "api_key.created" = ApiKeyCreated {
        ApiKeyCreated { key: &'a ApiKey } => format!("API key “{}” ({})", key.name, key.mode);
    }
    "api_key.revoked" = ApiKeyRevoked {
        ApiKeyRevoked { key: &'a ApiKey } => format!("API key “{}” ({})", key.name, key.mode);
    }
    "candidates.imported" = CandidatesImported {
        CandidatesImported { added: usize, updated: usize, unchanged: usize, left_out: usize } =>
            format!("{added} added, {updated} updated, {unchanged} unchanged, {left_out} left out");
    }
    "delivery.cancelled" = DeliveryCancelled {
        DeliveryCancelled { delivery: &'a Delivery } => format!("{} of event {}", delivery.kind, delivery.event_id);
    }
    "delivery.retried" = DeliveryRetried {
        DeliveryRetried { delivery: &'a Delivery } => format!("{} of event {}", delivery.kind, delivery.event_id);
    }
    "export.confirmed" = ExportConfirmed {
        ExportConfirmed { candidates: u32, vacancy: &'a str, webhook: &'a str } =>
            format!("{candidates} candidates of “{vacancy}” to webhook “{webhook}”");
    }
    "hold.released" = HoldReleased {
        HoldReleased => "What a restored copy owed is sent from now on";
        HoldReleasedByOperator => "by the operator";
    }
    "hook.address_refused" = AddressRefused {
        AddressRefused { detail: &'a str } => (*detail).to_owned();
    }
    "hook.changed" = HookChanged {
        HookChanged { webhook: &'a str, changes: &'a [String] } =>
            format!("Webhook “{webhook}” changed; {}", changes.join("; "));
    }
    "hook.created" = HookCreated {
        HookCreated { hook: &'a Hook } =>
            format!("Webhook “{}” to {} created in {} mode", hook.name, hook.url.host(), hook.mode);
        SuccessorCreated { hook: &'a Hook, in_place_of: &'a Hook } =>
            format!("Webhook “{}” to {} created in place of the one to {}", hook.name, hook.url.host(), in_place_of.url.host());
    }
    "hook.deleted" = HookDeleted {
        HookDeleted { webhook: &'a str, owed: Counted } =>
            format!("Webhook “{webhook}” deleted; {} owed deliveries cancelled", counted(*owed));
    }
    "hook.disabled" = HookDisabled {
        HookDisabled { webhook: &'a str, why: Why, health: &'a Health } => match why {
            Why::Gone => format!("Webhook “{webhook}” disabled: its receiver answered 410, gone for good"),
            Why::Failing => format!(
                "Webhook “{webhook}” disabled: {} deliveries in a row failed, and none has arrived since {}",
                health.failed_in_row,
                health.since.format("%Y-%m-%d %H:%M UTC")
            ),
        };
    }
    "hook.enabled" = HookEnabled {
        HookEnabled { webhook: &'a str } => format!("Webhook “{webhook}”");
    }
    "hook.missed_sent" = MissedSent {
        MissedSent { webhook: &'a str, missed: Counted } =>
            format!("Webhook “{webhook}”, {} missed deliveries", counted(*missed));
    }
    "hook.paused" = HookPaused {
        HookPaused { webhook: &'a str, owed: Counted } => format!("Webhook “{webhook}”, {} owed deliveries", counted(*owed));
        HookPausedWithoutProof { webhook: &'a str } => format!("Webhook “{webhook}”: what it is proven with was lost");
    }
    "hook.replaced" = HookReplaced {
        HookReplaced { old: &'a Hook, new: &'a Hook, owed: Counted } => format!(
            "Webhook “{}” to {} replaced by one to {}; {} owed deliveries move",
            old.name, old.url.host(), new.url.host(), counted(*owed)
        );
    }
    "hook.resumed" = HookResumed {
        HookResumed { webhook: &'a str, owed: Counted } =>
            format!("Webhook “{webhook}”, {} owed deliveries", counted(*owed));
    }
    "hook.switched" = HookSwitched {
        HookSwitched { webhook: &'a str } =>
            format!("Webhook “{webhook}”: its receiver has switched to the new key or secret");
    }
    "hook.tested" = HookTested {
        HookTested { event: EventType, webhook: &'a str } => format!("{event} to webhook “{webhook}”");
    }
    "hook.warned" = HookWarned {
        HookWarned { webhook: &'a str, failed_in_row: u32, percent: u8 } => format!(
            "Webhook “{webhook}”: {failed_in_row} deliveries in a row failed; {percent} % of the time until it is disabled is over"
        );
    }
    "hook.secret.generated" = SecretGenerated {
        SecretGenerated { webhook: &'a str } => format!("Signing secret of webhook “{webhook}” generated");
    }
    "hook.key.generated" = KeyGenerated {
        KeyGenerated { webhook: &'a str } => format!("Webhook key of webhook “{webhook}” generated");
    }
    "hook.secret.regenerated" = SecretRegenerated {
        SecretRegenerated { webhook: &'a str, overlap: Overlap } =>
            format!("Signing secret of webhook “{webhook}” regenerated; {}", old_one(*overlap));
    }
    "hook.key.regenerated" = KeyRegenerated {
        KeyRegenerated { webhook: &'a str, overlap: Overlap } =>
            format!("Webhook key of webhook “{webhook}” regenerated; {}", old_one(*overlap));
    }
    "hook.secret.revoked" = SecretRevoked {
        SecretRevoked { webhook: &'a str, ends_in: &'a str } =>
            format!("Signing secret of webhook “{webhook}” revoked: the old one, which ended in {ends_in}");
    }
    "hook.key.revoked" = KeyRevoked {
        KeyRevoked { webhook: &'a str, ends_in: &'a str } =>
            format!("Webhook key of webhook “{webhook}” revoked: the old one, which ended in {ends_in}");
    }
    "hook.secret.removed" = SecretRemoved {
        SecretRemoved { webhook: &'a str } => format!("Signing secret of webhook “{webhook}” removed");
    }
    "hook.key.removed" = KeyRemoved {
        KeyRemoved { webhook: &'a str } => format!("Webhook key of webhook “{webhook}” removed");
    }
    "hook.secret.ended" = SecretEnded {
        SecretEnded { webhook: &'a str, ends_in: &'a str } => came_to_its_end(webhook, ends_in);
    }
    "hook.key.ended" = KeyEnded {
        KeyEnded { webhook: &'a str, ends_in: &'a str } => came_to_its_end(webhook, ends_in);
    }
    "interview.created" = InterviewCreated {
        InterviewCreated { title: &'a str, mode: Mode } => format!("Interview “{title}” created in {mode} mode");
    }
    "interview.override.changed" = OwnHookChanged {
        OwnHookChanged { title: &'a str, policy: Policy, is_own: bool } => format!(
            "The webhook of interview “{title}” has the policy {}, {}",
            policy.label(),
            if *is_own { "of its own" } else { "that of the default webhook" }
        );
    }
    "interview.override.ended" = OwnHookEnded {
        OwnHookEnded { title: &'a str, owed: Counted, has_default: bool } => {
            let owed = counted(*owed);
            let owed = if *has_default {
                format!("the default webhook takes over {owed} owed deliveries")
            } else {
                format!("{owed} owed deliveries cancelled")
            };
            format!("Interview “{title}” has no webhook of its own any more; {owed}")
        };
    }
    "interview.override.set" = OwnHookSet {
        OwnHookSet { title: &'a str, host: &'a str } =>
            format!("Interview “{title}” has a webhook of its own, to {host}");
        OwnHookReplaced { title: &'a str, from: &'a str, to: &'a str } =>
            format!("Interview “{title}” has another webhook of its own, to {to} in place of {from}");
    }
    "interview.session.completed" = SessionCompleted {
        SessionCompleted { title: &'a str } => format!("The result of a session of “{title}” was recorded");
    }
    "interview.session.invited" = SessionInvited {
        SessionInvited { title: &'a str } => format!("A candidate was invited to “{title}”");
    }
    "interview.session.started" = SessionStarted {
        SessionStarted { title: &'a str } => format!("A session of “{title}” was started");
    }
    "interview.session.withdrawn" = SessionWithdrawn {
        SessionWithdrawn { title: &'a str } => format!("A session of “{title}” was withdrawn");
    }
    "interview.updated" = InterviewUpdated {
        InterviewUpdated { title: &'a str } => format!("Interview “{title}” changed");
    }
    "invitation.created" = InvitationCreated {
        InvitationCreated { email: &'a str, role: Role } => format!("{email} as {}", role.label());
        InvitationCreatedByOperator { email: &'a str, role: Role } =>
            format!("{email} as {} by the operator", role.label());
    }
    "invitation.renewed" = InvitationRenewed {
        InvitationRenewed { email: &'a str, role: Role } => format!("{email} as {}", role.label());
    }
    "invitation.revoked" = InvitationRevoked {
        InvitationRevoked { email: &'a str, role: Role } => format!("{email} as {}", role.label());
    }
    "member.created" = MemberCreated {
        MemberCreatedByOperator { name: &'a str, role: Role } => format!("{name} as {} by the operator", role.label());
        MemberCreatedAtFirstRun { name: &'a str, role: Role } => format!("{name} as {} at the first run", role.label());
    }
    "member.joined" = MemberJoined {
        MemberJoined { name: &'a str, role: Role, invitation: &'a InvitationId } =>
            format!("{name} as {}, with invitation {invitation}", role.label());
    }
    "member.password_changed" = PasswordChanged {
        PasswordChanged { ended: usize } => format!("{ended} other sessions ended");
    }
    "member.password_reset" = PasswordReset {
        PasswordReset { ended: usize } => format!("by the operator; {ended} sessions ended");
    }
    "member.removed" = MemberRemoved {
        MemberRemoved { name: &'a str, role: Role } => format!("{name}, who was {}", role.with_article());
        StrangerRemoved { email: &'a str, role: Role } =>
            format!("{email}, who was {}: the address is another person’s", role.with_article());
    }
    "member.renamed" = MemberRenamed {
        MemberRenamed { from: &'a str, to: &'a str } => format!("from “{from}” to “{to}”");
    }
    "member.role_changed" = RoleChanged {
        RoleChanged { name: &'a str, from: Role, to: Role } =>
            format!("{name}: from {} to {}", from.label(), to.label());
    }
    "member.sessions_ended" = MemberSessionsEnded {
        MemberSessionsEnded { name: &'a str, ended: usize, by: &'a str } => format!("{name}: {ended} sessions, by {by}");
    }
    "member.taken_over" = MemberTakenOver {
        MemberTakenOver { email: &'a str, ended: usize } =>
            format!("by who has the mailbox of {email}; {ended} sessions ended");
    }
    "organisation.created" = OrganisationCreated {
        OrganisationCreatedByOperator { name: &'a str } => format!("Organisation “{name}” created by the operator");
        OrganisationCreatedAtFirstRun { name: &'a str } => format!("Organisation “{name}” created at the first run");
    }
    "organisation.resumed" = OrganisationResumed {
        OrganisationResumed => "by the operator";
    }
    "organisation.support_contact_set" = SupportContactSet {
        SupportContactSet { contact: Option<&'a str> } => match contact {
            Some(contact) => format!("Members are told to ask “{contact}”"),
            None => "Members are told of no support contact".to_owned(),
        };
    }
    "organisation.suspended" = OrganisationSuspended {
        OrganisationSuspended => "by the operator";
    }
    "permission.refused" = PermissionRefused {
        PermissionRefused { detail: &'a str } => (*detail).to_owned();
    }
    "request.cross_site" = CrossSiteRefused {
        CrossSiteRefused { detail: &'a str } => (*detail).to_owned();
    }
    "reveal.opened" = RevealOpened {
        RevealOpened => "what is shown once has been shown";
    }
    "secrets.forgotten" = SecretsForgotten {
        SecretsForgotten => "The sealing key was lost; keys, secrets and header values have to be made anew";
    }
    "session.ended" = SessionEnded {
        SessionEnded => "one of their own";
        OtherSessionsEnded { ended: usize } => format!("{ended} others of their own");
    }
    "sign_in.failed" = SignInFailed {
        SignInFailed { from: IpAddr } => format!("from {from}");
    }
    "sign_in.succeeded" = SignInSucceeded {
        SignInSucceeded { from: IpAddr } => format!("from {from}");
    }
    "sign_in.throttled" = SignInThrottled {
        SignInThrottled { detail: &'a str } => (*detail).to_owned();
    }
    "sign_out" = SignOut {
        SignOut => "";
    }
}

fn counted((count, more): Counted) -> String {
    if more { format!("{count} or more") } else { count.to_string() }
}

/// What becomes of the key or secret before a new one.
fn old_one(overlap: Overlap) -> String {
    match overlap {
        Overlap::AtOnce => "the old one ended at once".to_owned(),
        beside => format!("the old one works beside it for {}", beside.label()),
    }
}

fn came_to_its_end(webhook: &str, ends_in: &str) -> String {
    format!("The old one of webhook “{webhook}”, which ends in {ends_in}, came to its end")
}

/// An act as the audit log holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredAct {
    /// One of this version's.
    Known(ActKind),
    /// One of a later version, by its word.
    Later(String),
}

impl StoredAct {
    /// Reads a stored word.
    pub fn read(word: String) -> Self {
        ActKind::parse(&word).map_or(StoredAct::Later(word), StoredAct::Known)
    }

    /// The stored word.
    pub fn as_str(&self) -> &str {
        match self {
            StoredAct::Known(kind) => kind.as_str(),
            StoredAct::Later(word) => word,
        }
    }

    /// Whether it is this act.
    pub fn is(&self, kind: ActKind) -> bool {
        *self == StoredAct::Known(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_act_of_a_later_version_keeps_its_word() {
        let later = StoredAct::read("hook.dreamt".into());
        assert_eq!((later.as_str(), later.clone()), ("hook.dreamt", StoredAct::Later("hook.dreamt".into())));
        assert!(ActKind::ALL.iter().all(|kind| StoredAct::read(kind.as_str().into()).is(*kind) && !later.is(*kind)));
    }

    #[test]
    fn an_act_may_be_told_in_several_ways() {
        let acts = [Act::HoldReleased, Act::HoldReleasedByOperator];
        assert_eq!(acts.map(|act| act.kind()), [ActKind::HoldReleased; 2]);
        assert_eq!(Act::HoldReleasedByOperator.sentence(), "by the operator");
        let owed = (1_000, true);
        let paused = Act::HookPaused { webhook: "ATS", owed }.sentence();
        assert_eq!(paused, "Webhook “ATS”, 1000 or more owed deliveries");
    }
}
