//! Webhooks that take only so many requests in a second or a minute.

use std::sync::atomic::{AtomicUsize, Ordering};

use hirewire::actions::{self, hook::NewHook};
use hirewire::domain::delivery::{Delivery, Status, Tries};
use hirewire::domain::mode::Mode;
use tokio::sync::watch;

use crate::support::{Answer, DRAIN, Receiver, Team, TestApp, eventually, soon};

on_both_databases!(
    a_limited_webhook_gets_no_more_than_its_limit_and_others_do_not_wait,
    retries_tests_and_tries_by_hand_keep_to_the_limit_too,
    a_running_engine_goes_on_when_the_limit_lets_it,
    a_lane_whose_places_were_all_taken_goes_on_when_the_limit_lets_it,
    a_limit_that_is_changed_counts_at_once,
    the_log_says_why_what_is_due_waits,
);

fn limited(rate: &str, per: &str) -> NewHook {
    NewHook { rate: rate.into(), rate_per: per.into(), name: "Payroll".into(), ..NewHook::default() }
}

async fn of_hook(app: &TestApp, team: &Team, hook: &hirewire::domain::ids::HookId) -> Vec<Delivery> {
    let all = app.deliveries(&team.id, Mode::Live).await;
    all.into_iter().filter(|delivery| delivery.hook_id == *hook).collect()
}

/// Resolves once every answer is written down and nothing has stirred for a few looks: only the clock can wake the engine now.
async fn at_rest(app: &TestApp) {
    let looks = AtomicUsize::new(0);
    eventually("every answer written down", || async {
        let calm = app.context.engine.load().under_way == 0;
        let looks = if calm { looks.fetch_add(1, Ordering::Relaxed) } else { 0 };
        (looks > 5).then_some(())
    })
    .await;
}

async fn a_limited_webhook_gets_no_more_than_its_limit_and_others_do_not_wait(app: TestApp) {
    let team = app.an_organisation().await;
    let (slow, free) = (Receiver::answering([200]).await, Receiver::answering([200]).await);
    let hook = app.a_hook_with(&team.admin, &slow.url(), limited("2", "second")).await;
    app.a_hook(&team.admin, &free.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    for _ in 0..5 {
        app.report(&key, "job.created").await;
    }
    app.tick().await;
    assert_eq!((slow.count(), free.count()), (2, 5));
    // Waiting is no failure: what waits has not been tried.
    let waiting = of_hook(&app, &team, &hook.id).await;
    let waiting: Vec<_> = waiting.iter().filter(|delivery| delivery.state.status() == Status::Pending).collect();
    assert_eq!(waiting.len(), 3);
    assert!(waiting.iter().all(|delivery| delivery.tries == Tries::default() && delivery.last_class.is_none()));
    app.advance_ms(999);
    assert_eq!((app.tick().await.sent, slow.count()), (0, 2));
    app.advance_ms(1);
    assert_eq!((app.tick().await.sent, slow.count()), (2, 4));
    app.advance_ms(1_000);
    assert_eq!((app.tick().await.sent, slow.count()), (1, 5));
    let all = of_hook(&app, &team, &hook.id).await;
    assert!(all.iter().all(|delivery| delivery.state.status() == Status::Success && delivery.tries.all() == 1));
}

async fn retries_tests_and_tries_by_hand_keep_to_the_limit_too(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([500, 200]).await;
    let hook = app.a_hook_with(&team.admin, &receiver.url(), limited("1", "minute")).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    assert_eq!(app.tick().await.retrying, 1);
    // The retry is due after 200 ms; the limit lets it through after a minute.
    app.advance_ms(5_000);
    assert_eq!(app.tick().await.sent, 0);
    app.advance_ms(55_000);
    assert_eq!((app.tick().await.succeeded, receiver.count()), (1, 2));
    // Now a try by hand waits, and a test that comes after it goes first.
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    actions::delivery::retry_now(&app.context, &team.admin, delivery.id.clone()).await.expect("it is asked for");
    assert_eq!(app.tick().await.sent, 0);
    let pressing = actions::test::send(&app.context, &team.admin, hook.id.clone());
    let stepping = async {
        eventually("the test in the log", || async {
            (app.deliveries(&team.id, Mode::Live).await.len() == 2).then_some(())
        })
        .await;
        assert_eq!(app.tick().await.sent, 0);
        app.advance_ms(60_000);
        eventually("the test's turn", || async { (app.tick().await.sent == 1).then_some(()) }).await;
    };
    let (test, ()) = soon("the test's answer", async { tokio::join!(pressing, stepping) }).await;
    let third = receiver.requests()[2].clone();
    assert_eq!((test.is_ok(), third.must("x-webhook-event")), (true, "webhook.test"));
    assert_eq!((app.tick().await.sent, receiver.count()), (0, 3));
    app.advance_ms(60_000);
    assert_eq!((app.tick().await.succeeded, receiver.count()), (1, 4));
}

async fn a_running_engine_goes_on_when_the_limit_lets_it(app: TestApp) {
    let team = app.an_organisation().await;
    // The first answer is kept back, so that a place becomes free while the limit is used up.
    let (held, gate) = Answer::of(200).behind_a_gate();
    let receiver = Receiver::answering([held, Answer::of(200)]).await;
    app.a_hook_with(&team.admin, &receiver.url(), limited("1", "second")).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(app.context.engine.clone().run(stopped, DRAIN));
    for _ in 0..3 {
        app.report(&key, "job.created").await;
    }
    receiver.has_been_asked(1).await;
    gate.open();
    for times in 2..=3 {
        at_rest(&app).await;
        assert_eq!(receiver.count(), times - 1);
        // Less than what would wake it anyway.
        app.advance_ms(1_000);
        receiver.has_been_asked(times).await;
    }
    stop.send(true).expect("it runs");
    soon("the engine's end", running).await.expect("no panic");
}

async fn a_lane_whose_places_were_all_taken_goes_on_when_the_limit_lets_it(app: TestApp) {
    let team = app.an_organisation().await;
    let (held, gate) = Answer::of(200).behind_a_gate();
    let receiver = Receiver::answering([held]).await;
    let places = app.config.caps.per_hook;
    let limit = (places + 2).to_string();
    app.a_hook_with(&team.admin, &receiver.url(), limited(&limit, "second")).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(app.context.engine.clone().run(stopped, DRAIN));
    for _ in 0..places + 5 {
        app.report(&key, "job.created").await;
    }
    // Every place is taken before the limit is reached, so nobody waits for the limit yet.
    receiver.has_been_asked(places).await;
    gate.open();
    receiver.has_been_asked(places + 2).await;
    at_rest(&app).await;
    app.advance_ms(1_000);
    receiver.has_been_asked(places + 5).await;
    stop.send(true).expect("it runs");
    soon("the engine's end", running).await.expect("no panic");
}

async fn a_limit_that_is_changed_counts_at_once(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    let hook = app.a_hook_with(&team.admin, &receiver.url(), limited("1", "minute")).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    for _ in 0..4 {
        app.report(&key, "job.created").await;
    }
    assert_eq!(app.tick().await.sent, 1);
    let change = |form: NewHook| {
        let (context, admin, id) = (app.context.clone(), team.admin.clone(), hook.id.clone());
        async move { actions::hook_settings::edit(&context, &admin, id, &form).await.expect("it is changed") }
    };
    change(limited("2", "minute")).await;
    assert_eq!(app.tick().await.sent, 1, "what has been sent counts under the new limit, too");
    change(limited("", "")).await;
    assert_eq!(app.tick().await.sent, 2);
    // And it is there after a restart.
    change(limited("1", "minute")).await;
    let app = app.crashed_and_started_again(|_| {}).await;
    for _ in 0..2 {
        app.report(&key, "job.created").await;
    }
    assert_eq!(app.tick().await.sent, 1);
}

async fn the_log_says_why_what_is_due_waits(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    app.a_hook_with(&team.admin, &receiver.url(), limited("1", "minute")).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    for _ in 0..2 {
        app.report(&key, "job.created").await;
    }
    app.tick().await;
    app.advance_ms(10_000);
    let all = app.deliveries(&team.id, Mode::Live).await;
    let waiting = all.iter().find(|delivery| delivery.state.is_owed()).expect("one that waits");
    let mut browser = app.browser().logged_in(&team.admin.member.email).await;
    let page = browser.get(&format!("/developers/logs/{}", waiting.id)).await;
    assert!(page.body.contains("Payroll takes at most 1 request a minute, and others are first"), "{}", page.body);
}
