//! An export before it is sent: to whom, whom it carries, whom it leaves out, and the very bytes.
//!
//! The vacancy posts who was ticked (`step=choose`) and is led to this page, whose address names the selection; the page
//! posts the selection's name with a webhook (`step=confirm`) and becomes an export. Going back and confirming once more leads
//! to the same export, unless another webhook was chosen.
//!
//! Whom the webhook has already, unchanged since, stays out unless the box says otherwise (B8), also where that leaves nobody.
//! A link that says *again* ticks the box beforehand, and the page says so.
//!
//! Nothing is sent that the page has not shown: it posts which webhook and which box it was drawn for, and when another was
//! chosen since, confirming shows the page once more. The script draws it anew at each choice.

use std::collections::HashMap;

use actix_web::HttpRequest;

use super::asking::{ConfirmExport, Drawn, ToHook};
use super::selection;
use crate::actions::FieldError;
use crate::actions::export::{Confirmed, Ticks, confirm_with, keep_selection, kept_selection, part, preview, tick};
use crate::domain::export::{Selection, SentBefore};
use crate::domain::hook::{Hook, HookState};
use crate::domain::ids::{CandidateId, HookId, VacancyId};
use crate::domain::secret::CredentialKind;
use crate::store::export::ExportFilter;
use crate::web::prelude::*;
use crate::web::vacancies::data::{VacancyData, VacancyQuery};
use crate::web::vacancies::show;

/// The page of a selection. Links name the candidates in the query instead, and are led to their selection's page.
pub async fn show(visit: Visit, Path(id): Path<VacancyId>, request: HttpRequest) -> Answer {
    let fields = Fields::parse(request.query_string().as_bytes());
    let vacancy = known(&visit, id).await?;
    let token = fields.one("selection");
    if !token.is_empty() {
        return Ok(match kept_selection(&visit.app, &visit.viewer, &vacancy, token).await? {
            Some(ticked) => {
                let (hook, before, changed) =
                    (fields.one("hook").parse().ok(), before(&fields), fields.ticked("changed"));
                let asked = Asked { vacancy, ticked, hook, before, changed };
                page(&visit, asked, token, Vec::new()).await?.ok()
            }
            None => see_other(paths::vacancy(&vacancy)),
        });
    }
    let ticked = selection::ticked(&visit, &vacancy, &fields).await?;
    if ticked.is_empty() {
        return Ok(see_other(paths::vacancy(&vacancy)));
    }
    choose(&visit, vacancy, ticked, &fields).await
}

/// Leads to the page for those who were ticked, or sends them.
pub async fn submit(visit: Visit, fields: Fields, Path(id): Path<VacancyId>) -> Answer {
    let vacancy = known(&visit, id).await?;
    let form = Some(fields.one("token")).filter(|token| !token.is_empty());
    let form = form.map_or_else(token, str::to_owned);
    let drawn = Drawn::read(fields.one("drawn"));
    let chosen = Drawn { hook: fields.one("hook"), resend: fields.ticked("resend") };
    let is_other = drawn.is_some_and(|drawn| drawn != chosen);
    if fields.ticked("look") || is_other {
        // Another webhook knows others: for it, nobody has chosen yet.
        let is_same_hook = drawn.is_none_or(|drawn| drawn.hook == chosen.hook);
        let resend = if is_same_hook && chosen.resend { "1" } else { "" };
        let page = address(&vacancy, &form, chosen.hook, resend);
        return Ok(see_other(if fields.ticked("look") { page } else { format!("{page}&changed=1") }));
    }
    let mut ticked = selection::ticked(&visit, &vacancy, &fields).await?;
    if fields.ticked("go") {
        return go(&visit, vacancy, &fields).await;
    }
    if fields.one("step") != "confirm" {
        return choose(&visit, vacancy, ticked, &fields).await;
    }
    if ticked.is_empty() {
        ticked = kept_selection(&visit.app, &visit.viewer, &vacancy, &form).await?.unwrap_or_default();
    }
    if ticked.is_empty() {
        return choose(&visit, vacancy, ticked, &fields).await;
    }
    let hook: Option<HookId> = fields.one("hook").parse().ok();
    let before = before(&fields);
    let asked = Asked { vacancy: vacancy.clone(), ticked: ticked.clone(), hook: hook.clone(), before, changed: false };
    let confirmed = match hook {
        Some(hook) => {
            let token = format!("{form}/{hook}");
            confirm_with(&visit.app, &visit.viewer, Confirmed { vacancy, candidates: ticked, hook, token }, before)
                .await
        }
        None => Err(ActionError::field("hook", "Choose one of the webhooks")),
    };
    match confirmed {
        Ok(export) => {
            // Whoever was sent is not ticked any more; that the export stands does not depend on it.
            if let Err(error) = tick(&visit.app, &visit.viewer, &asked.vacancy, Ticks::Without(asked.ticked)).await {
                tracing::warn!(%error, "the ticks of an export could not be taken back");
            }
            Ok(see_other(paths::export(export)))
        }
        Err(ActionError::Invalid(errors)) => Ok(page(&visit, asked, &form, errors).await?.refused()),
        Err(error) => Err(error.into()),
    }
}

/// Leads on within the vacancy, now that the ticks of the page that was left are kept: to a stage or page, with everybody
/// ticked, or with nobody.
async fn go(visit: &Visit, vacancy: VacancyId, fields: &Fields) -> Answer {
    let here = VacancyQuery::read(fields);
    match fields.one("go") {
        "all" => {
            if let Some(why) = selection::everybody(visit, &vacancy, here.stage.clone()).await? {
                return refuse(visit, &vacancy, fields, why).await;
            }
        }
        "none" => drop(tick(&visit.app, &visit.viewer, &vacancy, Ticks::Nobody).await?),
        elsewhere => return Ok(see_other(VacancyQuery::read(&Fields::parse(elsewhere.as_bytes())).address(&vacancy))),
    }
    Ok(see_other(here.address(&vacancy)))
}

/// Shows the vacancy again, and why its selection cannot be exported.
async fn refuse(visit: &Visit, vacancy: &VacancyId, fields: &Fields, why: String) -> Answer {
    let mut shown = VacancyData::load(visit, vacancy.clone(), VacancyQuery::read(fields)).await?;
    shown.errors = Errors(vec![FieldError::new("candidate", why)]);
    Ok(show::page(visit, &shown).refused())
}

/// Leads to the page of this selection, or shows the vacancy again when it cannot be exported.
async fn choose(visit: &Visit, vacancy: VacancyId, ticked: Vec<CandidateId>, fields: &Fields) -> Answer {
    if let Some(why) = selection::refusal(&ticked) {
        return refuse(visit, &vacancy, fields, why).await;
    }
    let token = token();
    keep_selection(&visit.app, &visit.viewer, &vacancy, &token, &ticked).await?;
    Ok(see_other(address(&vacancy, &token, fields.one("hook"), fields.one("resend"))))
}

/// What was chosen for those whom the webhook has already.
fn before(fields: &Fields) -> SentBefore {
    if fields.one("resend") == "1" { SentBefore::Again } else { SentBefore::LeftOut }
}

/// The address of a selection's page, with a webhook chosen or the likeliest one.
fn address(vacancy: &VacancyId, selection: &str, hook: &str, resend: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("selection", selection);
    query.extend_pairs([("hook", hook), ("resend", resend)].iter().filter(|(_, value)| !value.is_empty()));
    format!("{}?{}", paths::vacancy_export(vacancy), query.finish())
}

/// The id of a vacancy of the viewer's organisation.
async fn known(visit: &Visit, id: VacancyId) -> Result<VacancyId, WebError> {
    Ok(visit.find(move |conn, viewer| store::vacancy::find(conn, &viewer.organisation.id, &id)).await?.id)
}

/// What the page is about.
struct Asked {
    vacancy: VacancyId,
    ticked: Vec<CandidateId>,
    hook: Option<HookId>,
    before: SentBefore,
    /// Whether it is shown once more because another webhook or box was chosen than the page had been drawn for.
    changed: bool,
}

async fn page<'a>(visit: &'a Visit, asked: Asked, token: &str, errors: Vec<FieldError>) -> Result<Page<'a>, WebError> {
    let time = visit.time();
    let found = visit.find(move |conn, viewer| load(conn, viewer, asked, time)).await?;
    let asking = ConfirmExport { token: token.to_owned(), errors: Errors(errors), ..found };
    Ok(visit.page(asking.title(), Nav::Vacancies, asking.render(&visit.viewer)).in_mode(asking.vacancy.mode))
}

fn load(conn: &mut Conn, viewer: &Viewer, asked: Asked, time: LocalTime) -> Result<Option<ConfirmExport>, StoreError> {
    let organisation = &viewer.organisation.id;
    let Some(vacancy) = store::vacancy::find(conn, organisation, &asked.vacancy)? else { return Ok(None) };
    // More than an export carries is refused anyway, and not read for it.
    let few: Vec<CandidateId> = asked.ticked.into_iter().take(crate::domain::export::MAX_CANDIDATES).collect();
    let mut hooks = store::hook::list(conn, organisation, vacancy.mode)?.hooks;
    // An interview's own hook takes that interview's events and nothing else.
    hooks.retain(|hook| hook.interview().is_none());
    let last = ExportFilter { vacancy: Some(vacancy.id.clone()), limit: 1, ..ExportFilter::default() };
    let last = store::export::list(conn, organisation, vacancy.mode, &last)?.pop().map(|view| view.export.hook_id);
    let wanted = [asked.hook, last].into_iter().flatten();
    let takes = |hook: &&Hook| hook.state != HookState::Disabled;
    let chosen = wanted.into_iter().find_map(|id| hooks.iter().filter(takes).find(|hook| hook.id == id));
    let chosen = chosen.or_else(|| hooks.iter().find(|hook| hook.state == HookState::Active));
    let chosen = chosen.or_else(|| hooks.iter().find(takes)).or(hooks.first()).cloned();
    let Some(hook) = chosen else {
        let selection = Selection::of(store::candidate::applicants_by_ids(conn, &vacancy.id, &few)?);
        let (token, errors) = (String::new(), Errors::default());
        let (sent, changed) = (HashMap::new(), false);
        return Ok(Some(ConfirmExport {
            vacancy,
            selection,
            sent,
            resend: false,
            changed,
            hooks,
            to: None,
            token,
            errors,
            time,
        }));
    };
    let sent = store::export::sent_to(conn, &vacancy.id, &hook.id, &few)?;
    let selection = part(conn, &vacancy.id, &hook.id, &few, asked.before)?;
    let credentials = store::credential::live(conn, &hook.id, time.now)?;
    let signed = credentials.iter().any(|one| one.kind == CredentialKind::Secret);
    let bytes = preview(viewer, &vacancy, &selection, &hook, time.now);
    let to = Some(ToHook { hook, signed, size: bytes.len(), sample: first_only(&bytes) });
    let (resend, changed) = (asked.before == SentBefore::Again, asked.changed);
    let (token, errors) = (String::new(), Errors::default());
    Ok(Some(ConfirmExport { vacancy, selection, sent, resend, changed, hooks, to, token, errors, time }))
}

/// The payload with its first candidate alone.
fn first_only(bytes: &[u8]) -> Vec<u8> {
    let Ok(mut payload) = serde_json::from_slice::<serde_json::Value>(bytes) else { return bytes.to_vec() };
    if let Some(candidates) = payload.pointer_mut("/data/candidates").and_then(|list| list.as_array_mut()) {
        candidates.truncate(1);
    }
    payload.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::first_only;

    #[test]
    fn a_sample_keeps_everything_but_the_other_candidates() {
        let payload = br#"{"data":{"export":{"candidateCount":2},"candidates":[{"id":"a"},{"id":"b"}]}}"#;
        let sample = br#"{"data":{"export":{"candidateCount":2},"candidates":[{"id":"a"}]}}"#;
        assert_eq!(first_only(payload), sample);
    }
}
