//! Who was ticked, however the ticks arrive: page by page, all of a stage, or everybody an earlier export carried or left out.

use std::collections::HashSet;

use crate::actions::export::{Ticks, tick};
use crate::domain::export::MAX_CANDIDATES;
use crate::domain::ids::{CandidateId, ExportId, VacancyId};
use crate::web::prelude::*;

/// Why a selection cannot be exported; `None` when it can.
pub fn refusal(ticked: &[CandidateId]) -> Option<String> {
    match ticked.len() {
        0 => Some("Tick at least one candidate".to_owned()),
        count if count > MAX_CANDIDATES => {
            Some(format!("One export carries at most {MAX_CANDIDATES} candidates: choose a stage, or tick fewer"))
        }
        _ => None,
    }
}

/// Reads who is meant among the applicants of a vacancy that the viewer may see: those of an earlier export, or those who are
/// ticked. A page that says whom it shows changes the ticks of those alone, and means everybody who is ticked.
pub async fn ticked(visit: &Visit, vacancy: &VacancyId, fields: &Fields) -> Result<Vec<CandidateId>, WebError> {
    for (name, which) in [("again", Earlier::Carried), ("left_out", Earlier::LeftOut)] {
        if let Ok(export) = fields.one(name).parse::<ExportId>() {
            return earlier(visit, vacancy, export, which).await;
        }
    }
    let (ticked, shown) = (ids(fields, "candidate"), ids(fields, "shown"));
    match shown.is_empty() {
        true => Ok(ticked),
        false => Ok(tick(&visit.app, &visit.viewer, vacancy, Ticks::Shown { shown, ticked }).await?),
    }
}

/// Ticks everybody of a stage; why not, when they would be more than one export carries.
pub async fn everybody(visit: &Visit, vacancy: &VacancyId, stage: Option<String>) -> Result<Option<String>, WebError> {
    let of = vacancy.clone();
    // One more than fits says that they are too many.
    let limit = i64::try_from(MAX_CANDIDATES).unwrap_or(i64::MAX - 1) + 1;
    let read = visit.read(move |conn, _| store::candidate::applicant_ids(conn, &of, stage.as_deref(), limit));
    let everybody = read.await?;
    if everybody.len() > MAX_CANDIDATES {
        return Ok(refusal(&everybody));
    }
    tick(&visit.app, &visit.viewer, vacancy, Ticks::And(everybody)).await?;
    Ok(None)
}

/// Whom an earlier export is asked for.
#[derive(Clone, Copy)]
enum Earlier {
    Carried,
    LeftOut,
}

async fn earlier(
    visit: &Visit,
    vacancy: &VacancyId,
    export: ExportId,
    which: Earlier,
) -> Result<Vec<CandidateId>, WebError> {
    let vacancy = vacancy.clone();
    let found = visit.find(move |conn, viewer| {
        let found = store::export::find(conn, &viewer.organisation.id, &export)?;
        let Some(view) = found.filter(|view| view.export.vacancy_id == vacancy) else { return Ok(None) };
        Ok(Some(match which {
            Earlier::Carried => store::export::carried(conn, &export)?,
            Earlier::LeftOut => view.export.excluded.into_iter().map(|(candidate, _)| candidate).collect(),
        }))
    });
    found.await
}

/// The ids under a name, each once; what is no id is none.
fn ids(fields: &Fields, name: &str) -> Vec<CandidateId> {
    let mut seen = HashSet::new();
    let all = fields.all(name).into_iter().filter_map(|id| id.parse().ok());
    all.filter(|id: &CandidateId| seen.insert(id.clone())).collect()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn nobody_and_too_many_are_refused_in_a_sentence() {
        let one = CandidateId::new(DateTime::UNIX_EPOCH);
        assert_eq!(refusal(&[]).as_deref(), Some("Tick at least one candidate"));
        assert_eq!(refusal(std::slice::from_ref(&one)), None);
        let many = vec![one; 501];
        assert_eq!(
            refusal(&many).as_deref(),
            Some("One export carries at most 500 candidates: choose a stage, or tick fewer")
        );
    }

    #[test]
    fn an_id_counts_once_and_what_is_none_does_not_count() {
        let id = CandidateId::new(DateTime::UNIX_EPOCH);
        let fields = Fields::parse(format!("candidate={id}&candidate={id}&candidate=x").as_bytes());
        assert_eq!(ids(&fields, "candidate"), [id]);
    }
}
