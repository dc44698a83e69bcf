//! The program as a test runs it: built as always, with a clock that stands still until the test moves it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Parser as _;
use hirewire::actions::Context;
use hirewire::clock::{Clock as _, ManualClock};
use hirewire::config::{Config, Settings};
use hirewire::delivery::engine::{Engine, EngineConfig, Report};
use hirewire::delivery::guard::{AllowList, Guard, Resolver};
use hirewire::delivery::sender::Sender;
use hirewire::domain::attempt::Attempt;
use hirewire::domain::delivery::Delivery;
use hirewire::domain::ids::{DeliveryId, HookId, OrganisationId};
use hirewire::domain::mode::Mode;
use hirewire::maintenance;
use hirewire::server::App;
use hirewire::store::changes::Change;
use hirewire::store::log::LogFilter;
use hirewire::store::page::Slice;
use hirewire::store::{self, Conn, StoreError};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::database::Database;
use super::{Browser, Kind, Partner, Proxy, receiver, soon};

/// The program, sending only when [`TestApp::tick`] is called and serving once somebody asks for its address.
pub struct TestApp {
    pub context: Context,
    pub clock: Arc<ManualClock>,
    pub config: Config,
    pub(super) servers: Servers,
    database: Arc<Database>,
    app: Mutex<Option<App>>,
    address: SocketAddr,
    metrics: Option<SocketAddr>,
}

/// The servers that a story has started.
#[derive(Clone, Default)]
pub struct Servers(Arc<Mutex<Vec<Server>>>);

struct Server {
    stop: watch::Sender<bool>,
    served: JoinHandle<()>,
}

/// How long an engine in a test may take to end.
pub const DRAIN: Duration = Duration::from_secs(35);

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    settings: Settings,
}

impl TestApp {
    pub async fn start(database: Arc<Database>) -> Self {
        let morning = "2026-11-20T09:30:00.123456Z".parse().expect("a time");
        Self::build(database, Arc::new(ManualClock::new(morning)), Servers::default(), |_| {}).await
    }

    async fn build(
        database: Arc<Database>,
        clock: Arc<ManualClock>,
        servers: Servers,
        adjust: impl FnOnce(&mut Config),
    ) -> Self {
        let mut config = settings(&database);
        adjust(&mut config);
        let app = App::build(config.clone(), clock.clone()).await.expect("the program starts");
        let context = app.context.clone();
        context.engine.start().await.expect("the engine starts");
        // Whoever is gone is gone at the second look; the living take no notice of it.
        context.engine.look_around().await.expect("a database");
        let (address, metrics) = (app.address(), app.metrics_address());
        Self { context, clock, config, servers, database, app: Mutex::new(Some(app)), address, metrics }
    }

    /// The program dies without a word and is started again on the same database, with other settings perhaps.
    pub async fn crashed_and_started_again(self, adjust: impl FnOnce(&mut Config)) -> Self {
        let (database, clock, servers) = (self.database.clone(), self.clock.clone(), self.servers.clone());
        servers.stop().await;
        // What it held in memory is gone, its lock on the file too.
        drop(self);
        Self::build(database, clock, servers, adjust).await
    }

    /// The program started again with a network of the test's between it and PostgreSQL.
    pub async fn behind_a_proxy(self) -> (Self, Proxy) {
        let proxy = Proxy::to(self.database.server_address()).await.expect("a port");
        let url = self.database.url_through(proxy.address());
        let app = self.crashed_and_started_again(|config| config.database = url.parse().expect("a database")).await;
        (app, proxy)
    }

    /// The URL of the database itself, whatever stands before it.
    pub fn database_url(&self) -> &str {
        &self.database.url
    }

    /// Another instance on the same PostgreSQL.
    pub async fn beside(&self) -> Self {
        assert_eq!(self.database.kind, Kind::Postgres, "SQLite serves one instance");
        Self::build(self.database.clone(), self.clock.clone(), self.servers.clone(), |_| {}).await
    }

    /// The same program, but names lead where this resolver says, and nothing private is allowed except these.
    ///
    /// For stories that have not asked for its address yet.
    pub async fn resolving(mut self, allowed: &str, resolver: impl Resolver) -> Self {
        let guard = Arc::new(Guard::new(allowed.parse::<AllowList>().expect("a list"), resolver));
        let sender = Sender::new(guard.clone(), &self.config.extra_ca).expect("a sender");
        let old = &self.context;
        let engine = Arc::new(engine_of(old, sender, &self.config));
        engine.start().await.expect("the engine starts");
        self.context = Context { engine, guard, ..old.clone() };
        let app = self.app.get_mut().expect("no panic before").as_mut();
        app.expect("nobody has asked for the address").context = self.context.clone();
        self
    }

    pub fn kind(&self) -> Kind {
        self.database.kind
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub fn advance_ms(&self, millis: i64) {
        self.clock.advance(TimeDelta::milliseconds(millis));
    }

    /// Sends what is due now and settles it.
    pub async fn tick(&self) -> Report {
        soon("a step of the engine", self.context.engine.tick()).await.expect("a database")
    }

    /// The chores about deliveries have their turn.
    pub async fn sweep(&self) {
        maintenance::turn(&maintenance::lost::Lost, &self.context).await.expect("a database");
        maintenance::turn(&maintenance::rotations::Rotations, &self.context).await.expect("a database");
        maintenance::turn(&maintenance::webhooks::Webhooks, &self.context).await.expect("a database");
        maintenance::turn(&maintenance::hook_health::HookHealth, &self.context).await.expect("a database");
    }

    /// Where it serves; from the first call on.
    pub fn url(&self) -> String {
        if let Some(app) = self.app.lock().expect("no panic before").take() {
            let (stop, stopped) = watch::channel(false);
            let served = tokio::spawn(async move { app.serve(stopped).await.expect("it serves") });
            self.servers.0.lock().expect("no panic before").push(Server { stop, served });
        }
        format!("http://{}", self.address)
    }

    /// What it shows to Prometheus.
    pub async fn metrics(&self) -> String {
        self.url();
        let address = self.metrics.expect("an address of its own");
        Browser::new(&format!("http://{address}"), &self.config).get("/metrics").await.body
    }

    pub fn browser(&self) -> Browser {
        Browser::new(&self.url(), &self.config)
    }

    /// A partner system with this key.
    pub fn partner(&self, key: &str) -> Partner {
        Partner::new(&self.url(), key)
    }

    pub async fn read<T, E>(&self, work: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static) -> T
    where
        T: Send + 'static,
        E: From<StoreError> + std::fmt::Debug + Send + 'static,
    {
        self.context.store.for_engine().read(work).await.expect("a read")
    }

    pub async fn write<T, E>(&self, work: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static) -> T
    where
        T: Send + 'static,
        E: From<StoreError> + std::fmt::Debug + Send + 'static,
    {
        // A test may change anything, so nothing that is kept in memory counts after it.
        let everything = move |conn: &mut Conn, named: &mut Vec<Change>| {
            named.push(Change::Everything);
            work(conn)
        };
        self.context.store.change(self.now(), everything).await.expect("a write")
    }

    /// Runs SQL of the test's own, to break things with.
    pub async fn sql(&self, statements: impl Into<String>) {
        use diesel::connection::SimpleConnection as _;
        let statements = statements.into();
        self.write(move |conn| conn.batch_execute(&statements).map_err(StoreError::from)).await;
    }

    /// Whether somebody waits for a row that somebody else is writing; on PostgreSQL.
    pub async fn waits_for_a_lock(&self) -> bool {
        use diesel::prelude::*;
        let waiting = diesel::dsl::sql::<diesel::sql_types::Bool>(
            "EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')",
        );
        self.read(move |conn| Ok::<_, StoreError>(diesel::select(waiting).get_result(conn)?)).await
    }

    /// The session that says that the first instance lives ends, as if its process had died; on PostgreSQL.
    pub async fn the_first_instance_is_gone(&self) {
        self.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'hirewire presence'
             ORDER BY backend_start LIMIT 1",
        )
        .await;
    }

    /// Every delivery of an organisation and mode, tests included, oldest first.
    pub async fn deliveries(&self, organisation: &OrganisationId, mode: Mode) -> Vec<Delivery> {
        let organisation = organisation.clone();
        let filter = LogFilter { tests: true, ..LogFilter::default() };
        let page =
            self.read(move |conn| store::log::page(conn, &organisation, mode, &filter, &Slice::Newest, 10_000)).await;
        page.lines.into_iter().rev().map(|line| line.delivery).collect()
    }

    /// The one delivery there is.
    pub async fn the_delivery(&self, organisation: &OrganisationId, mode: Mode) -> Delivery {
        let mut all = self.deliveries(organisation, mode).await;
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    /// The one delivery to a hook.
    pub async fn the_delivery_to(&self, organisation: &OrganisationId, hook: &HookId) -> Delivery {
        let all = self.deliveries(organisation, Mode::Live).await;
        let mut to_it = all.into_iter().filter(|delivery| delivery.hook_id == *hook);
        let found = to_it.next().expect("a delivery to it");
        assert!(to_it.next().is_none(), "more than one");
        found
    }

    /// How many events matched no hook.
    pub async fn unrouted(&self, organisation: &OrganisationId, mode: Mode) -> usize {
        let organisation = organisation.clone();
        self.read(move |conn| store::event::count_unrouted(conn, &organisation, mode)).await
    }

    /// The tries of a delivery, first to last.
    pub async fn attempts(&self, delivery: &DeliveryId) -> Vec<Attempt> {
        let delivery = delivery.clone();
        let mut attempts = self.read(move |conn| store::attempt::of_delivery(conn, &delivery)).await;
        attempts.reverse();
        attempts
    }
}

/// An engine as the program makes it, with another sender.
pub fn engine_of(context: &Context, sender: Sender, config: &Config) -> Engine {
    let config = EngineConfig {
        clock: context.clock.clone(),
        sender,
        sealing: context.sealing.clone(),
        caps: config.caps,
        rule: config.disabling,
        console: config.console_address(),
    };
    Engine::new(context.store.clone(), config)
}

impl Servers {
    pub async fn stop(&self) {
        let servers = std::mem::take(&mut *self.0.lock().expect("no panic before"));
        for server in servers {
            // One that has ended needs no telling.
            let _ = server.stop.send(true);
            soon("the server's end", server.served).await.expect("it served");
        }
    }
}

/// The settings of a test, read the way the program reads its own.
fn settings(database: &Database) -> Config {
    let ca = database.folder().join("ca.pem");
    std::fs::write(&ca, receiver::ca_pem()).expect("a file");
    let key = database.folder().join("hirewire.key");
    let line = Line::try_parse_from([
        "hirewire",
        "--listen=127.0.0.1:0",
        "--allow-targets=127.0.0.1",
        "--rate-limit=100000",
        "--metrics-listen=127.0.0.1:0",
        "--shutdown-grace-seconds=0",
        &format!("--database-url={}", database.url),
        &format!("--secret-key-file={}", key.display()),
        &format!("--extra-ca={}", ca.display()),
    ]);
    Config::read(line.expect("flags").settings).expect("settings")
}
