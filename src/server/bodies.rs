//! Every request's body, held to its bounds before anybody asks for it.
//!
//! The body's stream is replaced by one that ends with an error when more comes than the route takes (none of it is read when
//! the request says so itself), when it is not complete by its deadline, or when there is no room for another large one.
//! Nothing is read until a handler asks, so whoever may not come is refused first.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::{ConnectionType, header};
use actix_web::middleware::Next;
use actix_web::web::{self, Bytes};
use actix_web::{Error, HttpMessage as _};
use futures_util::{StreamExt as _, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

use super::connections::{Connection, Patience, Phase};
use super::stopping::Stopping;
use crate::api;
use crate::body::{self, NotRead, SMALL_BODY};
use crate::web::routes;

/// What the large bodies that are being read take together, in KiB.
const MAX_LARGE_BODIES: usize = 16 * 1024;

/// So many more may wait for room: the beginning of each is in memory already.
const MAX_WAITING: usize = 64;

/// More than this of one body is never kept, in bytes: an upload's file and a little.
const MAX_KEPT: usize = 11 * 1024 * 1024;

/// What bodies are held to.
pub(super) struct Bodies {
    patience: Patience,
    room: Arc<Semaphore>,
    waiting: Semaphore,
    stopping: Stopping,
}

impl Bodies {
    pub(super) fn new(patience: Patience, stopping: Stopping) -> Self {
        Self {
            patience,
            room: Arc::new(Semaphore::new(MAX_LARGE_BODIES)),
            waiting: Semaphore::new(MAX_WAITING),
            stopping,
        }
    }
}

/// How a request's body fared, for the answer to it.
#[derive(Default)]
struct Fate {
    complete: Cell<bool>,
    /// Kept until the answer, since what was read is kept until then.
    room: RefCell<Option<OwnedSemaphorePermit>>,
}

/// Puts the bounded stream in the place of a request's body.
pub(super) async fn bounded<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let Some(bodies) = request.app_data::<web::Data<Bodies>>().cloned() else { return next.call(request).await };
    let connection = request.conn_data::<Rc<Connection>>().cloned();
    let working = connection.as_ref().map(Connection::request);
    let fate = Rc::new(Fate::default());
    let declared = declared(&request);
    match declared {
        Some(0) => fate.complete.set(true),
        _ => {
            let source = Source {
                inner: request.take_payload(),
                limit: limit(&request),
                declared,
                came: 0,
                begun: Instant::now(),
                bodies: bodies.clone().into_inner(),
                connection: connection.clone(),
                fate: fate.clone(),
            };
            let read = stream::try_unfold(source, |mut source| async move {
                Ok::<_, PayloadError>(source.next().await?.map(|chunk| (chunk, source)))
            });
            request.set_payload(Payload::Stream { payload: Box::pin(read) });
        }
    }
    let answered = next.call(request).await;
    drop(working);
    let mut response = answered?;
    if !fate.complete.get() || bodies.stopping.is_told() {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
        if let Some(connection) = connection {
            connection.end_after_answer();
        }
    }
    Ok(response)
}

/// How long the body says it is; `None` when it is sent in chunks.
fn declared(request: &ServiceRequest) -> Option<usize> {
    if request.headers().contains_key(header::TRANSFER_ENCODING) {
        return None;
    }
    // A length that cannot be read was refused before.
    Some(body::declared(request.headers()).unwrap_or(0))
}

/// How large a body the request's route takes.
fn limit(request: &ServiceRequest) -> usize {
    if request.path().starts_with("/v1/") {
        return api::events::MAX_BODY_BYTES;
    }
    let pattern = request.resource_map().match_pattern(request.match_info().as_str());
    let route = pattern.and_then(|pattern| routes::route_of(request.method(), &pattern));
    route.map_or(0, |route| route.body.largest())
}

/// A body as it comes.
struct Source {
    inner: Payload,
    limit: usize,
    declared: Option<usize>,
    came: usize,
    begun: Instant,
    bodies: Arc<Bodies>,
    connection: Option<Rc<Connection>>,
    fate: Rc<Fate>,
}

impl Source {
    async fn next(&mut self) -> Result<Option<Bytes>, NotRead> {
        if self.declared.is_some_and(|declared| declared > self.limit) {
            return Err(NotRead::TooLarge);
        }
        self.enter(Phase::Body);
        self.make_room().await?;
        let bytes = self.declared.unwrap_or(self.came);
        let deadline = self.begun + self.bodies.patience.of(bytes as u64);
        let chunk = timeout_at(deadline, self.inner.next()).await.map_err(|_| NotRead::TooSlow)?;
        let Some(chunk) = chunk else {
            self.fate.complete.set(true);
            self.enter(Phase::Work);
            return Ok(None);
        };
        let chunk = chunk.map_err(|error| NotRead::from(&error))?;
        self.came += chunk.len();
        if self.came > self.limit { Err(NotRead::TooLarge) } else { Ok(Some(chunk)) }
    }

    fn enter(&self, phase: Phase) {
        if let Some(connection) = &self.connection {
            connection.enter(phase);
        }
    }

    /// Large bodies wait for room; their time counts from then on.
    async fn make_room(&mut self) -> Result<(), NotRead> {
        if self.declared.unwrap_or(self.came) <= SMALL_BODY || self.fate.room.borrow().is_some() {
            return Ok(());
        }
        let kib = self.declared.unwrap_or(self.limit).min(MAX_KEPT).div_ceil(1024);
        let _waiting = self.bodies.waiting.try_acquire().map_err(|_| NotRead::NoRoom)?;
        let asked = self.bodies.room.clone().acquire_many_owned(u32::try_from(kib).unwrap_or(u32::MAX));
        match timeout(self.bodies.patience.base, asked).await {
            Ok(Ok(room)) => *self.fate.room.borrow_mut() = Some(room),
            _ => return Err(NotRead::NoRoom),
        }
        self.begun = Instant::now();
        Ok(())
    }
}
