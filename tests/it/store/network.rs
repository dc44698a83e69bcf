//! What stands between the program and PostgreSQL: a network that falls silent, is cut, or loses the one answer that counts.

use std::future::Future;
use std::time::{Duration, Instant};

use hirewire::domain::ids::InstanceId;
use hirewire::domain::mode::Mode;
use hirewire::store::presence::{Held, Presence};
use hirewire::store::{self, StoreError};
use serde_json::{Value, json};

use super::samples::organisation;
use crate::support::{Kind, Proxy, TestApp, eventually, run};

/// Tells a story of PostgreSQL behind a network of the test's.
fn behind_a_proxy<Told: Future<Output = ()>>(story: impl FnOnce(TestApp, Proxy) -> Told) {
    run(Kind::Postgres, |app| async move {
        let (app, proxy) = app.behind_a_proxy().await;
        story(app, proxy).await;
    });
}

#[test]
fn a_commit_whose_answer_is_lost_is_told_as_unclear_and_may_have_happened() {
    behind_a_proxy(|app, proxy| async move {
        let new = organisation(app.now());
        let writing = new.clone();
        proxy.swallow_next_commit_answer();
        let written = app.context.store.write(move |conn| store::organisation::insert(conn, &writing)).await;
        assert!(matches!(written, Err(StoreError::Unclear(_))), "{written:?}");
        let id = new.id.clone();
        let there = eventually("a database", || async {
            let id = id.clone();
            app.context.store.read(move |conn| store::organisation::find(conn, &id)).await.ok()
        });
        assert_eq!(there.await, Some(new));
    });
}

#[test]
fn a_report_whose_commit_is_unclear_is_not_said_to_be_unrecorded() {
    behind_a_proxy(|app, proxy| async move {
        let team = app.an_organisation().await;
        let (key, secret) = app.an_api_key(&team.admin, Mode::Live).await;
        let partner = app.partner(&secret);
        assert_eq!(partner.report("job.created", json!({})).await.status, 202);
        // That the key was used is written beside the report, once a minute.
        eventually("the key's last use", || async {
            let (organisation, id) = (team.id.clone(), key.id.clone());
            let key = app.read(move |conn| store::api_key::find(conn, &organisation, &id)).await;
            key.and_then(|key| key.last_used_at)
        })
        .await;
        proxy.swallow_next_commit_answer();
        let answer = partner.report("job.created", json!({})).await;
        let told = answer.json();
        assert_eq!((answer.status, &told["error"]["details"]), (503, &json!({"outcome": "unknown"})), "{told}");
        assert!(told["message"].as_str().is_some_and(|message| message.contains("may or may not")), "{told}");
        assert_eq!(app.unrouted(&team.id, Mode::Live).await, 2, "it was recorded all the same");
        proxy.cut();
        let answer = partner.report("job.created", json!({})).await;
        let told = answer.json();
        assert_eq!((answer.status, &told["error"]["details"]), (503, &Value::Null), "{told}");
        assert!(told["message"].as_str().is_some_and(|message| message.contains("nothing was recorded")), "{told}");
        proxy.resume();
        eventually("a database", || async {
            (partner.report("job.created", json!({})).await.status == 202).then_some(())
        })
        .await;
        assert_eq!(app.unrouted(&team.id, Mode::Live).await, 3);
    });
}

#[test]
fn a_write_goes_through_though_every_idle_connection_was_lost() {
    run(Kind::Postgres, |app| async move {
        app.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
        for store in [app.context.store.for_engine(), app.context.store.for_api(), app.context.store.clone()] {
            let new = organisation(app.now());
            store
                .write(move |conn| store::organisation::insert(conn, &new))
                .await
                .expect("nothing was begun, so it is tried again");
        }
        assert!(app.context.store.vitals().ready().is_ok());
    });
}

#[test]
fn a_network_that_falls_silent_blocks_nobody_for_long() {
    behind_a_proxy(|app, proxy| async move {
        let store = &app.context.store;
        let presence = Presence::new(InstanceId::new(app.now()));
        assert_eq!(presence.hold(store).await.expect("a session"), Held::Anew);
        assert_eq!(presence.hold(store).await.expect("the same session"), Held::Still);
        let looks = store.for_looks();
        looks.read(store::changes::head).await.expect("a look");
        proxy.silence();
        let silent = Instant::now();
        let (held, looked) = tokio::join!(presence.hold(store), looks.read(store::changes::head));
        let took = silent.elapsed();
        assert!(held.is_err() && looked.is_err(), "{held:?} {looked:?}");
        assert!(took < Duration::from_secs(10), "they gave up after {took:?}");
        proxy.resume();
        let again = || async { presence.hold(store).await.ok().filter(|held| *held == Held::Still) };
        eventually("the session to be held again", again).await;
    });
}

#[test]
fn while_the_database_is_away_pages_and_readyz_say_so_and_all_comes_back() {
    behind_a_proxy(|app, proxy| async move {
        let team = app.an_organisation().await;
        let mut browser = app.browser().logged_in(&team.admin.member.email).await;
        assert_eq!(browser.get("/readyz").await.status, 200);
        proxy.cut();
        let page = browser.get("/").await;
        assert_eq!(page.status, 503, "{}", page.body);
        assert!(page.body.contains("The database is away") && page.header("refresh").is_some(), "{}", page.body);
        let new = organisation(app.now());
        let refused = app.context.store.write(move |conn| store::organisation::insert(conn, &new)).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        let ready = browser.get("/readyz").await;
        assert_eq!(ready.status, 503);
        assert!(ready.body.contains("last write to the database failed"), "{}", ready.body);
        assert_eq!(browser.get("/healthz").await.status, 200, "the process lives");
        proxy.resume();
        eventually("a database", || async {
            let new = organisation(app.now());
            app.context.store.write(move |conn| store::organisation::insert(conn, &new)).await.ok()
        })
        .await;
        assert_eq!(browser.get("/readyz").await.status, 200);
        assert_eq!(browser.get("/").await.status, 200);
    });
}
