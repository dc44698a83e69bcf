//! Presence: how other instances know that this one lives.
//!
//! On PostgreSQL each instance holds an advisory lock in a session of its own. The server frees it with the session: as soon
//! as the process dies, and not before, however long it is stopped or starved. A clock has no part in it. On SQLite the file
//! belongs to one process, which is alone.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use diesel::sql_types::{BigInt, Bool};
use diesel::{PgConnection, QueryableByName, RunQueryDsl as _, sql_query};
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

use super::connection::open_postgres;
use super::{Conn, DatabaseUrl, Result, Store, StoreError};
use crate::domain::ids::InstanceId;

/// How long a look may take: a server that stands still, or a network that swallows what is sent, ends none by itself.
const LOOK_TIMEOUT: Duration = Duration::from_secs(5);

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
    session: Mutex<Session>,
    instance: InstanceId,
}

enum Session {
    /// There is none, or it is being looked at.
    None,
    Open(PgConnection),
    /// There will be none any more.
    Ended,
}

impl Presence {
    /// The presence of an instance that is not held yet.
    pub fn new(instance: InstanceId) -> Self {
        Self { session: Mutex::new(Session::None), instance }
    }

    /// Sees to it that this instance counts as alive; an error within seconds when the database does not answer.
    pub async fn hold(&self, store: &Store) -> Result<Held> {
        let DatabaseUrl::Postgres(url) = store.url().clone() else { return Ok(Held::Still) };
        let former = match std::mem::replace(&mut *self.session(), Session::None) {
            Session::Open(session) => Some(session),
            Session::None => None,
            Session::Ended => {
                self.end();
                return Err(StoreError::Unavailable("this instance has ended".into()));
            }
        };
        let instance = self.instance.clone();
        let looking = store.runtime().spawn_blocking(move || look(former, &url, &instance));
        // The session of a look that hangs goes with it: whether the lock is still held cannot be told.
        let looked = timeout(LOOK_TIMEOUT, looking).await;
        let looked =
            looked.map_err(|_| StoreError::Unavailable("the session of this instance does not answer".into()))?;
        let (session, held) = looked.unwrap_or_else(|error| Err(StoreError::Unavailable(error.to_string())))?;
        let mut kept = self.session();
        if !matches!(*kept, Session::Ended) {
            *kept = Session::Open(session);
        }
        Ok(held)
    }

    /// Ends it: others take over at once.
    pub fn end(&self) {
        *self.session() = Session::Ended;
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn look(former: Option<PgConnection>, url: &str, instance: &InstanceId) -> Result<(PgConnection, Held)> {
    if let Some(mut session) = former
        && sql_query("SELECT 1").execute(&mut session).is_ok()
    {
        return Ok((session, Held::Still));
    }
    // The old one is gone here: it may still have held the lock.
    Ok((open(url, instance)?, Held::Anew))
}

fn open(url: &str, instance: &InstanceId) -> Result<PgConnection> {
    // A machine that vanishes without a word ends its session within seconds, too.
    let mut session = open_postgres(
        url,
        "SET application_name = 'hirewire presence'; SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1;
         SET tcp_keepalives_count = 3; SET idle_session_timeout = 0; SET statement_timeout = '3s';",
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

/// The instances that live, on a server.
pub fn living(conn: &mut Conn) -> Result<Vec<InstanceId>> {
    let mut living = Vec::new();
    for instance in super::instance::all(conn)? {
        if !is_gone(conn, &instance)? {
            living.push(instance);
        }
    }
    Ok(living)
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
