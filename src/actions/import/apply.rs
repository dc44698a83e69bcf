//! Drafts become candidates: known ones are found and updated, the others are new.

use std::collections::HashMap;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};

use super::assumed::{Defaults, FIRST_STAGE, Stages};
use super::reading::rows_of;
use super::{MAX_PROBLEMS, Report, Told};
use crate::domain::candidate::{Application, Candidate};
use crate::domain::email::folded;
use crate::domain::ids::{ApplicationId, CandidateId};
use crate::domain::import::{Draft, Problem, Remarks, Rows};
use crate::domain::vacancy::Vacancy;
use crate::store::{self, Conn, StoreError};

/// The status of an applicant whose file does not say.
const FIRST_STATUS: &str = "active";

/// Who was taken from the file so far, from which row, and by what name.
type Taken = HashMap<CandidateId, (u64, String)>;

/// What happened to one draft.
enum Done {
    Added,
    Updated,
    Unchanged,
}

/// Writes the drafts as applicants of the vacancy; part of the caller's transaction. What was left out is told in the
/// report, and by row for the file to correct.
pub(super) fn apply(
    conn: &mut Conn,
    vacancy: &Vacancy,
    rows: Rows,
    now: DateTime<Utc>,
) -> Result<(Report, Remarks), StoreError> {
    let mut report = Report { notes: rows.notes, ..Report::default() };
    let mut problems = rows.problems;
    let mut taken: Taken = HashMap::new();
    let mut stages = Stages::of(conn, vacancy)?;
    let mut defaults = Defaults::default();
    for (at, mut draft) in (0..).zip(rows.drafts) {
        // Each row a microsecond older than the one before: pages show the newest change first, so in the file's order.
        let now = now - TimeDelta::microseconds(at);
        // As tables hold it: else every import would change it by less than a microsecond.
        draft.applied_at = draft.applied_at.map(|at| at.trunc_subsecs(6));
        let known = match find(conn, vacancy, &draft)? {
            Ok(known) => known,
            Err(message) => {
                leave_out(&mut problems, &draft, message);
                continue;
            }
        };
        if let Some((row, name)) = known.as_ref().and_then(|known| taken.get(&known.id)) {
            let message = format!("is the same candidate as row {row} ({name})");
            leave_out(&mut problems, &draft, message);
            continue;
        }
        draft.stage = draft.stage.map(|stage| stages.known(stage));
        let (id, done) = match known {
            Some(known) => update(conn, vacancy, &draft, known, now)?,
            None => (insert(conn, vacancy, &draft, now)?, Done::Added),
        };
        if let Done::Added = done {
            defaults.count(&draft);
        }
        taken.insert(id, (draft.row, draft.profile.full_name));
        match done {
            Done::Added => report.added += 1,
            Done::Updated => report.updated += 1,
            Done::Unchanged => report.unchanged += 1,
        }
    }
    report.notes.extend(stages.notes());
    report.notes.extend(defaults.notes());
    problems.sort_by_key(|problem| problem.row);
    let remarks = remarks(&problems, taken);
    let of = |kept: bool| rows_of(problems.iter().filter(|one| one.is_kept == kept).map(|one| one.row));
    (report.left_out, report.partly) = (of(false), of(true));
    report.problem_count = problems.len();
    let told = |Problem { row, who, column, message, is_kept }| Told { row, who, is_kept, column, message };
    report.problems = problems.into_iter().take(MAX_PROBLEMS).map(told).collect();
    Ok((report, remarks))
}

/// A row that could be read is left out all the same, as a whole.
fn leave_out(problems: &mut Vec<Problem>, draft: &Draft, message: String) {
    problems.retain(|problem| problem.row != draft.row);
    problems.push(Problem { who: Some(draft.profile.full_name.clone()), ..Problem::of_row(draft.row, message) });
}

/// What is wrong, by row, with the candidates who were taken all the same.
fn remarks(problems: &[Problem], taken: Taken) -> Remarks {
    let known: HashMap<u64, CandidateId> = taken.into_iter().map(|(id, (row, _))| (row, id)).collect();
    let mut remarks = Remarks::new();
    for problem in problems {
        let remark = remarks.entry(problem.row).or_default();
        remark.known_as = known.get(&problem.row).filter(|_| problem.is_kept).cloned();
        let column = problem.column.iter().map(|column| format!("{column}: "));
        remark.wrong.push(column.chain([problem.message.clone()]).collect());
    }
    remarks
}

/// The candidate whom a draft is about, if the organisation knows them in this mode: by external id, else by e-mail
/// address. The inner error says why that cannot be told.
fn find(conn: &mut Conn, vacancy: &Vacancy, draft: &Draft) -> Result<Result<Option<Candidate>, String>, StoreError> {
    let (organisation, mode) = (&vacancy.organisation_id, vacancy.mode);
    if let Some(id) = &draft.known_as
        && let Some(known) = store::candidate::find(conn, organisation, id)?.filter(|known| known.mode == mode)
    {
        return taken_address(conn, vacancy, draft, &known).map(|taken| taken.map_or(Ok(Some(known)), Err));
    }
    if let Some(external_id) = &draft.external_id
        && let Some(known) = store::candidate::find_by_external_id(conn, organisation, mode, external_id)?
    {
        // Programs write words for nothing where an id belongs, and there are more of them than any list knows.
        if draft.contradicts(&known.profile) && !shares_an_address(draft, &known) {
            return Ok(Err(format!(
                "has the external id “{external_id}” of {}, whose name and address are different; nothing of theirs was \
                 changed. If both are one person, give the row their name or their address, else an id of its own or none",
                known.profile.full_name
            )));
        }
        return taken_address(conn, vacancy, draft, &known).map(|taken| taken.map_or(Ok(Some(known)), Err));
    }
    for email in &draft.profile.emails {
        let known = store::candidate::find_by_email(conn, organisation, mode, &email.value)?;
        let other = known.iter().find_map(|known| known.external_id.clone());
        let fits = known.into_iter().find(|known| draft.external_id.is_none() || known.external_id.is_none());
        match (fits, other) {
            (Some(known), _) if draft.contradicts(&known.profile) => {
                return Ok(Err(format!(
                    "has the address {} of {}, whose first and last name are different; nothing of theirs was changed. \
                     If both are one person, give the row their external id or their name",
                    email.value, known.profile.full_name
                )));
            }
            (Some(known), _) => return Ok(Ok(Some(known))),
            (None, Some(other)) => {
                return Ok(Err(format!(
                    "has the e-mail address of a candidate who is known with another external id, “{other}”"
                )));
            }
            (None, None) => {}
        }
    }
    Ok(Ok(None))
}

fn shares_an_address(draft: &Draft, known: &Candidate) -> bool {
    let theirs: Vec<_> = known.profile.emails.iter().map(|email| folded(&email.value)).collect();
    draft.profile.emails.iter().any(|email| theirs.contains(&folded(&email.value)))
}

/// What is wrong when a row names one candidate by its external id and another one by an e-mail address.
fn taken_address(
    conn: &mut Conn,
    vacancy: &Vacancy,
    draft: &Draft,
    known: &Candidate,
) -> Result<Option<String>, StoreError> {
    for email in &draft.profile.emails {
        let owners = store::candidate::find_by_email(conn, &vacancy.organisation_id, vacancy.mode, &email.value)?;
        if !owners.is_empty() && owners.iter().all(|owner| owner.id != known.id) {
            return Ok(Some("is the address of another candidate than the one with this external id".into()));
        }
    }
    Ok(None)
}

fn insert(conn: &mut Conn, vacancy: &Vacancy, draft: &Draft, now: DateTime<Utc>) -> Result<CandidateId, StoreError> {
    let candidate = Candidate {
        id: CandidateId::new(now),
        organisation_id: vacancy.organisation_id.clone(),
        mode: vacancy.mode,
        external_id: draft.external_id.clone(),
        profile: draft.profile.clone(),
        consent_withdrawn_at: None,
        created_at: now,
        updated_at: now,
    };
    store::candidate::insert(conn, &candidate)?;
    apply_to(conn, vacancy, draft, &candidate.id, now)?;
    Ok(candidate.id)
}

/// What is known already is not written again, so that *newest change first* keeps its meaning.
fn update(
    conn: &mut Conn,
    vacancy: &Vacancy,
    draft: &Draft,
    known: Candidate,
    now: DateTime<Utc>,
) -> Result<(CandidateId, Done), StoreError> {
    let mut candidate = known.clone();
    draft.merge_into(&mut candidate.profile);
    if candidate.external_id.is_none() {
        candidate.external_id.clone_from(&draft.external_id);
    }
    let changed = candidate != known;
    if changed {
        candidate.updated_at = now;
        store::candidate::update(conn, &candidate)?;
    }
    let Some(application) = store::candidate::find_application(conn, &vacancy.id, &candidate.id)? else {
        apply_to(conn, vacancy, draft, &candidate.id, now)?;
        return Ok((candidate.id, Done::Added));
    };
    let mut merged = application.clone();
    draft.merge_application(&mut merged);
    let moved = merged != application;
    if changed || moved {
        merged.updated_at = now;
        store::candidate::update_application(conn, &merged)?;
    }
    Ok((candidate.id, if changed || moved { Done::Updated } else { Done::Unchanged }))
}

fn apply_to(
    conn: &mut Conn,
    vacancy: &Vacancy,
    draft: &Draft,
    candidate: &CandidateId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let application = Application {
        id: ApplicationId::new(now),
        candidate_id: candidate.clone(),
        vacancy_id: vacancy.id.clone(),
        applied_at: draft.applied_at.unwrap_or(now),
        source: draft.source.clone(),
        status: draft.status.clone().unwrap_or_else(|| FIRST_STATUS.to_owned()),
        stage: draft.stage.clone().unwrap_or_else(|| FIRST_STAGE.to_owned()),
        review: draft.review.clone(),
        updated_at: now,
    };
    store::candidate::insert_application(conn, &application)
}
