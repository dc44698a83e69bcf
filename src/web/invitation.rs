//! What an invitation's link opens: whoever holds it becomes a member, with a new account or the one they have.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use maud::{Markup, Render, html};

use crate::actions::acceptance::{Acceptance, Asked, Invited, accept, find};
use crate::actions::{ActionError, Context, FieldError};
use crate::config::Config;
use crate::domain::ids::MemberId;
use crate::domain::invitation::{End, Standing};
use crate::domain::secret::Plain;
use crate::store;
use crate::web::entry::{carried_proof, enter, refusal};
use crate::web::error::Answer;
use crate::web::form::{Errors, Fields, TextField};
use crate::web::icons::icon;
use crate::web::layout::door;
use crate::web::time::LocalTime;
use crate::web::{paths, session, visitor};

/// The invitation, and the form that accepts it.
pub async fn show(context: web::Data<Context>, session: Session, token: web::Path<String>) -> Answer {
    let signed_in = signed_in(&session);
    page(&context, &token, signed_in, "", &Errors::default(), StatusCode::OK).await
}

/// Accepts it and lets the new member in.
pub async fn submit(
    request: HttpRequest,
    context: web::Data<Context>,
    config: web::Data<Config>,
    session: Session,
    token: web::Path<String>,
    fields: Fields,
) -> Answer {
    let signed_in = signed_in(&session);
    let acceptance = Acceptance {
        token: token.clone(),
        name: fields.one("name").to_owned(),
        password: Plain::new(fields.one("password").to_owned()),
        from: visitor::address(&request, &config),
        browser_proof: carried_proof(&request, &config),
        signed_in: signed_in.clone(),
    };
    let (errors, status) = match accept(&context, acceptance).await {
        Ok((member, organisation)) => {
            let answer = enter(&request, &context, &config, &session, &member, paths::HOME).await?;
            session::remember(&session, session::ORGANISATION, organisation.as_str())?;
            return Ok(answer);
        }
        Err(ActionError::Invalid(errors)) => (errors, StatusCode::UNPROCESSABLE_ENTITY),
        Err(ActionError::Refused(why)) => (vec![FieldError::new("password", why)], StatusCode::UNPROCESSABLE_ENTITY),
        Err(ActionError::NotSignedIn(why)) => (vec![FieldError::new("password", why)], refusal(why)),
        // It ended a moment ago: the page says how.
        Err(ActionError::NotFound) => (Vec::new(), StatusCode::UNPROCESSABLE_ENTITY),
        Err(error) => return Err(error.into()),
    };
    page(&context, &token, signed_in, fields.one("name"), &Errors(errors), status).await
}

fn signed_in(session: &Session) -> Option<MemberId> {
    session.get::<String>(session::MEMBER).ok().flatten().and_then(|id| id.parse().ok())
}

async fn page(
    context: &Context,
    token: &str,
    signed_in: Option<MemberId>,
    name: &str,
    errors: &Errors,
    status: StatusCode,
) -> Answer {
    let Some(invited) = find(context, token).await? else {
        return Ok(door("No invitation", Over::Unknown.render(), StatusCode::NOT_FOUND));
    };
    if let Some(over) = Over::of(&invited) {
        return Ok(door("This invitation has ended", over.render(), StatusCode::GONE));
    }
    let visitor = match signed_in {
        Some(id) => context.store.read(move |conn| store::member::find(conn, &id)).await?,
        None => None,
    };
    let signed_in = visitor.as_ref().map(|visitor| &visitor.id);
    let (asked, is_own) = (invited.asks(signed_in), invited.is_for(signed_in));
    let other = visitor.filter(|_| !is_own).map(|visitor| visitor.name);
    let time = LocalTime { zone: invited.organisation.time_zone, now: context.clock.now() };
    let view = AcceptView { token, invited: &invited, asked, other: other.as_deref(), name, errors, time };
    let title = format!("Join {}", invited.organisation.name);
    let title = if errors.is_empty() { title } else { format!("Error: {title}") };
    Ok(door(&title, view.render(), status))
}

struct AcceptView<'a> {
    token: &'a str,
    invited: &'a Invited,
    /// What they have to show.
    asked: Asked,
    /// Whom the visitor is signed in as, if it is somebody else.
    other: Option<&'a str>,
    /// What was typed as their name.
    name: &'a str,
    errors: &'a Errors,
    time: LocalTime,
}

impl Render for AcceptView<'_> {
    fn render(&self) -> Markup {
        let Invited { invitation, organisation, inviter, .. } = self.invited;
        html! {
            (self.errors.summary())
            p.brand { (icon("wire")) span { "Hirewire" } }
            h1 { "Join " bdi { (organisation.name) } }
            p {
                @if inviter.is_empty() { "Whoever runs this Hirewire" } @else { bdi { (inviter) } }
                " invites you to " bdi { (organisation.name) } " as " (invitation.role.with_article()) "."
            }
            p.small.soft { (invitation.role.label()) ": " (invitation.role.explanation()) }
            @if let Some(other) = self.other {
                p.notice.info { "You are logged in as " bdi { (other) } ". Accepting logs you in as " bdi { (invitation.email) } " instead." }
            }
            form.form method="post" action=(paths::invitation(self.token)) novalidate { (self.fields()) }
            p.small.soft { "The invitation ends " (self.time.long(invitation.expires_at)) ", "
                (organisation.time_zone.name()) " time." }
        }
    }
}

impl AcceptView<'_> {
    fn fields(&self) -> Markup {
        let email = &self.invited.invitation.email;
        let error = self.errors.of("password");
        // Password managers file the password under the address that stands with it.
        let account = html! { input type="email" name="email" value=(email) autocomplete="username" hidden; };
        let password = |label, hint| TextField { name: "password", label, hint, value: "", error };
        let (password, filled, says) = match self.asked {
            Asked::Nothing => return html! { button.btn.main { "Accept" } },
            Asked::Password => {
                return html! {
                    p { "You have an account as " strong { bdi { (email) } } ". Log in with its password to accept." }
                    (password("Password", "").input(Some("password"), Some("current-password")))
                    button.btn.main { "Log in and accept" }
                    (account)
                };
            }
            Asked::NewPassword if self.invited.takes_over() => (
                password("Choose a password", "At least 12 characters."),
                "new-password",
                "An account with this address is there already, made by somebody who has not shown that the address is theirs. \
                 By accepting you do: the account is yours, its old password and sessions end.",
            ),
            Asked::NewPassword => (password("Choose a password", "At least 12 characters."), "new-password", ""),
            Asked::AnyPassword => (
                password(
                    "Password",
                    "At least 12 characters. If you log in to Hirewire with this address already, the password that you have.",
                ),
                "new-password",
                "",
            ),
        };
        let suggested = self.invited.invitation.name.as_deref().unwrap_or_default();
        let value = if self.name.is_empty() && self.errors.is_empty() { suggested } else { self.name };
        let name = TextField {
            name: "name",
            label: "Your name",
            hint: "As the others are to see it.",
            value,
            error: self.errors.of("name"),
        };
        html! {
            p { "You log in as " strong { bdi { (email) } } "." }
            @if !says.is_empty() { p.notice.info { (says) } }
            (name.input(Some("text"), Some("name")))
            (password.input(Some("password"), Some(filled)))
            button.btn.main { "Join" }
            (account)
        }
    }
}

/// Why a link opens nothing.
enum Over<'a> {
    Unknown,
    Expired(&'a Invited),
    Accepted(&'a Invited),
    Revoked(&'a Invited),
    Replaced,
}

impl<'a> Over<'a> {
    fn of(invited: &'a Invited) -> Option<Self> {
        match invited.standing {
            Standing::Open => None,
            Standing::Expired => Some(Over::Expired(invited)),
            Standing::Ended(End::Accepted) => Some(Over::Accepted(invited)),
            Standing::Ended(End::Revoked) => Some(Over::Revoked(invited)),
            Standing::Ended(End::Replaced) => Some(Over::Replaced),
        }
    }
}

impl Render for Over<'_> {
    fn render(&self) -> Markup {
        let (title, text, may_log_in) = match self {
            Over::Unknown => (
                "This invitation link is not valid.",
                "It may have been cut off on its way. Open it again from the message you got, or ask for another one."
                    .to_owned(),
                false,
            ),
            Over::Expired(invited) => (
                "This invitation has expired.",
                format!("An invitation works for seven days. Ask {} for another one.", asked(invited)),
                false,
            ),
            Over::Accepted(invited) => (
                "This invitation has been accepted.",
                format!("It works once. If it was you, log in as {}.", invited.invitation.email),
                true,
            ),
            Over::Revoked(invited) => (
                "This invitation was taken back.",
                format!(
                    "If you think that it should not have been, ask an Organisation Admin of {}.",
                    invited.organisation.name
                ),
                false,
            ),
            Over::Replaced => {
                ("A newer invitation has taken the place of this one.", "Open the last one you got.".to_owned(), false)
            }
        };
        html! {
            p.brand { (icon("wire")) span { "Hirewire" } }
            h1 { (title) }
            p { (text) }
            @if may_log_in { p { a.btn.main href=(paths::LOGIN) { "Log in" } } }
        }
    }
}

/// Whom to ask for another invitation.
fn asked(invited: &Invited) -> String {
    let team = &invited.organisation.name;
    if invited.inviter.is_empty() {
        format!("an Organisation Admin of {team}")
    } else {
        format!("{} of {team}", invited.inviter)
    }
}
