//! The door: logging in, logging out, and the switches of the bar.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use maud::html;
use serde::Deserialize;

use crate::actions::first_run::is_first;
use crate::actions::sign_in::{SignIn, sign_in, signed_out};
use crate::actions::{ActionError, Context, FieldError};
use crate::config::Config;
use crate::domain::member::Member;
use crate::domain::mode::Mode;
use crate::domain::secret::Plain;
use crate::store;
use crate::web::entry::{carried_proof, enter, refusal};
use crate::web::error::{Answer, WebError};
use crate::web::form::{Errors, Fields, describedby, wrong};
use crate::web::icons::icon;
use crate::web::layout::door;
use crate::web::redirect::see_other;
use crate::web::visit::Visit;
use crate::web::{first_run, paths, session, visitor};

/// Where to go once signed in.
#[derive(Deserialize)]
pub struct Query {
    next: Option<String>,
}

/// The login page.
pub async fn show(context: web::Data<Context>, query: web::Query<Query>, session: Session) -> Answer {
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
) -> Answer {
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
        Err(ActionError::NotSignedIn(why)) => {
            let status = refusal(why);
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

/// Logs out: the session ends on the server.
pub async fn leave(context: web::Data<Context>, session: Session) -> Answer {
    let member = session.get::<String>(session::MEMBER).ok().flatten().and_then(|id| id.parse().ok());
    session.purge();
    if let Some(member) = member {
        signed_out(&context, member).await?;
    }
    Ok(see_other(paths::LOGIN))
}

/// Switches between live and test, and leads to the same list there.
pub async fn switch_mode(session: Session, fields: Fields) -> Answer {
    if let Some(mode) = Mode::parse(fields.one("mode")) {
        session::remember(&session, session::MODE, mode.as_str())?;
    }
    Ok(see_other(local(fields.one("back"))))
}

/// Switches to another of the member's organisations.
pub async fn switch_organisation(visit: Visit, session: Session, fields: Fields) -> Answer {
    let wanted = visit.organisations().iter().find(|own| own.id.as_str() == fields.one("organisation"));
    let organisation = wanted.ok_or(WebError::NotFound)?;
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
