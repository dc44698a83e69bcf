//! One request to the receiver: write it down, then answer it as it asks, or do not.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use serde_json::{Value, json};

use super::head::SharedHead;
use super::journal::{Answer, Journal, Received};
use super::routes::{self, Behaviour, HELP, Refusal};
use crate::clock::Clock;

const MAX_BODY_BYTES: usize = 1024 * 1024;
const MAX_HANG: Duration = Duration::from_secs(120);

/// Ends the connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection ends without an answer")]
pub struct NoAnswer;

type Reply = Response<Full<Bytes>>;

/// What all connections share.
pub struct Service {
    clock: Arc<dyn Clock>,
    journal: Arc<Journal>,
    tries: Mutex<Tries>,
}

impl Service {
    pub fn new(clock: Arc<dyn Clock>, journal: Arc<Journal>) -> Self {
        Self { clock, journal, tries: Mutex::default() }
    }

    pub async fn answer(self: Arc<Self>, request: Request<Incoming>, head: SharedHead) -> Result<Reply, NoAnswer> {
        if request.method() == Method::POST {
            return self.take(request, head).await;
        }
        let reply = self.show(request.method(), request.uri().path());
        head.next();
        Ok(reply)
    }

    fn show(&self, method: &Method, path: &str) -> Reply {
        match (method, path) {
            (&Method::GET, "/") => text(StatusCode::OK, HELP.to_owned()),
            (&Method::GET, "/requests") => json_reply(StatusCode::OK, &self.journal.to_json()),
            (&Method::DELETE, "/requests") => {
                self.journal.clear();
                empty(StatusCode::NO_CONTENT)
            }
            (_, "/") => only("GET"),
            (_, "/requests") => only("GET, DELETE"),
            _ if routes::behaviour(path, None) != Err(Refusal::Unknown) => only("POST"),
            _ => unknown(path),
        }
    }

    async fn take(&self, request: Request<Incoming>, head: SharedHead) -> Result<Reply, NoAnswer> {
        let at = self.clock.now();
        let headers = head.headers(request.headers());
        let (parts, body) = request.into_parts();
        let (body, body_len) = read(body).await?;
        head.next();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let accepted = accepted(&parts.headers, body_len);
        let entry = self.journal.record(Received { at, path, headers, body, body_len, answer: Answer::Waiting });
        let reply = self.behave(&parts, at, &accepted).await;
        entry.settle(reply.as_ref().map_or(Answer::Closed, |reply| Answer::Status(reply.status().as_u16())));
        reply
    }

    async fn behave(&self, request: &Parts, at: DateTime<Utc>, accepted: &Value) -> Result<Reply, NoAnswer> {
        match routes::behaviour(request.uri.path(), request.uri.query()) {
            Ok(Behaviour::Ok) => Ok(json_reply(StatusCode::OK, accepted)),
            Ok(Behaviour::Slow(wait)) => {
                self.clock.sleep_until(at + wait).await;
                Ok(json_reply(StatusCode::OK, accepted))
            }
            Ok(Behaviour::Status { code, retry_after }) => Ok(status(code, retry_after, accepted)),
            Ok(Behaviour::Flaky { failures }) => Ok(self.flaky(request, failures, accepted)),
            Ok(Behaviour::Reset) => Err(NoAnswer),
            Ok(Behaviour::Hang) => {
                self.clock.sleep_until(at + MAX_HANG).await;
                Err(NoAnswer)
            }
            Err(Refusal::Unknown) => Ok(unknown(request.uri.path())),
            Err(Refusal::Wrong(why)) => Ok(problem(StatusCode::BAD_REQUEST, why)),
        }
    }

    fn flaky(&self, request: &Parts, failures: u32, accepted: &Value) -> Reply {
        let Some(id) = header(&request.headers, "webhook-id") else {
            return problem(StatusCode::BAD_REQUEST, "/flaky counts tries by the webhook-id header, and there is none");
        };
        let before = self.tries.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).count(&request.uri, id);
        status(if before < failures { 503 } else { 200 }, None, accepted)
    }
}

/// How often each id has been tried on each path; the longest unseen are forgotten first.
#[derive(Default)]
struct Tries {
    counts: HashMap<(Uri, String), u32>,
    order: VecDeque<(Uri, String)>,
}

impl Tries {
    const MAX_SEEN: usize = 10_000;

    /// How often it was tried before; counts this try.
    fn count(&mut self, path: &Uri, id: &str) -> u32 {
        let key = (path.clone(), id.to_owned());
        if !self.counts.contains_key(&key) {
            self.order.push_back(key.clone());
            if self.order.len() > Self::MAX_SEEN
                && let Some(oldest) = self.order.pop_front()
            {
                self.counts.remove(&oldest);
            }
        }
        let tries = self.counts.entry(key).or_default();
        *tries += 1;
        *tries - 1
    }
}

/// Reads the whole body and keeps its first mebibyte.
async fn read(mut body: Incoming) -> Result<(Bytes, u64), NoAnswer> {
    let (mut kept, mut length) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| NoAnswer)?.into_data() else { continue };
        length += data.len() as u64;
        kept.extend_from_slice(&data[..data.len().min(MAX_BODY_BYTES - kept.len())]);
    }
    Ok((kept.into(), length))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn accepted(headers: &HeaderMap, body_len: u64) -> Value {
    let (id, event) = (header(headers, "webhook-id"), header(headers, "x-webhook-event"));
    json!({"received": true, "id": id, "event": event, "bytes": body_len})
}

/// An answer with this status, shaped as a receiver's own code or the proxy before it would.
fn status(code: u16, retry_after: Option<u32>, accepted: &Value) -> Reply {
    let code = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let reason = code.canonical_reason().unwrap_or("Something else");
    let mut reply = match code {
        // These two never have a body.
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED => empty(code),
        _ if code.is_success() => json_reply(code, accepted),
        _ => problem(code, reason),
    };
    if code.is_redirection() && code != StatusCode::NOT_MODIFIED {
        reply.headers_mut().insert(LOCATION, HeaderValue::from_static("/ok"));
    }
    if let Some(seconds) = retry_after {
        reply.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    reply
}

fn problem(code: StatusCode, message: &str) -> Reply {
    json_reply(code, &json!({"error": {"status": code.as_u16(), "message": message}}))
}

fn unknown(path: &str) -> Reply {
    text(StatusCode::NOT_FOUND, format!("There is nothing at {path}.\n\n{HELP}"))
}

fn only(methods: &'static str) -> Reply {
    let mut reply = text(StatusCode::METHOD_NOT_ALLOWED, format!("Only {methods} here.\n\n{HELP}"));
    reply.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    reply
}

fn json_reply(code: StatusCode, value: &Value) -> Reply {
    typed(code, "application/json", format!("{value}\n"))
}

fn text(code: StatusCode, text: String) -> Reply {
    typed(code, "text/plain; charset=utf-8", text)
}

fn typed(code: StatusCode, kind: &'static str, body: String) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = code;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    reply
}

fn empty(code: StatusCode) -> Reply {
    let mut reply = Response::new(Full::default());
    *reply.status_mut() = code;
    reply
}
