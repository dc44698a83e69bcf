//! What a hook was just given, shown once: a reload, Back or a second click shows the mask.

use super::unresolved::{self, Unresolved};
use crate::actions::hook;
use crate::actions::reveal::{Revealed, take};
use crate::domain::hook::{Credential, Hook};
use crate::domain::ids::HookId;
use crate::domain::rotation;
use crate::domain::secret::CredentialKind;
use crate::web::prelude::*;
use crate::web::ui::one_time_value;

/// Shows the new key and secret, once.
pub async fn show(visit: Visit, Path(id): Path<HookId>, arrival: web::Query<unresolved::Query>) -> Answer {
    let hook = hook::find_alive(&visit.app, &visit.viewer, id).await?;
    let revealed = take(&visit.app, &visit.viewer, hook.id.as_str()).await?;
    let (of, now) = (hook.id.clone(), visit.now);
    let credentials = visit.read(move |conn, _| store::credential::live(conn, &of, now)).await?;
    let (time, warns) = (visit.time(), arrival.warns());
    let view = RevealView { hook: &hook, revealed: &revealed, credentials: &credentials, warns, time };
    Ok(visit.page(view.title(), Nav::Webhooks, view).in_mode(hook.mode).ok())
}

struct RevealView<'a> {
    hook: &'a Hook,
    revealed: &'a [Revealed],
    credentials: &'a [Credential],
    /// Whether it was created a moment ago with a host name that does not resolve.
    warns: bool,
    time: LocalTime,
}

impl RevealView<'_> {
    fn title(&self) -> &'static str {
        match self.revealed.len() {
            0 => "Shown once already",
            1 => "Store this now",
            _ => "Store these two now",
        }
    }
}

impl Render for RevealView<'_> {
    fn render(&self) -> Markup {
        let page = paths::webhook(&self.hook.id);
        let back = if self.warns { paths::unresolved(&page) } else { page };
        let head = Head::below(Nav::Webhooks, self.title()).under(&self.hook.name, back.clone());
        html! {
            (head)
            @if self.revealed.is_empty() { (self.masked(&back)) } @else { (self.clear(&back)) }
        }
    }
}

impl RevealView<'_> {
    fn clear(&self, back: &str) -> Markup {
        let them = if self.revealed.len() == 1 { "it" } else { "them" };
        html! {
            p.says { "You see " (them) " only once. After a reload you see only the last four characters." }
            @if self.warns { (Unresolved(self.hook)) }
            div.form {
                div.stack {
                    @for revealed in self.revealed { (figure(revealed)) }
                }
                div.notice.info {
                    h2 { "Where " @if self.revealed.len() == 1 { "it goes" } @else { "they go" } }
                    p { "Copy " (them) " into your receiver’s configuration exactly as shown, prefix included. Never into a repository, a ticket or a chat." }
                    (self.overlap())
                    p { a href=(paths::RECEIVING) { "How to verify a delivery" } }
                    p { "Lost? An Organisation Admin can make another on the webhook’s page, and chooses how long the old one keeps working." }
                }
                div.row { a.btn.main href=(back) { "I have stored " (them) } }
            }
        }
    }

    /// How long the old one of what was just made goes on working.
    fn overlap(&self) -> Markup {
        let kinds = self.revealed.iter().filter_map(|revealed| CredentialKind::parse(&revealed.kind));
        let old = kinds.flat_map(|kind| rotation::live(self.credentials, kind, self.time.now).into_iter().skip(1));
        html! {
            @for old in old {
                @if let Some(end) = old.ends_at {
                    p {
                        "The old one, which ends in " code { (old.ends_in) } ", works beside it until "
                        (self.time.near(end)) ". Give the receiver the new one before that; nothing is missed meanwhile."
                    }
                }
            }
        }
    }

    fn masked(&self, back: &str) -> Markup {
        html! {
            p.says { "What was made here has been shown. Hirewire keeps it sealed and shows only the mask." }
            @if self.warns { (Unresolved(self.hook)) }
            dl.facts.form {
                @for credential in self.credentials {
                    div {
                        dt { (credential.kind.label()) }
                        dd { code { (credential.kind.mask()) } " " span.soft { "ends in " (credential.ends_in) @if let Some(end) = credential.ends_at { ", works until " (self.time.near(end)) } } }
                    }
                }
            }
            p.row { a.btn.main href=(back) { "Back to " bdi { (self.hook.name) } } }
        }
    }
}

fn figure(revealed: &Revealed) -> Markup {
    let (name, use_) = match CredentialKind::parse(&revealed.kind) {
        Some(CredentialKind::Secret) => (CredentialKind::Secret.label(), "verifies every signature header"),
        Some(CredentialKind::Key) => (CredentialKind::Key.label(), "arrives in X-Webhook-Key"),
        None => ("API key", "goes into the header Authorization: Bearer …"),
    };
    one_time_value(name, use_, &revealed.value)
}
