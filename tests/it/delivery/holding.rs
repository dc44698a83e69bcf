//! Paused hooks hold, resumed ones send, deleted ones get nothing (A3, B1).

use hirewire::actions::{self, ActionError};
use hirewire::domain::attempt::ErrorClass;
use hirewire::domain::delivery::{Delivery, DeliveryState, Status};
use hirewire::domain::hook::FieldSet;
use hirewire::domain::ids::DeliveryId;
use hirewire::domain::mode::Mode;
use hirewire::store;

use crate::support::{Answer, Receiver, TestApp, in_mode, token};

on_both_databases!(
    what_is_owed_to_a_paused_hook_is_held_and_sent_when_it_is_resumed,
    a_retry_that_was_due_is_held_too_and_goes_on_where_it_stopped,
    pausing_while_a_try_is_under_way_holds_what_comes_after_it,
    held_deliveries_survive_a_crash,
    a_test_is_sent_to_a_paused_hook,
    a_deleted_hook_gets_nothing_and_what_was_owed_ends_as_cancelled,
    deleting_a_hook_while_a_try_is_under_way_keeps_the_evidence_and_sends_no_more,
    what_was_recorded_for_a_hook_in_the_very_moment_of_its_deletion_ends_as_cancelled,
    a_hook_with_an_export_in_progress_is_deleted_only_with_its_exports,
);

async fn what_is_owed_to_a_paused_hook_is_held_and_sent_when_it_is_resumed(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    actions::hook::pause(&app.context, &team.admin, hook.id.clone()).await.expect("it pauses");
    app.report(&key, "job.updated").await;
    // Before the engine has looked and afterwards: a held one says so from the first moment on.
    for _ in 0..2 {
        let held = app.deliveries(&team.id, Mode::Live).await;
        assert_eq!((receiver.count(), held.len()), (0, 2));
        assert!(held.iter().all(|delivery| delivery.state == DeliveryState::Pending { due: None }), "{held:?}");
        app.advance_ms(48 * 3_600_000);
        app.tick().await;
    }

    actions::hook::resume(&app.context, &team.admin, hook.id).await.expect("it goes on");
    assert_eq!(app.tick().await.succeeded, 2);
    let kinds: Vec<_> = receiver.requests().iter().map(|request| request.must("x-webhook-event").to_owned()).collect();
    assert!(kinds.contains(&"job.created".to_owned()) && kinds.contains(&"job.updated".to_owned()), "{kinds:?}");
}

async fn a_retry_that_was_due_is_held_too_and_goes_on_where_it_stopped(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([500]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    app.tick().await;
    actions::hook::pause(&app.context, &team.admin, hook.id.clone()).await.expect("it pauses");
    app.advance_ms(3_600_000);
    app.tick().await;
    assert_eq!(receiver.count(), 1);
    assert_eq!(app.the_delivery(&team.id, Mode::Live).await.state, DeliveryState::Retrying { due: None });
    actions::hook::resume(&app.context, &team.admin, hook.id).await.expect("it goes on");
    for pause in [0, 400, 800] {
        app.advance_ms(pause);
        assert_eq!(app.tick().await.sent, 1);
    }
    assert_eq!((receiver.count(), app.the_delivery(&team.id, Mode::Live).await.state.status()), (4, Status::Failed));
}

async fn pausing_while_a_try_is_under_way_holds_what_comes_after_it(app: TestApp) {
    let team = app.an_organisation().await;
    let (slow, gate) = Answer::of(500).behind_a_gate();
    let receiver = Receiver::answering([slow, Answer::of(200)]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    let pausing = async {
        receiver.has_been_asked(1).await;
        actions::hook::pause(&app.context, &team.admin, hook.id.clone()).await.expect("it pauses");
        gate.open();
    };
    tokio::join!(app.tick(), pausing);
    app.advance_ms(3_600_000);
    app.tick().await;
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    assert_eq!((receiver.count(), delivery.state), (1, DeliveryState::Retrying { due: None }));
    assert_eq!((delivery.response_status, app.attempts(&delivery.id).await.len()), (Some(500), 1));
    actions::hook::resume(&app.context, &team.admin, hook.id).await.expect("it goes on");
    assert_eq!(app.tick().await.succeeded, 1);
}

async fn held_deliveries_survive_a_crash(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    actions::hook::pause(&app.context, &team.admin, hook.id.clone()).await.expect("it pauses");
    app.report(&key, "job.created").await;
    let app = app.crashed_and_started_again(|_| {}).await;
    app.tick().await;
    assert_eq!(receiver.count(), 0);
    actions::hook::resume(&app.context, &team.admin, hook.id).await.expect("it goes on");
    assert_eq!(app.tick().await.succeeded, 1);
}

async fn a_test_is_sent_to_a_paused_hook(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([500]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    actions::hook::pause(&app.context, &team.admin, hook.id.clone()).await.expect("it pauses");
    let stepping = async {
        let sent = actions::test::send(&app.context, &team.admin, hook.id.clone());
        let step = async {
            while receiver.count() == 0 {
                app.tick().await;
            }
        };
        tokio::join!(sent, step).0.expect("it is sent")
    };
    let id = crate::support::soon("the test's answer", stepping).await;
    // It returned only when the try was settled; a test is one try, whatever the policy.
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    assert_eq!((&delivery.id, delivery.state.status(), delivery.probe), (&id, Status::Failed, true));
    assert_eq!(receiver.the_request().must("x-webhook-event"), "webhook.test");
    assert_eq!(receiver.the_request().json()["test"], true);
}

async fn a_deleted_hook_gets_nothing_and_what_was_owed_ends_as_cancelled(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([500]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    app.tick().await;
    app.report(&key, "job.updated").await;
    actions::hook::delete(&app.context, &team.admin, hook.id.clone(), false).await.expect("it goes");
    app.report(&key, "job.created").await;
    app.advance_ms(3_600_000);
    app.tick().await;
    assert_eq!(receiver.count(), 1, "nothing is sent after the deletion");
    let deliveries = app.deliveries(&team.id, Mode::Live).await;
    assert_eq!(deliveries.len(), 2, "its log stays, and what came later is not owed to it");
    for delivery in &deliveries {
        assert_eq!((delivery.state.status(), delivery.last_class), (Status::Failed, Some(ErrorClass::Cancelled)));
    }
    let retried = actions::delivery::retry_now(&app.context, &team.admin, deliveries[0].id.clone()).await;
    assert!(matches!(retried, Err(ActionError::Refused(_))), "{retried:?}");
    let resumed = actions::hook::resume(&app.context, &team.admin, hook.id).await;
    assert!(matches!(resumed, Err(ActionError::NotFound)), "{resumed:?}");
}

async fn deleting_a_hook_while_a_try_is_under_way_keeps_the_evidence_and_sends_no_more(app: TestApp) {
    let team = app.an_organisation().await;
    let (slow, gate) = Answer::of(500).behind_a_gate();
    let receiver = Receiver::answering([slow]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    let deleting = async {
        receiver.has_been_asked(1).await;
        actions::hook::delete(&app.context, &team.admin, hook.id.clone(), false).await.expect("it goes");
        gate.open();
    };
    tokio::join!(app.tick(), deleting);
    app.advance_ms(3_600_000);
    app.tick().await;
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    assert_eq!((receiver.count(), delivery.last_class), (1, Some(ErrorClass::Cancelled)));
    assert_eq!(app.attempts(&delivery.id).await.len(), 1);
}

/// On PostgreSQL an event may read its hooks just before one of them is deleted, and be written just after.
async fn what_was_recorded_for_a_hook_in_the_very_moment_of_its_deletion_ends_as_cancelled(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let event = app.report(&key, "job.created").await;
    actions::hook::delete(&app.context, &team.admin, hook.id.clone(), false).await.expect("it goes");
    let (now, instance) = (app.now(), app.context.engine.instance().clone());
    let late = Delivery::owed(DeliveryId::new(now), &event, hook.id.clone(), FieldSet::Standard, false, now);
    let (id, written) = (late.id.clone(), late);
    let owed = app
        .write(move |conn| {
            store::delivery::insert(conn, &written, Some(&instance))?;
            store::delivery::load(conn, &written.id)
        })
        .await;
    app.context.engine.hand_over(owed.into_iter().collect());
    app.tick().await;
    assert_eq!(receiver.count(), 0);
    let deliveries = app.deliveries(&team.id, Mode::Live).await;
    let late = deliveries.iter().find(|delivery| delivery.id == id).expect("it was written");
    assert_eq!((late.state.status(), late.last_class), (Status::Failed, Some(ErrorClass::Cancelled)));
}

async fn a_hook_with_an_export_in_progress_is_deleted_only_with_its_exports(app: TestApp) {
    let team = app.an_organisation().await;
    let viewer = in_mode(&team.admin, Mode::Test);
    let receiver = Receiver::answering([200]).await;
    let hook = app.a_hook(&viewer, &receiver.url()).await;
    let (vacancy, candidates) = app.a_vacancy_with(&viewer, 2).await;
    let confirmed = actions::export::Confirmed { vacancy, candidates, hook: hook.id.clone(), token: token() };
    actions::export::confirm(&app.context, &viewer, confirmed).await.expect("it is confirmed");
    let refused = actions::hook::delete(&app.context, &viewer, hook.id.clone(), false).await;
    assert!(matches!(refused, Err(ActionError::Refused(_))), "{refused:?}");
    assert_eq!(app.the_delivery(&team.id, Mode::Test).await.state.status(), Status::Pending);
    actions::hook::delete(&app.context, &viewer, hook.id, true).await.expect("it goes");
    app.tick().await;
    let delivery = app.the_delivery(&team.id, Mode::Test).await;
    assert_eq!((receiver.count(), delivery.last_class), (0, Some(ErrorClass::Cancelled)));
}
