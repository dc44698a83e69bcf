//! Making, regenerating and ending a hook's key or secret; what ends something asks on a page of its own.

use chrono::{DateTime, Utc};

use crate::actions::{FieldError, credential, hook};
use crate::domain::hook::{Credential, Hook};
use crate::domain::ids::HookId;
use crate::domain::rotation::{self, Overlap};
use crate::domain::secret::CredentialKind;
use crate::web::form::wrong;
use crate::web::prelude::*;
use crate::web::ui::{Confirm, stops};

type Which = Path<(HookId, CredentialKind)>;

/// How many of a kind a hook has.
async fn count(visit: &Visit, id: HookId, kind: CredentialKind) -> Result<usize, WebError> {
    let hook = hook::find_alive(&visit.app, &visit.viewer, id).await?;
    let now = visit.now;
    let credentials = visit.read(move |conn, _| store::credential::live(conn, &hook.id, now)).await?;
    Ok(rotation::live(&credentials, kind, now).len())
}

/// Asks how long the one there is goes on working beside the new one; where there is none, there is nothing to ask.
pub async fn show(visit: Visit, Path((id, kind)): Which) -> Answer {
    if count(&visit, id.clone(), kind).await? == 0 {
        return Ok(see_other(paths::webhook(&id)));
    }
    let chosen = Overlap::default().as_str();
    Ok(page(&visit, id, kind, Asked::Regenerate { chosen, error: None }).await?.ok())
}

/// Makes one, and leads to the page that shows it once.
pub async fn make(visit: Visit, fields: Fields, Path((id, kind)): Which) -> Answer {
    let chosen = fields.one("overlap");
    let Some(overlap) = Overlap::chosen(chosen) else {
        let error = Some("Choose how long the old one keeps working");
        let page = page(&visit, id, kind, Asked::Regenerate { chosen, error }).await?;
        return Ok(page.refused());
    };
    credential::make(&visit.app, &visit.viewer, id.clone(), kind, overlap, fields.one("token")).await?;
    Ok(see_other(paths::webhook_reveal(id)))
}

/// Asks before it ends.
pub async fn show_end(visit: Visit, Path((id, kind)): Which) -> Answer {
    Ok(page(&visit, id, kind, Asked::End).await?.ok())
}

/// Ends it.
pub async fn end(visit: Visit, Path((id, kind)): Which) -> Answer {
    credential::end(&visit.app, &visit.viewer, id.clone(), kind).await?;
    let ended = match kind {
        CredentialKind::Secret => "The signing secret was deleted: deliveries no longer carry its signatures.",
        CredentialKind::Key => "The webhook key was removed: deliveries no longer carry it.",
    };
    Ok(done::see_other(paths::webhook(id), ended))
}

/// Asks before the old one of a rotation ends; where there is none, there is nothing to ask.
pub async fn show_revocation(visit: Visit, Path((id, kind)): Which) -> Answer {
    if count(&visit, id.clone(), kind).await? < 2 {
        return Ok(see_other(paths::webhook(&id)));
    }
    Ok(page(&visit, id, kind, Asked::Revoke).await?.ok())
}

/// Ends the old one of a rotation.
pub async fn revoke(visit: Visit, Path((id, kind)): Which) -> Answer {
    credential::revoke_old(&visit.app, &visit.viewer, id.clone(), kind).await?;
    let ended = match kind {
        CredentialKind::Secret => "The old secret was revoked.",
        CredentialKind::Key => "The old key was revoked.",
    };
    Ok(done::see_other(paths::webhook(id), ended))
}

/// Takes an admin's word that the receiver has switched.
pub async fn switched(visit: Visit, Path(id): Path<HookId>) -> Answer {
    credential::switched(&visit.app, &visit.viewer, id.clone()).await?;
    Ok(done::see_other(
        paths::webhook(id),
        "From the next attempt on, headers with room for one carry the new secret or key.",
    ))
}

async fn page<'a>(visit: &'a Visit, id: HookId, kind: CredentialKind, asked: Asked<'_>) -> Result<Page<'a>, WebError> {
    let hook = hook::find_alive(&visit.app, &visit.viewer, id).await?;
    let (of, now) = (hook.id.clone(), visit.now);
    let credentials = visit.read(move |conn, _| store::credential::live(conn, &of, now)).await?;
    let view = AskView { hook: &hook, kind, asked, credentials: &credentials, time: visit.time() };
    Ok(visit.page(view.button(), Nav::Webhooks, view).in_mode(hook.mode))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked<'a> {
    Regenerate { chosen: &'a str, error: Option<&'a str> },
    Revoke,
    End,
}

struct AskView<'a> {
    hook: &'a Hook,
    kind: CredentialKind,
    asked: Asked<'a>,
    credentials: &'a [Credential],
    time: LocalTime,
}

impl AskView<'_> {
    fn button(&self) -> &'static str {
        match (self.asked, self.kind) {
            (Asked::Regenerate { .. }, CredentialKind::Secret) => "Regenerate secret",
            (Asked::Regenerate { .. }, CredentialKind::Key) => "Regenerate key",
            (Asked::Revoke, CredentialKind::Secret) => "Revoke old secret",
            (Asked::Revoke, CredentialKind::Key) => "Revoke old key",
            (Asked::End, CredentialKind::Secret) if self.is_overriding() => "Remove its own secret",
            (Asked::End, CredentialKind::Secret) => "Turn off signing",
            (Asked::End, CredentialKind::Key) => "Remove key",
        }
    }

    /// An interview's own hook, which has of the default hook what it has not itself.
    fn is_overriding(&self) -> bool {
        self.hook.interview().is_some()
    }

    /// `secret` or `key`.
    fn noun(&self) -> &'static str {
        self.kind.as_str()
    }

    fn live(&self) -> Vec<&Credential> {
        rotation::live(self.credentials, self.kind, self.time.now)
    }

    fn near(&self, at: DateTime<Utc>) -> Markup {
        self.time.near(at)
    }
}

impl Render for AskView<'_> {
    fn render(&self) -> Markup {
        let back = paths::webhook(&self.hook.id);
        let head = super::head(self.hook, html! { (self.button()) "?" });
        match self.asked {
            Asked::Regenerate { chosen, error } => self.regenerate(&head, &back, chosen, error),
            Asked::Revoke => html! { (head) (self.revocation()) },
            Asked::End => html! { (head) (self.ending()) },
        }
    }
}

impl AskView<'_> {
    fn regenerate(&self, head: &Head, back: &str, chosen: &str, error: Option<&str>) -> Markup {
        let errors: Vec<FieldError> = error.map(|error| FieldError::new("overlap", error)).into_iter().collect();
        html! {
            (Errors(errors).summary())
            (head)
            p.says { "A new " (self.noun()) " is created and shown once. The old one keeps working alongside it for as long as you choose." }
            form.form method="post" action=(paths::webhook_credential(&self.hook.id, self.noun())) {
                (token_field(&token()))
                fieldset #overlap {
                    legend { "How long the old one keeps working" }
                    (wrong("overlap", error))
                    @for overlap in Overlap::ALL {
                        label.pick.tick {
                            input type="radio" name="overlap" value=(overlap.as_str()) checked[overlap.as_str() == chosen];
                            strong { (overlap.label()) }
                            span.soft.small { (self.explain(overlap)) }
                        }
                    }
                }
                (self.oldest())
                (self.meanwhile())
                div.row { button.btn.main { (self.button()) } " " a.btn href=(back) { "Keep it" } }
            }
        }
    }

    fn explain(&self, overlap: Overlap) -> Markup {
        html! {
            @match overlap {
                Overlap::AtOnce => "The old one ends as you press the button. For one that has leaked: until the receiver knows the new one, it refuses what it is sent.",
                _ => { "The old one stops working " (self.near(self.time.now + overlap.duration())) "." },
            }
        }
    }

    /// Only two work side by side: what a further regeneration ends at once.
    fn oldest(&self) -> Markup {
        let live = self.live();
        html! {
            @if let Some(oldest) = live.get(1) {
                div.notice.warn {
                    h2 { "A rotation is under way" }
                    p {
                        "Only two work side by side. The " (self.noun()) " that ends in " code { (oldest.ends_in) } " ends as you press the button; \
                         the old one is then the one that ends in " code { (live[0].ends_in) } "."
                    }
                }
            }
        }
    }

    fn meanwhile(&self) -> Markup {
        html! {
            div.notice {
                h2 { "What the receiver gets meanwhile" }
                ul {
                    @match self.kind {
                        CredentialKind::Secret => {
                            li { "Signatures of both in " code { "webhook-signature" } " and " code { "X-Webhook-Signature" } ", the new one first." }
                            li { "The old one’s in " code { "X-TalentSprout-Signature" } " and " code { "X-Hub-Signature-256" } ", which have room for one." }
                        }
                        CredentialKind::Key => li { "The old key in " code { "X-Webhook-Key" } ", which has room for one." },
                    }
                    li {
                        "If it answers 400, 401 or 403, we send the same delivery again at once, signed with the new one. If that is \
                         accepted, the new one is preferred from then on. So the receiver may switch when it likes, and misses nothing."
                    }
                }
            }
        }
    }

    /// Asks, and says what stops.
    fn stop(&self, says: Markup, consequence: Markup, action: String) -> Markup {
        let details = stops(html! { p { (consequence) } });
        Confirm::new(says, self.button(), action, paths::webhook(&self.hook.id)).details(details).render()
    }

    fn revocation(&self) -> Markup {
        let live = self.live();
        let old = live.get(1);
        let used = old.and_then(|old| old.last_used_at);
        let says = html! {
            "From then on deliveries are signed with, or carry, the new " (self.noun()) " only"
            @if let Some(new) = live.first() { ", the one that ends in " code { (new.ends_in) } }
            "."
        };
        let consequence = html! {
            "The old one" @if let Some(old) = old { ", which ends in " code { (old.ends_in) } "," } " is deleted. A receiver that has only the old one will reject every delivery. "
            @match used {
                Some(at) => { "Its last successful delivery arrived " (self.near(at)) "." },
                None => "No delivery has succeeded with it yet.",
            }
        };
        self.stop(says, consequence, paths::webhook_credential_revocation(&self.hook.id, self.noun()))
    }

    fn ending(&self) -> Markup {
        let both = if self.live().len() > 1 { "Both, the old and the new one, are" } else { "It is" };
        let says = html! {
            @match self.kind {
                CredentialKind::Secret if self.is_overriding() => {
                    "From then on deliveries are signed with the secret of the default webhook, if that one has one."
                }
                CredentialKind::Key if self.is_overriding() => {
                    "From then on deliveries carry the key of the default webhook, if that one has one."
                }
                CredentialKind::Secret => "From then on deliveries carry no signature.",
                CredentialKind::Key => "From then on deliveries carry no X-Webhook-Key.",
            }
        };
        let consequence = html! {
            "Receivers that verify it will reject every delivery. " (both) " deleted; turning it on again creates a new one."
        };
        self.stop(says, consequence, paths::webhook_credential_end(&self.hook.id, self.noun()))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::web::samples::{credential, hook, now, time};

    fn page(kind: CredentialKind, asked: Asked<'_>, credentials: &[Credential]) -> String {
        let hook = hook("HRIS <sync>");
        AskView { hook: &hook, kind, asked, credentials, time: time() }.render().into_string()
    }

    #[test]
    fn regenerating_asks_how_long_the_old_one_works_and_says_when_it_ends() {
        let asked = Asked::Regenerate { chosen: "24h", error: None };
        let shown = page(CredentialKind::Secret, asked, &[credential(CredentialKind::Secret, "3f9K")]);
        for part in [
            "value=\"24h\" checked",
            "value=\"at_once\"",
            "stops working <time title=\"21 Nov 2026, 14:42:15 Europe/Berlin\" datetime=\"2026-11-21T13:42:15.000Z\">21 Nov, 14:42</time>",
            "For one that has leaked",
            "X-Hub-Signature-256",
            "400, 401 or 403",
            "HRIS &lt;sync&gt;",
        ] {
            assert!(shown.contains(part), "{part} is not in {shown}");
        }
        assert!(!shown.contains("A rotation is under way"));
        let shown = page(CredentialKind::Key, asked, &[credential(CredentialKind::Key, "3f9K")]);
        assert!(shown.contains("X-Webhook-Key") && !shown.contains("X-Hub-Signature-256"), "{shown}");
    }

    #[test]
    fn a_third_regeneration_says_which_one_it_ends() {
        let old =
            Credential { ends_at: Some(now() + TimeDelta::hours(2)), ..credential(CredentialKind::Secret, "old1") };
        let both = [credential(CredentialKind::Secret, "new1"), old];
        let error = Some("Choose how long the old one keeps working");
        let shown = page(CredentialKind::Secret, Asked::Regenerate { chosen: "x", error }, &both);
        assert!(shown.contains("The secret that ends in <code>old1</code> ends as you press"), "{shown}");
        assert!(shown.contains("href=\"#overlap\"") && shown.contains("id=\"overlap\""), "{shown}");
        let shown = page(CredentialKind::Secret, Asked::Revoke, &both);
        assert!(shown.contains("which ends in <code>old1</code>, is deleted."), "{shown}");
        assert!(shown.contains("No delivery has succeeded with it yet.") && shown.contains("Revoke old secret"));
        assert!(page(CredentialKind::Secret, Asked::End, &both).contains("Both, the old and the new one, are deleted"));
    }
}
