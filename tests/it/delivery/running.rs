//! The engine's own loop: it wakes by itself, drains when told to stop, and takes over from the dead.

use hirewire::actions;
use hirewire::domain::delivery::{DeliveryState, Status};
use hirewire::domain::mode::Mode;
use hirewire::store;
use tokio::sync::watch;

use crate::support::{Answer, DRAIN, Kind, Receiver, TestApp, Uncommitted, eventually, run, soon};

on_both_databases!(
    the_first_try_goes_out_at_once,
    resuming_a_hook_sends_what_was_held_at_once,
    told_to_stop_it_lets_a_try_under_way_finish_and_writes_its_answer_down,
    what_it_held_is_free_for_others_once_it_has_stopped,
);

struct Running {
    stop: watch::Sender<bool>,
    engine: tokio::task::JoinHandle<()>,
}

fn running(app: &TestApp) -> Running {
    let (stop, stopped) = watch::channel(false);
    Running { stop, engine: tokio::spawn(app.context.engine.clone().run(stopped, DRAIN)) }
}

impl Running {
    async fn ended(self) {
        self.stop.send(true).expect("it runs");
        soon("the engine's end", self.engine).await.expect("no panic");
    }
}

async fn the_first_try_goes_out_at_once(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let running = running(&app);
    // The clock stands still all the while: nothing but the report itself can have woken the engine.
    for times in 1..=3 {
        app.report(&key, "job.created").await;
        receiver.has_been_asked(times).await;
    }
    running.ended().await;
    let all = app.deliveries(&team.id, Mode::Live).await;
    assert!(all.iter().all(|delivery| delivery.state.status() == Status::Success), "{all:?}");
}

async fn resuming_a_hook_sends_what_was_held_at_once(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let running = running(&app);
    actions::hook::pause(&app.context, &team.admin, hook.id.clone()).await.expect("it pauses");
    app.report(&key, "job.created").await;
    actions::hook::resume(&app.context, &team.admin, hook.id).await.expect("it goes on");
    receiver.has_been_asked(1).await;
    running.ended().await;
}

async fn told_to_stop_it_lets_a_try_under_way_finish_and_writes_its_answer_down(app: TestApp) {
    let team = app.an_organisation().await;
    let (slow, gate) = Answer::of(200).behind_a_gate();
    let receiver = Receiver::answering([slow]).await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let running = running(&app);
    app.report(&key, "job.created").await;
    receiver.has_been_asked(1).await;
    running.stop.send(true).expect("it runs");
    // It has been told, and waits for the answer.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!running.engine.is_finished());
    gate.open();
    soon("the engine's end", running.engine).await.expect("no panic");
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    assert_eq!(delivery.state, DeliveryState::Success { at: app.now() });
    assert_eq!((receiver.count(), app.attempts(&delivery.id).await.len()), (1, 1));
}

async fn what_it_held_is_free_for_others_once_it_has_stopped(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([500]).await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let running = running(&app);
    app.report(&key, "job.created").await;
    receiver.has_been_asked(1).await;
    eventually("the first answer", || async {
        let delivery = app.the_delivery(&team.id, Mode::Live).await;
        (delivery.state.status() == Status::Retrying).then_some(())
    })
    .await;
    running.ended().await;
    let due_by = app.now() + chrono::TimeDelta::days(1);
    let free = app.read(move |conn| store::delivery::hooks_with_due(conn, due_by)).await;
    assert_eq!(free.len(), 1, "nobody has to wait until the stopped one counts as dead");
}

/// The engine has seen that the hook is paused, and before it holds what is owed, somebody resumes the hook.
#[test]
fn a_hook_that_is_resumed_in_the_very_moment_of_holding_loses_nothing() {
    run(Kind::Postgres, |app| async move {
        let team = app.an_organisation().await;
        let receiver = Receiver::answering([200]).await;
        let hook = app.a_hook(&team.admin, &receiver.url()).await;
        let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
        app.report(&key, "job.created").await;
        app.sql(format!("UPDATE hooks SET state = 'paused' WHERE id = '{}'", hook.id)).await;

        let now = app.now();
        let resuming = Uncommitted::of(&app, move |conn| {
            store::hook::set_state(conn, &hook.id, hirewire::domain::hook::HookState::Active, now)?;
            store::changes::record(conn, &[store::changes::Change::of(&hook)], now)?;
            store::delivery::release_chunk(conn, &hook.id, now)
        })
        .await;
        let engine = app.context.engine.clone();
        let step = tokio::spawn(async move { engine.tick().await });
        eventually("the engine at the hook", || async {
            (step.is_finished() || app.waits_for_a_lock().await).then_some(())
        })
        .await;
        resuming.commit().await;
        soon("the engine's step", step).await.expect("no panic").expect("a database");
        app.tick().await;
        assert_eq!(app.the_delivery(&team.id, Mode::Live).await.state.status(), Status::Success);
    });
}

#[test]
fn an_instance_whose_session_ends_is_taken_over_and_a_living_one_is_not() {
    run(Kind::Postgres, |app| async move {
        let team = app.an_organisation().await;
        let receiver = Receiver::answering([200]).await;
        app.a_hook(&team.admin, &receiver.url()).await;
        let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
        let other = app.beside().await;
        app.report(&key, "job.created").await;
        // The first instance holds it and lives, however long it says nothing: the second leaves it alone.
        for _ in 0..3 {
            app.advance_ms(3_600_000);
            other.context.engine.look_around().await.expect("a database");
            assert_eq!(other.tick().await.sent, 0);
        }
        app.the_first_instance_is_gone().await;
        eventually("the second taking over", || async {
            other.context.engine.look_around().await.expect("a database");
            (other.tick().await.succeeded == 1).then_some(())
        })
        .await;
        // And when the first comes back, it does not send what is no longer its own.
        assert_eq!(app.tick().await.sent, 0);
        app.context.engine.look_around().await.expect("a database");
        assert_eq!(app.tick().await.sent, 0);
        assert_eq!(receiver.count(), 1);
    });
}
