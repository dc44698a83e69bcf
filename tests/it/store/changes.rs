//! What members change is numbered and named, so that nobody has to forget more than that.

use hirewire::actions::export::{self, Confirmed};
use hirewire::actions::{self, hook};
use hirewire::domain::ids::{DeliveryId, HookId, OrganisationId};
use hirewire::domain::mode::Mode;
use hirewire::store::changes::{Change, Changes, forget_old, head, record, since};
use hirewire::store::{self, StoreError};

use crate::support::{Receiver, TestApp, soon, token};

on_both_databases!(
    each_change_has_the_next_number_and_says_what_was_changed,
    what_is_no_longer_kept_or_was_never_named_is_taken_for_everything,
    an_act_names_what_it_changed_and_nothing_else,
    what_changes_nothing_that_is_kept_in_memory_tells_nobody,
    whoever_listens_is_woken_by_each_change,
);

async fn each_change_has_the_next_number_and_says_what_was_changed(app: TestApp) {
    let now = app.now();
    app.write(move |conn| {
        let (whose, hook, delivery) = (OrganisationId::new(now), HookId::new(now), DeliveryId::new(now));
        let first = head(conn)?;
        let named = [
            vec![Change::Hook(whose.clone(), hook), Change::Delivery(whose.clone(), delivery)],
            vec![Change::Everything],
            vec![Change::Organisation(whose)],
        ];
        for (at, changes) in named.iter().enumerate() {
            assert_eq!(record(conn, changes, now)?, first + at as i64 + 1);
        }
        let all: Vec<Change> = named.iter().flatten().cloned().collect();
        let found = since(conn, first)?;
        assert_eq!(found, Changes { head: first + 3, named: Some(all) });
        assert_eq!(since(conn, first + 2)?.named, Some(named[2].clone()));
        assert_eq!(since(conn, first + 3)?.named, Some(Vec::new()));
        Ok::<_, StoreError>(())
    })
    .await;
}

async fn what_is_no_longer_kept_or_was_never_named_is_taken_for_everything(app: TestApp) {
    let now = app.now();
    app.write(move |conn| {
        use diesel::connection::SimpleConnection as _;
        let first = head(conn)?;
        for _ in 0..3 {
            record(conn, &[Change::Everything], now)?;
        }
        forget_old(conn, 2)?;
        assert_eq!(since(conn, first)?, Changes { head: first + 3, named: None });
        assert_eq!(since(conn, first + 1)?.named.map(|named| named.len()), Some(2));
        // An older version takes a number and says nothing.
        conn.batch_execute("UPDATE generation SET value = value + 1")?;
        record(conn, &[Change::Everything], now)?;
        assert_eq!(since(conn, first + 2)?, Changes { head: first + 5, named: None });
        Ok::<_, StoreError>(())
    })
    .await;
}

/// What was named since, as far as everything is named.
async fn named_since(app: &TestApp, number: i64) -> Vec<Change> {
    app.read(move |conn| since(conn, number)).await.named.expect("all of it is named")
}

async fn an_act_names_what_it_changed_and_nothing_else(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([500]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let other = app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    app.tick().await;
    let delivery = app.the_delivery_to(&team.id, &hook.id).await;
    let whose = || team.id.clone();
    let (context, admin) = (&app.context, &team.admin);

    let before = app.read(head).await;
    hook::pause(context, admin, other.id.clone()).await.expect("it pauses");
    let named = named_since(&app, before).await;
    assert!(named.iter().all(|change| *change == Change::Hook(whose(), other.id.clone())), "{named:?}");
    assert!(!named.is_empty());

    let before = app.read(head).await;
    actions::delivery::retry_now(context, admin, delivery.id.clone()).await.expect("it is due");
    actions::delivery::cancel(context, admin, delivery.id.clone()).await.expect("it is cancelled");
    assert_eq!(named_since(&app, before).await, vec![Change::Delivery(whose(), delivery.id.clone()); 2]);

    let before = app.read(head).await;
    actions::api_key::revoke(context, admin, key.id.clone()).await.expect("it is revoked");
    actions::api_key::revoke(context, admin, key.id).await.expect("it is revoked");
    assert_eq!(named_since(&app, before).await, [Change::Organisation(whose())], "twice is once");
}

async fn what_changes_nothing_that_is_kept_in_memory_tells_nobody(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let (vacancy, candidates) = app.a_vacancy_with(&team.admin, 1).await;
    let before = app.read(head).await;
    let confirmed = Confirmed { vacancy, candidates, hook: hook.id.clone(), token: token() };
    export::confirm(&app.context, &team.admin, confirmed).await.expect("it is confirmed");
    let sent = actions::test::send(&app.context, &team.admin, hook.id.clone());
    let step = async {
        while receiver.count() < 2 {
            app.tick().await;
        }
    };
    soon("the test", async { tokio::join!(sent, step).0 }).await.expect("it is sent");
    actions::health::enable(&app.context, &team.admin, hook.id.clone()).await.expect("it was not disabled");
    assert_eq!(app.read(head).await, before);
}

async fn whoever_listens_is_woken_by_each_change(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let mut changes = app.context.store.changes();
    let before = *changes.borrow_and_update();
    assert_eq!(before, app.context.store.generation());
    hook::pause(&app.context, &team.admin, hook.id).await.expect("it pauses");
    soon("the change", changes.changed()).await.expect("the store is there");
    assert!(*changes.borrow() > before);
    // What this process has seen already wakes nobody.
    let seen = *changes.borrow_and_update();
    app.context.store.seen(before);
    assert!(!changes.has_changed().expect("the store is there") && *changes.borrow() == seen);
    let found = app.read(move |conn| store::changes::since(conn, before)).await;
    assert_eq!(found.head, seen);
}
