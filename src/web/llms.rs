//! `/llms.txt`: what can be read here, for programs that read for people.

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_TYPE;

use crate::config::Config;
use crate::web::prelude::*;
use crate::web::visitor;

/// The text, with the address of this console.
pub async fn show(request: HttpRequest, config: web::Data<Config>) -> HttpResponse {
    let text = text(&visitor::base(&request, &config));
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "text/plain; charset=utf-8")).body(text)
}

fn text(base: &str) -> String {
    let link = |title: &str, path: &str, what: &str| format!("- [{title}]({base}{path}): {what}\n");
    [
        "# Hirewire\n\n> The webhook console of a hiring team: it sends candidates and hiring events to connected systems, and shows whether each delivery arrived.\n\n## Public\n\n".to_owned(),
        link("Log in", paths::LOGIN, "the console begins here"),
        link("Report an event", "/v1/partner/events", "POST, with a Bearer API key; JSON with event and data; 202 once it is durable"),
        link("Alive", "/healthz", "200 while the process runs"),
        link("Ready", "/readyz", "200 while it can write to its database"),
        link("This page", paths::LLMS, "what can be read here"),
        "\n## For members, after logging in\n\n".to_owned(),
        link("API", paths::API, "request, answer, errors and limits of the partner API"),
        link("Catalogue", paths::CATALOGUE, "every event with its fields and a sample"),
        link("Receiving", paths::RECEIVING, "how a receiver verifies and answers deliveries"),
        link("Webhooks", paths::WEBHOOKS, "where events and exports go"),
        link("Webhook Logs", paths::LOGS, "every delivery with its attempts"),
        link("Need Help?", paths::HELP, "whom to ask"),
    ]
    .concat()
}
