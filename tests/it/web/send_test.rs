//! Send Test: any event of the catalogue as a sample, previewed, sent for real, and kept out of the log's way.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hirewire::delivery::guard::LookupError;
use hirewire::domain::catalogue;
use hirewire::domain::ids::HookId;
use hirewire::domain::mode::Mode;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::support::{Browser, Page, Receiver, TestApp, soon};

on_both_databases!(
    each_event_of_the_catalogue_is_sent_byte_for_byte_as_it_was_previewed,
    what_was_previewed_is_sent_once_however_often_its_button_is_pressed,
    tests_stay_out_of_the_log_until_they_are_asked_for,
    the_answer_stands_on_the_page_with_its_timings,
    a_blocked_test_says_which_rule_blocked_it_and_what_to_do,
    a_test_that_waits_looks_again_by_itself_and_changes_no_health,
);

fn tests(hook: &HookId) -> String {
    format!("/settings/webhooks/{hook}/tests")
}

/// Presses a button that waits for a delivery: the engine is stepped until its page comes.
async fn pressed(app: &TestApp, browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Page {
    let stepping = async {
        loop {
            app.tick().await;
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    };
    tokio::select! {
        page = soon("the test's answer", browser.post(path, fields)) => page,
        () = stepping => unreachable!("it steps for ever"),
    }
}

/// The text between two others.
fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    let rest = page.split_once(before).unwrap_or_else(|| panic!("{before} is not in {page}")).1;
    rest.split_once(after).expect("its end").0
}

fn unescaped(html: &str) -> String {
    html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// The id and the bytes that a preview shows.
fn previewed(page: &Page) -> (String, String) {
    assert_eq!(page.status, 200, "{}", page.body);
    let id = between(&page.body, "name=\"previewed\" value=\"", "\"").to_owned();
    let bytes = between(&page.body, "aria-label=\"The very bytes\">", "</pre>");
    (id, unescaped(bytes))
}

async fn each_event_of_the_catalogue_is_sent_byte_for_byte_as_it_was_previewed(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    let (hook, secret) = app.a_signed_hook(&team.admin, &receiver.url()).await;
    let mut browser = app.browser().logged_in(&team.admin.member.email).await;
    for (at, kind) in catalogue::all().enumerate() {
        app.advance_ms(1_234);
        let (id, bytes) = previewed(&browser.get(&format!("{}?event={kind}", tests(&hook.id))).await);
        let fields = [("event", kind.as_str()), ("previewed", &id)];
        let page = pressed(&app, &mut browser, &tests(&hook.id), &fields).await;
        let to = page.location().expect("the answer's page").to_owned();
        assert!(to.starts_with(&format!("{}?test=dlv_", tests(&hook.id))) && to.ends_with("#test"), "{to}");
        let request = receiver.requests().pop().expect("a request");
        assert_eq!((receiver.count(), String::from_utf8_lossy(&request.body)), (at + 1, bytes.into()), "{kind}");
        assert_eq!((request.must("x-webhook-event"), request.must("webhook-id")), (kind.as_str(), id.as_str()));
        let json = request.json();
        assert_eq!((&json["test"], json["event"].as_str()), (&true.into(), Some(kind.as_str())));
        // The signature is that of every delivery.
        let header = request.must("x-talentsprout-signature");
        let (t, v1) = header.strip_prefix("t=").and_then(|rest| rest.split_once(",v1=")).expect("its two parts");
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key");
        mac.update(format!("{t}.").as_bytes());
        mac.update(&request.body);
        let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(v1, hex, "{kind}");
        let answer = browser.get(to.trim_end_matches("#test")).await.body;
        assert!(answer.contains("Answered 200 in") && answer.contains(&format!("<code>{kind}</code>: ")), "{answer}");
    }
    assert_eq!(app.deliveries(&team.id, Mode::Live).await.len(), 14);
}

async fn what_was_previewed_is_sent_once_however_often_its_button_is_pressed(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let mut browser = app.browser().logged_in(&team.admin.member.email).await;
    let (id, _) = previewed(&browser.get(&format!("{}?event=job.created", tests(&hook.id))).await);
    let fields = [("event", "job.created"), ("previewed", id.as_str())];
    let first = pressed(&app, &mut browser, &tests(&hook.id), &fields).await;
    let second = pressed(&app, &mut browser, &tests(&hook.id), &fields).await;
    assert_eq!((first.location(), receiver.count()), (second.location(), 1));
    // Without a preview each press is a test of its own.
    for _ in 0..2 {
        pressed(&app, &mut browser, &tests(&hook.id), &[("event", "job.created")]).await;
    }
    assert_eq!(receiver.count(), 3);
    // What was previewed long ago is not sent as if it were of now.
    app.advance_ms(13 * 3_600_000);
    let mut browser = app.browser().logged_in(&team.admin.member.email).await;
    let late = pressed(&app, &mut browser, &tests(&hook.id), &[("previewed", "evt_00000000000000000000000000")]).await;
    assert_eq!((late.status, receiver.count()), (409, 3), "{}", late.body);
    assert!(late.body.contains("Open it again"), "{}", late.body);
    let nothing = pressed(&app, &mut browser, &tests(&hook.id), &[("event", "job.exploded")]).await;
    assert_eq!((nothing.status, receiver.count()), (409, 3), "{}", nothing.body);
}

async fn tests_stay_out_of_the_log_until_they_are_asked_for(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let mut browser = app.browser().logged_in(&team.admin.member.email).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.updated").await;
    pressed(&app, &mut browser, &tests(&hook.id), &[("event", "candidate.created")]).await;
    for (query, real, test) in [("", true, false), ("?tests=1", true, true), ("?tests=only", false, true)] {
        let page = browser.get(&format!("/developers/logs{query}")).await.body;
        assert_eq!(page.contains(">job.updated</a>"), real, "{query}: {page}");
        assert_eq!(page.contains(">candidate.created</a>"), test, "{query}: {page}");
        let links = (page.contains("Include tests</a>"), page.contains("Only tests</a>"));
        assert_eq!(links, (query.is_empty(), query != "?tests=only"), "{query}: {page}");
    }
}

async fn the_answer_stands_on_the_page_with_its_timings(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200, 401]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let mut browser = app.browser().logged_in(&team.admin.member.email).await;
    let own = format!("/settings/webhooks/{}", hook.id);
    let shown = browser.get(&own).await.body;
    assert!(shown.contains("name=\"event\"") && shown.contains("formmethod=\"get\""), "{shown}");
    let page = pressed(&app, &mut browser, &tests(&hook.id), &[]).await;
    let to = page.location().expect("the answer's page").to_owned();
    assert!(to.starts_with(&format!("{own}?test=")), "{to}");
    let answer = browser.get(to.trim_end_matches("#test")).await.body;
    for part in ["Answered 200 in", "connect with TLS", "first byte", "total", "told</pre>", "View in the log"] {
        assert!(answer.contains(part), "{part} is not in {answer}");
    }
    assert_eq!(receiver.requests()[0].must("x-webhook-event"), "webhook.test");
    let page = pressed(&app, &mut browser, &tests(&hook.id), &[]).await;
    let answer = browser.get(page.location().expect("a page").trim_end_matches("#test")).await.body;
    assert!(answer.contains("Answered 401 in") && answer.contains("Do this: "), "{answer}");
    assert!(answer.contains("connection reused") || answer.contains("connect with TLS"), "{answer}");
}

async fn a_blocked_test_says_which_rule_blocked_it_and_what_to_do(app: TestApp) {
    let moved = Arc::new(AtomicBool::new(false));
    let inside = moved.clone();
    let resolver = move |_: &str| -> Result<Vec<IpAddr>, LookupError> {
        let address = if inside.load(Ordering::SeqCst) { [10, 0, 0, 7] } else { [93, 184, 216, 34] };
        Ok(vec![Ipv4Addr::from(address).into()])
    };
    let app = app.resolving("", resolver).await;
    let team = app.an_organisation().await;
    let hook = app.a_hook(&team.admin, "hooks.acme.com/in").await;
    moved.store(true, Ordering::SeqCst);
    let mut browser = app.browser().logged_in(&team.admin.member.email).await;
    let page = pressed(&app, &mut browser, &tests(&hook.id), &[]).await;
    let answer = browser.get(page.location().expect("a page").trim_end_matches("#test")).await.body;
    for part in [": no public address", "hooks.acme.com does not lead to a public address", "Do this: "] {
        assert!(answer.contains(part), "{part} is not in {answer}");
    }
}

async fn a_test_that_waits_looks_again_by_itself_and_changes_no_health(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([500]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let mut browser = app.browser().logged_in(&team.admin.member.email).await;
    let mut pressing = browser.clone();
    let path = tests(&hook.id);
    // Nobody sends it yet: somebody else looks at its page meanwhile.
    let press = tokio::spawn(async move { pressing.post(&path, &[]).await });
    let delivery = crate::support::eventually("the test in the log", || async {
        app.deliveries(&team.id, Mode::Live).await.pop()
    })
    .await;
    let at = format!("/settings/webhooks/{}?test={}", hook.id, delivery.id);
    let waiting = browser.get(&at).await.body;
    assert!(waiting.contains("On its way") && waiting.contains("http-equiv=\"refresh\""), "{waiting}");
    crate::support::eventually("the try", || async { (app.tick().await.sent > 0).then_some(()) }).await;
    assert_eq!(soon("the page", press).await.expect("no panic").status, 303);
    let failed = browser.get(&at).await.body;
    assert!(failed.contains("Answered 500 in") && !failed.contains("http-equiv=\"refresh\""), "{failed}");
    // One try, no retry, and nothing of it in the figures.
    app.advance_ms(60_000);
    assert_eq!((app.tick().await.sent, receiver.count()), (0, 1));
    let list = browser.get("/settings/webhooks").await.body;
    assert!(list.contains("nothing sent yet") && !list.contains("Failing"), "{list}");
    assert!(failed.contains("Tests do not count"), "{failed}");
}
