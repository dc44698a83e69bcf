//! A webhook that fails or is disabled, as the console tells it: who reads it, and who may end it (B9).

use hirewire::actions::hook::NewHook;
use hirewire::domain::hook::{Hook, HookState};
use hirewire::domain::mode::Mode;
use hirewire::domain::role::Role;

use crate::support::{Browser, Receiver, Team, TestApp};

on_both_databases!(
    a_failing_webhook_is_told_of_on_its_page_in_the_list_and_on_home,
    an_admin_enables_a_disabled_webhook_and_sends_what_it_missed,
    nobody_but_an_admin_enables_a_webhook_or_sends_what_it_missed,
);

async fn a_webhook(app: &TestApp, answers: impl IntoIterator<Item = u16>) -> (Team, Receiver, Hook) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering(answers).await;
    let form = NewHook { policy: "single".into(), name: "HRIS Sync".into(), ..NewHook::default() };
    let hook = app.a_hook_with(&team.admin, &receiver.url(), form).await;
    (team, receiver, hook)
}

async fn report(app: &TestApp, team: &Team, times: usize) {
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    for _ in 0..times {
        app.report(&key, "job.created").await;
        app.tick().await;
    }
}

async fn get(browser: &mut Browser, path: &str) -> String {
    let page = browser.get(path).await;
    assert_eq!(page.status, 200, "{path}: {}", page.body);
    page.body
}

async fn a_failing_webhook_is_told_of_on_its_page_in_the_list_and_on_home(app: TestApp) {
    let (team, _receiver, hook) = a_webhook(&app, [500]).await;
    let mut browser = app.browser().logged_in(&team.admin.member.email).await;
    let own = format!("/settings/webhooks/{}", hook.id);
    report(&app, &team, 19).await;
    assert!(!get(&mut browser, &own).await.contains("It will be disabled"));
    report(&app, &team, 1).await;
    // Made at 9:30, so that its day ends tomorrow at 9:30.
    for path in [own.as_str(), "/"] {
        let page = get(&mut browser, path).await;
        assert!(page.contains("20 deliveries in a row failed. It will be disabled"), "{path}: {page}");
        assert!(page.contains(">today at 09:30</time>") && page.contains(">21 Nov, 09:30</time> unless"), "{page}");
    }
    // The same state on the page, in the list and on Home; not “Active” on one of them.
    assert!(get(&mut browser, &own).await.contains("Failing</span>"));
    assert!(get(&mut browser, "/").await.contains("HRIS Sync</bdi> is failing: its last answer was "));
    let list = get(&mut browser, "/settings/webhooks").await;
    assert!(list.contains("Failing") && list.contains(">21 Nov, 09:30</time> unless a delivery succeeds"), "{list}");
}

async fn an_admin_enables_a_disabled_webhook_and_sends_what_it_missed(app: TestApp) {
    let (team, receiver, hook) = a_webhook(&app, [410, 200]).await;
    let mut browser = app.browser().logged_in(&team.admin.member.email).await;
    let own = format!("/settings/webhooks/{}", hook.id);
    report(&app, &team, 4).await;
    for (path, words) in [
        ("/", "HRIS Sync</bdi> is disabled"),
        ("/", "3 deliveries were missed so far"),
        ("/settings/webhooks", "Disabled"),
        (own.as_str(), "Its receiver answered 410, gone for good,"),
        (own.as_str(), "3 deliveries were missed"),
        (own.as_str(), "get the new address from whoever runs the receiver, and <a"),
        ("/developers/logs?status=failed", "webhook was disabled"),
    ] {
        let page = get(&mut browser, path).await;
        assert!(page.contains(words), "{path} does not say {words}: {page}");
    }
    let log = get(&mut browser, "/developers/logs?status=failed").await;
    assert_eq!(log.matches("webhook was disabled").count(), 3);
    let all = app.deliveries(&team.id, Mode::Live).await;
    let missed = all.iter().find(|delivery| delivery.is_missed()).expect("three of them");
    let page = get(&mut browser, &format!("/developers/logs/{}", missed.id)).await;
    assert!(page.contains("HRIS Sync was disabled when this happened, so nothing was sent."), "{page}");
    assert!(page.contains("enable the webhook, then send what it missed.") && !page.contains("Retry now"), "{page}");

    let page = get(&mut browser, &own).await;
    assert!(page.contains("<dt>Failed</dt><dd>1</dd>"), "what was missed is no failure of the receiver's: {page}");
    assert!(!page.contains("Send what it missed"));
    let enabled = browser.post(&format!("{own}/activation"), &[]).await;
    assert_eq!((enabled.status, enabled.location()), (303, Some(own.as_str())));
    assert_eq!(app.hook(&team.admin, &hook.id).await.state, HookState::Active);
    assert!(get(&mut browser, &own).await.contains("Send what it missed (3)"));
    assert!(get(&mut browser, &format!("{own}/missed")).await.contains("3 deliveries go to 127.0.0.1"));
    let sent = browser.post(&format!("{own}/missed"), &[]).await;
    assert_eq!(sent.status, 303, "{}", sent.body);
    assert!(browser.follow(&sent).await.body.contains("What the webhook missed is being sent."));
    assert_eq!(app.tick().await.succeeded, 3);
    assert_eq!(receiver.count(), 4);
    assert!(!get(&mut browser, &own).await.contains("missed"));
    let nothing = browser.get(&format!("{own}/missed")).await;
    assert_eq!((nothing.status, nothing.location()), (303, Some(own.as_str())));
}

async fn nobody_but_an_admin_enables_a_webhook_or_sends_what_it_missed(app: TestApp) {
    let (team, _receiver, hook) = a_webhook(&app, [410]).await;
    let own = format!("/settings/webhooks/{}", hook.id);
    report(&app, &team, 2).await;
    for role in [Role::Recruiter, Role::Support] {
        let member = app.a_member(&team.id, role).await;
        let mut browser = app.browser().logged_in(&member.member.email).await;
        for path in ["activation", "missed"] {
            assert_eq!(browser.post(&format!("{own}/{path}"), &[]).await.status, 403, "{path}, {role:?}");
        }
        if role == Role::Support {
            let page = get(&mut browser, &own).await;
            assert!(
                page.contains("ask an Organisation Admin to get the new address") && !page.contains("/activation"),
                "{page}"
            );
        }
    }
    assert_eq!(app.hook(&team.admin, &hook.id).await.state, HookState::Disabled);
}
