//! Who is connected, in which phase, and who has to go when there are too many.
//!
//! Each worker looks after its own connections, without locks. When its room is taken, the connection that has waited
//! longest for its client (between requests, or in the middle of one) makes room, one of the address that holds most of them
//! first: those who hold connections without using them end each other, and a request that arrives whole is served.
//! A connection whose request is being worked on, or whose answer is being taken, is never dropped for another.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::Waker;
use std::time::Duration;

use ipnet::IpNet;
use tokio::time::Instant;

/// A connection between two requests is kept this long: longer than proxies keep theirs, so that it is the proxy that ends it.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long a client may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For the head of a request, and for any body or answer beside what its size takes.
    pub base: Duration,
    /// The pace that a body or an answer must keep, in bytes a second.
    pub pace: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { base: Duration::from_secs(10), pace: 50_000 }
    }
}

impl Patience {
    /// How long so many bytes may take.
    pub fn of(&self, bytes: u64) -> Duration {
        self.base + Duration::from_millis(bytes.saturating_mul(1_000) / u64::from(self.pace.max(1)))
    }
}

/// What all workers count together.
#[derive(Debug)]
pub(super) struct Connections {
    pub(super) allowed: usize,
    pub(super) patience: Patience,
    /// Proxies, behind whose addresses many clients stand.
    pub(super) proxies: Vec<IpNet>,
    open: AtomicUsize,
    dropped: AtomicU64,
}

impl Connections {
    pub(super) fn new(allowed: usize, patience: Patience, proxies: Vec<IpNet>) -> Self {
        Self { allowed, patience, proxies, open: AtomicUsize::new(0), dropped: AtomicU64::new(0) }
    }

    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// How many were dropped because others came or their client took too long.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    pub(super) fn count_dropped(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// A request.
    Idle,
    /// The rest of a request's head.
    Head,
    /// The rest of a request's body.
    Body,
    /// Our answer.
    Work,
    /// That its client takes the answer.
    Answer,
}

/// One connection, as its worker knows it.
#[derive(Debug)]
pub(super) struct Connection {
    /// Whose it is; a proxy's is nobody's.
    client: Option<IpAddr>,
    phase: Cell<Phase>,
    since: Cell<Instant>,
    /// Requests that are being worked on; more than one when they are sent without waiting for answers.
    requests: Cell<usize>,
    /// Whether it ends after this answer.
    last: Cell<bool>,
    must_go: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Connection {
    pub(super) fn enter(&self, phase: Phase) {
        if self.phase.get() != phase {
            self.phase.set(phase);
            self.since.set(Instant::now());
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// A request has arrived; until what is returned is dropped, it is being worked on.
    pub(super) fn request(self: &Rc<Self>) -> Request {
        self.requests.set(self.requests.get() + 1);
        self.enter(Phase::Work);
        Request(self.clone())
    }

    /// An answer was taken whole.
    pub(super) fn answered(&self) {
        self.enter(if self.requests.get() > 0 { Phase::Work } else { Phase::Idle });
    }

    /// No further request is taken on it.
    pub(super) fn end_after_answer(&self) {
        self.last.set(true);
    }

    pub(super) fn must_go(&self) -> bool {
        self.must_go.get()
    }

    /// Whom to wake when it must go.
    pub(super) fn wakes(&self, waker: &Waker) {
        let mut known = self.waker.borrow_mut();
        if !known.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *known = Some(waker.clone());
        }
    }

    /// Until when its client must have done what is waited for, having taken so many bytes of an answer.
    pub(super) fn due(&self, patience: &Patience, taken: u64) -> Option<Instant> {
        let allowed = match self.phase.get() {
            Phase::Idle if self.last.get() => patience.base,
            Phase::Idle => KEEP_ALIVE + patience.base,
            Phase::Head => patience.base,
            Phase::Answer => patience.of(taken),
            // A body's deadline is its stream's.
            Phase::Body | Phase::Work => return None,
        };
        Some(self.since.get() + allowed)
    }

    fn may_go(&self) -> bool {
        !self.must_go.get() && matches!(self.phase.get(), Phase::Idle | Phase::Head | Phase::Body)
    }

    fn go(&self) {
        self.must_go.set(true);
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }
}

/// A request that is being worked on.
pub(super) struct Request(Rc<Connection>);

impl Drop for Request {
    fn drop(&mut self) {
        self.0.requests.set(self.0.requests.get().saturating_sub(1));
    }
}

/// The connections of one worker.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) all: Arc<Connections>,
    room: usize,
    open: RefCell<HashMap<u64, Rc<Connection>>>,
    next: Cell<u64>,
}

impl Worker {
    /// A worker with room for so many.
    pub(super) fn new(all: Arc<Connections>, room: usize) -> Rc<Self> {
        Rc::new(Self { all, room: room.max(1), open: RefCell::default(), next: Cell::new(0) })
    }

    /// Takes a connection up, which another may have to make room for.
    pub(super) fn take(&self, address: Option<IpAddr>) -> (u64, Rc<Connection>) {
        let address = address.map(|address| address.to_canonical());
        self.make_room();
        let id = self.next.get();
        self.next.set(id + 1);
        let connection = Rc::new(Connection {
            client: address.filter(|address| !self.is_proxy(*address)).map(network),
            phase: Cell::new(Phase::Idle),
            since: Cell::new(Instant::now()),
            requests: Cell::new(0),
            last: Cell::new(false),
            must_go: Cell::new(false),
            waker: RefCell::default(),
        });
        self.open.borrow_mut().insert(id, connection.clone());
        self.all.open.fetch_add(1, Ordering::Relaxed);
        (id, connection)
    }

    /// A connection has ended.
    pub(super) fn ended(&self, id: u64) {
        if self.open.borrow_mut().remove(&id).is_some() {
            self.all.open.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn make_room(&self) {
        let open = self.open.borrow();
        if open.len() < self.room || open.values().filter(|one| !one.must_go()).count() < self.room {
            return;
        }
        let mut held: HashMap<IpAddr, usize> = HashMap::new();
        for client in open.values().filter_map(|one| one.client) {
            *held.entry(client).or_default() += 1;
        }
        let share = |one: &Connection| one.client.and_then(|client| held.get(&client).copied()).unwrap_or_default();
        let candidates = open.values().filter(|one| one.may_go());
        let last = candidates.max_by_key(|one| (share(one), std::cmp::Reverse(one.since.get())));
        if let Some(one) = last {
            one.go();
            self.all.count_dropped();
        }
    }

    fn is_proxy(&self, address: IpAddr) -> bool {
        self.all.proxies.iter().any(|proxies| proxies.contains(&address))
    }
}

/// Whose address it is: of IPv6, one client has a whole network.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker(room: usize) -> Rc<Worker> {
        let proxies = vec!["10.0.0.9/32".parse().expect("a network")];
        Worker::new(Arc::new(Connections::new(room, Patience::default(), proxies)), room)
    }

    fn at(text: &str) -> Option<IpAddr> {
        Some(text.parse().expect("an address"))
    }

    #[test]
    fn of_the_address_that_holds_most_the_one_that_waits_longest_makes_room() {
        let worker = worker(4);
        let (_, alone) = worker.take(at("10.0.0.1"));
        let held: Vec<_> = (0..3).map(|_| worker.take(at("10.0.0.2")).1).collect();
        held[0].enter(Phase::Work);
        worker.take(at("10.0.0.3"));
        let gone = [&alone, &held[0], &held[1], &held[2]].map(|one| one.must_go());
        assert_eq!(gone, [false, false, true, false]);
        assert_eq!(worker.all.dropped(), 1);
    }

    #[test]
    fn a_proxy_is_not_counted_and_nobody_who_is_served_makes_room() {
        let worker = worker(3);
        let proxied: Vec<_> = (0..2).map(|_| worker.take(at("10.0.0.9")).1).collect();
        let (id, other) = worker.take(at("10.0.0.2"));
        worker.take(at("10.0.0.3"));
        assert!(other.must_go() && !proxied.iter().any(|one| one.must_go()));
        worker.ended(id);
        proxied.iter().for_each(|one| one.enter(Phase::Answer));
        let (_, newest) = worker.take(at("10.0.0.4"));
        newest.enter(Phase::Work);
        worker.take(at("10.0.0.5"));
        assert!(!newest.must_go() && !proxied.iter().any(|one| one.must_go()));
    }
}
