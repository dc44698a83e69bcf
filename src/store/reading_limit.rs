//! How long a read of a SQLite file may take: SQLite has no such limit of its own, but asks every so often whether to go on.
//!
//! The limit belongs to a thread, for as long as a [`ReadingLimit`] lives on it: a read runs on one thread from its begin to
//! its end. Whatever has no limit is never stopped.

use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};
use std::marker::PhantomData;
use std::sync::Once;
use std::time::{Duration, Instant};

use libsqlite3_sys as ffi;

/// After so many steps of a statement SQLite asks: some hundred times a second, which costs nothing that can be measured.
const STEPS: c_int = 50_000;

thread_local! {
    static ENDS: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// While this lives, reads on this thread are stopped at its end.
pub(super) struct ReadingLimit {
    ends: Instant,
    /// It stays on its thread.
    here: PhantomData<*const ()>,
}

impl ReadingLimit {
    pub fn of(limit: Duration) -> Self {
        let ends = Instant::now() + limit;
        ENDS.set(Some(ends));
        Self { ends, here: PhantomData }
    }

    /// Whether the time is over.
    pub fn is_over(&self) -> bool {
        Instant::now() >= self.ends
    }
}

impl Drop for ReadingLimit {
    fn drop(&mut self) {
        ENDS.set(None);
    }
}

/// Has every SQLite connection that is opened from now on ask whether to go on.
#[expect(unsafe_code, reason = "diesel has no door to SQLite's progress handler")]
pub(super) fn watch_new_connections() {
    static ONCE: Once = Once::new();
    // SAFETY: `watch` is a function of the required type that lives as long as the program; SQLite calls it with a connection
    // that is being opened, on the thread that opens it.
    ONCE.call_once(|| unsafe {
        ffi::sqlite3_auto_extension(Some(watch));
    });
}

#[expect(unsafe_code, reason = "SQLite calls it")]
unsafe extern "C" fn watch(
    connection: *mut ffi::sqlite3,
    _: *mut *mut c_char,
    _: *const ffi::sqlite3_api_routines,
) -> c_int {
    // SAFETY: SQLite has just made this connection; the handler needs nothing of ours to stay alive.
    unsafe { ffi::sqlite3_progress_handler(connection, STEPS, Some(is_enough), std::ptr::null_mut()) };
    ffi::SQLITE_OK
}

/// Called by SQLite on the thread that runs a statement; anything but 0 stops it.
extern "C" fn is_enough(_: *mut c_void) -> c_int {
    // A thread that is ending has no limit any more.
    let ends = ENDS.try_with(Cell::get).unwrap_or_default();
    c_int::from(ends.is_some_and(|ends| Instant::now() >= ends))
}
