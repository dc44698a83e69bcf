//! What a supervisor asks: does the process live, and can it work?

use actix_web::{HttpResponse, web};

use super::Stopping;
use crate::actions::Context;
use crate::web::routes::get;

/// Adds `/healthz` and `/readyz`.
pub(super) fn configure(server: &mut web::ServiceConfig) {
    server.route("/healthz", get().to(|| async { HttpResponse::Ok().body("ok\n") })).route("/readyz", get().to(ready));
}

/// 200 when what this process last did with its database went well, 503 and a reason when it did not, or when the program is
/// about to stop. Asks memory alone, so it answers at once whatever the database does.
async fn ready(context: web::Data<Context>, stopping: web::Data<Stopping>) -> HttpResponse {
    if stopping.is_told() {
        return HttpResponse::ServiceUnavailable().body("not ready: stopping\n");
    }
    match context.store.vitals().ready() {
        Ok(()) => HttpResponse::Ok().body("ready\n"),
        Err(why) => HttpResponse::ServiceUnavailable().body(format!("not ready: {why}\n")),
    }
}
