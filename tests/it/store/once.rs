//! What happens once: submissions, reveals, sign-in sessions, imports.

use chrono::TimeDelta;
use hirewire::actions::api_key::{self, NewApiKey};
use hirewire::actions::hook::{self, NewHook};
use hirewire::actions::vacancy::{self, NewVacancy};
use hirewire::domain::ids::{ImportId, MemberId};
use hirewire::domain::member::{Member, PasswordMark};
use hirewire::store::import::Import;
use hirewire::store::time::micros;
use hirewire::store::web_session::WebSession;
use hirewire::store::{self, StoreError};

use crate::support::{Receiver, TestApp, token};

on_both_databases!(
    the_second_submission_of_a_form_is_a_duplicate,
    a_form_that_is_pressed_twice_at_once_makes_one_thing,
    forms_without_a_token_are_not_taken_for_one,
    what_is_left_to_be_seen_once_is_taken_once,
    what_is_taken_at_once_by_two_is_given_to_one,
    sessions_end_and_are_not_brought_back,
    settings_are_written_once,
    an_import_ends_once_and_its_file_goes,
);

async fn the_second_submission_of_a_form_is_a_duplicate(app: TestApp) {
    let now = app.now();
    app.write(move |conn| {
        assert_eq!(store::submission::find(conn, "a token")?, None);
        store::submission::insert(conn, "a token", "hk_1", now)?;
        store::submission::insert(conn, "another token", "hk_2", now + TimeDelta::seconds(1))?;
        assert_eq!(store::submission::find(conn, "a token")?.as_deref(), Some("hk_1"));
        Ok::<_, StoreError>(())
    })
    .await;
    let again = app.context.store.write(move |conn| store::submission::insert(conn, "a token", "hk_3", now)).await;
    assert!(again.expect_err("the token was used").is_duplicate());
    app.write(move |conn| {
        assert_eq!(store::submission::forget(conn, now)?, 0);
        assert_eq!(store::submission::forget(conn, now + TimeDelta::seconds(1))?, 1);
        assert_eq!(store::submission::find(conn, "a token")?, None);
        assert_eq!(store::submission::find(conn, "another token")?.as_deref(), Some("hk_2"));
        Ok::<_, StoreError>(())
    })
    .await;
}

async fn a_form_that_is_pressed_twice_at_once_makes_one_thing(app: TestApp) {
    let admin = app.an_admin().await;
    let receiver = Receiver::answering([200]).await;
    for _ in 0..5 {
        let form = NewHook { url: receiver.url(), sign: true, token: token(), ..NewHook::default() };
        let presses = (0..4).map(|_| hook::create(&app.context, &admin, form.clone()));
        let made = futures_util::future::join_all(presses).await;
        let ids: Vec<_> = made.into_iter().map(|created| created.expect("a hook").id).collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");

        let form = NewVacancy { title: "Engineer".into(), token: token(), ..NewVacancy::default() };
        let presses = (0..4).map(|_| vacancy::create(&app.context, &admin, form.clone()));
        let made = futures_util::future::join_all(presses).await;
        let ids: Vec<_> = made.into_iter().map(|id| id.expect("a vacancy")).collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");

        let form = NewApiKey { name: "Partner".into(), mode: "test".into(), token: token() };
        let presses = (0..4).map(|_| api_key::create(&app.context, &admin, form.clone()));
        let made = futures_util::future::join_all(presses).await;
        let ids: Vec<_> = made.into_iter().map(|id| id.expect("a key")).collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    }
    let organisation = admin.organisation.id.clone();
    app.read(move |conn| {
        assert_eq!(store::hook::list(conn, &organisation, admin.mode)?.hooks.len(), 5);
        assert_eq!(store::vacancy::list(conn, &organisation, admin.mode)?.len(), 5);
        assert_eq!(store::api_key::list(conn, &organisation)?.len(), 5);
        Ok::<_, StoreError>(())
    })
    .await;
}

async fn forms_without_a_token_are_not_taken_for_one(app: TestApp) {
    let admin = app.an_admin().await;
    let receiver = Receiver::answering([200]).await;
    let form = NewHook { url: receiver.url(), ..NewHook::default() };
    let first = hook::create(&app.context, &admin, form.clone()).await.expect("a hook").id;
    assert_ne!(hook::create(&app.context, &admin, form).await.expect("another").id, first);
    let form = NewVacancy { title: "Engineer".into(), ..NewVacancy::default() };
    let first = vacancy::create(&app.context, &admin, form.clone()).await.expect("a vacancy");
    assert_ne!(vacancy::create(&app.context, &admin, form).await.expect("another"), first);
}

async fn what_is_left_to_be_seen_once_is_taken_once(app: TestApp) {
    let now = app.now();
    app.write(move |conn| {
        store::reveal::leave(conn, "session a", "hk_1", b"\0old", now)?;
        store::reveal::leave(conn, "session a", "hk_1", b"\0new", now)?;
        store::reveal::leave(conn, "session a", "hk_2", b"two", now)?;
        store::reveal::leave(conn, "session b", "hk_1", b"of b", now)?;
        assert_eq!(store::reveal::take(conn, "session c", "hk_1")?, None);
        assert_eq!(store::reveal::take(conn, "session a", "hk_1")?.as_deref(), Some(&b"\0new"[..]));
        assert_eq!(store::reveal::take(conn, "session a", "hk_1")?, None);
        assert_eq!(store::reveal::take(conn, "session b", "hk_1")?.as_deref(), Some(&b"of b"[..]));
        assert_eq!(store::reveal::forget(conn, now)?, 0);
        assert_eq!(store::reveal::forget(conn, now + TimeDelta::microseconds(1))?, 1);
        assert_eq!(store::reveal::take(conn, "session a", "hk_2")?, None);
        Ok::<_, StoreError>(())
    })
    .await;
}

async fn what_is_taken_at_once_by_two_is_given_to_one(app: TestApp) {
    let now = app.now();
    for _ in 0..5 {
        app.write(move |conn| store::reveal::leave(conn, "session", "hk_1", b"secret", now)).await;
        let takes = (0..4).map(|_| app.write(|conn| store::reveal::take(conn, "session", "hk_1")));
        let taken = futures_util::future::join_all(takes).await;
        assert_eq!(taken.iter().flatten().count(), 1);
    }
}

async fn sessions_end_and_are_not_brought_back(app: TestApp) {
    let now = app.now();
    let long_ago = now - TimeDelta::days(7);
    app.write(move |conn| {
        let member = |name: &str| Member {
            id: MemberId::new(now),
            email: format!("{name}@team.example"),
            name: name.into(),
            created_at: now,
            address_proven_at: None,
            password_given_at: None,
            password: PasswordMark::default(),
        };
        let (ada, bob) = (member("ada"), member("bob"));
        store::member::insert(conn, &ada, "hash")?;
        store::member::insert(conn, &bob, "hash")?;
        let session = |id: &str, member: Option<&Member>, seconds| WebSession {
            id: id.into(),
            member_id: member.map(|member| member.id.to_string()),
            state: "{}".into(),
            created_at: micros(now),
            expires_at: micros(now + TimeDelta::seconds(seconds)),
            name: member.map(|member| format!("{} of {}", id, member.name)),
            browser: None,
        };
        for one in [
            session("a", Some(&ada), 60),
            session("b", Some(&ada), 60),
            session("c", Some(&bob), 60),
            session("d", None, 10),
        ] {
            store::web_session::insert(conn, &one)?;
        }
        let there = |conn: &mut store::Conn, id: &str, seconds| {
            store::web_session::find(conn, id, now + TimeDelta::seconds(seconds), long_ago).map(|found| found.is_some())
        };
        assert!(there(conn, "a", 59)? && !there(conn, "a", 60)?);
        store::web_session::extend(conn, "a", now + TimeDelta::seconds(120))?;
        assert!(there(conn, "a", 119)?);
        let mut changed = session("a", Some(&ada), 120);
        changed.state = r#"{"mode":"\"test\""}"#.into();
        assert!(store::web_session::update(conn, &changed)?);
        assert_eq!(store::web_session::find(conn, "a", now, long_ago)?.expect("there").state, changed.state);
        assert_eq!(store::web_session::forget(conn, now + TimeDelta::seconds(10))?, 1);
        assert!(!there(conn, "d", 0)?);
        assert_eq!(store::web_session::delete_of(conn, &ada.id)?, 2);
        assert!(!store::web_session::update(conn, &changed)?, "a session that has ended is not brought back");
        assert!(!there(conn, "a", 0)? && there(conn, "c", 0)?);
        store::web_session::delete(conn, "c")?;
        assert!(!there(conn, "c", 0)?);
        Ok::<_, StoreError>(())
    })
    .await;
}

async fn settings_are_written_once(app: TestApp) {
    app.write(|conn| {
        assert_eq!(store::setting::get(conn, "a setting")?, None);
        store::setting::insert(conn, "a setting", b"\0value\xff")?;
        assert_eq!(store::setting::get(conn, "a setting")?.as_deref(), Some(&b"\0value\xff"[..]));
        Ok::<_, StoreError>(())
    })
    .await;
    let again = app.context.store.write(|conn| store::setting::insert(conn, "a setting", b"other")).await;
    assert!(again.expect_err("it is there").is_duplicate());
}

async fn an_import_ends_once_and_its_file_goes(app: TestApp) {
    let team = app.an_organisation().await;
    let others = app.an_organisation().await;
    let (vacancy, _) = app.a_vacancy_with(&team.admin, 0).await;
    let now = app.now();
    app.write(move |conn| {
        let import = |created_at| Import {
            id: ImportId::new(now),
            organisation_id: team.id.clone(),
            vacancy_id: vacancy.clone(),
            member_id: team.admin.member.id.clone(),
            file_name: "people.csv".into(),
            content: Some(vec![0xff, 0xfe, 0]),
            report: None,
            created_at,
        };
        let (one, abandoned) = (import(now), import(now - TimeDelta::days(2)));
        store::import::insert(conn, &one)?;
        store::import::insert(conn, &abandoned)?;
        let found = store::import::find(conn, &team.id, &one.id)?.expect("there");
        assert_eq!((found.content, found.report, found.file_name), (one.content.clone(), None, one.file_name.clone()));
        assert!(store::import::find(conn, &others.id, &one.id)?.is_none());
        assert!(
            store::import::finish(conn, &one.id, "{}", None)? && !store::import::finish(conn, &one.id, "{}", None)?
        );
        let found = store::import::find(conn, &team.id, &one.id)?.expect("there");
        assert_eq!((found.content, found.report.as_deref()), (None, Some("{}")));
        // What was left out of another is kept for a day.
        let corrected = Import { id: ImportId::new(now + TimeDelta::seconds(1)), ..import(now) };
        store::import::insert(conn, &corrected)?;
        assert!(store::import::finish(conn, &corrected.id, "{}", Some(b"Name".to_vec()))?);
        assert!(!store::import::take(conn, &corrected.id)?, "it was read in before");
        assert_eq!(store::import::drop_abandoned(conn, now - TimeDelta::days(1))?, 1);
        let left =
            |conn: &mut _| Ok::<_, StoreError>(store::import::find(conn, &team.id, &corrected.id)?.expect("there"));
        assert_eq!(left(conn)?.content.as_deref(), Some(b"Name".as_slice()));
        store::import::drop_abandoned(conn, now + TimeDelta::seconds(1))?;
        assert_eq!((left(conn)?.content, left(conn)?.report.as_deref()), (None, Some("{}")));
        assert!(store::import::find(conn, &team.id, &abandoned.id)?.is_none());
        Ok::<_, StoreError>(())
    })
    .await;
}
