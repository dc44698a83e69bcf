//! One's own account: name, password, and the sessions one is signed in with.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use maud::{Markup, Render, html};

use super::error::WebError;
use super::form::{Errors, Fields, TextField};
use super::gate::{Organisations, see_other};
use super::icons::icon;
use super::layout::{Head, Nav, Page, door, part};
use super::session::MAX_SESSIONS;
use super::sign_in::{refusal, remember_browser};
use super::{paths, session, time, visitor};
use crate::actions::account::{self, NewPassword};
use crate::actions::{ActionError, Context, FieldError, Viewer};
use crate::config::{Config, SessionLimits};
use crate::domain::secret::Plain;
use crate::store;
use crate::store::web_session::WebSession;

/// What the address of the page says was done a moment ago.
#[derive(serde::Deserialize)]
pub struct Query {
    done: Option<String>,
}

/// The page.
pub async fn show(
    context: web::Data<Context>,
    config: web::Data<Config>,
    viewer: Viewer,
    organisations: Organisations,
    query: web::Query<Query>,
) -> Result<HttpResponse, WebError> {
    let form = Typed { name: &viewer.member.name, errors: Errors::default(), done: query.done.as_deref() };
    page(&context, &config.sessions, &viewer, organisations, form, StatusCode::OK).await
}

/// Changes the name.
pub async fn rename(
    context: web::Data<Context>,
    config: web::Data<Config>,
    viewer: Viewer,
    organisations: Organisations,
    fields: Fields,
) -> Result<HttpResponse, WebError> {
    let name = fields.one("name");
    match account::rename(&context, &viewer, name).await {
        Ok(()) => Ok(done("name")),
        Err(ActionError::Invalid(errors)) => {
            let form = Typed { name, errors: Errors(errors), done: None };
            page(&context, &config.sessions, &viewer, organisations, form, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Changes the password, and ends every other session.
pub async fn change_password(
    request: HttpRequest,
    context: web::Data<Context>,
    config: web::Data<Config>,
    session: Session,
    viewer: Viewer,
    organisations: Organisations,
    fields: Fields,
) -> Result<HttpResponse, WebError> {
    let form = NewPassword {
        present: Plain::new(fields.one("present").to_owned()),
        new: Plain::new(fields.one("new").to_owned()),
        from: visitor::address(&request, &config),
    };
    let (errors, status) = match account::change_password(&context, &viewer, form).await {
        Ok(member) => {
            // Whoever got hold of this session's cookie is out as well.
            session.renew();
            session::remember(&session, session::PASSWORD, member.password.as_str())?;
            let mut answer = done("password");
            remember_browser(&context, &config, &member, &mut answer);
            return Ok(answer);
        }
        Err(ActionError::Invalid(errors)) => (errors, StatusCode::UNPROCESSABLE_ENTITY),
        Err(ActionError::NotSignedIn(why)) => (vec![FieldError::new("present", why)], refusal(why)),
        Err(error) => return Err(error.into()),
    };
    if viewer.member.password_given_at.is_some() {
        return Ok(own_password(&viewer, &Errors(errors), status));
    }
    let form = Typed { name: &viewer.member.name, errors: Errors(errors), done: None };
    page(&context, &config.sessions, &viewer, organisations, form, status).await
}

/// What somebody sees first, and nothing else, whose password the operator printed. Others have it on the page of their account.
pub async fn show_password(viewer: Viewer) -> HttpResponse {
    match viewer.member.password_given_at {
        Some(_) => own_password(&viewer, &Errors::default(), StatusCode::OK),
        None => see_other(paths::ACCOUNT),
    }
}

fn own_password(viewer: &Viewer, errors: &Errors, status: StatusCode) -> HttpResponse {
    let body = html! {
        (errors.summary())
        p.brand { (icon("wire")) span { "Hirewire" } }
        h1 { "Choose a password of your own" }
        p { "Whoever runs this Hirewire gave you the one that you have, so they know it. Nothing else opens until you have chosen another." }
        (password_form(&viewer.member.email, errors))
        form method="post" action=(paths::LOGOUT) { button.btn { "Log out" } }
    };
    let title = "Choose a password of your own";
    let title = if errors.is_empty() { title.to_owned() } else { format!("Error: {title}") };
    door(&title, body, status)
}

fn password_form(email: &str, errors: &Errors) -> Markup {
    let field = |name: &'static str, label, hint| TextField { name, label, hint, value: "", error: errors.of(name) };
    html! {
        form.form method="post" action=(paths::ACCOUNT_PASSWORD) novalidate {
            // Password managers file the password under the address that stands before it.
            input type="email" name="email" value=(email) autocomplete="username" hidden;
            (field("present", "Current password", "").input(Some("password"), Some("current-password")))
            (field("new", "New password", "At least 12 characters.").input(Some("password"), Some("new-password")))
            div.row { button.btn { "Change password" } }
        }
    }
}

/// Ends one session, or all but this one.
pub async fn end_sessions(
    context: web::Data<Context>,
    viewer: Viewer,
    fields: Fields,
) -> Result<HttpResponse, WebError> {
    match fields.one("session") {
        "" if fields.ticked("others") => account::end_other_sessions(&context, &viewer).await.map(drop)?,
        name => account::end_session(&context, &viewer, name).await?,
    }
    Ok(done("session"))
}

fn done(what: &str) -> HttpResponse {
    see_other(format!("{}?done={what}", paths::ACCOUNT))
}

/// What stands in the forms.
struct Typed<'a> {
    name: &'a str,
    errors: Errors,
    done: Option<&'a str>,
}

async fn page(
    context: &Context,
    limits: &SessionLimits,
    viewer: &Viewer,
    organisations: Organisations,
    typed: Typed<'_>,
    status: StatusCode,
) -> Result<HttpResponse, WebError> {
    let (member, now) = (viewer.member.id.clone(), context.clock.now());
    let born = now - limits.life;
    let found = context.store.read(move |conn| store::web_session::of_member(conn, &member, now, born, MAX_SESSIONS));
    let found = found.await?;
    let sessions = found.iter().map(|row| Signed::read(row, limits, now)).collect::<Result<Vec<_>, _>>()?;
    let view = AccountView { typed: &typed, sessions: &sessions, limits, viewer, now };
    let title = if typed.errors.is_empty() { "Your account" } else { "Error: Your account" };
    let page = Page::new(title, Nav::Nowhere, viewer, view.render());
    Ok(Page { organisations: organisations.0, ..page }.answer(status))
}

/// A session as its member sees it.
struct Signed<'a> {
    name: Option<&'a str>,
    browser: &'a str,
    since: DateTime<Utc>,
    last_used: DateTime<Utc>,
}

impl<'a> Signed<'a> {
    fn read(row: &'a WebSession, limits: &SessionLimits, now: DateTime<Utc>) -> Result<Self, WebError> {
        let since = store::time::from_micros("web_sessions", &row.id, row.created_at)?;
        let browser = row.browser.as_deref().unwrap_or("An unknown browser");
        Ok(Self { name: row.name.as_deref(), browser, since, last_used: session::last_used(row, limits, now)? })
    }
}

struct AccountView<'a> {
    typed: &'a Typed<'a>,
    sessions: &'a [Signed<'a>],
    limits: &'a SessionLimits,
    viewer: &'a Viewer,
    now: DateTime<Utc>,
}

impl Render for AccountView<'_> {
    fn render(&self) -> Markup {
        let mut head = Head::new(&[], html! { "Your account" });
        head.lede = html! { "You log in as " strong { bdi { (self.viewer.member.email) } } ". You are " (self.viewer.role.with_article()) " of " bdi { (self.viewer.organisation.name) } "." };
        html! {
            (self.typed.errors.summary())
            (head)
            @if let Some(told) = self.told() { p.notice.ok role="status" { (told) } }
            (part("Name", html! { "As others see it" }, self.name()))
            (part("Password", html! { "A new one ends your other sessions" }, password_form(&self.viewer.member.email, &self.typed.errors)))
            (part("Sessions", html! { "Where you are logged in. " (ends(self.limits)) }, self.sessions()))
        }
    }
}

/// When sessions end by themselves.
fn ends(limits: &SessionLimits) -> String {
    let (idle, life) = (time::length(limits.idle), time::length(limits.life));
    format!("A session ends after {idle} without use, and {life} after it began.")
}

impl AccountView<'_> {
    fn told(&self) -> Option<&'static str> {
        match self.typed.done? {
            "name" => Some("Your name has been changed."),
            "password" => Some("Your password has been changed. Your other sessions have ended."),
            "session" => Some("Session ended."),
            _ => None,
        }
    }

    fn name(&self) -> Markup {
        let name = TextField {
            name: "name",
            label: "Name",
            hint: "",
            value: self.typed.name,
            error: self.typed.errors.of("name"),
        };
        html! {
            form.form method="post" action=(paths::ACCOUNT_NAME) novalidate {
                (name.input(Some("text"), Some("name")))
                div.row { button.btn { "Change name" } }
            }
        }
    }

    fn sessions(&self) -> Markup {
        html! {
            div.table {
                table.cards.pairs {
                    caption.hush { "Sessions" }
                    thead { tr {
                        th scope="col" { "Browser" }
                        th scope="col" { "Logged in" }
                        th scope="col" { "Last used" }
                        th scope="col" { span.hush { "Acts" } }
                    } }
                    tbody { @for signed in self.sessions { (self.session(signed)) } }
                }
            }
            @if self.sessions.len() > 1 {
                form method="post" action=(paths::ACCOUNT_SESSIONS) {
                    button.btn.risk name="others" value="1" { "End all other sessions" }
                }
            }
        }
    }

    fn session(&self, signed: &Signed<'_>) -> Markup {
        let zone = self.viewer.organisation.time_zone;
        let own = signed.name == Some(self.viewer.session.as_str());
        html! {
            tr {
                th scope="row" { (signed.browser) @if own { " " span.tag { "This one" } } }
                td data-l="Logged in" { (time::near(signed.since, zone, self.now)) }
                td data-l="Last used" { (time::near(signed.last_used, zone, self.now)) }
                td {
                    @if let (Some(name), false) = (signed.name, own) {
                        form method="post" action=(paths::ACCOUNT_SESSIONS) {
                            button.btn name="session" value=(name) { "End" span.hush { " the session of " (signed.browser) } }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::role::Role;
    use crate::web::samples;

    fn rendered(typed: &Typed<'_>, sessions: &[Signed<'_>]) -> String {
        let limits = SessionLimits::read("12h", "7d").expect("two times");
        let (viewer, now) = (samples::viewer(Role::Admin), samples::now());
        AccountView { typed, sessions, limits: &limits, viewer: &viewer, now }.render().into_string()
    }

    fn signed(name: Option<&'static str>) -> Signed<'static> {
        Signed { name, browser: "Firefox on Linux", since: samples::now(), last_used: samples::now() }
    }

    #[test]
    fn ones_own_session_is_marked_and_the_others_have_an_end() {
        let viewer = samples::viewer(Role::Admin);
        let own = Signed { name: Some(&viewer.session), ..signed(None) };
        let typed = Typed { name: "Ada", errors: Errors::default(), done: None };
        let page = rendered(&typed, &[own, signed(Some("other")), signed(None)]);
        assert_eq!(page.matches("This one").count(), 1);
        assert_eq!(page.matches("name=\"session\"").count(), 1, "one without a name ends with all others");
        assert!(page.contains("value=\"other\"") && page.contains("End all other sessions"));
        assert!(!rendered(&typed, &[signed(Some("other"))]).contains("End all other sessions"));
        assert!(page.contains("after 12 hours without use, and 7 days after it began."), "{page}");
    }

    #[test]
    fn a_refused_form_keeps_the_name_and_no_password() {
        let errors = Errors(vec![FieldError::new("present", "This is not your current password")]);
        let page = rendered(&Typed { name: "O'Brien <b>", errors, done: None }, &[]);
        assert!(page.contains("value=\"O'Brien &lt;b&gt;\""), "{page}");
        assert!(page.contains("<a href=\"#present\">This is not your current password</a>"));
        let field = page.split("id=\"present\"").nth(1).and_then(|rest| rest.split('>').next()).expect("the field");
        assert!(field.contains("type=\"password\"") && !field.contains("value="), "{field}");
    }
}
