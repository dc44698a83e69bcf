//! Changing a hook: everything but its address (A2).

use super::form::{self, HookFields};
use crate::actions::hook::{NewHook, find_alive};
use crate::actions::hook_settings::stamp;
use crate::actions::{FieldError, hook_settings};
use crate::domain::hook::Hook;
use crate::domain::hook_header::HeaderName;
use crate::domain::ids::HookId;
use crate::web::prelude::*;

/// The form as the hook stands.
pub async fn show(visit: Visit, Path(id): Path<HookId>) -> Answer {
    let known = Known::read(&visit, id.clone()).await?;
    let form = form::of_hook(&known.hook, &known.headers);
    Ok(known.page(&visit, &form, &Errors::default()).ok())
}

/// Changes the hook, or shows the form again with everything that was typed.
pub async fn submit(visit: Visit, fields: Fields, Path(id): Path<HookId>) -> Answer {
    let known = Known::read(&visit, id.clone()).await?;
    let typed = form::read(&visit, &fields);
    if form::asks_for_rows(&fields) {
        let form = form::with_more_rows(typed);
        return Ok(known.page(&visit, &form, &Errors::default()).ok());
    }
    match hook_settings::edit(&visit.app, &visit.viewer, known.hook.id.clone(), &typed).await {
        Ok(()) => Ok(done::see_other(paths::webhook(&known.hook.id), "Your changes were saved.")),
        Err(ActionError::Invalid(errors)) => {
            let known = Known::read(&visit, id.clone()).await?;
            Ok(known.page(&visit, &typed, &Errors(errors)).refused())
        }
        Err(ActionError::ChangedMeanwhile) => {
            let known = Known::read(&visit, id.clone()).await?;
            // Told of what somebody else did, they may put theirs in its place.
            let typed = NewHook { token: stamp(&known.hook), ..typed };
            let errors = Errors(vec![FieldError::new("name", CHANGED_MEANWHILE)]);
            Ok(known.page(&visit, &typed, &errors).refused())
        }
        Err(error) => Err(error.into()),
    }
}

/// What somebody reads who changes what another one has changed meanwhile.
const CHANGED_MEANWHILE: &str = "Somebody has changed this webhook since you opened the form. What stands here is yours: compare it \
    with the webhook’s page, and save again to put it in place";

/// The hook, the names of its headers, and the mode's default if that is another.
struct Known {
    hook: Hook,
    headers: Vec<HeaderName>,
    other_default: Option<String>,
}

impl Known {
    async fn read(visit: &Visit, id: HookId) -> Result<Self, WebError> {
        let hook = find_alive(&visit.app, &visit.viewer, id).await?;
        let read = move |conn: &mut store::Conn, _: &Viewer| {
            let headers = store::hook_header::of_hook(conn, &hook.id)?.into_iter().map(|header| header.name).collect();
            let hooks = store::hook::list(conn, &hook.organisation_id, hook.mode)?.hooks;
            let other = hooks.into_iter().find(|other| other.is_default && other.id != hook.id);
            Ok::<_, StoreError>(Self { hook, headers, other_default: other.map(|other| other.name) })
        };
        visit.read(read).await
    }

    fn page<'a>(&self, visit: &'a Visit, form: &NewHook, errors: &Errors) -> Page<'a> {
        let kept = form::kept_values(visit, form, errors);
        let view = EditView { known: self, form, errors, kept: &kept };
        let page = visit.page(format!("Edit {}", self.hook.name), Nav::Webhooks, view);
        page.in_mode(self.hook.mode)
    }
}

struct EditView<'a> {
    known: &'a Known,
    form: &'a NewHook,
    errors: &'a Errors,
    kept: &'a [String],
}

impl Render for EditView<'_> {
    fn render(&self) -> Markup {
        let hook = &self.known.hook;
        let own = paths::webhook(&hook.id);
        let head = super::head(hook, html! { "Edit " bdi { (hook.name) } })
            .lede("Changes apply from the next attempt on, also to deliveries that are waiting.");
        let action = paths::webhook_settings(&hook.id);
        let fields = HookFields {
            form: self.form,
            errors: self.errors,
            mode: hook.mode,
            had: &self.known.headers,
            kept: self.kept,
            other_default: self.known.other_default.as_deref(),
            action: &action,
        };
        html! {
            (self.errors.summary())
            (head)
            form.form method="post" action=(action) novalidate {
                (fields.enter())
                (token_field(&self.form.token))
                (fields.name())
                div.field {
                    p.small { strong { "Webhook URL" } }
                    p.soft.small { "To change the address, replace the webhook." }
                    p.given.small { code.id { (hook.url) } }
                }
                @if let Some(interview) = hook.interview() {
                    p.small.soft {
                        "Its events are the interview’s; policy and address are set "
                        a href=(paths::interview_settings(interview)) { "on the interview’s Settings" } "."
                    }
                } @else {
                    (fields.policies())
                    (fields.events())
                }
                (fields.more(html! {
                    (fields.note())
                    @if hook.interview().is_none() { (fields.field_sets()) (fields.default()) }
                    (fields.rate())
                    (fields.headers())
                }))
                div.row { button.btn.main { "Save changes" } " " a.btn href=(own) { "Cancel" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::samples;

    #[test]
    fn the_address_is_shown_and_is_no_field() {
        let known = Known { hook: samples::hook("HRIS"), headers: Vec::new(), other_default: None };
        let (form, errors) = (form::of_hook(&known.hook, &known.headers), Errors::default());
        let shown = EditView { known: &known, form: &form, errors: &errors, kept: &[] }.render().into_string();
        assert!(
            shown.contains("https://hooks.northwind-data.example/v2") && !shown.contains("name=\"url\""),
            "{shown}"
        );
        assert!(shown.contains("name=\"default\" checked") && shown.contains("Save changes"));
    }
}
