//! `hirewire demo` as a process of its own, on either database.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::{Connection as _, PgConnection, RunQueryDsl as _, sql_query};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::Value;

/// A setting of the test run; without it the run is not what it claims to be.
pub fn setting(name: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "the one place where these tests read the environment")]
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run tests/run"))
}

/// Which database the demo runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    Sqlite,
    Postgres,
}

/// A running demo; it is stopped, and its data removed, when this is dropped.
pub struct Demo {
    child: Child,
    lines: HashMap<String, String>,
    _dir: tempfile::TempDir,
    database: Option<(String, String)>,
}

impl Demo {
    /// Starts it on free ports and waits until it has printed its lines.
    pub fn start(on: On) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_hirewire"));
        command.args(["demo", "--listen", "127.0.0.1:0", "--dir"]).arg(dir.path());
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HIREWIRE_")) {
            command.env_remove(name);
        }
        let database = (on == On::Postgres).then(fresh_database);
        if let Some((_, url)) = &database {
            command.env("HIREWIRE_DATABASE_URL", url);
        }
        let mut child = command.stdout(Stdio::piped()).stdin(Stdio::null()).spawn().expect("the demo starts");
        let mut lines = HashMap::new();
        let output = child.stdout.take().expect("piped");
        for line in BufReader::new(output).lines() {
            let line = line.expect("text");
            let Some((name, value)) = line.split_once(": ") else { break };
            lines.insert(name.to_owned(), value.to_owned());
            if name == "receiver ca" {
                break;
            }
        }
        Self { child, lines, _dir: dir, database }
    }

    /// A line that the demo printed: `console`, `receiver`, `password` …
    pub fn told(&self, name: &str) -> &str {
        self.lines
            .get(name)
            .unwrap_or_else(|| panic!("the demo printed no line “{name}: …”; it printed {:?}", self.lines))
    }

    /// An address of the console.
    pub fn page(&self, path: &str) -> String {
        format!("{}{path}", self.told("console"))
    }

    /// What the demo's receiver got, newest first.
    pub async fn received(&self) -> Vec<Received> {
        let ca = CertificateDer::from_pem_file(self.told("receiver ca")).expect("the receiver's authority");
        let mut roots = rustls::RootCertStore::empty();
        roots.add(ca).expect("a usable authority");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().expect("a client");
        let answer = client.get(format!("{}/requests", self.told("receiver"))).send().await.expect("an answer");
        let list: Value = serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON");
        list["requests"].as_array().expect("a list").iter().map(Received::read).collect()
    }

    /// What the receiver got of an event type, once there are so many of them.
    pub async fn received_of(&self, event: &str, count: usize) -> Vec<Received> {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let mut found = self.received().await;
            found.retain(|request| request.header("X-Webhook-Event") == Some(event));
            if found.len() >= count || Instant::now() > deadline {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some((name, _)) = &self.database {
            let mut server =
                PgConnection::establish(&setting("HIREWIRE_TEST_POSTGRES")).expect("the test's PostgreSQL");
            let _ = sql_query(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).execute(&mut server);
        }
    }
}

/// A request that the receiver got.
pub struct Received {
    /// Header lines in the case and order of the wire.
    pub headers: Vec<(String, String)>,
    /// The body's bytes in base64.
    pub body_base64: String,
    /// The body, read.
    pub body: Value,
}

impl Received {
    fn read(request: &Value) -> Self {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let headers = request["headers"].as_array().expect("headers").iter();
        Self {
            headers: headers.map(|line| (text(&line["name"]), text(&line["value"]))).collect(),
            body_base64: text(&request["bodyBase64"]),
            body: serde_json::from_str(&text(&request["bodyText"])).expect("a JSON body"),
        }
    }

    /// The value of a header, by its exact name on the wire.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(line, _)| line == name).map(|(_, value)| value.as_str())
    }
}

fn fresh_database() -> (String, String) {
    let server = setting("HIREWIRE_TEST_POSTGRES");
    let name = format!("hirewire_browser_{}", rand::random::<u64>());
    let mut connection = PgConnection::establish(&server).expect("the test's PostgreSQL");
    sql_query(format!("CREATE DATABASE {name}")).execute(&mut connection).expect("a database");
    let mut url = url::Url::parse(&server).expect("an address");
    url.set_path(&name);
    (name, url.to_string())
}
