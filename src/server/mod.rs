//! The program as one thing: built from its settings, run until it is told to stop.
//!
//! [`App::build`] opens the database, checks the sealing key, binds the address and starts nothing; [`App::run`] serves and
//! sends until told to stop, then drains: no new request, what is under way finishes, what is held is given back.

mod health;
mod metrics;
mod sealing_key;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;

use actix_web::{App as Actix, HttpServer, web};
use tokio::sync::watch;

use crate::actions::mail::Mailer;
use crate::actions::password::Hasher;
use crate::actions::{Context, first_run, sign_in};
use crate::api;
use crate::clock::Clock;
use crate::config::Config;
use crate::delivery::engine::Engine;
use crate::delivery::guard::Guard;
use crate::delivery::sender::Sender;
use crate::domain::secret::Plain;
use crate::store::file_lock::{self, FileLock};
use crate::store::{DatabaseUrl, Store};
use crate::web::paths::setup;

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
    /// The SQLite file is ours alone while this is open and locked.
    _lock: Option<FileLock>,
}

impl App {
    /// Opens everything and binds the address. Port 0 takes a free one.
    pub async fn build(config: Config, clock: Arc<dyn Clock>) -> Result<Self, CannotStart> {
        let lock = lock(&config.database)?;
        let context = context(&config, clock, lock.as_ref()).await?;
        let listener = bind("HIREWIRE_LISTEN", config.listen)?;
        let metrics = config.metrics_listen.map(|at| bind("HIREWIRE_METRICS_LISTEN", at)).transpose()?;
        let address = listener.local_addr().map_err(cannot)?;
        Ok(Self { context, config, listener, metrics, address, _lock: lock })
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
    pub async fn run_started(self, stop: watch::Receiver<bool>) -> Result<(), CannotStart> {
        // The engine outlives the server: what a last request commits is still sent, or given back, by this instance.
        let (end, ending) = watch::channel(false);
        let engine = tokio::spawn(self.context.engine.clone().run(ending));
        let served = self.serve(stop).await;
        end.send_replace(true);
        engine.await.map_err(cannot)?;
        served
    }

    /// Serves alone; deliveries are sent when someone calls the engine's `tick`. For tests.
    pub async fn serve(self, mut stop: watch::Receiver<bool>) -> Result<(), CannotStart> {
        let (context, config) = (self.context, self.config);
        let metrics = self.metrics.map(|listener| metrics::server(context.clone(), listener));
        let metrics = metrics.transpose().map_err(cannot)?.map(|server| (server.handle(), tokio::spawn(server)));
        let limits = web::Data::new(api::limit::Limits::new(config.rate_limit));
        let server = HttpServer::new(move || {
            Actix::new()
                .app_data(web::Data::new(context.clone()))
                .app_data(web::Data::new(config.clone()))
                .app_data(limits.clone())
                .app_data(web::PayloadConfig::new(2 * 1024 * 1024))
                .configure(health::configure)
                .configure(api::configure)
                .configure(crate::web::configure(&context, &config))
        })
        .workers(2)
        .disable_signals()
        .shutdown_timeout(20)
        .listen(self.listener)
        .map_err(cannot)?
        .run();
        let handle = server.handle();
        let stopper = tokio::spawn(async move {
            // A sender that is gone means the same as a stop.
            let _ = stop.wait_for(|stop| *stop).await;
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

fn bind(variable: &str, address: SocketAddr) -> Result<TcpListener, CannotStart> {
    TcpListener::bind(address)
        .map_err(|error| cannot(format!("{variable} is {address}, where this program cannot listen: {error}.")))
}

/// What actions work with, from settings: for [`App`] and for commands that only change the database.
///
/// `lock` is that of the SQLite file, when this process has it.
pub async fn context(config: &Config, clock: Arc<dyn Clock>, lock: Option<&FileLock>) -> Result<Context, CannotStart> {
    let (database, lock) = (config.database.clone(), lock.cloned());
    let opened = tokio::task::spawn_blocking(move || Store::open(&database, lock.as_ref())).await.map_err(cannot)?;
    let store = opened.map_err(|error| cannot(format!("HIREWIRE_DATABASE_URL is {}: {error}.", config.database)))?;
    let sealing = sealing_key::sealing_key(config, &store).await?;
    let guard = Arc::new(Guard::system(config.allow_targets.clone()));
    let sender = Sender::new(guard.clone(), &config.extra_ca).map_err(cannot)?;
    let engine = Engine::new(store.clone(), clock.clone(), sender, sealing.clone(), config.caps);
    let engine = Arc::new(engine.disabling(config.disabling).with_console(config.console_address()));
    let passwords = Arc::new(Hasher::new().map_err(cannot)?);
    let mailer = config.mail.as_ref().map(|mail| Mailer::new(mail, &config.extra_ca)).transpose();
    let mailer = mailer.map_err(|why| cannot(format!("HIREWIRE_SMTP_URL cannot be used: {why}.")))?.map(Arc::new);
    let throttle = Arc::new(sign_in::Throttle::default());
    Ok(Context { store: store.for_pages(), clock, engine, sealing, guard, passwords, throttle, mailer })
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
