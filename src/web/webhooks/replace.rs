//! Replacing a hook: a form that asks for the new address and says what happens (A2).

use crate::actions::hook;
use crate::actions::replacement::{Replacement, replace};
use crate::domain::hook::{Hook, HookState};
use crate::domain::ids::HookId;
use crate::web::form::UrlField;
use crate::web::prelude::*;
use crate::web::words::up_to;

/// Asks for the new address.
pub async fn show(visit: Visit, Path(id): Path<HookId>) -> Answer {
    let form = Replacement { token: token(), ..Replacement::default() };
    Ok(page(&visit, id, &form, &Errors::default()).await?.ok())
}

/// Replaces, and leads to the successor; or shows the form again with what was typed.
pub async fn submit(visit: Visit, fields: Fields, Path(id): Path<HookId>) -> Answer {
    let form = Replacement { url: fields.one("url").to_owned(), token: fields.one("token").to_owned() };
    match replace(&visit.app, &visit.viewer, id.clone(), form.clone()).await {
        Ok(created) => {
            let page = paths::webhook(&created.id);
            let page = if created.resolves { page } else { paths::unresolved(page) };
            Ok(done::see_other(page, "This webhook has taken over from the one it replaces."))
        }
        Err(ActionError::Invalid(errors)) => Ok(page(&visit, id, &form, &Errors(errors)).await?.refused()),
        Err(error) => Err(error.into()),
    }
}

async fn page<'a>(visit: &'a Visit, id: HookId, form: &Replacement, errors: &Errors) -> Result<Page<'a>, WebError> {
    let hook = hook::find_alive(&visit.app, &visit.viewer, id).await?;
    let of = hook.id.clone();
    let (owed, missed) = visit
        .read(move |conn, _| {
            let owed = store::delivery::count_owed_to(conn, &of)?;
            Ok((owed, store::delivery::count_missed_by(conn, &of)?))
        })
        .await?;
    let view = ReplaceView { hook: &hook, form, errors, owed, missed };
    Ok(visit.page(format!("Replace {}", hook.name), Nav::Webhooks, view).in_mode(hook.mode))
}

struct ReplaceView<'a> {
    hook: &'a Hook,
    form: &'a Replacement,
    errors: &'a Errors,
    owed: (usize, bool),
    missed: (usize, bool),
}

impl Render for ReplaceView<'_> {
    fn render(&self) -> Markup {
        let back = paths::webhook(&self.hook.id);
        html! {
            (self.errors.summary())
            (super::head(self.hook, html! { "Replace " bdi { (self.hook.name) } }))
            p.says { "An address cannot be edited: a new webhook takes over from this one, and this one retires." }
            form.form method="post" action=(paths::webhook_replacement(&self.hook.id)) novalidate {
                (token_field(&self.form.token))
                (UrlField {
                    hint: "The new address. A pasted https:// is repaired.",
                    value: &self.form.url,
                    error: self.errors.of("url"),
                })
                dl.facts { div { dt { "Address now" } dd { code.id { (self.hook.url) } } } }
                (self.consequences())
                div.row { button.btn.main { "Replace webhook" } " " a.btn href=(back) { "Keep it" } }
            }
        }
    }
}

impl ReplaceView<'_> {
    fn consequences(&self) -> Markup {
        let hook = self.hook;
        html! {
            div.notice {
                h2 { "What happens as you press the button" }
                ul {
                    li { "The new webhook takes over the name, the events, the delivery policy, and the key and secret: the receiver verifies as before." }
                    @if hook.is_default { li { "It is the default webhook of " (hook.mode) " mode from then on." } }
                    @match self.owed {
                        (0, _) => {},
                        (1, false) => li { "1 delivery that is still owed goes to the new address." },
                        owed => li { (up_to(owed)) " deliveries that are still owed go to the new address, exports in progress included." },
                    }
                    @match self.missed {
                        (0, _) => {},
                        (1, false) => li { "1 delivery that was missed moves along. It can be sent from the new webhook’s page." },
                        missed => li { (up_to(missed)) " deliveries that were missed move along. They can be sent from the new webhook’s page." },
                    }
                    @match hook.state {
                        HookState::Paused => li { "It is paused, as this one is." },
                        HookState::Disabled => li { "It starts active: why this one is disabled says nothing of the new address." },
                        HookState::Active | HookState::Deleted => {},
                    }
                    li { "Nothing more is sent to " bdi { (hook.url.host()) } ". A request already under way still counts if the old address accepts it." }
                }
            }
            div { h2 { "What stays" } p { "The log of this webhook’s deliveries, with a link to the one that took over." } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::FieldError;
    use crate::web::samples::hook;

    fn page(hook: &Hook, owed: (usize, bool), error: Option<&str>) -> String {
        let form = Replacement { url: "https://new.example/in?a=\"b\"".into(), token: "t".into() };
        let errors = Errors(error.map(|error| FieldError::new("url", error)).into_iter().collect());
        ReplaceView { hook, form: &form, errors: &errors, owed, missed: (2, false) }.render().into_string()
    }

    #[test]
    fn it_says_what_moves_and_what_ends() {
        let shown = page(&hook("HRIS <O'Brien>"), (1_000, true), None);
        for part in [
            "Replace <bdi>HRIS &lt;O'Brien&gt;</bdi>",
            "default webhook of live mode",
            "1,000+ deliveries that are still owed go",
            "2 deliveries that were missed move along",
            "Nothing more is sent to <bdi>hooks.northwind-data.example</bdi>",
            "value=\"new.example/in?a=&quot;b&quot;\"",
        ] {
            assert!(shown.contains(part), "{part} is not in {shown}");
        }
        let paused = Hook { state: HookState::Paused, is_default: false, ..hook("HRIS") };
        let shown = page(&paused, (0, false), None);
        assert!(shown.contains("It is paused, as this one is.") && !shown.contains("still owed"), "{shown}");
    }

    #[test]
    fn a_refused_address_is_kept_and_named() {
        let shown = page(&hook("HRIS"), (1, false), Some("Use a public address: 10.0.0.1 is a private address"));
        assert!(
            shown.contains("<a href=\"#url\">Use a public address") && shown.contains("aria-invalid=\"true\""),
            "{shown}"
        );
        assert!(shown.contains("1 delivery that is still owed goes"));
    }
}
