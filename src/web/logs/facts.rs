//! The facts of a delivery (T9).

use chrono::{DateTime, Utc};

use super::detail::{Detail, between};
use super::words;
use crate::domain::hook::HookState;
use crate::web::prelude::*;
use crate::web::time;

/// Names and values, in two columns where there is room.
pub fn list(detail: &Detail, viewer: &Viewer, time: LocalTime) -> Markup {
    let delivery = &detail.delivery;
    let near = |at: DateTime<Utc>| exact_or_clock(at, delivery.created_at, time);
    html! {
        dl.facts.two {
            (fact("Delivery id", code::id("delivery id", delivery.id.as_str())))
            (fact("Webhook", webhook(detail, viewer)))
            (fact("Event id", code::id("event id", delivery.event_id.as_str())))
            (fact("Method, URL", html! { span { "POST " } (code::id("URL", &detail.address)) }))
            (fact("Company id", code::id("company id", delivery.organisation_id.as_str())))
            (fact("Client id", client(detail)))
            (fact("Response", response(detail)))
            (fact("Retries", retries(detail)))
            (fact("Sent", delivery.sent_at.map_or_else(|| html! { span.soft { "not yet" } }, |at| time.exact(at))))
            (fact("Completed", completed(detail, near)))
            (fact("Created", time.exact(delivery.created_at)))
            (fact("Updated", near(delivery.updated_at)))
            @if let Some(export) = &detail.export {
                (fact("Export", html! { a href=(paths::export(export)) { (export) } }))
            }
            @if let Some(due) = delivery.state.due() {
                (fact("Next try", html! { (near(due)) " " span.soft { (time.ahead(due)) } }))
            }
        }
    }
}

fn fact(name: &str, value: Markup) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

fn webhook(detail: &Detail, viewer: &Viewer) -> Markup {
    let hook = &detail.hook;
    let is_deleted = hook.state == HookState::Deleted;
    html! {
        @if viewer.role.may(Permission::ViewHooks) && !is_deleted {
            a href=(paths::webhook(&hook.id)) { bdi { (hook.name) } }
        } @else {
            bdi { (hook.name) }
        }
        @if let Some(interview) = hook.interview() { " " a.tag href=(paths::interview_settings(interview)) { "Interview" } }
        " " span.soft { (hook.policy.label()) " policy" }
        @match hook.state {
            HookState::Active => {},
            HookState::Paused => { " " span.tag { "Paused" } },
            HookState::Disabled => { " " span.tag { "Disabled" } },
            HookState::Deleted if hook.replaced_by.is_some() => { " " span.tag { "Replaced" } },
            HookState::Deleted => { " " span.tag { "Deleted" } },
        }
    }
}

fn client(detail: &Detail) -> Markup {
    html! {
        @match detail.event.cause.client_id() {
            Some(id) => { (code::id("client id", id)) @if let Some(name) = &detail.client { " " bdi.soft { (name) } } },
            None => { span.soft { "none: Hirewire, on schedule" } },
        }
    }
}

fn response(detail: &Detail) -> Markup {
    let answer = detail.last().and_then(|last| last.response.as_ref());
    html! {
        @match (detail.delivery.response_status, answer) {
            (Some(status), Some(answer)) => {
                code { (status) } " "
                @if answer.body_cut { "more than " }
                (words::bytes(answer.body.len()))
            },
            (Some(status), None) => code { (status) },
            (None, _) if detail.attempts.is_empty() => span.soft { "none yet" },
            (None, _) => span.soft { "no answer" },
        }
    }
}

fn retries(detail: &Detail) -> Markup {
    let tries = detail.delivery.tries;
    let most = detail.hook.policy.pauses().len();
    html! {
        @if detail.delivery.probe { "none automatic, " } @else {
            (tries.retries()) " of " (most) " automatic, "
        }
        (tries.manual) " manual"
        @if tries.rotation > 0 { ", " (tries.rotation) " with the other secret" }
    }
}

fn completed(detail: &Detail, near: impl Fn(DateTime<Utc>) -> Markup) -> Markup {
    let delivery = &detail.delivery;
    html! {
        @match delivery.state.completed_at() {
            Some(at) => {
                (near(at))
                @if let Some(sent) = delivery.sent_at { " " span.soft { (time::span(between(sent, at))) " later" } }
            },
            None => span.soft { "not yet" },
        }
    }
}

/// `14:42:13.497` on the day the delivery was made, with the day on another one.
fn exact_or_clock(at: DateTime<Utc>, made: DateTime<Utc>, time: LocalTime) -> Markup {
    if time.date_of(at) != time.date_of(made) {
        return time.exact(at);
    }
    let machine = at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    html! { time datetime=(machine) { (time.local(at).format("%H:%M:%S%.3f")) } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Cause;
    use crate::web::logs::sample;

    #[test]
    fn every_fact_of_the_contract_is_there() {
        let detail = sample::detail();
        let page = list(&detail, &sample::viewer(Role::Admin), sample::time()).into_string();
        for fact in [
            "Delivery id",
            "Event id",
            "Company id",
            "Client id",
            "HRIS Sync</bdi></a>",
            "Quick policy",
            "POST ",
            "https://hris.example/hooks?tenant=acme",
            "<code>401</code> 12 bytes",
            "3 of 3 automatic, 0 manual",
            "20 Nov 2026, 14:42:11.402",
            "14:42:13.497",
            "2.1 s later",
            "<bdi class=\"soft\">Maeve &lt;i&gt;</bdi>",
        ] {
            assert!(page.contains(fact), "{fact} is not in {page}");
        }
        assert!(
            !list(&detail, &sample::viewer(Role::Recruiter), sample::time())
                .into_string()
                .contains("HRIS Sync</bdi></a>")
        );
    }

    #[test]
    fn what_the_clock_caused_has_no_client_and_what_was_not_sent_has_no_answer() {
        let mut detail = sample::detail();
        detail.event.cause = Cause::Clock;
        detail.attempts.clear();
        detail.delivery.response_status = None;
        detail.delivery.sent_at = None;
        let page = list(&detail, &sample::viewer(Role::Admin), sample::time()).into_string();
        assert!(
            page.contains("Hirewire, on schedule") && page.contains("none yet") && page.contains("not yet"),
            "{page}"
        );
    }
}
