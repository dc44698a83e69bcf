//! What a supervisor asks: does the process live, and can it work?

use std::fmt::Display;

use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpResponse, web};

use super::Stopping;
use crate::actions::Context;
use crate::web::routes::get;

/// Adds `/healthz` and `/readyz`.
pub(super) fn configure(server: &mut web::ServiceConfig) {
    server.route("/healthz", get().to(|| async { says(StatusCode::OK, "ok") })).route("/readyz", get().to(ready));
}

fn says(status: StatusCode, words: impl Display) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .content_type(ContentType::plaintext())
        .body(format!("{words}\n"))
}

/// 200 when what this process last did with its database went well, 503 and a reason when it did not, or when the program is
/// about to stop. Asks memory alone, so it answers at once whatever the database does.
async fn ready(context: web::Data<Context>, stopping: web::Data<Stopping>) -> HttpResponse {
    if stopping.is_told() {
        return says(StatusCode::SERVICE_UNAVAILABLE, "not ready: stopping");
    }
    match context.store.vitals().ready() {
        Ok(()) => says(StatusCode::OK, "ready"),
        Err(why) => says(StatusCode::SERVICE_UNAVAILABLE, format_args!("not ready: {why}")),
    }
}
