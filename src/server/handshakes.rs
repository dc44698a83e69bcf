//! The end of a listening socket without a victim.
//!
//! Whoever is in the system's queue when a listening socket closes is cut off: the system has accepted the connection, the
//! request may have been sent, and nobody ever reads it. A proxy cannot send such a request elsewhere by itself. So the system
//! is first told to drop what begins a connection and nothing else: the queue empties, and then the socket closes. Whoever was
//! dropped tries again after a second, as TCP does, and is refused, which every proxy answers by asking another instance.
//!
//! What is *not* guaranteed: that a connection whose handshake takes longer than [`LAST_HANDSHAKES`] is served.

use std::net::TcpListener;
use std::time::Duration;

use socket2::{SockFilter, SockRef};

/// So long the handshakes that have begun may take, and what they lead to may wait to be taken up.
const LAST_HANDSHAKES: Duration = Duration::from_millis(300);

/// Drops what has SYN set among the flags of its TCP header, and lets everything else through.
const ALL_BUT_BEGINNINGS: [(u16, u8, u8, u32); 4] = {
    const LOAD_BYTE: u16 = 0x30;
    const JUMP_IF_SET: u16 = 0x45;
    const RETURN: u16 = 0x06;
    const FLAGS: u32 = 13;
    const SYN: u32 = 0x02;
    [(LOAD_BYTE, 0, 0, FLAGS), (JUMP_IF_SET, 0, 1, SYN), (RETURN, 0, 0, 0), (RETURN, 0, 0, u32::MAX)]
};

/// The beginnings of connections to a listening socket.
pub(super) struct Handshakes(Option<TcpListener>);

impl Handshakes {
    /// Those to this socket, which stays open until this is dropped or has ended.
    pub(super) fn of(listener: &TcpListener) -> Self {
        Self(listener.try_clone().ok())
    }

    /// No connection begins any more; returns when those that had begun were taken up.
    pub(super) async fn end(self) {
        let Some(listener) = self.0 else { return };
        let filter = ALL_BUT_BEGINNINGS.map(|(code, yes, no, value)| SockFilter::new(code, yes, no, value));
        match SockRef::from(&listener).attach_filter(&filter) {
            Ok(()) => tokio::time::sleep(LAST_HANDSHAKES).await,
            Err(error) => tracing::debug!(%error, "connections begin until the socket closes"),
        }
    }
}
