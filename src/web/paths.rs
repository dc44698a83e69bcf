//! Every address of the console. Links come from here, so that a page that moves breaks the build and not a visitor.

use std::fmt::Display;

use crate::domain::attempt::ErrorClass;
use crate::domain::event::EventType;
use crate::domain::ids::{InterviewId, SessionId};
use crate::domain::interview::payload;

pub const HOME: &str = "/";
pub const LOGIN: &str = "/login";
pub const LOGOUT: &str = "/logout";
pub const MODE: &str = "/mode";
pub const ORGANISATION: &str = "/organisation";
pub const VACANCIES: &str = "/vacancies";
pub const NEW_VACANCY: &str = "/vacancies/new";
pub const INTERVIEWS: &str = "/interviews";
pub const NEW_INTERVIEW: &str = "/interviews/new";
pub const EXPORTS: &str = "/exports";
pub const SETTINGS: &str = "/settings";
pub const WEBHOOKS: &str = "/settings/webhooks";
pub const NEW_WEBHOOK: &str = "/settings/webhooks/new";
pub const MEMBERS: &str = "/settings/members";
pub const INVITE: &str = "/settings/members/new";
pub const RELEASE: &str = "/settings/release";
pub const INTERVIEW_SETTINGS: &str = "/settings/interviews";
pub const SUPPORT: &str = "/settings/support";
pub const ACCOUNT: &str = "/account";
pub const ACCOUNT_NAME: &str = "/account/name";
pub const ACCOUNT_PASSWORD: &str = "/account/password";
pub const ACCOUNT_SESSIONS: &str = "/account/sessions";
pub const DEVELOPERS: &str = "/developers";
pub const API_KEYS: &str = "/developers/api-keys";
pub const API: &str = "/developers/api";
pub const LOGS: &str = "/developers/logs";
pub const EVENTS: &str = "/developers/events";
pub const CATALOGUE: &str = "/developers/catalogue";
pub const RECEIVING: &str = "/developers/receiving";
pub const HELP: &str = "/help";
pub const KEYBOARD: &str = "/help/keyboard";
pub const LLMS: &str = "/llms.txt";

/// One vacancy with its candidates.
pub fn vacancy(id: impl Display) -> String {
    format!("/vacancies/{id}")
}

/// Where a vacancy takes a file of candidates.
pub fn vacancy_import(id: impl Display) -> String {
    format!("/vacancies/{id}/import")
}

/// What was left out of an import, as a file.
pub fn left_out(vacancy: impl Display, import: impl Display) -> String {
    format!("/vacancies/{vacancy}/import/{import}/left-out")
}

/// One import: the mapping of its columns, then what came of it.
pub fn import(vacancy: impl Display, import: impl Display) -> String {
    format!("/vacancies/{vacancy}/import/{import}")
}

/// Where an export of a vacancy's candidates is confirmed.
pub fn vacancy_export(id: impl Display) -> String {
    format!("/vacancies/{id}/export")
}

/// One interview with its sessions; payloads link here too.
pub fn interview(id: &InterviewId) -> String {
    payload::interview_page(id)
}

/// The settings of an interview: its title and times, and where its events go.
pub fn interview_settings(id: &InterviewId) -> String {
    format!("{}/settings", interview(id))
}

/// The hook an interview has of its own: posting sets, changes and ends it.
pub fn interview_webhook(id: &InterviewId) -> String {
    format!("{}/webhook", interview(id))
}

/// The tests of the hook that an interview's events go to: posting makes one.
pub fn interview_tests(id: &InterviewId) -> String {
    format!("{}/webhook/tests", interview(id))
}

/// The sessions of an interview: posting invites a candidate.
pub fn interview_sessions(id: &InterviewId) -> String {
    format!("{}/sessions", interview(id))
}

/// One session; payloads link here too.
pub fn session(interview: &InterviewId, id: &SessionId) -> String {
    payload::session_page(interview, id)
}

/// The start of a session.
pub fn session_start(interview: &InterviewId, id: &SessionId) -> String {
    format!("{}/start", session(interview, id))
}

/// The end of a session before it has one, on a page that confirms it.
pub fn session_withdrawal(interview: &InterviewId, id: &SessionId) -> String {
    format!("{}/withdrawal", session(interview, id))
}

/// The result of a session: posting records it.
pub fn session_result(interview: &InterviewId, id: &SessionId) -> String {
    format!("{}/result", session(interview, id))
}

/// One export and how it went.
pub fn export(id: impl Display) -> String {
    format!("/exports/{id}")
}

/// The exports of a vacancy.
pub fn vacancy_exports(id: impl Display) -> String {
    format!("{EXPORTS}?vacancy={id}")
}

/// One hook.
pub fn webhook(id: impl Display) -> String {
    format!("/settings/webhooks/{id}")
}

/// A page of a hook that was just created although its host name does not resolve: it warns of that.
pub fn unresolved(page: impl Display) -> String {
    format!("{page}?resolves=no")
}

/// What a hook was just given, shown once.
pub fn webhook_reveal(id: impl Display) -> String {
    format!("/settings/webhooks/{id}/reveal")
}

/// The page that deletes a hook.
pub fn webhook_deletion(id: impl Display) -> String {
    format!("/settings/webhooks/{id}/deletion")
}

/// What may be changed of a hook.
pub fn webhook_settings(id: impl Display) -> String {
    format!("/settings/webhooks/{id}/settings")
}

/// The tests of a hook: a preview of what is sent; posting sends it.
pub fn webhook_tests(id: impl Display) -> String {
    format!("/settings/webhooks/{id}/tests")
}

/// The answer of a test, on the page that it was sent from.
pub fn test_answer(page: impl Display, test: impl Display) -> String {
    format!("{page}?test={test}#test")
}

/// The pause of a hook: posting begins it.
pub fn webhook_pause(id: impl Display) -> String {
    format!("/settings/webhooks/{id}/pause")
}

/// The end of a hook's pause.
pub fn webhook_resumption(id: impl Display) -> String {
    format!("/settings/webhooks/{id}/resumption")
}

/// The end of a hook's being disabled.
pub fn webhook_activation(id: impl Display) -> String {
    format!("/settings/webhooks/{id}/activation")
}

/// What a hook missed while it was disabled: posting sends it.
pub fn webhook_missed(id: impl Display) -> String {
    format!("/settings/webhooks/{id}/missed")
}

/// A hook's `secret` or `key`: posting makes one, its own page confirms.
pub fn webhook_credential(id: impl Display, kind: &str) -> String {
    format!("/settings/webhooks/{id}/{kind}")
}

/// The end of a hook's `secret` or `key`, on a page that confirms it.
pub fn webhook_credential_end(id: impl Display, kind: &str) -> String {
    format!("/settings/webhooks/{id}/{kind}/end")
}

/// The end of the old one while a hook's `secret` or `key` is rotated, on a page that confirms it.
pub fn webhook_credential_revocation(id: impl Display, kind: &str) -> String {
    format!("/settings/webhooks/{id}/{kind}/revocation")
}

/// The receiver's switch to the new key or secret of a hook: posting says that it has happened.
pub fn webhook_switch(id: impl Display) -> String {
    format!("/settings/webhooks/{id}/switch")
}

/// The page that has another hook take over from this one.
pub fn webhook_replacement(id: impl Display) -> String {
    format!("/settings/webhooks/{id}/replacement")
}

/// One member of the organisation.
pub fn member(id: impl Display) -> String {
    format!("/settings/members/{id}")
}

/// Where the sessions of a member are ended.
pub fn member_sessions(id: impl Display) -> String {
    format!("/settings/members/{id}/sessions")
}

/// The role of a member: posting changes it.
pub fn member_role(id: impl Display) -> String {
    format!("/settings/members/{id}/role")
}

/// The page that removes a member.
pub fn member_removal(id: impl Display) -> String {
    format!("/settings/members/{id}/removal")
}

/// An invitation's link, shown once.
pub fn invitation_reveal(id: impl Display) -> String {
    format!("/settings/invitations/{id}/reveal")
}

/// The page that takes an invitation back.
pub fn invitation_revocation(id: impl Display) -> String {
    format!("/settings/invitations/{id}/revocation")
}

/// An invitation made anew: posting gives it another link.
pub fn invitation_renewal(id: impl Display) -> String {
    format!("/settings/invitations/{id}/renewal")
}

/// What an invitation's link opens, for whoever holds it.
pub fn invitation(token: impl Display) -> String {
    format!("/invitations/{token}")
}

/// Where the first organisation and its admin are made.
pub fn setup(token: impl Display) -> String {
    format!("/setup/{token}")
}

/// What an API key is, shown once.
pub fn api_key_reveal(id: impl Display) -> String {
    format!("/developers/api-keys/{id}/reveal")
}

/// The page that revokes an API key.
pub fn api_key_revocation(id: impl Display) -> String {
    format!("/developers/api-keys/{id}/revocation")
}

/// What happened: one event, with the deliveries it caused.
pub fn event(id: impl Display) -> String {
    format!("{EVENTS}/{id}")
}

/// A type of event in the catalogue.
pub fn catalogue_entry(kind: EventType) -> String {
    format!("{CATALOGUE}/{kind}")
}

/// The guide, with the snippet of a language.
pub fn receiving_in(language: &str) -> String {
    format!("{RECEIVING}?language={language}#verify")
}

/// A recipe of the guide.
pub fn recipe(slug: &str) -> String {
    format!("{RECEIVING}/{slug}")
}

/// Where the guide says what a failure means and what to do.
pub fn help(class: ErrorClass) -> String {
    format!("{RECEIVING}#{}", class.as_str())
}

/// Where the guide says how a disabled webhook works again.
pub fn help_disabled() -> String {
    format!("{RECEIVING}#disabled")
}

/// Where a sample of an event is sent to a hook.
pub fn webhook_sample(id: impl Display, kind: EventType) -> String {
    format!("/settings/webhooks/{id}/tests?event={kind}")
}

/// One delivery.
pub fn log(id: impl Display) -> String {
    format!("/developers/logs/{id}")
}

/// Tries of a delivery made by hand: posting makes one.
pub fn log_retry(id: impl Display) -> String {
    format!("/developers/logs/{id}/retry")
}

/// The payload of a delivery, as a file.
pub fn log_payload(id: impl Display) -> String {
    format!("/developers/logs/{id}/payload")
}

/// The end of a delivery that is still owed.
pub fn log_cancellation(id: impl Display) -> String {
    format!("/developers/logs/{id}/cancellation")
}
