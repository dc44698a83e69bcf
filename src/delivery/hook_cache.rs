//! What is kept in memory of what members decide: who may report, which hooks an event reaches, what it takes to send.
//!
//! Everything here is as it was at one *head* of the list of changes ([`crate::store::changes`]). What a later change names is
//! forgotten, and the rest is as it was then, too: a revoked key, a deleted hook or a new secret counts at once, on every
//! instance, and costs nobody else a look-up. Whoever has seen a newer head than this one asks the database itself.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Semaphore;

use super::prepare;
use super::proof::Proofs;
use super::sender::KnownSecrets;
use crate::domain::api_key::ApiKey;
use crate::domain::hook::Hook;
use crate::domain::hook_header::HookHeader;
use crate::domain::ids::{HookId, OrganisationId};
use crate::domain::key_ring::KeyRing;
use crate::domain::mode::Mode;
use crate::domain::routes::Routes;
use crate::store::changes::{self, Change};
use crate::store::{Conn, Result, Store, StoreError};

/// A hook with everything it takes to send to it.
#[derive(Debug)]
pub struct Target {
    /// The hook; paused while its organisation is suspended.
    pub hook: Hook,
    /// Whether that is so: not even a test goes out then.
    pub is_suspended: bool,
    /// Its keys and secrets.
    pub proofs: Proofs,
    /// Its own headers; usually none.
    pub headers: Arc<[HookHeader]>,
    /// What of all that no answer may give away.
    pub known: Arc<KnownSecrets>,
    /// Host and port: what is under way to it is counted.
    pub address: Arc<str>,
}

/// An API key that works, and when its use was last noted.
#[derive(Debug)]
pub struct KnownKey {
    key: ApiKey,
    /// In microseconds.
    noted: AtomicI64,
}

impl KnownKey {
    /// A key that was just looked up.
    pub fn new(key: ApiKey) -> Self {
        let noted = key.last_used_at.map_or(i64::MIN, |at| at.timestamp_micros());
        Self { key, noted: AtomicI64::new(noted) }
    }

    /// The key is used now; whether that has to be noted, because the last note is older than `precision`.
    pub fn is_used(&self, now: DateTime<Utc>, precision: TimeDelta) -> bool {
        let (now, last) = (now.timestamp_micros(), self.noted.load(Ordering::Relaxed));
        let is_old = now.saturating_sub(last) >= precision.num_microseconds().unwrap_or(i64::MAX);
        // Of several at once, one notes it.
        is_old && self.noted.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

impl Deref for KnownKey {
    type Target = ApiKey;

    fn deref(&self) -> &ApiKey {
        &self.key
    }
}

/// An API key that works, and the head of the list of changes at which that was so.
#[derive(Debug, Clone)]
pub struct AuthenticatedKey {
    /// The key.
    pub key: Arc<KnownKey>,
    /// When it was looked up.
    pub head: i64,
}

#[derive(Default)]
struct Entries {
    head: i64,
    keys: HashMap<String, Arc<KnownKey>>,
    routes: HashMap<(OrganisationId, Mode), Arc<Routes>>,
    targets: HashMap<HookId, Arc<Target>>,
}

impl Entries {
    /// Forgets what this change is about.
    fn forget(&mut self, change: &Change) {
        let whose = match change {
            Change::Everything => {
                *self = Self { head: self.head, ..Self::default() };
                return;
            }
            Change::Delivery(..) => return,
            Change::Organisation(organisation) | Change::Hook(organisation, _) => organisation,
        };
        self.routes.retain(|(organisation, _), _| organisation != whose);
        let is_concerned = |target: &Target| match change {
            // An interview's hook may follow the default one's policy and carry its secrets.
            Change::Hook(_, hook) => target.hook.id == *hook || target.hook.interview().is_some(),
            _ => true,
        };
        self.targets.retain(|_, target| target.hook.organisation_id != *whose || !is_concerned(target));
        if matches!(change, Change::Organisation(_)) {
            self.keys.retain(|_, key| key.organisation_id != *whose);
        }
    }
}

/// How many hooks are read at once.
const MAX_READS: usize = 2;

/// What this process knows, all of one head.
pub struct HookCache {
    store: Store,
    sealing: KeyRing,
    entries: RwLock<Entries>,
    reading: Semaphore,
}

impl HookCache {
    /// A cache that knows nothing yet.
    pub fn new(store: Store, sealing: KeyRing) -> Self {
        Self { store, sealing, entries: RwLock::default(), reading: Semaphore::new(MAX_READS) }
    }

    /// The working key with this hash, if it is known at this head.
    pub fn key(&self, head: i64, hash: &str) -> Option<AuthenticatedKey> {
        let key = self.look(head, |entries| entries.keys.get(hash).cloned())?;
        Some(AuthenticatedKey { key, head })
    }

    /// Keeps a key that works.
    pub fn keep_key(&self, head: i64, hash: String, key: Arc<KnownKey>) {
        self.keep(head, |entries| drop(entries.keys.insert(hash, key)));
    }

    /// The routes of an organisation and mode, if they are known at this head.
    pub(super) fn routes(&self, head: i64, organisation: &OrganisationId, mode: Mode) -> Option<Arc<Routes>> {
        self.look(head, |entries| entries.routes.get(&(organisation.clone(), mode)).cloned())
    }

    /// Keeps the routes of an organisation and mode, as they were in a transaction that was committed.
    pub(super) fn keep_routes(&self, head: i64, organisation: OrganisationId, mode: Mode, routes: Arc<Routes>) {
        self.keep(head, |entries| drop(entries.routes.insert((organisation, mode), routes)));
    }

    /// What it takes to send to a hook; `None` when there is no such hook.
    pub(super) async fn target(&self, hook: &HookId) -> Result<Option<Arc<Target>>> {
        if let Some(target) = self.known_target(hook) {
            return Ok(Some(target));
        }
        // Of many that are sent to for the first time at once, a few are read at a time: the others wait here, not on threads
        // that would take the processor from what is being sent. The semaphore is never closed.
        let _reading = self.reading.acquire().await;
        if let Some(target) = self.known_target(hook) {
            return Ok(Some(target));
        }
        let (id, sealing) = (hook.clone(), self.sealing.clone());
        let (target, head) = self.store.read(move |conn| read_target(conn, &id, &sealing)).await?;
        Ok(target.map(|target| self.keep_target(head, target)))
    }

    /// Reads what it takes to send to these hooks, as far as it is not known, so that no attempt has to wait for it. What
    /// cannot be read is left to whoever needs it.
    pub(super) async fn prepare(&self, hooks: impl IntoIterator<Item = &HookId>) {
        let unknown: Vec<HookId> =
            hooks.into_iter().filter(|hook| self.known_target(hook).is_none()).cloned().collect();
        if unknown.is_empty() {
            return;
        }
        let sealing = self.sealing.clone();
        let read = move |conn: &mut Conn| {
            let targets = unknown.iter().filter_map(|hook| match read_target(conn, hook, &sealing) {
                Ok((target, head)) => target.map(|target| (target, head)),
                Err(_) => None,
            });
            Ok::<_, StoreError>(targets.collect::<Vec<_>>())
        };
        for (target, head) in self.store.read(read).await.unwrap_or_default() {
            self.keep_target(head, target);
        }
    }

    /// The address that a hook is known to lead to.
    pub(super) fn address(&self, hook: &HookId) -> Option<Arc<str>> {
        self.known_target(hook).map(|target| target.address.clone())
    }

    fn known_target(&self, hook: &HookId) -> Option<Arc<Target>> {
        self.look(self.store.generation(), |entries| entries.targets.get(hook).cloned())
    }

    fn keep_target(&self, head: i64, target: Target) -> Arc<Target> {
        let target = Arc::new(target);
        self.keep(head, |entries| drop(entries.targets.insert(target.hook.id.clone(), target.clone())));
        target
    }

    /// Which changes it knows of.
    pub fn head(&self) -> i64 {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).head
    }

    /// Forgets what these changes name; `None` when it is not known which there were.
    pub(super) fn advance(&self, head: i64, changes: Option<&[Change]>) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if head <= entries.head {
            return;
        }
        match changes {
            Some(changes) => changes.iter().for_each(|change| entries.forget(change)),
            None => entries.forget(&Change::Everything),
        }
        entries.head = head;
    }

    fn look<T>(&self, head: i64, find: impl FnOnce(&Entries) -> Option<T>) -> Option<T> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        if entries.head == head { find(&entries) } else { None }
    }

    fn keep(&self, head: i64, put: impl FnOnce(&mut Entries)) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if entries.head == head {
            put(&mut entries);
        }
    }
}

/// A hook with its keys, secrets and headers, all of one moment, and at which head: if a member changed something between two
/// look-ups, a request could go to the old address without its signature.
fn read_target(conn: &mut Conn, id: &HookId, sealing: &KeyRing) -> Result<(Option<Target>, i64)> {
    let mut before = changes::head(conn)?;
    loop {
        let target = prepare::target(conn, id, sealing)?;
        let after = changes::head(conn)?;
        if after == before {
            return Ok((target, after));
        }
        before = after;
    }
}
