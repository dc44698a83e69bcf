//! What a supervisor asks: does the process live, and can it work?

use actix_web::{HttpResponse, web};

use super::Stopping;
use crate::actions::Context;
use crate::store;

/// Adds `/healthz` and `/readyz`.
pub(super) fn configure(server: &mut web::ServiceConfig) {
    server
        .route("/healthz", web::get().to(|| async { HttpResponse::Ok().body("ok\n") }))
        .route("/readyz", web::get().to(ready));
}

/// 200 when the database answers, 503 when it does not, or when the program is about to stop.
async fn ready(context: web::Data<Context>, stopping: web::Data<Stopping>) -> HttpResponse {
    if stopping.is_told() {
        return HttpResponse::ServiceUnavailable().body("stopping\n");
    }
    match context.store.read(|conn| store::setting::get(conn, "ready")).await {
        Ok(_) => HttpResponse::Ok().body("ready\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            HttpResponse::ServiceUnavailable().body("the database does not answer\n")
        }
    }
}
