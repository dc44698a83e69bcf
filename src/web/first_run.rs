//! The first run: the page whose address `hirewire serve` prints, and what everybody else reads until it has been used.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use maud::{Markup, Render, html};

use crate::actions::first_run::{FirstRun, complete, is_first, opens};
use crate::actions::{ActionError, Context};
use crate::config::Config;
use crate::domain::secret::Plain;
use crate::domain::time_zone;
use crate::web::entry::enter;
use crate::web::error::Answer;
use crate::web::form::{Errors, Fields, TextField, describedby, wrong};
use crate::web::icons::icon;
use crate::web::layout::door;
use crate::web::{paths, session};

/// The form, for whoever came with the right address.
pub async fn show(context: web::Data<Context>, token: web::Path<String>) -> Answer {
    if !opens(&context, &token).await? {
        return closed(&context).await;
    }
    Ok(Form { token: &token, typed: &Fields::default(), errors: &Errors::default() }.page(StatusCode::OK))
}

/// Makes the first organisation and its admin, and lets them in.
pub async fn submit(
    request: HttpRequest,
    context: web::Data<Context>,
    config: web::Data<Config>,
    session: Session,
    token: web::Path<String>,
    fields: Fields,
) -> Answer {
    if !opens(&context, &token).await? {
        return closed(&context).await;
    }
    let typed = FirstRun {
        organisation: fields.one("organisation").to_owned(),
        time_zone: fields.one("time_zone").to_owned(),
        name: fields.one("name").to_owned(),
        email: fields.one("email").to_owned(),
        password: Plain::new(fields.one("password").to_owned()),
    };
    match complete(&context, &token, typed).await {
        Ok((member, organisation)) => {
            let answer = enter(&request, &context, &config, &session, &member, paths::HOME).await?;
            session::remember(&session, session::ORGANISATION, organisation.as_str())?;
            Ok(answer)
        }
        Err(ActionError::Invalid(errors)) => {
            let form = Form { token: &token, typed: &fields, errors: &Errors(errors) };
            Ok(form.page(StatusCode::UNPROCESSABLE_ENTITY))
        }
        // Somebody else was faster.
        Err(ActionError::NotFound) => closed(&context).await,
        Err(error) => Err(error.into()),
    }
}

/// What stands in place of the login form while nobody could log in.
pub fn look_at_the_terminal() -> HttpResponse {
    let body = html! {
        p.brand { (icon("wire")) span { "Hirewire" } }
        h1 { "Nobody works here yet" }
        p { "Hirewire runs, and its database is empty. Look at the terminal or the log of " code { "hirewire serve" }
            ": it printed a line that begins with " code { "first run:" } ". Open that address to make the first organisation and yourself its admin." }
        p.small.soft { "The address works once. Is it lost? Start the server again, and it prints another." }
    };
    door("First run", body, StatusCode::OK)
}

/// For an address that is worth nothing: used, of an earlier start, or never printed.
async fn closed(context: &Context) -> Answer {
    let still_empty = is_first(context).await?;
    let body = html! {
        p.brand { (icon("wire")) span { "Hirewire" } }
        h1 { "This link is no longer valid" }
        @if still_empty {
            p { "It belongs to an earlier start of the server. Look at its terminal or log again: the last line that begins with "
                code { "first run:" } " has the address that works." }
        } @else {
            p { "Hirewire has its first organisation, so the address of the first run has done its work. Log in, or have an Organisation Admin invite you." }
            p { a.btn.main href=(paths::LOGIN) { "Log in" } }
        }
    };
    Ok(door("First run", body, StatusCode::GONE))
}

struct Form<'a> {
    token: &'a str,
    typed: &'a Fields,
    errors: &'a Errors,
}

impl Form<'_> {
    fn page(&self, status: StatusCode) -> HttpResponse {
        let title = if self.errors.is_empty() { "First run" } else { "Error: First run" };
        door(title, self.render(), status)
    }

    fn field<'a>(&'a self, name: &'a str, label: &'a str, hint: &'a str) -> TextField<'a> {
        TextField { name, label, hint, value: self.typed.one(name), error: self.errors.of(name) }
    }

    fn time_zone(&self) -> Markup {
        let (name, error) = ("time_zone", self.errors.of("time_zone"));
        let hint = "Its pages tell the time in it. Type a city, such as Europe/Berlin.";
        html! {
            div.field {
                label for=(name) { "Time zone" }
                p.soft.small id={ (name) "-hint" } { (hint) }
                (wrong(name, error))
                input id=(name) name=(name) value=(self.typed.one(name)) list="zones" autocomplete="off" spellcheck="false"
                    aria-invalid=[error.map(|_| "true")] aria-describedby=(describedby(name, hint, error));
                datalist #zones { @for zone in time_zone::all() { option value=(zone) {} } }
            }
        }
    }
}

impl Render for Form<'_> {
    fn render(&self) -> Markup {
        html! {
            (self.errors.summary())
            p.brand { (icon("wire")) span { "Hirewire" } }
            h1 { "Welcome" }
            p { "Make the first organisation, and yourself its Organisation Admin. You invite the others from there." }
            form.form method="post" action=(paths::setup(self.token)) novalidate {
                (self.field("organisation", "Organisation", "What its members call it, such as Acme Hiring."))
                (self.time_zone())
                (self.field("name", "Your name", "").input(Some("text"), Some("name")))
                (self.field("email", "Your e-mail address", "You log in with it.").input(Some("email"), Some("username")))
                (self.field("password", "Password", "At least 12 characters.").input(Some("password"), Some("new-password")))
                button.btn.main { "Begin" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::FieldError;

    #[test]
    fn a_refused_form_keeps_everything_but_the_password() {
        let typed = Fields::parse("organisation=O'Brien+%26+<b>&time_zone=Berlin&name=محمد&password=s3cret".as_bytes());
        let errors = Errors(vec![FieldError::new("time_zone", "Choose a time zone of the list")]);
        let page = Form { token: "t0ken", typed: &typed, errors: &errors }.render().into_string();
        assert!(page.contains("value=\"O'Brien &amp; &lt;b&gt;\"") && page.contains("value=\"Berlin\""), "{page}");
        assert!(page.contains("value=\"محمد\"") && !page.contains("s3cret"));
        assert!(page.contains("<a href=\"#time_zone\">Choose a time zone of the list</a>"));
        assert!(page.contains("<option value=\"Europe/Berlin\">") && page.contains("action=\"/setup/t0ken\""));
    }
}
