//! An export before it is sent: to whom, whom it carries, whom it leaves out, and the very bytes.
//!
//! The vacancy posts who was ticked (`step=choose`) and is led to this page, whose address names the selection; the page
//! posts the same candidates with a webhook (`step=confirm`) and becomes an export. The selection's token goes with it, so
//! that going back and confirming once more leads to the same export, unless another webhook was chosen.

use actix_web::{HttpRequest, HttpResponse, web};

use super::super::error::WebError;
use super::super::form::{Errors, Fields, token};
use super::super::gate::{Organisations, see_other};
use super::super::layout::{Nav, Page};
use super::super::paths;
use super::super::vacancies::show::{Shown, Wanted};
use super::asking::{Asking, ToHook};
use super::selection;
use crate::actions::export::{Confirmed, confirm, keep_selection, kept_selection, preview};
use crate::actions::{ActionError, Context, FieldError, Viewer};
use crate::domain::export::Selection;
use crate::domain::hook::{Hook, HookState};
use crate::domain::ids::{CandidateId, HookId, VacancyId};
use crate::domain::secret::CredentialKind;
use crate::store::export::ExportFilter;
use crate::store::{self, Conn, StoreError};

/// The page of a selection. Links name the candidates in the query instead, and are led to their selection's page.
pub async fn show(
    request: HttpRequest,
    context: web::Data<Context>,
    viewer: Viewer,
    organisations: Organisations,
    id: web::Path<String>,
) -> Result<HttpResponse, WebError> {
    let fields = Fields::parse(request.query_string().as_bytes());
    let vacancy = known(&context, &viewer, &id).await?;
    let token = fields.one("selection");
    if !token.is_empty() {
        return Ok(match kept_selection(&context, &viewer, &vacancy, token).await? {
            Some(ticked) => {
                let asked = Asked { vacancy, ticked, hook: fields.one("hook").parse().ok() };
                page(&context, &viewer, organisations, asked, token, Vec::new()).await?.ok()
            }
            None => see_other(paths::vacancy(&vacancy)),
        });
    }
    let ticked = selection::ticked(&context, &viewer, &vacancy, &fields).await?;
    if ticked.is_empty() {
        return Ok(see_other(paths::vacancy(&vacancy)));
    }
    choose(&context, &viewer, organisations, vacancy, ticked, &fields).await
}

/// Leads to the page for those who were ticked, or sends them.
pub async fn submit(
    context: web::Data<Context>,
    viewer: Viewer,
    organisations: Organisations,
    id: web::Path<String>,
    fields: Fields,
) -> Result<HttpResponse, WebError> {
    let vacancy = known(&context, &viewer, &id).await?;
    let form = Some(fields.one("token")).filter(|token| !token.is_empty());
    let form = form.map_or_else(token, str::to_owned);
    if fields.ticked("look") {
        return Ok(see_other(address(&vacancy, &form, fields.one("hook"))));
    }
    let ticked = selection::ticked(&context, &viewer, &vacancy, &fields).await?;
    if fields.one("step") != "confirm" {
        return choose(&context, &viewer, organisations, vacancy, ticked, &fields).await;
    }
    let hook: Option<HookId> = fields.one("hook").parse().ok();
    let asked = Asked { vacancy: vacancy.clone(), ticked: ticked.clone(), hook: hook.clone() };
    let confirmed = match hook {
        Some(hook) => {
            let token = format!("{form}/{hook}");
            confirm(&context, &viewer, Confirmed { vacancy, candidates: ticked, hook, token }).await
        }
        None => Err(ActionError::field("hook", "Choose one of the webhooks")),
    };
    match confirmed {
        Ok(export) => Ok(see_other(paths::export(export))),
        Err(ActionError::Invalid(errors)) => {
            Ok(page(&context, &viewer, organisations, asked, &form, errors).await?.refused())
        }
        Err(error) => Err(error.into()),
    }
}

/// Leads to the page of this selection, or shows the vacancy again when it cannot be exported.
async fn choose(
    context: &Context,
    viewer: &Viewer,
    organisations: Organisations,
    vacancy: VacancyId,
    ticked: Vec<CandidateId>,
    fields: &Fields,
) -> Result<HttpResponse, WebError> {
    if let Some(why) = selection::refusal(&ticked) {
        let mut shown = Shown::load(context, viewer, vacancy.as_str(), Wanted::read(fields)).await?;
        shown.ticked = ticked.into_iter().collect();
        shown.errors = Errors(vec![FieldError::new("candidate", why)]);
        return Ok(shown.page(viewer, organisations).refused());
    }
    let token = token();
    keep_selection(context, viewer, &vacancy, &token, &ticked).await?;
    Ok(see_other(address(&vacancy, &token, fields.one("hook"))))
}

/// The address of a selection's page, with a webhook chosen or the likeliest one.
fn address(vacancy: &VacancyId, selection: &str, hook: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("selection", selection);
    if !hook.is_empty() {
        query.append_pair("hook", hook);
    }
    format!("{}?{}", paths::vacancy_export(vacancy), query.finish())
}

/// The id of a vacancy of the viewer's organisation.
async fn known(context: &Context, viewer: &Viewer, id: &str) -> Result<VacancyId, WebError> {
    let id: VacancyId = id.parse().map_err(|_| WebError::NotFound)?;
    let organisation = viewer.organisation.id.clone();
    let found = context.store.read(move |conn| store::vacancy::find(conn, &organisation, &id)).await?;
    found.map(|vacancy| vacancy.id).ok_or(WebError::NotFound)
}

/// What the page is about.
struct Asked {
    vacancy: VacancyId,
    ticked: Vec<CandidateId>,
    hook: Option<HookId>,
}

async fn page<'a>(
    context: &Context,
    viewer: &'a Viewer,
    organisations: Organisations,
    asked: Asked,
    token: &str,
    errors: Vec<FieldError>,
) -> Result<Page<'a>, WebError> {
    let (reader, now) = (viewer.clone(), context.clock.now());
    let found = context.store.read(move |conn| load(conn, &reader, asked, now)).await?;
    let asking = Asking { token: token.to_owned(), errors: Errors(errors), ..found.ok_or(WebError::NotFound)? };
    let page = Page::new(asking.title(), Nav::Vacancies, viewer, asking.render(viewer)).in_mode(asking.vacancy.mode);
    Ok(Page { organisations: organisations.0, ..page })
}

fn load(
    conn: &mut Conn,
    viewer: &Viewer,
    asked: Asked,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Option<Asking>, StoreError> {
    let organisation = &viewer.organisation.id;
    let Some(vacancy) = store::vacancy::find(conn, organisation, &asked.vacancy)? else { return Ok(None) };
    // More than an export carries is refused anyway, and not read for it.
    let few: Vec<CandidateId> = asked.ticked.into_iter().take(crate::domain::export::MOST_CANDIDATES).collect();
    let selection = Selection::of(store::candidate::applicants_by_ids(conn, &vacancy.id, &few)?);
    let sent = store::export::last_sent(conn, &vacancy.id, &few)?;
    let mut hooks = store::hook::list(conn, organisation, vacancy.mode)?;
    // An interview's own hook takes that interview's events and nothing else.
    hooks.retain(|hook| hook.interview().is_none());
    let last = ExportFilter { vacancy: Some(vacancy.id.clone()), requested_by: None, limit: 1 };
    let last = store::export::list(conn, organisation, vacancy.mode, &last)?.pop().map(|view| view.export.hook_id);
    let wanted = [asked.hook, last].into_iter().flatten();
    let takes = |hook: &&Hook| hook.state != HookState::Disabled;
    let chosen = wanted.into_iter().find_map(|id| hooks.iter().filter(takes).find(|hook| hook.id == id));
    let chosen = chosen.or_else(|| hooks.iter().find(|hook| hook.state == HookState::Active));
    let chosen = chosen.or_else(|| hooks.iter().find(takes)).or(hooks.first()).cloned();
    let to = match chosen {
        None => None,
        Some(hook) => {
            let credentials = store::credential::live(conn, &hook.id, now)?;
            let signed = credentials.iter().any(|one| one.kind == CredentialKind::Secret);
            let bytes = preview(viewer, &vacancy, &selection, &hook, now);
            Some(ToHook { hook, signed, size: bytes.len(), sample: first_only(&bytes) })
        }
    };
    Ok(Some(Asking { vacancy, selection, sent, hooks, to, token: String::new(), errors: Errors::default(), now }))
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
