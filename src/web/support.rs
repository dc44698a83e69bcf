//! Settings > Support contact: whom *Need Help?* names.

use actix_web::{HttpResponse, web};
use maud::{Markup, html};

use super::error::WebError;
use super::form::{Errors, Fields, TextField};
use super::gate::Organisations;
use super::layout::{Head, Nav, Page};
use super::{done, paths};
use crate::actions::{ActionError, Context, Viewer, support};
use crate::store;

/// The form.
pub async fn show(
    context: web::Data<Context>,
    viewer: Viewer,
    organisations: Organisations,
) -> Result<HttpResponse, WebError> {
    let organisation = viewer.organisation.id.clone();
    let contact = context.store.read(move |conn| store::organisation::support_contact(conn, &organisation)).await?;
    Ok(page(&viewer, organisations, contact.as_deref().unwrap_or_default(), &Errors::default()).ok())
}

/// Saves it.
pub async fn submit(
    context: web::Data<Context>,
    viewer: Viewer,
    organisations: Organisations,
    fields: Fields,
) -> Result<HttpResponse, WebError> {
    let typed = fields.one("contact");
    match support::set_contact(&context, &viewer, typed).await {
        Ok(()) => Ok(done::see_other(paths::SUPPORT, "The support contact was saved.")),
        Err(ActionError::Invalid(errors)) => Ok(page(&viewer, organisations, typed, &Errors(errors)).refused()),
        Err(error) => Err(error.into()),
    }
}

fn page<'a>(viewer: &'a Viewer, organisations: Organisations, typed: &str, errors: &Errors) -> Page<'a> {
    let page = Page::new("Support contact", Nav::Nowhere, viewer, form(typed, errors));
    Page { organisations: organisations.0, ..page }
}

fn form(typed: &str, errors: &Errors) -> Markup {
    let crumbs = [("Settings", None)];
    let lede =
        html! { "The page " a href=(paths::HELP) { "Need Help?" } " in everybody’s profile menu names this contact." };
    html! {
        (errors.summary())
        (Head { lede, ..Head::new(&crumbs, html! { "Support contact" }) })
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
