//! Somebody sets the clock while the engine is at work: nothing stops, nothing is early, and what cannot be undone waits while
//! clocks disagree.

use chrono::TimeDelta;
use hirewire::actions::{self, hook::NewHook};
use hirewire::delivery::intake;
use hirewire::domain::delivery::{Delivery, Status};
use hirewire::domain::event::{Cause, Event, EventType};
use hirewire::domain::hook::FieldSet;
use hirewire::domain::ids::{DeliveryId, EventId};
use hirewire::domain::interview::SessionState;
use hirewire::domain::mode::Mode;
use hirewire::maintenance::interviews::Interviews;
use hirewire::maintenance::{self, Chores, MAX_CLOCK_DIFFERENCE};
use hirewire::store;
use serde_json::json;

use crate::support::{Answer, Kind, Receiver, TestApp, eventually, run};

on_both_databases!(
    what_is_reported_after_the_clock_was_set_is_sent_at_once,
    a_retry_after_the_clock_was_set_is_made_after_its_pause_and_not_before,
    what_is_sent_again_by_hand_after_the_clock_was_set_is_sent_at_once,
    what_waits_in_the_database_is_claimed_though_the_clock_was_set,
    chores_go_on_though_the_clock_was_set,
    a_session_is_not_abandoned_while_clocks_disagree_and_is_once_they_agree,
);

/// One after the other: the clock is an hour slow, right again, and a quarter of an hour slow.
const STEPS: [TimeDelta; 3] = [TimeDelta::hours(-1), TimeDelta::hours(1), TimeDelta::minutes(-15)];

async fn what_is_reported_after_the_clock_was_set_is_sent_at_once(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let running = app.runs();
    app.report(&key, "job.created").await;
    receiver.has_been_asked(1).await;
    for (number, step) in (2..).zip(STEPS) {
        app.sends_nothing().await;
        app.clock.set_by(step);
        app.report(&key, "job.created").await;
        // No time passes.
        receiver.has_been_asked(number).await;
    }
    running.ended().await;
    let all = app.deliveries(&team.id, Mode::Live).await;
    assert!(all.iter().all(|delivery| delivery.state.status() == Status::Success), "{all:?}");
}

/// The first of two requests fails, the second succeeds.
async fn stumbling() -> Receiver {
    Receiver::judging(|number, _| Answer::of(if number.is_multiple_of(2) { 200 } else { 500 })).await
}

async fn a_retry_after_the_clock_was_set_is_made_after_its_pause_and_not_before(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = stumbling().await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let running = app.runs();
    for (round, step) in STEPS.into_iter().enumerate() {
        app.clock.set_by(step);
        app.report(&key, "job.created").await;
        receiver.has_been_asked(2 * round + 1).await;
        is_written_down(&app).await;
        app.advance_ms(199);
        app.sends_nothing().await;
        assert_eq!(receiver.count(), 2 * round + 1, "it was early");
        app.advance_ms(1);
        receiver.has_been_asked(2 * round + 2).await;
        is_written_down(&app).await;
    }
    running.ended().await;
    let all = app.deliveries(&team.id, Mode::Live).await;
    assert!(all.iter().all(|delivery| delivery.state.status() == Status::Success), "{all:?}");
}

async fn is_written_down(app: &TestApp) {
    let is_written = async || (app.context.engine.load().under_way == 0).then_some(());
    eventually("every answer written down", is_written).await;
}

async fn what_is_sent_again_by_hand_after_the_clock_was_set_is_sent_at_once(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([500]).await;
    let form = NewHook { policy: "single".into(), ..NewHook::default() };
    app.a_hook_with(&team.admin, &receiver.url(), form).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let running = app.runs();
    app.report(&key, "job.created").await;
    receiver.has_been_asked(1).await;
    for (times, step) in (2..).zip(STEPS) {
        is_written_down(&app).await;
        app.clock.set_by(step);
        let delivery = app.the_delivery(&team.id, Mode::Live).await;
        actions::delivery::retry_now(&app.context, &team.admin, delivery.id.clone()).await.expect("it is due");
        receiver.has_been_asked(times).await;
    }
    running.ended().await;
}

async fn what_waits_in_the_database_is_claimed_though_the_clock_was_set(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let (running, chores) = (app.runs(), Chores::start(&app.context));
    let event = app.report(&key, "job.created").await;
    receiver.has_been_asked(1).await;
    for (times, step) in (2..).zip(STEPS) {
        is_written_down(&app).await;
        app.clock.set_by(step);
        // Further away than claims look ahead.
        let (now, due) = (app.now(), app.now() + TimeDelta::seconds(40));
        let free = Delivery::owed(DeliveryId::new(now), &event, hook.id.clone(), FieldSet::Standard, false, due);
        app.write(move |conn| store::delivery::insert(conn, &free, None)).await;
        app.advance_ms(39_000);
        app.sends_nothing().await;
        assert_eq!(receiver.count(), times - 1, "it was early");
        app.as_time_passes("its request", async || (receiver.count() == times).then_some(())).await;
    }
    drop(chores);
    running.ended().await;
}

async fn chores_go_on_though_the_clock_was_set(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let (running, chores) = (app.runs(), Chores::start(&app.context));
    for (times, step) in (1..).zip(STEPS) {
        app.clock.set_by(step);
        let (now, holder) = (app.now(), app.context.engine.instance().clone());
        let event = Event {
            id: EventId::new(now),
            organisation_id: team.id.clone(),
            mode: Mode::Live,
            kind: EventType::parse("job.created").expect("in the catalogue"),
            cause: Cause::Clock,
            occurred_at: now,
            probe: false,
        };
        // Lost on its way to memory: a chore takes it up, a quarter of a minute later at the most.
        let record = move |conn: &mut _| intake::record_routed(conn, event, |_| json!({}), Vec::new(), &holder, now);
        app.context.store.write(record).await.expect("it is recorded");
        app.as_time_passes("a chore's turn", async || (receiver.count() == times).then_some(())).await;
    }
    drop(chores);
    running.ended().await;
}

async fn a_session_is_not_abandoned_while_clocks_disagree_and_is_once_they_agree(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let of = app.an_interview(&team.admin).await;
    let session = app.a_started_session(&team.admin, &of).await;
    app.advance_ms(3 * 3_600_000);
    let state = async || app.session(&team.admin, &session).await.state;
    for ahead in [MAX_CLOCK_DIFFERENCE + TimeDelta::seconds(1), -TimeDelta::hours(1)] {
        app.clock.disagree_by(ahead);
        assert!(!maintenance::turn(&Interviews, &app.context).await.expect("a database"), "it has to wait");
        assert!(matches!(state().await, SessionState::Started { .. }));
    }
    app.clock.disagree_by(MAX_CLOCK_DIFFERENCE);
    assert!(maintenance::turn(&Interviews, &app.context).await.expect("a database"));
    assert!(matches!(state().await, SessionState::Abandoned { .. }));
    app.tick().await;
    assert_eq!(receiver.the_request().must("x-webhook-event"), "interview.abandoned");
}

#[test]
fn what_changes_elsewhere_is_seen_though_the_clock_was_set() {
    run(Kind::Postgres, |app| async move {
        let team = app.an_organisation().await;
        let receiver = Receiver::answering([200]).await;
        let hook = app.a_hook(&team.admin, &receiver.url()).await;
        let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
        let other = app.beside().await;
        let running = app.runs();
        for (times, step) in (1..).zip(STEPS) {
            app.clock.set_by(step);
            actions::hook::pause(&other.context, &team.admin, hook.id.clone()).await.expect("it pauses");
            // Nothing but the time can have woken the engine.
            app.has_looked().await;
            app.report(&key, "job.created").await;
            app.sends_nothing().await;
            assert_eq!(receiver.count(), times - 1, "it is paused");
            actions::hook::resume(&other.context, &team.admin, hook.id.clone()).await.expect("it goes on");
            app.as_time_passes("what was held", async || (receiver.count() == times).then_some(())).await;
        }
        running.ended().await;
    });
}
