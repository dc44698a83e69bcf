//! A database for one test: a SQLite file of its own, or a database of its own on the test server.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};
use tempfile::TempDir;

/// Which of the two databases a story is told on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// Gone when the last one who holds it lets go.
pub struct Database {
    pub kind: Kind,
    pub url: String,
    /// Where the SQLite file, the sealing key and whatever else the program keeps beside them are.
    pub files: TempDir,
    name: String,
}

impl Database {
    pub fn create(kind: Kind) -> Arc<Self> {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let name = format!("hirewire_it_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let files = tempfile::tempdir().expect("a folder");
        let url = match kind {
            Kind::Sqlite => format!("sqlite://{}", files.path().join("hirewire.db").display()),
            Kind::Postgres => {
                // Texts are compared the way people's databases compare them, not byte by byte: nothing may rely on bytes.
                on_server(&format!(
                    "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"
                ));
                let (server, _) = server().rsplit_once('/').map(|(a, b)| (a.to_owned(), b.to_owned())).expect("a path");
                format!("{server}/{name}")
            }
        };
        Arc::new(Self { kind, url, files, name })
    }

    /// Its URL through another address; on PostgreSQL.
    pub fn url_through(&self, address: std::net::SocketAddr) -> String {
        let (before, _) = self.url.split_once('@').expect("a user");
        format!("{before}@{address}/{}", self.name)
    }

    /// Where the server of its URL listens.
    pub fn server_address(&self) -> std::net::SocketAddr {
        let (_, after) = self.url.split_once('@').expect("a user");
        after.split_once('/').expect("a name").0.parse().expect("an address")
    }

    pub fn folder(&self) -> &Path {
        self.files.path()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.kind == Kind::Postgres {
            on_server(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }
}

fn server() -> String {
    #[expect(clippy::disallowed_methods, reason = "tests/run says here where its PostgreSQL is")]
    let named = std::env::var("HIREWIRE_TEST_POSTGRES");
    named.unwrap_or_else(|_| panic!("HIREWIRE_TEST_POSTGRES is not set: run tests/run, which starts a PostgreSQL"))
}

fn on_server(statement: &str) {
    let mut server = PgConnection::establish(&server()).expect("the server that HIREWIRE_TEST_POSTGRES names");
    server.batch_execute(statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
}
