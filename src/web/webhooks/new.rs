//! Creating a hook.

use actix_web::{HttpResponse, web};
use maud::{Markup, Render, html};

use super::super::error::WebError;
use super::super::form::{Errors, Fields, TextField, UrlField, token, token_field, wrong};
use super::super::gate::{Organisations, see_other};
use super::super::layout::{Head, Nav, Page};
use super::super::paths;
use crate::actions::hook::{NewHook, create};
use crate::actions::{ActionError, Context, Viewer};
use crate::domain::catalogue;
use crate::domain::mode::Mode;
use crate::domain::policy::Policy;

/// The empty form.
pub async fn show(viewer: Viewer, organisations: Organisations) -> HttpResponse {
    let form = NewHook { policy: Policy::Quick.as_str().into(), sign: true, token: token(), ..NewHook::default() };
    let view = FormView { form: &form, errors: &Errors::default(), mode: viewer.mode };
    let page = Page::new("Create Webhook", Nav::Webhooks, &viewer, view.render());
    Page { organisations: organisations.0, ..page }.ok()
}

/// Creates the hook, and leads to what was made for it; or shows the form again with everything that was typed.
pub async fn submit(
    context: web::Data<Context>,
    viewer: Viewer,
    organisations: Organisations,
    fields: Fields,
) -> Result<HttpResponse, WebError> {
    let form = NewHook {
        name: fields.one("name").to_owned(),
        url: fields.one("url").to_owned(),
        policy: fields.one("policy").to_owned(),
        events: fields.all("events"),
        sign: fields.ticked("sign"),
        key: fields.ticked("key"),
        token: fields.one("token").to_owned(),
    };
    match create(&context, &viewer, form.clone()).await {
        Ok(created) => {
            let gives = form.sign || form.key;
            let page = if gives { paths::webhook_reveal(&created.id) } else { paths::webhook(&created.id) };
            Ok(see_other(if created.resolves { page } else { paths::unresolved(page) }))
        }
        Err(ActionError::Invalid(errors)) => {
            let view = FormView { form: &form, errors: &Errors(errors), mode: viewer.mode };
            let page = Page::new("Create Webhook", Nav::Webhooks, &viewer, view.render());
            Ok(Page { organisations: organisations.0, ..page }.refused())
        }
        Err(error) => Err(error.into()),
    }
}

struct FormView<'a> {
    form: &'a NewHook,
    errors: &'a Errors,
    mode: Mode,
}

impl Render for FormView<'_> {
    fn render(&self) -> Markup {
        let crumbs = [("Settings", None), ("Access Management", None), ("Webhooks", Some(paths::WEBHOOKS.to_owned()))];
        let mut head = Head::new(&crumbs, html! { "Create Webhook" });
        head.lede = html! { "It starts active, in " (self.mode) " mode, as soon as you press Create Hook." };
        html! {
            (self.errors.summary())
            (head)
            form.form method="post" action=(paths::NEW_WEBHOOK) novalidate {
                (token_field(&self.form.token))
                (TextField {
                    name: "name", label: "Name", hint: "What your team calls the receiver. Left empty, its host.",
                    value: &self.form.name, error: self.errors.of("name"),
                })
                (self.url())
                (self.policies())
                (self.events())
                fieldset {
                    legend { "How the receiver knows it is you" }
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
                div.row { button.btn.main { "Create Hook" } " " a.btn href=(paths::WEBHOOKS) { "Cancel" } }
            }
        }
    }
}

impl FormView<'_> {
    fn url(&self) -> Markup {
        let hint =
            "It cannot be edited later; a webhook with another address can take over. A pasted https:// is repaired.";
        UrlField { hint, value: &self.form.url, error: self.errors.of("url") }.render()
    }

    fn policies(&self) -> Markup {
        html! {
            fieldset #policy {
                legend { "Delivery policy" }
                (wrong("policy", self.errors.of("policy")))
                @for policy in Policy::ALL {
                    label.pick.tick {
                        input type="radio" name="policy" value=(policy.as_str()) checked[self.form.policy == policy.as_str()];
                        strong { (policy.label()) }
                        span.soft.small { (policy.explanation()) }
                    }
                }
            }
        }
    }

    fn events(&self) -> Markup {
        html! {
            fieldset #events aria-describedby="events-hint" {
                legend { "Events" }
                p.soft.small #events-hint { "All events, those to come included, when you tick none. Exports come when someone sends one." }
                (wrong("events", self.errors.of("events")))
                div.ticks {
                    @for kind in catalogue::subscribable() {
                        label.tick {
                            input type="checkbox" name="events" value=(kind) checked[self.form.events.iter().any(|name| name == kind.as_str())];
                            code { (kind) }
                        }
                    }
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
    fn a_refused_form_keeps_everything_that_was_typed() {
        let form = NewHook {
            name: "HRIS “O'Brien” <b>".into(),
            url: "http://hris.example/in?a=1&b=2".into(),
            policy: "patient".into(),
            events: vec!["job.created".into()],
            sign: false,
            key: true,
            token: "abc".into(),
        };
        let errors = Errors(vec![FieldError::new("url", "Use the https address")]);
        let shown = FormView { form: &form, errors: &errors, mode: Mode::Test }.render().into_string();
        assert!(shown.contains("value=\"HRIS “O'Brien” &lt;b&gt;\""));
        assert!(shown.contains("value=\"http://hris.example/in?a=1&amp;b=2\""));
        assert!(shown.contains("value=\"patient\" checked") && shown.contains("value=\"job.created\" checked"));
        assert!(shown.contains("name=\"key\" checked") && !shown.contains("name=\"sign\" checked"));
        assert!(
            shown.contains("<a href=\"#url\">Use the https address</a>") && shown.contains("aria-invalid=\"true\"")
        );
    }
}
