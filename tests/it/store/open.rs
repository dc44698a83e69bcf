//! Open deliveries: what is asked of them, and that the log is written when they end.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use hirewire::domain::delivery::{Delivery, Status};
use hirewire::domain::hook::Hook;
use hirewire::domain::ids::{DeliveryId, InstanceId};
use hirewire::domain::mode::Mode;
use hirewire::store::delivery::{ClaimRequest, HeldRow};
use hirewire::store::{self, Conn, Result, StoreError};

use super::samples::{hook, organisation, owed};
use crate::support::{Kind, Receiver, TestApp, eventually, run};

on_both_databases!(
    a_claim_takes_what_each_hook_has_room_for_and_nothing_that_is_due_later,
    hooks_with_something_free_and_due_are_found_each_with_its_longest_due,
    what_is_held_and_due_is_paged_through_in_order_whichever_hook_it_is_for,
    what_cannot_be_read_is_told_apart_and_waits_once_it_is_set_aside,
    orphans_are_freed_so_many_at_a_time_and_the_living_lose_nothing,
    a_retry_is_seen_at_once_though_the_log_is_written_at_the_end,
);

/// An instance, and hooks that are owed nothing yet.
fn scene(conn: &mut Conn, now: DateTime<Utc>, hooks: usize) -> Result<(InstanceId, Vec<Hook>)> {
    let own = organisation(now);
    store::organisation::insert(conn, &own)?;
    let made: Vec<Hook> = (0..hooks).map(|_| hook(&own.id, Mode::Live, "Hook", now)).collect();
    for hook in &made {
        store::hook::insert(conn, hook)?;
    }
    Ok((InstanceId::new(now), made))
}

fn at(now: DateTime<Utc>, seconds: i64) -> Option<DateTime<Utc>> {
    Some(now + TimeDelta::seconds(seconds))
}

async fn a_claim_takes_what_each_hook_has_room_for_and_nothing_that_is_due_later(app: TestApp) {
    let now = app.now();
    app.write(move |conn| {
        let (me, hooks) = scene(conn, now, 3)?;
        for hook in &hooks {
            for seconds in [5, 3, 1, 99] {
                owed(conn, hook, at(now, seconds), None, now)?;
            }
        }
        let rooms = vec![(hooks[0].id.clone(), 2), (hooks[1].id.clone(), 10), (hooks[2].id.clone(), 0)];
        let request = ClaimRequest { rooms, due_by: now + TimeDelta::seconds(10) };
        let claimed = store::delivery::claim(conn, &me, &request)?;
        let loaded = store::delivery::load_all(conn, &claimed)?;
        let dues: Vec<i64> =
            loaded.owed.iter().map(|owed| (owed.delivery.state.due().expect("due") - now).num_seconds()).collect();
        assert_eq!((dues, loaded.unreadable.len()), (vec![1, 1, 3, 3, 5], 0));
        assert!(loaded.owed.iter().all(|owed| owed.delivery.hook_id != hooks[2].id));
        let nothing = ClaimRequest { rooms: Vec::new(), ..request };
        assert_eq!(store::delivery::claim(conn, &me, &nothing)?, []);
        Ok::<_, StoreError>(())
    })
    .await;
}

async fn hooks_with_something_free_and_due_are_found_each_with_its_longest_due(app: TestApp) {
    let now = app.now();
    app.write(move |conn| {
        let (me, hooks) = scene(conn, now, 5)?;
        // Two are due, what is due first of the first is held already; the others' are held for, later, and taken.
        owed(conn, &hooks[0], at(now, 1), Some(&me), now)?;
        owed(conn, &hooks[0], at(now, 3), None, now)?;
        owed(conn, &hooks[0], at(now, 2), None, now)?;
        owed(conn, &hooks[1], None, None, now)?;
        owed(conn, &hooks[2], at(now, 11), None, now)?;
        owed(conn, &hooks[3], at(now, 1), Some(&me), now)?;
        owed(conn, &hooks[4], at(now, 10), None, now)?;
        let mut found = store::delivery::hooks_with_due(conn, now + TimeDelta::seconds(10))?;
        found.sort();
        let mut expected = [(hooks[0].id.clone(), 2), (hooks[4].id.clone(), 10)]
            .map(|(hook, seconds)| (hook, now + TimeDelta::seconds(seconds)));
        expected.sort();
        assert_eq!(found, expected);
        Ok::<_, StoreError>(())
    })
    .await;
}

/// The hooks for which `holder` holds something.
fn held_by(conn: &mut Conn, holder: &InstanceId) -> Result<Vec<String>> {
    let all = store::delivery::holdings(conn)?.into_iter();
    Ok(all.filter(|one| one.holder == holder.as_str()).map(|one| one.hook_id).collect())
}

async fn what_is_held_and_due_is_paged_through_in_order_whichever_hook_it_is_for(app: TestApp) {
    let now = app.now();
    app.write(move |conn| {
        let (me, hooks) = scene(conn, now, 3)?;
        let other = InstanceId::new(now);
        let mut mine: Vec<Delivery> = Vec::new();
        for (number, hook) in hooks.iter().cycle().take(12).enumerate() {
            mine.push(owed(conn, hook, at(now, (number % 4) as i64), Some(&me), now)?);
            owed(conn, hook, at(now, 0), Some(&other), now)?;
            owed(conn, hook, at(now, 0), None, now)?;
            owed(conn, hook, None, None, now)?;
            owed(conn, hook, at(now, 60), Some(&me), now)?;
        }
        mine.sort_by_key(|delivery| (delivery.state.due(), delivery.id.clone()));
        let expected: Vec<&DeliveryId> = mine.iter().map(|delivery| &delivery.id).collect();
        let held = held_by(conn, &me)?;
        assert_eq!(
            held,
            hooks.iter().map(|hook| hook.id.to_string()).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
        );
        let mut found: Vec<HeldRow> = Vec::new();
        loop {
            let after = found.last().map(|row| (row.due, row.id.clone()));
            let page = store::delivery::held_due_page(conn, &me, &held, after, now + TimeDelta::seconds(10), 5)?;
            if page.is_empty() {
                break;
            }
            found.extend(page);
        }
        assert_eq!(found.iter().map(|row| &row.id).collect::<Vec<_>>(), expected);
        let one = store::delivery::held_of_hook(conn, &me, &hooks[0].id, 100)?;
        assert_eq!((one.len(), one[0].due, one[0].updated_at), (8, now, now));
        let ids: Vec<DeliveryId> = mine.iter().take(3).map(|delivery| delivery.id.clone()).collect();
        assert_eq!(store::delivery::held_among(conn, &me, &ids)?.len(), 3);
        assert_eq!(store::delivery::held_among(conn, &other, &ids)?, []);
        Ok::<_, StoreError>(())
    })
    .await;
}

async fn what_cannot_be_read_is_told_apart_and_waits_once_it_is_set_aside(app: TestApp) {
    let now = app.now();
    app.write(move |conn| {
        use diesel::connection::SimpleConnection as _;
        let (me, hooks) = scene(conn, now, 1)?;
        let broken = owed(conn, &hooks[0], at(now, 0), None, now)?;
        let sound = owed(conn, &hooks[0], at(now, 1), None, now)?;
        conn.batch_execute(&format!("UPDATE deliveries SET kind = 'job.made' WHERE id = '{}'", broken.id))?;
        let request =
            |rooms| ClaimRequest { rooms: vec![(hooks[0].id.clone(), rooms)], due_by: now + TimeDelta::minutes(1) };
        let claimed = store::delivery::claim(conn, &me, &request(10))?;
        let loaded = store::delivery::load_all(conn, &claimed)?;
        assert_eq!(loaded.owed.iter().map(|owed| &owed.delivery.id).collect::<Vec<_>>(), [&sound.id]);
        assert_eq!(loaded.unreadable.iter().map(|(id, _)| id).collect::<Vec<_>>(), [&broken.id]);
        assert!(matches!(&loaded.unreadable[0].1, StoreError::Corrupt { table: "deliveries", .. }));
        let later = now + TimeDelta::hours(1);
        store::delivery::set_aside(conn, &broken.id, &InstanceId::new(now), later)?;
        assert_eq!(store::delivery::held_among(conn, &me, &claimed)?.len(), 2, "only its holder sets it aside");
        store::delivery::set_aside(conn, &broken.id, &me, later)?;
        assert_eq!(store::delivery::held_among(conn, &me, &claimed)?.len(), 1);
        assert_eq!(store::delivery::claim(conn, &me, &request(10))?, []);
        assert_eq!(store::delivery::hooks_with_due(conn, later)?, [(hooks[0].id.clone(), later)]);
        Ok::<_, StoreError>(())
    })
    .await;
}

async fn orphans_are_freed_so_many_at_a_time_and_the_living_lose_nothing(app: TestApp) {
    let now = app.now();
    app.write(move |conn| {
        let (living, hooks) = scene(conn, now, 2)?;
        store::instance::insert(conn, &living, now)?;
        let (gone, other) = (InstanceId::new(now), InstanceId::new(now));
        for hook in hooks.iter().cycle().take(10) {
            for holder in [Some(&living), Some(&gone), Some(&other), None] {
                owed(conn, hook, at(now, 0), holder, now)?;
            }
        }
        let mut freed = Vec::new();
        while freed.last() != Some(&0) {
            freed.push(store::delivery::free_orphans(conn, 8)?);
        }
        assert_eq!(freed, [8, 8, 4, 0]);
        let held = |conn: &mut Conn| {
            let hooks = held_by(conn, &living)?;
            store::delivery::held_due_page(conn, &living, &hooks, None, now, 100).map(|page| page.len())
        };
        assert_eq!(held(conn)?, 10);
        assert_eq!(store::delivery::free_from(conn, std::slice::from_ref(&living), 7)?, 7);
        assert_eq!((held(conn)?, store::delivery::free_from(conn, &[], 7)?), (3, 0));
        Ok::<_, StoreError>(())
    })
    .await;
}

async fn a_retry_is_seen_at_once_though_the_log_is_written_at_the_end(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([503, 200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    let standing = async || {
        let (whose, id) = (team.id.clone(), hook.id.clone());
        app.read(move |conn| {
            use store::log::{LogFilter, ResponseClass, counts, page};
            use store::page::Slice;
            let by_response = LogFilter { response: Some(ResponseClass::Status(5)), ..LogFilter::default() };
            let found = page(conn, &whose, Mode::Live, &by_response, &Slice::Newest, 10)?.lines.len();
            let (counted, _) = counts(conn, &whose, Mode::Live, &LogFilter::default())?;
            let recent = store::delivery::recent_statuses(conn, &whose, Mode::Live, Some(&id), now_before(&whose))?;
            Ok::<_, StoreError>((counted, found, recent[0].1, store::delivery::count_owed_to(conn, &id)?.0))
        })
        .await
    };
    assert_eq!(standing().await, ([1, 0, 0, 0], 0, Status::Pending, 1));
    app.tick().await;
    assert_eq!(standing().await, ([0, 1, 0, 0], 1, Status::Retrying, 1));
    app.advance_ms(200);
    app.tick().await;
    assert_eq!(standing().await, ([0, 0, 1, 0], 0, Status::Success, 0));
}

/// Before the organisation was made.
fn now_before(whose: &hirewire::domain::ids::OrganisationId) -> DateTime<Utc> {
    whose.made_at().expect("ids begin with their time") - TimeDelta::seconds(1)
}

/// On PostgreSQL a row that changes no indexed column fits beside its old one: no index grows with each delivery that ends.
#[test]
fn the_end_of_a_delivery_that_arrives_touches_no_index_of_the_log() {
    run(Kind::Postgres, |app: TestApp| async move {
        let team = app.an_organisation().await;
        let receiver = Receiver::answering([200]).await;
        app.a_hook(&team.admin, &receiver.url()).await;
        let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
        // One after the other: what ends in one transaction all together may not fit beside its old rows.
        for _ in 0..20 {
            app.report(&key, "job.created").await;
            app.tick().await;
        }
        let (updated, hot) = eventually("the server's count of rows", async || {
            let counted = app
                .read(|conn| {
                    use diesel::prelude::*;
                    use diesel::sql_types::BigInt;
                    let count = |what: &str| {
                        diesel::dsl::sql::<BigInt>(&format!(
                            "(SELECT {what} FROM pg_stat_user_tables WHERE relname = 'deliveries')"
                        ))
                    };
                    let both = (count("n_tup_upd"), count("n_tup_hot_upd"));
                    Ok::<_, StoreError>(diesel::select(both).get_result::<(i64, i64)>(conn)?)
                })
                .await;
            (counted.0 >= 20).then_some(counted)
        })
        .await;
        assert_eq!((updated, hot), (20, 20));
    });
}
