//! Every address of the console. Links come from here, so that a page that moves breaks the build and not a visitor.

use std::fmt::Display;

pub const HOME: &str = "/";
pub const LOGIN: &str = "/login";
pub const LOGOUT: &str = "/logout";
pub const MODE: &str = "/mode";
pub const ORGANISATION: &str = "/organisation";
pub const VACANCIES: &str = "/vacancies";
pub const NEW_VACANCY: &str = "/vacancies/new";
pub const EXPORTS: &str = "/exports";
pub const WEBHOOKS: &str = "/settings/webhooks";
pub const NEW_WEBHOOK: &str = "/settings/webhooks/new";
pub const API_KEYS: &str = "/developers/api-keys";
pub const LOGS: &str = "/developers/logs";
pub const KEYBOARD: &str = "/help/keyboard";

/// One vacancy with its candidates.
pub fn vacancy(id: impl Display) -> String {
    format!("/vacancies/{id}")
}

/// Where a vacancy takes a file of candidates.
pub fn vacancy_import(id: impl Display) -> String {
    format!("/vacancies/{id}/import")
}

/// One import: the mapping of its columns, then what came of it.
pub fn import(vacancy: impl Display, import: impl Display) -> String {
    format!("/vacancies/{vacancy}/import/{import}")
}

/// Where an export of a vacancy's candidates is confirmed.
pub fn vacancy_export(id: impl Display) -> String {
    format!("/vacancies/{id}/export")
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

/// The tests of a hook: posting makes one.
pub fn webhook_tests(id: impl Display) -> String {
    format!("/settings/webhooks/{id}/tests")
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

/// What an API key is, shown once.
pub fn api_key_reveal(id: impl Display) -> String {
    format!("/developers/api-keys/{id}/reveal")
}

/// The page that revokes an API key.
pub fn api_key_revocation(id: impl Display) -> String {
    format!("/developers/api-keys/{id}/revocation")
}

/// One delivery.
pub fn log(id: impl Display) -> String {
    format!("/developers/logs/{id}")
}

/// Tries of a delivery made by hand: posting makes one.
pub fn log_retry(id: impl Display) -> String {
    format!("/developers/logs/{id}/retry")
}

/// The end of a delivery that is still owed.
pub fn log_cancellation(id: impl Display) -> String {
    format!("/developers/logs/{id}/cancellation")
}
