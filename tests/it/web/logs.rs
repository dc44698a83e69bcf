//! The delivery log: filters, pages, who sees what, and the two buttons (T7, T8, T9, B7, B11).

use hirewire::actions::export::{Confirmed, confirm};
use hirewire::actions::{self, Viewer};
use hirewire::domain::ids::DeliveryId;
use hirewire::domain::mode::Mode;
use hirewire::domain::role::Role;

use crate::support::{Answer, Browser, Receiver, Team, TestApp, token};

on_both_databases!(
    filters_combine_and_a_family_is_all_its_types,
    pages_follow_each_other_without_a_gap_or_a_repetition,
    recruiters_see_the_deliveries_of_their_own_exports_alone,
    support_sees_what_happened_and_nobodys_name,
    a_try_by_hand_and_the_end_of_all_tries_are_told_with_who_asked,
    what_is_sent_to_a_webhook_stays_in_the_log_when_it_is_deleted,
);

/// The deliveries that a page lists, by their ids.
fn listed(page: &str) -> Vec<String> {
    page.split("href=\"/developers/logs/").skip(1).map(|rest| rest[..30].to_owned()).collect()
}

/// The link whose text this is.
fn link(page: &str, text: &str) -> Option<String> {
    let before = page.split_once(&format!("\">{text}</a>"))?.0;
    Some(before.rsplit_once("href=\"")?.1.replace("&amp;", "&"))
}

async fn get(browser: &mut Browser, path: &str) -> String {
    let page = browser.get(path).await;
    assert_eq!(page.status, 200, "{path}: {}", page.body);
    page.body
}

async fn an_export(app: &TestApp, viewer: &Viewer, hook: &hirewire::domain::hook::Hook) -> DeliveryId {
    let (vacancy, candidates) = app.a_vacancy_with(viewer, 1).await;
    let confirmed = Confirmed { vacancy, candidates, hook: hook.id.clone(), token: token() };
    let export = confirm(&app.context, viewer, confirmed).await.expect("it is confirmed");
    let organisation = viewer.organisation.id.clone();
    let view = app.read(move |conn| hirewire::store::export::find(conn, &organisation, &export)).await;
    view.expect("an export").export.delivery_id
}

async fn a_team_with(app: &TestApp, script: &[u16]) -> (Team, Receiver, Browser) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering(script.iter().map(|status| Answer::of(*status))).await;
    let browser = app.browser().logged_in(&team.admin.member.email).await;
    (team, receiver, browser)
}

async fn filters_combine_and_a_family_is_all_its_types(app: TestApp) {
    let (team, receiver, mut browser) = a_team_with(&app, &[200, 404, 200, 200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    for kind in ["candidate.created", "candidate.updated", "job.created"] {
        app.report(&key, kind).await;
        app.tick().await;
    }
    let log = |query: &str| format!("/developers/logs?{query}");
    for (query, found) in [
        ("", 3),
        ("event=candidate.*", 2),
        ("event=candidate.*&response=4xx", 1),
        ("event=job.created&status=success", 1),
        ("status=failed", 0),
        ("status=retrying&response=4xx", 1),
        ("response=none", 0),
        ("from=2026-11-20&to=2026-11-20", 3),
        ("to=2026-11-19", 0),
        (&format!("webhook={}", hook.id), 3),
    ] {
        assert_eq!(listed(&get(&mut browser, &log(query)).await).len(), found, "{query}");
    }
    for wrong in ["status=lost", "event=nothing.*", "from=2026-11-20&to=2026-11-19", "from=yesterday", "before=1"] {
        let page = browser.get(&log(wrong)).await;
        assert_eq!(page.status, 422, "{wrong}");
        assert!(
            page.body.contains("There is a problem") && page.body.contains("<title>Error: Webhook Logs"),
            "{wrong}"
        );
    }
}

async fn pages_follow_each_other_without_a_gap_or_a_repetition(app: TestApp) {
    let (team, receiver, mut browser) = a_team_with(&app, &[200]).await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    // The clock stands still: most of them were recorded in the very same microsecond.
    for number in 0..120 {
        app.report(&key, "job.created").await;
        if number % 40 == 0 {
            app.advance_ms(1);
        }
    }
    let mut pages = vec![get(&mut browser, "/developers/logs").await];
    while let Some(older) = link(&pages[pages.len() - 1], "Older") {
        pages.push(get(&mut browser, &older).await);
    }
    let sizes: Vec<usize> = pages.iter().map(|page| listed(page).len()).collect();
    assert_eq!(sizes, [50, 50, 20]);
    let mut seen: Vec<String> = pages.iter().flat_map(|page| listed(page)).collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 120);
    let newer = get(&mut browser, &link(&pages[2], "Newer").expect("a newer page")).await;
    assert_eq!(listed(&newer), listed(&pages[1]));
    let newest = browser.get(&link(&newer, "Newer").expect("a newer page")).await;
    assert_eq!((newest.status, newest.location()), (303, Some("/developers/logs")));
}

async fn recruiters_see_the_deliveries_of_their_own_exports_alone(app: TestApp) {
    let (team, receiver, _) = a_team_with(&app, &[200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let (anna, ben) = (app.a_member(&team.id, Role::Recruiter).await, app.a_member(&team.id, Role::Recruiter).await);
    let (hers, his) = (an_export(&app, &anna, &hook).await, an_export(&app, &ben, &hook).await);
    app.tick().await;
    let mut browser = app.browser().logged_in(&anna.member.email).await;
    let page = get(&mut browser, "/developers/logs").await;
    assert_eq!(listed(&page), [hers.to_string()]);
    assert!(page.contains("<strong>1 delivery</strong>"), "{page}");
    let detail = get(&mut browser, &format!("/developers/logs/{hers}")).await;
    assert!(!detail.contains(his.as_str()), "{detail}");
    for act in ["", "/retry", "/cancellation"] {
        let path = format!("/developers/logs/{his}{act}");
        let page = if act.is_empty() { browser.get(&path).await } else { browser.post(&path, &[]).await };
        assert_eq!(page.status, 404, "{path}");
    }
}

async fn support_sees_what_happened_and_nobodys_name(app: TestApp) {
    let (team, receiver, mut admin) = a_team_with(&app, &[200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let delivery = an_export(&app, &team.admin, &hook).await;
    app.tick().await;
    let support = app.a_member(&team.id, Role::Support).await;
    let mut support = app.browser().logged_in(&support.member.email).await;
    let path = format!("/developers/logs/{delivery}");
    let (clear, masked) = (get(&mut admin, &path).await, get(&mut support, &path).await);
    assert!(clear.contains("Candidate ") && clear.contains("@mail.example"), "{clear}");
    assert!(!masked.contains("@mail.example") && masked.contains("masked for Support"), "{masked}");
    assert!(masked.contains("Interview") && masked.contains("can_"), "{masked}");
}

async fn a_try_by_hand_and_the_end_of_all_tries_are_told_with_who_asked(app: TestApp) {
    let (team, receiver, mut browser) = a_team_with(&app, &[500]).await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    app.tick().await;
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    let path = format!("/developers/logs/{}", delivery.id);
    let page = get(&mut browser, &path).await;
    assert!(page.contains("failed with 500") && page.contains("data-live"), "{page}");
    let answer = browser.post(&format!("{path}/retry"), &[]).await;
    assert_eq!((answer.status, answer.location()), (303, Some(path.as_str())));
    app.tick().await;
    let name = &team.admin.member.name;
    let page = get(&mut browser, &path).await;
    assert!(page.contains(&format!("manual, <bdi>{name}</bdi>")), "{page}");
    let answer = browser.post(&format!("{path}/cancellation"), &[("back", "/exports/exp_1")]).await;
    assert_eq!((answer.status, answer.location()), (303, Some("/exports/exp_1")));
    let page = get(&mut browser, &path).await;
    assert!(page.contains(&format!("<bdi>{name}</bdi> cancelled it")) && !page.contains("data-live"), "{page}");
    let again = browser.post(&format!("{path}/cancellation"), &[]).await;
    assert_eq!(again.status, 409);
}

async fn what_is_sent_to_a_webhook_stays_in_the_log_when_it_is_deleted(app: TestApp) {
    let (team, receiver, mut browser) = a_team_with(&app, &[500]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    app.tick().await;
    actions::hook::delete(&app.context, &team.admin, hook.id, false).await.expect("it is deleted");
    let page = get(&mut browser, "/developers/logs").await;
    assert!(page.contains("(deleted)"), "{page}");
    let page = get(&mut browser, &format!("/developers/logs/{}", listed(&page)[0])).await;
    assert!(page.contains("was deleted") && !page.contains("Retry now") && !page.contains("Cancel retries"), "{page}");
}
