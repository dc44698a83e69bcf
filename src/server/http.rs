//! The console and the partner API, served over connections that are looked after.

use std::future::ready;
use std::net::TcpListener;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use actix_http::HttpService;
use actix_http::error::DispatchError;
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::dev::{AppConfig, Server};
use actix_web::middleware::from_fn;
use actix_web::{App as Actix, web};
use tokio::net::TcpStream;

use super::bodies::{self, Bodies};
use super::connections::{Connections, KEEP_ALIVE, Worker};
use super::health;
use super::requests::{self, Requests};
use super::stopping::Stopping;
use super::stream::Stream;
use crate::actions::Context;
use crate::api;
use crate::config::Config;

/// The first head on a connection, and the end of one that was answered before it had sent all, take at most this long.
const MANNERS_TIMEOUT: Duration = Duration::from_secs(5);

/// More threads for pages than this would wait for the database together.
const MAX_WORKERS: usize = 4;

/// What is served, and to how many.
pub(super) struct Service {
    pub(super) context: Context,
    pub(super) config: Config,
    pub(super) connections: Arc<Connections>,
    pub(super) requests: Requests,
    pub(super) stopping: Stopping,
}

/// As many threads as there are cores, and two at least.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get).max(2)
}

impl Service {
    /// Serves at an address; when told to stop, requests under way have so many seconds to end.
    pub(super) fn listen(self, listener: TcpListener, drain: Duration) -> std::io::Result<Server> {
        let workers = cores().min(MAX_WORKERS);
        let most = (self.connections.allowed / workers).max(2);
        // Beyond this one connection ends for another, so that the last places are there while it does.
        let room = most - (most / 8).max(1);
        let address = listener.local_addr()?;
        let limits = web::Data::new(api::limit::Limits::new(self.config.rate_limit));
        let strangers = web::Data::new(api::limit::Strangers::default());
        let bodies = web::Data::new(Bodies::new(self.connections.patience, self.stopping.clone()));
        let Self { context, config, connections, requests, stopping } = self;
        let requests = web::Data::new(requests);
        let server = Server::build()
            .workers(workers)
            .max_concurrent_connections(most)
            .disable_signals()
            .shutdown_timeout(drain.as_secs().max(1));
        let draining = server.graceful_shutdown_signal();
        let server = server.listen("console and API", listener, move || {
            let worker = Worker::new(connections.clone(), room);
            let app = Actix::new()
                .app_data(web::Data::new(context.clone()))
                .app_data(web::Data::new(config.clone()))
                .app_data(web::Data::new(stopping.clone()))
                .app_data(limits.clone())
                .app_data(strangers.clone())
                .app_data(bodies.clone())
                .app_data(requests.clone())
                .configure(health::configure)
                .configure(api::configure)
                .configure(crate::web::configure(&context, &config))
                .wrap(from_fn(bodies::bounded))
                .wrap(from_fn(requests::counted))
                .wrap(from_fn(api::one_spelling));
            let draining = draining.clone();
            let http = HttpService::build()
                .keep_alive(KEEP_ALIVE)
                .client_request_timeout(MANNERS_TIMEOUT)
                .client_disconnect_timeout(MANNERS_TIMEOUT)
                .local_addr(address)
                .graceful_shutdown_signal(move || {
                    let draining = draining.clone();
                    async move { draining.notified().await }
                })
                .on_connect_ext(|stream: &Stream, data| {
                    data.insert(stream.connection());
                })
                .h1(map_config(app.into_factory(), |()| AppConfig::default()));
            fn_service(move |io: TcpStream| {
                let peer = io.peer_addr().ok();
                ready(Ok::<_, DispatchError>((Stream::new(io, worker.clone()), peer)))
            })
            .and_then(http)
        })?;
        Ok(server.run())
    }
}
