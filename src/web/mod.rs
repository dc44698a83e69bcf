//! The console: server-rendered pages, a folder a noun, a file a page or act, handler and view together.
//!
//! [`routes`] lists every address with its rule, [`gate`] holds the rules, [`layout`] draws what stands around every page,
//! [`paths`] makes links, [`form`] and [`error`] say what went wrong. Handlers parse, call one action or read, and answer: each
//! is given a [`visit::Visit`]. Pages are written with the [`prelude`], and many are made of the same pieces ([`ui`]). Those
//! that list something read and write their address with a [`query::Query`].

pub mod account;
pub mod advice;
pub mod api_keys;
pub mod assets;
pub mod bidi;
pub mod chart;
pub mod code;
pub mod developers;
pub mod done;
pub mod entry;
pub mod error;
pub mod exports;
pub mod first_run;
pub mod form;
pub mod gate;
pub mod help;
pub mod home;
pub mod host;
pub mod icons;
pub mod indexes;
pub mod interviews;
pub mod invitation;
pub mod kept_out;
pub mod keyboard;
pub mod layout;
pub mod llms;
pub mod logs;
pub mod members;
mod nowhere;
pub mod origin;
pub mod paths;
pub mod prelude;
pub mod query;
pub mod redirect;
pub mod routes;
#[cfg(test)]
mod samples;
pub mod session;
pub mod sign_in;
pub mod status;
pub mod support;
pub mod time;
pub mod ui;
pub mod upload;
pub mod vacancies;
pub mod visit;
pub mod visitor;
pub mod webhooks;
pub mod words;

use actix_session::SessionMiddleware;
use actix_session::config::{CookieContentSecurity, PersistentSession, TtlExtensionPolicy};
use actix_web::cookie::{Key, SameSite, time::Duration};
use actix_web::middleware::from_fn;
use actix_web::{Resource, web};

use crate::actions::Context;
use crate::config::Config;
use session::{Sessions, cookie_name};

/// Adds the console to the server; the partner API must have been added before.
pub fn configure(context: &Context, config: &Config) -> impl FnOnce(&mut web::ServiceConfig) + use<> {
    let sessions = Sessions::new(context.store.clone(), context.clock.clone(), config.sessions);
    let idle = Duration::seconds(config.sessions.idle.num_seconds());
    let key = Key::derive_from(&context.sealing.derive("the console's cookies"));
    let https = config.is_https();
    move |server| {
        let session = SessionMiddleware::builder(sessions, key)
            .cookie_name(cookie_name("session", https))
            .cookie_secure(https)
            .cookie_http_only(true)
            .cookie_same_site(SameSite::Lax)
            .cookie_path("/".into())
            .cookie_content_security(CookieContentSecurity::Signed)
            .session_lifecycle(
                PersistentSession::default()
                    .session_ttl(idle)
                    .session_ttl_extension_policy(TtlExtensionPolicy::OnStateChanges),
            )
            .build();
        let scope = resources()
            .into_iter()
            .fold(web::scope(""), |scope, resource| scope.service(resource))
            .default_service(web::to(|| async { Err::<actix_web::HttpResponse, _>(error::WebError::NotFound) }))
            .wrap(from_fn(gate::rules))
            .wrap(session)
            .wrap(from_fn(gate::own_cookies))
            .wrap(from_fn(gate::same_site))
            .wrap(from_fn(gate::own_host))
            .wrap(from_fn(gate::strict_headers));
        server.service(scope);
    }
}

fn resources() -> Vec<Resource> {
    let mut addresses: Vec<&str> = Vec::new();
    for route in routes::ROUTES {
        if !addresses.contains(&route.path) {
            addresses.push(route.path);
        }
    }
    let ways = |path: &str| {
        let mine = routes::ROUTES.iter().filter(|route| route.path == path);
        mine.fold(web::resource(path.to_owned()), |resource, route| resource.route((route.handler)()))
    };
    addresses.into_iter().map(ways).collect()
}
