//! Pages of a list, newest first. They go by key (created, id), never by offset.

use chrono::{DateTime, Utc};

use super::Result;

/// A place in a list: pages start after or before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor<Id> {
    /// When what stands at the edge was recorded.
    pub created_at: DateTime<Utc>,
    /// Its id.
    pub id: Id,
}

/// Which page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Slice<Id> {
    /// The newest.
    #[default]
    Newest,
    /// The next older ones.
    OlderThan(Cursor<Id>),
    /// The next newer ones.
    NewerThan(Cursor<Id>),
}

/// A page, newest first.
#[derive(Debug, Clone)]
pub struct Page<Line> {
    /// Its lines.
    pub lines: Vec<Line>,
    /// Whether there are newer ones.
    pub has_newer: bool,
    /// Whether there are older ones.
    pub has_older: bool,
}

impl<Line> Default for Page<Line> {
    fn default() -> Self {
        Self { lines: Vec::new(), has_newer: false, has_older: false }
    }
}

impl<Line> Page<Line> {
    /// Makes a page of at most `size` lines out of the rows of its slice, as [`sliced`] reads them.
    pub(super) fn of<Row, Id>(
        mut rows: Vec<Row>,
        slice: &Slice<Id>,
        size: usize,
        line: impl FnMut(Row) -> Result<Line>,
    ) -> Result<Self> {
        let more = rows.len() > size;
        rows.truncate(size);
        let (has_newer, has_older) = match slice {
            Slice::Newest => (false, more),
            Slice::OlderThan(_) => (true, more),
            Slice::NewerThan(_) => {
                rows.reverse();
                (more, true)
            }
        };
        Ok(Self { lines: rows.into_iter().map(line).collect::<Result<_>>()?, has_newer, has_older })
    }
}

/// Narrows a boxed query of a table to a slice and puts it in order, from the edge on. One row more than the page holds tells
/// whether there is another page.
macro_rules! sliced {
    ($query:expr, $table:ident, $slice:expr, $size:expr) => {{
        let query = $query.limit(i64::try_from($size).unwrap_or(i64::MAX - 1) + 1);
        match $slice {
            $crate::store::page::Slice::Newest => query.order(($table::created_at.desc(), $table::id.desc())),
            $crate::store::page::Slice::OlderThan(at) => {
                let edge = $crate::store::time::micros(at.created_at);
                let same = $table::created_at.eq(edge).and($table::id.lt(at.id.to_string()));
                query.filter($table::created_at.lt(edge).or(same)).order(($table::created_at.desc(), $table::id.desc()))
            }
            $crate::store::page::Slice::NewerThan(at) => {
                let edge = $crate::store::time::micros(at.created_at);
                let same = $table::created_at.eq(edge).and($table::id.gt(at.id.to_string()));
                query.filter($table::created_at.gt(edge).or(same)).order(($table::created_at, $table::id))
            }
        }
    }};
}

pub(super) use sliced;
