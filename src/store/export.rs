//! Exports in the database.

use std::collections::HashMap;

use diesel::prelude::*;

use super::delivery::rows::{DeliveryRow, OpenRow, read};
use super::row::{Reader, json_text};
use super::schema::{deliveries, export_candidates, exports, hooks, members, open_deliveries, vacancies};
use super::time::micros;
use super::{Conn, Result};
use crate::domain::delivery::{Delivery, Status};
use crate::domain::export::{Exclusion, Export};
use crate::domain::hook::FieldSet;
use crate::domain::ids::{CandidateId, ExportId, HookId, MemberId, OrganisationId, VacancyId};
use crate::domain::mode::Mode;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = exports)]
struct ExportRow {
    id: String,
    organisation_id: String,
    mode: String,
    vacancy_id: String,
    hook_id: String,
    event_id: String,
    delivery_id: String,
    requested_by: String,
    field_set: String,
    candidate_count: i32,
    excluded: String,
    created_at: i64,
}

impl ExportRow {
    fn read(self) -> Result<Export> {
        let row = Reader { table: "exports", id: &self.id };
        let excluded: Vec<(String, String)> = row.json(&self.excluded)?;
        Ok(Export {
            id: row.parse(&self.id)?,
            organisation_id: row.parse(&self.organisation_id)?,
            mode: row.word("mode", &self.mode, Mode::parse)?,
            vacancy_id: row.parse(&self.vacancy_id)?,
            hook_id: row.parse(&self.hook_id)?,
            event_id: row.parse(&self.event_id)?,
            delivery_id: row.parse(&self.delivery_id)?,
            requested_by: row.parse(&self.requested_by)?,
            field_set: row.word("field_set", &self.field_set, FieldSet::parse)?,
            candidate_count: row.count(self.candidate_count)?,
            excluded: excluded
                .iter()
                .map(|(id, reason)| Ok((row.parse(id)?, row.word("excluded", reason, Exclusion::parse)?)))
                .collect::<Result<_>>()?,
            created_at: row.time(self.created_at)?,
        })
    }
}

/// An export with how it went and the names that pages show.
#[derive(Debug, Clone)]
pub struct ExportView {
    /// The export.
    pub export: Export,
    /// The delivery that carries it.
    pub delivery: Delivery,
    /// The title of its vacancy.
    pub vacancy_title: String,
    /// The name of its hook.
    pub hook_name: String,
    /// The name of the member who confirmed it.
    pub requested_by_name: String,
}

/// Which exports a list shows.
#[derive(Debug, Clone, Default)]
pub struct ExportFilter {
    /// Of this vacancy only.
    pub vacancy: Option<VacancyId>,
    /// Confirmed by this member only.
    pub requested_by: Option<MemberId>,
    /// Only those whose delivery stands like this.
    pub status: Option<Status>,
    /// Only those that were confirmed before this one.
    pub before: Option<ExportId>,
    /// At most this many.
    pub limit: i64,
}

/// Writes a new export and whom it carries.
pub fn insert(conn: &mut Conn, export: &Export, included: &[CandidateId]) -> Result<()> {
    let excluded: Vec<(&str, &str)> =
        export.excluded.iter().map(|(id, reason)| (id.as_str(), reason.as_str())).collect();
    let row = ExportRow {
        id: export.id.to_string(),
        organisation_id: export.organisation_id.to_string(),
        mode: export.mode.to_string(),
        vacancy_id: export.vacancy_id.to_string(),
        hook_id: export.hook_id.to_string(),
        event_id: export.event_id.to_string(),
        delivery_id: export.delivery_id.to_string(),
        requested_by: export.requested_by.to_string(),
        field_set: export.field_set.as_str().to_owned(),
        candidate_count: i32::try_from(export.candidate_count).unwrap_or(i32::MAX),
        excluded: json_text(&excluded),
        created_at: micros(export.created_at),
    };
    diesel::insert_into(exports::table).values(&row).execute(conn)?;
    for candidate in included {
        diesel::insert_into(export_candidates::table)
            .values((
                export_candidates::export_id.eq(export.id.as_str()),
                export_candidates::candidate_id.eq(candidate.as_str()),
            ))
            .execute(conn)?;
    }
    Ok(())
}

type ViewRow = (ExportRow, DeliveryRow, Option<OpenRow>, String, String, String);

fn read_view((export, log, open, vacancy_title, hook_name, requested_by_name): ViewRow) -> Result<ExportView> {
    Ok(ExportView { export: export.read()?, delivery: read((log, open))?, vacancy_title, hook_name, requested_by_name })
}

macro_rules! views {
    () => {
        exports::table
            .inner_join(deliveries::table.on(deliveries::id.eq(exports::delivery_id)))
            .left_join(open_deliveries::table.on(open_deliveries::delivery_id.eq(exports::delivery_id)))
            .inner_join(vacancies::table.on(vacancies::id.eq(exports::vacancy_id)))
            .inner_join(hooks::table.on(hooks::id.eq(exports::hook_id)))
            .inner_join(members::table.on(members::id.eq(exports::requested_by)))
            .select((
                ExportRow::as_select(),
                DeliveryRow::as_select(),
                Option::<OpenRow>::as_select(),
                vacancies::title,
                hooks::name,
                members::name,
            ))
    };
}

macro_rules! carriers {
    () => {
        export_candidates::table
            .inner_join(exports::table.on(exports::id.eq(export_candidates::export_id)))
            .inner_join(deliveries::table.on(deliveries::id.eq(exports::delivery_id)))
    };
}

/// One export of an organisation.
pub fn find(conn: &mut Conn, organisation: &OrganisationId, id: &ExportId) -> Result<Option<ExportView>> {
    let row: Option<ViewRow> = views!()
        .filter(exports::id.eq(id.as_str()).and(exports::organisation_id.eq(organisation.as_str())))
        .first(conn)
        .optional()?;
    row.map(read_view).transpose()
}

/// The export that a delivery carries.
pub fn find_by_delivery(
    conn: &mut Conn,
    organisation: &OrganisationId,
    delivery: &crate::domain::ids::DeliveryId,
) -> Result<Option<ExportView>> {
    let row: Option<ViewRow> = views!()
        .filter(exports::delivery_id.eq(delivery.as_str()).and(exports::organisation_id.eq(organisation.as_str())))
        .first(conn)
        .optional()?;
    row.map(read_view).transpose()
}

/// Exports of a mode, newest first.
pub fn list(
    conn: &mut Conn,
    organisation: &OrganisationId,
    mode: Mode,
    filter: &ExportFilter,
) -> Result<Vec<ExportView>> {
    let mut query = views!()
        .filter(exports::organisation_id.eq(organisation.as_str().to_owned()))
        .filter(exports::mode.eq(mode.as_str()))
        .into_boxed();
    if let Some(vacancy) = &filter.vacancy {
        query = query.filter(exports::vacancy_id.eq(vacancy.to_string()));
    }
    if let Some(member) = &filter.requested_by {
        query = query.filter(exports::requested_by.eq(member.to_string()));
    }
    match filter.status {
        Some(status @ (Status::Pending | Status::Retrying)) => {
            query = query.filter(open_deliveries::status.nullable().eq(status.as_str()));
        }
        Some(status @ (Status::Success | Status::Failed)) => {
            query = query.filter(deliveries::status.eq(status.as_str()));
        }
        None => {}
    }
    if let Some(before) = &filter.before {
        let at = exports::table.find(before.as_str()).filter(exports::organisation_id.eq(organisation.as_str()));
        let Some(at) = at.select(exports::created_at).first::<i64>(conn).optional()? else { return Ok(Vec::new()) };
        let same_time = exports::created_at.eq(at).and(exports::id.lt(before.to_string()));
        query = query.filter(exports::created_at.lt(at).or(same_time));
    }
    let rows: Vec<ViewRow> =
        query.order((exports::created_at.desc(), exports::id.desc())).limit(filter.limit).load(conn)?;
    rows.into_iter().map(read_view).collect()
}

/// The exports to a hook that are still owed: what refuses its deletion (A3).
pub fn in_progress_to(conn: &mut Conn, hook: &HookId) -> Result<Vec<ExportView>> {
    let rows: Vec<ViewRow> = views!()
        .filter(exports::hook_id.eq(hook.as_str()).and(open_deliveries::delivery_id.nullable().is_not_null()))
        .order(exports::id.desc())
        .load(conn)?;
    rows.into_iter().map(read_view).collect()
}

/// Whom an export carried.
pub fn carried(conn: &mut Conn, export: &ExportId) -> Result<Vec<CandidateId>> {
    let ids: Vec<String> = export_candidates::table
        .filter(export_candidates::export_id.eq(export.as_str()))
        .select(export_candidates::candidate_id)
        .load(conn)?;
    ids.iter().map(|id| Reader { table: "export_candidates", id }.parse(id)).collect()
}

/// For each of these applicants of a vacancy, the latest export that carried them to a success.
pub fn last_sent(
    conn: &mut Conn,
    vacancy: &VacancyId,
    candidates: &[CandidateId],
) -> Result<HashMap<String, ExportView>> {
    let ids: Vec<&str> = candidates.iter().map(CandidateId::as_str).collect();
    // What arrived and is being sent again has arrived all the same.
    let arrived = deliveries::status.eq(Status::Success.as_str()).or(deliveries::arrived_before.is_not_null());
    let carried: Vec<(String, String)> = carriers!()
        .filter(exports::vacancy_id.eq(vacancy.as_str()))
        .filter(export_candidates::candidate_id.eq_any(ids).and(arrived))
        .order(exports::id)
        .select((export_candidates::candidate_id, exports::id))
        .load(conn)?;
    views_of(conn, carried)
}

/// For each of these applicants of a vacancy, the latest export that carried them to this hook, or is about to.
pub fn sent_to(
    conn: &mut Conn,
    vacancy: &VacancyId,
    hook: &HookId,
    candidates: &[CandidateId],
) -> Result<HashMap<String, ExportView>> {
    let ids: Vec<&str> = candidates.iter().map(CandidateId::as_str).collect();
    let standing = deliveries::status.ne(Status::Failed.as_str()).or(deliveries::arrived_before.is_not_null());
    let carried: Vec<(String, String)> = carriers!()
        .filter(exports::vacancy_id.eq(vacancy.as_str()).and(exports::hook_id.eq(hook.as_str())))
        .filter(export_candidates::candidate_id.eq_any(ids).and(standing))
        .order(exports::id)
        .select((export_candidates::candidate_id, exports::id))
        .load(conn)?;
    views_of(conn, carried)
}

/// The exports that these candidates were carried by, the latest of each. Ids sort by time.
fn views_of(conn: &mut Conn, carried: Vec<(String, String)>) -> Result<HashMap<String, ExportView>> {
    let latest: HashMap<String, String> = carried.into_iter().collect();
    let mut wanted: Vec<&String> = latest.values().collect();
    wanted.sort();
    wanted.dedup();
    let rows: Vec<ViewRow> = views!().filter(exports::id.eq_any(wanted)).load(conn)?;
    let views: HashMap<String, ExportView> = rows
        .into_iter()
        .map(|row| read_view(row).map(|view| (view.export.id.to_string(), view)))
        .collect::<Result<_>>()?;
    Ok(latest.into_iter().filter_map(|(candidate, export)| Some((candidate, views.get(&export)?.clone()))).collect())
}
