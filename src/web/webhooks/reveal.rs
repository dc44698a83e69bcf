//! What a hook was just given, shown once: a reload, Back or a second click shows the mask.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use maud::{Markup, Render, html};

use super::super::error::WebError;
use super::super::gate::Organisations;
use super::super::layout::{Head, Nav, Page};
use super::super::{code, paths, time};
use super::unresolved::{self, Unresolved};
use crate::actions::reveal::{Revealed, take};
use crate::actions::{Context, Viewer, hook};
use crate::domain::hook::{Credential, Hook};
use crate::domain::ids::HookId;
use crate::domain::rotation;
use crate::domain::secret::CredentialKind;
use crate::store;

/// Shows the new key and secret, once.
pub async fn show(
    context: web::Data<Context>,
    viewer: Viewer,
    organisations: Organisations,
    id: web::Path<String>,
    arrival: web::Query<unresolved::Query>,
) -> Result<HttpResponse, WebError> {
    let id: HookId = id.parse().map_err(|_| WebError::NotFound)?;
    let hook = hook::find_alive(&context, &viewer, id).await?;
    let revealed = take(&context, &viewer, hook.id.as_str()).await?;
    let of = hook.id.clone();
    let now = context.clock.now();
    let credentials = context.store.read(move |conn| store::credential::live(conn, &of, now)).await?;
    let (zone, warns) = (viewer.organisation.time_zone, arrival.warns());
    let view = RevealView { hook: &hook, revealed: &revealed, credentials: &credentials, warns, zone, now };
    let page = Page::new(view.title(), Nav::Webhooks, &viewer, view.render()).in_mode(hook.mode);
    Ok(Page { organisations: organisations.0, ..page }.ok())
}

struct RevealView<'a> {
    hook: &'a Hook,
    revealed: &'a [Revealed],
    credentials: &'a [Credential],
    /// Whether it was created a moment ago with a host name that does not resolve.
    warns: bool,
    zone: Tz,
    now: DateTime<Utc>,
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
        let crumbs = [
            ("Settings", None),
            ("Access Management", None),
            ("Webhooks", Some(paths::WEBHOOKS.to_owned())),
            (self.hook.name.as_str(), Some(back.clone())),
        ];
        let head = Head::new(&crumbs, html! { (self.title()) });
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
        let old = kinds.flat_map(|kind| rotation::live(self.credentials, kind, self.now).into_iter().skip(1));
        html! {
            @for old in old {
                @if let Some(end) = old.ends_at {
                    p {
                        "The old one, which ends in " code { (old.ends_in) } ", works beside it until "
                        (time::near(end, self.zone, self.now)) ". Give the receiver the new one before that; nothing is missed meanwhile."
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
                        dd { code { (credential.kind.mask()) } " " span.soft { "ends in " (credential.ends_in) @if let Some(end) = credential.ends_at { ", works until " (time::near(end, self.zone, self.now)) } } }
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
    once(name, use_, &revealed.value)
}

/// A value that is shown this one time.
pub(in crate::web) fn once(name: &str, use_: &str, value: &str) -> Markup {
    html! {
        figure.code {
            figcaption { strong { (name) } " " (use_) span.end { (code::copy(name)) } }
            pre.wrap.once tabindex="0" role="region" aria-label=(name) { (value) }
        }
    }
}
