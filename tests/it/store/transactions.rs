//! A write is all or nothing; a read changes nothing.

use hirewire::domain::ids::OrganisationId;
use hirewire::store::{self, StoreError};

use super::samples::organisation;
use crate::support::{Kind, TestApp, Uncommitted};

on_both_databases!(
    a_write_that_fails_leaves_nothing_behind,
    a_write_that_panics_leaves_nothing_behind_and_the_next_one_works,
    writes_at_the_same_time_all_happen,
    a_write_that_fails_costs_none_of_those_that_share_its_commit,
    what_is_not_committed_is_not_seen,
    the_schema_is_brought_up_to_date_once,
);

async fn there_is(app: &TestApp, id: &OrganisationId) -> bool {
    let id = id.clone();
    app.read(move |conn| store::organisation::find(conn, &id)).await.is_some()
}

async fn a_write_that_fails_leaves_nothing_behind(app: TestApp) {
    let new = organisation(app.now());
    let twice = new.clone();
    let failed = app.context.store.write(move |conn| {
        store::organisation::insert(conn, &twice)?;
        store::organisation::insert(conn, &twice)
    });
    let error = failed.await.expect_err("the same id twice");
    assert!(error.is_duplicate(), "{error}");
    assert!(!there_is(&app, &new.id).await);

    let given_up = new.clone();
    let refused: Result<(), StoreError> = app
        .context
        .store
        .write(move |conn| {
            store::organisation::insert(conn, &given_up)?;
            Err(StoreError::Unavailable("the caller changed its mind".into()))
        })
        .await;
    assert!(refused.is_err() && !there_is(&app, &new.id).await);
}

async fn a_write_that_panics_leaves_nothing_behind_and_the_next_one_works(app: TestApp) {
    let new = organisation(app.now());
    for _ in 0..20 {
        let broken = new.clone();
        let panicked: Result<(), StoreError> = app
            .context
            .store
            .write(move |conn| {
                store::organisation::insert(conn, &broken)?;
                panic!("a bug of ours, on purpose")
            })
            .await;
        assert!(matches!(panicked, Err(StoreError::Unavailable(_))), "{panicked:?}");
        assert!(!there_is(&app, &new.id).await);
    }
    let again = new.clone();
    app.write(move |conn| store::organisation::insert(conn, &again)).await;
    assert!(there_is(&app, &new.id).await);
}

async fn writes_at_the_same_time_all_happen(app: TestApp) {
    let new: Vec<_> = (0..40).map(|_| organisation(app.now())).collect();
    let writes = new.iter().cloned().map(|one| app.write(move |conn| store::organisation::insert(conn, &one)));
    futures_util::future::join_all(writes).await;
    let all = app.read(store::organisation::all).await;
    assert_eq!(all.len(), new.len());
    assert!(new.iter().all(|one| all.contains(one)));
    assert!(all.is_sorted_by_key(|organisation| organisation.id.clone()));
}

async fn a_write_that_fails_costs_none_of_those_that_share_its_commit(app: TestApp) {
    for fails in [false, true] {
        // While one write waits, the others gather.
        let first = Uncommitted::of(&app, |_| Ok(())).await;
        let store = app.context.store.clone();
        let new: Vec<_> = (0..4).map(|_| organisation(app.now())).collect();
        let (told, mut tells) = tokio::sync::mpsc::unbounded_channel();
        for (at, one) in new.iter().cloned().enumerate() {
            let told = told.clone();
            let done =
                move |written: Result<(), StoreError>| told.send((at, written.is_ok())).expect("somebody listens");
            if at == 1 {
                let work = move |conn: &mut store::Conn| store::organisation::insert(conn, &one);
                store.submit(work, done);
            } else {
                let work = move |conn: &mut store::Conn| {
                    store::organisation::insert(conn, &one)?;
                    match at {
                        2 if fails => Err(StoreError::Unavailable("on purpose".into())),
                        3 if fails => panic!("a bug of ours, on purpose"),
                        _ => Ok(()),
                    }
                };
                store.submit_repeatable(work, done);
            }
        }
        first.commit().await;
        for _ in 0..4 {
            let (at, is_written) = crate::support::soon("the others", tells.recv()).await.expect("each is told once");
            assert_eq!(is_written, !fails || at < 2, "write {at}");
            assert_eq!(there_is(&app, &new[at].id).await, is_written, "write {at}");
        }
    }
}

async fn what_is_not_committed_is_not_seen(app: TestApp) {
    let new = organisation(app.now());
    let (writing, id) = (new.clone(), new.id.clone());
    let insert = Uncommitted::of(&app, move |conn| store::organisation::insert(conn, &writing)).await;
    assert!(!there_is(&app, &id).await);
    insert.commit().await;
    assert!(there_is(&app, &id).await);
}

async fn the_schema_is_brought_up_to_date_once(app: TestApp) {
    let url = app.config.database.clone();
    let opening = (0..4).map(|_| {
        let url = url.clone();
        tokio::task::spawn_blocking(move || store::migrate::migrate(&url, None))
    });
    for migrated in futures_util::future::join_all(opening).await {
        migrated.expect("no panic").expect("nothing to do is no failure");
    }
    if app.kind() == Kind::Sqlite {
        use diesel::prelude::*;
        use diesel::sql_types::Integer;
        let read = |what: &'static str| {
            app.read(move |conn| {
                Ok::<_, StoreError>(diesel::select(diesel::dsl::sql::<Integer>(what)).get_result::<i32>(conn)?)
            })
        };
        // What was acknowledged survives a power cut; what was erased is not left in free pages.
        assert_eq!(read("(SELECT synchronous FROM pragma_synchronous)").await, 2);
        assert_eq!(read("(SELECT secure_delete FROM pragma_secure_delete)").await, 1);
        assert_eq!(read("(SELECT auto_vacuum FROM pragma_auto_vacuum)").await, 2);
    }
}
