//! Every address of the console. Links come from here, so that a page that moves breaks the build and not a visitor.

#![expect(missing_docs, reason = "an address says what it is")]

use std::fmt::Display;

use crate::domain::attempt::ErrorClass;
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

/// The addresses of things: a function each, whose arguments stand in the address.
macro_rules! paths {
    ($($(#[$doc:meta])* $name:ident($($part:ident),*) = $address:literal;)*) => {$(
        $(#[$doc])*
        pub fn $name($($part: impl Display),*) -> String {
            format!($address)
        }
    )*};
}

paths! {
    /// One vacancy with its candidates.
    vacancy(id) = "/vacancies/{id}";
    /// Where a vacancy takes a file of candidates.
    vacancy_import(id) = "/vacancies/{id}/import";
    /// What was left out of an import, as a file.
    left_out(vacancy, import) = "/vacancies/{vacancy}/import/{import}/left-out";
    /// One import: the mapping of its columns, then what came of it.
    import(vacancy, import) = "/vacancies/{vacancy}/import/{import}";
    /// Where an export of a vacancy's candidates is confirmed.
    vacancy_export(id) = "/vacancies/{id}/export";
    /// The settings of an interview: its title and times, and where its events go.
    interview_settings(id) = "/interviews/{id}/settings";
    /// The hook an interview has of its own: posting sets, changes and ends it.
    interview_webhook(id) = "/interviews/{id}/webhook";
    /// The tests of the hook that an interview's events go to: posting makes one.
    interview_tests(id) = "/interviews/{id}/webhook/tests";
    /// The sessions of an interview: posting invites a candidate.
    interview_sessions(id) = "/interviews/{id}/sessions";
    /// The start of a session.
    session_start(interview, id) = "/interviews/{interview}/sessions/{id}/start";
    /// The end of a session before it has one, on a page that confirms it.
    session_withdrawal(interview, id) = "/interviews/{interview}/sessions/{id}/withdrawal";
    /// The result of a session: posting records it.
    session_result(interview, id) = "/interviews/{interview}/sessions/{id}/result";
    /// One export and how it went.
    export(id) = "/exports/{id}";
    /// The exports of a vacancy.
    vacancy_exports(id) = "{EXPORTS}?vacancy={id}";
    /// One hook.
    webhook(id) = "/settings/webhooks/{id}";
    /// A page of a hook that was just created although its host name does not resolve: it warns of that.
    unresolved(page) = "{page}?resolves=no";
    /// What a hook was just given, shown once.
    webhook_reveal(id) = "/settings/webhooks/{id}/reveal";
    /// The page that deletes a hook.
    webhook_deletion(id) = "/settings/webhooks/{id}/deletion";
    /// What may be changed of a hook.
    webhook_settings(id) = "/settings/webhooks/{id}/settings";
    /// The tests of a hook: a preview of what is sent; posting sends it.
    webhook_tests(id) = "/settings/webhooks/{id}/tests";
    /// The answer of a test, on the page that it was sent from.
    test_answer(page, test) = "{page}?test={test}#test";
    /// The pause of a hook: posting begins it.
    webhook_pause(id) = "/settings/webhooks/{id}/pause";
    /// The end of a hook's pause.
    webhook_resumption(id) = "/settings/webhooks/{id}/resumption";
    /// The end of a hook's being disabled.
    webhook_activation(id) = "/settings/webhooks/{id}/activation";
    /// What a hook missed while it was disabled: posting sends it.
    webhook_missed(id) = "/settings/webhooks/{id}/missed";
    /// A hook's `secret` or `key`: posting makes one, its own page confirms.
    webhook_credential(id, kind) = "/settings/webhooks/{id}/{kind}";
    /// The end of a hook's `secret` or `key`, on a page that confirms it.
    webhook_credential_end(id, kind) = "/settings/webhooks/{id}/{kind}/end";
    /// The end of the old one while a hook's `secret` or `key` is rotated, on a page that confirms it.
    webhook_credential_revocation(id, kind) = "/settings/webhooks/{id}/{kind}/revocation";
    /// The receiver's switch to the new key or secret of a hook: posting says that it has happened.
    webhook_switch(id) = "/settings/webhooks/{id}/switch";
    /// The page that has another hook take over from this one.
    webhook_replacement(id) = "/settings/webhooks/{id}/replacement";
    /// One member of the organisation.
    member(id) = "/settings/members/{id}";
    /// Where the sessions of a member are ended.
    member_sessions(id) = "/settings/members/{id}/sessions";
    /// The role of a member: posting changes it.
    member_role(id) = "/settings/members/{id}/role";
    /// The page that removes a member.
    member_removal(id) = "/settings/members/{id}/removal";
    /// An invitation's link, shown once.
    invitation_reveal(id) = "/settings/invitations/{id}/reveal";
    /// The page that takes an invitation back.
    invitation_revocation(id) = "/settings/invitations/{id}/revocation";
    /// An invitation made anew: posting gives it another link.
    invitation_renewal(id) = "/settings/invitations/{id}/renewal";
    /// What an invitation's link opens, for whoever holds it.
    invitation(token) = "/invitations/{token}";
    /// Where the first organisation and its admin are made.
    setup(token) = "/setup/{token}";
    /// What an API key is, shown once.
    api_key_reveal(id) = "/developers/api-keys/{id}/reveal";
    /// The page that revokes an API key.
    api_key_revocation(id) = "/developers/api-keys/{id}/revocation";
    /// What happened: one event, with the deliveries it caused.
    event(id) = "{EVENTS}/{id}";
    /// A type of event in the catalogue.
    catalogue_entry(kind) = "{CATALOGUE}/{kind}";
    /// The guide, with the snippet of a language.
    receiving_in(language) = "{RECEIVING}?language={language}#verify";
    /// A recipe of the guide.
    recipe(slug) = "{RECEIVING}/{slug}";
    /// Where the guide says how a disabled webhook works again.
    help_disabled() = "{RECEIVING}#disabled";
    /// Where a sample of an event is sent to a hook.
    webhook_sample(id, kind) = "/settings/webhooks/{id}/tests?event={kind}";
    /// One delivery.
    log(id) = "/developers/logs/{id}";
    /// Tries of a delivery made by hand: posting makes one.
    log_retry(id) = "/developers/logs/{id}/retry";
    /// The payload of a delivery, as a file.
    log_payload(id) = "/developers/logs/{id}/payload";
    /// The end of a delivery that is still owed.
    log_cancellation(id) = "/developers/logs/{id}/cancellation";
}

/// One interview with its sessions; payloads link here too.
pub fn interview(id: &InterviewId) -> String {
    payload::interview_page(id)
}

/// One session; payloads link here too.
pub fn session(interview: &InterviewId, id: &SessionId) -> String {
    payload::session_page(interview, id)
}

/// Where the guide says what a failure means and what to do.
pub fn help(class: ErrorClass) -> String {
    format!("{RECEIVING}#{}", class.as_str())
}
