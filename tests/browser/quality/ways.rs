//! Which pages there are, and how one gets to them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use hirewire::web::routes::{ROUTES, Route};
use reqwest::Method;

use crate::process::{Console, Seen};

/// GET routes that are no pages of their own, and why.
const NO_PAGES: [(&str, &str); 10] = [
    ("/assets/{name}", "what pages are made of"),
    ("/login", "leads home whoever is signed in; looked at before"),
    ("/settings/webhooks/{id}/reveal", "shows something once; looked at when a hook is made"),
    ("/developers/api-keys/{id}/reveal", "shows something once; looked at when a key is made"),
    ("/settings/invitations/{id}/reveal", "shows something once; looked at when somebody is invited"),
    ("/invitations/{token}", "opened by whoever is invited; looked at then"),
    ("/account/password", "for those alone whose password was printed; others have it on the page of their account"),
    ("/vacancies/{id}/import/{import}/left-out", "a file to correct, of an import that left something out"),
    ("/llms.txt", "text for programs"),
    ("/setup/{token}", "there only before there is anybody; looked at in the story of the first run"),
];

/// Every page that links lead to, `most` of each route.
pub struct Ways {
    /// Addresses, with their queries, by the route that answers them.
    pub pages: BTreeMap<&'static str, Vec<String>>,
}

impl Ways {
    /// Follows links from Home and from `seeds`.
    pub async fn explore(console: &mut Console, seeds: &[String], most: usize) -> Self {
        let mut queue: VecDeque<String> = seeds.iter().cloned().collect();
        // What has no id in it has its address in the table.
        let plain = get_routes().map(|route| route.path).filter(|path| !path.contains('{') && !is_no_page(path));
        queue.extend(plain.map(str::to_owned));
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut pages: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        while let Some(address) = queue.pop_front() {
            let Some(route) = route_of(&address).filter(|route| !is_no_page(route.path)) else { continue };
            let enough = pages.get(route.path).is_some_and(|found| found.len() >= most) && !seeds.contains(&address);
            if enough || !seen.insert(address.clone()) {
                continue;
            }
            match console.look(&address).await.expect("an answer") {
                Seen::Elsewhere(target) => queue.push_back(target),
                Seen::Page { status: 200, html } => {
                    queue.extend(links(&html));
                    pages.entry(route.path).or_default().push(address);
                }
                // This role may not go there.
                Seen::Page { status: 403, .. } => {}
                Seen::Page { status, .. } => panic!("{address}, which a page links to, answers {status}"),
            }
        }
        Self { pages }
    }

    /// Fails for each page of the table that was not found.
    pub fn expect_all(&self) {
        let lost: Vec<String> = get_routes()
            .filter(|route| !is_no_page(route.path) && !self.pages.contains_key(route.path))
            .map(|route| {
                format!(
                    "No page leads to GET {}: link to it from a page, make in tests/browser/quality/scene.rs what it \
                     shows, or say in ways.rs why it is no page.",
                    route.path
                )
            })
            .collect();
        assert!(lost.is_empty(), "{}", lost.join("\n"));
        for (path, why) in NO_PAGES {
            assert!(get_routes().any(|route| route.path == path), "{path} is no route any more ({why})");
        }
    }

    /// Every page.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.pages.values().flatten()
    }
}

fn get_routes() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|route| route.method.as_str() == Method::GET.as_str())
}

fn is_no_page(path: &str) -> bool {
    NO_PAGES.iter().any(|(no_page, _)| *no_page == path)
}

/// The route that answers an address: the first that fits.
fn route_of(address: &str) -> Option<&'static Route> {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let fits = |pattern: &str| {
        let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
        pattern.len() == path.len() && pattern.iter().zip(&path).all(|(a, b)| a == b || a.starts_with('{'))
    };
    get_routes().find(|route| fits(route.path))
}

/// Where a page's links lead within the console.
fn links(html: &str) -> Vec<String> {
    let main = html.split_once("<main").map_or(html, |(_, main)| main);
    let hrefs = main.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let own = hrefs.filter(|href| href.starts_with('/') && !href.starts_with("/assets/"));
    own.map(|href| href.split('#').next().unwrap_or_default().replace("&amp;", "&")).collect()
}
