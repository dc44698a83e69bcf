//! What goes wrong between the program and its database, told apart by what the driver knows: a server may speak any
//! language, so its sentences are read only where nothing else tells.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::result::{DatabaseErrorKind, Error};

use super::StoreError;
use super::traffic::Traffic;

/// The shortest limit that the server stops a statement at, less what two clocks may differ by: a wait for a lock, or a
/// statement of a page. An error without a name of its own that comes so late is such a stop.
const STOPPED_AFTER: Duration = Duration::from_millis(2_950);

/// A fault that is no answer to what was asked. The later ones say more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// The statement took too long and was stopped.
    TimedOut = 1,
    /// There is no room, or the disk cannot be read or written.
    NoRoom,
    /// The server takes no writes here: it is a standby, or has become one.
    ReadOnly,
    /// The connection is gone.
    Gone,
}

impl Fault {
    /// What an error says, when it is the database's and not an answer; `took` is how long the statement ran.
    pub fn of(error: &Error, took: Duration) -> Option<Self> {
        use DatabaseErrorKind as Kind;
        match error {
            Error::DatabaseError(Kind::ClosedConnection | Kind::UnableToSendCommand, _)
            | Error::BrokenTransactionManager => Some(Fault::Gone),
            Error::DatabaseError(Kind::ReadOnlyTransaction, _) => Some(Fault::ReadOnly),
            Error::DatabaseError(Kind::Unknown, told) if says_no_room(told.message()) => Some(Fault::NoRoom),
            Error::DatabaseError(Kind::Unknown, _) if took >= STOPPED_AFTER => Some(Fault::TimedOut),
            _ => None,
        }
    }

    /// What is told of it.
    pub fn into_error(self) -> StoreError {
        match self {
            Fault::TimedOut => StoreError::TimedOut,
            Fault::NoRoom => StoreError::Unavailable("it has no room, or its disk fails".into()),
            Fault::ReadOnly => StoreError::Unavailable("the server takes no writes: it is a standby".into()),
            Fault::Gone => StoreError::Unavailable("the connection was lost".into()),
        }
    }
}

/// SQLite speaks English alone, and diesel passes its codes on as text. PostgreSQL says these by an SQLSTATE that diesel keeps
/// for itself: in another language a full disk is an error like any other.
fn says_no_room(message: &str) -> bool {
    const SAID: [&str; 6] = [
        "database or disk is full",
        "disk I/O error",
        "unable to open database file",
        "database is locked",
        "terminating connection",
        "No space left on device",
    ];
    SAID.iter().any(|text| message.contains(text))
}

/// The worst fault that a connection has met since it was last asked.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults(Arc<AtomicU8>);

impl Faults {
    fn note(&self, fault: Fault) {
        self.0.fetch_max(fault as u8, Ordering::AcqRel);
    }

    /// What it has met so far.
    pub fn peek(&self) -> Option<Fault> {
        Self::read(self.0.load(Ordering::Acquire))
    }

    /// The same; asking again finds nothing.
    pub fn take(&self) -> Option<Fault> {
        Self::read(self.0.swap(0, Ordering::AcqRel))
    }

    fn read(met: u8) -> Option<Fault> {
        let all = [Fault::TimedOut, Fault::NoRoom, Fault::ReadOnly, Fault::Gone];
        all.into_iter().find(|fault| *fault as u8 == met)
    }
}

/// Watches a connection: counts what goes to a server and back, and notes faults.
pub(super) struct Watch {
    /// Only for a server: a statement goes there and back once, and once more when it is prepared.
    pub traffic: Option<Arc<Traffic>>,
    pub faults: Faults,
    pub began: Option<Instant>,
}

impl Instrumentation for Watch {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { .. } => {
                self.began = Some(Instant::now());
                self.count();
            }
            InstrumentationEvent::CacheQuery { .. } => self.count(),
            InstrumentationEvent::FinishQuery { error: Some(error), .. } => {
                let took = self.began.map_or(Duration::ZERO, |began| began.elapsed());
                if let Some(fault) = Fault::of(error, took) {
                    self.faults.note(fault);
                }
            }
            _ => {}
        }
    }
}

impl Watch {
    fn count(&self) {
        if let Some(traffic) = &self.traffic {
            traffic.round_trip();
        }
    }
}
