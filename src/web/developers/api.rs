//! The partner API for whoever calls it: how an event is reported, what is answered, what goes wrong, how much is taken.

use actix_web::HttpRequest;

use crate::actions::event;
use crate::config::Config;
use crate::domain::json;
use crate::web::prelude::*;
use crate::web::visitor;
use crate::web::words::grouped;

/// Where events are reported.
const EVENTS: &str = "/v1/partner/events";

/// The page, with the address of this console in its examples.
pub async fn show(visit: Visit, request: HttpRequest, config: web::Data<Config>) -> HttpResponse {
    let base = visitor::base(&request, &config);
    let body = Reference { base: &base, rate: config.rate_limit as usize, viewer: &visit.viewer }.render();
    visit.page("API", Nav::Api, body).ok()
}

struct Reference<'a> {
    base: &'a str,
    /// Requests a second and organisation.
    rate: usize,
    viewer: &'a Viewer,
}

/// Fields of the request: name, type, meaning.
const REQUEST: [(&str, &str, &str); 2] = [
    ("event", "string", "A type of the catalogue that partner systems may report, such as job.created"),
    ("data", "object", "What happened. Webhooks get it as data, as you sent it"),
];

/// Fields of the answer: name, type, meaning.
const ANSWER: [(&str, &str, &str); 6] = [
    ("id", "string", "The id of the event; every delivery of it carries it as Webhook-Id"),
    ("event", "string", "The type"),
    ("timestamp", "time", "When it was recorded"),
    ("companyId", "string", "The organisation of the key"),
    ("clientId", "string", "The key"),
    ("test", "boolean", "True for a key of test mode"),
];

/// Every error: status and code, type, when, what to do.
const ERRORS: [(&str, &str, &str, &str); 11] = [
    (
        "400 INVALID_REQUEST",
        "validation_error",
        "A field is missing or wrong, or the body is not JSON.",
        "details names every wrong field by its path.",
    ),
    (
        "401 UNAUTHORIZED",
        "authentication_error",
        "There is no key, it is unknown, or it was revoked.",
        "Send the key as Authorization: Bearer ….",
    ),
    ("403 ACCOUNT_INACTIVE", "account_error", "The organisation is suspended.", "Ask whoever runs this Hirewire."),
    ("404 NOT_FOUND", "not_found_error", "The API has no such path.", "Check the path."),
    (
        "405 METHOD_NOT_ALLOWED",
        "method_error",
        "The path does not take this method.",
        "The header Allow lists the methods it takes.",
    ),
    ("408 REQUEST_TIMEOUT", "validation_error", "The body did not arrive whole in time.", "Send it at once."),
    ("413 PAYLOAD_TOO_LARGE", "validation_error", "The body is too large.", "Send less; see the limits."),
    (
        "415 UNSUPPORTED_MEDIA_TYPE",
        "validation_error",
        "The body is a form, XML or something else that is not JSON, or it is compressed in another way than gzip.",
        "Send JSON, with Content-Type: application/json.",
    ),
    (
        "429 RATE_LIMITED",
        "rate_limit_error",
        "Your organisation sent too many requests.",
        "Wait for as many seconds as Retry-After says.",
    ),
    ("500 INTERNAL_ERROR", "server_error", "Something went wrong on our side.", "Report it with its requestId."),
    (
        "503 SERVICE_UNAVAILABLE",
        "server_error",
        "The service is busy or its database is away. If details.outcome is “unknown”, the event may have been recorded.",
        "Try again after Retry-After.",
    ),
];

impl Render for Reference<'_> {
    fn render(&self) -> Markup {
        let lede = html! { "Partner systems report events with an API key. Each event goes to the webhooks subscribed to it." };
        html! {
            (Head::of(Nav::Api, "API").lede(lede))
            (part("Report an event", html! { code { "POST " (EVENTS) } }, self.report()))
            (part("Answer", html! { "202 Accepted, once the event is durable" }, self.answer()))
            (part("Keys", html! { "One for each system" }, self.keys()))
            (part("Errors", html! { "Every error has the same shape" }, self.errors()))
            (part("Limits", html! {}, self.limits()))
        }
    }
}

impl Reference<'_> {
    fn curl(&self, body: &str) -> String {
        format!(
            "curl -X POST {}{EVENTS} \\\n  -H \"Authorization: Bearer $HIREWIRE_API_KEY\" \\\n  -H \"Content-Type: application/json\" \\\n  -d '{body}'",
            self.base
        )
    }

    fn report(&self) -> Markup {
        let curl = self.curl(r#"{"event":"job.created","data":{"jobId":"J-17","title":"Senior Backend Engineer"}}"#);
        html! {
            p { "Put your key into the variable " code { "HIREWIRE_API_KEY" } " first. With a key of test mode, nothing reaches a live receiver." }
            (code::figure("Request", html! { strong { "Request" } " cURL" }, html! { (curl) }, true))
            (table("Fields of the request", REQUEST.iter().map(|(name, kind, meaning)| html! {
                th scope="row" { code { (name) } } td { (kind) } td.whole { (meaning) }
            }), &["Field", "Type", "Meaning"]))
            p.small { a href=(paths::CATALOGUE) { "Which events there are, and what their data looks like" } }
        }
    }

    fn answer(&self) -> Markup {
        let sample = serde_json::json!({
            "id": "evt_01KAGZ7Q1FM8XW4T0R9B5YHC3N",
            "event": "job.created",
            "timestamp": "2026-11-20T09:30:00.123Z",
            "companyId": self.viewer.organisation.id.as_str(),
            "clientId": "key_01KAGX2M4X8QJ5T6V7W9YB3C4D",
            "test": true,
        });
        html! {
            (code::figure("Response", html! { strong { "202" } " application/json" }, code::json(&json::print(&sample)), false))
            (table("Fields of the answer", ANSWER.iter().map(|(name, kind, meaning)| html! {
                th scope="row" { code { (name) } } td { (kind) } td.whole { (meaning) }
            }), &["Field", "Type", "Meaning"]))
            p.small { "Every answer has the header " code { "X-Request-Id" } ". If you send one yourself, it comes back as " code { "X-Client-Request-Id" } "." }
        }
    }

    fn keys(&self) -> Markup {
        html! {
            p { "A key that begins with " code { "sk_test_" } " reports events of test mode, one that begins with " code { "sk_live_" } " events of live mode. The two never meet." }
            p {
                @if self.viewer.role.may(Permission::ManageApiKeys) { a href=(paths::API_KEYS) { "API Key Management" } " is where keys are created and revoked." }
                @else { "An Organisation Admin creates and revokes keys in API Key Management." }
            }
        }
    }

    fn errors(&self) -> Markup {
        let curl = self.curl(r#"{"event":"job.made","data":{}}"#);
        let problem = "“job.made” is no event of the catalogue";
        let sample = serde_json::json!({
            "error": {
                "code": "INVALID_REQUEST",
                "type": "validation_error",
                "message": format!("event {problem}."),
                "details": {"event": problem},
                "requestId": "req_8nT3xVq0bYd2LwKs7RcZ4m",
            },
            "code": "INVALID_REQUEST",
            "message": format!("event {problem}."),
        });
        html! {
            (code::figure("Request with an error", html! { strong { "Request" } " cURL" }, html! { (curl) }, true))
            (code::figure("Error", html! { strong { "400" } " application/json" }, code::json(&json::print(&sample)), false))
            (table("Errors", ERRORS.iter().map(|(name, kind, when, act)| html! {
                th.whole scope="row" { code { (name) } span.sub.mono { (kind) } } td.whole { (when) } td.whole { (act) }
            }), &["Answer", "When", "What you do"]))
        }
    }

    fn limits(&self) -> Markup {
        html! {
            dl.facts {
                div { dt { "Requests" } dd { (grouped(self.rate)) " a second for all keys of the organisation" } }
                div { dt { "Data" } dd { (grouped(event::MAX_DATA_BYTES / 1024)) " KiB, printed without white space" } }
                div { dt { "Depth" } dd { "Objects and lists in the whole body may be nested " (json::DEEPEST) " deep" } }
                div { dt { "Body" } dd { "JSON in UTF-8, as it is or with " code { "Content-Encoding: gzip" } } }
                div { dt { "Refused" } dd { "Duplicate keys, keys that look like numbers, and numbers of 2⁵³ and above: JavaScript receivers would change them" } }
            }
        }
    }
}

fn table(name: &str, rows: impl Iterator<Item = Markup>, columns: &[&str]) -> Markup {
    Table::cards(columns.iter().copied()).region(name).rows(html! { @for row in rows { tr { (row) } } })
}
