//! What is owed: who may claim it, who holds it, and how it ends.

use std::net::SocketAddr;
use std::time::Duration;

use chrono::TimeDelta;
use hirewire::domain::attempt::{Attempt, ErrorClass, Outcome, Proof, Request, Response, Timings, Trigger};
use hirewire::domain::delivery::{Delivery, DeliveryRecord, DeliveryState, Status, Tries};
use hirewire::domain::header_lines::HeaderLines;
use hirewire::domain::hook::{Hook, HookState};
use hirewire::domain::ids::{AttemptId, DeliveryId, HookId, InstanceId};
use hirewire::domain::mode::Mode;
use hirewire::store::{self, StoreError};

use super::samples::{hook, organisation, owed};
use crate::support::{Kind, TestApp, Uncommitted, changed, run};

on_both_databases!(
    only_what_is_free_is_claimed_the_longest_due_first_and_no_more_than_asked_for,
    two_who_claim_at_once_never_get_the_same,
    what_the_dead_held_is_free_again_and_nothing_else,
    a_paused_hooks_deliveries_are_held_and_released,
    only_what_is_owed_is_cancelled_with_its_hook,
    a_delivery_reads_back_as_it_was_written_in_every_state,
    only_the_holder_still_holds,
    attempts_read_back_as_they_were_written,
    recent_statuses_leave_out_tests_other_modes_and_what_is_older,
);

/// Claims up to so many for a hook, whenever they are due.
fn claim(conn: &mut store::Conn, holder: &InstanceId, hook: &Hook, room: usize) -> Result<Vec<DeliveryId>, StoreError> {
    let due_by = hook.created_at + TimeDelta::days(1);
    let request = store::delivery::ClaimRequest { rooms: vec![(hook.id.clone(), room)], due_by };
    store::delivery::claim(conn, holder, &request)
}

async fn only_what_is_free_is_claimed_the_longest_due_first_and_no_more_than_asked_for(app: TestApp) {
    let now = app.now();
    app.write(move |conn| {
        let own = organisation(now);
        store::organisation::insert(conn, &own)?;
        let one = hook(&own.id, Mode::Live, "One", now);
        store::hook::insert(conn, &one)?;
        let (me, other) = (InstanceId::new(now), InstanceId::new(now));
        let at = |seconds| Some(now + TimeDelta::seconds(seconds));
        let third = owed(conn, &one, at(3), None, now)?;
        let first = owed(conn, &one, at(1), None, now)?;
        let second = owed(conn, &one, at(2), None, now)?;
        let taken = owed(conn, &one, at(0), Some(&other), now)?;
        let held = owed(conn, &one, None, None, now)?;
        let done = owed(conn, &one, at(0), None, now)?;
        let done = changed(&done, |it| it.state = DeliveryState::Success { at: now });
        store::delivery::update(conn, &done, Some(&me))?;

        let claimed = claim(conn, &me, &one, 2)?;
        let claimed = store::delivery::load_all(conn, &claimed)?.owed;
        let ids: Vec<_> = claimed.iter().map(|owed| owed.delivery.id.clone()).collect();
        assert_eq!(ids, [first.id.clone(), second.id.clone()]);
        assert_eq!(claimed[0].delivery, first);
        assert_eq!(
            (claimed[0].occurred_at, &claimed[0].body[..]),
            (now, format!("bytes of {}", first.event_id).as_bytes())
        );
        let claimed = claim(conn, &me, &one, 10)?;
        assert_eq!(claimed, std::slice::from_ref(&third.id));
        assert!(claim(conn, &me, &one, 10)?.is_empty());
        assert!(claim(conn, &other, &one, 10)?.is_empty());
        let holder = |conn: &mut store::Conn, id: &DeliveryId| {
            store::delivery::current(conn, id).map(|found| found.expect("there").1)
        };
        assert_eq!(holder(conn, &first.id)?, Some(me));
        assert_eq!(holder(conn, &taken.id)?, Some(other));
        assert_eq!((holder(conn, &held.id)?, holder(conn, &done.id)?), (None, None));
        Ok::<_, StoreError>(())
    })
    .await;
}

async fn two_who_claim_at_once_never_get_the_same(app: TestApp) {
    let now = app.now();
    let one = app
        .write(move |conn| {
            let own = organisation(now);
            store::organisation::insert(conn, &own)?;
            let one = hook(&own.id, Mode::Live, "One", now);
            store::hook::insert(conn, &one)?;
            for second in 0..60 {
                owed(conn, &one, Some(now + TimeDelta::seconds(second)), None, now)?;
            }
            Ok::<_, StoreError>(one)
        })
        .await;
    let claims = (0..6).map(|_| {
        let (me, one) = (InstanceId::new(now), one.clone());
        app.write(move |conn| claim(conn, &me, &one, 10))
    });
    let claimed: Vec<_> = futures_util::future::join_all(claims).await.into_iter().flatten().collect();
    let mut ids = claimed.clone();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), claimed.len(), "one delivery was claimed twice");
    let last = InstanceId::new(now);
    let rest = app.write(move |conn| claim(conn, &last, &one, 100)).await;
    assert_eq!(claimed.len() + rest.len(), 60);
}

/// What one instance is looking at is passed over, not waited for.
#[test]
fn a_claim_does_not_wait_for_another_that_is_not_committed() {
    run(Kind::Postgres, |app| async move {
        let now = app.now();
        let one = app
            .write(move |conn| {
                let own = organisation(now);
                store::organisation::insert(conn, &own)?;
                let one = hook(&own.id, Mode::Live, "One", now);
                store::hook::insert(conn, &one)?;
                for second in 0..4 {
                    owed(conn, &one, Some(now + TimeDelta::seconds(second)), None, now)?;
                }
                Ok::<_, StoreError>(one)
            })
            .await;
        let (slow, quick, same) = (InstanceId::new(now), InstanceId::new(now), one.clone());
        let slow = Uncommitted::of(&app, move |conn| claim(conn, &slow, &same, 2)).await;
        let second = app.write(move |conn| claim(conn, &quick, &one, 10));
        let theirs = crate::support::soon("the second claim", second).await;
        let mine = slow.commit().await;
        assert_eq!((mine.len(), theirs.len()), (2, 2));
        assert!(mine.iter().all(|one| !theirs.contains(one)));
    });
}

async fn what_the_dead_held_is_free_again_and_nothing_else(app: TestApp) {
    let now = app.now();
    app.write(move |conn| {
        let own = organisation(now);
        store::organisation::insert(conn, &own)?;
        let one = hook(&own.id, Mode::Live, "One", now);
        store::hook::insert(conn, &one)?;
        let (dead, gone, alive) = (InstanceId::new(now), InstanceId::new(now), InstanceId::new(now));
        let long_ago = now - TimeDelta::seconds(20);
        store::instance::insert(conn, &dead, long_ago)?;
        store::instance::insert(conn, &alive, long_ago)?;
        let first = owed(conn, &one, Some(now), Some(&dead), now)?;
        let second = owed(conn, &one, Some(now), Some(&gone), now)?;
        let third = owed(conn, &one, Some(now), Some(&alive), now)?;
        assert!(store::instance::beat(conn, &alive, now)?);
        assert!(!store::instance::beat(conn, &gone, now)?, "nobody knows it");
        let others = store::instance::others(conn, &alive)?;
        assert!(others.contains(&dead) && !others.contains(&alive), "nobody buries itself");
        assert_eq!(store::delivery::free_from(conn, std::slice::from_ref(&dead), 10)?, 1);
        store::instance::remove(conn, std::slice::from_ref(&dead))?;
        assert!(!store::instance::others(conn, &alive)?.contains(&dead));
        let claimed = claim(conn, &alive, &one, 10)?;
        assert_eq!(claimed, std::slice::from_ref(&first.id));
        let still = |conn: &mut store::Conn, who: &InstanceId| {
            store::delivery::still_held(conn, &[first.id.clone(), second.id.clone(), third.id.clone()], who)
        };
        assert_eq!(still(conn, &gone)?, std::slice::from_ref(&second.id));
        assert_eq!(still(conn, &dead)?, []);
        assert_eq!(still(conn, &alive)?.len(), 2);
        Ok::<_, StoreError>(())
    })
    .await;
}

async fn a_paused_hooks_deliveries_are_held_and_released(app: TestApp) {
    let now = app.now();
    app.write(move |conn| {
        let own = organisation(now);
        store::organisation::insert(conn, &own)?;
        let (one, other) = (hook(&own.id, Mode::Live, "One", now), hook(&own.id, Mode::Live, "Other", now));
        store::hook::insert(conn, &one)?;
        store::hook::insert(conn, &other)?;
        let me = InstanceId::new(now);
        let pending = owed(conn, &one, Some(now), Some(&me), now)?;
        let retrying = owed(conn, &one, Some(now), Some(&me), now)?;
        let retrying = changed(&retrying, |it| it.state = DeliveryState::Retrying { due: Some(now) });
        store::delivery::update(conn, &retrying, Some(&me))?;
        let failed = owed(conn, &one, Some(now), Some(&me), now)?.cancelled(now).expect("owed");
        store::delivery::update(conn, &failed, None)?;
        let elsewhere = owed(conn, &other, Some(now), Some(&me), now)?;

        assert_eq!(store::delivery::hold_chunk(conn, &one.id)?, None, "it is active");
        store::hook::set_state(conn, &one.id, HookState::Paused, now)?;
        assert_eq!(store::hook::current_state(conn, &one.id)?, Some(HookState::Paused));
        assert_eq!(store::hook::current_state(conn, &HookId::new(now))?, None);
        assert_eq!(store::delivery::hold_chunk(conn, &one.id)?, Some(2));
        assert_eq!(store::delivery::hold_chunk(conn, &one.id)?, Some(0), "it is held");
        let state = |conn: &mut store::Conn, id: &DeliveryId| {
            store::delivery::current(conn, id).map(|found| found.map(|(delivery, holder)| (delivery.state, holder)))
        };
        assert_eq!(state(conn, &pending.id)?, Some((DeliveryState::Pending { due: None }, Some(me.clone()))));
        assert_eq!(state(conn, &retrying.id)?, Some((DeliveryState::Retrying { due: None }, Some(me.clone()))));
        assert_eq!(state(conn, &failed.id)?, Some((failed.state, None)));
        assert_eq!(state(conn, &elsewhere.id)?, Some((DeliveryState::Pending { due: Some(now) }, Some(me.clone()))));
        assert_eq!(store::delivery::held_of_hook(conn, &me, &one.id, 10)?, []);
        let owed_to = store::delivery::owed_to(conn, &one.id, 10)?;
        assert_eq!(owed_to.len(), 2);
        assert_eq!(store::delivery::owed_to(conn, &one.id, 1)?.len(), 1);

        let later = now + TimeDelta::hours(1);
        assert_eq!(store::delivery::release_chunk(conn, &one.id, later)?, None, "it is paused");
        store::hook::set_state(conn, &one.id, HookState::Active, now)?;
        assert_eq!(store::delivery::release_chunk(conn, &one.id, later)?, Some(2));
        assert_eq!(state(conn, &pending.id)?, Some((DeliveryState::Pending { due: Some(later) }, Some(me.clone()))));
        assert_eq!(state(conn, &retrying.id)?, Some((DeliveryState::Retrying { due: Some(later) }, Some(me.clone()))));
        assert_eq!(store::delivery::release_chunk(conn, &one.id, later)?, Some(0));
        assert_eq!(store::delivery::held_of_hook(conn, &me, &one.id, 10)?.len(), 2);
        Ok::<_, StoreError>(())
    })
    .await;
}

async fn only_what_is_owed_is_cancelled_with_its_hook(app: TestApp) {
    let now = app.now();
    app.write(move |conn| {
        let own = organisation(now);
        store::organisation::insert(conn, &own)?;
        let (one, other) = (hook(&own.id, Mode::Live, "One", now), hook(&own.id, Mode::Live, "Other", now));
        store::hook::insert(conn, &one)?;
        store::hook::insert(conn, &other)?;
        let me = InstanceId::new(now);
        let due = owed(conn, &one, Some(now), Some(&me), now)?;
        let held = owed(conn, &one, None, None, now)?;
        let done = owed(conn, &one, Some(now), Some(&me), now)?;
        let done = changed(&done, |it| it.state = DeliveryState::Success { at: now });
        store::delivery::update(conn, &done, None)?;
        let elsewhere = owed(conn, &other, Some(now), Some(&me), now)?;
        let later = now + TimeDelta::seconds(5);
        assert_eq!(store::delivery::cancel_chunk(conn, &one.id, later)?, 2);
        for before in [&due, &held] {
            let (after, holder) = store::delivery::current(conn, &before.id)?.expect("there");
            assert_eq!((after, holder), (before.clone().cancelled(later).expect("owed"), None));
        }
        assert_eq!(store::delivery::find(conn, &own.id, &done.id)?, Some(done));
        assert_eq!(store::delivery::find(conn, &own.id, &elsewhere.id)?, Some(elsewhere));
        assert_eq!(store::delivery::cancel_chunk(conn, &one.id, later)?, 0);
        assert!(store::delivery::owed_to(conn, &one.id, 10)?.is_empty());
        Ok::<_, StoreError>(())
    })
    .await;
}

async fn a_delivery_reads_back_as_it_was_written_in_every_state(app: TestApp) {
    let now = app.now();
    app.write(move |conn| {
        let (own, foreign) = (organisation(now), organisation(now));
        store::organisation::insert(conn, &own)?;
        let one = hook(&own.id, Mode::Test, "One", now);
        store::hook::insert(conn, &one)?;
        let fresh = owed(conn, &one, Some(now), None, now)?;
        let mut states = vec![
            DeliveryState::Pending { due: None },
            DeliveryState::Pending { due: Some(now) },
            DeliveryState::Retrying { due: None },
            DeliveryState::Retrying { due: Some(now + TimeDelta::microseconds(1)) },
            DeliveryState::Success { at: now },
        ];
        states.extend(ErrorClass::ALL.map(|class| DeliveryState::Failed { at: now, class }));
        for state in states {
            let last_class = match state {
                DeliveryState::Failed { class, .. } => Some(class),
                DeliveryState::Retrying { .. } => Some(ErrorClass::ServerError),
                _ => None,
            };
            let changed = Delivery::restored(DeliveryRecord {
                state,
                last_class,
                trigger: Trigger::Manual,
                tries: Tries { automatic: 3, manual: 2, rotation: 1 },
                sent_at: Some(now - TimeDelta::seconds(9)),
                response_status: Some(599),
                updated_at: now + TimeDelta::days(400),
                ..fresh.clone().into_record()
            });
            store::delivery::update(conn, &changed, None)?;
            assert_eq!(store::delivery::find(conn, &own.id, &fresh.id)?, Some(changed.clone()));
            assert_eq!(store::delivery::find(conn, &foreign.id, &fresh.id)?, None);
            assert_eq!(store::delivery::load(conn, &fresh.id)?.expect("there").delivery, changed);
        }
        assert!(store::delivery::load(conn, &DeliveryId::new(now))?.is_none());
        assert!(store::delivery::current(conn, &DeliveryId::new(now))?.is_none());
        Ok::<_, StoreError>(())
    })
    .await;
}

async fn only_the_holder_still_holds(app: TestApp) {
    let now = app.now();
    app.write(move |conn| {
        let own = organisation(now);
        store::organisation::insert(conn, &own)?;
        let one = hook(&own.id, Mode::Live, "One", now);
        store::hook::insert(conn, &one)?;
        let (me, other) = (InstanceId::new(now), InstanceId::new(now));
        let mine = owed(conn, &one, Some(now), Some(&me), now)?;
        let ended = owed(conn, &one, Some(now), Some(&me), now)?;
        store::delivery::update(conn, &ended.clone().cancelled(now).expect("owed"), Some(&me))?;
        let ids = [mine.id.clone(), ended.id.clone(), DeliveryId::new(now)];
        assert_eq!(store::delivery::still_held(conn, &ids, &me)?, std::slice::from_ref(&mine.id));
        assert!(store::delivery::still_held(conn, &ids, &other)?.is_empty());
        Ok::<_, StoreError>(())
    })
    .await;
}

async fn attempts_read_back_as_they_were_written(app: TestApp) {
    let now = app.now();
    app.write(move |conn| {
        let own = organisation(now);
        store::organisation::insert(conn, &own)?;
        let one = hook(&own.id, Mode::Live, "One", now);
        store::hook::insert(conn, &one)?;
        let delivery = owed(conn, &one, Some(now), None, now)?;
        let remote: SocketAddr = "[2001:db8::1]:443".parse().expect("an address");
        let answered = Attempt {
            id: AttemptId::new(now),
            delivery_id: delivery.id.clone(),
            number: 1,
            trigger: Trigger::Automatic,
            proof: Proof { secret: Some("3f9K".into()), key: None },
            started_at: now,
            finished_at: now + TimeDelta::milliseconds(42),
            request: Some(Request {
                target: "/in?a=b".into(),
                headers: HeaderLines::from_iter([("Host", "hooks.acme.com"), ("X-Odd", "ä\"\\"), ("X-Odd", "twice")]),
            }),
            response: Some(Response {
                status: 503,
                headers: HeaderLines::from_iter([("server", "x")]),
                headers_cut: true,
                body: vec![0, 159, 146, 150],
                body_cut: true,
            }),
            timings: Timings {
                dns: Some(Duration::from_micros(1)),
                connect: Some(Duration::from_micros(20_000)),
                first_byte: Some(Duration::from_micros(30_000)),
                total: Duration::from_micros(42_000),
            },
            remote: Some(remote),
            outcome: Outcome {
                status: Some(503),
                class: Some(ErrorClass::ServerError),
                detail: Some("it said so".into()),
                retry_after: None,
            },
        };
        let blocked = Attempt {
            id: AttemptId::new(now),
            number: 2,
            trigger: Trigger::Manual,
            request: None,
            response: None,
            timings: Timings { total: Duration::from_micros(3), ..Timings::default() },
            remote: None,
            outcome: Outcome::failed(ErrorClass::BlockedAddress, "127.0.0.1 is a loopback address"),
            ..answered.clone()
        };
        let succeeded = Attempt {
            id: AttemptId::new(now),
            number: 3,
            response: Some(Response {
                status: 204,
                headers: HeaderLines::default(),
                headers_cut: false,
                body: Vec::new(),
                body_cut: false,
            }),
            outcome: Outcome::answered(204),
            ..answered.clone()
        };
        for attempt in [&blocked, &succeeded, &answered] {
            store::attempt::insert(conn, attempt)?;
        }
        assert_eq!(store::attempt::of_delivery(conn, &delivery.id)?, [succeeded, blocked, answered.clone()]);
        assert!(store::attempt::of_delivery(conn, &DeliveryId::new(now))?.is_empty());
        Ok::<_, StoreError>(())
    })
    .await;
}

async fn recent_statuses_leave_out_tests_other_modes_and_what_is_older(app: TestApp) {
    let now = app.now();
    app.write(move |conn| {
        let (own, foreign) = (organisation(now), organisation(now));
        store::organisation::insert(conn, &own)?;
        store::organisation::insert(conn, &foreign)?;
        let live = hook(&own.id, Mode::Live, "Live", now);
        let test = hook(&own.id, Mode::Test, "Test", now);
        let theirs = hook(&foreign.id, Mode::Live, "Theirs", now);
        for one in [&live, &test, &theirs] {
            store::hook::insert(conn, one)?;
        }
        let edge = now - TimeDelta::hours(1);
        owed(conn, &live, Some(now), None, edge - TimeDelta::microseconds(1))?;
        owed(conn, &live, Some(now), None, edge)?;
        let newest = owed(conn, &live, Some(now), None, now)?.cancelled(now).expect("owed");
        store::delivery::update(conn, &newest, None)?;
        owed(conn, &test, Some(now), None, now)?;
        owed(conn, &theirs, Some(now), None, now)?;
        let probe = changed(&newest, |it| (it.id, it.probe) = (DeliveryId::new(now), true));
        store::delivery::insert(conn, &probe, None)?;
        let recent = store::delivery::recent_statuses(conn, &own.id, Mode::Live, None, edge)?;
        assert_eq!(recent, [(live.id.clone(), Status::Failed, now), (live.id.clone(), Status::Pending, edge)]);

        // One hook's own, however busy another one is.
        let quiet = hook(&own.id, Mode::Live, "Quiet", now);
        store::hook::insert(conn, &quiet)?;
        owed(conn, &quiet, Some(now), None, edge)?;
        let recent = store::delivery::recent_statuses(conn, &own.id, Mode::Live, Some(&quiet.id), edge)?;
        assert_eq!(recent, [(quiet.id.clone(), Status::Pending, edge)]);
        assert_eq!(store::delivery::count_owed_to(conn, &quiet.id)?, (1, false));
        for _ in 0..store::delivery::MAX_OWED {
            owed(conn, &quiet, Some(now), None, now)?;
        }
        assert_eq!(store::delivery::count_owed_to(conn, &quiet.id)?, (store::delivery::MAX_OWED, true));
        Ok::<_, StoreError>(())
    })
    .await;
}
