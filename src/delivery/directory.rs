//! What is kept in memory of what members decide: who may report, which hooks an event reaches, what it takes to send.
//!
//! Everything here was read at one *generation* ([`crate::store::changes`]) and is forgotten as soon as another is seen,
//! so that a revoked key, a deleted hook or a new secret counts at once, on every instance.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, TimeDelta, Utc};

use super::prepare;
use super::proof::Proofs;
use crate::domain::api_key::ApiKey;
use crate::domain::hook::Hook;
use crate::domain::hook_header::HookHeader;
use crate::domain::ids::{HookId, OrganisationId};
use crate::domain::mode::Mode;
use crate::domain::sealing::SealingKey;
use crate::store::{self, Conn, Result, Store};

/// A hook with everything it takes to send to it.
#[derive(Debug)]
pub struct Target {
    /// The hook.
    pub hook: Hook,
    /// Its keys and secrets.
    pub proofs: Proofs,
    /// Its own headers; usually none.
    pub headers: Arc<[HookHeader]>,
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

/// An API key that works, and the generation at which that was so.
#[derive(Debug, Clone)]
pub struct Vetted {
    /// The key.
    pub key: Arc<KnownKey>,
    /// When it was looked up.
    pub generation: i64,
}

#[derive(Default)]
struct Known {
    generation: i64,
    callers: HashMap<String, Arc<KnownKey>>,
    routes: HashMap<(OrganisationId, Mode), Arc<[Hook]>>,
    targets: HashMap<HookId, Arc<Target>>,
}

/// What this process knows, all of one generation.
#[derive(Default)]
pub struct Directory {
    known: RwLock<Known>,
}

impl Directory {
    /// The working key with this hash, if it is known at this generation.
    pub fn caller(&self, generation: i64, hash: &str) -> Option<Vetted> {
        let key = self.look(generation, |known| known.callers.get(hash).cloned())?;
        Some(Vetted { key, generation })
    }

    /// Keeps a key that works.
    pub fn keep_caller(&self, generation: i64, hash: String, key: Arc<KnownKey>) {
        self.keep(generation, |known| drop(known.callers.insert(hash, key)));
    }

    /// The hooks of an organisation and mode, read by this connection if they are not known.
    pub(super) fn hooks(
        &self,
        conn: &mut Conn,
        generation: i64,
        organisation: &OrganisationId,
        mode: Mode,
    ) -> Result<Arc<[Hook]>> {
        let whose = (organisation.clone(), mode);
        if let Some(hooks) = self.look(generation, |known| known.routes.get(&whose).cloned()) {
            return Ok(hooks);
        }
        let hooks: Arc<[Hook]> = store::hook::list(conn, organisation, mode)?.for_routing().into();
        self.keep(generation, |known| drop(known.routes.insert(whose, hooks.clone())));
        Ok(hooks)
    }

    /// What it takes to send to a hook; `None` when there is no such hook.
    pub(super) async fn target(
        &self,
        store: &Store,
        sealing: &SealingKey,
        hook: &HookId,
    ) -> Result<Option<Arc<Target>>> {
        let generation = store.generation();
        if let Some(target) = self.look(generation, |known| known.targets.get(hook).cloned()) {
            return Ok(Some(target));
        }
        let (id, sealing) = (hook.clone(), sealing.clone());
        let target = store.read(move |conn| whole(conn, &id, &sealing)).await?.map(Arc::new);
        if let Some(target) = &target {
            // Read after the generation, so at least as new.
            self.keep(generation, |known| drop(known.targets.insert(hook.clone(), target.clone())));
        }
        Ok(target)
    }

    fn look<T>(&self, generation: i64, find: impl FnOnce(&Known) -> Option<T>) -> Option<T> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if known.generation == generation { find(&known) } else { None }
    }

    fn keep(&self, generation: i64, put: impl FnOnce(&mut Known)) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.generation < generation {
            *known = Known { generation, ..Known::default() };
        }
        if known.generation == generation {
            put(&mut known);
        }
    }
}

/// A hook with its keys, secrets and headers, all of one moment: if a member changed something between two look-ups, a
/// request could go to the old address without its signature. Whoever changes that raises the generation.
fn whole(conn: &mut Conn, id: &HookId, sealing: &SealingKey) -> Result<Option<Target>> {
    let mut before = store::changes::head(conn)?;
    loop {
        let target = prepare::target(conn, id, sealing)?;
        let after = store::changes::head(conn)?;
        if after == before {
            return Ok(target);
        }
        before = after;
    }
}
