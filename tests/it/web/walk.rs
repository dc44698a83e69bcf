//! The walk: every route of the table, for everybody (B15).
//!
//! It needs no care when a route is added: it reads the table itself, and a page that is written is held to more than one
//! that is not (see [`Way::is_written`]).

use std::collections::BTreeMap;
use std::path::Path;

use hirewire::actions::export::{self, Confirmed};
use hirewire::actions::{self, Viewer};
use hirewire::domain::ids::{ImportId, InvitationId, MemberId, OrganisationId};
use hirewire::domain::invitation::{Channel, Invitation, LIFE};
use hirewire::domain::member::Member;
use hirewire::domain::mode::Mode;
use hirewire::domain::role::Role;
use hirewire::store::import::Import;
use hirewire::store::{self, StoreError};
use hirewire::web::routes::{ROUTES, Route, Rule, route_of};
use reqwest::Method;

use crate::support::{Answer, Browser, Page, Receiver, TestApp, token};

on_both_databases!(
    nobody_gets_anywhere_without_logging_in,
    each_role_gets_where_it_may_and_nowhere_else,
    another_organisations_things_are_not_there_for_anybody,
    nobody_but_admins_sees_the_path_of_a_webhooks_address,
    an_address_written_in_another_way_reaches_no_further,
    what_is_not_in_the_table_is_not_there,
);

/// Who may come where, said once more by hand: the walk itself believes the table.
#[test]
fn the_table_gives_each_role_what_the_product_gives_it() {
    use hirewire::domain::role::Permission;
    let everybody = [Role::Admin, Role::Recruiter, Role::Support];
    for way in Way::all() {
        let Rule::May(permission) = way.route.rule else {
            let door = ["/assets/{name}", "/login", "/logout", "/invitations/{token}", "/setup/{token}", "/llms.txt"];
            assert!(door.contains(&way.route.path), "{} is open to anyone", way.route.path);
            continue;
        };
        let acts = way.route.method == actix_web::http::Method::POST;
        let forms = way.route.path.ends_with("/new") || way.route.path.contains("/import");
        let expected: &[Role] = match way.route.path {
            path if path.starts_with("/developers/logs") || path.starts_with("/developers/events") => &everybody,
            path if path.starts_with("/developers/api-keys") => &[Role::Admin],
            "/settings/webhooks" | "/settings/webhooks/{id}" => &[Role::Admin, Role::Support],
            "/settings/interviews" => &everybody,
            path if path.starts_with("/settings/") => &[Role::Admin],
            // An interview's own webhook is a webhook.
            path if path.starts_with("/interviews") && path.contains("/webhook") => &[Role::Admin],
            path if path.starts_with("/interviews") && (acts || forms || path.ends_with("/result")) => {
                &[Role::Admin, Role::Recruiter]
            }
            path if path.starts_with("/interviews") && path.ends_with("/withdrawal") => &[Role::Admin, Role::Recruiter],
            path if path.starts_with("/interviews") => &everybody,
            path if path.ends_with("/export") => &[Role::Admin, Role::Recruiter],
            path if path.starts_with("/vacancies") && (acts || forms) => &[Role::Admin, Role::Recruiter],
            path if path.starts_with("/vacancies") || path.starts_with("/exports") => &everybody,
            _ => {
                assert_eq!(permission, Permission::BeMember, "say here who may come to {}", way.route.path);
                &everybody
            }
        };
        let may: Vec<_> = Role::ALL.into_iter().filter(|role| role.may(permission)).collect();
        assert_eq!(may, expected, "{} {}", way.route.method, way.route.path);
    }
}

/// Everything a route may name, of one organisation.
struct Things {
    of: Viewer,
    ids: BTreeMap<&'static str, String>,
}

/// A route of the table and the file that answers it.
struct Way {
    route: &'static Route,
    handler: String,
}

impl Way {
    /// Every route. The handlers are read from the table's source, where they stand in the same order.
    fn all() -> Vec<Self> {
        let source = include_str!("../../../src/web/routes.rs");
        let table = source.split_once("pub const ROUTES").expect("the table").1.split_once("];").expect("its end").0;
        let handlers: Vec<_> =
            table.split(".to(").skip(1).map(|rest| rest.split_once(')').expect("a handler").0.to_owned()).collect();
        assert_eq!(handlers.len(), ROUTES.len(), "each route names its handler with .to(…)");
        ROUTES.iter().zip(handlers).map(|(route, handler)| Self { route, handler }).collect()
    }

    /// Whether its page is more than a placeholder that says "Not yet".
    fn is_written(&self) -> bool {
        let module = self.handler.rsplit_once("::").map_or("", |(module, _)| module).replace("::", "/");
        let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web");
        let files = [web.join(format!("{module}.rs")), web.join(module).join("mod.rs")];
        let source = files.iter().find_map(|file| std::fs::read_to_string(file).ok());
        !source.unwrap_or_else(|| panic!("no source of {}", self.handler)).starts_with("//! Not yet.")
    }

    /// Its address, naming these things.
    fn path(&self, things: &Things) -> String {
        let things_of = self.route.path;
        let id = match things_of {
            path if path.starts_with("/vacancies/") => "vacancy",
            path if path.starts_with("/interviews/") => "interview",
            path if path.starts_with("/exports/") => "export",
            path if path.starts_with("/settings/webhooks/") => "hook",
            path if path.starts_with("/settings/members/") => "member",
            path if path.starts_with("/settings/invitations/") => "invitation",
            path if path.starts_with("/developers/api-keys/") => "api key",
            path if path.starts_with("/developers/logs/") => "delivery",
            path if path.starts_with("/developers/events/") => "event",
            _ => "",
        };
        let mut path =
            things_of.replace("{kind}", "secret").replace("{name}", "nothing.css").replace("{token}", "nothing");
        path = path.replace("{event}", "job.created").replace("{recipe}", "zapier");
        for (place, thing) in [("{id}", id), ("{import}", "import"), ("{session}", "session")] {
            if path.contains(place) {
                let id = things.ids.get(thing).unwrap_or_else(|| panic!("the walk knows no {place} of {things_of}"));
                path = path.replace(place, id);
            }
        }
        assert!(!path.contains('{'), "the walk does not know what stands in {path}");
        path
    }

    fn names_a_thing(&self) -> bool {
        self.route.path.contains("{id}")
    }

    async fn walked(&self, browser: &mut Browser, path: &str, organisation: &OrganisationId) -> Page {
        match self.route.method {
            actix_web::http::Method::GET => browser.get(path).await,
            _ => {
                let own = token();
                let fields = [("token", own.as_str()), ("mode", "live"), ("organisation", organisation.as_str())];
                browser.post(path, &fields).await
            }
        }
    }
}

async fn things(app: &TestApp, viewer: &Viewer, admin: &Viewer, receiver: &Receiver) -> Things {
    let (hook, _) = app.a_signed_hook(admin, &receiver.url()).await;
    let (vacancy, candidates) = app.a_vacancy_with(admin, 1).await;
    let interview = app.an_interview(admin).await;
    let session = app.a_session(admin, &interview, &candidates[0]).await;
    let (key, _) = app.an_api_key(admin, Mode::Live).await;
    let confirmed = Confirmed { vacancy: vacancy.clone(), candidates, hook: hook.id.clone(), token: token() };
    let export = export::confirm(&app.context, viewer, confirmed).await.expect("an export");
    let import = Import {
        id: ImportId::new(app.now()),
        organisation_id: admin.organisation.id.clone(),
        vacancy_id: vacancy.clone(),
        member_id: viewer.member.id.clone(),
        file_name: "candidates.csv".into(),
        content: Some(b"name,email\nAda,ada@mail.example\n".to_vec()),
        report: None,
        created_at: app.now(),
    };
    let (member, invitation) = people(app, admin);
    let (organisation, wanted, written) = (admin.organisation.id.clone(), export.clone(), import.clone());
    let (joining, invited) = (member.clone(), invitation.clone());
    let (delivery, event) = app
        .write(move |conn| {
            store::import::insert(conn, &written)?;
            store::member::insert(conn, &joining, "a hash")?;
            store::member::join(conn, &joining.id, &organisation, Role::Recruiter, joining.created_at)?;
            store::invitation::insert(conn, &invited, invited.id.as_str())?;
            let view = store::export::find(conn, &organisation, &wanted)?.expect("just confirmed");
            Ok::<_, StoreError>((view.delivery.id.clone(), view.export.event_id))
        })
        .await;
    let ids = [
        ("vacancy", vacancy.to_string()),
        ("hook", hook.id.to_string()),
        ("api key", key.id.to_string()),
        ("export", export.to_string()),
        ("delivery", delivery.to_string()),
        ("event", event.to_string()),
        ("import", import.id.to_string()),
        ("interview", interview.to_string()),
        ("session", session.to_string()),
        ("member", member.id.to_string()),
        ("invitation", invitation.id.to_string()),
    ];
    Things { of: admin.clone(), ids: ids.into() }
}

/// Somebody of the admin's organisation, and somebody who is invited there.
fn people(app: &TestApp, admin: &Viewer) -> (Member, Invitation) {
    let (now, id) = (app.now(), MemberId::new(app.now()));
    let email = format!("{}@team.example", id.as_str().to_lowercase());
    let invitation = Invitation {
        id: InvitationId::new(now),
        organisation_id: admin.organisation.id.clone(),
        email: format!("invited-{email}"),
        name: None,
        role: Role::Support,
        invited_by: admin.member.id.clone(),
        mail: None,
        created_at: now,
        expires_at: now + LIFE,
        ended: None,
        ended_at: None,
        channel: Channel::Shown,
    };
    (Member { id, email, name: "O'Brien <b>".into(), ..admin.member.clone() }, invitation)
}

async fn nobody_gets_anywhere_without_logging_in(app: TestApp) {
    let admin = app.an_admin().await;
    let receiver = Receiver::answering([200]).await;
    let things = things(&app, &admin, &admin, &receiver).await;
    let before = everything(&app, &admin).await;
    for way in Way::all() {
        let path = way.path(&things);
        let page = way.walked(&mut app.browser(), &path, &admin.organisation.id).await;
        let told = format!("{} {path} answered {}", way.route.method, page.status);
        match way.route.rule {
            Rule::Anyone => assert!(page.status < 500, "{told}"),
            Rule::May(_) => assert!(page.leads_to_login(), "{told}"),
        }
        assert_eq!(page.set_cookies(), Vec::<&str>::new(), "{told}");
    }
    assert_eq!(everything(&app, &admin).await, before);
}

async fn each_role_gets_where_it_may_and_nowhere_else(app: TestApp) {
    let receiver = Receiver::answering([200]).await;
    let admin = app.an_admin().await;
    for role in Role::ALL {
        let member = app.a_member(&admin.organisation.id, role).await;
        let mut browser = app.browser().logged_in(&member.member.email).await;
        let mut own = things(&app, &member, &admin, &receiver).await;
        for way in Way::all() {
            let Rule::May(permission) = way.route.rule else { continue };
            let path = way.path(&own);
            let walking = way.walked(&mut browser, &path, &admin.organisation.id);
            // A test waits until it is settled, so somebody has to send it.
            let page = sending(&app, walking).await;
            let told = format!("{} {path} answered {} to {}", way.route.method, page.status, role.label());
            if !role.may(permission) {
                assert_eq!(page.status, 403, "{told}");
                assert!(page.body.contains("may do this"), "{told} without saying who may");
                continue;
            }
            assert!(page.status != 403 && !page.leads_to_login(), "{told}");
            // An import that waits has left nothing out yet.
            let has_nothing = path.ends_with("/left-out") && page.status == 404;
            if way.is_written() && !has_nothing {
                assert!(matches!(page.status, 200 | 303 | 409 | 422), "{told}: {}", page.body);
            }
            if way.route.method == actix_web::http::Method::POST {
                // It may have deleted or revoked what the next one needs.
                own = things(&app, &member, &admin, &receiver).await;
            }
        }
    }
}

async fn nobody_but_admins_sees_the_path_of_a_webhooks_address(app: TestApp) {
    // Where a receiver repeats it, and where it is the address of a redirect, it is the same secret.
    let echo = "https://127.0.0.1/hooks/T0kenInPath/new?code=s3cretInQuery";
    let answer = Answer::of(302).with("Location", echo).saying(format!("Cannot POST {echo}"));
    let receiver = Receiver::answering([answer]).await;
    let address = receiver.url().replace("/in?from=hirewire", "/hooks/T0kenInPath?code=s3cretInQuery");
    let admin = app.an_admin().await;
    for role in Role::ALL {
        let member = app.a_member(&admin.organisation.id, role).await;
        let mut things = things(&app, &member, &admin, &receiver).await;
        let hook = app.a_hook(&admin, &address).await;
        let other = app.a_hook(&admin, &format!("{address}&twin")).await;
        let interview = app.an_interview(&admin).await;
        app.an_override(&admin, &interview, &address).await.expect("a hook of its own");
        let (vacancy, candidates) = app.a_vacancy_with(&admin, 1).await;
        let confirmed = Confirmed { vacancy, candidates, hook: hook.id.clone(), token: token() };
        let export = export::confirm(&app.context, &member, confirmed).await.expect("an export");
        app.tick().await;
        let organisation = admin.organisation.id.clone();
        let view = app.read(move |conn| store::export::find(conn, &organisation, &export)).await.expect("an export");
        for (name, id) in [
            ("hook", other.id.to_string()),
            ("interview", interview.to_string()),
            ("export", view.export.id.to_string()),
            ("delivery", view.delivery.id.to_string()),
            ("event", view.export.event_id.to_string()),
        ] {
            things.ids.insert(name, id);
        }
        let mut browser = app.browser().logged_in(&member.member.email).await;
        let mut seen = 0;
        for way in Way::all().iter().filter(|way| way.route.method == actix_web::http::Method::GET) {
            let page = browser.get(&way.path(&things)).await.body;
            let is_told = ["T0kenInPath", "s3cretInQuery"].iter().any(|part| page.contains(part));
            assert!(!is_told || role == Role::Admin, "{} shows it to {}: {page}", way.route.path, role.label());
            seen += usize::from(is_told);
        }
        assert!(seen >= 3 || role != Role::Admin, "admins see it on {seen} pages");
    }
}

/// Answers of pages that wait for a delivery: the engine is stepped until they come.
async fn sending(app: &TestApp, walking: impl Future<Output = Page>) -> Page {
    let stepping = async {
        loop {
            app.tick().await;
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        page = crate::support::soon("an answer", walking) => page,
        () = stepping => unreachable!("it steps for ever"),
    }
}

async fn another_organisations_things_are_not_there_for_anybody(app: TestApp) {
    let receiver = Receiver::answering([200]).await;
    let (ours, theirs) = (app.an_admin().await, app.an_admin().await);
    let foreign = things(&app, &theirs, &theirs, &receiver).await;
    let own = things(&app, &ours, &ours, &receiver).await;
    let before = everything(&app, &foreign.of).await;
    for role in Role::ALL {
        let member = app.a_member(&ours.organisation.id, role).await;
        let mut browser = app.browser().logged_in(&member.member.email).await;
        for way in Way::all().iter().filter(|way| way.names_a_thing()) {
            let Rule::May(permission) = way.route.rule else { continue };
            // Theirs, theirs under one of ours, and what never was.
            let mut mixed = Things { of: foreign.of.clone(), ids: foreign.ids.clone() };
            for name in ["vacancy", "interview"] {
                mixed.ids.insert(name, own.ids[name].clone());
            }
            let nowhere = Things {
                of: foreign.of.clone(),
                ids: foreign.ids.iter().map(|(name, id)| (*name, format!("{}7ZZZ", &id[..id.len() - 4]))).collect(),
            };
            let of_another = ["{import}", "{session}"].iter().any(|place| way.route.path.contains(place));
            for things in [&foreign, &mixed, &nowhere] {
                if std::ptr::eq(things, &raw const mixed) && !of_another {
                    continue;
                }
                let path = way.path(things);
                let page = way.walked(&mut browser, &path, &ours.organisation.id).await;
                let expected = if role.may(permission) { 404 } else { 403 };
                let told = format!("{} {path} answered {} to {}", way.route.method, page.status, role.label());
                assert_eq!(page.status, expected, "{told}");
            }
        }
    }
    assert_eq!(everything(&app, &foreign.of).await, before, "nothing of theirs has changed");
    // And what is theirs does not stand on our lists either.
    let mut browser = app.browser().logged_in(&ours.member.email).await;
    for way in Way::all().iter().filter(|way| !way.route.path.contains('{')) {
        if way.route.method == actix_web::http::Method::GET {
            let page = browser.get(way.route.path).await;
            for id in foreign.ids.values() {
                assert!(!page.body.contains(id.as_str()), "{} shows {id}", way.route.path);
            }
        }
    }
}

/// Whatever of an organisation could have been changed, as text.
async fn everything(app: &TestApp, viewer: &Viewer) -> String {
    let organisation = viewer.organisation.id.clone();
    let deliveries = app.deliveries(&organisation, Mode::Live).await;
    let rest = app.read(move |conn| {
        let hooks = store::hook::list_with_deleted(conn, &organisation, Mode::Live)?;
        let ids: Vec<_> = hooks.iter().map(|hook| hook.id.clone()).collect();
        let credentials: Vec<_> =
            store::credential::of_hooks(conn, &ids)?.into_iter().map(|sealed| sealed.credential).collect();
        let keys = store::api_key::list(conn, &organisation)?;
        let vacancies = store::vacancy::list(conn, &organisation, Mode::Live)?;
        let mut interviews = Vec::new();
        for (interview, _) in store::interview::list(conn, &organisation, Mode::Live)? {
            interviews.push((store::interview::sessions(conn, &interview.id)?, interview));
        }
        let members = store::member::list(conn, &organisation)?;
        let invitations = store::invitation::pending(conn, &organisation)?;
        Ok::<_, StoreError>(format!(
            "{hooks:#?}{credentials:#?}{keys:#?}{vacancies:#?}{interviews:#?}{members:#?}{invitations:#?}"
        ))
    });
    format!("{deliveries:#?}{}", rest.await)
}

/// The gate must judge the very address that is answered, however it is written.
async fn an_address_written_in_another_way_reaches_no_further(app: TestApp) {
    let receiver = Receiver::answering([200]).await;
    let admin = app.an_admin().await;
    let own = things(&app, &admin, &admin, &receiver).await;
    for role in Role::ALL {
        let member = app.a_member(&admin.organisation.id, role).await;
        let mut browser = app.browser().logged_in(&member.member.email).await;
        for way in Way::all() {
            let Rule::May(permission) = way.route.rule else { continue };
            if role.may(permission) {
                continue;
            }
            let path = way.path(&own);
            let (start, last) = path.rsplit_once('/').expect("a path");
            let hex = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
            for spelling in [
                format!("{start}/{}", hex(last)),
                format!("{start}/{}{}", hex(&last[..1]), &last[1..]),
                format!("{path}/"),
                format!("/{path}"),
                format!("{start}/./{last}"),
                format!("{start}/x/../{last}"),
                format!("{start}/{last};x=y"),
                format!("{path}?_method=GET"),
                path.to_uppercase(),
            ] {
                let page = way.walked(&mut browser, &spelling, &admin.organisation.id).await;
                let told = format!("{} {spelling} answered {} to {}", way.route.method, page.status, role.label());
                // The same address in other letters is the same page; anything else may also be none, or lead to it.
                let decoded = percent_encoding::percent_decode_str(&spelling).decode_utf8_lossy();
                let leads_on = page.status == 308 && page.location() == Some(path.as_str());
                assert!(page.status == 403 || (page.status == 404 || leads_on) && decoded != path, "{told}");
            }
        }
    }
}

async fn what_is_not_in_the_table_is_not_there(app: TestApp) {
    let admin = app.an_admin().await;
    let receiver = Receiver::answering([200]).await;
    let own = things(&app, &admin, &admin, &receiver).await;
    for browser in [app.browser(), app.browser().logged_in(&admin.member.email).await] {
        for path in [
            "/nothing",
            "/settings/nothing",
            "/developers/nothing",
            "/admin",
            "/.env",
            "/vacancies/a/b/c/d",
            "/static/x",
        ] {
            assert_eq!(browser.clone().get(path).await.status, 404, "{path}");
            assert_eq!(browser.clone().post(path, &[]).await.status, 404, "{path}");
        }
        for way in Way::all() {
            let path = way.path(&own);
            for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS] {
                let known = actix_web::http::Method::from_bytes(method.as_str().as_bytes()).expect("a method");
                // Two patterns may fit one address; the first one's rule counts.
                if ROUTES.iter().any(|route| route.method == known && fits(route.path, &path)) {
                    continue;
                }
                assert!(route_of(&known, way.route.path).is_none());
                let site = [("sec-fetch-site", "same-origin")];
                let page = browser.clone().send(method.clone(), &path, &site, Vec::new()).await;
                assert_eq!(page.status, 404, "{method} {path}");
            }
        }
    }
    let unknown = actions::hook::find_alive(&app.context, &admin, hirewire::domain::ids::HookId::new(app.now())).await;
    assert!(unknown.is_err());
}

fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    let same = |(a, b): (&&str, &&str)| a == b || a.starts_with('{');
    pattern.len() == path.len() && pattern.iter().zip(&path).all(same)
}
