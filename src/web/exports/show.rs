//! One export and how it goes: the page that answers "did it arrive?" (A6).

use std::collections::HashMap;

use super::names::MAX_NAMES;
use super::outcome::Outcome;
use crate::domain::ids::ExportId;
use crate::store::export::ExportFilter;
use crate::web::prelude::*;

/// So many exports of the vacancy stand at the foot of the page.
const HISTORY: i64 = 10;
/// How often a browser without script looks again while something is owed, in seconds.
const LOOK_AGAIN: u32 = 3;

/// The page.
pub async fn show(visit: Visit, Path(id): Path<ExportId>) -> Answer {
    let time = visit.time();
    let outcome = visit.find(move |conn, viewer| load(conn, viewer, &id, time)).await?;
    let owed = outcome.view.delivery.state.is_owed();
    Ok(visit
        .page(outcome.title(), Nav::Exports, outcome.render(&visit.viewer))
        .in_mode(outcome.view.export.mode)
        .refreshed(owed.then_some(LOOK_AGAIN))
        .ok())
}

fn load(conn: &mut Conn, viewer: &Viewer, id: &ExportId, time: LocalTime) -> Result<Option<Outcome>, StoreError> {
    let organisation = &viewer.organisation.id;
    let Some(view) = store::export::find(conn, organisation, id)? else { return Ok(None) };
    let Some(hook) = store::hook::find(conn, organisation, &view.export.hook_id)? else { return Ok(None) };
    let vacancy = view.export.vacancy_id.clone();
    let mut carried = store::export::carried(conn, id)?;
    carried.truncate(MAX_NAMES);
    let carried = store::candidate::applicants_by_ids(conn, &vacancy, &carried)?;
    let why: HashMap<_, _> = view.export.excluded.iter().cloned().collect();
    let excluded: Vec<_> = why.keys().cloned().collect();
    let left_out = store::candidate::applicants_by_ids(conn, &vacancy, &excluded)?;
    let left_out = left_out.into_iter().filter_map(|one| why.get(&one.candidate.id).map(|why| (one, *why))).collect();
    let filter = ExportFilter { vacancy: Some(vacancy), limit: HISTORY, ..ExportFilter::default() };
    let history = store::export::list(conn, organisation, view.export.mode, &filter)?;
    let proves = !store::credential::in_use_by(conn, &hook)?.is_empty();
    Ok(Some(Outcome { view, hook, proves, carried, left_out, history, time }))
}
