//! The last requests as they came, and how each was answered.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, SecondsFormat, Utc};
use hyper::body::Bytes;
use serde_json::{Value, json};

const MAX_REQUESTS: usize = 200;
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// How a request was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Not yet.
    Waiting,
    /// With this status.
    Status(u16),
    /// The connection was closed instead.
    Closed,
    /// The client went away first.
    ClientLeft,
}

/// One request.
#[derive(Debug, Clone)]
pub struct Received {
    /// When its head had arrived.
    pub at: DateTime<Utc>,
    /// Path and query.
    pub path: String,
    /// Names as they were written, in their order.
    pub headers: Vec<(String, String)>,
    /// The first mebibyte of the body.
    pub body: Bytes,
    /// How long the body was.
    pub body_len: u64,
    /// How it was answered.
    pub answer: Answer,
}

impl Received {
    fn weight(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        self.path.len() + headers + self.body.len()
    }

    fn to_json(&self) -> Value {
        let (answer, status) = match self.answer {
            Answer::Waiting => ("waiting", None),
            Answer::Status(status) => ("answered", Some(status)),
            Answer::Closed => ("connection closed", None),
            Answer::ClientLeft => ("client left", None),
        };
        let headers = self.headers.iter().map(|(name, value)| json!({"name": name, "value": value}));
        json!({
            "receivedAt": self.at.to_rfc3339_opts(SecondsFormat::Millis, true),
            "path": self.path,
            "answer": answer,
            "status": status,
            "headers": headers.collect::<Vec<_>>(),
            "bodyBytes": self.body_len,
            "bodyCut": self.body_len > self.body.len() as u64,
            "bodyText": std::str::from_utf8(&self.body).ok(),
            "bodyBase64": BASE64.encode(&self.body),
        })
    }
}

/// The journal: bounded in number and in bytes, the oldest go first.
#[derive(Default)]
pub struct Journal(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    requests: VecDeque<(u64, Received)>,
    next: u64,
    bytes: usize,
}

impl Journal {
    /// Writes a request down; the answer follows.
    pub fn record(self: &Arc<Self>, received: Received) -> Entry {
        let mut kept = self.lock();
        let number = kept.next;
        kept.next += 1;
        kept.bytes += received.weight();
        kept.requests.push_back((number, received));
        while kept.requests.len() > MAX_REQUESTS || kept.bytes > MAX_BYTES {
            let Some((_, oldest)) = kept.requests.pop_front() else { break };
            kept.bytes -= oldest.weight();
        }
        Entry { journal: Arc::clone(self), number, answer: Answer::ClientLeft }
    }

    pub fn newest_first(&self) -> Vec<Received> {
        self.lock().requests.iter().rev().map(|(_, received)| received.clone()).collect()
    }

    pub fn to_json(&self) -> Value {
        let requests = self.newest_first();
        json!({"requests": requests.iter().map(Received::to_json).collect::<Vec<_>>()})
    }

    pub fn clear(&self) {
        let mut kept = self.lock();
        kept.requests.clear();
        kept.bytes = 0;
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// A request that is being answered. Dropped before it was, it says that the client left: that is when hyper drops the
/// service's future.
pub struct Entry {
    journal: Arc<Journal>,
    number: u64,
    answer: Answer,
}

impl Entry {
    /// Notes the answer.
    pub fn settle(mut self, answer: Answer) {
        self.answer = answer;
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut kept = self.journal.lock();
        if let Some((_, received)) = kept.requests.iter_mut().find(|(number, _)| *number == self.number) {
            received.answer = self.answer;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str, body: usize) -> Received {
        let body = Bytes::from(vec![b'x'; body]);
        Received {
            at: DateTime::UNIX_EPOCH,
            path: path.into(),
            headers: Vec::new(),
            body_len: body.len() as u64,
            body,
            answer: Answer::Waiting,
        }
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many_or_they_are_too_big() {
        let journal = Arc::new(Journal::default());
        for n in 0..MAX_REQUESTS + 5 {
            journal.record(request(&n.to_string(), 1)).settle(Answer::Status(200));
        }
        let kept = journal.newest_first();
        assert_eq!((kept.len(), kept[0].path.as_str(), kept[199].path.as_str()), (MAX_REQUESTS, "204", "5"));

        for _ in 0..40 {
            journal.record(request("/big", 1024 * 1024)).settle(Answer::Status(200));
        }
        let kept = journal.newest_first();
        assert_eq!(kept.len(), 31, "32 bodies of a mebibyte and their paths are more than 32 MiB");
        journal.clear();
        assert!(journal.newest_first().is_empty() && journal.lock().bytes == 0);
    }

    #[test]
    fn a_request_that_nobody_answered_says_that_the_client_left() {
        let journal = Arc::new(Journal::default());
        let entry = journal.record(request("/hang", 0));
        assert_eq!(journal.newest_first()[0].answer, Answer::Waiting);
        drop(entry);
        assert_eq!(journal.newest_first()[0].answer, Answer::ClientLeft);
    }
}
