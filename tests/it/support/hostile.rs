//! A receiver that misbehaves as told, above TLS or below it.

use std::future::Future;
use std::net::Ipv4Addr;
use std::time::Duration;

use rcgen::CertificateParams;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::server::TlsStream;

use super::receiver::{acceptor, certificate, hear};

/// Runs until its test ends.
pub struct Hostile {
    port: u16,
}

/// One connection, after the handshake.
pub struct Talk(TlsStream<TcpStream>);

impl Hostile {
    /// Hears each request and then does this.
    pub async fn that<F, Fut>(behave: F) -> Self
    where
        F: Fn(Talk) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        Self::certified(certificate(), behave).await
    }

    /// The same with a certificate of the story's choice.
    pub async fn certified<F, Fut>(certificate: CertificateParams, behave: F) -> Self
    where
        F: Fn(Talk) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let acceptor = acceptor(certificate);
        Self::below_tls(move |tcp| {
            let (acceptor, behave) = (acceptor.clone(), behave.clone());
            async move {
                let Ok(mut tls) = acceptor.accept(tcp).await else { return };
                if hear(&mut tls).await.is_some() {
                    behave(Talk(tls)).await;
                }
            }
        })
        .await
    }

    /// Hears a request and answers with these bytes and a closed connection.
    pub async fn saying(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::that(move |mut talk| {
            let answer = answer.clone();
            async move {
                talk.say(&answer).await;
                talk.close().await;
            }
        })
        .await
    }

    /// Says this and then that, over and over, until the client hangs up.
    pub async fn flooding(start: &'static str, flood: impl Into<Vec<u8>>) -> Self {
        let flood = flood.into();
        Self::that(move |mut talk| {
            let flood = flood.clone();
            async move {
                talk.say(start.as_bytes()).await;
                while talk.say(&flood).await {}
            }
        })
        .await
    }

    /// Says this and then a byte every few milliseconds until the client hangs up.
    pub async fn dripping(start: &'static str) -> Self {
        Self::that(move |mut talk| async move {
            talk.say(start.as_bytes()).await;
            let mut pace = tokio::time::interval(Duration::from_millis(10));
            while talk.say(b"x").await {
                pace.tick().await;
            }
        })
        .await
    }

    /// Does this with each connection, before any handshake.
    pub async fn below_tls<F, Fut>(behave: F) -> Self
    where
        F: Fn(TcpStream) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                // What is said goes out at once, and not into a buffer that a reset empties.
                tcp.set_nodelay(true).expect("a socket");
                tokio::spawn(behave(tcp));
            }
        });
        Self { port }
    }

    /// Its address as somebody types it into the form of a hook.
    pub fn url(&self) -> String {
        format!("127.0.0.1:{}/in", self.port)
    }
}

impl Talk {
    /// Writes bytes; false when the client has hung up.
    pub async fn say(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).await.is_ok() && self.0.flush().await.is_ok()
    }

    /// Ends the connection as TLS wants it.
    pub async fn close(&mut self) {
        // The client may have gone first.
        let _ = self.0.shutdown().await;
    }

    /// Ends the connection as a crash would.
    pub fn reset(self) {
        self.0.into_inner().0.set_zero_linger().expect("a socket");
    }
}
