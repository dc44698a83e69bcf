//! What somebody gets who is signed in and may not see the page now.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use maud::html;

use crate::domain::role::{Permission, Role};
use crate::store;
use crate::web::icons::icon;
use crate::web::layout::{Nav, door};
use crate::web::paths;
use crate::web::redirect::see_other;
use crate::web::visit::Visit;

/// What somebody gets who may see nothing now, whatever their role: their organisation is suspended, or they have yet to choose
/// a password of their own.
pub fn kept_out(pattern: &str, visit: &Visit) -> Option<HttpResponse> {
    if visit.viewer.organisation.suspended_at.is_some() && pattern != paths::ORGANISATION {
        return Some(suspended(visit));
    }
    let has_to_choose = visit.viewer.member.password_given_at.is_some();
    (has_to_choose && ![paths::ACCOUNT_PASSWORD, paths::ORGANISATION].contains(&pattern))
        .then(|| see_other(paths::ACCOUNT_PASSWORD))
}

/// The page for someone whose role does not reach this one; it says which role does.
pub async fn forbidden(visit: &Visit, permission: Permission) -> HttpResponse {
    let admins = visit.read(|conn, viewer| store::member::with_role(conn, &viewer.organisation.id, Role::Admin));
    // Without their names the page says less, but as much as is certain.
    let admins: Vec<String> = admins.await.unwrap_or_default().into_iter().map(|admin| admin.name).collect();
    let viewer = &visit.viewer;
    let may: Vec<Role> = Role::ALL.into_iter().filter(|role| role.may(permission)).collect();
    let who = may.iter().map(|role| role.with_article()).collect::<Vec<_>>().join(" or ");
    let title = format!("Only {who} may do this");
    let body = html! {
        section.empty {
            p.soft.small { "403" }
            h1 { (title) "." }
            p { "You are signed in to " bdi { (viewer.organisation.name) } " as " (viewer.role.with_article()) ". " (sphere(viewer.role)) }
            @if !admins.is_empty() {
                p {
                    @for (at, admin) in admins.iter().enumerate() {
                        @if at > 0 { @if at + 1 == admins.len() { " and " } @else { ", " } }
                        bdi { (admin) }
                    }
                    @if admins.len() == 1 { " is an Organisation Admin here and can do it for you." }
                    @else { " are Organisation Admins here. Any of them can do it for you." }
                }
            }
            p.row { a.btn.main href=(paths::HOME) { "Go to Home" } }
        }
    };
    // In another organisation of theirs they may be allowed.
    visit.page(title, Nav::Nowhere, body).answer(StatusCode::FORBIDDEN)
}

/// The page for a member of an organisation that is suspended: it says so, and leads to their other ones and out.
fn suspended(visit: &Visit) -> HttpResponse {
    let own = &visit.viewer.organisation;
    let others: Vec<_> = visit.organisations().iter().filter(|other| other.id != own.id).collect();
    let body = html! {
        p.brand { (icon("wire")) span { "Hirewire" } }
        h1 { "This organisation is suspended." }
        p { "Whoever runs this Hirewire has suspended " strong { bdi { (own.name) } }
            ". Nothing of it is shown or sent meanwhile, and nothing is lost: what is owed to its webhooks is held until it is resumed." }
        @if !others.is_empty() {
            form.row method="post" action=(paths::ORGANISATION) {
                @for other in others { button.btn name="organisation" value=(other.id) { "Go to " bdi { (other.name) } } }
            }
        }
        form method="post" action=(paths::LOGOUT) { button.btn { "Log out" } }
    };
    door("This organisation is suspended", body, StatusCode::FORBIDDEN)
}

fn sphere(role: Role) -> &'static str {
    match role {
        Role::Admin => "",
        Role::Recruiter => {
            "Recruiters work with vacancies and candidates, export them and see how their own exports went; webhooks, their keys and secrets belong to the admins."
        }
        Role::Support => {
            "Support reads vacancies, webhooks and every delivery, with personal data masked, and sends deliveries again; changing things belongs to recruiters and admins."
        }
    }
}
