//! The Settings tab of an interview: where its events go, with a test beside it, and its title and times (S2).

use serde::Deserialize;

use super::{Side, new, tabs};
use crate::actions::interview::own_hook::{self, OwnHookForm};
use crate::actions::interview::{InterviewForm, update};
use crate::actions::test as probe;
use crate::domain::event::EventType;
use crate::domain::hook::{Credential, Hook, HookKind, HookState};
use crate::domain::ids::{DeliveryId, InterviewId};
use crate::domain::interview::Interview;
use crate::domain::policy::Policy;
use crate::domain::secret::CredentialKind;
use crate::web::form::{Choice, UrlField};
use crate::web::prelude::*;
use crate::web::webhooks::test::{Sent, TestResult};
use crate::web::webhooks::unresolved::{self, Unresolved};

/// Which test's answer to show.
#[derive(Deserialize)]
pub struct Query {
    test: Option<String>,
}

/// The page.
pub async fn show(
    visit: Visit,
    Path(id): Path<InterviewId>,
    query: web::Query<Query>,
    arrival: web::Query<unresolved::Query>,
) -> Answer {
    let test = query.test.as_deref().and_then(|id| id.parse::<DeliveryId>().ok());
    let known = Known::load(&visit, id, test).await?;
    let typed = Typed { warns: arrival.warns(), ..Typed::of(&known) };
    Ok(known.page(&visit, &typed).ok())
}

/// Changes title and times.
pub async fn submit(visit: Visit, fields: Fields, Path(id): Path<InterviewId>) -> Answer {
    let known = Known::load(&visit, id, None).await?;
    let form = new::typed(&fields);
    match update(&visit.app, &visit.viewer, known.interview.id.clone(), form.clone()).await {
        Ok(()) => Ok(done::see_other(
            paths::interview_settings(&known.interview.id),
            "The details of the interview were saved.",
        )),
        Err(ActionError::Invalid(errors)) => {
            let typed = Typed { details: form, errors: Errors(errors), ..Typed::of(&known) };
            Ok(known.page(&visit, &typed).refused())
        }
        Err(error) => Err(error.into()),
    }
}

/// Gives the interview a hook of its own, another one, or none.
pub async fn set_hook(visit: Visit, fields: Fields, Path(id): Path<InterviewId>) -> Answer {
    let known = Known::load(&visit, id, None).await?;
    let form = OwnHookForm { url: fields.one("url").to_owned(), policy: fields.one("policy").to_owned() };
    let page = paths::interview_settings(&known.interview.id);
    match own_hook::save(&visit.app, &visit.viewer, known.interview.id.clone(), form.clone()).await {
        Ok(resolves) => {
            let page = if resolves { page } else { paths::unresolved(page) };
            Ok(done::see_other(page, "The webhook of the interview was saved."))
        }
        Err(ActionError::Invalid(errors)) => {
            let typed = Typed { hook: form, errors: Errors(errors), ..Typed::of(&known) };
            Ok(known.page(&visit, &typed).refused())
        }
        Err(error) => Err(error.into()),
    }
}

/// Sends a test where the interview's events go, and leads back to its answer.
pub async fn test(visit: Visit, Path(id): Path<InterviewId>) -> Answer {
    let known = Known::load(&visit, id, None).await?;
    let page = paths::interview_settings(&known.interview.id);
    let Some(hook) = known.effective() else { return Ok(see_other(page)) };
    let delivery = probe::send(&visit.app, &visit.viewer, hook.id.clone()).await?;
    Ok(see_other(format!("{page}?test={delivery}#test")))
}

/// What the page shows of an interview.
struct Known {
    interview: Interview,
    sessions: usize,
    own: Option<Hook>,
    default: Option<Hook>,
    /// Others that ask for events of interviews.
    others: Vec<Hook>,
    credentials: Vec<Credential>,
    test: Option<Sent>,
}

impl Known {
    async fn load(visit: &Visit, id: InterviewId, test: Option<DeliveryId>) -> Result<Self, WebError> {
        visit.find(move |conn, viewer| Self::read(conn, viewer, &id, test.as_ref())).await
    }

    fn read(
        conn: &mut Conn,
        viewer: &Viewer,
        id: &InterviewId,
        test: Option<&DeliveryId>,
    ) -> Result<Option<Self>, StoreError> {
        let organisation = &viewer.organisation.id;
        let Some(interview) = store::interview::find(conn, organisation, id)? else { return Ok(None) };
        let sessions = store::interview::count_sessions(conn, id)?;
        let hooks = store::hook::list(conn, organisation, interview.mode)?.hooks;
        let own = hooks.iter().find(|hook| hook.interview() == Some(id)).cloned();
        let default = hooks.iter().find(|hook| hook.is_default).cloned();
        let asks = |hook: &Hook| {
            hook.subscription.wants(EventType::INTERVIEW_COMPLETED)
                || hook.subscription.wants(EventType::INTERVIEW_ABANDONED)
        };
        let others = hooks.iter().filter(|hook| !hook.is_default && hook.kind == HookKind::General && asks(hook));
        let others = others.cloned().collect();
        let ids: Vec<_> = own.iter().chain(&default).map(|hook| hook.id.clone()).collect();
        let sealed = store::credential::of_hooks(conn, &ids)?;
        let credentials = sealed.into_iter().map(|sealed| sealed.credential).collect();
        // An answer may hold personal data that this viewer is not shown elsewhere.
        let test = test.filter(|_| viewer.role.may(Permission::ManageHooks));
        let test = match (test, own.as_ref().or(default.as_ref())) {
            (Some(test), Some(hook)) => Sent::read(conn, organisation, &hook.id, test)?,
            _ => None,
        };
        Ok(Some(Self { interview, sessions, own, default, others, credentials, test }))
    }

    /// Where its events go instead of the default hook, or the default hook.
    fn effective(&self) -> Option<&Hook> {
        self.own.as_ref().or(self.default.as_ref())
    }

    /// The credential of this kind that a hook has itself.
    fn credential(&self, hook: Option<&Hook>, kind: CredentialKind) -> Option<&Credential> {
        let of = |own: &&Credential| own.kind == kind && hook.is_some_and(|hook| hook.id == own.hook_id);
        self.credentials.iter().find(of)
    }

    fn page<'a>(&self, visit: &'a Visit, typed: &Typed) -> Page<'a> {
        let body = View { known: self, viewer: &visit.viewer, time: visit.time(), typed }.render();
        let title = format!("Settings of {}", self.interview.title);
        visit.page(title, Nav::Interviews, body).in_mode(self.interview.mode)
    }
}

/// What stands in the two forms.
struct Typed {
    hook: OwnHookForm,
    details: InterviewForm,
    errors: Errors,
    /// Whether its own hook was made a moment ago with a host name that does not resolve.
    warns: bool,
}

impl Typed {
    fn of(known: &Known) -> Self {
        let hook = known.own.as_ref().map_or_else(OwnHookForm::default, |own| OwnHookForm {
            url: own.url.to_string(),
            policy: match own.kind {
                HookKind::Interview { own_policy: true, .. } => own.policy.as_str().to_owned(),
                _ => String::new(),
            },
        });
        Self { hook, details: InterviewForm::of(&known.interview), errors: Errors::default(), warns: false }
    }
}

struct View<'a> {
    known: &'a Known,
    viewer: &'a Viewer,
    time: LocalTime,
    typed: &'a Typed,
}

impl Render for View<'_> {
    fn render(&self) -> Markup {
        let interview = &self.known.interview;
        let manages = self.viewer.role.may(Permission::ManageHooks);
        html! {
            (self.typed.errors.summary())
            (Head::below(Nav::Interviews, html! { bdi { (interview.title) } }))
            (tabs(interview, self.known.sessions, Side::Settings))
            @if let Some(own) = self.known.own.as_ref().filter(|_| self.typed.warns) { (Unresolved(own)) }
            (part("Effective URL", html! { "Where its events go now" }, self.effective(manages)))
            @if manages { (part("Webhook URL", html! { "Of this interview only" }, self.url())) }
            @if self.known.own.is_some() && self.viewer.role.may(Permission::ViewHooks) {
                (self.credential(CredentialKind::Secret, "Signing secret", manages))
                (self.credential(CredentialKind::Key, "Webhook key", manages))
            }
            @if self.viewer.role.may(Permission::ManageInterviews) { (part("Details", html! { "Title and times" }, self.details())) }
        }
    }
}

impl View<'_> {
    fn effective(&self, manages: bool) -> Markup {
        let Known { interview, own, others, test, .. } = self.known;
        html! {
            @match self.known.effective() {
                Some(hook) => {
                    (self.address(hook, manages))
                    p { (self.source(hook)) }
                }
                None => {
                    p { strong { "None." } " There is no webhook of its own and no default webhook in " (interview.mode) " mode: its events are recorded, and sent to nobody." }
                    @if manages {
                        p.small { "Enter a URL below, or " a href=(paths::NEW_WEBHOOK) { "create a webhook" } ": the first of a mode is its default." }
                    } @else {
                        p.small.soft { "An Organisation Admin can set one." }
                    }
                }
            }
            @if !others.is_empty() {
                p.small.soft {
                    "Webhooks that ask for events of interviews get them as well: "
                    @for (at, hook) in others.iter().enumerate() { @if at > 0 { ", " } (self.link(hook)) } "."
                }
            }
            @if let (Some(sent), Some(hook)) = (test, self.known.effective()) {
                (TestResult { sent, hook, time: self.time })
            }
            @if own.is_some() && !manages { p.small.soft { "An Organisation Admin can change it." } }
        }
    }

    fn address(&self, hook: &Hook, manages: bool) -> Markup {
        html! {
            @if manages {
                form.row method="post" action=(paths::interview_tests(&self.known.interview.id)) {
                    p.given.small { code.id { (hook.url) } (code::copy("effective URL")) }
                    button.btn { (icon("send")) "Send Test" }
                }
            } @else {
                // Whoever may not manage webhooks knows them by name and host.
                p.given.small { code { (hook.url.host()) } }
            }
        }
    }

    fn source(&self, hook: &Hook) -> Markup {
        let mode = self.known.interview.mode;
        html! {
            @if hook.interview().is_some() {
                "It is this interview’s own webhook, in place of "
                @match &self.known.default { Some(default) => { "the default webhook " (self.link(default)) }, None => "a default webhook, of which there is none" }
                ". " (self.standing(hook))
                @if self.viewer.role.may(Permission::ViewHooks) {
                    a href=(paths::webhook(&hook.id)) { "Its health and settings" } ", "
                    a href={ (paths::LOGS) "?webhook=" (hook.id) } { "its deliveries" } "."
                }
            } @else {
                "It is the default webhook of " (mode) " mode, " (self.link(hook)) ", because this interview has none of its own. " (self.standing(hook))
                @if !hook.subscription.wants(EventType::INTERVIEW_COMPLETED) || !hook.subscription.wants(EventType::INTERVIEW_ABANDONED) {
                    strong { "It does not ask for every event of interviews: " } "those it did not ask for are not sent to it."
                }
            }
        }
    }

    fn standing(&self, hook: &Hook) -> Markup {
        html! { @if hook.state != HookState::Active { (State::of_hook(hook).plain()) " " } }
    }

    fn link(&self, hook: &Hook) -> Markup {
        html! {
            @if self.viewer.role.may(Permission::ViewHooks) { a href=(paths::webhook(&hook.id)) { bdi { (hook.name) } } }
            @else { bdi { (hook.name) } }
        }
    }

    fn url(&self) -> Markup {
        let Known { interview, own, default, .. } = self.known;
        let followed = default.as_ref().map_or(Policy::Quick, |default| default.policy);
        let as_default = match default {
            Some(_) => format!("That of the default webhook ({})", followed.label()),
            None => format!("{}, as no default webhook says otherwise", followed.label()),
        };
        let mut policies = vec![(String::new(), as_default)];
        policies.extend(
            Policy::ALL.map(|policy| (policy.as_str().into(), format!("{}: {}", policy.label(), policy.explanation()))),
        );
        let hint = "Leave it empty to use the default webhook. A pasted https:// is repaired.";
        html! {
            form.form method="post" action=(paths::interview_webhook(&interview.id)) novalidate {
                (UrlField { hint, value: &self.typed.hook.url, error: self.typed.errors.of("url") })
                (Choice {
                    name: "policy", label: "Delivery policy", hint: "", options: &policies, value: &self.typed.hook.policy,
                    error: self.typed.errors.of("policy"),
                })
                @if own.is_some() {
                    p.small.soft {
                        "Another URL makes another webhook: it takes over key, secret and what is owed, and the one before ends. An empty one ends it, and "
                        @if default.is_some() { "the default webhook takes over what is owed." }
                        @else { "what is owed ends as cancelled, as there is no default webhook." }
                    }
                }
                div.row { button.btn.main { "Save changes" } }
            }
        }
    }

    /// Its own, or that of the default hook.
    fn credential(&self, kind: CredentialKind, title: &str, manages: bool) -> Markup {
        let Known { own, default, .. } = self.known;
        let Some(hook) = own else { return html! {} };
        let masked = |credential: &Credential| {
            html! {
                code { (kind.mask()) } " " span.soft.small { "ends in " (credential.ends_in) }
            }
        };
        let (mine, theirs) = (self.known.credential(Some(hook), kind), self.known.credential(default.as_ref(), kind));
        let noun = title.rsplit(' ').next().unwrap_or(title);
        let content = html! {
            @match (mine, theirs) {
                (Some(mine), _) => { p.row { (masked(mine)) span.soft.small { "its own" } } },
                (None, Some(theirs)) => { p.row { (masked(theirs)) span.soft.small { "that of the default webhook" } } },
                (None, None) => { p { "None: neither it nor the default webhook has one." } },
            }
            @if manages {
                div.row {
                    @if mine.is_some() {
                        a.btn href=(paths::webhook_credential(&hook.id, kind.as_str())) { "Regenerate " (noun) } " "
                        a.btn.risk href=(paths::webhook_credential_end(&hook.id, kind.as_str())) { "Remove its own " (noun) }
                    } @else {
                        form method="post" action=(paths::webhook_credential(&hook.id, kind.as_str())) {
                            (token_field(&token()))
                            button.btn { "Give it a " (noun) " of its own" }
                        }
                    }
                }
            }
        };
        part(title, html! {}, content)
    }

    fn details(&self) -> Markup {
        html! {
            form.form method="post" action=(paths::interview_settings(&self.known.interview.id)) novalidate {
                (new::title(&self.typed.details, &self.typed.errors))
                (new::times(&self.typed.details, &self.typed.errors))
                p.small.soft { "Sessions that have started keep the time they have." }
                div.row { button.btn { "Save details" } }
            }
        }
    }
}

#[cfg(test)]
mod tests;
