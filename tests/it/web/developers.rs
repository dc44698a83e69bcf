//! The Developers pages: events with and without a webhook, the catalogue, the guide and the ways into it (B1, B2, B5, T6).

use hirewire::actions::export::{Confirmed, confirm};
use hirewire::actions::hook::NewHook;
use hirewire::domain::attempt::ErrorClass;
use hirewire::domain::event::{Event, EventType};
use hirewire::domain::mode::Mode;
use hirewire::domain::role::Role;
use hirewire::store;
use hirewire::web::paths;
use serde_json::json;

use crate::support::{Browser, Receiver, Team, TestApp, in_mode, token};

on_both_databases!(
    an_event_that_no_webhook_wants_is_listed_and_says_what_to_do,
    an_events_page_tells_what_became_of_it_at_each_webhook,
    events_are_found_by_type_route_and_day_and_stay_in_their_mode,
    pages_of_events_follow_each_other_without_a_gap_or_a_repetition,
    recruiters_see_the_events_of_their_own_exports_alone,
    support_sees_what_happened_and_nobodys_name,
    support_sees_nothing_of_what_stands_under_keys_that_nobody_knows,
    every_failure_leads_into_its_place_in_the_guide,
    what_is_asked_for_wrongly_is_named,
);

async fn get(browser: &mut Browser, path: &str) -> String {
    let page = browser.get(path).await;
    assert_eq!(page.status, 200, "{path}: {}", page.body);
    page.body
}

/// The events that a page lists, by their ids.
fn listed(page: &str) -> Vec<String> {
    page.split("href=\"/developers/events/").skip(1).map(|rest| rest[..30].to_owned()).collect()
}

/// The link whose text this is.
fn link(page: &str, text: &str) -> Option<String> {
    let before = page.split_once(&format!("\">{text}</a>"))?.0;
    Some(before.rsplit_once("href=\"")?.1.replace("&amp;", "&"))
}

async fn an_admin_of(app: &TestApp) -> (Team, Browser) {
    let team = app.an_organisation().await;
    let browser = app.browser().logged_in(&team.admin.member.email).await;
    (team, browser)
}

async fn reported(app: &TestApp, team: &Team, mode: Mode, kinds: &[&str]) -> Vec<Event> {
    let (key, _) = app.an_api_key(&team.admin, mode).await;
    let mut events = Vec::new();
    for kind in kinds {
        let kind = EventType::parse(kind).expect("of the catalogue");
        let data =
            json!({"candidate": {"fullName": "Nguyễn Thị Ánh", "email": "anh@mail.example"}, "note": "<script>"});
        events.push(hirewire::actions::event::report(&app.context, &key, kind, data).await.expect("it is recorded"));
        app.advance_ms(1_000);
    }
    events
}

async fn an_event_that_no_webhook_wants_is_listed_and_says_what_to_do(app: TestApp) {
    let (team, mut browser) = an_admin_of(&app).await;
    let empty = get(&mut browser, "/developers/events").await;
    assert!(empty.contains("Nothing has happened in live mode."), "{empty}");
    let event = reported(&app, &team, Mode::Live, &["job.created"]).await.remove(0);

    let page = get(&mut browser, "/developers/events").await;
    assert_eq!(listed(&page), [event.id.to_string()]);
    assert!(page.contains("1 event in live mode matched no webhook") && page.contains("No webhook"), "{page}");
    let page = get(&mut browser, &link(&page, "Show them").expect("a link")).await;
    assert_eq!(listed(&page), [event.id.to_string()]);

    let page = get(&mut browser, &format!("/developers/events/{}", event.id)).await;
    assert!(page.contains("matched no webhook") && page.contains("create a webhook"), "{page}");
    assert!(page.contains("Nguyễn Thị Ánh") && page.contains("&lt;script&gt;"), "its payload is kept: {page}");
    assert!(page.contains("href=\"/developers/catalogue/job.created\""), "{page}");
}

async fn an_events_page_tells_what_became_of_it_at_each_webhook(app: TestApp) {
    let (team, mut browser) = an_admin_of(&app).await;
    let (well, badly) = (Receiver::answering([200]).await, Receiver::answering([403]).await);
    for (name, receiver) in [("O’Brien & sons", &well), ("Other", &badly)] {
        let form = NewHook { name: name.into(), policy: "single".into(), ..NewHook::default() };
        app.a_hook_with(&team.admin, &receiver.url(), form).await;
    }
    let event = reported(&app, &team, Mode::Live, &["job.created"]).await.remove(0);
    app.tick().await;
    let list = get(&mut browser, "/developers/events").await;
    assert!(list.contains("2 webhooks") && !list.contains("matched no webhook"), "{list}");
    let page = get(&mut browser, &format!("/developers/events/{}", event.id)).await;
    for delivery in app.deliveries(&team.id, Mode::Live).await {
        assert!(page.contains(&format!("href=\"/developers/logs/{}\"", delivery.id)), "{page}");
    }
    for words in ["O’Brien &amp; sons", "Success", "Failed", "<code>403</code>", "went to 2 webhooks"] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

async fn events_are_found_by_type_route_and_day_and_stay_in_their_mode(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    let form = NewHook { events: vec!["job.created".into()], ..NewHook::default() };
    app.a_hook_with(&team.admin, &receiver.url(), form).await;
    let first = reported(&app, &team, Mode::Live, &["job.created", "job.updated", "candidate.created"]).await;
    reported(&app, &team, Mode::Test, &["job.created"]).await;
    app.advance_ms(24 * 3_600_000);
    let second = reported(&app, &team, Mode::Live, &["job.created", "job.updated"]).await;
    // A session does not live through an idle day.
    let mut browser = app.browser().logged_in(&team.admin.member.email).await;
    let id = |event: &Event| event.id.to_string();
    for (query, expected) in [
        ("", vec![id(&second[1]), id(&second[0]), id(&first[2]), id(&first[1]), id(&first[0])]),
        ("event=job.updated", vec![id(&second[1]), id(&first[1])]),
        ("event=job.*&from=2026-11-21", vec![id(&second[1]), id(&second[0])]),
        ("webhook=none&to=2026-11-20", vec![id(&first[2]), id(&first[1])]),
        ("webhook=matched", vec![id(&second[0]), id(&first[0])]),
        ("webhook=matched&event=candidate.*", vec![]),
    ] {
        let page = get(&mut browser, &format!("/developers/events?{query}")).await;
        assert_eq!(listed(&page), expected, "{query}");
    }
    let none = get(&mut browser, "/developers/events?webhook=matched&event=candidate.*").await;
    assert!(none.contains("No event matches these filters."), "{none}");
    browser.post("/mode", &[("mode", "test"), ("back", "/developers/events")]).await;
    assert_eq!(listed(&get(&mut browser, "/developers/events").await).len(), 1);
}

async fn pages_of_events_follow_each_other_without_a_gap_or_a_repetition(app: TestApp) {
    let (team, mut browser) = an_admin_of(&app).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    for _ in 0..120 {
        // At equal times too: the id decides.
        app.report(&key, "job.created").await;
    }
    let mut pages = vec![get(&mut browser, "/developers/events").await];
    while let Some(older) = link(pages.last().expect("a page"), "Older") {
        pages.push(get(&mut browser, &older).await);
    }
    assert_eq!(pages.iter().map(|page| listed(page).len()).collect::<Vec<_>>(), [50, 50, 20]);
    let mut seen: Vec<String> = pages.iter().flat_map(|page| listed(page)).collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 120);
    let newer = get(&mut browser, &link(&pages[2], "Newer").expect("a newer page")).await;
    assert_eq!(listed(&newer), listed(&pages[1]));
    let newest = browser.get(&link(&newer, "Newer").expect("a newer page")).await;
    assert_eq!((newest.status, newest.location()), (303, Some("/developers/events")));
}

async fn recruiters_see_the_events_of_their_own_exports_alone(app: TestApp) {
    let (team, _) = an_admin_of(&app).await;
    let receiver = Receiver::answering([200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    reported(&app, &team, Mode::Live, &["job.created"]).await;
    let (anna, ben) = (app.a_member(&team.id, Role::Recruiter).await, app.a_member(&team.id, Role::Recruiter).await);
    let mut events = Vec::new();
    for viewer in [&anna, &ben] {
        let (vacancy, candidates) = app.a_vacancy_with(viewer, 1).await;
        let confirmed = Confirmed { vacancy, candidates, hook: hook.id.clone(), token: token() };
        let export = confirm(&app.context, viewer, confirmed).await.expect("it is confirmed");
        let organisation = team.id.clone();
        let view = app.read(move |conn| store::export::find(conn, &organisation, &export)).await.expect("an export");
        events.push(view.export.event_id.to_string());
    }
    let mut browser = app.browser().logged_in(&anna.member.email).await;
    assert_eq!(listed(&get(&mut browser, "/developers/events").await), [events[0].clone()]);
    assert_eq!(browser.get(&format!("/developers/events/{}", events[0])).await.status, 200);
    assert_eq!(browser.get(&format!("/developers/events/{}", events[1])).await.status, 404);
}

async fn support_sees_what_happened_and_nobodys_name(app: TestApp) {
    let (team, mut admin) = an_admin_of(&app).await;
    let event = reported(&app, &team, Mode::Live, &["candidate.created"]).await.remove(0);
    let support = app.a_member(&team.id, Role::Support).await;
    let mut support = app.browser().logged_in(&support.member.email).await;
    let path = format!("/developers/events/{}", event.id);
    let (clear, masked) = (get(&mut admin, &path).await, get(&mut support, &path).await);
    assert!(clear.contains("Nguyễn") && clear.contains("anh@mail.example"), "{clear}");
    assert!(!masked.contains("Nguyễn") && !masked.contains("anh@mail.example"), "{masked}");
    assert!(masked.contains("personal data masked for Support") && masked.contains(event.id.as_str()), "{masked}");
}

async fn support_sees_nothing_of_what_stands_under_keys_that_nobody_knows(app: TestApp) {
    let (team, mut admin) = an_admin_of(&app).await;
    let receiver = Receiver::answering([200]).await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let (_, key) = app.an_api_key(&team.admin, Mode::Live).await;
    let data =
        json!({"resumeText": "Siobhan worked at Pay", "file": "Siobhan-OBrien.pdf", "batchId": "b-17", "fileCount": 3});
    let answer = app.partner(&key).report("resume.bulk_upload_parse.started", data).await;
    let event = answer.json()["id"].as_str().expect("an id").to_owned();
    app.tick().await;
    let delivery = app.the_delivery(&team.id, Mode::Live).await.id.clone();
    let support = app.a_member(&team.id, Role::Support).await;
    let mut support = app.browser().logged_in(&support.member.email).await;
    let log = format!("/developers/logs/{delivery}");
    for path in [format!("/developers/events/{event}"), log.clone(), format!("{log}/payload")] {
        let (clear, masked) = (get(&mut admin, &path).await, get(&mut support, &path).await);
        assert!(clear.contains("Siobhan"), "{path}: {clear}");
        assert!(!masked.contains("Siobhan") && masked.contains("b-17"), "{path}: {masked}");
    }
}

async fn every_failure_leads_into_its_place_in_the_guide(app: TestApp) {
    let (team, mut browser) = an_admin_of(&app).await;
    let guide = get(&mut browser, "/developers/receiving").await;
    for class in ErrorClass::ALL {
        let path = paths::help(class);
        let anchor = path.strip_prefix("/developers/receiving#").expect("in the guide");
        assert_eq!(guide.matches(&format!("id=\"{anchor}\"")).count(), 1, "{anchor}");
    }
    let help = |class: ErrorClass| format!("href=\"{}\"", paths::help(class));

    let receiver = Receiver::answering([401, 410]).await;
    let form = NewHook { policy: "single".into(), ..NewHook::default() };
    let hook = app.a_hook_with(&team.admin, &receiver.url(), form).await;
    let (vacancy, candidates) = app.a_vacancy_with(&team.admin, 1).await;
    let confirmed = Confirmed { vacancy, candidates, hook: hook.id.clone(), token: token() };
    let export = confirm(&app.context, &team.admin, confirmed).await.expect("it is confirmed");
    app.tick().await;
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    for path in [format!("/developers/logs/{}", delivery.id), format!("/exports/{export}")] {
        let page = get(&mut browser, &path).await;
        assert!(page.contains(&help(ErrorClass::ClientError)), "{path}: {page}");
    }

    let viewer = in_mode(&team.admin, Mode::Live);
    let testing = hirewire::actions::test::send(&app.context, &viewer, hook.id.clone());
    let stepping = async {
        receiver.has_been_asked(1).await;
        loop {
            app.tick().await;
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let test = tokio::select! {
        test = crate::support::soon("the test's answer", testing) => test.expect("it is sent"),
        () = stepping => unreachable!("it steps for ever"),
    };
    let page = get(&mut browser, &format!("/settings/webhooks/{}?test={test}", hook.id)).await;
    assert!(page.contains(&help(ErrorClass::ClientError)), "{page}");

    reported(&app, &team, Mode::Live, &["job.created"]).await;
    app.tick().await;
    let page = get(&mut browser, &format!("/settings/webhooks/{}", hook.id)).await;
    assert!(page.contains("Nothing is sent to it"), "a 410 disables: {page}");
    assert!(
        page.contains(&format!("href=\"{}\"", paths::help_disabled())) && guide.contains("id=\"disabled\""),
        "{page}"
    );
}

async fn what_is_asked_for_wrongly_is_named(app: TestApp) {
    let (_, mut browser) = an_admin_of(&app).await;
    let page = browser.get("/developers/events?webhook=some&from=yesterday").await;
    assert_eq!(page.status, 422);
    assert!(page.body.contains("<title>Error: Events") && page.body.contains("value=\"yesterday\""), "{}", page.body);
    for path in ["/developers/events/evt_1", "/developers/catalogue/job.eaten", "/developers/receiving/fax"] {
        assert_eq!(browser.get(path).await.status, 404, "{path}");
    }
    // An unknown language is no reason to refuse the guide.
    assert!(get(&mut browser, "/developers/receiving?language=cobol").await.contains("timingSafeEqual"));
}
