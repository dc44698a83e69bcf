//! The delivery log (T7, T8): every combination of filters against a model, and pages without loss or repeats.

use chrono::{DateTime, TimeDelta, Utc};
use hirewire::domain::attempt::ErrorClass;
use hirewire::domain::delivery::{Delivery, DeliveryRecord, DeliveryState, Status};
use hirewire::domain::ids::{DeliveryId, OrganisationId};
use hirewire::domain::mode::Mode;
use hirewire::store::log::{LogFilter, LogLine, ResponseClass, counts, neighbours, page};
use hirewire::store::page::{Cursor, Page, Slice};
use hirewire::store::{self, Conn, Result, StoreError};

use super::samples::{hook, kind, organisation, owed};
use crate::support::{Receiver, TestApp, token};

on_both_databases!(
    every_combination_of_filters_finds_what_it_names_and_nothing_else,
    pages_lose_and_repeat_nothing_in_either_direction_even_at_equal_times,
    a_page_that_was_left_open_stays_where_it_was_while_new_deliveries_come,
    a_recruiter_finds_the_deliveries_of_their_own_exports,
);

/// Deliveries of every kind a filter can tell apart, some of another organisation and mode.
fn varied(conn: &mut Conn, now: DateTime<Utc>) -> Result<(OrganisationId, Vec<Delivery>)> {
    let (own, foreign) = (organisation(now), organisation(now));
    store::organisation::insert(conn, &own)?;
    store::organisation::insert(conn, &foreign)?;
    let hooks = [
        hook(&own.id, Mode::Live, "One", now),
        hook(&own.id, Mode::Live, "Two", now),
        hook(&own.id, Mode::Test, "Test", now),
        hook(&foreign.id, Mode::Live, "Theirs", now),
    ];
    for one in &hooks {
        store::hook::insert(conn, one)?;
    }
    let states = |at| {
        [
            DeliveryState::Pending { due: Some(at) },
            DeliveryState::Retrying { due: None },
            DeliveryState::Success { at },
            DeliveryState::Failed { at, class: ErrorClass::ServerError },
        ]
    };
    let kinds = ["candidate.created", "candidate.deleted", "candidates.exported", "job.created"];
    let statuses = [None, Some(100), Some(200), Some(299), Some(302), Some(404), Some(500), Some(599)];
    let mut all = Vec::new();
    for number in 0..160_usize {
        let at = now + TimeDelta::minutes((number % 10) as i64);
        let made = owed(conn, &hooks[number % hooks.len()], Some(at), None, at)?;
        let state = states(at)[(number / 4) % 4];
        let response_status =
            if state.status() == Status::Pending { None } else { statuses[(number / 3) % statuses.len()] };
        let changed = Delivery::restored(DeliveryRecord {
            kind: kind(kinds[(number / 7) % kinds.len()]),
            probe: number % 11 == 0,
            state,
            response_status,
            sent_at: (state.status() != Status::Pending).then_some(at),
            last_class: matches!(state, DeliveryState::Failed { .. }).then_some(ErrorClass::ServerError),
            ..made.into_record()
        });
        store::delivery::update(conn, &changed, None)?;
        all.push(changed);
    }
    Ok((own.id, all))
}

/// What the filter means, said once more without a database.
fn fits(filter: &LogFilter, delivery: &Delivery) -> bool {
    let class = |class| match class {
        ResponseClass::Status(digit) => delivery.response_status.is_some_and(|status| status / 100 == u16::from(digit)),
        ResponseClass::None => delivery.sent_at.is_some() && delivery.response_status.is_none(),
    };
    let event = |wanted: &String| match wanted.strip_suffix('*') {
        Some(family) => delivery.kind.as_str().starts_with(family),
        None => delivery.kind.as_str() == wanted,
    };
    filter.status.is_none_or(|status| delivery.state.status() == status)
        && filter.response.is_none_or(class)
        && filter.event.as_ref().is_none_or(event)
        && filter.hook.as_ref().is_none_or(|hook| delivery.hook_id == *hook)
        && filter.from.is_none_or(|from| delivery.created_at >= from)
        && filter.until.is_none_or(|until| delivery.created_at < until)
        && (filter.tests || !delivery.probe)
}

fn some<T: Clone>(values: &[T]) -> Vec<Option<T>> {
    std::iter::once(None).chain(values.iter().cloned().map(Some)).collect()
}

async fn every_combination_of_filters_finds_what_it_names_and_nothing_else(app: TestApp) {
    let now = app.now();
    let (own, all) = app.write(move |conn| varied(conn, now)).await;
    app.read(move |conn| {
        let mine: Vec<_> =
            all.iter().filter(|delivery| delivery.organisation_id == own && delivery.mode == Mode::Live).collect();
        let events = ["candidate.created", "candidate.*", "candidates.exported", "resume.bulk_upload_parse.*"];
        let mut found = 0;
        for status in some(&Status::ALL) {
            for response in some(&ResponseClass::ALL) {
                for event in some(&events) {
                    for hook in some(&[mine[0].hook_id.clone()]) {
                        for (from, until) in [(None, None), (Some(3), None), (None, Some(7)), (Some(2), Some(5))] {
                            for tests in [false, true] {
                                let at =
                                    |minutes: Option<i64>| minutes.map(|minutes| now + TimeDelta::minutes(minutes));
                                let (hook, event) = (hook.clone(), event.map(str::to_owned));
                                let (from, until) = (at(from), at(until));
                                let filter = LogFilter {
                                    status,
                                    response,
                                    event,
                                    hook,
                                    from,
                                    until,
                                    tests,
                                    only_tests: false,
                                    exported_by: None,
                                };
                                found += compare(conn, &own, &mine, &filter)?;
                            }
                        }
                    }
                }
            }
        }
        assert!(found > 1_000, "the deliveries are not varied enough to tell filters apart");
        Ok::<_, StoreError>(())
    })
    .await;
}

/// Compares the database's answer with the model's; how many lines there were.
fn compare(conn: &mut Conn, own: &OrganisationId, mine: &[&Delivery], filter: &LogFilter) -> Result<usize> {
    let newest_first = |a: &&&Delivery, b: &&&Delivery| (b.created_at, &b.id).cmp(&(a.created_at, &a.id));
    let mut expected: Vec<_> = mine.iter().filter(|delivery| fits(filter, delivery)).collect();
    expected.sort_by(newest_first);
    let found = page(conn, own, Mode::Live, filter, &Slice::Newest, 1_000)?;
    assert!(!found.has_newer && !found.has_older);
    let found: Vec<_> = found.lines.iter().map(|line| &line.delivery).collect();
    assert_eq!(found, expected.iter().map(|delivery| **delivery).collect::<Vec<_>>(), "{filter:?}");

    // The tabs count what the other filters leave, whatever status is chosen.
    let without = LogFilter { status: None, ..filter.clone() };
    let (counted, more) = counts(conn, own, Mode::Live, filter)?;
    let expected_counts = Status::ALL.map(|status| {
        mine.iter().filter(|delivery| fits(&without, delivery) && delivery.state.status() == status).count() as u64
    });
    assert_eq!((counted, more), (expected_counts, false), "{filter:?}");
    Ok(found.len())
}

fn ids(page: &Page<LogLine>) -> Vec<DeliveryId> {
    page.lines.iter().map(|line| line.delivery.id.clone()).collect()
}

fn edge(line: Option<&LogLine>) -> Cursor<DeliveryId> {
    let delivery = &line.expect("a page with lines").delivery;
    Cursor { created_at: delivery.created_at, id: delivery.id.clone() }
}

async fn pages_lose_and_repeat_nothing_in_either_direction_even_at_equal_times(app: TestApp) {
    let now = app.now();
    let (own, _) = app.write(move |conn| varied(conn, now)).await;
    app.read(move |conn| {
        // Ten different times for eighty deliveries: most edges fall between equal ones.
        for filter in [
            LogFilter { tests: true, ..LogFilter::default() },
            LogFilter { status: Some(Status::Failed), ..LogFilter::default() },
        ] {
            let all = ids(&page(conn, &own, Mode::Live, &filter, &Slice::Newest, 1_000)?);
            assert!(all.len() > 15);
            for size in [1, 4, 7, all.len()] {
                let mut here = page(conn, &own, Mode::Live, &filter, &Slice::Newest, size)?;
                assert!(!here.has_newer);
                let mut down = ids(&here);
                while here.has_older {
                    here = page(conn, &own, Mode::Live, &filter, &Slice::OlderThan(edge(here.lines.last())), size)?;
                    assert!(here.has_newer && !here.lines.is_empty());
                    down.extend(ids(&here));
                }
                assert_eq!(down, all, "going down by {size}");
                let mut up = ids(&here);
                while here.has_newer {
                    here = page(conn, &own, Mode::Live, &filter, &Slice::NewerThan(edge(here.lines.first())), size)?;
                    if here.lines.is_empty() {
                        // One page held everything, and there is nothing newer than its first line.
                        break;
                    }
                    assert!(here.has_older);
                    up.splice(0..0, ids(&here));
                }
                assert_eq!(up, all, "going up by {size}");
            }
            let last = page(conn, &own, Mode::Live, &filter, &Slice::Newest, 1_000)?.lines;
            for (at, line) in last.iter().enumerate() {
                let found = neighbours(conn, &own, Mode::Live, &filter, &line.delivery)?;
                let expected = (at.checked_sub(1).map(|at| all[at].clone()), all.get(at + 1).cloned());
                assert_eq!(found, expected);
            }
        }
        Ok::<_, StoreError>(())
    })
    .await;
}

async fn a_page_that_was_left_open_stays_where_it_was_while_new_deliveries_come(app: TestApp) {
    let now = app.now();
    let (own, all) = app.write(move |conn| varied(conn, now)).await;
    app.write(move |conn| {
        let filter = LogFilter::default();
        let first = page(conn, &own, Mode::Live, &filter, &Slice::Newest, 5)?;
        let older = Slice::OlderThan(edge(first.lines.last()));
        let before = ids(&page(conn, &own, Mode::Live, &filter, &older, 5)?);
        let hook_id = &all
            .iter()
            .find(|delivery| delivery.organisation_id == own && delivery.mode == Mode::Live)
            .expect("one")
            .hook_id;
        let target = store::hook::find(conn, &own, hook_id)?.expect("there");
        let new = owed(conn, &target, None, None, now + TimeDelta::hours(1))?;
        assert_eq!(ids(&page(conn, &own, Mode::Live, &filter, &older, 5)?), before);
        let newer = page(conn, &own, Mode::Live, &filter, &Slice::NewerThan(edge(first.lines.first())), 5)?;
        assert_eq!((ids(&newer), newer.has_newer), (vec![new.id.clone()], false));
        Ok::<_, StoreError>(())
    })
    .await;
}

async fn a_recruiter_finds_the_deliveries_of_their_own_exports(app: TestApp) {
    use hirewire::actions::export::{self, Confirmed};
    use hirewire::domain::role::Role;
    let team = app.an_organisation().await;
    let recruiter = app.a_member(&team.id, Role::Recruiter).await;
    let receiver = Receiver::answering([200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    for viewer in [&team.admin, &recruiter] {
        let (vacancy, candidates) = app.a_vacancy_with(&team.admin, 1).await;
        let confirmed = Confirmed { vacancy, candidates, hook: hook.id.clone(), token: token() };
        export::confirm(&app.context, viewer, confirmed).await.expect("it is confirmed");
    }
    let (own, member) = (team.id.clone(), recruiter.member.id.clone());
    app.read(move |conn| {
        let filter = LogFilter { exported_by: Some(member.clone()), ..LogFilter::default() };
        let found = page(conn, &own, Mode::Live, &filter, &Slice::Newest, 10)?;
        assert_eq!(found.lines.len(), 1);
        let export = store::export::find_by_delivery(conn, &own, &found.lines[0].delivery.id)?.expect("an export");
        assert_eq!(export.export.requested_by, member);
        let (counted, _) = counts(conn, &own, Mode::Live, &filter)?;
        assert_eq!(counted, [1, 0, 0, 0]);
        Ok::<_, StoreError>(())
    })
    .await;
}
