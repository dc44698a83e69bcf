//! Looks for what others have changed: while they fail, or do not come back, nothing new is sent, and what one lane waits for
//! holds up no other.

use std::future::Future;

use chrono::TimeDelta;
use hirewire::actions::hook::{self, NewHook};
use hirewire::domain::attempt::ErrorClass;
use hirewire::domain::delivery::Status;
use hirewire::domain::hook::Hook;
use hirewire::domain::mode::Mode;
use hirewire::store::StoreError;
use hirewire::store::changes::Change;

use crate::support::{Answer, Gate, Kind, Proxy, Receiver, RunningEngine, Team, TestApp, Uncommitted, eventually, run};

/// So many wait in memory beside those that are under way.
const WAITING: usize = 20;

/// A webhook whose receiver keeps its answers back: as many requests as may be are under way, and others wait.
struct Lane {
    team: Team,
    hook: Hook,
    receiver: Receiver,
    gate: Gate,
}

impl Lane {
    async fn of(app: &TestApp) -> Self {
        let team = app.an_organisation().await;
        let (held_back, gate) = Answer::of(200).behind_a_gate();
        let receiver = Receiver::answering([held_back]).await;
        // It waits half a minute for an answer.
        let form = NewHook { policy: "single".into(), ..NewHook::default() };
        let hook = app.a_hook_with(&team.admin, &receiver.url(), form).await;
        let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
        for _ in 0..places(app) + WAITING {
            app.report(&key, "job.created").await;
        }
        receiver.has_been_asked(places(app)).await;
        Self { team, hook, receiver, gate }
    }

    /// Resolves once everything has been sent and every answer is written down: each once.
    async fn is_done(&self, app: &TestApp) {
        let all = places(app) + WAITING;
        let done = async || {
            let deliveries = app.deliveries(&self.team.id, Mode::Live).await;
            let succeeded = deliveries.iter().filter(|delivery| delivery.state.status() == Status::Success).count();
            (succeeded == all).then_some(())
        };
        app.as_time_passes("everything to arrive", done).await;
        assert_eq!(self.receiver.events_and_requests(), (all, all));
    }
}

fn places(app: &TestApp) -> usize {
    app.config.caps.per_hook
}

/// Tells a story of an instance that reaches PostgreSQL through a network of the test's, with another one beside it.
fn behind_a_proxy<Told: Future<Output = ()>>(story: impl FnOnce(TestApp, TestApp, RunningEngine, Proxy, Lane) -> Told) {
    run(Kind::Postgres, |app| async move {
        let (app, proxy) = app.behind_a_proxy().await;
        let other = app.beside().await;
        let running = app.runs();
        app.has_looked().await;
        let lane = Lane::of(&app).await;
        story(app, other, running, proxy, lane).await;
    });
}

/// The receiver answers while the last look is old: the places are free, and nobody takes them.
async fn answered_while_nothing_is_known(app: &TestApp, lane: &Lane) {
    app.clock.advance(TimeDelta::seconds(1));
    lane.gate.open();
    app.sends_nothing().await;
    app.clock.advance(TimeDelta::seconds(3));
    app.sends_nothing().await;
    assert_eq!(lane.receiver.count(), places(app), "something was sent without a look");
}

#[test]
fn nothing_new_starts_while_looks_do_not_come_back_and_all_goes_on_when_they_do() {
    behind_a_proxy(|app, _other, running, proxy, lane| async move {
        proxy.silence();
        answered_while_nothing_is_known(&app, &lane).await;
        proxy.resume();
        lane.is_done(&app).await;
        running.ended().await;
    });
}

#[test]
fn nothing_new_starts_while_looks_fail_and_all_goes_on_when_they_succeed() {
    behind_a_proxy(|app, _other, running, proxy, lane| async move {
        proxy.cut();
        answered_while_nothing_is_known(&app, &lane).await;
        proxy.resume();
        lane.is_done(&app).await;
        running.ended().await;
    });
}

#[test]
fn what_is_deleted_elsewhere_while_looks_fail_is_never_sent() {
    behind_a_proxy(|app, other, running, proxy, lane| async move {
        proxy.cut();
        hook::delete(&other.context, &lane.team.admin, lane.hook.id.clone(), false).await.expect("it goes");
        answered_while_nothing_is_known(&app, &lane).await;
        proxy.resume();
        let is_over = async || {
            let deliveries = other.deliveries(&lane.team.id, Mode::Live).await;
            let is_over = deliveries.iter().all(|delivery| delivery.last_class == Some(ErrorClass::Cancelled));
            (is_over && app.context.engine.load().under_way == 0).then_some(())
        };
        app.as_time_passes("every answer written down", is_over).await;
        running.ended().await;
        assert_eq!(lane.receiver.count(), places(&app));
    });
}

/// Keeps everybody from reading what is owed until it is committed.
async fn nobody_reads_what_is_owed(app: &TestApp) -> Uncommitted<()> {
    use diesel::connection::SimpleConnection as _;
    let lock = "SET LOCAL idle_in_transaction_session_timeout = 0; LOCK TABLE open_deliveries IN ACCESS EXCLUSIVE MODE";
    Uncommitted::of(app, move |conn| conn.batch_execute(lock).map_err(StoreError::from)).await
}

async fn is_changed(app: &TestApp, hook: &Hook) {
    let change = Change::of(hook);
    let changing = app.context.store.change(app.now(), move |_, named| {
        named.push(change);
        Ok::<_, StoreError>(())
    });
    changing.await.expect("a database");
}

#[test]
fn a_lane_in_doubt_waits_for_its_answer_and_holds_up_no_other() {
    run(Kind::Postgres, |app| async move {
        let other = app.beside().await;
        let running = app.runs();
        let (changed, unchanged) = (Lane::of(&app).await, Lane::of(&app).await);
        let answer = nobody_reads_what_is_owed(&other).await;
        is_changed(&other, &changed.hook).await;
        app.as_time_passes("the question", async || other.waits_for_a_lock().await.then_some(())).await;
        unchanged.gate.open();
        changed.gate.open();
        let all = places(&app) + WAITING;
        let is_sent = async || (unchanged.receiver.count() == all).then_some(());
        app.as_time_passes("the other lane", is_sent).await;
        app.sends_nothing().await;
        assert_eq!(changed.receiver.count(), places(&app), "something was sent before the answer");
        answer.commit().await;
        changed.is_done(&app).await;
        unchanged.is_done(&app).await;
        running.ended().await;
    });
}

#[test]
fn a_question_that_was_not_answered_is_asked_again() {
    run(Kind::Postgres, |app| async move {
        let other = app.beside().await;
        let running = app.runs();
        let lane = Lane::of(&app).await;
        let answer = nobody_reads_what_is_owed(&other).await;
        is_changed(&other, &lane.hook).await;
        app.as_time_passes("the question", async || other.waits_for_a_lock().await.then_some(())).await;
        // The database gives up whoever has waited too long for a lock.
        eventually("the end of the first question", async || (!other.waits_for_a_lock().await).then_some(())).await;
        app.as_time_passes("the question again", async || other.waits_for_a_lock().await.then_some(())).await;
        answer.commit().await;
        lane.gate.open();
        lane.is_done(&app).await;
        running.ended().await;
    });
}
