//! What no single act could put right: moments in which two things happened at once, or a row that nobody can read.

use chrono::TimeDelta;
use hirewire::actions::hook::NewHook;
use hirewire::delivery::intake;
use hirewire::domain::delivery::{Delivery, DeliveryState, Status};
use hirewire::domain::event::{Cause, Event, EventType};
use hirewire::domain::ids::{DeliveryId, EventId, InstanceId};
use hirewire::domain::mode::Mode;
use hirewire::store;
use serde_json::json;

use crate::support::{Answer, Receiver, Team, TestApp, changed};

on_both_databases!(
    what_an_instance_wrote_while_it_retired_is_taken_up,
    what_was_committed_but_never_reached_the_queue_is_taken_up,
    one_that_never_reached_the_queue_is_found_beside_a_large_backlog_of_a_webhook_that_hangs,
    one_that_never_reached_the_queue_is_found_behind_many_more_that_wait_in_memory,
    what_is_held_for_a_hook_that_is_active_again_is_sent,
    a_delivery_that_cannot_be_read_holds_up_no_other,
    a_hook_whose_secret_cannot_be_opened_holds_up_no_other,
);

/// A team with a hook and one event that is owed to it, whose engine has not had a step.
async fn one_owed(app: &TestApp, receiver: &Receiver) -> (Team, Delivery) {
    let team = app.an_organisation().await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    (team, delivery)
}

async fn what_an_instance_wrote_while_it_retired_is_taken_up(app: TestApp) {
    let receiver = Receiver::answering([200]).await;
    let (_, delivery) = one_owed(&app, &receiver).await;
    let retired = InstanceId::new(app.now());
    app.write(move |conn| store::delivery::update(conn, &delivery, Some(&retired))).await;
    app.tick().await;
    assert_eq!(receiver.count(), 0, "another instance's is not touched");
    app.sweep().await;
    app.tick().await;
    assert_eq!(receiver.count(), 1);
}

/// Something that happens to a team, and whose deliveries are lost between their commit and the hand-over: the request that
/// recorded it was dropped.
async fn lost(app: &TestApp, team: &Team) {
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
    app.write(move |conn| intake::record_routed(conn, event, |_| json!({}), Vec::new(), &holder, now)).await;
}

async fn what_was_committed_but_never_reached_the_queue_is_taken_up(app: TestApp) {
    let receiver = Receiver::answering([200]).await;
    let team = app.an_organisation().await;
    app.a_hook(&team.admin, &receiver.url()).await;
    lost(&app, &team).await;
    app.tick().await;
    assert_eq!(receiver.count(), 0);
    app.advance_ms(TimeDelta::seconds(6).num_milliseconds());
    app.sweep().await;
    app.tick().await;
    assert_eq!(receiver.count(), 1);
    assert_eq!(app.the_delivery(&team.id, Mode::Live).await.state.status(), Status::Success);
}

async fn one_that_never_reached_the_queue_is_found_beside_a_large_backlog_of_a_webhook_that_hangs(app: TestApp) {
    let (held_back, gate) = Answer::of(200).behind_a_gate();
    let (hanging, receiver) = (Receiver::answering([held_back]).await, Receiver::answering([200]).await);
    let (_, first) = one_owed(&app, &hanging).await;
    let now = app.now();
    app.write(move |conn| {
        let all: Vec<Delivery> = (1..1_500).map(|_| changed(&first, |it| it.id = DeliveryId::new(now))).collect();
        let rows: Vec<_> = all.iter().map(|delivery| (delivery, None)).collect();
        store::delivery::insert_all(conn, &rows)
    })
    .await;
    let running = app.runs();
    hanging.has_been_asked(app.config.caps.per_hook).await;
    // Later than all of them.
    app.advance_ms(1_000);
    let team = app.an_organisation().await;
    app.a_hook(&team.admin, &receiver.url()).await;
    lost(&app, &team).await;
    app.advance_ms(6_000);
    assert_eq!(receiver.count(), 0);
    app.sweep().await;
    app.as_time_passes("the lost one", async || (receiver.count() == 1).then_some(())).await;
    gate.open();
    running.ended().await;
}

async fn one_that_never_reached_the_queue_is_found_behind_many_more_that_wait_in_memory(app: TestApp) {
    let (others, receiver) = (Receiver::answering([200]).await, Receiver::answering([200]).await);
    let team = app.an_organisation().await;
    let (hooks, events) = (25, 60);
    for _ in 0..hooks {
        let form = NewHook { events: vec!["job.created".into()], ..NewHook::default() };
        app.a_hook_with(&team.admin, &others.url(), form).await;
    }
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    for _ in 0..events {
        app.report(&key, "job.created").await;
    }
    assert_eq!(app.context.engine.load().waiting, hooks * events, "all of them are known");
    app.advance_ms(1_000);
    let team = app.an_organisation().await;
    app.a_hook(&team.admin, &receiver.url()).await;
    lost(&app, &team).await;
    app.advance_ms(6_000);
    app.sweep().await;
    app.tick().await;
    assert_eq!(receiver.count(), 1);
}

async fn what_is_held_for_a_hook_that_is_active_again_is_sent(app: TestApp) {
    let receiver = Receiver::answering([200]).await;
    let (_, delivery) = one_owed(&app, &receiver).await;
    let held = changed(&delivery, |it| it.state = DeliveryState::Pending { due: None });
    app.write(move |conn| store::delivery::update(conn, &held, None)).await;
    app.tick().await;
    assert_eq!(receiver.count(), 0);
    app.sweep().await;
    app.tick().await;
    assert_eq!(receiver.count(), 1);
}

async fn a_delivery_that_cannot_be_read_holds_up_no_other(app: TestApp) {
    let (broken, sound) = (Receiver::answering([200]).await, Receiver::answering([200]).await);
    let (_, first) = one_owed(&app, &broken).await;
    let (team, _) = one_owed(&app, &sound).await;
    app.sql(format!("UPDATE deliveries SET kind = 'from.the.future' WHERE id = '{}'", first.id)).await;
    let app = app.crashed_and_started_again(|_| {}).await;
    app.tick().await;
    assert_eq!((broken.count(), sound.count()), (0, 1));
    assert_eq!(app.the_delivery(&team.id, Mode::Live).await.state.status(), Status::Success);
}

async fn a_hook_whose_secret_cannot_be_opened_holds_up_no_other(app: TestApp) {
    let (broken, sound) = (Receiver::answering([200]).await, Receiver::answering([200]).await);
    let team = app.an_organisation().await;
    let (hook, _) = app.a_signed_hook(&team.admin, &broken.url()).await;
    app.a_hook(&team.admin, &sound.url()).await;
    app.sql(format!("UPDATE credentials SET ends_in = 'xxxx', kind = 'else' WHERE hook_id = '{}'", hook.id)).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    app.tick().await;
    assert_eq!((broken.count(), sound.count()), (0, 1));
}
