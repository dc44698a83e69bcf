//! One's own account: name, password, and the sessions one is signed in with.

use actix_session::Session;
use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};

use crate::actions::FieldError;
use crate::actions::account::{self, NewPassword};
use crate::config::{Config, SessionLimits};
use crate::domain::secret::Plain;
use crate::store::web_session::WebSession;
use crate::web::entry::{refusal, remember_browser};
use crate::web::form::TextField;
use crate::web::layout::door;
use crate::web::prelude::*;
use crate::web::session::MAX_SESSIONS;
use crate::web::{session, time, visitor};

/// What the address of the page says was done a moment ago.
#[derive(serde::Deserialize)]
pub struct Query {
    done: Option<String>,
}

/// The page.
pub async fn show(visit: Visit, config: web::Data<Config>, query: web::Query<Query>) -> Answer {
    let form = Typed { name: &visit.viewer.member.name, errors: Errors::default(), done: query.done.as_deref() };
    page(&visit, &config.sessions, form, StatusCode::OK).await
}

/// Changes the name.
pub async fn rename(visit: Visit, config: web::Data<Config>, fields: Fields) -> Answer {
    let name = fields.one("name");
    match account::rename(&visit.app, &visit.viewer, name).await {
        Ok(()) => Ok(done("name")),
        Err(ActionError::Invalid(errors)) => {
            let form = Typed { name, errors: Errors(errors), done: None };
            page(&visit, &config.sessions, form, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Changes the password, and ends every other session.
pub async fn change_password(
    visit: Visit,
    request: HttpRequest,
    config: web::Data<Config>,
    session: Session,
    fields: Fields,
) -> Answer {
    let form = NewPassword {
        present: Plain::new(fields.one("present").to_owned()),
        new: Plain::new(fields.one("new").to_owned()),
        from: visitor::address(&request, &config),
    };
    let (errors, status) = match account::change_password(&visit.app, &visit.viewer, form).await {
        Ok(member) => {
            // Whoever got hold of this session's cookie is out as well.
            session.renew();
            session::remember(&session, session::PASSWORD, member.password.as_str())?;
            let mut answer = done("password");
            remember_browser(&visit.app, &config, &member, &mut answer);
            return Ok(answer);
        }
        Err(ActionError::Invalid(errors)) => (errors, StatusCode::UNPROCESSABLE_ENTITY),
        Err(ActionError::NotSignedIn(why)) => (vec![FieldError::new("present", why)], refusal(why)),
        Err(error) => return Err(error.into()),
    };
    if visit.viewer.member.password_given_at.is_some() {
        return Ok(own_password(&visit.viewer, &Errors(errors), status));
    }
    let form = Typed { name: &visit.viewer.member.name, errors: Errors(errors), done: None };
    page(&visit, &config.sessions, form, status).await
}

/// What somebody sees first, and nothing else, whose password the operator printed. Others have it on the page of their account.
pub async fn show_password(visit: Visit) -> HttpResponse {
    match visit.viewer.member.password_given_at {
        Some(_) => own_password(&visit.viewer, &Errors::default(), StatusCode::OK),
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
pub async fn end_sessions(visit: Visit, fields: Fields) -> Answer {
    match fields.one("session") {
        "" if fields.ticked("others") => account::end_other_sessions(&visit.app, &visit.viewer).await.map(drop)?,
        name => account::end_session(&visit.app, &visit.viewer, name).await?,
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

async fn page(visit: &Visit, limits: &SessionLimits, typed: Typed<'_>, status: StatusCode) -> Answer {
    let (member, now) = (visit.viewer.member.id.clone(), visit.now);
    let born = now - limits.life;
    let found = visit.read(move |conn, _| store::web_session::of_member(conn, &member, now, born, MAX_SESSIONS));
    let found = found.await?;
    let sessions = found.iter().map(|row| Signed::read(row, limits, now)).collect::<Result<Vec<_>, _>>()?;
    let view = AccountView { typed: &typed, sessions: &sessions, limits, viewer: &visit.viewer, time: visit.time() };
    let title = if typed.errors.is_empty() { "Your account" } else { "Error: Your account" };
    Ok(visit.page(title, Nav::Nowhere, view).answer(status))
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
    time: LocalTime,
}

impl Render for AccountView<'_> {
    fn render(&self) -> Markup {
        let head = Head::of(Nav::Nowhere, "Your account").lede(html! {
            "You log in as " strong { bdi { (self.viewer.member.email) } } ". You are " (self.viewer.role.with_article())
            " of " bdi { (self.viewer.organisation.name) } "."
        });
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
            (Table::pairs(["Browser", "Logged in", "Last used"]).unseen("Acts")
                .captioned("Sessions")
                .rows(html! { @for signed in self.sessions { (self.session(signed)) } }))
            @if self.sessions.len() > 1 {
                form method="post" action=(paths::ACCOUNT_SESSIONS) {
                    button.btn.risk name="others" value="1" { "End all other sessions" }
                }
            }
        }
    }

    fn session(&self, signed: &Signed<'_>) -> Markup {
        let own = signed.name == Some(self.viewer.session.as_str());
        html! {
            tr {
                th scope="row" { (signed.browser) @if own { " " span.tag { "This one" } } }
                td data-l="Logged in" { (self.time.near(signed.since)) }
                td data-l="Last used" { (self.time.near(signed.last_used)) }
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
    use crate::web::samples;

    fn rendered(typed: &Typed<'_>, sessions: &[Signed<'_>]) -> String {
        let limits = SessionLimits::read("12h", "7d").expect("two times");
        let (viewer, time) = (samples::viewer(Role::Admin), samples::time());
        AccountView { typed, sessions, limits: &limits, viewer: &viewer, time }.render().into_string()
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
