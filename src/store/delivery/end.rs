//! The end of deliveries that nobody will try any more.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::attempt::ErrorClass;
use crate::domain::delivery::Status;
use crate::store::schema::deliveries;
use crate::store::time::micros;
use crate::store::{Conn, Result};

/// What is the same however they end.
#[derive(AsChangeset)]
#[diesel(table_name = deliveries, treat_none_as_null = true)]
struct Ended {
    status: &'static str,
    due_at: Option<i64>,
    holder: Option<&'static str>,
    updated_at: i64,
}

impl Ended {
    fn of(status: Status, now: DateTime<Utc>) -> Self {
        Self { status: status.as_str(), due_at: None, holder: None, updated_at: micros(now) }
    }
}

/// Ends what of these is owed, for this reason; how many deliveries that were. What had arrived and was being sent again has
/// arrived: it is a Success again.
pub(super) fn end(conn: &mut Conn, ids: &[String], class: ErrorClass, now: DateTime<Utc>) -> Result<usize> {
    let owed = || deliveries::table.filter(deliveries::id.eq_any(ids).and(deliveries::completed_at.is_null()));
    let arrived = diesel::update(owed().filter(deliveries::arrived_before.is_not_null()))
        .set((Ended::of(Status::Success, now), deliveries::completed_at.eq(deliveries::arrived_before)))
        .execute(conn)?;
    let given_up = (deliveries::last_class.eq(class.as_str()), deliveries::completed_at.eq(micros(now)));
    let failed = diesel::update(owed()).set((Ended::of(Status::Failed, now), given_up)).execute(conn)?;
    Ok(arrived + failed)
}
