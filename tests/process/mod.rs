//! The program as its operator runs it: a process of its own, driven over its command line, its pages and signals.
//!
//! [`Installation`] is what outlives a process: folder, database, sealing key, settings, address. [`Installation::serve`]
//! starts a [`Server`] on it, which is stopped, killed and started again as often as a story wants. [`Console`] is an admin
//! at the pages. [`Postgres`] is a database server of our own. [`Usage`] is what a process costs. Whatever was started ends
//! with the value that stands for it, and with this process, however that ends.
//!
//! Processes are started from threads that live as long as what they started: never from `spawn_blocking`.

#![allow(dead_code, unused_imports, reason = "benches and tests each use a part of it")]

mod child;
mod console;
mod installation;
mod postgres;
mod proxy;
mod usage;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

pub use child::{Child, bound};
pub use console::{Console, NewHook, Seen};
pub use installation::{Installation, Server};
pub use postgres::{Durability, Postgres};
pub use proxy::Proxy;
pub use usage::Usage;

/// The password of every member made here.
pub const PASSWORD: &str = "correct horse battery staple";

/// A folder for one run; gone when dropped. Not in `$TMPDIR`: PostgreSQL's own user must get there, and sockets need short
/// paths.
pub fn folder() -> Result<tempfile::TempDir> {
    tempfile::Builder::new().prefix("hirewire-process.").tempdir_in("/tmp").context("no folder could be made in /tmp")
}

/// An address on loopback that nobody listens on.
///
/// Below the range that outgoing connections take their ports from, so that it is still free after a restart.
pub fn free_address() -> Result<SocketAddr> {
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 12_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Runs beside each other start at different ports.
    let start = (std::process::id().wrapping_mul(97) % u32::from(COUNT)) as u16;
    for _ in 0..COUNT {
        let offset = (u32::from(start) + u32::from(NEXT.fetch_add(1, Ordering::Relaxed))) % u32::from(COUNT);
        let address = SocketAddr::from(([127, 0, 0, 1], FIRST + offset as u16));
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    bail!("no port is free")
}

/// Looks every few milliseconds until there is something to see; says what was missed when `deadline` has passed.
pub async fn eventually<T>(
    what: &str,
    deadline: Duration,
    mut look: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let end = Instant::now() + deadline;
    loop {
        if let Some(seen) = look().await? {
            return Ok(seen);
        }
        if Instant::now() > end {
            bail!("waited {deadline:?} for {what}");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A client for plain http on loopback that follows nothing and keeps its connections.
pub fn client() -> Result<reqwest::Client> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(60));
    Ok(client.build()?)
}
