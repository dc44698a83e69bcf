//! Creating a hook.

use super::form::{self, HookFields};
use crate::actions::hook::{NewHook, create};
use crate::domain::hook::FieldSet;
use crate::domain::ids::HookId;
use crate::domain::mode::Mode;
use crate::domain::policy::Policy;
use crate::web::bidi::isolated;
use crate::web::form::UrlField;
use crate::web::prelude::*;

/// The empty form.
pub async fn show(visit: Visit) -> Answer {
    let other_default = default_of(&visit).await?;
    let form = NewHook {
        policy: Policy::Quick.as_str().into(),
        field_set: FieldSet::Standard.as_str().into(),
        default: other_default.is_none(),
        sign: true,
        token: token(),
        ..NewHook::default()
    };
    Ok(page(&visit, &form, &Errors::default(), other_default.as_deref()).ok())
}

/// Creates the hook, and leads to what was made for it; or shows the form again with everything that was typed.
pub async fn submit(visit: Visit, fields: Fields) -> Answer {
    let form = form::read(&visit, &fields);
    if form::asks_for_rows(&fields) {
        let other_default = default_of(&visit).await?;
        let form = form::with_more_rows(form);
        return Ok(page(&visit, &form, &Errors::default(), other_default.as_deref()).ok());
    }
    match create(&visit.app, &visit.viewer, form.clone()).await {
        Ok(created) => {
            let gives = form.sign || form.key;
            let page = if gives { paths::webhook_reveal(&created.id) } else { paths::webhook(&created.id) };
            let page = if created.resolves { page } else { paths::unresolved(page) };
            let twin = twin_of(&visit, created.id).await?;
            let twin = twin
                .map(|name| format!(" {} has the same address: that receiver gets what both send.", isolated(&name)));
            Ok(done::see_other(page, format!("The webhook was created.{}", twin.unwrap_or_default())))
        }
        Err(ActionError::Invalid(errors)) => {
            let other_default = default_of(&visit).await?;
            Ok(page(&visit, &form, &Errors(errors), other_default.as_deref()).refused())
        }
        Err(error) => Err(error.into()),
    }
}

/// The name of another webhook of the mode with the same address.
async fn twin_of(visit: &Visit, id: HookId) -> Result<Option<String>, WebError> {
    let hooks =
        visit.read(move |conn, viewer| store::hook::list(conn, &viewer.organisation.id, viewer.mode)).await?.hooks;
    let own = hooks.iter().find(|hook| hook.id == id);
    let twin = own.and_then(|own| hooks.iter().find(|hook| hook.id != own.id && hook.url == own.url));
    Ok(twin.map(|hook| hook.name.clone()))
}

/// The name of the mode's default hook.
async fn default_of(visit: &Visit) -> Result<Option<String>, WebError> {
    let hooks =
        visit.read(move |conn, viewer| store::hook::list(conn, &viewer.organisation.id, viewer.mode)).await?.hooks;
    Ok(hooks.into_iter().find(|hook| hook.is_default).map(|hook| hook.name))
}

fn page<'a>(visit: &'a Visit, form: &NewHook, errors: &Errors, other_default: Option<&str>) -> Page<'a> {
    let kept = form::kept_values(visit, form, errors);
    let view = FormView { form, errors, mode: visit.viewer.mode, other_default, kept: &kept };
    visit.page("Create Webhook", Nav::Webhooks, view)
}

struct FormView<'a> {
    form: &'a NewHook,
    errors: &'a Errors,
    mode: Mode,
    other_default: Option<&'a str>,
    kept: &'a [String],
}

impl Render for FormView<'_> {
    fn render(&self) -> Markup {
        let other = if self.mode == Mode::Live { Mode::Test } else { Mode::Live };
        let head = Head::below(Nav::Webhooks, "Create Webhook").lede(html! {
            "It is active in " (self.mode) " mode as soon as you create it. To create it in " (other)
            " mode, switch to " (other.label()) " first."
        });
        let fields = HookFields {
            form: self.form,
            errors: self.errors,
            mode: self.mode,
            had: &[],
            kept: self.kept,
            other_default: self.other_default,
            action: paths::NEW_WEBHOOK,
        };
        html! {
            (self.errors.summary())
            (head)
            form.form method="post" action=(paths::NEW_WEBHOOK) novalidate {
                (fields.enter())
                (token_field(&self.form.token))
                (fields.name())
                (self.url())
                (fields.policies())
                (fields.events())
                (self.proofs())
                @if self.other_default.is_none() {
                    p.soft.small { "It will be the default webhook of " (self.mode) " mode, because there is none yet." }
                }
                (fields.more(html! {
                    (fields.note())
                    (fields.field_sets())
                    @if self.other_default.is_some() { (fields.default()) }
                    (fields.rate())
                    (fields.headers())
                }))
                div.row { button.btn.main { "Create Hook" } " " a.btn href=(paths::WEBHOOKS) { "Cancel" } }
            }
        }
    }
}

impl FormView<'_> {
    fn url(&self) -> Markup {
        let hint = "You cannot change it later, but you can replace the webhook by one at a new address. You may paste the whole https:// address.";
        UrlField { hint, value: &self.form.url, error: self.errors.of("url") }.render()
    }

    fn proofs(&self) -> Markup {
        html! {
            fieldset {
                legend { "How the receiver can verify requests" }
                label.tick {
                    input type="checkbox" name="sign" checked[self.form.sign];
                    span { "Sign deliveries" }
                    span.soft.small { "A secret is made and shown once. Any Standard Webhooks, Stripe-style or GitHub-style verifier works." }
                }
                label.tick {
                    input type="checkbox" name="key" checked[self.form.key];
                    span { "Send a webhook key" }
                    span.soft.small { "A fixed value in X-Webhook-Key, for receivers that only compare a header." }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::FieldError;

    #[test]
    fn a_refused_form_keeps_everything_that_was_typed_and_shows_no_value_of_a_header() {
        let form = NewHook {
            name: "HRIS “O'Brien” <b>".into(),
            note: "Ask محمد".into(),
            url: "http://hris.example/in?a=1&b=2".into(),
            policy: "patient".into(),
            events: vec!["job.created".into()],
            field_set: "minimal".into(),
            rate: "many".into(),
            rate_per: "minute".into(),
            default: true,
            headers: vec![("X-Tenant".into(), "acme ✨".into())],
            sign: false,
            key: true,
            token: "abc".into(),
        };
        let errors = Errors(vec![FieldError::new("url", "Use the https address")]);
        let view =
            FormView { form: &form, errors: &errors, mode: Mode::Test, other_default: Some("Payroll"), kept: &[] };
        let shown = view.render().into_string();
        assert!(shown.contains("value=\"HRIS “O'Brien” &lt;b&gt;\""));
        assert!(shown.contains("value=\"http://hris.example/in?a=1&amp;b=2\""));
        assert!(shown.contains("value=\"patient\" checked") && shown.contains("value=\"job.created\" checked"));
        assert!(shown.contains("name=\"key\" checked") && !shown.contains("name=\"sign\" checked"));
        assert!(shown.contains("value=\"Ask محمد\"") && shown.contains("value=\"minimal\" selected"));
        assert!(shown.contains("value=\"many\"") && shown.contains("value=\"minute\" selected"));
        assert!(shown.contains("value=\"X-Tenant\"") && !shown.contains("acme ✨"));
        assert!(shown.contains("name=\"default\" checked"));
        assert!(
            shown.contains("<a href=\"#url\">Use the https address</a>") && shown.contains("aria-invalid=\"true\"")
        );
    }

    #[test]
    fn the_first_of_a_mode_is_told_that_it_becomes_the_default() {
        let (form, errors) = (NewHook::default(), Errors::default());
        let view = FormView { form: &form, errors: &errors, mode: Mode::Live, other_default: None, kept: &[] };
        let shown = view.render().into_string();
        assert!(shown.contains("It will be the default webhook of live mode") && !shown.contains("name=\"default\""));
        assert!(shown.contains("To create it in test mode, switch to Test first."), "{shown}");
    }
}
