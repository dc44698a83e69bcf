//! Settings > Support contact: whom *Need Help?* names.

use crate::actions::support;
use crate::web::form::TextField;
use crate::web::prelude::*;

/// The form.
pub async fn show(visit: Visit) -> Answer {
    let contact =
        visit.read(move |conn, viewer| store::organisation::support_contact(conn, &viewer.organisation.id)).await?;
    Ok(page(&visit, contact.as_deref().unwrap_or_default(), &Errors::default()).ok())
}

/// Saves it.
pub async fn submit(visit: Visit, fields: Fields) -> Answer {
    let typed = fields.one("contact");
    match support::set_contact(&visit.app, &visit.viewer, typed).await {
        Ok(()) => Ok(done::see_other(paths::SUPPORT, "The support contact was saved.")),
        Err(ActionError::Invalid(errors)) => Ok(page(&visit, typed, &Errors(errors)).refused()),
        Err(error) => Err(error.into()),
    }
}

fn page<'a>(visit: &'a Visit, typed: &str, errors: &Errors) -> Page<'a> {
    visit.page("Support contact", Nav::Nowhere, form(typed, errors))
}

fn form(typed: &str, errors: &Errors) -> Markup {
    let lede =
        html! { "The page " a href=(paths::HELP) { "Need Help?" } " in everybody’s profile menu names this contact." };
    html! {
        (errors.summary())
        (Head::of(Nav::Nowhere, "Support contact").within("Settings").lede(lede))
        form.form method="post" action=(paths::SUPPORT) novalidate {
            (TextField {
                name: "contact", label: "Contact",
                hint: "An e-mail address, a page that begins with https://, or words such as a name and a number. If empty, the Organisation Admins are named.",
                value: typed, error: errors.of("contact"),
            })
            div.row { button.btn.main { "Save changes" } a.btn href=(paths::SETTINGS) { "Cancel" } }
        }
    }
}
