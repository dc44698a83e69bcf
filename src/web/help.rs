//! *Need Help?*: whom to ask, and where the answers to most questions are.

use crate::domain::support::SupportContact;
use crate::web::prelude::*;

/// The page.
pub async fn show(visit: Visit) -> Answer {
    let read = visit.read(move |conn, viewer| {
        let contact = store::organisation::support_contact(conn, &viewer.organisation.id)?;
        Ok((contact, store::member::with_role(conn, &viewer.organisation.id, Role::Admin)?))
    });
    let (contact, admins) = read.await?;
    let admins = admins.into_iter().map(|admin| admin.name).collect();
    let contact = contact.as_deref().map(SupportContact::read);
    Ok(visit.page("Need Help?", Nav::Nowhere, Help { contact, admins, viewer: &visit.viewer }.render()).ok())
}

struct Help<'a> {
    contact: Option<SupportContact>,
    admins: Vec<String>,
    viewer: &'a Viewer,
}

impl Render for Help<'_> {
    fn render(&self) -> Markup {
        html! {
            (Head::of(Nav::Nowhere, "Need Help?"))
            (part("Ask somebody", html! { "In " bdi { (self.viewer.organisation.name) } }, self.ask()))
            (part("Find the answer", html! { "Most questions are about deliveries" }, self.answers()))
        }
    }
}

impl Help<'_> {
    fn ask(&self) -> Markup {
        let sets = self.viewer.role.may(Permission::ManageOrganisation);
        html! {
            @match &self.contact {
                Some(SupportContact::Email(address)) => p { "Write to " a href={ "mailto:" (address) } { (address) } "." },
                Some(SupportContact::Page(page)) => p { "Open " a href=(page) rel="noreferrer" { (page) } "." },
                Some(SupportContact::Words(words)) => p { bdi { (words) } },
                None => p {
                    "Your Organisation Admins can help: "
                    @for (at, admin) in self.admins.iter().enumerate() { @if at > 0 { ", " } bdi { (admin) } } "."
                },
            }
            p.small.soft { "Name the id of the delivery, event or export; each has one on its page." }
            @if sets { p.small { a href=(paths::SUPPORT) { @if self.contact.is_some() { "Change the support contact" } @else { "Set a support contact" } } } }
        }
    }

    fn answers(&self) -> Markup {
        let links = [
            (
                format!("{}#help", paths::RECEIVING),
                "A delivery did not arrive",
                "What each failure means, and what to do.",
                Permission::BeMember,
            ),
            (
                format!("{}#verify", paths::RECEIVING),
                "Verify a delivery",
                "Snippets in eight languages.",
                Permission::BeMember,
            ),
            (
                paths::LOGS.to_owned(),
                "Webhook Logs",
                "Each delivery, its attempts and the receiver’s answer.",
                Permission::ViewLogs,
            ),
            (
                paths::EVENTS.to_owned(),
                "Events",
                "Whether something happened at all, and where it went.",
                Permission::ViewLogs,
            ),
            (
                paths::API.to_owned(),
                "API",
                "How partner systems report events, and what each error means.",
                Permission::BeMember,
            ),
            (paths::KEYBOARD.to_owned(), "Keyboard", "Single keys that save time.", Permission::BeMember),
        ];
        html! {
            ul.index {
                @for (href, title, what, _) in links.iter().filter(|link| self.viewer.role.may(link.3)) {
                    li { h3 { a href=(href) { (title) } } p.small { (what) } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::samples::viewer;

    fn page(contact: Option<&str>, role: Role) -> String {
        let contact = contact.map(SupportContact::read);
        Help { contact, admins: vec!["Maeve <O'Brien>".into()], viewer: &viewer(role) }.render().0
    }

    #[test]
    fn it_names_whom_the_organisation_set_or_its_admins() {
        let told = page(Some("help@acme.example"), Role::Support);
        assert!(told.contains("href=\"mailto:help@acme.example\"") && !told.contains(paths::SUPPORT), "{told}");
        let told = page(Some("https://help.acme.example/"), Role::Admin);
        assert!(
            told.contains("href=\"https://help.acme.example/\"") && told.contains("Change the support contact"),
            "{told}"
        );
        let told = page(Some("javascript:alert(1) <b>"), Role::Recruiter);
        assert!(told.contains("javascript:alert(1) &lt;b&gt;") && !told.contains("href=\"javascript"), "{told}");
        let told = page(None, Role::Admin);
        assert!(told.contains("Maeve &lt;O'Brien&gt;") && told.contains("Set a support contact"), "{told}");
    }
}
