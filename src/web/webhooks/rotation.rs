//! A rotation on the page of its hook: the old and the new one side by side, what is in force, and what can be done (B3).

use chrono::{DateTime, Utc};

use crate::domain::hook::{Credential, Hook};
use crate::domain::rotation::{self, Preference, Side};
use crate::domain::secret::CredentialKind;
use crate::web::prelude::*;

/// What a hook's page tells of its rotation.
pub(super) struct Rotation<'a> {
    /// The hook.
    pub hook: &'a Hook,
    /// Its keys and secrets.
    pub credentials: &'a [Credential],
    /// What it prefers.
    pub preference: Option<Preference>,
    /// The organisation's.
    /// When the page is read.
    pub time: LocalTime,
}

impl Rotation<'_> {
    /// The new one and the old one of a kind; `None` while there is no rotation of it.
    pub fn of(&self, kind: CredentialKind) -> Option<(&Credential, &Credential)> {
        match rotation::live(self.credentials, kind, self.time.now).as_slice() {
            [new, old, ..] => Some((new, old)),
            _ => None,
        }
    }

    /// `Old and new both work until 21 Nov, 14:42.`
    pub fn hint(&self, old: &Credential) -> Markup {
        html! { "Old and new both work" @if let Some(end) = old.ends_at { " until " (self.near(end)) } "." }
    }

    /// Both, with who made them (`by`) and when each was last used.
    pub fn table(
        &self,
        kind: CredentialKind,
        (new, old): (&Credential, &Credential),
        by: impl Fn(&Credential) -> Markup,
    ) -> Markup {
        let name = match kind {
            CredentialKind::Secret => "Secret",
            CredentialKind::Key => "Key",
        };
        Table::pairs([name, "State", "Made", "Last used"]).captioned(html! { (kind.label()) ", old and new" }).rows(html! {
            @for credential in [new, old] {
                tr {
                    th scope="row" { code { (kind.mask()) } " " span.soft { "ends in " (credential.ends_in) } }
                    td { @if credential.ends_at.is_some() { (State::OLD.plain()) } @else { (State::NEW.plain()) } }
                    td data-l="Made" { (self.near(credential.created_at)) (by(credential)) }
                    td data-l="Last used" { @match credential.last_used_at { Some(at) => (self.near(at)), None => "not yet" } }
                }
            }
        })
    }

    /// What headers of a kind carry while there are two.
    pub fn in_force(&self, kind: CredentialKind, old: &Credential) -> Markup {
        let side = self.preference.map_or(Side::Old, |preference| preference.side);
        let (this, that) = match side {
            Side::Old => ("the old one", "the new one"),
            Side::New => ("the new one", "the old one"),
        };
        html! {
            @match kind {
                CredentialKind::Secret => {
                    p { code { "webhook-signature" } " and " code { "X-Webhook-Signature" } " carry the signatures of both, the new one’s first." }
                    p {
                        code { "X-TalentSprout-Signature" } " and " code { "X-Hub-Signature-256" } " have room for one: they carry that of " strong { (this) }
                        (self.since()) (else_the(that))
                    }
                }
                CredentialKind::Key => p {
                    code { "X-Webhook-Key" } " has room for one: it carries " strong { (this) } (self.since()) (else_the(that))
                },
            }
            @if let Some(end) = old.ends_at {
                p.small.soft { "The old one stops working " (self.near(end)) ". Last used: the last successful delivery that carried this secret or key in a single-value header." }
            }
        }
    }

    /// The button for an admin who knows that the receiver has switched. One press counts for key and secret.
    pub fn switch(&self) -> Markup {
        let is_new = self.preference.is_some_and(|preference| preference.side == Side::New);
        html! {
            @if !is_new {
                form method="post" action=(paths::webhook_switch(&self.hook.id)) { button.btn { "My receiver has switched" } } " "
            }
        }
    }

    fn since(&self) -> Markup {
        html! { @if let Some(preference) = self.preference { ", since " (self.near(preference.since)) } }
    }

    fn near(&self, at: DateTime<Utc>) -> Markup {
        self.time.near(at)
    }
}

fn else_the(that: &str) -> Markup {
    html! {
        ". If the receiver answers 400, 401 or 403, we send the same delivery again at once with " (that)
        "; if that is accepted, " (that) " is preferred from then on."
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::web::samples::{credential, hook, now, time};

    /// Everything that is told of a rotation of a kind.
    fn told(credentials: &[Credential], kind: CredentialKind, side: Side) -> Option<String> {
        let (hook, preference) = (hook("HRIS"), Some(Preference { side, since: now() - TimeDelta::hours(1) }));
        let view = Rotation { hook: &hook, credentials, preference, time: time() };
        let (new, old) = view.of(kind)?;
        let by = |_: &Credential| html! { ", " bdi { "محمد" } };
        let parts = [view.hint(old), view.table(kind, (new, old), by), view.in_force(kind, old), view.switch()];
        Some(parts.map(Markup::into_string).concat())
    }

    fn ending(kind: CredentialKind, ends_in: &str) -> Credential {
        Credential { ends_at: Some(now() + TimeDelta::hours(23)), ..credential(kind, ends_in) }
    }

    #[test]
    fn it_says_what_is_in_force_and_until_when() {
        let used = Some(now() - TimeDelta::minutes(2));
        let old = Credential { last_used_at: used, ..ending(CredentialKind::Secret, "old1") };
        let both = [old, credential(CredentialKind::Secret, "new1")];
        let shown = told(&both, CredentialKind::Secret, Side::Old).expect("a rotation");
        for part in [
            ">21 Nov, 13:42</time>.",
            "ends in new1",
            "New</span>",
            "<td data-l=\"Last used\">not yet</td>",
            ">today at 14:40</time></td>",
            "<bdi>محمد</bdi>",
            "carry that of <strong>the old one</strong>, since <time",
            "we send the same delivery again at once with the new one; if that is accepted, the new one is preferred",
            "My receiver has switched",
        ] {
            assert!(shown.contains(part), "{part} is not in {shown}");
        }
        assert!(!shown.contains("X-Webhook-Key"), "{shown}");
        let shown = told(&both, CredentialKind::Secret, Side::New).expect("a rotation");
        assert!(
            shown.contains("<strong>the new one</strong>") && !shown.contains("My receiver has switched"),
            "{shown}"
        );
    }

    #[test]
    fn a_key_has_one_header_and_without_two_of_a_kind_there_is_nothing_to_say() {
        let keys = [credential(CredentialKind::Key, "new1"), ending(CredentialKind::Key, "old1")];
        let shown = told(&keys, CredentialKind::Key, Side::Old).expect("a rotation");
        assert!(shown.contains("<code>X-Webhook-Key</code> has room for one: it carries <strong>the old"), "{shown}");
        assert!(!shown.contains("webhook-signature") && told(&keys, CredentialKind::Secret, Side::Old).is_none());
        let over = Credential { ends_at: Some(now()), ..credential(CredentialKind::Key, "old1") };
        assert!(told(&[credential(CredentialKind::Key, "new1"), over], CredentialKind::Key, Side::Old).is_none());
    }
}
