//! Who fails for too long, or is gone, is disabled; what it misses meanwhile is sent once it is enabled again (B9).

use hirewire::actions::hook::NewHook;
use hirewire::actions::{self, ActionError};
use hirewire::domain::api_key::ApiKey;
use hirewire::domain::attempt::ErrorClass;
use hirewire::domain::delivery::{Delivery, DeliveryState, Status};
use hirewire::domain::health::Health;
use hirewire::domain::hook::{FieldSet, Hook, HookState};
use hirewire::domain::ids::DeliveryId;
use hirewire::domain::mode::Mode;
use hirewire::store;

use crate::support::{Answer, Kind, Receiver, Team, TestApp, in_mode, run, soon, token};

on_both_databases!(
    it_takes_twenty_failures_in_a_row_and_a_day_without_a_success,
    many_failures_within_a_day_disable_nobody,
    when_the_day_is_over_a_failing_hook_is_disabled_though_nothing_is_sent,
    a_success_starts_the_count_again,
    a_hook_that_has_worked_until_now_has_a_day_from_now,
    a_pause_is_not_held_against_a_hook,
    tests_neither_fail_a_hook_nor_save_it,
    what_is_cancelled_or_tried_again_by_hand_does_not_count,
    a_hook_is_warned_of_once_at_each_mark,
    a_rule_of_no_hours_disables_nobody,
    one_410_disables_at_once_and_the_delivery_is_not_tried_again,
    a_410_at_a_retry_disables_too_and_one_to_a_test_does_not,
    another_hook_is_not_touched,
    what_was_owed_and_what_happens_meanwhile_is_missed_and_survives_a_crash,
    once_enabled_what_was_missed_is_sent_each_once_and_the_policy_goes_on,
    what_arrives_all_the_same_was_not_missed,
    what_was_held_for_a_paused_hook_that_turns_out_gone_is_missed,
    a_test_is_sent_to_a_disabled_hook,
    a_disabled_hook_takes_no_export_no_retry_and_no_pause_and_can_be_deleted,
    thousands_that_were_missed_are_sent_in_chunks,
);

const DAY_MS: i64 = 24 * 3_600_000;

/// A team with a hook that tries once.
struct Story {
    team: Team,
    receiver: Receiver,
    hook: Hook,
    key: ApiKey,
}

async fn a_hook_that_tries_once<A: Into<Answer>>(app: &TestApp, script: impl IntoIterator<Item = A>) -> Story {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering(script).await;
    let form = NewHook { policy: "single".into(), ..NewHook::default() };
    let hook = app.a_hook_with(&team.admin, &receiver.url(), form).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    Story { team, receiver, hook, key }
}

impl Story {
    /// Something happens and is sent, so many times.
    async fn send(&self, app: &TestApp, times: usize) {
        for _ in 0..times {
            app.report(&self.key, "job.created").await;
            app.tick().await;
        }
    }

    async fn state(&self, app: &TestApp) -> HookState {
        app.hook(&self.team.admin, &self.hook.id).await.state
    }

    async fn health(&self, app: &TestApp) -> Health {
        let id = self.hook.id.clone();
        let mut found = app.read(move |conn| store::health::of_hooks(conn, &[id])).await;
        found.remove(&self.hook.id).expect("every hook has one")
    }

    /// Of each act of a kind on the hook, when it was done.
    async fn acts(&self, app: &TestApp, act: &str) -> usize {
        let (organisation, hook) = (self.team.id.clone(), self.hook.id.to_string());
        let since = self.hook.created_at;
        let done = app.read(move |conn| store::audit::of_object(conn, &organisation, &hook, since)).await;
        done.iter().filter(|done| done.act.as_str() == act).count()
    }

    async fn missed(&self, app: &TestApp) -> Vec<Delivery> {
        let all = app.deliveries(&self.team.id, Mode::Live).await;
        all.into_iter().filter(Delivery::is_missed).collect()
    }

    async fn test(&self, app: &TestApp) {
        let before = self.receiver.count();
        let sent = actions::test::send(&app.context, &self.team.admin, self.hook.id.clone());
        let step = async {
            while self.receiver.count() == before {
                app.tick().await;
            }
        };
        let (sent, ()) = soon("the test's answer", async { tokio::join!(sent, step) }).await;
        sent.expect("it is sent");
    }

    async fn enable(&self, app: &TestApp) {
        actions::health::enable(&app.context, &self.team.admin, self.hook.id.clone()).await.expect("it is enabled");
    }
}

async fn it_takes_twenty_failures_in_a_row_and_a_day_without_a_success(app: TestApp) {
    let story = a_hook_that_tries_once(&app, [500]).await;
    story.send(&app, 19).await;
    app.advance_ms(DAY_MS);
    app.sweep().await;
    assert_eq!((story.state(&app).await, story.health(&app).await.failed_in_row), (HookState::Active, 19));
    story.send(&app, 1).await;
    assert_eq!((story.state(&app).await, story.acts(&app, "hook.disabled").await), (HookState::Disabled, 1));
    story.send(&app, 3).await;
    assert_eq!((story.receiver.count(), story.missed(&app).await.len()), (20, 3));
}

async fn many_failures_within_a_day_disable_nobody(app: TestApp) {
    let story = a_hook_that_tries_once(&app, [500]).await;
    story.send(&app, 40).await;
    app.advance_ms(DAY_MS - 1);
    app.sweep().await;
    story.send(&app, 1).await;
    assert_eq!((story.state(&app).await, story.receiver.count()), (HookState::Active, 41));
}

async fn when_the_day_is_over_a_failing_hook_is_disabled_though_nothing_is_sent(app: TestApp) {
    let story = a_hook_that_tries_once(&app, [500]).await;
    story.send(&app, 20).await;
    app.advance_ms(DAY_MS);
    app.sweep().await;
    assert_eq!(story.state(&app).await, HookState::Disabled);
    // Known at once where it is sent from, too.
    story.send(&app, 1).await;
    assert_eq!((story.receiver.count(), story.missed(&app).await.len()), (20, 1));
}

async fn a_success_starts_the_count_again(app: TestApp) {
    let story = a_hook_that_tries_once(&app, std::iter::repeat_n(500, 19).chain([200, 500])).await;
    story.send(&app, 20).await;
    app.advance_ms(2 * DAY_MS);
    story.send(&app, 19).await;
    assert_eq!((story.state(&app).await, story.health(&app).await.failed_in_row), (HookState::Active, 19));
    story.send(&app, 1).await;
    assert_eq!(
        story.state(&app).await,
        HookState::Active,
        "it fails since a moment ago, however long it was idle before"
    );
    app.advance_ms(DAY_MS);
    story.send(&app, 1).await;
    assert_eq!(story.state(&app).await, HookState::Disabled);
}

async fn a_hook_that_has_worked_until_now_has_a_day_from_now(app: TestApp) {
    let story = a_hook_that_tries_once(&app, [200, 200, 500]).await;
    for _ in 0..2 {
        app.advance_ms(2 * DAY_MS);
        story.send(&app, 1).await;
    }
    story.send(&app, 20).await;
    app.advance_ms(DAY_MS - 60_000);
    story.send(&app, 1).await;
    assert_eq!(story.state(&app).await, HookState::Active);
    app.advance_ms(120_000);
    story.send(&app, 1).await;
    assert_eq!(story.state(&app).await, HookState::Disabled);
}

async fn a_pause_is_not_held_against_a_hook(app: TestApp) {
    let story = a_hook_that_tries_once(&app, [500]).await;
    let (viewer, id) = (&story.team.admin, &story.hook.id);
    actions::hook::pause(&app.context, viewer, id.clone()).await.expect("it pauses");
    app.advance_ms(7 * DAY_MS);
    actions::hook::resume(&app.context, viewer, id.clone()).await.expect("it goes on");
    story.send(&app, 30).await;
    assert_eq!(story.state(&app).await, HookState::Active);
}

async fn tests_neither_fail_a_hook_nor_save_it(app: TestApp) {
    let saved = a_hook_that_tries_once(&app, std::iter::repeat_n(500, 19).chain([200, 500])).await;
    saved.send(&app, 19).await;
    saved.test(&app).await;
    let failed = a_hook_that_tries_once(&app, [500]).await;
    for _ in 0..25 {
        failed.test(&app).await;
    }
    app.advance_ms(DAY_MS);
    saved.send(&app, 1).await;
    failed.send(&app, 1).await;
    app.sweep().await;
    assert_eq!((saved.state(&app).await, failed.state(&app).await), (HookState::Disabled, HookState::Active));
    assert_eq!(failed.health(&app).await.failed_in_row, 1);
}

async fn what_is_cancelled_or_tried_again_by_hand_does_not_count(app: TestApp) {
    let story = a_hook_that_tries_once(&app, [500]).await;
    story.send(&app, 1).await;
    let delivery = app.the_delivery(&story.team.id, Mode::Live).await;
    for _ in 0..25 {
        let retried = actions::delivery::retry_now(&app.context, &story.team.admin, delivery.id.clone()).await;
        retried.expect("it is tried again");
        app.tick().await;
    }
    let (patient, key) = (NewHook { policy: "patient".into(), ..NewHook::default() }, &story.key);
    let hook = app.a_hook_with(&story.team.admin, &story.receiver.url(), patient).await;
    let cancelling = Story { hook, key: key.clone(), ..story };
    for _ in 0..25 {
        cancelling.send(&app, 1).await;
        for delivery in app.deliveries(&cancelling.team.id, Mode::Live).await {
            if delivery.state.is_owed() {
                let cancelled =
                    actions::delivery::cancel(&app.context, &cancelling.team.admin, delivery.id.clone()).await;
                cancelled.expect("it is cancelled");
            }
        }
    }
    assert_eq!(cancelling.health(&app).await.failed_in_row, 0);
    let id = delivery.hook_id.clone();
    let health = app.read(move |conn| store::health::of_hooks(conn, &[id])).await;
    // The first delivery and the 25 that were cancelled at the other hook; no try by hand.
    assert_eq!(health.values().next().map(|health| health.failed_in_row), Some(26));
}

async fn a_hook_is_warned_of_once_at_each_mark(app: TestApp) {
    let story = a_hook_that_tries_once(&app, [500]).await;
    story.send(&app, 19).await;
    app.advance_ms(DAY_MS / 2);
    assert_eq!(story.acts(&app, "hook.warned").await, 0, "nineteen are not enough to warn of it");
    story.send(&app, 1).await;
    let mut told = vec![(story.acts(&app, "hook.warned").await, story.health(&app).await.warned)];
    // 50 % is over; 70 % are at 16:48, 90 % at 21:36.
    for (minutes, sends) in [(240, true), (48, false), (240, true), (48, true), (100, false)] {
        app.advance_ms(minutes * 60_000);
        if sends {
            story.send(&app, 2).await;
        } else {
            app.sweep().await;
            app.sweep().await;
        }
        told.push((story.acts(&app, "hook.warned").await, story.health(&app).await.warned));
    }
    assert_eq!(told, [(1, 50), (1, 50), (2, 70), (2, 70), (3, 90), (3, 90)]);
    assert_eq!(story.state(&app).await, HookState::Active);
}

async fn a_rule_of_no_hours_disables_nobody(app: TestApp) {
    let app = app.crashed_and_started_again(|config| config.disabling.time = None).await;
    let story = a_hook_that_tries_once(&app, [500]).await;
    story.send(&app, 20).await;
    app.advance_ms(30 * DAY_MS);
    story.send(&app, 5).await;
    app.sweep().await;
    assert_eq!((story.state(&app).await, story.acts(&app, "hook.warned").await), (HookState::Active, 0));
}

async fn one_410_disables_at_once_and_the_delivery_is_not_tried_again(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([410, 200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    app.tick().await;
    assert_eq!(app.hook(&team.admin, &hook.id).await.state, HookState::Disabled);
    app.advance_ms(DAY_MS);
    app.tick().await;
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    assert_eq!((delivery.state.status(), delivery.last_class), (Status::Failed, Some(ErrorClass::ClientError)));
    assert_eq!((receiver.count(), delivery.response_status), (1, Some(410)));
}

async fn a_410_at_a_retry_disables_too_and_one_to_a_test_does_not(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([500, 410]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    app.tick().await;
    app.advance_ms(200);
    app.tick().await;
    assert_eq!(app.hook(&team.admin, &hook.id).await.state, HookState::Disabled);
    let tested = a_hook_that_tries_once(&app, [410]).await;
    tested.test(&app).await;
    assert_eq!(tested.state(&app).await, HookState::Active);
}

async fn another_hook_is_not_touched(app: TestApp) {
    let story = a_hook_that_tries_once(&app, [410]).await;
    let well = Receiver::answering([200]).await;
    let other = app.a_hook(&story.team.admin, &well.url()).await;
    let late = Receiver::answering([500]).await;
    let patient = NewHook { policy: "patient".into(), ..NewHook::default() };
    let retrying = app.a_hook_with(&story.team.admin, &late.url(), patient).await;
    story.send(&app, 3).await;
    assert_eq!((story.receiver.count(), well.count(), late.count()), (1, 3, 3));
    for id in [other.id, retrying.id.clone()] {
        assert_eq!(app.hook(&story.team.admin, &id).await.state, HookState::Active);
    }
    let missed = story.missed(&app).await;
    assert_eq!((missed.len(), missed.iter().filter(|one| one.hook_id == story.hook.id).count()), (2, 2));
    let owed = app.read(move |conn| store::delivery::count_owed_to(conn, &retrying.id)).await;
    assert_eq!(owed, (3, false));
}

async fn what_was_owed_and_what_happens_meanwhile_is_missed_and_survives_a_crash(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([500, 410, 200]).await;
    let patient = NewHook { policy: "patient".into(), ..NewHook::default() };
    let hook = app.a_hook_with(&team.admin, &receiver.url(), patient).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    for kind in ["job.created", "job.updated"] {
        app.report(&key, kind).await;
        app.tick().await;
        // The log is in the order of time.
        app.advance_ms(1);
    }
    app.report(&key, "candidate.created").await;
    let [owed, gone, meanwhile] = app.deliveries(&team.id, Mode::Live).await.try_into().expect("three");
    for missed in [&owed, &meanwhile] {
        assert_eq!((missed.is_missed(), missed.last_class), (true, Some(ErrorClass::Missed)), "{missed:?}");
    }
    assert_eq!((gone.last_class, app.attempts(&owed.id).await.len()), (Some(ErrorClass::ClientError), 1));
    assert!(app.attempts(&meanwhile.id).await.is_empty() && meanwhile.sent_at.is_none());
    let app = app.crashed_and_started_again(|_| {}).await;
    app.advance_ms(7 * DAY_MS);
    app.sweep().await;
    app.tick().await;
    app.report(&key, "job.created").await;
    app.tick().await;
    assert_eq!((receiver.count(), app.hook(&team.admin, &hook.id).await.state), (2, HookState::Disabled));
}

async fn once_enabled_what_was_missed_is_sent_each_once_and_the_policy_goes_on(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([500, 410, 500, 200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let first = app.report(&key, "job.created").await;
    app.tick().await;
    app.advance_ms(1);
    app.report(&key, "job.updated").await;
    app.tick().await;
    app.advance_ms(1);
    let second = app.report(&key, "job.updated").await;
    let early = actions::health::send_missed(&app.context, &team.admin, hook.id.clone()).await;
    assert!(matches!(early, Err(ActionError::Refused(_))), "{early:?}");

    actions::health::enable(&app.context, &team.admin, hook.id.clone()).await.expect("it is enabled");
    app.tick().await;
    assert_eq!(receiver.count(), 2, "nothing of it is sent before someone says so");
    app.advance_ms(1);
    let sent = actions::health::send_missed(&app.context, &team.admin, hook.id.clone()).await;
    assert_eq!(sent.expect("it is sent"), 2);
    let again = actions::health::send_missed(&app.context, &team.admin, hook.id.clone()).await;
    assert_eq!(again.expect("nothing is left"), 0);
    app.tick().await;
    // One of them failed once more, and is retried as the policy says.
    assert_eq!(receiver.count(), 4);
    app.advance_ms(1_000);
    app.tick().await;
    app.advance_ms(60_000);
    app.tick().await;
    let arrived = |id: &str| {
        let requests = receiver.requests();
        requests.iter().filter(|request| request.must("webhook-id") == id).count()
    };
    assert_eq!(receiver.count(), 5);
    assert_eq!(arrived(first.id.as_str()) + arrived(second.id.as_str()), 1 + 2 + 1, "{first:?} {second:?}");
    let deliveries = app.deliveries(&team.id, Mode::Live).await;
    let ended: Vec<Status> = deliveries.iter().map(|delivery| delivery.state.status()).collect();
    assert_eq!(ended, [Status::Success, Status::Failed, Status::Success]);
    assert!(deliveries.iter().all(|delivery| delivery.tries.manual == 0));
    let (organisation, object, since) = (team.id.clone(), hook.id.to_string(), hook.created_at);
    let done = app.read(move |conn| store::audit::of_object(conn, &organisation, &object, since)).await;
    let acts: Vec<(&str, bool)> = done.iter().map(|done| (done.act.as_str(), done.by.is_some())).collect();
    let expected =
        [("hook.created", true), ("hook.disabled", false), ("hook.enabled", true), ("hook.missed_sent", true)];
    assert_eq!(acts, expected);
}

async fn what_arrives_all_the_same_was_not_missed(app: TestApp) {
    let team = app.an_organisation().await;
    let (slow, gate) = Answer::of(200).behind_a_gate();
    let receiver = Receiver::answering([slow, Answer::of(200)]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    let disabling = async {
        receiver.has_been_asked(1).await;
        let (id, now) = (hook.id.clone(), app.now());
        app.write(move |conn| {
            store::health::disable(conn, &id, hirewire::domain::health::Why::Gone, now)?;
            store::delivery::miss_chunk(conn, &id, now)
        })
        .await;
        assert!(app.the_delivery(&team.id, Mode::Live).await.is_missed());
        gate.open();
    };
    tokio::join!(app.tick(), disabling);
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    assert_eq!((delivery.state.status(), app.attempts(&delivery.id).await.len()), (Status::Success, 1));
    actions::health::enable(&app.context, &team.admin, hook.id.clone()).await.expect("it is enabled");
    let sent = actions::health::send_missed(&app.context, &team.admin, hook.id).await;
    assert_eq!((sent.expect("nothing is left"), receiver.count()), (0, 1));
}

async fn what_was_held_for_a_paused_hook_that_turns_out_gone_is_missed(app: TestApp) {
    let team = app.an_organisation().await;
    let (slow, gate) = Answer::of(410).behind_a_gate();
    let receiver = Receiver::answering([slow]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    let pausing = async {
        receiver.has_been_asked(1).await;
        actions::hook::pause(&app.context, &team.admin, hook.id.clone()).await.expect("it pauses");
        app.advance_ms(1);
        app.report(&key, "job.updated").await;
        gate.open();
    };
    tokio::join!(app.tick(), pausing);
    assert_eq!(app.hook(&team.admin, &hook.id).await.state, HookState::Disabled);
    let all = app.deliveries(&team.id, Mode::Live).await;
    assert_eq!((all[0].response_status, all[1].is_missed()), (Some(410), true), "{all:?}");
}

async fn a_test_is_sent_to_a_disabled_hook(app: TestApp) {
    let story = a_hook_that_tries_once(&app, [410, 200]).await;
    story.send(&app, 1).await;
    story.test(&app).await;
    let all = app.deliveries(&story.team.id, Mode::Live).await;
    let test = all.iter().find(|delivery| delivery.probe).expect("a test");
    assert_eq!((test.state.status(), story.state(&app).await), (Status::Success, HookState::Disabled));
}

async fn a_disabled_hook_takes_no_export_no_retry_and_no_pause_and_can_be_deleted(app: TestApp) {
    let team = app.an_organisation().await;
    let viewer = in_mode(&team.admin, Mode::Test);
    let receiver = Receiver::answering([410]).await;
    let hook = app.a_hook(&viewer, &receiver.url()).await;
    let (key, _) = app.an_api_key(&viewer, Mode::Test).await;
    app.report(&key, "job.created").await;
    app.tick().await;
    app.report(&key, "job.updated").await;
    let (vacancy, candidates) = app.a_vacancy_with(&viewer, 1).await;
    let confirmed = actions::export::Confirmed { vacancy, candidates, hook: hook.id.clone(), token: token() };
    let refused = actions::export::confirm(&app.context, &viewer, confirmed).await;
    assert!(matches!(&refused, Err(ActionError::Invalid(errors)) if errors[0].field == "hook"), "{refused:?}");
    let deliveries = app.deliveries(&team.id, Mode::Test).await;
    let retried = actions::delivery::retry_now(&app.context, &viewer, deliveries[1].id.clone()).await;
    assert!(matches!(retried, Err(ActionError::Refused(_))), "{retried:?}");
    for changed in [
        actions::hook::pause(&app.context, &viewer, hook.id.clone()).await,
        actions::hook::resume(&app.context, &viewer, hook.id.clone()).await,
    ] {
        assert!(matches!(changed, Err(ActionError::Refused(_))), "{changed:?}");
    }
    assert_eq!(app.hook(&viewer, &hook.id).await.state, HookState::Disabled);
    actions::hook::delete(&app.context, &viewer, hook.id.clone(), false).await.expect("it goes");
    let enabled = actions::health::enable(&app.context, &viewer, hook.id.clone()).await;
    assert!(matches!(enabled, Err(ActionError::NotFound)), "{enabled:?}");
    app.tick().await;
    assert_eq!((app.hook(&viewer, &hook.id).await.state, receiver.count()), (HookState::Deleted, 1));
}

async fn thousands_that_were_missed_are_sent_in_chunks(app: TestApp) {
    let story = a_hook_that_tries_once(&app, [410]).await;
    story.send(&app, 1).await;
    let event = app.report(&story.key, "job.created").await;
    let (now, hook) = (app.now(), story.hook.id.clone());
    app.write(move |conn| {
        let many = 2 * store::delivery::CHUNK + 499;
        let new = || Delivery::owed(DeliveryId::new(now), &event, hook.clone(), FieldSet::Standard, false, now);
        let missed: Vec<Delivery> = (0..many).map(|_| new().missed(now).expect("owed")).collect();
        let rows: Vec<_> = missed.iter().map(|delivery| (delivery, None)).collect();
        store::delivery::insert_all(conn, &rows)
    })
    .await;
    story.enable(&app).await;
    let sent = actions::health::send_missed(&app.context, &story.team.admin, story.hook.id.clone()).await;
    assert_eq!(sent.expect("it is sent"), 2 * store::delivery::CHUNK + 500);
    let deliveries = app.deliveries(&story.team.id, Mode::Live).await;
    let due = deliveries.iter().filter(|delivery| delivery.state == DeliveryState::Pending { due: Some(app.now()) });
    assert_eq!(due.count(), 2 * store::delivery::CHUNK + 500);
    assert_eq!(story.acts(&app, "hook.missed_sent").await, 1);
}

/// On PostgreSQL: what one instance learns, the other knows before it sends anything more.
#[test]
fn a_hook_that_one_instance_disables_gets_nothing_from_the_other() {
    run(Kind::Postgres, |app: TestApp| async move {
        let story = a_hook_that_tries_once(&app, [200, 410]).await;
        let other = app.beside().await;
        story.send(&other, 1).await;
        story.send(&app, 1).await;
        assert_eq!(story.state(&app).await, HookState::Disabled);
        story.send(&other, 2).await;
        assert_eq!((story.receiver.count(), story.missed(&app).await.len()), (2, 2));
        story.enable(&other).await;
        story.send(&app, 1).await;
        assert_eq!(story.receiver.count(), 3);
    });
}
