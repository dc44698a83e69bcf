//! Making and ending a hook's key or secret; what ends something asks on a page of its own.

use actix_web::{HttpResponse, web};
use maud::{Markup, Render, html};

use super::super::error::WebError;
use super::super::gate::{Organisations, see_other};
use super::super::layout::{Head, Nav, Page};
use super::super::paths;
use crate::actions::{Context, Viewer, credential, hook};
use crate::domain::hook::Hook;
use crate::domain::ids::HookId;
use crate::domain::secret::CredentialKind;

type Which = web::Path<(String, String)>;

fn which(path: &(String, String)) -> Result<(HookId, CredentialKind), WebError> {
    let id = path.0.parse().map_err(|_| WebError::NotFound)?;
    CredentialKind::parse(&path.1).map(|kind| (id, kind)).ok_or(WebError::NotFound)
}

/// Asks before the one there is gets replaced.
pub async fn show(
    context: web::Data<Context>,
    viewer: Viewer,
    organisations: Organisations,
    path: Which,
) -> Result<HttpResponse, WebError> {
    ask(&context, &viewer, organisations, &path, Asked::Regenerate).await
}

/// Makes one, and leads to the page that shows it once.
pub async fn make(context: web::Data<Context>, viewer: Viewer, path: Which) -> Result<HttpResponse, WebError> {
    let (id, kind) = which(&path)?;
    credential::make(&context, &viewer, id.clone(), kind).await?;
    Ok(see_other(paths::webhook_reveal(id)))
}

/// Asks before it ends.
pub async fn show_end(
    context: web::Data<Context>,
    viewer: Viewer,
    organisations: Organisations,
    path: Which,
) -> Result<HttpResponse, WebError> {
    ask(&context, &viewer, organisations, &path, Asked::End).await
}

/// Ends it.
pub async fn end(context: web::Data<Context>, viewer: Viewer, path: Which) -> Result<HttpResponse, WebError> {
    let (id, kind) = which(&path)?;
    credential::end(&context, &viewer, id.clone(), kind).await?;
    Ok(see_other(paths::webhook(id)))
}

async fn ask(
    context: &Context,
    viewer: &Viewer,
    organisations: Organisations,
    path: &(String, String),
    asked: Asked,
) -> Result<HttpResponse, WebError> {
    let (id, kind) = which(path)?;
    let hook = hook::find_alive(context, viewer, id).await?;
    let view = AskView { hook: &hook, kind, asked };
    let page = Page::new(view.button(), Nav::Webhooks, viewer, view.render()).in_mode(hook.mode);
    Ok(Page { organisations: organisations.0, ..page }.ok())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Regenerate,
    End,
}

struct AskView<'a> {
    hook: &'a Hook,
    kind: CredentialKind,
    asked: Asked,
}

impl AskView<'_> {
    fn button(&self) -> &'static str {
        match (self.asked, self.kind) {
            (Asked::Regenerate, CredentialKind::Secret) => "Regenerate secret",
            (Asked::Regenerate, CredentialKind::Key) => "Regenerate key",
            (Asked::End, CredentialKind::Secret) if self.is_overriding() => "Remove its own secret",
            (Asked::End, CredentialKind::Secret) => "Turn off signing",
            (Asked::End, CredentialKind::Key) => "Remove key",
        }
    }

    /// An interview's own hook, which has of the default hook what it has not itself.
    fn is_overriding(&self) -> bool {
        self.hook.interview().is_some()
    }

    fn says(&self) -> &'static str {
        match (self.asked, self.kind) {
            (Asked::End, CredentialKind::Secret) if self.is_overriding() => {
                "From then on deliveries are signed with the secret of the default webhook, if that one has one."
            }
            (Asked::End, CredentialKind::Key) if self.is_overriding() => {
                "From then on deliveries carry the key of the default webhook, if that one has one."
            }
            (Asked::Regenerate, CredentialKind::Secret) => {
                "From then on every delivery is signed with the new secret alone."
            }
            (Asked::Regenerate, CredentialKind::Key) => "From then on every delivery carries the new key alone.",
            (Asked::End, CredentialKind::Secret) => "From then on deliveries carry no signature.",
            (Asked::End, CredentialKind::Key) => "From then on deliveries carry no X-Webhook-Key.",
        }
    }

    fn consequence(&self) -> &'static str {
        match self.asked {
            Asked::Regenerate => {
                "The old one ends at once: until the receiver knows the new one, it refuses what it is sent. Pause the webhook first, and nothing is refused meanwhile."
            }
            Asked::End => {
                "A receiver that checks it refuses everything from then on. It is destroyed; turning it on again makes a new one."
            }
        }
    }
}

impl Render for AskView<'_> {
    fn render(&self) -> Markup {
        let back = paths::webhook(&self.hook.id);
        let action = match self.asked {
            Asked::Regenerate => paths::webhook_credential(&self.hook.id, self.kind.as_str()),
            Asked::End => paths::webhook_credential_end(&self.hook.id, self.kind.as_str()),
        };
        let crumbs = [
            ("Settings", None),
            ("Access Management", None),
            ("Webhooks", Some(paths::WEBHOOKS.to_owned())),
            (self.hook.name.as_str(), Some(back.clone())),
        ];
        html! {
            (Head::new(&crumbs, html! { (self.button()) "?" }))
            p.says { (self.says()) }
            div.form {
                div.notice.bad { h2 { "What stops" } p { (self.consequence()) } }
                form.row method="post" action=(action) {
                    button.btn.stop { (self.button()) } " " a.btn href=(back) { "Keep it" }
                }
            }
        }
    }
}
