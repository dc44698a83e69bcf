//! Exports: previewed, then confirmed once (A4, A5, B8).

use super::transaction::{Transaction, form_token};
use super::{ActionError, Context, Result, Viewer};
use crate::delivery::intake;
use crate::domain::act::Act;
use crate::domain::candidate::Applicant;
use crate::domain::event::{Cause, Event, EventType};
use crate::domain::export::{Export, MAX_CANDIDATES, Selection, SentBefore};
use crate::domain::hook::{Hook, HookState};
use crate::domain::ids::{CandidateId, EventId, ExportId, HookId, VacancyId};
use crate::domain::payload::{self, ExportHead};
use crate::domain::vacancy::Vacancy;
use crate::store::{self, Conn, StoreError};

/// What a recruiter confirms.
#[derive(Debug, Clone)]
pub struct Confirmed {
    /// Candidates of what.
    pub vacancy: VacancyId,
    /// Who was ticked.
    pub candidates: Vec<CandidateId>,
    /// To whom.
    pub hook: HookId,
    /// Names this filling of the form: pressing twice makes one export.
    pub token: String,
}

/// The very bytes that an export of these candidates would send.
pub fn preview(
    viewer: &Viewer,
    vacancy: &Vacancy,
    selection: &Selection,
    hook: &Hook,
    now: chrono::DateTime<chrono::Utc>,
) -> Vec<u8> {
    let event = Event { mode: vacancy.mode, ..event(viewer, now) };
    let id = ExportId::new(now);
    payload::body(&event, data(viewer, vacancy, selection, &id, hook, now))
}

/// Remembers for a day who was ticked, under a token, so that the page that asks has an address: reloading it and coming
/// back to it show the same page, and confirming it again confirms nothing new.
pub async fn keep_selection(
    context: &Context,
    viewer: &Viewer,
    vacancy: &VacancyId,
    token: &str,
    ticked: &[CandidateId],
) -> Result<()> {
    let key = form_token(viewer, &format!("{token}/{vacancy}"));
    let ids = ticked.iter().map(CandidateId::as_str).collect::<Vec<_>>().join(",");
    let kept = context.transact(viewer, move |tx| Ok(store::submission::insert(tx.conn, &key, &ids, tx.now)?));
    kept.await
}

/// Who was ticked; `None` when this viewer ticked nobody under that token.
pub async fn kept_selection(
    context: &Context,
    viewer: &Viewer,
    vacancy: &VacancyId,
    token: &str,
) -> Result<Option<Vec<CandidateId>>> {
    let key = form_token(viewer, &format!("{token}/{vacancy}"));
    let kept = context.store.read(move |conn| store::submission::find(conn, &key)).await?;
    Ok(kept.map(|ids| ids.split(',').filter_map(|id| id.parse().ok()).collect()))
}

/// What becomes of the ticks of a vacancy, which are kept for a member from stage to stage and from page to page.
#[derive(Debug, Clone)]
pub enum Ticks {
    /// Of those who were shown, these are ticked; whoever was not shown stays as they are.
    Shown {
        /// Who was shown.
        shown: Vec<CandidateId>,
        /// Who of them is ticked.
        ticked: Vec<CandidateId>,
    },
    /// These are ticked as well.
    And(Vec<CandidateId>),
    /// These are not ticked any more: they have been sent.
    Without(Vec<CandidateId>),
    /// Nobody is.
    Nobody,
}

impl Ticks {
    fn applied(self, mut kept: Vec<CandidateId>) -> Vec<CandidateId> {
        let (gone, added) = match self {
            Ticks::Shown { shown, ticked } => (shown, ticked),
            Ticks::And(added) => (added.clone(), added),
            Ticks::Without(gone) => (gone, Vec::new()),
            Ticks::Nobody => return Vec::new(),
        };
        let gone: std::collections::HashSet<_> = gone.into_iter().collect();
        kept.retain(|id| !gone.contains(id));
        kept.extend(added);
        kept
    }
}

/// Changes who is ticked in a vacancy, for a day after the last change; returns who is.
pub async fn tick(context: &Context, viewer: &Viewer, vacancy: &VacancyId, ticks: Ticks) -> Result<Vec<CandidateId>> {
    let key = ticks_key(viewer, vacancy);
    let changed = context.transact(viewer, move |tx| {
        let kept = ticks.applied(read_ticks(tx.conn, &key)?);
        let ids = kept.iter().map(CandidateId::as_str).collect::<Vec<_>>().join(",");
        store::submission::replace(tx.conn, &key, &ids, tx.now)?;
        Ok(kept)
    });
    changed.await
}

/// Who is ticked in a vacancy.
pub fn ticked(conn: &mut Conn, viewer: &Viewer, vacancy: &VacancyId) -> Result<Vec<CandidateId>, StoreError> {
    read_ticks(conn, &ticks_key(viewer, vacancy))
}

fn ticks_key(viewer: &Viewer, vacancy: &VacancyId) -> String {
    form_token(viewer, &format!("ticks/{vacancy}"))
}

fn read_ticks(conn: &mut Conn, key: &str) -> Result<Vec<CandidateId>, StoreError> {
    let kept = store::submission::find(conn, key)?.unwrap_or_default();
    Ok(kept.split(',').filter_map(|id| id.parse().ok()).collect())
}

/// Sends the candidates to the hook in one request; durable when this returns (A4).
pub async fn confirm(context: &Context, viewer: &Viewer, confirmed: Confirmed) -> Result<ExportId> {
    confirm_with(context, viewer, confirmed, SentBefore::Again).await
}

/// The same, and says what becomes of those whom the hook has already (B8).
pub async fn confirm_with(
    context: &Context,
    viewer: &Viewer,
    confirmed: Confirmed,
    before: SentBefore,
) -> Result<ExportId> {
    if confirmed.candidates.is_empty() {
        return Err(ActionError::field("candidate", "Tick at least one candidate"));
    }
    if confirmed.candidates.len() > MAX_CANDIDATES {
        return Err(ActionError::field(
            "candidate",
            format!(
                "One export carries at most {MAX_CANDIDATES} candidates; {} are ticked",
                confirmed.candidates.len()
            ),
        ));
    }
    let token = confirmed.token.clone();
    context.transact_once(viewer, &token, move |tx| insert(tx, &confirmed, before)).await
}

/// Those who were ticked, parted into who would be sent to a hook and who stays out.
pub fn part(
    conn: &mut Conn,
    vacancy: &VacancyId,
    hook: &HookId,
    ticked: &[CandidateId],
    before: SentBefore,
) -> Result<Selection, StoreError> {
    let selection = Selection::of(store::candidate::applicants_by_ids(conn, vacancy, ticked)?);
    if before == SentBefore::Again {
        return Ok(selection);
    }
    let sent = store::export::sent_to(conn, vacancy, hook, ticked)?;
    Ok(selection.without_those_sent(|id| Some(sent.get(id.as_str())?.export.created_at)))
}

fn insert(tx: &mut Transaction<'_>, confirmed: &Confirmed, before: SentBefore) -> Result<ExportId> {
    let (now, viewer) = (tx.now, tx.viewer);
    let organisation = &viewer.organisation.id;
    // Whoever else exports candidates of this vacancy waits, and then finds whom this one has sent.
    store::vacancy::lock(tx.conn, &confirmed.vacancy)?;
    let vacancy = store::vacancy::find(tx.conn, organisation, &confirmed.vacancy)?.ok_or(ActionError::NotFound)?;
    let hook = store::hook::find(tx.conn, organisation, &confirmed.hook)?
        .filter(|hook| hook.mode == vacancy.mode && hook.state != HookState::Deleted && hook.interview().is_none())
        .ok_or_else(|| ActionError::field("hook", "Choose one of the webhooks: this one is no longer there"))?;
    if hook.state == HookState::Disabled {
        return Err(ActionError::field(
            "hook",
            "Choose another webhook: this one is disabled, and nothing is sent to it",
        ));
    }
    let selection = part(tx.conn, &vacancy.id, &hook.id, &confirmed.candidates, before)?;
    if selection.included.is_empty() {
        return Err(ActionError::field("candidate", "None of the ticked candidates can be sent"));
    }
    let id = ExportId::new(now);
    let included: Vec<CandidateId> = ids(&selection.included);
    let data = data(viewer, &vacancy, &selection, &id, &hook, now);
    let field_set = hook.field_set;
    let (hook_id, hook_name) = (hook.id.clone(), hook.name.clone());
    let recorded = intake::record_addressed(
        tx.conn,
        Event { mode: vacancy.mode, ..event(viewer, now) },
        hook,
        |_| data.clone(),
        included.clone(),
        tx.context.engine.instance(),
        now,
    )?;
    let export = Export {
        id,
        organisation_id: organisation.clone(),
        mode: vacancy.mode,
        vacancy_id: vacancy.id,
        hook_id,
        event_id: recorded.event.id,
        delivery_id: recorded.owed[0].delivery.id.clone(),
        requested_by: viewer.member.id.clone(),
        field_set,
        candidate_count: included.len() as u32,
        excluded: selection.excluded.iter().map(|(who, why)| (who.candidate.id.clone(), *why)).collect(),
        created_at: now,
    };
    store::export::insert(tx.conn, &export, &included)?;
    let (candidates, vacancy, webhook) = (export.candidate_count, &vacancy.title, &hook_name);
    tx.audit(Act::ExportConfirmed { candidates, vacancy, webhook }, export.id.as_str())?;
    tx.hand_over(recorded.owed);
    Ok(export.id)
}

fn event(viewer: &Viewer, now: chrono::DateTime<chrono::Utc>) -> Event {
    Event {
        id: EventId::new(now),
        organisation_id: viewer.organisation.id.clone(),
        mode: viewer.mode,
        kind: EventType::CANDIDATES_EXPORTED,
        cause: Cause::Member(viewer.member.id.clone()),
        occurred_at: now,
        probe: false,
    }
}

fn data(
    viewer: &Viewer,
    vacancy: &Vacancy,
    selection: &Selection,
    id: &ExportId,
    hook: &Hook,
    now: chrono::DateTime<chrono::Utc>,
) -> serde_json::Value {
    let head = ExportHead {
        id,
        exported_at: now,
        requested_by: (&viewer.member.id, &viewer.member.name),
        excluded: selection.excluded.iter().map(|(who, why)| (&who.candidate.id, *why)).collect(),
    };
    payload::export_data(&head, vacancy, &selection.included, hook.field_set)
}

fn ids(applicants: &[Applicant]) -> Vec<CandidateId> {
    applicants.iter().map(|applicant| applicant.candidate.id.clone()).collect()
}
