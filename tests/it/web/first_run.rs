//! Beginning on an empty database.

use hirewire::actions::first_run;
use hirewire::store;

use crate::support::{Kind, Page, TestApp};

on_both_databases!(
    whoever_has_the_printed_address_makes_the_first_organisation_and_is_let_in,
    the_address_works_once_and_never_beside_an_organisation,
    of_many_who_begin_at_once_one_does,
    a_fresh_address_takes_the_place_of_an_earlier_starts,
    a_refused_form_keeps_what_was_typed_and_the_address_stays_good,
    until_somebody_has_begun_the_door_says_where_to_look,
);

const FIELDS: [(&str, &str); 5] = [
    ("organisation", "Acme & Söhne <b>"),
    ("time_zone", "europe/berlin"),
    ("name", "Siobhán O'Brien"),
    ("email", "Siobhan@Acme.example"),
    ("password", "a password of my own"),
];

/// What a start prints, without the host.
async fn printed(app: &TestApp) -> Option<String> {
    let token = first_run::offer(&app.context).await.expect("a database");
    token.map(|token| format!("/setup/{}", token.reveal()))
}

#[track_caller]
fn assert_worth_nothing(page: &Page) {
    assert_eq!((page.status, page.set_cookies()), (410, vec![]), "{}", page.body);
    assert!(page.body.contains("This link is no longer valid"), "{}", page.body);
}

async fn whoever_has_the_printed_address_makes_the_first_organisation_and_is_let_in(app: TestApp) {
    let setup = printed(&app).await.expect("it is empty");
    let mut browser = app.browser();
    let page = browser.get(&setup).await;
    assert_eq!((page.status, page.set_cookies()), (200, vec![]));
    assert!(page.body.contains("<option value=\"Asia/Ho_Chi_Minh\">"));
    let page = browser.post(&setup, &FIELDS).await;
    assert_eq!((page.status, page.location()), (303, Some("/")), "{}", page.body);
    let page = browser.get("/settings/members").await;
    assert_eq!(page.status, 200, "an admin");
    for words in ["Acme &amp; Söhne &lt;b&gt;", "<bdi>Siobhán O'Brien</bdi>", "siobhan@acme.example", "Europe/Berlin"]
    {
        assert!(page.body.contains(words), "{words} is missing in {}", page.body);
    }
    let mut again = app.browser();
    let page = again.post("/login", &[("email", "siobhan@acme.example"), ("password", "a password of my own")]).await;
    assert_eq!(page.status, 303);
    let acts: Vec<_> = app.read(store::audit::all_details).await.into_iter().map(|(act, _)| act).collect();
    for act in ["organisation.created", "member.created"] {
        assert!(acts.iter().any(|own| own == act), "{act} is missing in {acts:?}");
    }
}

async fn the_address_works_once_and_never_beside_an_organisation(app: TestApp) {
    let setup = printed(&app).await.expect("it is empty");
    for wrong in ["/setup/nothing", "/setup/%20"] {
        assert_worth_nothing(&app.browser().get(wrong).await);
        assert_worth_nothing(&app.browser().post(wrong, &FIELDS).await);
    }
    assert_eq!(app.browser().post(&setup, &FIELDS).await.status, 303);
    assert_worth_nothing(&app.browser().get(&setup).await);
    let page = app.browser().post(&setup, &FIELDS).await;
    assert_worth_nothing(&page);
    assert!(page.body.contains("has its first organisation"), "{}", page.body);
    assert_eq!(printed(&app).await, None, "a start prints no more");
    assert_eq!(app.read(store::organisation::all).await.len(), 1);
    // An operator who makes the first one on the command line ends it as well.
    app.sql("DELETE FROM memberships").await;
    app.sql("DELETE FROM web_sessions").await;
    app.sql("DELETE FROM members").await;
    app.sql("DELETE FROM organisations").await;
    let setup = printed(&app).await.expect("it is empty again");
    app.an_organisation().await;
    assert_worth_nothing(&app.browser().get(&setup).await);
    assert_worth_nothing(&app.browser().post(&setup, &FIELDS).await);
    assert_eq!(app.read(store::organisation::all).await.len(), 1);
}

async fn of_many_who_begin_at_once_one_does(app: TestApp) {
    let second = match app.kind() {
        Kind::Postgres => Some(app.beside().await),
        Kind::Sqlite => None,
    };
    let first = printed(&app).await.expect("it is empty");
    let mut doors = vec![(app.browser(), first.clone()), (app.browser(), first)];
    if let Some(second) = &second {
        // Each instance has printed its own, and each is good at either.
        let other = printed(second).await.expect("it is empty");
        doors.extend([(app.browser(), other.clone()), (second.browser(), other)]);
    }
    for (browser, setup) in &mut doors {
        assert_eq!(browser.get(setup).await.status, 200);
    }
    let begun = doors.into_iter().map(|(mut browser, setup)| async move { browser.post(&setup, &FIELDS).await.status });
    let mut answers = futures_util::future::join_all(begun).await;
    answers.sort();
    assert_eq!(answers[0], 303, "{answers:?}");
    assert!(answers[1..].iter().all(|status| *status == 410), "{answers:?}");
    assert_eq!(app.read(store::organisation::all).await.len(), 1);
}

async fn a_fresh_address_takes_the_place_of_an_earlier_starts(app: TestApp) {
    let before = printed(&app).await.expect("it is empty");
    let app = app.crashed_and_started_again(|_| {}).await;
    if app.kind() == Kind::Postgres {
        // Whoever comes next notices that the session of the one that died has ended.
        app.the_first_instance_is_gone().await;
    }
    let fresh = printed(&app).await.expect("it is still empty");
    assert_ne!(before, fresh);
    let page = app.browser().get(&before).await;
    assert_worth_nothing(&page);
    assert!(page.body.contains("earlier start"), "{}", page.body);
    assert_eq!(app.browser().post(&fresh, &FIELDS).await.status, 303);
}

async fn a_refused_form_keeps_what_was_typed_and_the_address_stays_good(app: TestApp) {
    let setup = printed(&app).await.expect("it is empty");
    let mut browser = app.browser();
    let typed = [
        ("organisation", "Acme <b>"),
        ("time_zone", "Berlin"),
        ("name", "محمد"),
        ("email", "me"),
        ("password", "short"),
    ];
    let page = browser.post(&setup, &typed).await;
    assert_eq!((page.status, page.set_cookies()), (422, vec![]));
    assert!(page.body.contains("<title>Error: First run"), "{}", page.body);
    for part in ["value=\"Acme &lt;b&gt;\"", "value=\"Berlin\"", "value=\"محمد\"", "value=\"me\""] {
        assert!(page.body.contains(part), "{part} is missing");
    }
    for field in ["time_zone", "email", "password"] {
        assert!(page.body.contains(&format!("href=\"#{field}\"")), "{field} is not named");
    }
    assert!(page.body.contains("“Berlin” is no time zone: did you mean Europe/Berlin?"), "{}", page.body);
    assert!(!page.body.contains("short"));
    assert!(app.read(store::organisation::none).await);
    assert_eq!(browser.post(&setup, &FIELDS).await.status, 303);
}

async fn until_somebody_has_begun_the_door_says_where_to_look(app: TestApp) {
    let mut browser = app.browser();
    let page = browser.get("/").await;
    assert!(page.leads_to_login());
    let page = browser.follow(&page).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Look at the terminal") && !page.body.contains("name=\"password\""), "{}", page.body);
    app.an_organisation().await;
    assert!(browser.get("/login").await.body.contains("name=\"password\""));
}
