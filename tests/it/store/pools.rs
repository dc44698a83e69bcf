//! Who has connections of their own: pages that are slow cost neither reports nor deliveries anything.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use hirewire::domain::mode::Mode;
use hirewire::store::{self, Conn, StoreError};
use serde_json::json;

use crate::support::{Kind, Receiver, TestApp, run, soon};

on_both_databases!(
    eight_slow_pages_stop_neither_reports_nor_deliveries_and_are_stopped_themselves,
    while_nothing_is_written_a_row_is_committed_now_and_then,
);

/// Reads for half a minute.
fn slow_read(conn: &mut Conn) -> Result<(), StoreError> {
    let forever = match conn {
        Conn::Sqlite(_) => {
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000000) SELECT count(*) AS n FROM n"
        }
        Conn::Postgres(_) => "SELECT count(*) AS n FROM (SELECT pg_sleep(30)) AS slept",
    };
    diesel::sql_query(forever).get_result::<Counted>(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    #[allow(dead_code, reason = "it is read for the time it takes")]
    n: i64,
}

async fn eight_slow_pages_stop_neither_reports_nor_deliveries_and_are_stopped_themselves(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let (_, key) = app.an_api_key(&team.admin, Mode::Live).await;
    let partner = app.partner(&key);
    assert_eq!(partner.report("job.created", json!({})).await.status, 202);
    let pages = app.context.store.for_pages();
    let began = Instant::now();
    let slow: Vec<_> = (0..8)
        .map(|_| {
            tokio::spawn({
                let pages = pages.clone();
                async move { pages.read(slow_read).await }
            })
        })
        .collect();
    for _ in 0..20 {
        assert_eq!(partner.report("job.created", json!({})).await.status, 202);
        assert!(app.tick().await.sent > 0);
    }
    let served_in = began.elapsed();
    assert_eq!(receiver.count(), 21);
    let mut stopped = 0;
    for page in slow {
        match soon("a slow page's end", page).await.expect("no panic") {
            Err(StoreError::TimedOut) => stopped += 1,
            // Found no connection free in time.
            Err(StoreError::Unavailable(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    let ended_in = began.elapsed();
    assert!(stopped >= 4, "{stopped} were stopped");
    assert!(served_in < ended_in, "reports waited for pages: {served_in:?}");
    assert!(ended_in < Duration::from_secs(15), "it took {ended_in:?} to stop them");
    pages.read(store::organisation::all).await.expect("its connections are free again");
}

async fn while_nothing_is_written_a_row_is_committed_now_and_then(app: TestApp) {
    let store = &app.context.store;
    app.an_organisation().await;
    let before = store.traffic().commits();
    store.prove_writable().await.expect("nothing to do");
    assert_eq!(store.traffic().commits(), before, "something was committed just now");
    assert!(store.vitals().ready().is_ok());
}

#[test]
fn a_page_that_takes_too_long_says_so_and_what_to_do() {
    run(Kind::Postgres, |app| async move {
        let team = app.an_organisation().await;
        let mut browser = app.browser().logged_in(&team.admin.member.email).await;
        let url = app.database_url().to_owned();
        // Somebody has the table to themselves, longer than a page waits.
        let held = tokio::task::spawn_blocking(move || {
            let mut other = PgConnection::establish(&url).expect("a database");
            other.batch_execute("BEGIN; LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE").expect("a lock");
            other
        });
        let held = held.await.expect("no panic");
        let page = browser.get("/developers/logs").await;
        drop(held);
        assert_eq!(page.status, 503, "{}", page.body);
        assert!(
            page.body.contains("longer than three seconds") && page.body.contains("nothing was changed"),
            "{}",
            page.body
        );
        assert_eq!(page.header("refresh"), None, "what was slow is not asked for again by itself");
        assert_eq!(browser.get("/developers/logs").await.status, 200);
    });
}
