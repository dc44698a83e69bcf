//! What a delivery carries and how it is answered, for the guide (section 3 of the product page).

use maud::{Markup, html};

use crate::domain::policy::Policy;
use crate::web::status::ladder;
use crate::web::ui::Table;

/// A header, what it holds, and whether a retry repeats it.
type Row = (&'static str, &'static str, &'static str);

const SAME: &str = "the same";
const ANEW: &str = "new each time";

const HEADERS: [Row; 12] = [
    ("Content-Type", "application/json, without a charset: JSON is UTF-8", SAME),
    ("Content-Length", "the length of the body in bytes; it is never chunked", SAME),
    ("User-Agent", "Hirewire and its version", SAME),
    ("X-Webhook-Event", "the event type, as in the catalogue", SAME),
    ("X-Webhook-Timestamp", "when the event happened, UTC: 2026-11-20T09:30:00Z", SAME),
    ("X-Webhook-Key", "the webhook’s key, if it has one: whk_…", SAME),
    ("Webhook-Id", "the event’s id, to recognise a repeat by: evt_…", SAME),
    ("Webhook-Timestamp", "when this try was made, in unix seconds", ANEW),
    ("X-Webhook-Signature", "t=…,v1=…: time of this try, then a signature for each active secret, newest first", ANEW),
    ("X-Talentsprout-Signature", "the same form with exactly one v1", ANEW),
    ("Webhook-Signature", "v1,…: Standard Webhooks, a signature for each active secret, with a space between", ANEW),
    ("X-Hub-Signature-256", "sha256=…: over the body only, for verifiers of the GitHub family", SAME),
];

/// The table of headers, and their letters.
pub fn headers() -> Markup {
    html! {
        (Table::cards(["Header", "Value", "On every try"]).region("Headers of a delivery").rows(html! {
            @for (name, value, again) in HEADERS {
                tr { th scope="row" { code { (name) } } td.whole { (value) } td data-l="On every try:" { (again) } }
            }
        }))
        p {
            "The last four come with a signed webhook. Header names are case-insensitive; they are sent over HTTP/1.1 exactly as written here, "
            "each part with one capital. A program that compares names letter by letter therefore looks for "
            code { "X-Talentsprout-Signature" } " and " code { "Webhook-Id" } ", not for " code { "X-TalentSprout-Signature" } " and "
            code { "webhook-id" } "."
        }
    }
}

/// The body.
pub fn body() -> Markup {
    html! {
        p {
            "One JSON object, sent with POST: " code { "id" } ", " code { "event" } ", " code { "apiVersion" } ", " code { "timestamp" } ", "
            code { "companyId" } ", " code { "clientId" } ", " code { "test" } " and " code { "data" } ". The catalogue shows it whole for each event."
        }
        ul {
            li { "Times are RFC 3339 in UTC with milliseconds. What is known to be empty is " code { "null" } "." }
            li { code { "test" } " is true for test mode, for Send Test and for samples: answer 2xx, and change nothing real." }
            li { "Fields may be added. Take what you know and leave the rest." }
            li { "What a partner system reports has at most 256 KiB of " code { "data" } ". An export is as large as its candidates: take 10 MiB." }
            li { "The bytes are the same on every try, and printed so that " code { "JSON.stringify(JSON.parse(body))" } " gives them back." }
        }
    }
}

/// How to answer, and how long there is to do it.
pub fn answering() -> Markup {
    html! {
        ul {
            li { "Any 2xx acknowledges; the status line alone decides. 204 without a body is best." }
            li { "Put the delivery where it is safe, answer, and work afterwards. Work that takes longer than the policy waits is a failure." }
            li { "A redirect is not followed. 410 says that the address is gone for good, and disables the webhook at once." }
            li { code { "Retry-After" } ", in seconds or as a date, is kept as a pause before the next try, up to 24 hours." }
            li { "64 KiB of the answer’s body and 16 KiB of its headers are kept in the log, so say there what was wrong." }
        }
        @for policy in Policy::ALL {
            h3 { (policy.label()) }
            p { (policy.explanation()) }
            div { (ladder(policy, 0, false)) }
        }
        p { "Pauses count from the end of the try before. Those of Patient vary by up to a fifth, so that not all come back at once." }
    }
}
