//! Inviting somebody, and making an invitation anew.

use actix_web::HttpRequest;

use crate::actions::Context;
use crate::actions::invitation::{self, NewInvitation};
use crate::config::Config;
use crate::domain::ids::InvitationId;
use crate::web::form::{TextField, roles};
use crate::web::prelude::*;
use crate::web::visitor;

/// The form.
pub async fn show(visit: Visit) -> HttpResponse {
    let typed = NewInvitation { token: token(), ..NewInvitation::default() };
    let form = Form { typed: &typed, errors: Errors::default(), by_mail: visit.app.mailer.is_some() };
    page(&visit, form).ok()
}

/// Invites, and leads to the page that shows the link once.
pub async fn submit(visit: Visit, request: HttpRequest, config: web::Data<Config>, fields: Fields) -> Answer {
    let typed = NewInvitation {
        name: fields.one("name").to_owned(),
        email: fields.one("email").to_owned(),
        role: fields.one("role").to_owned(),
        token: fields.one("token").to_owned(),
    };
    let link = link(&request, &visit.app, &config)?;
    match invitation::invite(&visit.app, &visit.viewer, typed.clone(), link).await {
        Ok(id) => Ok(see_other(paths::invitation_reveal(id))),
        Err(ActionError::Invalid(errors)) => {
            let form = Form { typed: &typed, errors: Errors(errors), by_mail: visit.app.mailer.is_some() };
            Ok(page(&visit, form).refused())
        }
        Err(error) => Err(error.into()),
    }
}

/// Gives an invitation another link, and leads to the page that shows it once.
pub async fn renew(
    visit: Visit,
    request: HttpRequest,
    config: web::Data<Config>,
    fields: Fields,
    Path(id): Path<InvitationId>,
) -> Answer {
    let link = link(&request, &visit.app, &config)?;
    let renewed = invitation::renew(&visit.app, &visit.viewer, id, fields.one("token"), link).await?;
    Ok(see_other(paths::invitation_reveal(renewed)))
}

/// Makes the address that a token opens. One that is shown leads where this visitor reaches the console; one that is mailed
/// where the operator says, because a visitor may write any host into a request, and the token would go there.
fn link(
    request: &HttpRequest,
    context: &Context,
    config: &Config,
) -> Result<impl Fn(&str) -> String + Send + use<>, WebError> {
    let base = match context.mailer {
        None => visitor::base(request, config),
        Some(_) => config
            .public_url
            .as_ref()
            .map(|url| url.origin().ascii_serialization())
            .ok_or_else(|| WebError::Refused(NO_ADDRESS.into()))?,
    };
    Ok(move |token: &str| format!("{base}{}", paths::invitation(token)))
}

/// Why nothing is mailed by a console that does not know where it is reached.
const NO_ADDRESS: &str = "Hirewire does not know under which address it is reached, so it mails no links. Whoever runs it has to \
                          set HIREWIRE_PUBLIC_URL.";

fn page<'a>(visit: &'a Visit, form: Form<'_>) -> Page<'a> {
    visit.page("Invite a member", Nav::Members, form)
}

struct Form<'a> {
    typed: &'a NewInvitation,
    errors: Errors,
    /// Whether a mail server is configured.
    by_mail: bool,
}

impl Form<'_> {
    fn field<'a>(&'a self, name: &'a str, label: &'a str, hint: &'a str, value: &'a str) -> TextField<'a> {
        TextField { name, label, hint, value, error: self.errors.of(name) }
    }
}

impl Render for Form<'_> {
    fn render(&self) -> Markup {
        let lede = if self.by_mail {
            "They get a link by e-mail. It works once, for seven days, and shows that the address is theirs: so nobody else sees it."
        } else {
            "You get a link to share with them, shown once. It works once, for seven days."
        };
        let email = self.field("email", "E-mail address", "They log in with it.", &self.typed.email);
        html! {
            (self.errors.summary())
            (Head::below(Nav::Members, "Invite a member").lede(lede))
            form.form method="post" action=(paths::INVITE) novalidate {
                (token_field(&self.typed.token))
                (self.field("name", "Name", "What you call them. They may change it; it may stay empty.", &self.typed.name))
                (email.input(Some("email"), Some("off")))
                (roles(&self.typed.role, self.errors.of("role")))
                div.row { button.btn.main { "Invite" } a.btn href=(paths::MEMBERS) { "Cancel" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::FieldError;

    #[test]
    fn a_refused_form_keeps_everything_that_was_typed() {
        let typed = NewInvitation {
            name: "محمد <script>".into(),
            email: "nowhere".into(),
            role: "support".into(),
            token: "t0ken".into(),
        };
        let errors = Errors(vec![FieldError::new("email", "Enter an e-mail address")]);
        let page = Form { typed: &typed, errors, by_mail: false }.render().into_string();
        assert!(page.contains("value=\"محمد &lt;script&gt;\"") && page.contains("value=\"nowhere\""), "{page}");
        assert!(page.contains("value=\"support\" checked") && page.contains("value=\"t0ken\""));
        assert!(page.contains("<a href=\"#email\">Enter an e-mail address</a>") && page.contains("share with them"));
    }
}
