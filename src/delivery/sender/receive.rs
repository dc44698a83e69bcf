//! The answer, read within bounds.
//!
//! The status line has decided already; the rest is evidence. What breaks or drips here never turns a success into a
//! failure: the receiver has said that it has the event, and sending it again would hand it over twice.
//!
//! Names of header lines are kept in lower case (the client does not tell how they were written), and lines of one name
//! stand together, at the first one's place.

use std::time::Instant;

use tokio::time::timeout_at;

use super::{classify, text};
use crate::domain::attempt::Response;
use crate::domain::header_lines::HeaderLines;

/// How much of the body is kept.
pub(super) const BODY_KEPT: usize = 64 * 1024;
/// How much more is read and thrown away, so that the connection can be used again. Beyond this a new handshake is cheaper.
const BODY_DRAINED: usize = 256 * 1024;
/// In how many pieces: a chunk of one byte costs as much as a long one.
const PIECES_DRAINED: usize = 256;
/// How much of the header lines is kept.
const HEADERS_KEPT: usize = 16 * 1024;

/// The answer cut to what is kept, and what went wrong with its body.
pub(super) async fn receive(answer: reqwest::Response, deadline: Instant) -> (Response, Option<&'static str>) {
    let (headers, headers_cut) = kept_headers(&answer);
    let status = answer.status().as_u16();
    let (body, body_cut, trouble) = kept_body(answer, deadline).await;
    (Response { status, headers, headers_cut, body, body_cut }, trouble)
}

fn kept_headers(answer: &reqwest::Response) -> (HeaderLines, bool) {
    let mut room = HEADERS_KEPT;
    let mut lines = HeaderLines::default();
    for (name, value) in answer.headers() {
        let value = text(value);
        // ": " and the line's end count as well.
        let Some(left) = room.checked_sub(name.as_str().len() + 4) else { return (lines, true) };
        let kept = &value[..value.floor_char_boundary(left)];
        room = left - kept.len();
        lines.push(name.as_str(), kept);
        if kept.len() < value.len() {
            return (lines, true);
        }
    }
    (lines, false)
}

/// Dropping the answer before its end closes its connection.
async fn kept_body(mut answer: reqwest::Response, deadline: Instant) -> (Vec<u8>, bool, Option<&'static str>) {
    let mut kept = Kept::default();
    let trouble = match timeout_at(deadline.into(), kept.read(&mut answer)).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(classify::in_body(&error)),
        Err(_) => Some("the answer's body had not ended by the deadline"),
    };
    (kept.body, kept.seen > BODY_KEPT || trouble.is_some(), trouble)
}

/// What has been read of a body.
#[derive(Default)]
struct Kept {
    body: Vec<u8>,
    seen: usize,
    /// Pieces that were thrown away.
    drained: usize,
}

impl Kept {
    async fn read(&mut self, answer: &mut reqwest::Response) -> reqwest::Result<()> {
        let length = answer.content_length();
        while !self.is_enough(length) {
            let Some(chunk) = answer.chunk().await? else { break };
            self.drained += usize::from(self.body.len() == BODY_KEPT);
            self.body.extend_from_slice(&chunk[..chunk.len().min(BODY_KEPT - self.body.len())]);
            self.seen += chunk.len();
        }
        Ok(())
    }

    fn is_enough(&self, length: Option<u64>) -> bool {
        let left = length.map(|length| length.saturating_sub(self.seen as u64));
        let too_far = left.is_some_and(|left| left > BODY_DRAINED as u64);
        self.seen > BODY_KEPT && (too_far || self.seen > BODY_KEPT + BODY_DRAINED || self.drained > PIECES_DRAINED)
    }
}
