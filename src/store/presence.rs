//! Presence: how other instances know that this one lives.
//!
//! On PostgreSQL each instance holds an advisory lock in a session of its own. The server frees it with the session: as soon
//! as the process dies, and not before, however long it is stopped or starved. A clock has no part in it. On SQLite the file
//! belongs to one process, which is alone.

use std::sync::{Arc, Mutex, PoisonError};

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::{BigInt, Bool};
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, sql_query};
use sha2::{Digest as _, Sha256};

use super::{Conn, DatabaseUrl, Result, Store, StoreError};
use crate::domain::ids::InstanceId;

/// What came of looking whether this instance still counts as alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// It did all the time.
    Still,
    /// It does since now: its session is new. Others may have taken over from it.
    Anew,
}

/// The session whose lock says that this instance lives.
pub struct Presence {
    session: Arc<Mutex<Option<PgConnection>>>,
    instance: InstanceId,
}

impl Presence {
    /// The presence of an instance that is not held yet.
    pub fn new(instance: InstanceId) -> Self {
        Self { session: Arc::default(), instance }
    }

    /// Sees to it that this instance counts as alive.
    pub async fn hold(&self, store: &Store) -> Result<Held> {
        let DatabaseUrl::Postgres(url) = store.url().clone() else { return Ok(Held::Still) };
        let (session, instance) = (self.session.clone(), self.instance.clone());
        let held = store.runtime().spawn_blocking(move || {
            let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
            if session.as_mut().is_some_and(|session| sql_query("SELECT 1").execute(session).is_ok()) {
                return Ok(Held::Still);
            }
            // The old one goes first: it may still hold the lock.
            *session = None;
            *session = Some(open(&url, &instance)?);
            Ok(Held::Anew)
        });
        held.await.unwrap_or_else(|error| Err(StoreError::Unavailable(error.to_string())))
    }

    /// Ends it: others take over at once.
    pub fn end(&self) {
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn open(url: &str, instance: &InstanceId) -> Result<PgConnection> {
    let mut session = PgConnection::establish(url).map_err(|error| StoreError::Unavailable(error.to_string()))?;
    // A machine that vanishes without a word ends its session within seconds, too.
    session.batch_execute(
        "SET application_name = 'hirewire presence'; SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1;
         SET tcp_keepalives_count = 3; SET idle_session_timeout = 0;",
    )?;
    if try_lock(&mut session, "SELECT pg_try_advisory_lock($1) AS locked", instance)? {
        Ok(session)
    } else {
        Err(StoreError::Unavailable("the lock of this instance is still held by its former session".into()))
    }
}

/// Whether an instance is gone. If so, nobody else will find it gone until this transaction ends.
pub fn is_gone(conn: &mut Conn, instance: &InstanceId) -> Result<bool> {
    match conn {
        // Whoever looks is the only one.
        Conn::Sqlite(_) => Ok(true),
        Conn::Postgres(conn) => try_lock(conn, "SELECT pg_try_advisory_xact_lock($1) AS locked", instance),
    }
}

#[derive(QueryableByName)]
struct Locked {
    #[diesel(sql_type = Bool)]
    locked: bool,
}

fn try_lock(conn: &mut PgConnection, statement: &str, instance: &InstanceId) -> Result<bool> {
    let found: Locked = sql_query(statement).bind::<BigInt, _>(lock_of(instance)).get_result(conn)?;
    Ok(found.locked)
}

/// The number of an instance's lock.
fn lock_of(instance: &InstanceId) -> i64 {
    let hash = Sha256::digest(instance.as_str());
    let mut number = [0; 8];
    number.copy_from_slice(&hash[..8]);
    i64::from_be_bytes(number)
}
