//! The page around every page: bar, navigation, sheet, foot.

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use maud::{DOCTYPE, Markup, Render, html};

use crate::actions::Viewer;
use crate::domain::mode::Mode;
use crate::domain::organisation::Organisation;
use crate::domain::role::Permission;
use crate::web::assets::LINKS;
use crate::web::bidi;
use crate::web::bidi::isolated;
use crate::web::icons::{icon, sprite};
use crate::web::paths;

/// Which entry of the navigation a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the entry of its name")]
pub enum Nav {
    Home,
    Vacancies,
    Interviews,
    Exports,
    Webhooks,
    Members,
    InterviewSettings,
    ApiKeys,
    Api,
    Logs,
    Events,
    Catalogue,
    Receiving,
    /// None: an error page, one's own account.
    Nowhere,
}

use Permission::*;

/// A page of the navigation: its name, its address, who may see it, and the key that leads to it, pressed after `g`.
struct Entry(Nav, &'static str, &'static str, Permission, Option<&'static str>);

const NAVIGATION: [(&str, &str, &[Entry]); 4] = [
    ("", "", &[Entry(Nav::Home, "Home", paths::HOME, BeMember, Some("h"))]),
    (
        "hiring",
        "Hiring",
        &[
            Entry(Nav::Vacancies, "Vacancies", paths::VACANCIES, ViewVacancies, Some("v")),
            Entry(Nav::Interviews, "Interviews", paths::INTERVIEWS, ViewInterviews, Some("i")),
            Entry(Nav::Exports, "Exports", paths::EXPORTS, ViewExports, Some("e")),
        ],
    ),
    (
        "settings",
        "Settings / Access Management",
        &[
            Entry(Nav::Webhooks, "Webhooks", paths::WEBHOOKS, ViewHooks, Some("w")),
            Entry(Nav::Members, "Members", paths::MEMBERS, ManageMembers, Some("m")),
            Entry(Nav::InterviewSettings, "Global Interview Settings", paths::INTERVIEW_SETTINGS, ViewInterviews, None),
        ],
    ),
    (
        "developers",
        "Developers",
        &[
            Entry(Nav::ApiKeys, "API Key Management", paths::API_KEYS, ManageApiKeys, Some("k")),
            Entry(Nav::Api, "API", paths::API, BeMember, Some("p")),
            Entry(Nav::Logs, "Webhook Logs", paths::LOGS, ViewLogs, Some("l")),
            Entry(Nav::Events, "Events", paths::EVENTS, ViewLogs, Some("t")),
            Entry(Nav::Catalogue, "Catalogue", paths::CATALOGUE, BeMember, Some("c")),
            Entry(Nav::Receiving, "Receiving", paths::RECEIVING, BeMember, Some("r")),
        ],
    ),
];

/// The page of a group of the navigation, which lists what is below it.
fn page_of_group(name: &str) -> Option<&'static str> {
    match name {
        "Settings" | "Settings / Access Management" => Some(paths::SETTINGS),
        "Developers" => Some(paths::DEVELOPERS),
        _ => None,
    }
}

/// The pages of the navigation that somebody may see and a key leads to: key, name.
pub fn keys_of(viewer: &Viewer) -> impl Iterator<Item = (&'static str, &'static str)> {
    let entries = NAVIGATION.iter().flat_map(|(_, _, entries)| entries.iter());
    let mine = entries.filter(|entry| viewer.role.may(entry.3));
    mine.filter_map(|Entry(_, name, _, _, key)| Some(((*key)?, *name)))
}

/// What stands around a page beside its viewer.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// The organisations its viewer may switch to; fewer than two hide the switch.
    pub organisations: Vec<Organisation>,
    /// What was done a moment ago.
    pub done: Option<String>,
}

/// A page of the console for someone who is signed in.
pub struct Page<'a> {
    title: String,
    nav: Nav,
    viewer: &'a Viewer,
    around: &'a Around,
    /// The viewer's, unless it shows a record of the other one.
    mode: Mode,
    body: Markup,
    refresh: Option<u32>,
}

impl<'a> Page<'a> {
    /// A page in the viewer's mode: its title without organisation and product, its place in the navigation, who looks at it,
    /// what stands around it, and what stands on the sheet.
    pub fn new(title: impl Into<String>, nav: Nav, viewer: &'a Viewer, around: &'a Around, body: Markup) -> Self {
        Self { title: title.into(), nav, viewer, around, mode: viewer.mode, body, refresh: None }
    }

    /// The page in the mode of the record it shows.
    pub fn in_mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    /// Has browsers without script look again after so many seconds.
    pub fn refreshed(self, seconds: Option<u32>) -> Self {
        Self { refresh: seconds, ..self }
    }

    /// The answer 200 with this page.
    pub fn ok(self) -> HttpResponse {
        self.answer(StatusCode::OK)
    }

    /// The answer 422 with this page: a form that was refused, everything typed kept. The title says so.
    pub fn refused(self) -> HttpResponse {
        let title = format!("Error: {}", self.title);
        Self { title, ..self }.answer(StatusCode::UNPROCESSABLE_ENTITY)
    }

    /// An answer with this page.
    pub fn answer(self, status: StatusCode) -> HttpResponse {
        let frame = html! {
            a.skip href="#main" { "Skip to content" }
            div.console {
                (self.bar())
                (self.navigation())
                div.sheet {
                    main #main tabindex="-1" {
                        @if let Some(done) = &self.around.done { p.notice.ok role="status" { (done) } }
                        (self.body)
                    }
                    footer.foot {
                        span { "Times in " (self.viewer.organisation.time_zone.name()) }
                        a href=(paths::RECEIVING) { "Need help receiving?" }
                        a #keyboard href=(paths::KEYBOARD) { "Keyboard" }
                    }
                }
            }
        };
        let title = [self.title.as_str(), &self.viewer.organisation.name];
        document(&title, self.mode, self.refresh, frame, status)
    }

    fn bar(&self) -> Markup {
        let viewer = self.viewer;
        html! {
            header.bar {
                a.brand href=(paths::HOME) aria-label="Hirewire, home" { (icon("wire")) span { "Hirewire" } }
                @if self.around.organisations.len() > 1 {
                    details.menu.org name="bar" {
                        summary { span { bdi { (viewer.organisation.name) } } (icon("more")) }
                        form method="post" action=(paths::ORGANISATION) {
                            @for other in &self.around.organisations {
                                button name="organisation" value=(other.id)
                                    aria-current=[(other.id == viewer.organisation.id).then_some("true")] { bdi { (other.name) } }
                            }
                        }
                    }
                } @else {
                    p.org.small { span { bdi { (viewer.organisation.name) } } }
                }
                @if self.mode == Mode::Test { p.proof { "Test mode: only test data, only test webhooks" } }
                form.end method="post" action=(paths::MODE) {
                    input type="hidden" name="back" value=(self.section());
                    div.mode role="group" aria-label="Live or test" {
                        @for mode in [Mode::Live, Mode::Test] {
                            button name="mode" value=(mode) aria-pressed=(if mode == self.mode { "true" } else { "false" }) { (mode.label()) }
                        }
                    }
                }
                details.menu.right name="bar" {
                    summary {
                        span.face aria-hidden="true" { (viewer.member.initials()) }
                        span.hush { "Account: " }
                        span.long { bdi { (viewer.member.name) } }
                    }
                    form method="post" action=(paths::LOGOUT) {
                        p.small.soft { (viewer.role.label()) ", " bdi { (viewer.member.email) } }
                        a href=(paths::ACCOUNT) { "Your account" }
                        a href=(paths::HELP) { "Need Help?" }
                        button { "Log out" }
                    }
                }
            }
        }
    }

    fn navigation(&self) -> Markup {
        html! {
            details.nav {
                summary { "Menu" }
                nav aria-label="Main" {
                    @for (id, label, entries) in NAVIGATION {
                        @let mine: Vec<_> = entries.iter().filter(|entry| self.viewer.role.may(entry.3)).collect();
                        @if !mine.is_empty() {
                            @if !label.is_empty() {
                                p id={ "nav-" (id) } { @match page_of_group(label) { Some(page) => a href=(page) { (label) }, None => (label) } }
                            }
                            ul aria-labelledby=[(!label.is_empty()).then(|| format!("nav-{id}"))] {
                                @for Entry(nav, name, href, _, key) in mine {
                                    li { a href=(href) data-go=[*key] aria-current=[(*nav == self.nav).then_some("page")] { (name) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Where the mode switch leads back to: the list this page belongs to, which exists in both modes.
    fn section(&self) -> &'static str {
        let all = NAVIGATION.iter().flat_map(|(_, _, entries)| entries.iter());
        all.filter(|entry| entry.0 == self.nav).map(|entry| entry.2).next().unwrap_or(paths::HOME)
    }
}

impl Nav {
    /// The names of the pages above one of the navigation.
    fn above(self) -> &'static [&'static str] {
        match self {
            Nav::Webhooks | Nav::Members => &["Settings", "Access Management"],
            Nav::InterviewSettings => &["Settings"],
            Nav::ApiKeys | Nav::Api | Nav::Logs | Nav::Events | Nav::Catalogue | Nav::Receiving => &["Developers"],
            Nav::Home | Nav::Vacancies | Nav::Interviews | Nav::Exports | Nav::Nowhere => &[],
        }
    }
}

/// The head of a page: where one is, its title, its acts.
pub struct Head {
    /// Names and addresses on the way here; plain text where there is no page.
    crumbs: Vec<(Cow<'static, str>, Option<String>)>,
    title: Markup,
    state: Markup,
    acts: Markup,
    lede: Markup,
}

impl Head {
    /// The head of a page of the navigation.
    pub fn of(nav: Nav, title: impl Render) -> Self {
        let crumbs = nav.above().iter().map(|name| ((*name).into(), page_of_group(name).map(str::to_owned))).collect();
        Self { crumbs, title: title.render(), state: html! {}, acts: html! {}, lede: html! {} }
    }

    /// The head of a page below one of the navigation.
    pub fn below(nav: Nav, title: impl Render) -> Self {
        let mut entries = NAVIGATION.iter().flat_map(|(_, _, entries)| entries.iter());
        let list = entries.find(|entry| entry.0 == nav);
        list.into_iter().fold(Self::of(nav, title), |head, entry| head.crumb(entry.1, Some(entry.2.to_owned())))
    }

    fn crumb(mut self, name: impl Into<Cow<'static, str>>, href: Option<String>) -> Self {
        self.crumbs.push((name.into(), href));
        self
    }

    /// The head of a page below the page of a thing.
    pub fn under(self, name: &str, href: impl Into<String>) -> Self {
        self.crumb(name.to_owned(), Some(href.into()))
    }

    /// The head of a page that the navigation leaves out, within a group of it.
    pub fn within(self, group: &'static str) -> Self {
        self.crumb(group, page_of_group(group).map(str::to_owned))
    }

    /// Beside the title: a state.
    pub fn state(self, state: impl Render) -> Self {
        Self { state: state.render(), ..self }
    }

    /// At the other end: what can be done.
    pub fn acts(self, acts: impl Render) -> Self {
        Self { acts: acts.render(), ..self }
    }

    /// What the page shows, in one or two sentences.
    pub fn lede(self, lede: impl Render) -> Self {
        Self { lede: lede.render(), ..self }
    }
}

impl Render for Head {
    fn render(&self) -> Markup {
        html! {
            header.head {
                @if !self.crumbs.is_empty() {
                    nav.crumbs.small.soft aria-label="Breadcrumb" {
                        ol {
                            @for (name, href) in &self.crumbs {
                                li { @if let Some(href) = href { a href=(href) { bdi { (name) } } } @else { (name) } }
                            }
                        }
                    }
                }
                div.row.apart {
                    div.row { h1 { (self.title) } (self.state) }
                    @if !self.acts.0.is_empty() { div.row { (self.acts) } }
                }
                @if !self.lede.0.is_empty() { p.lede { (self.lede) } }
            }
        }
    }
}

/// A section of a detail page: what it is, one line of hint, content.
pub fn part(title: &str, hint: Markup, content: Markup) -> Markup {
    html! {
        section.part {
            header { h2 { (title) } @if !hint.0.is_empty() { p.small.soft { (hint) } } }
            div.stack { (content) }
        }
    }
}

/// A page for someone who is not signed in.
pub fn door(title: &str, body: Markup, status: StatusCode) -> HttpResponse {
    let frame = html! {
        div.door {
            svg.wire viewBox="0 0 1200 160" preserveAspectRatio="none" aria-hidden="true" {
                path vector-effect="non-scaling-stroke" d="M0 80C150-10 250 170 400 80s250-90 400 0 250 90 400 0" {}
            }
            main.stack #main { (body) }
            footer.foot { span { "Hirewire " (env!("CARGO_PKG_VERSION")) } }
        }
    };
    let title = title.trim_end_matches('.');
    document(&[title], Mode::Live, None, frame, status)
}

/// `title` says which page of whom; the product's name follows.
fn document(title: &[&str], mode: Mode, refresh: Option<u32>, body: Markup, status: StatusCode) -> HttpResponse {
    let page = html! {
        (DOCTYPE)
        html lang="en" class=[(mode == Mode::Test).then_some("test")] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { @for part in title { (isolated(part)) " · " } "Hirewire" }
                link rel="stylesheet" href=(LINKS.style);
                link rel="icon" href=(LINKS.icon);
                script src=(LINKS.script) defer {}
                @if let Some(seconds) = refresh { noscript { meta http-equiv="refresh" content=(seconds); } }
            }
            body {
                (sprite(&body.0))
                (body)
                // The page's one status region: the script says here what changed.
                p.hush #said role="status" {}
            }
        }
    };
    // Pages show personal data: no copy of them stays behind in a cache.
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(bidi::settled(page.into_string()))
}
