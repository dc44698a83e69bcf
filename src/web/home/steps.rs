//! The first steps: what leads to the first delivery that arrives.

use super::HomeView;
use crate::domain::delivery::{Delivery, Status};
use crate::web::prelude::*;

impl HomeView<'_> {
    pub(super) fn first_steps(&self) -> Markup {
        let may = |permission| self.viewer.role.may(permission);
        let mode = self.viewer.mode;
        let connected = !self.known.hooks.is_empty() || !self.known.unreadable.is_empty();
        let has_vacancies = !self.known.vacancies.is_empty();
        html! {
            ul.matters {
                (step(connected, !connected, "Connect a webhook", html! {
                    "An https address of yours that Hirewire calls. Its key and secret are shown once; Send Test tells at once whether it works."
                }, may(Permission::ManageHooks).then_some((paths::NEW_WEBHOOK.to_owned(), "Create Webhook"))))
                @if connected && may(Permission::ManageHooks) { (self.test()) }
                (step(has_vacancies, connected && !has_vacancies, "Bring in candidates", html! {
                    "Create a vacancy and import a CSV file from your old system into it: columns are recognised, bad rows are named by line."
                }, may(Permission::ManageVacancies).then_some(if has_vacancies { (paths::VACANCIES.to_owned(), "Open Vacancies") } else { (paths::NEW_VACANCY.to_owned(), "Create a vacancy") })))
                (step(false, connected && has_vacancies, "Export them", html! {
                    "Tick candidates on a vacancy, choose Export to Webhook, and see on one page whether it arrived."
                }, may(Permission::Export).then_some((paths::VACANCIES.to_owned(), "Open Vacancies"))))
                (step(self.known.has_keys, false, "Or let other systems report events", html! {
                    "With an API key, your job board or interview tool reports events, which go to every webhook subscribed to them."
                }, may(Permission::ManageApiKeys).then_some((paths::API_KEYS.to_owned(), "Create an API key"))))
            }
            @if self.known.unrouted > 0 {
                p.small.soft { (self.known.unrouted) " events are recorded in " (mode) " mode and wait without a webhook. " @if self.sees_hooks() { a href={ (paths::EVENTS) "?webhook=none" } { "See them" } } }
            }
        }
    }

    fn test(&self) -> Markup {
        let test = self.known.test.as_ref();
        let arrived = test.is_some_and(|test| test.state.status() == Status::Success);
        let href = match test.map(|test| &test.hook_id).or(self.known.hooks.first().map(|hook| &hook.id)) {
            Some(hook) => paths::webhook(hook),
            None => paths::WEBHOOKS.to_owned(),
        };
        step(
            arrived,
            false,
            "Send a test",
            html! { @match test {
                Some(test) => (went(test)),
                None => "Send Test, on the webhook’s page, sends one real, signed request and shows the answer.",
            } },
            Some((href, if test.is_some() { "Open the webhook" } else { "Send a test" })),
        )
    }
}

/// How the latest test went.
fn went(test: &Delivery) -> Markup {
    html! {
        "Send Test: "
        @match (test.state.status(), test.last_class) {
            (Status::Success, _) => "the receiver accepted it",
            (Status::Pending | Status::Retrying, _) => "on its way",
            (Status::Failed, Some(class)) => (class.brief()),
            (Status::Failed, None) => "failed",
        }
        @if let Some(status) = test.response_status { ", " (status) }
        ". " a href=(paths::log(&test.id)) { "View in the log" }
    }
}

/// One of the first steps; `next` marks the one to do now.
fn step(done: bool, next: bool, title: &str, text: Markup, act: Option<(String, &str)>) -> Markup {
    html! {
        li class=[done.then_some("ok")] {
            (icon(if done { "ok" } else { "dot" }))
            div { h2 { (title) @if done { span.hush { " (done)" } } } p { (text) } }
            div { @if let Some((href, label)) = act { a.btn.main[next] href=(href) { (label) } } }
        }
    }
}
