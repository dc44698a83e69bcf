//! The delivery log: filters, pages and counts (T7, T8).
//!
//! Pages go by key (created, id), never by offset, and nothing counts millions of rows to draw one.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::delivery::rows::{DeliveryRow, OpenRow, both_rows, read};
use super::page::{Cursor, Page, Slice, sliced};
use super::schema::{deliveries, exports, hooks, open_deliveries};
use super::time::micros;
use super::{Conn, Result};
use crate::domain::catalogue;
use crate::domain::delivery::{Delivery, Status};
use crate::domain::event::EventType;
use crate::domain::ids::{DeliveryId, HookId, MemberId, OrganisationId};
use crate::domain::mode::Mode;

/// How many deliveries are counted at the most; above it pages say "10,000+".
pub const MAX_COUNTED: i64 = 10_000;

/// The class of an answer, as the filter *Response* offers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseClass {
    /// 2xx, 3xx, 4xx or 5xx: the first digit.
    Status(u8),
    /// Tried, but no answer arrived.
    None,
}

impl ResponseClass {
    /// Every class, in the order of the form.
    pub const ALL: [ResponseClass; 5] = [
        ResponseClass::Status(2),
        ResponseClass::Status(3),
        ResponseClass::Status(4),
        ResponseClass::Status(5),
        ResponseClass::None,
    ];

    /// `2xx` … `none`: in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            ResponseClass::Status(2) => "2xx",
            ResponseClass::Status(3) => "3xx",
            ResponseClass::Status(4) => "4xx",
            ResponseClass::Status(_) => "5xx",
            ResponseClass::None => "none",
        }
    }

    /// As it stands in the form.
    pub fn label(self) -> &'static str {
        match self {
            ResponseClass::None => "No response",
            status @ ResponseClass::Status(_) => status.as_str(),
        }
    }

    /// Reads what [`ResponseClass::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == text)
    }
}

/// Which deliveries; everything combines.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogFilter {
    /// In this status.
    pub status: Option<Status>,
    /// With an answer of this class.
    pub response: Option<ResponseClass>,
    /// Of this event type; a name that ends in `.*` is a whole family.
    pub event: Option<String>,
    /// To this hook.
    pub hook: Option<HookId>,
    /// Recorded at or after.
    pub from: Option<DateTime<Utc>>,
    /// Recorded before.
    pub until: Option<DateTime<Utc>>,
    /// Tests and samples too.
    pub tests: bool,
    /// Nothing but tests and samples.
    pub only_tests: bool,
    /// Only exports confirmed by this member: what a recruiter may see.
    pub exported_by: Option<MemberId>,
}

/// A line of the log.
#[derive(Debug, Clone)]
pub struct LogLine {
    /// The delivery.
    pub delivery: Delivery,
    /// Its hook's name.
    pub hook_name: String,
}

macro_rules! filtered {
    ($query:expr, $organisation:expr, $mode:expr, $filter:expr, $with_status:expr) => {{
        let filter: &LogFilter = $filter;
        let mut query = $query
            .filter(deliveries::organisation_id.eq($organisation.to_string()))
            .filter(deliveries::mode.eq($mode.as_str()))
            .into_boxed();
        match filter.status.filter(|_| $with_status) {
            Some(status @ (Status::Pending | Status::Retrying)) => {
                query = query.filter(open_deliveries::status.nullable().eq(status.as_str()));
            }
            Some(status @ (Status::Success | Status::Failed)) => {
                query = query.filter(deliveries::status.eq(status.as_str()));
            }
            None => {}
        }
        let (open, has_ended) =
            (open_deliveries::delivery_id.nullable(), open_deliveries::delivery_id.nullable().is_null());
        match filter.response {
            Some(ResponseClass::Status(digit)) => {
                let low = i32::from(digit) * 100;
                let of_ended = has_ended.and(deliveries::response_status.between(low, low + 99));
                query = query.filter(of_ended.or(open_deliveries::response_status.nullable().between(low, low + 99)));
            }
            Some(ResponseClass::None) => {
                let of_ended = deliveries::response_status.is_null().and(deliveries::sent_at.is_not_null());
                let of_open = open_deliveries::response_status.nullable().is_null();
                let of_open = of_open.and(open_deliveries::sent_at.nullable().is_not_null());
                query = query.filter(has_ended.and(of_ended).or(open.is_not_null().and(of_open)));
            }
            None => {}
        }
        if let Some(event) = &filter.event {
            match event.strip_suffix('*') {
                // By the names of the catalogue: a range of texts would depend on the database's collation.
                Some(family) => {
                    let kinds: Vec<&str> =
                        catalogue::all().map(EventType::as_str).filter(|kind| kind.starts_with(family)).collect();
                    query = query.filter(deliveries::kind.eq_any(kinds));
                }
                None => query = query.filter(deliveries::kind.eq(event.clone())),
            }
        }
        if let Some(hook) = &filter.hook {
            query = query.filter(deliveries::hook_id.eq(hook.to_string()));
        }
        if let Some(from) = filter.from {
            query = query.filter(deliveries::created_at.ge(micros(from)));
        }
        if let Some(until) = filter.until {
            query = query.filter(deliveries::created_at.lt(micros(until)));
        }
        if filter.only_tests {
            query = query.filter(deliveries::probe.eq(true));
        } else if !filter.tests {
            query = query.filter(deliveries::probe.eq(false));
        }
        if let Some(member) = &filter.exported_by {
            let own = exports::table.filter(exports::requested_by.eq(member.to_string())).select(exports::delivery_id);
            query = query.filter(deliveries::id.eq_any(own));
        }
        query
    }};
}

/// A page of the log, at most `size` lines.
pub fn page(
    conn: &mut Conn,
    organisation: &OrganisationId,
    mode: Mode,
    filter: &LogFilter,
    slice: &Slice<DeliveryId>,
    size: usize,
) -> Result<Page<LogLine>> {
    let joined = both_rows!().inner_join(hooks::table.on(hooks::id.eq(deliveries::hook_id))).select((
        DeliveryRow::as_select(),
        Option::<OpenRow>::as_select(),
        hooks::name,
    ));
    let query = sliced!(filtered!(joined, organisation, mode, filter, true), deliveries, slice, size);
    let rows: Vec<(DeliveryRow, Option<OpenRow>, String)> = query.load(conn)?;
    Page::of(rows, slice, size, |(log, open, hook_name)| Ok(LogLine { delivery: read((log, open))?, hook_name }))
}

/// How many deliveries a filter (its status left aside) finds in each status, counted up to [`MAX_COUNTED`] in all.
///
/// The second value says whether counting stopped there.
pub fn counts(
    conn: &mut Conn,
    organisation: &OrganisationId,
    mode: Mode,
    filter: &LogFilter,
) -> Result<([u64; 4], bool)> {
    let standing = both_rows!().select((deliveries::status, open_deliveries::status.nullable()));
    let query = filtered!(standing, organisation, mode, filter, false);
    let statuses: Vec<(String, Option<String>)> =
        query.order((deliveries::created_at.desc(), deliveries::id.desc())).limit(MAX_COUNTED + 1).load(conn)?;
    let mut counts = [0; 4];
    for (ended, open) in statuses.iter().take(usize::try_from(MAX_COUNTED).unwrap_or(usize::MAX)) {
        let word = open.as_ref().unwrap_or(ended);
        if let Some(at) = Status::ALL.iter().position(|status| status.as_str() == word) {
            counts[at] += 1;
        }
    }
    Ok((counts, statuses.len() as i64 > MAX_COUNTED))
}

/// The neighbours of a delivery among those a filter finds: the next newer and the next older.
pub fn neighbours(
    conn: &mut Conn,
    organisation: &OrganisationId,
    mode: Mode,
    filter: &LogFilter,
    at: &Delivery,
) -> Result<(Option<DeliveryId>, Option<DeliveryId>)> {
    let cursor = Cursor { created_at: at.created_at, id: at.id.clone() };
    let newer = page(conn, organisation, mode, filter, &Slice::NewerThan(cursor.clone()), 1)?;
    let older = page(conn, organisation, mode, filter, &Slice::OlderThan(cursor), 1)?;
    let first = |page: Page<LogLine>| page.lines.into_iter().next().map(|line| line.delivery.into_record().id);
    Ok((first(newer), first(older)))
}
