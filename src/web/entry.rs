//! Coming in: a session for whoever has shown who they are, and the proof of it that their browser carries from then on.

use actix_session::Session;
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use rand::distr::{Alphanumeric, SampleString};

use crate::actions::sign_in::SignInError;
use crate::actions::{Context, browser_proof};
use crate::config::Config;
use crate::domain::member::Member;
use crate::web::error::Answer;
use crate::web::redirect::see_other;
use crate::web::session::{self, cookie_name};
use crate::web::visitor;

/// The status of a sign-in that was refused.
pub fn refusal(why: SignInError) -> StatusCode {
    match why {
        SignInError::WrongPassword => StatusCode::UNPROCESSABLE_ENTITY,
        SignInError::Throttled => StatusCode::TOO_MANY_REQUESTS,
        SignInError::Busy => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The proof of an earlier sign-in that the browser carries.
pub fn carried_proof(request: &HttpRequest, config: &Config) -> Option<String> {
    request.cookie(&cookie_name("browser", config.is_https())).map(|cookie| cookie.value().to_owned())
}

/// Lets a member in who has shown that they may, and leads them on. The session gets a new id, so that one planted before is
/// worth nothing.
pub async fn enter(
    request: &HttpRequest,
    context: &Context,
    config: &Config,
    session: &Session,
    member: &Member,
    next: &str,
) -> Answer {
    // Not `purge`: after it a session takes nothing in.
    session.clear();
    session.renew();
    let name = Alphanumeric.sample_string(&mut rand::rng(), 24);
    let browser = visitor::browser(request);
    for (key, value) in [
        (session::MEMBER, member.id.as_str()),
        (session::PASSWORD, member.password.as_str()),
        (session::NAME, name.as_str()),
        (session::BROWSER, browser.as_str()),
    ] {
        session::remember(session, key, value)?;
    }
    let mut answer = see_other(next);
    remember_browser(context, config, member, &mut answer);
    Ok(answer)
}

/// Gives a browser the proof that it signed in to an account.
pub fn remember_browser(context: &Context, config: &Config, member: &Member, answer: &mut HttpResponse) {
    let proof = browser_proof::make(context, member);
    let proof = Cookie::build(cookie_name("browser", config.is_https()), proof)
        .path("/")
        .http_only(true)
        .secure(config.is_https())
        .same_site(SameSite::Lax)
        .max_age(Duration::days(365))
        .finish();
    // A cookie that cannot be written is missed only when somebody attacks this account.
    let _ = answer.add_cookie(&proof);
}
