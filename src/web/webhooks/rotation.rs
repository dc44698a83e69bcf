//! A rotation on the page of its hook: what is in force, in sentences, and what can be done about it (B3).

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use maud::{Markup, Render, html};

use super::super::layout::part;
use super::super::words::list;
use super::super::{paths, time};
use crate::domain::hook::{Credential, Hook};
use crate::domain::rotation::{self, Preference, Side};
use crate::domain::secret::CredentialKind;

/// The part *Rotation* of a hook's page; nothing while there is none.
pub(super) struct Rotation<'a> {
    /// The hook.
    pub hook: &'a Hook,
    /// Its keys and secrets.
    pub credentials: &'a [Credential],
    /// What it prefers.
    pub preference: Option<Preference>,
    /// Whether the reader may act on it.
    pub manages: bool,
    /// The organisation's.
    pub zone: Tz,
    /// When the page is read.
    pub now: DateTime<Utc>,
}

impl Render for Rotation<'_> {
    fn render(&self) -> Markup {
        if !rotation::is_under_way(self.credentials, self.now) {
            return html! {};
        }
        let (secrets, keys) = (self.live(CredentialKind::Secret), self.live(CredentialKind::Key));
        let side = self.preference.map_or(Side::Old, |preference| preference.side);
        let content = html! {
            @for (kind, live) in [(CredentialKind::Secret, &secrets), (CredentialKind::Key, &keys)] {
                @if let [new, old, ..] = live.as_slice() { p { (self.both(kind, new, old)) } }
            }
            @if secrets.len() > 1 {
                p { code { "webhook-signature" } " and " code { "X-Webhook-Signature" } " carry the signatures of both secrets, the new one’s first." }
            }
            p { (self.preferred(side, secrets.len() > 1, keys.len() > 1)) }
            @if self.manages && side == Side::Old {
                div.row {
                    form method="post" action=(paths::webhook_switch(&self.hook.id)) { button.btn { "My receiver has switched" } }
                }
            }
        };
        part("Rotation", html! { "Old and new side by side" }, content)
    }
}

impl Rotation<'_> {
    fn live(&self, kind: CredentialKind) -> Vec<&Credential> {
        rotation::live(self.credentials, kind, self.now)
    }

    fn near(&self, at: DateTime<Utc>) -> Markup {
        time::near(at, self.zone, self.now)
    }

    fn both(&self, kind: CredentialKind, new: &Credential, old: &Credential) -> Markup {
        html! {
            "Two " (kind.as_str()) "s work"
            @if let Some(end) = old.ends_at { " until " (self.near(end)) }
            ": the new one, which ends in " code { (new.ends_in) } ", and the old one, which ends in " code { (old.ends_in) } ". The old one then ends by itself."
        }
    }

    fn preferred(&self, side: Side, of_secret: bool, of_key: bool) -> Markup {
        let signatures = of_secret.then_some(["X-TalentSprout-Signature", "X-Hub-Signature-256"]);
        let headers = signatures.into_iter().flatten().chain(of_key.then_some("X-Webhook-Key"));
        let headers: Vec<String> = headers.map(str::to_owned).collect();
        let is_one = headers.len() == 1;
        let (this, that) = match side {
            Side::Old => ("the old one", "the new one"),
            Side::New => ("the new one", "the old one"),
        };
        html! {
            (list(&headers)) @if is_one { " has" } @else { " have" } " room for one and " @if is_one { "carries " } @else { "carry " } strong { (this) }
            @if let Some(preference) = self.preference { ", since " (self.near(preference.since)) }
            ". When the receiver answers 400, 401 or 403, the same delivery goes out at once a second time with " (that)
            "; if that is taken, " (that) " is preferred from then on."
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::super::super::samples::{credential, hook, now};
    use super::*;

    fn page(credentials: &[Credential], side: Side, manages: bool) -> String {
        let hook = hook("HRIS");
        let preference = Some(Preference { side, since: now() - TimeDelta::hours(1) });
        Rotation { hook: &hook, credentials, preference, manages, zone: chrono_tz::Europe::Berlin, now: now() }
            .render()
            .into_string()
    }

    fn ending(kind: CredentialKind, ends_in: &str) -> Credential {
        Credential { ends_at: Some(now() + TimeDelta::hours(23)), ..credential(kind, ends_in) }
    }

    #[test]
    fn it_says_what_is_in_force_and_until_when() {
        let both = [credential(CredentialKind::Secret, "new1"), ending(CredentialKind::Secret, "old1")];
        let shown = page(&both, Side::Old, true);
        for part in [
            "Two secrets work until",
            ">21 Nov, 13:42</time>: the new one, which ends in <code>new1</code>",
            "X-TalentSprout-Signature and X-Hub-Signature-256 have room for one and carry <strong>the old one</strong>, since",
            "My receiver has switched",
        ] {
            assert!(shown.contains(part), "{part} is not in {shown}");
        }
        assert!(!shown.contains("X-Webhook-Key"));
        assert!(!page(&both, Side::Old, false).contains("My receiver has switched"));
        let shown = page(&both, Side::New, true);
        assert!(
            shown.contains("<strong>the new one</strong>") && !shown.contains("My receiver has switched"),
            "{shown}"
        );
    }

    #[test]
    fn a_key_has_one_header_and_without_two_of_a_kind_there_is_nothing_to_say() {
        let keys = [credential(CredentialKind::Key, "new1"), ending(CredentialKind::Key, "old1")];
        let shown = page(&keys, Side::Old, true);
        assert!(
            shown.contains("X-Webhook-Key has room for one and carries ") && shown.contains("Two keys work"),
            "{shown}"
        );
        assert!(!shown.contains("webhook-signature"));
        let over = Credential { ends_at: Some(now()), ..credential(CredentialKind::Key, "old1") };
        assert_eq!(page(&[credential(CredentialKind::Key, "new1"), over], Side::Old, true), "");
    }
}
