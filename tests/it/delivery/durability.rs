//! Nothing accepted is lost (B1): what is owed stands in the database before anybody is told, and outlives the process.

use hirewire::domain::delivery::{DeliveryState, Status};
use hirewire::domain::hook::FieldSet;
use hirewire::domain::mode::Mode;
use hirewire::store;
use serde_json::json;

use crate::support::{Receiver, TestApp};

on_both_databases!(
    an_event_is_durable_before_202_and_delivered_after_a_crash,
    retries_that_were_due_later_survive_a_crash,
    an_event_that_no_hook_wants_is_kept,
    an_event_that_cannot_be_written_is_not_acknowledged,
);

async fn an_event_is_durable_before_202_and_delivered_after_a_crash(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let (_, key) = app.an_api_key(&team.admin, Mode::Live).await;
    let answer = app.partner(&key).report("job.created", json!({"jobId": "J-7"})).await;
    assert_eq!(answer.status, 202);
    let id = answer.json()["id"].as_str().expect("an id").to_owned();
    // The engine never had a step: all it knew is lost with it.
    let app = app.crashed_and_started_again(|_| {}).await;
    assert_eq!(receiver.count(), 0);
    app.tick().await;
    let request = receiver.the_request();
    assert_eq!(request.must("webhook-id"), id);
    assert_eq!(request.json()["data"], json!({"jobId": "J-7"}));
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    assert_eq!((delivery.state.status(), delivery.event_id.as_str()), (Status::Success, id.as_str()));
    assert_eq!(app.unrouted(&team.id, Mode::Live).await, 0);
}

async fn retries_that_were_due_later_survive_a_crash(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([500, 500, 200]).await;
    let (_, secret) = app.a_signed_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    app.tick().await;
    app.advance_ms(200);
    app.tick().await;
    let app = app.crashed_and_started_again(|_| {}).await;
    app.advance_ms(400);
    assert_eq!(app.tick().await.succeeded, 1);
    let tries = receiver.requests();
    assert_eq!(tries.len(), 3);
    assert!(tries.iter().all(|tried| tried.body == tries[0].body));
    assert!(tries.iter().all(|tried| tried.must("webhook-id") == tries[0].must("webhook-id")));
    assert!(!secret.is_empty() && tries[2].header("webhook-signature").is_some(), "its secret was opened again");
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    assert_eq!((delivery.tries.automatic, app.attempts(&delivery.id).await.len()), (3, 3));
}

async fn an_event_that_no_hook_wants_is_kept(app: TestApp) {
    let team = app.an_organisation().await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Test).await;
    let event = app.report(&key, "job.created").await;
    let (organisation, id) = (team.id.clone(), event.id.clone());
    let (found, unrouted, body) = app
        .read(move |conn| {
            let found = store::event::find(conn, &organisation, &id)?;
            let unrouted = store::event::count_unrouted(conn, &organisation, Mode::Test)?;
            Ok::<_, store::StoreError>((found, unrouted, store::event::body(conn, &id, FieldSet::Standard)?))
        })
        .await;
    assert_eq!((found, unrouted), (Some(event), 1));
    assert!(body.is_some(), "its bytes are frozen all the same, to be sent one day");
}

async fn an_event_that_cannot_be_written_is_not_acknowledged(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let (_, key) = app.an_api_key(&team.admin, Mode::Live).await;
    let partner = app.partner(&key);
    // The last table of the transaction is away: everything before it must be undone.
    app.sql("ALTER TABLE deliveries RENAME TO deliveries_away").await;
    let answer = partner.report("job.created", json!({})).await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (500, Some("INTERNAL_ERROR")));
    app.sql("ALTER TABLE deliveries_away RENAME TO deliveries").await;
    assert_eq!(app.unrouted(&team.id, Mode::Live).await, 0);
    app.tick().await;
    assert_eq!((receiver.count(), app.deliveries(&team.id, Mode::Live).await.len()), (0, 0));
    assert_eq!(partner.report("job.created", json!({})).await.status, 202);
    app.tick().await;
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    assert_eq!(delivery.state, DeliveryState::Success { at: app.now() });
}
