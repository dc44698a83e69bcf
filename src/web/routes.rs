//! The whole console on one screen: every address, who may come there, what answers.
//!
//! A route cannot be added without its rule and what it takes, and [`super::gate::rules`] refuses whatever is not in this table. A test walks it
//! with every role, without one, and from another organisation.

use actix_web::guard;
use actix_web::http::Method;
use actix_web::web::{self, post};

use super::paths;
use super::{
    account, api_keys, assets, developers, exports, first_run, help, home, indexes, interviews, invitation, keyboard,
    llms, logs, members, sign_in, support, vacancies, webhooks,
};
use crate::domain::role::Permission;

/// Who may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Anyone, signed in or not: the door itself and what it is made of.
    Anyone,
    /// Members whose role in their organisation has the permission.
    May(Permission),
}

/// How large a body a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// None.
    Nothing,
    /// A form that anybody may post: 8 KiB.
    Door,
    /// A member's form: 64 KiB.
    Form,
    /// A form that names each candidate of a selection: 2 MiB.
    Selection,
    /// A form with a file of up to 10 MiB.
    Upload,
}

impl Body {
    /// The most that is taken, in bytes.
    pub const fn largest(self) -> usize {
        const KIB: usize = 1024;
        match self {
            Body::Nothing => 0,
            Body::Door => 8 * KIB,
            Body::Form => 64 * KIB,
            Body::Selection => 2 * KIB * KIB,
            // With room for what stands around the file.
            Body::Upload => 10 * KIB * KIB + 64 * KIB,
        }
    }
}

/// One way to one page.
pub struct Route {
    /// GET shows, POST does.
    pub method: Method,
    /// Its address, with `{…}` for ids.
    pub path: &'static str,
    /// Who may come.
    pub rule: Rule,
    /// What it takes.
    pub body: Body,
    /// What answers.
    pub handler: fn() -> actix_web::Route,
}

const fn show(path: &'static str, rule: Rule, handler: fn() -> actix_web::Route) -> Route {
    Route { method: Method::GET, path, rule, body: Nothing, handler }
}

const fn act(path: &'static str, rule: Rule, body: Body, handler: fn() -> actix_web::Route) -> Route {
    Route { method: Method::POST, path, rule, body, handler }
}

/// A route that shows something: to GET, and to HEAD, which is a GET whose body nobody wants.
pub fn get() -> actix_web::Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

use Body::{Door, Form, Nothing, Selection, Upload};
use Permission::*;
use Rule::{Anyone, May};

/// Every route. The first that fits an address answers, so fixed words stand before ids.
pub const ROUTES: &[Route] = &[
    show("/assets/{name}", Anyone, || get().to(assets::serve)),
    show(paths::LOGIN, Anyone, || get().to(sign_in::show)),
    act(paths::LOGIN, Anyone, Door, || post().to(sign_in::submit)),
    act(paths::LOGOUT, Anyone, Door, || post().to(sign_in::leave)),
    show("/invitations/{token}", Anyone, || get().to(invitation::show)),
    act("/invitations/{token}", Anyone, Door, || post().to(invitation::submit)),
    show("/setup/{token}", Anyone, || get().to(first_run::show)),
    act("/setup/{token}", Anyone, Door, || post().to(first_run::submit)),
    show(paths::LLMS, Anyone, || get().to(llms::show)),
    show(paths::HOME, May(BeMember), || get().to(home::show)),
    act(paths::MODE, May(BeMember), Form, || post().to(sign_in::switch_mode)),
    act(paths::ORGANISATION, May(BeMember), Form, || post().to(sign_in::switch_organisation)),
    show(paths::ACCOUNT, May(BeMember), || get().to(account::show)),
    act(paths::ACCOUNT_NAME, May(BeMember), Form, || post().to(account::rename)),
    show(paths::ACCOUNT_PASSWORD, May(BeMember), || get().to(account::show_password)),
    act(paths::ACCOUNT_PASSWORD, May(BeMember), Form, || post().to(account::change_password)),
    act(paths::ACCOUNT_SESSIONS, May(BeMember), Form, || post().to(account::end_sessions)),
    show(paths::VACANCIES, May(ViewVacancies), || get().to(vacancies::list::show)),
    show(paths::NEW_VACANCY, May(ManageVacancies), || get().to(vacancies::new::show)),
    act(paths::NEW_VACANCY, May(ManageVacancies), Form, || post().to(vacancies::new::submit)),
    show("/vacancies/{id}", May(ViewVacancies), || get().to(vacancies::show::show)),
    show("/vacancies/{id}/import", May(ManageVacancies), || get().to(vacancies::import::show)),
    act("/vacancies/{id}/import", May(ManageVacancies), Upload, || post().to(vacancies::import::upload)),
    show("/vacancies/{id}/import/{import}", May(ManageVacancies), || get().to(vacancies::import::mapping)),
    act("/vacancies/{id}/import/{import}", May(ManageVacancies), Form, || post().to(vacancies::import::confirm)),
    show("/vacancies/{id}/import/{import}/left-out", May(ManageVacancies), || get().to(vacancies::import::left_out)),
    show("/vacancies/{id}/export", May(Export), || get().to(exports::confirm::show)),
    act("/vacancies/{id}/export", May(Export), Selection, || post().to(exports::confirm::submit)),
    show(paths::INTERVIEWS, May(ViewInterviews), || get().to(interviews::list::show)),
    show(paths::NEW_INTERVIEW, May(ManageInterviews), || get().to(interviews::new::show)),
    act(paths::NEW_INTERVIEW, May(ManageInterviews), Form, || post().to(interviews::new::submit)),
    show("/interviews/{id}", May(ViewInterviews), || get().to(interviews::show::show)),
    act("/interviews/{id}/sessions", May(ManageInterviews), Form, || post().to(interviews::show::invite)),
    show("/interviews/{id}/settings", May(ViewInterviews), || get().to(interviews::settings::show)),
    act("/interviews/{id}/settings", May(ManageInterviews), Form, || post().to(interviews::settings::submit)),
    act("/interviews/{id}/webhook", May(ManageHooks), Form, || post().to(interviews::settings::set_hook)),
    act("/interviews/{id}/webhook/tests", May(ManageHooks), Form, || post().to(interviews::settings::test)),
    show("/interviews/{id}/sessions/{session}", May(ViewInterviews), || get().to(interviews::session::show)),
    act("/interviews/{id}/sessions/{session}/start", May(ManageInterviews), Form, || {
        post().to(interviews::session::start)
    }),
    show("/interviews/{id}/sessions/{session}/withdrawal", May(ManageInterviews), || {
        get().to(interviews::withdrawal::show)
    }),
    act("/interviews/{id}/sessions/{session}/withdrawal", May(ManageInterviews), Form, || {
        post().to(interviews::withdrawal::submit)
    }),
    show("/interviews/{id}/sessions/{session}/result", May(ManageInterviews), || get().to(interviews::result::show)),
    act("/interviews/{id}/sessions/{session}/result", May(ManageInterviews), Upload, || {
        post().to(interviews::result::submit)
    }),
    show(paths::EXPORTS, May(ViewExports), || get().to(exports::list::show)),
    show("/exports/{id}", May(ViewExports), || get().to(exports::show::show)),
    show(paths::SETTINGS, May(BeMember), || get().to(indexes::settings)),
    show(paths::INTERVIEW_SETTINGS, May(ViewInterviews), || get().to(interviews::all::show)),
    show(paths::SUPPORT, May(ManageOrganisation), || get().to(support::show)),
    act(paths::SUPPORT, May(ManageOrganisation), Form, || post().to(support::submit)),
    show(paths::WEBHOOKS, May(ViewHooks), || get().to(webhooks::list::show)),
    show(paths::NEW_WEBHOOK, May(ManageHooks), || get().to(webhooks::new::show)),
    act(paths::NEW_WEBHOOK, May(ManageHooks), Form, || post().to(webhooks::new::submit)),
    show("/settings/webhooks/{id}", May(ViewHooks), || get().to(webhooks::show::show)),
    show("/settings/webhooks/{id}/reveal", May(ManageHooks), || get().to(webhooks::reveal::show)),
    show("/settings/webhooks/{id}/settings", May(ManageHooks), || get().to(webhooks::edit::show)),
    act("/settings/webhooks/{id}/settings", May(ManageHooks), Form, || post().to(webhooks::edit::submit)),
    show("/settings/webhooks/{id}/tests", May(ManageHooks), || get().to(webhooks::preview::show)),
    act("/settings/webhooks/{id}/tests", May(ManageHooks), Form, || post().to(webhooks::test::send)),
    act("/settings/webhooks/{id}/pause", May(ManageHooks), Form, || post().to(webhooks::pause::begin)),
    act("/settings/webhooks/{id}/resumption", May(ManageHooks), Form, || post().to(webhooks::pause::end)),
    act("/settings/webhooks/{id}/activation", May(ManageHooks), Form, || post().to(webhooks::enable::submit)),
    show("/settings/webhooks/{id}/missed", May(ManageHooks), || get().to(webhooks::missed::show)),
    act("/settings/webhooks/{id}/missed", May(ManageHooks), Form, || post().to(webhooks::missed::submit)),
    show("/settings/webhooks/{id}/deletion", May(ManageHooks), || get().to(webhooks::delete::show)),
    act("/settings/webhooks/{id}/deletion", May(ManageHooks), Form, || post().to(webhooks::delete::submit)),
    show("/settings/webhooks/{id}/replacement", May(ManageHooks), || get().to(webhooks::replace::show)),
    act("/settings/webhooks/{id}/replacement", May(ManageHooks), Form, || post().to(webhooks::replace::submit)),
    act("/settings/webhooks/{id}/switch", May(ManageHooks), Form, || post().to(webhooks::credential::switched)),
    show("/settings/webhooks/{id}/{kind}", May(ManageHooks), || get().to(webhooks::credential::show)),
    act("/settings/webhooks/{id}/{kind}", May(ManageHooks), Form, || post().to(webhooks::credential::make)),
    show("/settings/webhooks/{id}/{kind}/end", May(ManageHooks), || get().to(webhooks::credential::show_end)),
    act("/settings/webhooks/{id}/{kind}/end", May(ManageHooks), Form, || post().to(webhooks::credential::end)),
    show("/settings/webhooks/{id}/{kind}/revocation", May(ManageHooks), || {
        get().to(webhooks::credential::show_revocation)
    }),
    act("/settings/webhooks/{id}/{kind}/revocation", May(ManageHooks), Form, || {
        post().to(webhooks::credential::revoke)
    }),
    act(paths::RELEASE, May(ManageHooks), Form, || post().to(home::release)),
    show(paths::MEMBERS, May(ManageMembers), || get().to(members::list::show)),
    show(paths::INVITE, May(ManageMembers), || get().to(members::invite::show)),
    act(paths::INVITE, May(ManageMembers), Form, || post().to(members::invite::submit)),
    show("/settings/members/{id}", May(ManageMembers), || get().to(members::show::show)),
    act("/settings/members/{id}/role", May(ManageMembers), Form, || post().to(members::show::change_role)),
    act("/settings/members/{id}/sessions", May(ManageMembers), Form, || post().to(members::show::end_sessions)),
    show("/settings/members/{id}/removal", May(ManageMembers), || get().to(members::remove::show)),
    act("/settings/members/{id}/removal", May(ManageMembers), Form, || post().to(members::remove::submit)),
    show("/settings/invitations/{id}/reveal", May(ManageMembers), || get().to(members::reveal::show)),
    act("/settings/invitations/{id}/renewal", May(ManageMembers), Form, || post().to(members::invite::renew)),
    show("/settings/invitations/{id}/revocation", May(ManageMembers), || get().to(members::revoke::show)),
    act("/settings/invitations/{id}/revocation", May(ManageMembers), Form, || post().to(members::revoke::submit)),
    show(paths::DEVELOPERS, May(BeMember), || get().to(indexes::developers)),
    show(paths::API, May(BeMember), || get().to(developers::api::show)),
    show(paths::API_KEYS, May(ManageApiKeys), || get().to(api_keys::show)),
    act(paths::API_KEYS, May(ManageApiKeys), Form, || post().to(api_keys::submit)),
    show("/developers/api-keys/{id}/reveal", May(ManageApiKeys), || get().to(api_keys::reveal)),
    show("/developers/api-keys/{id}/revocation", May(ManageApiKeys), || get().to(api_keys::show_revocation)),
    act("/developers/api-keys/{id}/revocation", May(ManageApiKeys), Form, || post().to(api_keys::revoke)),
    show(paths::EVENTS, May(ViewLogs), || get().to(developers::events::show)),
    show("/developers/events/{id}", May(ViewLogs), || get().to(developers::event::show)),
    show(paths::CATALOGUE, May(BeMember), || get().to(developers::catalogue::show)),
    show("/developers/catalogue/{event}", May(BeMember), || get().to(developers::catalogue::show_entry)),
    show(paths::RECEIVING, May(BeMember), || get().to(developers::receiving::show)),
    show("/developers/receiving/{recipe}", May(BeMember), || get().to(developers::recipes::show)),
    show(paths::LOGS, May(ViewLogs), || get().to(logs::list::show)),
    show("/developers/logs/{id}", May(ViewLogs), || get().to(logs::show::show)),
    show("/developers/logs/{id}/payload", May(ViewLogs), || get().to(logs::download::payload)),
    act("/developers/logs/{id}/retry", May(Resend), Form, || post().to(logs::act::retry)),
    show(paths::HELP, May(BeMember), || get().to(help::show)),
    show(paths::KEYBOARD, May(BeMember), || get().to(keyboard::show)),
    act("/developers/logs/{id}/cancellation", May(Resend), Form, || post().to(logs::act::cancel)),
];

/// The route of a request; that of HEAD is that of GET.
pub fn route_of(method: &Method, pattern: &str) -> Option<&'static Route> {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    ROUTES.iter().find(|route| route.path == pattern && route.method == *method)
}
