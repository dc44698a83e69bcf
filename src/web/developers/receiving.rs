//! Receiving: the guide for whoever writes the other end (B2, S6).

use actix_web::HttpRequest;

use super::recipes::RECIPES;
use super::snippets::{Snippet, named, tabs};
use super::{trouble, wire};
use crate::domain::health::Rule;
use crate::web::prelude::*;
use crate::web::words::{count, grouped};

/// The guide, with the snippet of the language that the address names.
pub async fn show(visit: Visit, request: HttpRequest) -> HttpResponse {
    let chosen = named(Fields::parse(request.query_string().as_bytes()).one("language"));
    visit.page("Receiving", Nav::Receiving, Guide { chosen, rule: visit.app.engine.rule() }.render()).ok()
}

/// The page.
struct Guide {
    chosen: &'static Snippet,
    rule: Rule,
}

/// Headings, in their order, by anchor.
const PARTS: [(&str, &str); 11] = [
    ("verify", "Verify a delivery"),
    ("libraries", "Or use a library"),
    ("headers", "What each delivery carries"),
    ("body", "The body"),
    ("answer", "How to answer"),
    ("repeats", "Repeats and order"),
    ("replay", "Old deliveries"),
    ("rotation", "When a secret is replaced"),
    ("key", "The key, where signatures cannot be checked"),
    ("recipes", "Step by step"),
    ("help", "When it does not work"),
];

impl Render for Guide {
    fn render(&self) -> Markup {
        html! {
            (Head::of(Nav::Receiving, "Receiving"))
            div.prose {
                p.says { "Answer 2xx first, work later, and check the signature over the bytes as they came." }
                nav.row.small aria-label="On this page" {
                    @for (anchor, title) in PARTS { a href={ "#" (anchor) } { (title) } " " }
                }
                h2 #steps { "Four steps" }
                (steps())
                @for (anchor, title) in PARTS {
                    h2 id=(anchor) { (title) }
                    (self.part(anchor))
                }
            }
        }
    }
}

impl Guide {
    fn part(&self, anchor: &str) -> Markup {
        match anchor {
            "verify" => html! { (tabs(self.chosen)) (two_values()) },
            "libraries" => libraries(),
            "headers" => wire::headers(),
            "body" => html! { (wire::body()) p { a href=(paths::CATALOGUE) { "Open the catalogue" } } },
            "answer" => wire::answering(),
            "repeats" => repeats(),
            "replay" => replay(),
            "rotation" => rotation(),
            "key" => key(),
            "recipes" => recipes(),
            _ => help(self.rule),
        }
    }
}

fn steps() -> Markup {
    html! {
        ol {
            li { "Read the raw body before anything parses it." }
            li { "Take " code { "t" } " and every " code { "v1" } " from " code { "X-Webhook-Signature" } ". Refuse a " code { "t" } " more than five minutes away." }
            li { "Compute HMAC-SHA256 of " code { "t" } ", a dot and the body, with the whole secret, " code { "whsec_" } " included, as key. Compare in constant time with each " code { "v1" } "." }
            li { "Answer 204 at once. If you have seen the " code { "Webhook-Id" } " before, you are done." }
        }
    }
}

fn two_values() -> Markup {
    html! {
        div.notice.info {
            h3 { "Two " code { "v1" } " values are normal" }
            p { "While a secret is being replaced, one stands for the new and one for the old. Accept either, and nothing is missed." }
        }
    }
}

const STANDARD: &str = r#"import { Webhook } from "standardwebhooks"; // or from "svix"
const event = new Webhook(process.env.WEBHOOK_SECRET).verify(rawBody, request.headers);"#;

const STRIPE: &str = r#"const event = stripe.webhooks.constructEvent(rawBody, request.headers["x-webhook-signature"], process.env.WEBHOOK_SECRET);"#;

const PYTHON: &str = r#"event = standardwebhooks.webhooks.Webhook(secret).verify(raw_body, headers)  # or svix.webhooks.Webhook
event = stripe.Webhook.construct_event(raw_body, headers["X-Webhook-Signature"], secret)"#;

fn libraries() -> Markup {
    let line = |name: &str, caption: &str, text: &'static str| {
        code::figure(name, html! { strong { (name) } (caption) }, html! { (text) }, false)
    };
    html! {
        p { "A signed delivery carries what these libraries look for, under one secret. Each is given the secret as it was shown, and the raw body." }
        (line("Standard Webhooks and Svix", "Node.js; the headers in small letters, as Node.js gives them", STANDARD))
        (line("Stripe", "Node.js; a verifier for signatures of the same form", STRIPE))
        (line("In Python", "the same libraries", PYTHON))
        p { "Verifiers of the GitHub family take " code { "X-Hub-Signature-256" } ", which does not cover the time: remember ids there, so that nobody can repeat an old delivery to you." }
    }
}

fn repeats() -> Markup {
    html! {
        p {
            "A delivery may come more than once: when your answer came too late or was lost on its way, when somebody sends it again, or when Hirewire was stopped before it wrote your answer down. "
            "Every repeat has the same " code { "Webhook-Id" } " and the same bytes. Keep the ids you have dealt with for as long as the policy retries, and answer a repeat with 2xx."
        }
        p { "One webhook’s deliveries may overtake each other. Where order matters, compare " code { "timestamp" } " in the body, not the time of arrival." }
    }
}

fn replay() -> Markup {
    html! {
        p {
            "Each attempt is signed again, at the time in " code { "t" } ". A genuine one is seconds old, however old its event is; so whoever recorded a delivery cannot send it to you again an hour later. "
            "Five minutes either way leave room for clocks that differ. Keep yours set by NTP."
        }
        p { code { "X-Webhook-Timestamp" } " is another time: when the event happened. On a late retry it is hours old, and rightly so." }
    }
}

fn rotation() -> Markup {
    html! {
        p { "An Organisation Admin who regenerates a secret or a key chooses how long the old one keeps working alongside the new one, 24 hours unless they say otherwise. Meanwhile:" }
        ul {
            li { code { "X-Webhook-Signature" } " and " code { "Webhook-Signature" } " carry a signature of each, the new one first. A receiver that accepts any of them notices nothing, whichever secret it holds." }
            li { code { "X-Talentsprout-Signature" } ", " code { "X-Hub-Signature-256" } " and " code { "X-Webhook-Key" } " hold one value: at first the old." }
            li { "When you answer 400, 401 or 403, we send the same delivery again at once with the other secret. If you answer that with 2xx, the other secret is used from then on." }
        }
        p { "So change the secret in your configuration whenever it suits you within that time. Answer a signature that does not match with 401, not with 2xx or 500: that is how Hirewire learns which one you hold. When the time is over, or an admin revokes the old one, only the new one is sent." }
    }
}

fn key() -> Markup {
    html! {
        p {
            "Some tools give you no raw body and cannot compute an HMAC. For them a webhook has a key: a random word of its own, " code { "whk_…" } ", sent as " code { "X-Webhook-Key" }
            " with each delivery. Compare it with what you were given, and refuse with 401 what does not match. It proves who calls, not that the body is unchanged; HTTPS sees to that on the way. Keep it as you keep a password."
        }
    }
}

fn recipes() -> Markup {
    html! {
        ul {
            @for recipe in &RECIPES { li { a href=(paths::recipe(recipe.slug)) { (recipe.title) } ": " (recipe.what) } }
        }
    }
}

fn help(rule: Rule) -> Markup {
    html! {
        h3 #signature { "The signature does not match" }
        ul {
            li { "A framework parsed the body and printed it again. Ask it for the raw bytes." }
            li { "The secret lost its prefix or gained a line end on its way into the configuration." }
            li { "It is the secret of another webhook, or of the other mode. The webhook’s page shows how its own ends." }
            li { "The receiver’s clock is more than five minutes off." }
            li { "A proxy on the way changed the body. Compare its length with " code { "Content-Length" } " in the log." }
        }
        h3 #nothing { "Nothing arrives" }
        p { a href=(paths::EVENTS) { "Events" } " lists everything that happened, also what matched no webhook. " a href=(paths::LOGS) { "Webhook Logs" } " has a line for each delivery from the moment it is due." }
        h3 #disabled { "The webhook was disabled" }
        p {
            "That happens at once when the receiver answers 410"
            @if let Some(time) = rule.time {
                ", and when " (grouped(rule.failures)) " deliveries in a row failed and nothing arrived for " (count(usize::try_from(time.num_hours()).unwrap_or_default(), "hour")) ", after warnings"
            }
            ". "
            strong { "Do this:" } " fix the receiver, try it with Send Test, have an Organisation Admin enable the webhook, then send what it missed from its page."
        }
        p { "The rest are the failures that the log names. The buttons and answers that they mention are on the delivery’s page." }
        (trouble::classes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_shows_one_language_and_every_link_within_it_leads_somewhere() {
        let page = Guide { chosen: named("php"), rule: Rule::default() }.render().into_string();
        assert!(page.contains("20 deliveries in a row failed and nothing arrived for 24 hours"), "{page}");
        assert!(page.contains("hash_equals") && !page.contains("hmac.compare_digest"), "{page}");
        let anchors = page.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap_or_default());
        // Icons are drawn by the page around.
        for anchor in anchors.filter(|anchor| !anchor.starts_with("i-")) {
            assert_eq!(page.matches(&format!("id=\"{anchor}\"")).count(), 1, "{anchor}");
        }
    }
}
