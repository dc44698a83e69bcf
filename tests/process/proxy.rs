//! A network between the program and a server on loopback, which falls silent, is cut, or loses the one answer that counts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What PostgreSQL is sent at the end of a transaction.
const COMMIT: &[u8] = b"COMMIT\0";

/// Forwards to a server until it is told otherwise; gone when dropped.
pub struct Proxy {
    address: SocketAddr,
    way: Arc<Way>,
    accepting: JoinHandle<()>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Forwarding,
    /// Whatever is sent is taken and goes no further until it forwards again.
    Silent,
    /// Every connection ends at once, old and new.
    Cut,
}

struct Way {
    state: watch::Sender<State>,
    swallows_next_commit: AtomicBool,
}

impl Proxy {
    /// A way to this server.
    pub async fn to(server: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let way = Arc::new(Way {
            state: watch::Sender::new(State::Forwarding),
            swallows_next_commit: AtomicBool::new(false),
        });
        let shared = way.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server, shared.clone()));
            }
        });
        Ok(Self { address, way, accepting })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Nothing arrives any more, and nobody is told.
    pub fn silence(&self) {
        self.way.state.send_replace(State::Silent);
    }

    /// Ends every connection, and each new one as soon as it is made.
    pub fn cut(&self) {
        self.way.state.send_replace(State::Cut);
    }

    /// Forwards again, what it kept while it was silent included.
    pub fn resume(&self) {
        self.way.state.send_replace(State::Forwarding);
    }

    /// The next `COMMIT` reaches the server; its answer does not come back, and the connection ends.
    pub fn swallow_next_commit_answer(&self) {
        self.way.swallows_next_commit.store(true, Ordering::SeqCst);
    }

    /// Whether the `COMMIT` whose answer will be swallowed is still to come.
    pub fn awaits_commit(&self) -> bool {
        self.way.swallows_next_commit.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

async fn carry(client: TcpStream, server: SocketAddr, way: Arc<Way>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let swallowing = Arc::new(AtomicBool::new(false));
    let (mut state, mut silence) = (way.state.subscribe(), way.state.subscribe());
    let forwarding = async {
        // Whichever ends first takes the other with it.
        tokio::select! {
            () = pump(&mut from_client, &mut to_server, &way, &swallowing, true) => {}
            () = pump(&mut from_server, &mut to_client, &way, &swallowing, false) => {}
        }
        // That the other side has ended is not told either.
        let _ = silence.wait_for(|state| *state != State::Silent).await;
    };
    tokio::select! {
        () = forwarding => {}
        _ = state.wait_for(|state| *state == State::Cut) => {}
    }
}

async fn pump(from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf, way: &Way, swallowing: &AtomicBool, is_client: bool) {
    let mut state = way.state.subscribe();
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        let some = &bytes[..count];
        if is_client && some.windows(COMMIT.len()).any(|seen| seen == COMMIT) {
            let swallows = way.swallows_next_commit.swap(false, Ordering::SeqCst);
            swallowing.fetch_or(swallows, Ordering::SeqCst);
        }
        if !is_client && swallowing.load(Ordering::SeqCst) {
            return;
        }
        if state.wait_for(|state| *state == State::Forwarding).await.is_err() || to.write_all(some).await.is_err() {
            return;
        }
    }
}
