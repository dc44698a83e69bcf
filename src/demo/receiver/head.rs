//! The header names of a request as they were written.
//!
//! hyper gives names in lower case, but a receiver in PHP sees `X-Webhook-Key`, and that is what this one has to show.
//! So the bytes of each request's head are noted as they pass.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use hyper::HeaderMap;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const END: &[u8] = b"\r\n\r\n";

/// The head that is passing, shared by the connection that reads it and the service that asks for it.
#[derive(Clone, Default)]
pub struct SharedHead(Arc<Mutex<Head>>);

#[derive(Default)]
struct Head {
    bytes: Vec<u8>,
    complete: bool,
}

impl SharedHead {
    fn lock(&self) -> MutexGuard<'_, Head> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn note(&self, bytes: &[u8]) {
        let mut head = self.lock();
        if head.complete {
            return;
        }
        let from = head.bytes.len().saturating_sub(END.len() - 1);
        head.bytes.extend_from_slice(bytes);
        let end = head.bytes[from..].windows(END.len()).position(|window| window == END);
        if let Some(at) = end {
            head.bytes.truncate(from + at);
            head.complete = true;
        }
    }

    /// Names and values in their order. Falls back to what hyper parsed when the noted head does not fit it, which takes
    /// a client that sends its next request before it has the answer to the last.
    pub fn headers(&self, parsed: &HeaderMap) -> Vec<(String, String)> {
        let written = self.written();
        let fits = written.len() == parsed.len() && written.iter().all(|(name, _)| parsed.contains_key(name.as_str()));
        if fits {
            return written;
        }
        let lossy = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        parsed.iter().map(|(name, value)| (name.as_str().to_owned(), lossy(value.as_bytes()))).collect()
    }

    fn written(&self) -> Vec<(String, String)> {
        let head = self.lock();
        let text = String::from_utf8_lossy(&head.bytes);
        let fields = text.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
        fields.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect()
    }

    /// The body has been read: what comes now is the next request's head.
    pub fn next(&self) {
        *self.lock() = Head::default();
    }
}

/// A stream that notes what is read from it.
pub struct HeadTap<S> {
    stream: S,
    head: SharedHead,
}

impl<S> HeadTap<S> {
    pub fn new(stream: S, head: SharedHead) -> Self {
        Self { stream, head }
    }

    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for HeadTap<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.head.note(&buf.filled()[before..]);
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for HeadTap<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
