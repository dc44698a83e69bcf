//! Everything that is sealed at rest, whatever it belongs to: for whoever changes the sealing key, or has lost it.
//!
//! A lost value is an empty one: what it was belongs to nobody any more, and where it stood somebody makes a new one.

use diesel::prelude::*;

use super::credential::Sealed;
use super::row::Reader;
use super::schema::{credentials, hook_headers, reveals};
use super::{Conn, Result};
use crate::domain::hook::Hook;
use crate::domain::hook_header::HeaderName;
use crate::domain::ids::HookId;
use crate::domain::secret::CredentialKind;

/// Where sealed values of webhooks stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shelf {
    /// Keys and secrets.
    Credentials,
    /// Values of headers of webhooks' own.
    Headers,
}

impl Shelf {
    /// All of them.
    pub const ALL: [Shelf; 2] = [Shelf::Credentials, Shelf::Headers];
}

/// A sealed value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedValue {
    /// Its id, with its webhook the place that it is bound to.
    pub id: String,
    /// Whose.
    pub hook: HookId,
    /// The value; empty when it was lost.
    pub sealed: Vec<u8>,
}

/// The values of a shelf whose ids come after this one, in their order, so many at most.
pub fn after(conn: &mut Conn, shelf: Shelf, id: &str, limit: i64) -> Result<Vec<SealedValue>> {
    let (table, rows): (_, Vec<(String, String, Vec<u8>)>) = match shelf {
        Shelf::Credentials => (
            "credentials",
            credentials::table
                .filter(credentials::id.gt(id))
                .order(credentials::id)
                .limit(limit)
                .select((credentials::id, credentials::hook_id, credentials::sealed))
                .load(conn)?,
        ),
        Shelf::Headers => (
            "hook_headers",
            hook_headers::table
                .filter(hook_headers::id.gt(id))
                .order(hook_headers::id)
                .limit(limit)
                .select((hook_headers::id, hook_headers::hook_id, hook_headers::sealed))
                .load(conn)?,
        ),
    };
    let read = |(id, hook, sealed): (String, String, Vec<u8>)| {
        let hook = Reader { table, id: &id }.parse(&hook)?;
        Ok(SealedValue { id, hook, sealed })
    };
    rows.into_iter().map(read).collect()
}

/// Puts a value in the place of another.
pub fn put(conn: &mut Conn, shelf: Shelf, id: &str, sealed: &[u8]) -> Result<()> {
    match shelf {
        Shelf::Credentials => {
            diesel::update(credentials::table.find(id)).set(credentials::sealed.eq(sealed)).execute(conn)?
        }
        Shelf::Headers => {
            diesel::update(hook_headers::table.find(id)).set(hook_headers::sealed.eq(sealed)).execute(conn)?
        }
    };
    Ok(())
}

/// Forgets what was waiting to be shown once: it opens no more.
pub fn forget_reveals(conn: &mut Conn) -> Result<()> {
    diesel::delete(reveals::table).execute(conn)?;
    Ok(())
}

/// Under which setting the database remembers that values were lost, so that pages need not look for them otherwise.
const WERE_LOST: &str = "secrets were forgotten";

/// Whether values were ever lost here; some may still have to be made anew.
pub fn were_lost(conn: &mut Conn) -> Result<bool> {
    Ok(super::setting::get(conn, WERE_LOST)?.is_some())
}

/// Every value is lost; how many keys and secrets, and how many headers, there were.
pub fn lose_all(conn: &mut Conn) -> Result<(usize, usize)> {
    let nothing: &[u8] = &[];
    let credentials = diesel::update(credentials::table).set(credentials::sealed.eq(nothing)).execute(conn)?;
    let headers = diesel::update(hook_headers::table).set(hook_headers::sealed.eq(nothing)).execute(conn)?;
    forget_reveals(conn)?;
    super::setting::put(conn, WERE_LOST, &[1])?;
    Ok((credentials, headers))
}

/// What a webhook has lost.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lost {
    /// Of which kinds its own keys and secrets were.
    pub kinds: Vec<CredentialKind>,
    /// The headers whose values were.
    pub headers: Vec<HeaderName>,
}

impl Lost {
    /// Whether it has lost nothing.
    pub fn is_nothing(&self) -> bool {
        self.kinds.is_empty() && self.headers.is_empty()
    }
}

/// What a webhook has lost and nobody has made anew.
pub fn lost_by(conn: &mut Conn, hook: &HookId) -> Result<Lost> {
    if !were_lost(conn)? {
        return Ok(Lost::default());
    }
    let own = super::credential::of_hooks(conn, std::slice::from_ref(hook))?;
    let mut kinds: Vec<CredentialKind> =
        own.iter().filter(|sealed| sealed.is_lost()).map(|sealed| sealed.credential.kind).collect();
    kinds.sort_by_key(|kind| kind.as_str());
    kinds.dedup();
    let headers = super::hook_header::of_hook(conn, hook)?;
    let headers = headers.into_iter().filter(|header| header.is_lost()).map(|header| header.name).collect();
    Ok(Lost { kinds, headers })
}

/// Whether deliveries to a webhook lack something that was lost: of its own, or of the default webhook's that it follows.
pub fn lacks_something(conn: &mut Conn, hook: &Hook) -> Result<bool> {
    if !were_lost(conn)? {
        return Ok(false);
    }
    let is_lost = super::credential::in_use_by(conn, hook)?.iter().any(Sealed::is_lost);
    Ok(is_lost || !lost_by(conn, &hook.id)?.is_nothing())
}
