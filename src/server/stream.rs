//! A connection's bytes, under the eyes of its worker: the head of a request must come, and an answer must be taken, in time.
//!
//! actix holds a deadline against the head of the first request alone, and none against an answer that nobody takes.

use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep_until};

use super::connections::{Connection, Phase, Worker};

/// A connection that is dropped when its client takes too long, or when another needs its place.
pub(super) struct Stream {
    io: TcpStream,
    worker: Rc<Worker>,
    id: u64,
    connection: Rc<Connection>,
    timer: Option<Pin<Box<Sleep>>>,
    /// Bytes of the answer that the client has taken.
    taken: u64,
}

impl Stream {
    pub(super) fn new(io: TcpStream, worker: Rc<Worker>) -> Self {
        let (id, connection) = worker.take(io.peer_addr().ok().map(|peer| peer.ip()));
        Self { io, worker, id, connection, timer: None, taken: 0 }
    }

    pub(super) fn connection(&self) -> Rc<Connection> {
        self.connection.clone()
    }

    /// An error when it is over; wakes the caller when it will be.
    fn look(&mut self, cx: &mut Context<'_>) -> Result<()> {
        if self.connection.must_go() {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        let Some(due) = self.connection.due(&self.worker.all.patience, self.taken) else { return Ok(()) };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(due)));
        if timer.deadline() != due {
            timer.as_mut().reset(due);
        }
        match timer.as_mut().poll(cx) {
            Poll::Ready(()) => {
                self.worker.all.count_dropped();
                Err(Error::new(ErrorKind::TimedOut, "the client took too long"))
            }
            Poll::Pending => Ok(()),
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.worker.ended(self.id);
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let this = self.get_mut();
        this.connection.wakes(cx.waker());
        let before = buf.filled().len();
        match Pin::new(&mut this.io).poll_read(cx, buf) {
            Poll::Ready(read) => {
                if buf.filled().len() > before && this.connection.phase() == Phase::Idle {
                    this.connection.enter(Phase::Head);
                }
                Poll::Ready(if this.connection.must_go() { Err(ErrorKind::ConnectionAborted.into()) } else { read })
            }
            Poll::Pending => this.look(cx).map_or_else(|error| Poll::Ready(Err(error)), |()| Poll::Pending),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let this = self.get_mut();
        if this.connection.phase() != Phase::Answer {
            this.connection.enter(Phase::Answer);
            this.taken = 0;
        }
        match Pin::new(&mut this.io).poll_write(cx, bytes) {
            Poll::Ready(Ok(written)) => {
                this.taken += written as u64;
                Poll::Ready(Ok(written))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => this.look(cx).map_or_else(|error| Poll::Ready(Err(error)), |()| Poll::Pending),
        }
    }

    /// Called when everything was written: the answer is with the system, and its client has taken nearly all of it.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let this = self.get_mut();
        if this.connection.phase() == Phase::Answer {
            this.connection.answered();
        }
        // Nothing is read while the reader of a body does not ask for more, or after the last answer until more comes: this
        // is where it is seen that the time is up.
        this.look(cx)?;
        Pin::new(&mut this.io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}
