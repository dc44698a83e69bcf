//! The pages of two groups of the navigation, *Settings* and *Developers*: they list what is below them.

use crate::web::prelude::*;

/// A page below, and what it is for.
struct Below {
    title: &'static str,
    href: &'static str,
    what: &'static str,
    permission: Permission,
}

const fn below(title: &'static str, href: &'static str, permission: Permission, what: &'static str) -> Below {
    Below { title, href, what, permission }
}

/// A group of pages: its title, what they have in common, the pages.
type Group = (&'static str, &'static str, &'static [Below]);

use Permission::*;

const SETTINGS: [Group; 4] = [
    (
        "Access Management",
        "Who and what may reach your data",
        &[
            below(
                "Webhooks",
                paths::WEBHOOKS,
                ViewHooks,
                "Where events and exports go, and how receivers verify them. Others call this page Webhook Configuration.",
            ),
            below("Members", paths::MEMBERS, ManageMembers, "People, their roles and open invitations."),
        ],
    ),
    (
        "Hiring",
        "How your team works",
        &[below(
            "Global Interview Settings",
            paths::INTERVIEW_SETTINGS,
            ViewInterviews,
            "The webhook of all interviews, and Webhook Authentication.",
        )],
    ),
    (
        "Organisation",
        "Who helps",
        &[below("Support contact", paths::SUPPORT, ManageOrganisation, "Whom Need Help? names to your members.")],
    ),
    (
        "Elsewhere",
        "Under Developers and your name",
        &[
            below(
                "API Key Management",
                paths::API_KEYS,
                ManageApiKeys,
                "Keys of the partner API, and the default webhook (Webhook Configuration).",
            ),
            below("Your account", paths::ACCOUNT, BeMember, "Your name, password and open sessions."),
        ],
    ),
];

const DEVELOPERS: [Group; 2] = [
    (
        "Sending and receiving",
        "What systems say to each other",
        &[
            below(
                "API Key Management",
                paths::API_KEYS,
                ManageApiKeys,
                "Keys with which partner systems report events.",
            ),
            below("API", paths::API, BeMember, "How to report an event: request, answer, errors and limits."),
            below("Catalogue", paths::CATALOGUE, BeMember, "Every event, with its fields and a sample."),
            below("Receiving", paths::RECEIVING, BeMember, "How a receiver verifies and answers deliveries."),
        ],
    ),
    (
        "What happened",
        "And whether it arrived",
        &[
            below(
                "Webhook Logs",
                paths::LOGS,
                ViewLogs,
                "Every delivery, its attempts, and what the receiver answered.",
            ),
            below("Events", paths::EVENTS, ViewLogs, "Everything that happened, whether or not it matched a webhook."),
        ],
    ),
];

/// The index of the settings.
pub async fn settings(visit: Visit) -> HttpResponse {
    let lede = html! { "These settings apply to the whole of " bdi { (visit.viewer.organisation.name) } "." };
    page(&visit, "Settings", lede, &SETTINGS)
}

/// The index of the pages for developers.
pub async fn developers(visit: Visit) -> HttpResponse {
    let lede = html! { "For whoever connects systems to Hirewire, and finds out what became of a delivery." };
    page(&visit, "Developers", lede, &DEVELOPERS)
}

fn page(visit: &Visit, title: &str, lede: Markup, groups: &[Group]) -> HttpResponse {
    let body = html! {
        (Head::of(Nav::Nowhere, title).lede(lede))
        (index(groups, &visit.viewer))
    };
    visit.page(title, Nav::Nowhere, body).ok()
}

/// The groups, with the pages that the viewer may open.
fn index(groups: &[Group], viewer: &Viewer) -> Markup {
    html! {
        @for (title, hint, pages) in groups {
            @let mine: Vec<_> = pages.iter().filter(|page| viewer.role.may(page.permission)).collect();
            @if !mine.is_empty() {
                (part(title, html! { (hint) }, html! {
                    ul.index { @for page in mine { li { h3 { a href=(page.href) { (page.title) } } p.small { (page.what) } } } }
                }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::samples::viewer;

    #[test]
    fn an_index_lists_the_pages_that_the_reader_may_open_and_no_other() {
        let admin = index(&SETTINGS, &viewer(Role::Admin)).0 + &index(&DEVELOPERS, &viewer(Role::Admin)).0;
        for page in
            [paths::WEBHOOKS, paths::MEMBERS, paths::INTERVIEW_SETTINGS, paths::SUPPORT, paths::API, paths::LOGS]
        {
            assert!(admin.contains(&format!("href=\"{page}\"")), "{page}");
        }
        let recruiter = index(&SETTINGS, &viewer(Role::Recruiter)).0 + &index(&DEVELOPERS, &viewer(Role::Recruiter)).0;
        assert!(recruiter.contains(paths::INTERVIEW_SETTINGS) && recruiter.contains(paths::RECEIVING), "{recruiter}");
        for page in [paths::WEBHOOKS, paths::MEMBERS, paths::SUPPORT, paths::API_KEYS] {
            assert!(!recruiter.contains(&format!("href=\"{page}\"")), "{page}");
        }
    }
}
