//! Acts of members while deliveries are under way, elsewhere too, and while there are very many.

use hirewire::actions::replacement::{Replacement, replace};
use hirewire::actions::{self, hook};
use hirewire::domain::attempt::ErrorClass;
use hirewire::domain::delivery::{Delivery, DeliveryState, Status};
use hirewire::domain::hook::{FieldSet, Hook, HookState};
use hirewire::domain::ids::{DeliveryId, HookId, InstanceId};
use hirewire::domain::mode::Mode;
use hirewire::store;
use hirewire::store::delivery::CHUNK;

use crate::support::{Answer, Kind, Receiver, Team, TestApp, Uncommitted, changed, eventually, run, soon, token};

on_both_databases!(
    a_large_backlog_is_held_resumed_moved_and_cancelled_whole,
    an_act_that_a_crash_has_cut_off_is_brought_to_its_end,
    an_act_leaves_what_is_owed_with_the_instance_that_holds_it,
    what_was_taken_over_and_given_up_has_arrived_if_the_first_attempt_did,
    what_arrives_after_it_was_cancelled_stays_cancelled_and_says_so,
);

/// A hook with a delivery that nobody holds for each of so many places.
async fn backlog(app: &TestApp, team: &Team, receiver: &Receiver, many: usize) -> Hook {
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let event = app.report(&key, "job.created").await;
    let (now, id) = (app.now(), hook.id.clone());
    app.write(move |conn| {
        let new = || Delivery::owed(DeliveryId::new(now), &event, id.clone(), FieldSet::Standard, false, now);
        let all: Vec<Delivery> = (1..many).map(|_| new()).collect();
        let rows: Vec<_> = all.iter().map(|delivery| (delivery, None)).collect();
        store::delivery::insert_all(conn, &rows)
    })
    .await;
    hook
}

/// How many deliveries fit.
async fn count(app: &TestApp, team: &Team, fits: impl Fn(&Delivery) -> bool) -> usize {
    app.deliveries(&team.id, Mode::Live).await.iter().filter(|delivery| fits(delivery)).count()
}

async fn a_large_backlog_is_held_resumed_moved_and_cancelled_whole(app: TestApp) {
    let many = 2 * CHUNK + 500;
    let (receiver, other) = (Receiver::answering([200]).await, Receiver::answering([200]).await);
    let team = app.an_organisation().await;
    let old = backlog(&app, &team, &receiver, many).await;
    let (context, admin) = (&app.context, &team.admin);
    hook::pause(context, admin, old.id.clone()).await.expect("it pauses");
    assert_eq!(count(&app, &team, |delivery| delivery.state.is_held()).await, many);
    hook::resume(context, admin, old.id.clone()).await.expect("it goes on");
    let due = Some(app.now());
    assert_eq!(count(&app, &team, |delivery| delivery.state.due() == due).await, many);
    let form = Replacement { url: other.url(), token: token() };
    let new = replace(context, admin, old.id.clone(), form).await.expect("it is replaced").id;
    assert_eq!(count(&app, &team, |delivery| delivery.hook_id == new).await, many);
    hook::delete(context, admin, new, false).await.expect("it goes");
    let is_cancelled = |delivery: &Delivery| delivery.last_class == Some(ErrorClass::Cancelled);
    assert_eq!(count(&app, &team, is_cancelled).await, many);
    app.tick().await;
    assert_eq!((receiver.count(), other.count()), (0, 0));
}

async fn an_act_that_a_crash_has_cut_off_is_brought_to_its_end(app: TestApp) {
    let receiver = Receiver::answering([200]).await;
    let team = app.an_organisation().await;
    let hook = backlog(&app, &team, &receiver, 5).await;
    let state = async |to: HookState| {
        let (id, now) = (hook.id.clone(), app.now());
        app.write(move |conn| store::hook::set_state(conn, &id, to, now)).await;
        app.sweep().await;
    };
    // The state was written, and what follows was not.
    state(HookState::Paused).await;
    assert_eq!(count(&app, &team, |delivery| delivery.state.is_held()).await, 5);
    state(HookState::Active).await;
    assert_eq!(count(&app, &team, |delivery| delivery.state.due().is_some()).await, 5);
    state(HookState::Deleted).await;
    assert_eq!(count(&app, &team, |delivery| delivery.state.is_owed()).await, 0);
    app.tick().await;
    assert_eq!(receiver.count(), 0);
}

async fn an_act_leaves_what_is_owed_with_the_instance_that_holds_it(app: TestApp) {
    let (receiver, second) = (Receiver::answering([200]).await, Receiver::answering([200]).await);
    let team = app.an_organisation().await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let event = app.report(&key, "job.created").await;
    let (now, other) = (app.now(), InstanceId::new(app.now()));
    let theirs = Delivery::owed(DeliveryId::new(now), &event, hook.id.clone(), FieldSet::Standard, false, now);
    let (id, holder) = (theirs.id.clone(), other.clone());
    app.write(move |conn| {
        store::instance::insert(conn, &holder, now)?;
        store::delivery::insert(conn, &theirs, Some(&holder))
    })
    .await;
    let stays = async |what: &str| {
        let id = id.clone();
        let found = app.write(move |conn| store::delivery::current(conn, &id)).await.expect("it is there");
        assert_eq!(found.1.as_ref(), Some(&other), "{what}");
        found.0
    };
    let (context, admin) = (&app.context, &team.admin);
    hook::pause(context, admin, hook.id.clone()).await.expect("it pauses");
    assert!(stays("paused").await.state.is_held());
    hook::resume(context, admin, hook.id.clone()).await.expect("it goes on");
    assert_eq!(stays("resumed").await.state, DeliveryState::Pending { due: Some(app.now()) });
    actions::delivery::retry_now(context, admin, id.clone()).await.expect("it is due");
    stays("tried again").await;
    let form = Replacement { url: second.url(), token: token() };
    let new: HookId = replace(context, admin, hook.id.clone(), form).await.expect("it is replaced").id;
    assert_eq!(stays("moved").await.hook_id, new);
}

async fn what_was_taken_over_and_given_up_has_arrived_if_the_first_attempt_did(app: TestApp) {
    let (slow, gate) = Answer::of(200).behind_a_gate();
    let receiver = Receiver::answering([slow]).await;
    let team = app.an_organisation().await;
    let form = hook::NewHook { policy: "single".into(), ..hook::NewHook::default() };
    app.a_hook_with(&team.admin, &receiver.url(), form).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    let giving_up = async {
        receiver.has_been_asked(1).await;
        // Another instance took it over, sent it again, and was refused.
        let open = app.the_delivery(&team.id, Mode::Live).await;
        let at = app.now();
        let state = DeliveryState::Failed { at, class: ErrorClass::ServerError };
        let failed = changed(&open, |it| {
            (it.state, it.last_class) = (state, Some(ErrorClass::ServerError));
            (it.response_status, it.updated_at) = (Some(500), at);
        });
        app.write(move |conn| store::delivery::update(conn, &failed, None)).await;
        gate.open();
    };
    tokio::join!(app.tick(), giving_up);
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    assert_eq!((delivery.state.status(), delivery.response_status), (Status::Success, Some(200)));
}

async fn what_arrives_after_it_was_cancelled_stays_cancelled_and_says_so(app: TestApp) {
    let (slow, gate) = Answer::of(200).behind_a_gate();
    let receiver = Receiver::answering([slow]).await;
    let team = app.an_organisation().await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    let cancelling = async {
        receiver.has_been_asked(1).await;
        let open = app.the_delivery(&team.id, Mode::Live).await;
        actions::delivery::cancel(&app.context, &team.admin, open.id.clone()).await.expect("it is cancelled");
        gate.open();
    };
    tokio::join!(app.tick(), cancelling);
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    assert_eq!((delivery.state.status(), delivery.last_class), (Status::Failed, Some(ErrorClass::Cancelled)));
    assert!(delivery.has_arrived_all_the_same());
    assert_eq!(app.attempts(&delivery.id).await.len(), 1);
}

/// What is under way at one instance while a member acts at another is not sent by anybody else.
#[test]
fn what_is_under_way_elsewhere_is_not_sent_twice_because_its_hook_is_paused_and_resumed() {
    run(Kind::Postgres, |app: TestApp| async move {
        let (slow, gate) = Answer::of(200).behind_a_gate();
        let receiver = Receiver::answering([slow, Answer::of(200)]).await;
        let team = app.an_organisation().await;
        let hook = app.a_hook(&team.admin, &receiver.url()).await;
        let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
        let other = app.beside().await;
        app.report(&key, "job.created").await;
        let acting = async {
            receiver.has_been_asked(1).await;
            hook::pause(&other.context, &team.admin, hook.id.clone()).await.expect("it pauses");
            hook::resume(&other.context, &team.admin, hook.id.clone()).await.expect("it goes on");
            assert_eq!(other.tick().await.sent, 0, "it is another's");
            gate.open();
        };
        tokio::join!(app.tick(), acting);
        other.tick().await;
        app.tick().await;
        let delivery = app.the_delivery(&team.id, Mode::Live).await;
        assert_eq!((delivery.state.status(), receiver.count()), (Status::Success, 1));
    });
}

/// Whoever disables holds other rows and must not wait for a person: it is done later.
#[test]
fn a_receiver_that_says_it_is_gone_while_its_hook_is_being_changed_is_disabled_afterwards() {
    run(Kind::Postgres, |app: TestApp| async move {
        let receiver = Receiver::answering([410]).await;
        let team = app.an_organisation().await;
        let hook = app.a_hook(&team.admin, &receiver.url()).await;
        let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
        app.report(&key, "job.created").await;
        let id = hook.id.clone();
        let changing = Uncommitted::of(&app, move |conn| store::hook::current_state(conn, &id)).await;
        soon("the answer", app.tick()).await;
        changing.commit().await;
        let state = async || app.hook(&team.admin, &hook.id).await.state;
        assert_eq!((receiver.count(), state().await), (1, HookState::Active));
        app.sweep().await;
        assert_eq!(state().await, HookState::Disabled);
    });
}

#[test]
fn of_two_who_export_the_same_candidates_at_once_the_second_finds_what_the_first_has_sent() {
    use hirewire::actions::export::{Confirmed, confirm_with};
    use hirewire::domain::export::SentBefore;
    run(Kind::Postgres, |app: TestApp| async move {
        let receiver = Receiver::answering([200]).await;
        let team = app.an_organisation().await;
        let hook = app.a_hook(&team.admin, &receiver.url()).await;
        let (vacancy, candidates) = app.a_vacancy_with(&team.admin, 2).await;
        let of = vacancy.clone();
        let first = Uncommitted::of(&app, move |conn| store::vacancy::lock(conn, &of)).await;
        let confirmed = |token| Confirmed {
            vacancy: vacancy.clone(),
            candidates: candidates.clone(),
            hook: hook.id.clone(),
            token,
        };
        let both = [confirmed(token()), confirmed(token())].map(|confirmed| {
            let (context, admin) = (app.context.clone(), team.admin.clone());
            tokio::spawn(async move { confirm_with(&context, &admin, confirmed, SentBefore::LeftOut).await })
        });
        eventually("both at the vacancy", async || app.waits_for_a_lock().await.then_some(())).await;
        first.commit().await;
        let mut done = 0;
        for one in both {
            done += usize::from(soon("an export", one).await.expect("no panic").is_ok());
        }
        assert_eq!(done, 1, "nobody is left for the second");
    });
}
