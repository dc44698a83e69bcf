//! *Global Interview Settings*: where the events of all interviews go that have no webhook of their own (S2).

use crate::domain::event::EventType;
use crate::domain::hook::Hook;
use crate::domain::interview::Interview;
use crate::domain::secret::CredentialKind;
use crate::web::prelude::*;
use crate::web::webhooks::default::DefaultHook;
use crate::web::words::count;

/// The page.
pub async fn show(visit: Visit) -> Answer {
    let time = visit.time();
    let known = visit.read(move |conn, viewer| {
        let default = DefaultHook::read(conn, viewer, time)?;
        let listed = store::interview::list(conn, &viewer.organisation.id, viewer.mode)?;
        let hooks = store::hook::list(conn, &viewer.organisation.id, viewer.mode)?.hooks;
        let interviews: Vec<Interview> = listed.into_iter().map(|(interview, _)| interview).collect();
        Ok(Known { default, interviews, hooks })
    });
    let body = View { known: &known.await?, viewer: &visit.viewer }.render();
    Ok(visit.page("Global Interview Settings", Nav::InterviewSettings, body).ok())
}

struct Known {
    default: DefaultHook,
    interviews: Vec<Interview>,
    hooks: Vec<Hook>,
}

impl Known {
    /// The interviews that have a webhook of their own, each with it.
    fn own(&self) -> Vec<(&Interview, &Hook)> {
        let own = |interview| self.hooks.iter().find(|hook| hook.interview() == Some(interview));
        self.interviews.iter().filter_map(|interview| Some((interview, own(&interview.id)?))).collect()
    }
}

struct View<'a> {
    known: &'a Known,
    viewer: &'a Viewer,
}

impl Render for View<'_> {
    fn render(&self) -> Markup {
        let lede = html! { "These settings apply to every interview that has no webhook of its own." };
        let own = self.known.own();
        let hint = format!("{} of {}", own.len(), count(self.known.interviews.len(), "interview"));
        html! {
            (Head::of(Nav::InterviewSettings, "Global Interview Settings").lede(lede))
            (part("Webhook URL", html! { "Completed and abandoned interviews are sent here" }, self.url()))
            @if let Some(hook) = self.known.default.hook.as_ref().filter(|_| self.viewer.role.may(Permission::ViewHooks)) {
                (part("Webhook Authentication", html! { "How receivers verify that a request came from you" }, self.authentication(hook)))
            }
            (part("Own webhooks", html! { (hint) }, self.exceptions(&own)))
        }
    }
}

impl View<'_> {
    fn manages(&self) -> bool {
        self.viewer.role.may(Permission::ManageHooks)
    }

    fn url(&self) -> Markup {
        let default = &self.known.default;
        let refused = |hook: &&Hook| {
            [EventType::INTERVIEW_COMPLETED, EventType::INTERVIEW_ABANDONED]
                .iter()
                .any(|kind| !hook.subscription.wants(*kind))
        };
        html! {
            (default.address(self.viewer))
            @if let Some(hook) = &default.hook {
                @if Some(hook).filter(refused).is_some() {
                    p { strong { "This webhook is not subscribed to every interview event." } " Events it is not subscribed to are not sent to it." }
                }
                @if self.manages() {
                    div.row {
                        a.btn.main href=(paths::webhook_sample(&hook.id, EventType::INTERVIEW_COMPLETED)) { "Send Test" } " "
                        a.btn href=(paths::webhook_settings(&hook.id)) { "Edit" } " "
                        a.btn href=(paths::webhook_replacement(&hook.id)) { "Replace" }
                    }
                }
            }
        }
    }

    fn authentication(&self, hook: &Hook) -> Markup {
        let default = &self.known.default;
        let (secret, key) = (CredentialKind::Secret, CredentialKind::Key);
        html! {
            dl.facts {
                div { dt { "Signing secret" } dd { (default.credential(secret)) } }
                div { dt { "Webhook key" } dd { (default.credential(key)) } }
                div { dt { "Headers" } dd { code { "X-Talentsprout-Signature" } " and three more signatures, " code { "X-Webhook-Key" } } }
            }
            @if self.manages() {
                div.row {
                    @if default.has(secret) {
                        a.btn href=(paths::webhook_credential(&hook.id, secret.as_str())) { "Regenerate secret" } " "
                        a.btn.risk href=(paths::webhook_credential_end(&hook.id, secret.as_str())) { "Turn off signing" }
                    } @else {
                        a.btn href=(paths::webhook(&hook.id)) { "Turn on signing" }
                    }
                }
            }
            p.small { a href={ (paths::RECEIVING) "#verify" } { "How to verify a delivery" } }
        }
    }

    fn exceptions(&self, own: &[(&Interview, &Hook)]) -> Markup {
        if own.is_empty() {
            return html! { p.small.soft { "No interview has a webhook of its own. An Organisation Admin can give it one in its settings." } };
        }
        html! {
            (Table::pairs(["Interview", "State", "Host"]).rows(html! {
                @for (interview, hook) in own {
                    tr {
                        th scope="row" { a href=(paths::interview_settings(&interview.id)) { bdi { (interview.title) } } }
                        td { (State::of_hook(hook).plain()) }
                        td.whole { span.mono { (hook.url.host()) } }
                    }
                }
            }))
            p.small.soft { "An interview with its own webhook does not use the default webhook." }
        }
    }
}
