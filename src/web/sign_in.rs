//! The door: logging in, logging out, and the switches of the bar.

use actix_session::Session;
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use maud::html;
use rand::distr::{Alphanumeric, SampleString};
use serde::Deserialize;

use super::error::WebError;
use super::form::{Errors, Fields, describedby, wrong};
use super::gate::see_other;
use super::icons::icon;
use super::layout::door;
use super::session::cookie_name;
use super::{first_run, paths, session, visitor};
use crate::actions::first_run::is_first;
use crate::actions::sign_in::{BUSY, SignIn, THROTTLED, sign_in, signed_out};
use crate::actions::{ActionError, Context, FieldError, Viewer, browser_proof};
use crate::config::Config;
use crate::domain::member::Member;
use crate::domain::mode::Mode;
use crate::domain::secret::Plain;
use crate::store;

/// Where to go once signed in.
#[derive(Deserialize)]
pub struct Query {
    next: Option<String>,
}

/// The login page.
pub async fn show(
    context: web::Data<Context>,
    query: web::Query<Query>,
    session: Session,
) -> Result<HttpResponse, WebError> {
    let next = local(query.next.as_deref().unwrap_or_default());
    if session.get::<String>(session::MEMBER).ok().flatten().is_some() {
        return Ok(see_other(next));
    }
    if is_first(&context).await? {
        return Ok(first_run::look_at_the_terminal());
    }
    Ok(page("", &next, &Errors::default(), StatusCode::OK))
}

/// Logs in.
pub async fn submit(
    request: HttpRequest,
    context: web::Data<Context>,
    config: web::Data<Config>,
    session: Session,
    fields: Fields,
) -> Result<HttpResponse, WebError> {
    let next = local(fields.one("next"));
    let attempt = SignIn {
        email: fields.one("email").to_owned(),
        password: Plain::new(fields.one("password").to_owned()),
        from: visitor::address(&request, &config),
        browser_proof: carried_proof(&request, &config),
    };
    match sign_in(&context, attempt).await {
        Ok(member) if belongs_nowhere(&context, &member).await? => {
            let errors = Errors(vec![FieldError::new("email", HOMELESS)]);
            Ok(page(&member.email, &next, &errors, StatusCode::FORBIDDEN))
        }
        Ok(member) => enter(&request, &context, &config, &session, &member, &next).await,
        Err(ActionError::Refused(why)) => {
            let status = refusal(&why);
            let errors = Errors(vec![FieldError::new("email", why)]);
            Ok(page(fields.one("email"), &next, &errors, status))
        }
        Err(error) => Err(error.into()),
    }
}

/// What is said to somebody who was removed everywhere: they would only be led back to the door.
const HOMELESS: &str = "This account belongs to no organisation any more. An Organisation Admin can invite you again";

async fn belongs_nowhere(context: &Context, member: &Member) -> Result<bool, WebError> {
    let id = member.id.clone();
    Ok(context.store.read(move |conn| store::member::organisations_of(conn, &id)).await?.is_empty())
}

/// The status of a sign-in that was refused.
pub(super) fn refusal(why: &str) -> StatusCode {
    match why {
        THROTTLED => StatusCode::TOO_MANY_REQUESTS,
        BUSY => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// The proof of an earlier sign-in that the browser carries.
pub(super) fn carried_proof(request: &HttpRequest, config: &Config) -> Option<String> {
    request.cookie(&cookie_name("browser", config.is_https())).map(|cookie| cookie.value().to_owned())
}

/// Lets a member in who has shown that they may, and leads them on. The session gets a new id, so that one planted before is
/// worth nothing.
pub(super) async fn enter(
    request: &HttpRequest,
    context: &Context,
    config: &Config,
    session: &Session,
    member: &Member,
    next: &str,
) -> Result<HttpResponse, WebError> {
    // Not `purge`: after it a session takes nothing in.
    session.clear();
    session.renew();
    let name = Alphanumeric.sample_string(&mut rand::rng(), 24);
    let browser = visitor::browser(request);
    for (key, value) in
        [(session::MEMBER, member.id.as_str()), (session::NAME, name.as_str()), (session::BROWSER, browser.as_str())]
    {
        session::remember(session, key, value)?;
    }
    let mut answer = see_other(next);
    remember_browser(context, config, member, &mut answer).await?;
    Ok(answer)
}

/// Gives a browser the proof that it signed in to an account.
pub(super) async fn remember_browser(
    context: &Context,
    config: &Config,
    member: &Member,
    answer: &mut HttpResponse,
) -> Result<(), WebError> {
    let proof = browser_proof::make(context, &member.id).await?;
    let proof = Cookie::build(cookie_name("browser", config.is_https()), proof)
        .path("/")
        .http_only(true)
        .secure(config.is_https())
        .same_site(SameSite::Lax)
        .max_age(Duration::days(365))
        .finish();
    // A cookie that cannot be written is missed only when somebody attacks this account.
    let _ = answer.add_cookie(&proof);
    Ok(())
}

/// Logs out: the session ends on the server.
pub async fn leave(context: web::Data<Context>, session: Session) -> Result<HttpResponse, WebError> {
    let member = session.get::<String>(session::MEMBER).ok().flatten().and_then(|id| id.parse().ok());
    session.purge();
    if let Some(member) = member {
        signed_out(&context, member).await?;
    }
    Ok(see_other(paths::LOGIN))
}

/// Switches between live and test, and leads to the same list there.
pub async fn switch_mode(session: Session, fields: Fields) -> Result<HttpResponse, WebError> {
    if let Some(mode) = Mode::parse(fields.one("mode")) {
        session::remember(&session, session::MODE, mode.as_str())?;
    }
    Ok(see_other(local(fields.one("back"))))
}

/// Switches to another of the member's organisations.
pub async fn switch_organisation(
    context: web::Data<Context>,
    viewer: Viewer,
    session: Session,
    fields: Fields,
) -> Result<HttpResponse, WebError> {
    let member = viewer.member.id.clone();
    let own = context.store.read(move |conn| store::member::organisations_of(conn, &member)).await?;
    let wanted = own.iter().find(|(organisation, _)| organisation.id.as_str() == fields.one("organisation"));
    let (organisation, _) = wanted.ok_or(WebError::NotFound)?;
    session::remember(&session, session::ORGANISATION, organisation.id.as_str())?;
    Ok(see_other(paths::HOME))
}

/// A target on this very console; anything else becomes the home page.
fn local(target: &str) -> String {
    // Browsers drop tabs and line breaks before they look: "/\t/evil.example" would lead there. No header holds the others.
    let plain = target.starts_with('/') && !target.starts_with("//");
    let plain = plain && !target.contains(|c: char| c == '\\' || c.is_control());
    if plain { target.to_owned() } else { paths::HOME.to_owned() }
}

fn page(email: &str, next: &str, errors: &Errors, status: StatusCode) -> HttpResponse {
    let error = errors.of("email");
    let body = html! {
        (errors.summary())
        p.brand { (icon("wire")) span { "Hirewire" } }
        h1 { "Log in" }
        form.form method="post" action=(paths::LOGIN) novalidate {
            input type="hidden" name="next" value=(next);
            div.field {
                label for="email" { "E-mail address" }
                (wrong("email", error))
                input #email name="email" type="email" value=(email) autocomplete="username" inputmode="email" spellcheck="false"
                    aria-invalid=[error.map(|_| "true")] aria-describedby=(describedby("email", "", error));
            }
            div.field {
                label for="password" { "Password" }
                input #password name="password" type="password" autocomplete="current-password";
            }
            button.btn.main { "Log in" }
        }
        p.small.soft { "Forgotten your password? Whoever runs this Hirewire can give you a new one." }
    };
    let title = if errors.is_empty() { "Log in" } else { "Error: Log in" };
    door(title, body, status)
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn a_target_elsewhere_leads_home() {
        assert_eq!(local("/vacancies?x=1"), "/vacancies?x=1");
        for elsewhere in
            ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "/\0", "", "vacancies"]
        {
            assert_eq!(local(elsewhere), "/");
        }
    }
}
