//! The whole console on one screen: every address, who may come there, what answers.
//!
//! A route cannot be added without its rule, and [`super::gate::rules`] refuses whatever is not in this table. A test walks it
//! with every role, without one, and from another organisation.

use actix_web::http::Method;
use actix_web::web::{get, post};

use super::paths;
use super::{api_keys, assets, exports, home, keyboard, logs, sign_in, vacancies, webhooks};
use crate::domain::role::Permission;

/// Who may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Anyone, signed in or not: the door itself and what it is made of.
    Anyone,
    /// Members whose role in their organisation has the permission.
    May(Permission),
}

/// One way to one page.
pub struct Route {
    /// GET shows, POST does.
    pub method: Method,
    /// Its address, with `{…}` for ids.
    pub path: &'static str,
    /// Who may come.
    pub rule: Rule,
    /// What answers.
    pub handler: fn() -> actix_web::Route,
}

const fn show(path: &'static str, rule: Rule, handler: fn() -> actix_web::Route) -> Route {
    Route { method: Method::GET, path, rule, handler }
}

const fn act(path: &'static str, rule: Rule, handler: fn() -> actix_web::Route) -> Route {
    Route { method: Method::POST, path, rule, handler }
}

use Permission::*;
use Rule::{Anyone, May};

/// Every route. The first that fits an address answers, so fixed words stand before ids.
pub const ROUTES: &[Route] = &[
    show("/assets/{name}", Anyone, || get().to(assets::serve)),
    show(paths::LOGIN, Anyone, || get().to(sign_in::show)),
    act(paths::LOGIN, Anyone, || post().to(sign_in::submit)),
    act(paths::LOGOUT, Anyone, || post().to(sign_in::leave)),
    show(paths::HOME, May(BeMember), || get().to(home::show)),
    act(paths::MODE, May(BeMember), || post().to(sign_in::switch_mode)),
    act(paths::ORGANISATION, May(BeMember), || post().to(sign_in::switch_organisation)),
    show(paths::VACANCIES, May(ViewVacancies), || get().to(vacancies::list::show)),
    show(paths::NEW_VACANCY, May(ManageVacancies), || get().to(vacancies::new::show)),
    act(paths::NEW_VACANCY, May(ManageVacancies), || post().to(vacancies::new::submit)),
    show("/vacancies/{id}", May(ViewVacancies), || get().to(vacancies::show::show)),
    show("/vacancies/{id}/import", May(ManageVacancies), || get().to(vacancies::import::show)),
    act("/vacancies/{id}/import", May(ManageVacancies), || post().to(vacancies::import::upload)),
    show("/vacancies/{id}/import/{import}", May(ManageVacancies), || get().to(vacancies::import::mapping)),
    act("/vacancies/{id}/import/{import}", May(ManageVacancies), || post().to(vacancies::import::confirm)),
    show("/vacancies/{id}/export", May(Export), || get().to(exports::confirm::show)),
    act("/vacancies/{id}/export", May(Export), || post().to(exports::confirm::submit)),
    show(paths::EXPORTS, May(ViewExports), || get().to(exports::list::show)),
    show("/exports/{id}", May(ViewExports), || get().to(exports::show::show)),
    show(paths::WEBHOOKS, May(ViewHooks), || get().to(webhooks::list::show)),
    show(paths::NEW_WEBHOOK, May(ManageHooks), || get().to(webhooks::new::show)),
    act(paths::NEW_WEBHOOK, May(ManageHooks), || post().to(webhooks::new::submit)),
    show("/settings/webhooks/{id}", May(ViewHooks), || get().to(webhooks::show::show)),
    show("/settings/webhooks/{id}/reveal", May(ManageHooks), || get().to(webhooks::reveal::show)),
    act("/settings/webhooks/{id}/tests", May(ManageHooks), || post().to(webhooks::test::send)),
    act("/settings/webhooks/{id}/pause", May(ManageHooks), || post().to(webhooks::pause::begin)),
    act("/settings/webhooks/{id}/resumption", May(ManageHooks), || post().to(webhooks::pause::end)),
    act("/settings/webhooks/{id}/activation", May(ManageHooks), || post().to(webhooks::enable::submit)),
    show("/settings/webhooks/{id}/missed", May(ManageHooks), || get().to(webhooks::missed::show)),
    act("/settings/webhooks/{id}/missed", May(ManageHooks), || post().to(webhooks::missed::submit)),
    show("/settings/webhooks/{id}/deletion", May(ManageHooks), || get().to(webhooks::delete::show)),
    act("/settings/webhooks/{id}/deletion", May(ManageHooks), || post().to(webhooks::delete::submit)),
    show("/settings/webhooks/{id}/{kind}", May(ManageHooks), || get().to(webhooks::credential::show)),
    act("/settings/webhooks/{id}/{kind}", May(ManageHooks), || post().to(webhooks::credential::make)),
    show("/settings/webhooks/{id}/{kind}/end", May(ManageHooks), || get().to(webhooks::credential::show_end)),
    act("/settings/webhooks/{id}/{kind}/end", May(ManageHooks), || post().to(webhooks::credential::end)),
    show(paths::API_KEYS, May(ManageApiKeys), || get().to(api_keys::show)),
    act(paths::API_KEYS, May(ManageApiKeys), || post().to(api_keys::submit)),
    show("/developers/api-keys/{id}/reveal", May(ManageApiKeys), || get().to(api_keys::reveal)),
    show("/developers/api-keys/{id}/revocation", May(ManageApiKeys), || get().to(api_keys::show_revocation)),
    act("/developers/api-keys/{id}/revocation", May(ManageApiKeys), || post().to(api_keys::revoke)),
    show(paths::LOGS, May(ViewLogs), || get().to(logs::list::show)),
    show("/developers/logs/{id}", May(ViewLogs), || get().to(logs::show::show)),
    act("/developers/logs/{id}/retry", May(Resend), || post().to(logs::act::retry)),
    show(paths::KEYBOARD, May(BeMember), || get().to(keyboard::show)),
    act("/developers/logs/{id}/cancellation", May(Resend), || post().to(logs::act::cancel)),
];

/// The rule of a route; HEAD is a GET whose body nobody wants.
pub fn rule_of(method: &Method, pattern: &str) -> Option<Rule> {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    ROUTES.iter().find(|route| route.path == pattern && route.method == *method).map(|route| route.rule)
}
