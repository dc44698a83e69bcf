//! `/metrics`, for Prometheus, on an address of its own: what it shows is for the operator alone.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{App as Actix, HttpResponse, HttpServer, dev::Server, web};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use super::connections::Connections;
use super::requests::Requests;
use crate::actions::Context;
use crate::cli::log;
use crate::store;

/// The database is asked at most this long; without its answer the page has the rest.
const QUERY_TIMEOUT: Duration = Duration::from_secs(2);

/// Prometheus needs one.
const MAX_CONNECTIONS: usize = 32;

/// What is counted outside the engine.
pub(super) struct Seen {
    /// How many descriptors the process may have.
    pub(super) limit: u64,
    pub(super) connections: Arc<Connections>,
    pub(super) requests: Requests,
}

/// Serves `/metrics` alone.
pub(super) fn server(context: Context, seen: Seen, listener: TcpListener) -> std::io::Result<Server> {
    let seen = web::Data::new(seen);
    let server = HttpServer::new(move || {
        Actix::new()
            .app_data(web::Data::new(context.clone()))
            .app_data(seen.clone())
            .route("/metrics", web::get().to(page))
    });
    Ok(server.workers(1).max_connections(MAX_CONNECTIONS).disable_signals().shutdown_timeout(1).listen(listener)?.run())
}

async fn page(context: web::Data<Context>, seen: web::Data<Seen>) -> HttpResponse {
    let mut registry = Registry::default();
    context.engine.meters().register(&mut registry);
    seen.requests.register(&mut registry);
    if let Some(mailer) = &context.mailer {
        mailer.register(&mut registry);
    }
    let mut text = String::with_capacity(8 * 1024);
    if encode(&mut text, &registry).is_err() {
        return HttpResponse::InternalServerError().finish();
    }
    // What is read off now comes before the line that ends the page.
    let mut page = text.trim_end().trim_end_matches("# EOF").to_owned();
    instant(&mut page, &context, &seen).await;
    page.push_str("# EOF\n");
    HttpResponse::Ok().content_type("application/openmetrics-text; version=1.0.0; charset=utf-8").body(page)
}

async fn instant(page: &mut String, context: &Context, seen: &Seen) {
    let load = context.engine.load();
    let traffic = context.store.traffic();
    let commits = traffic.commits();
    let version = env!("CARGO_PKG_VERSION");
    let _ = write!(
        page,
        "# HELP hirewire_build_info Which version runs.\n# TYPE hirewire_build_info gauge\nhirewire_build_info{{version=\"{version}\"}} 1\n"
    );
    let mut line = |kind: &str, name: &str, help: &str, value: f64| {
        let suffix = if kind == "counter" { "_total" } else { "" };
        // Writing to memory cannot fail.
        let _ = write!(page, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name}{suffix} {value}\n");
    };
    line("gauge", "hirewire_in_flight", "Requests that have no answer yet.", load.sending as f64);
    line("gauge", "hirewire_unsettled", "Tries that are not written down yet.", load.under_way as f64);
    line("gauge", "hirewire_waiting", "Deliveries that wait in memory, due or not.", load.waiting as f64);
    line("counter", "hirewire_commits", "Transactions committed.", commits as f64);
    line("counter", "hirewire_writes", "Writes that these transactions held.", traffic.writes() as f64);
    let (connections, limit) = (&seen.connections, seen.limit as f64);
    let held = f64::from(context.engine.is_held());
    line("gauge", "hirewire_held_copy", "Whether nothing is sent because this is a restored copy.", held);
    line("gauge", "hirewire_descriptor_limit", "Files and sockets that the process may have open.", limit);
    let allowed = connections.allowed as f64;
    line("gauge", "hirewire_connections_allowed", "Incoming connections that may be open at once.", allowed);
    line("gauge", "hirewire_connections", "Incoming connections that are open.", connections.open() as f64);
    let dropped = connections.dropped() as f64;
    line("counter", "hirewire_connections_dropped", "Connections ended for being slow or for others.", dropped);
    let dropped = log::dropped() as f64;
    line("counter", "hirewire_log_lines_dropped", "Lines of the log that nobody read in time.", dropped);
    let trips = traffic.round_trips() as f64;
    line("counter", "hirewire_database_round_trips", "Statements that went to PostgreSQL and back.", trips);
    let now = context.clock.now();
    let asked = tokio::time::timeout(QUERY_TIMEOUT, context.store.read(store::delivery::backlog)).await;
    line("gauge", "hirewire_database_up", "Whether the database answers.", f64::from(matches!(asked, Ok(Ok(_)))));
    if let Ok(Ok(backlog)) = asked {
        let oldest = backlog.oldest.map_or(0.0, |oldest| (now - oldest).as_seconds_f64().max(0.0));
        line("gauge", "hirewire_owed", "Deliveries that are due or will be.", backlog.owed as f64);
        line("gauge", "hirewire_held", "Deliveries held for paused webhooks.", backlog.held as f64);
        line("gauge", "hirewire_oldest_owed_seconds", "How long the oldest of these has been recorded.", oldest);
    }
    let disabled = tokio::time::timeout(QUERY_TIMEOUT, context.store.read(store::hook::count_disabled)).await;
    if let Ok(Ok(disabled)) = disabled {
        line("gauge", "hirewire_webhooks_disabled", "Webhooks that are disabled.", disabled as f64);
    }
}
