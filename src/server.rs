//! The program as one thing: built from its settings, run until it is told to stop.
//!
//! [`App::build`] opens the database, checks the sealing key, binds the address and starts nothing; [`App::run`] serves and
//! sends until told to stop, then drains: no new request, what is under way finishes, what is held is given back.

use std::io::Write as _;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use actix_web::{App as Actix, HttpRequest, HttpServer, web};
use tokio::sync::watch;

use crate::actions::password::Hasher;
use crate::actions::{Context, sign_in};
use crate::api;
use crate::clock::Clock;
use crate::config::Config;
use crate::delivery::engine::Engine;
use crate::delivery::guard::Guard;
use crate::delivery::sender::Sender;
use crate::domain::sealing::SealingKey;
use crate::domain::secret::Plain;
use crate::store::{self, DatabaseUrl, Store};

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
    address: SocketAddr,
    /// The SQLite file is ours alone while this is open and locked.
    _lock: Option<std::fs::File>,
}

impl App {
    /// Opens everything and binds the address. Port 0 takes a free one.
    pub async fn build(config: Config, clock: Arc<dyn Clock>) -> Result<Self, CannotStart> {
        let lock = lock(&config.database)?;
        let context = context(&config, clock).await?;
        let listener = TcpListener::bind(config.listen).map_err(|error| {
            cannot(format!("HIREWIRE_LISTEN is {}, where this program cannot listen: {error}.", config.listen))
        })?;
        let address = listener.local_addr().map_err(cannot)?;
        Ok(Self { context, config, listener, address, _lock: lock })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves and sends until `stop` says so, then drains.
    pub async fn run(self, stop: watch::Receiver<bool>) -> Result<(), CannotStart> {
        self.context.engine.start().await.map_err(cannot)?;
        let engine = tokio::spawn(self.context.engine.clone().run(stop.clone()));
        self.serve(stop).await?;
        engine.await.map_err(cannot)
    }

    /// Serves alone; deliveries are sent when someone calls the engine's `tick`. For tests.
    pub async fn serve(self, mut stop: watch::Receiver<bool>) -> Result<(), CannotStart> {
        let (context, config) = (self.context, self.config);
        let limits = web::Data::new(api::limit::Limits::new(config.rate_limit));
        let server = HttpServer::new(move || {
            Actix::new()
                .app_data(web::Data::new(context.clone()))
                .app_data(web::Data::new(config.clone()))
                .app_data(limits.clone())
                .app_data(web::PayloadConfig::new(2 * 1024 * 1024))
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
        served
    }
}

/// What actions work with, from settings: for [`App`] and for commands that only change the database.
pub async fn context(config: &Config, clock: Arc<dyn Clock>) -> Result<Context, CannotStart> {
    let database = config.database.clone();
    let opened = tokio::task::spawn_blocking(move || Store::open(&database)).await.map_err(cannot)?;
    let store = opened.map_err(|error| cannot(format!("HIREWIRE_DATABASE_URL is {}: {error}.", config.database)))?;
    let sealing = sealing_key(config, &store).await?;
    let guard = Arc::new(Guard::system(config.allow_targets.clone()));
    let sender = Sender::new(guard.clone(), &config.extra_ca).map_err(cannot)?;
    let engine = Arc::new(Engine::new(store.clone(), clock.clone(), sender, sealing.clone(), config.caps));
    let passwords = Arc::new(Hasher::new().map_err(cannot)?);
    Ok(Context { store, clock, engine, sealing, guard, passwords, throttle: Arc::new(sign_in::Throttle::default()) })
}

/// The address a request comes from: a trusted proxy's word, or the connection's own.
pub fn client_address(request: &HttpRequest, config: &Config) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.ip());
    let trusted = |address: &IpAddr| config.trusted_proxies.iter().any(|network| network.contains(address));
    let forwarded = request.headers().get("x-forwarded-for").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !trusted(&peer) {
        return peer;
    }
    // The last entry that no proxy of ours wrote about itself.
    forwarded.rsplit(',').filter_map(|hop| hop.trim().parse().ok()).find(|hop| !trusted(hop)).unwrap_or(peer)
}

/// On SQLite one process serves a file; a second one would send what the first one holds.
fn lock(database: &DatabaseUrl) -> Result<Option<std::fs::File>, CannotStart> {
    let DatabaseUrl::Sqlite(path) = database else { return Ok(None) };
    let beside = path.with_extension("lock");
    let unusable = |error: &dyn std::fmt::Display| {
        cannot(format!("HIREWIRE_DATABASE_URL is {database}: {} {error}.", beside.display()))
    };
    let file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&beside)
        .map_err(|error| unusable(&format!("cannot be opened: {error}")))?;
    file.try_lock().map_err(|_| unusable(&"is locked, so another Hirewire serves this file"))?;
    Ok(Some(file))
}

const KEY_CHECK: &str = "sealing key check";

/// Reads the sealing key, or makes one for a database that is still empty. Never makes another for a filled one.
async fn sealing_key(config: &Config, store: &Store) -> Result<SealingKey, CannotStart> {
    let path = &config.secret_key_file;
    let check = store.read(|conn| store::setting::get(conn, KEY_CHECK)).await.map_err(cannot)?;
    let wrong = |what: String| cannot(format!("HIREWIRE_SECRET_KEY_FILE is {}, {what}.", path.display()));
    let key = match std::fs::read_to_string(path) {
        Ok(text) => SealingKey::from_text(&text).ok_or_else(|| wrong("which holds no sealing key".into()))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && check.is_none() => {
            make_key(path).map_err(wrong)?
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(wrong(
                "which is missing, and the database holds secrets sealed with it: restore it from your backup".into(),
            ));
        }
        Err(error) => return Err(wrong(format!("which cannot be read: {error}"))),
    };
    match check {
        Some(sealed) => {
            key.open(&sealed, KEY_CHECK)
                .map_err(|_| wrong("which is not the key this database was sealed with".into()))?;
        }
        None => {
            let sealed = key.seal(&Plain::new("it fits".into()), KEY_CHECK);
            store.write(move |conn| store::setting::insert(conn, KEY_CHECK, &sealed)).await.map_err(cannot)?;
        }
    }
    Ok(key)
}

fn make_key(path: &Path) -> Result<SealingKey, String> {
    let key = SealingKey::generate();
    let text = key.to_text();
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|error| format!("which cannot be made: {error}"))?;
    tracing::info!(path = %path.display(), "made a new sealing key; keep a copy of it apart from the database");
    Ok(key)
}
