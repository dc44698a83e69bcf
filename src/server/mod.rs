//! The program as one thing: built from its settings, run until it is told to stop.
//!
//! [`App::build`] opens the database, checks the sealing key, binds the address and starts nothing; [`App::run`] serves and
//! sends until told to stop, then says so on `/readyz` while it still takes requests for a grace, and drains: no new request, what is
//! under way finishes, what is held is given back. One deadline holds for all of it. Between the two no new connection begins
//! ([`handshakes`]) while those that have begun are taken up, so that none is cut off unheard.
//!
//! Strangers hold neither memory nor descriptors for long: [`connections`] says who has to go, [`stream`] and [`bodies`] how
//! long a client may take. Not guaranteed: that a request is served while more new connections than there is room for come
//! within the time that its head takes.

pub(crate) mod alone;
mod bodies;
mod connections;
mod descriptors;
mod handshakes;
mod health;
mod http;
mod metrics;
mod requests;
pub(crate) mod sealing_key;
mod stopping;
mod stream;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::actions::mail::Mailer;
use crate::actions::password::Hasher;
use crate::actions::{Context, first_run, sign_in};
use crate::clock::Clock;
use crate::config::Config;
use crate::delivery::engine::{Engine, EngineConfig};
use crate::delivery::guard::Guard;
use crate::delivery::sender::Sender;
use crate::domain::secret::Plain;
use crate::maintenance::Chores;
use crate::store::file_lock::{self, FileLock};
use crate::store::{DatabaseUrl, Store};
use crate::told;
use crate::web::paths::setup;
use connections::Connections;
use descriptors::Share;
use handshakes::Handshakes;
use requests::Requests;

pub use connections::Patience;
pub use http::cores;
pub use stopping::{Shutdown, Stopping};

/// Why the program cannot start; one sentence for the operator.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CannotStart(pub String);

fn cannot(why: impl ToString) -> CannotStart {
    CannotStart(why.to_string())
}

/// Everything, ready to run.
pub struct App {
    /// What actions work with.
    pub context: Context,
    config: Config,
    listener: TcpListener,
    metrics: Option<TcpListener>,
    address: SocketAddr,
    connections: Arc<Connections>,
    /// How many descriptors the process may have.
    limit: u64,
    stopping: Stopping,
    /// The SQLite file is ours alone while this is open and locked.
    lock: Option<FileLock>,
}

impl App {
    /// Opens everything and binds the address. Port 0 takes a free one.
    pub async fn build(mut config: Config, clock: Arc<dyn Clock>) -> Result<Self, CannotStart> {
        let share = share_out(&mut config)?;
        let lock = lock(&config.database)?;
        let context = context(&config, clock, lock.as_ref()).await?;
        let listener = bind("HIREWIRE_LISTEN", config.listen)?;
        let metrics = config.metrics_listen.map(|at| bind("HIREWIRE_METRICS_LISTEN", at)).transpose()?;
        let address = listener.local_addr().map_err(cannot)?;
        let connections = Connections::new(share.connections, config.patience, config.trusted_proxies.clone());
        Ok(Self {
            context,
            config,
            listener,
            metrics,
            address,
            connections: Arc::new(connections),
            limit: share.limit,
            stopping: Stopping::default(),
            lock,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it shows its metrics, if it does.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Makes this instance known and takes up what dead ones left: the first half of [`App::run`].
    pub async fn start(&self) -> Result<(), CannotStart> {
        self.context.engine.start().await.map_err(cannot)
    }

    /// The address of the first run, which works once; `None` when there is an organisation already.
    pub async fn first_run(&self) -> Result<Option<Plain>, CannotStart> {
        let token = first_run::offer(&self.context).await.map_err(cannot)?;
        Ok(token.map(|token| Plain::new(format!("{}{}", self.base(), setup(token.reveal())))))
    }

    /// Where browsers reach the console, as far as that is known before the first one comes.
    fn base(&self) -> String {
        if let Some(url) = &self.config.public_url {
            return url.origin().ascii_serialization();
        }
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
        }
        format!("http://{address}")
    }

    /// Starts, serves and sends until `stop` says so, then drains.
    pub async fn run(self, stop: watch::Receiver<bool>) -> Result<(), CannotStart> {
        self.start().await?;
        self.run_started(stop).await
    }

    /// The second half of [`App::run`].
    pub async fn run_started(mut self, stop: watch::Receiver<bool>) -> Result<(), CannotStart> {
        // Until nobody uses the file any more.
        let _lock = self.lock.take();
        let store = self.context.store.clone();
        // The engine outlives the server: what a last request commits is still sent, or given back, by this instance.
        let (end, ending) = watch::channel(false);
        let (stopping, whole) = (self.stopping.clone(), self.config.shutdown.whole);
        let (own, at) = (self.context.engine.clone(), stopping.clone());
        let engine = tokio::spawn(own.run_until(ending, move || at.left(whole)));
        let chores = Chores::start(&self.context);
        let served = self.serve(stop).await;
        end.send_replace(true);
        drop(chores);
        let ended = tokio::time::timeout_at(stopping.deadline(whole), engine).await;
        let under_way = ended.map_err(|_| stopped_late(whole))?.map_err(cannot)?;
        if under_way > 0 {
            return Err(stopped_late(whole));
        }
        let closed = tokio::time::timeout_at(stopping.deadline(whole), store.close()).await;
        closed.map_err(|_| stopped_late(whole))?;
        tracing::info!("stopped");
        served
    }

    /// Serves alone; deliveries are sent when someone calls the engine's `tick`. For tests.
    pub async fn serve(self, mut stop: watch::Receiver<bool>) -> Result<(), CannotStart> {
        let Shutdown { grace, whole } = self.config.shutdown;
        let (context, connections, stopping) = (self.context, self.connections, self.stopping);
        let requests = Requests::default();
        let seen = metrics::Seen { limit: self.limit, connections: connections.clone(), requests: requests.clone() };
        let metrics = self.metrics.map(|listener| metrics::server(context.clone(), seen, listener));
        let metrics = metrics.transpose().map_err(cannot)?.map(|server| (server.handle(), tokio::spawn(server)));
        let service = http::Service { context, config: self.config, connections, requests, stopping: stopping.clone() };
        let handshakes = Handshakes::of(&self.listener);
        // Half of the time is the engine's, which begins to end when nobody is served any more.
        let server = service.listen(self.listener, whole.saturating_sub(grace) / 2).map_err(cannot)?;
        let handle = server.handle();
        let stopper = tokio::spawn(async move {
            // A sender that is gone means the same as a stop.
            let _ = stop.wait_for(|stop| *stop).await;
            stopping.tell();
            tokio::time::sleep(grace).await;
            // Without a grace nobody is waited for.
            if grace.is_zero() {
                drop(handshakes);
            } else {
                handshakes.end().await;
            }
            handle.stop(true).await;
        });
        let served = server.await.map_err(cannot);
        stopper.abort();
        if let Some((handle, _)) = metrics {
            handle.stop(false).await;
        }
        served
    }
}

/// What the operator is told when a stop was not over in time.
pub fn stopped_late(whole: Duration) -> CannotStart {
    cannot(format!(
        "Stopping took longer than the {} s of HIREWIRE_SHUTDOWN_SECONDS; what has no answer written down is sent again by the next start.",
        whole.as_secs()
    ))
}

/// Raises the limit of descriptors and shares them out; fewer deliveries are under way where there are few.
fn share_out(config: &mut Config) -> Result<Share, CannotStart> {
    let limit = descriptors::raise();
    let share = Share::of(limit, config.caps.in_all).ok_or_else(|| {
        cannot(format!(
            "The limit of open files is {limit}, too few to serve and deliver: allow this process 1,280 or more."
        ))
    })?;
    if share.concurrency < config.caps.in_all {
        tracing::warn!(
            "HIREWIRE_CONCURRENCY is lowered from {} to {}, because this process may open {limit} files only",
            config.caps.in_all,
            share.concurrency
        );
        config.caps.in_all = share.concurrency;
    }
    Ok(share)
}

fn bind(variable: &str, address: SocketAddr) -> Result<TcpListener, CannotStart> {
    TcpListener::bind(address).map_err(|error| {
        cannot(format!("{variable} is {address}, where this program cannot listen: {}.", told::io(&error)))
    })
}

/// What actions work with, from settings: for [`App`] and for commands that only change the database.
///
/// `lock` is that of the SQLite file, when this process has it.
pub async fn context(config: &Config, clock: Arc<dyn Clock>, lock: Option<&FileLock>) -> Result<Context, CannotStart> {
    let (database, lock) = (config.database.clone(), lock.cloned());
    let opened = tokio::task::spawn_blocking(move || Store::open(&database, lock.as_ref())).await.map_err(cannot)?;
    let store = opened.map_err(|error| cannot(format!("HIREWIRE_DATABASE_URL is {}: {error}.", config.database)))?;
    let sealing = sealing_key::sealing_key(config, &store).await?;
    let guard = Arc::new(Guard::system(config.allow_targets.clone()).with_ports(config.allow_ports.clone()));
    let sender = Sender::new(guard.clone(), &config.extra_ca).map_err(cannot)?;
    let sender = sender.opening_at_most(config.caps.in_all.saturating_mul(2));
    let engine = EngineConfig {
        clock: clock.clone(),
        sender,
        sealing: sealing.clone(),
        caps: config.caps,
        rule: config.disabling,
        console: config.console_address(),
    };
    let engine = Arc::new(Engine::new(store.clone(), engine));
    let passwords = Arc::new(Hasher::new().map_err(cannot)?);
    let mailer = config.mail.as_ref().map(|mail| Mailer::new(mail, &config.extra_ca)).transpose();
    let mailer = mailer.map_err(|why| cannot(format!("HIREWIRE_SMTP_URL cannot be used: {why}.")))?.map(Arc::new);
    let throttle = Arc::new(sign_in::Throttle::default());
    Ok(Context {
        store: store.for_pages(),
        clock,
        engine,
        sealing,
        guard,
        passwords,
        max_hooks: config.max_hooks,
        max_api_keys: config.max_api_keys,
        max_interviews: config.max_interviews,
        throttle,
        refusals: Arc::default(),
        imports: Arc::default(),
        mailer,
    })
}

/// On SQLite one process serves a file; a second one would send what the first one holds.
fn lock(database: &DatabaseUrl) -> Result<Option<FileLock>, CannotStart> {
    let Some(path) = file_lock::path_of(database) else { return Ok(None) };
    let refused = |why: String| cannot(format!("HIREWIRE_DATABASE_URL is {database}: {why}."));
    match FileLock::take(database).map_err(|error| refused(error.to_string()))? {
        Some(lock) => Ok(Some(lock)),
        None => Err(refused(format!("{} is locked, so another Hirewire serves this file", path.display()))),
    }
}
