//! An export before it is sent: to whom, whom it carries, whom it leaves out, and the very bytes.
//!
//! The vacancy posts who was ticked (`step=choose`) and gets this page; the page posts them again with a webhook
//! (`step=confirm`) and becomes an export. Ids of candidates stand in hidden fields, so that nothing is remembered
//! between the two but what the form says. Links with ids in the query show the same page.

use actix_web::{HttpRequest, HttpResponse, web};

use super::super::error::WebError;
use super::super::form::{Errors, Fields, token};
use super::super::gate::{Organisations, see_other};
use super::super::layout::{Nav, Page};
use super::super::paths;
use super::super::vacancies::show::{Shown, Wanted};
use super::asking::{Asking, ToHook};
use super::selection;
use crate::actions::export::{Confirmed, confirm, preview};
use crate::actions::{ActionError, Context, FieldError, Viewer};
use crate::domain::export::Selection;
use crate::domain::hook::HookState;
use crate::domain::ids::{CandidateId, HookId, VacancyId};
use crate::domain::secret::CredentialKind;
use crate::store::export::ExportFilter;
use crate::store::{self, Conn, StoreError};

/// The page for candidates named in the query; without any it leads to the vacancy.
pub async fn show(
    request: HttpRequest,
    context: web::Data<Context>,
    viewer: Viewer,
    organisations: Organisations,
    id: web::Path<String>,
) -> Result<HttpResponse, WebError> {
    let fields = Fields::parse(request.query_string().as_bytes());
    let vacancy = parse(&id)?;
    let ticked = selection::ticked(&context, &viewer, &vacancy, &fields).await?;
    if ticked.is_empty() {
        let (organisation, wanted) = (viewer.organisation.id.clone(), vacancy.clone());
        let found = context.store.read(move |conn| store::vacancy::find(conn, &organisation, &wanted)).await?;
        return found.map(|found| see_other(paths::vacancy(&found.id))).ok_or(WebError::NotFound);
    }
    choose(&context, &viewer, organisations, vacancy, ticked, &fields).await
}

/// Shows the page for those who were ticked, or sends them.
pub async fn submit(
    context: web::Data<Context>,
    viewer: Viewer,
    organisations: Organisations,
    id: web::Path<String>,
    fields: Fields,
) -> Result<HttpResponse, WebError> {
    let vacancy = parse(&id)?;
    let ticked = selection::ticked(&context, &viewer, &vacancy, &fields).await?;
    if fields.one("step") != "confirm" || fields.ticked("look") {
        return choose(&context, &viewer, organisations, vacancy, ticked, &fields).await;
    }
    let hook: Option<HookId> = fields.one("hook").parse().ok();
    let asked = Asked { vacancy: vacancy.clone(), ticked: ticked.clone(), hook: hook.clone() };
    let confirmed = match hook {
        Some(hook) => {
            let token = fields.one("token").to_owned();
            confirm(&context, &viewer, Confirmed { vacancy, candidates: ticked, hook, token }).await
        }
        None => Err(ActionError::field("hook", "Choose one of the webhooks")),
    };
    match confirmed {
        Ok(export) => Ok(see_other(paths::export(export))),
        Err(ActionError::Invalid(errors)) => {
            Ok(page(&context, &viewer, organisations, asked, fields.one("token"), errors).await?.refused())
        }
        Err(error) => Err(error.into()),
    }
}

/// The page, or the vacancy again when the selection cannot be exported.
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
    let again = fields.one("token").to_owned();
    let token = if again.is_empty() { token() } else { again };
    let asked = Asked { vacancy, ticked, hook: fields.one("hook").parse().ok() };
    Ok(page(context, viewer, organisations, asked, &token, Vec::new()).await?.ok())
}

fn parse(id: &str) -> Result<VacancyId, WebError> {
    id.parse().map_err(|_| WebError::NotFound)
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
    let hooks = store::hook::list(conn, organisation, vacancy.mode)?;
    let last = ExportFilter { vacancy: Some(vacancy.id.clone()), requested_by: None, limit: 1 };
    let last = store::export::list(conn, organisation, vacancy.mode, &last)?.pop().map(|view| view.export.hook_id);
    let wanted = [asked.hook, last].into_iter().flatten();
    let chosen = wanted.into_iter().find_map(|id| hooks.iter().find(|hook| hook.id == id));
    let chosen =
        chosen.or_else(|| hooks.iter().find(|hook| hook.state == HookState::Active)).or(hooks.first()).cloned();
    let to = match chosen {
        None => None,
        Some(hook) => {
            let credentials = store::credential::of_hooks(conn, std::slice::from_ref(&hook.id))?;
            let signed = credentials.iter().any(|one| one.credential.kind == CredentialKind::Secret);
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
