//! The sealing key changed, or given up as lost: what that means for everything that is sealed, as the operator does it while
//! nobody serves the database.

use super::Result;
use crate::clock::Clock;
use crate::delivery::prepare::place;
use crate::domain::act::Act;
use crate::domain::hook::{Hook, HookState};
use crate::domain::key_ring::KeyRing;
use crate::domain::secret::Plain;
use crate::store::audit::Entry;
use crate::store::sealed::{self, SealedValue, Shelf};
use crate::store::{self, Conn, Store, StoreError};

/// Under which setting the database keeps a text that only its own key opens.
pub const KEY_CHECK: &str = "sealing key check";

/// How many values share a transaction.
const CHUNK: i64 = 500;

/// The text that says whose key it is.
pub fn key_check(ring: &KeyRing) -> Vec<u8> {
    ring.seal(&Plain::new("it fits".into()), KEY_CHECK)
}

/// Whether a database was sealed with this key, by what it keeps under [`KEY_CHECK`].
pub fn is_key_of(ring: &KeyRing, sealed: &[u8]) -> bool {
    ring.open(sealed, KEY_CHECK).is_ok()
}

/// What came of sealing everything anew.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Resealed {
    /// How many values are sealed with the new key since now.
    pub values: usize,
    /// Those that none of the keys opens: they were damaged before.
    pub damaged: Vec<String>,
}

/// Seals everything with the newest key of a ring. Interrupted, it goes on where it was: what is sealed anew already stays.
pub async fn seal_anew(store: &Store, ring: &KeyRing) -> Result<Resealed> {
    let mut done = Resealed::default();
    for shelf in Shelf::ALL {
        let mut last = String::new();
        loop {
            let (from, ring) = (last.clone(), ring.clone());
            let chunk = store.write(move |conn| chunk_anew(conn, shelf, &from, &ring)).await?;
            done.values += chunk.values;
            done.damaged.extend(chunk.damaged);
            match chunk.last {
                Some(id) => last = id,
                None => break,
            }
        }
    }
    let check = key_check(ring);
    let last = store.write(move |conn| {
        sealed::forget_reveals(conn)?;
        store::setting::put(conn, KEY_CHECK, &check)
    });
    last.await?;
    Ok(done)
}

struct Chunk {
    values: usize,
    damaged: Vec<String>,
    /// The last one there was; `None` when that was all.
    last: Option<String>,
}

fn chunk_anew(conn: &mut Conn, shelf: Shelf, from: &str, ring: &KeyRing) -> Result<Chunk, StoreError> {
    let all = sealed::after(conn, shelf, from, CHUNK)?;
    let mut chunk = Chunk { values: 0, damaged: Vec::new(), last: all.last().map(|value| value.id.clone()) };
    for SealedValue { id, hook, sealed } in all.into_iter().filter(|value| !value.sealed.is_empty()) {
        match ring.sealed_anew(&sealed, &place(&hook, &id)) {
            Ok(Some(anew)) => {
                sealed::put(conn, shelf, &id, &anew)?;
                chunk.values += 1;
            }
            Ok(None) => {}
            Err(_) => chunk.damaged.push(id),
        }
    }
    Ok(chunk)
}

/// What giving up the old key cost.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Forgotten {
    /// Keys and secrets of webhooks.
    pub credentials: usize,
    /// Values of headers of their own.
    pub headers: usize,
    /// Webhooks that were paused for it.
    pub paused: usize,
}

/// Gives up what nobody can read any more and begins anew with this key: every sealed value is lost, and webhooks that lack one
/// are paused, so that what is owed to them waits until somebody has made a new one.
pub async fn forget(store: &Store, clock: &dyn Clock, ring: &KeyRing) -> Result<Forgotten> {
    let (now, check) = (clock.now(), key_check(ring));
    let forgotten = store.write(move |conn| {
        let (credentials, headers) = sealed::lose_all(conn)?;
        store::setting::put(conn, KEY_CHECK, &check)?;
        let mut paused = 0;
        for organisation in store::organisation::all(conn)? {
            let audit = |conn: &mut Conn, act: Act<'_>, object: &str| {
                let organisation = Some(&organisation.id);
                store::audit::record(conn, &Entry { organisation, member: None, act, object: Some(object) }, now)
            };
            audit(conn, Act::SecretsForgotten, organisation.id.as_str())?;
            for hook in lacking(conn, &organisation.id)? {
                if hook.state == HookState::Active && store::hook::set_state(conn, &hook.id, HookState::Paused, now)? {
                    paused += 1;
                    audit(conn, Act::HookPausedWithoutProof { webhook: &hook.name }, hook.id.as_str())?;
                }
            }
        }
        Ok::<_, StoreError>(Forgotten { credentials, headers, paused })
    });
    Ok(forgotten.await?)
}

/// The webhooks of an organisation that lack something, but those that this version cannot read.
fn lacking(conn: &mut Conn, organisation: &crate::domain::ids::OrganisationId) -> Result<Vec<Hook>, StoreError> {
    let mut found = Vec::new();
    for id in store::hook::all_of(conn, organisation)? {
        let hooks = match store::hook::by_ids(conn, &[id]) {
            Err(StoreError::Corrupt { .. }) => continue,
            hooks => hooks?,
        };
        for hook in hooks {
            if sealed::lacks_something(conn, &hook)? {
                found.push(hook);
            }
        }
    }
    Ok(found)
}
