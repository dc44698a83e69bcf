//! Organisations, members, hooks, credentials, API keys: written, found again, and only by those they belong to.

use hirewire::domain::api_key::{ApiKey, ApiKeySecret};
use hirewire::domain::event::Cause;
use hirewire::domain::hook::{Credential, FieldSet, HookState, Subscription};
use hirewire::domain::ids::{ApiKeyId, CredentialId, EventId, HookId, MemberId};
use hirewire::domain::member::{Member, PasswordMark};
use hirewire::domain::mode::Mode;
use hirewire::domain::role::Role;
use hirewire::domain::secret::CredentialKind;
use hirewire::store::event::NewEvent;
use hirewire::store::{self, StoreError};

use super::samples::{event, hook, organisation};
use crate::support::TestApp;

on_both_databases!(
    organisations_are_found_and_suspended,
    members_are_found_by_their_address_and_listed_by_role,
    hooks_are_found_by_their_organisation_alone,
    a_deleted_hook_leaves_the_list_and_stays_deleted,
    a_mode_has_one_default_hook,
    credentials_end_by_kind,
    api_keys_are_found_by_hash_and_revoked_once,
    events_are_found_by_their_organisation_alone,
);

async fn organisations_are_found_and_suspended(app: TestApp) {
    let now = app.now();
    let new = organisation(now);
    let expected = new.clone();
    app.write(move |conn| {
        store::organisation::insert(conn, &new)?;
        assert_eq!(store::organisation::find(conn, &new.id)?, Some(new.clone()));
        assert!(store::organisation::set_suspended(conn, &new.id, Some(now))?);
        assert_eq!(store::organisation::find(conn, &new.id)?.expect("there").suspended_at, Some(now));
        assert!(store::organisation::set_suspended(conn, &new.id, None)?);
        assert!(!store::organisation::set_suspended(conn, &organisation(now).id, Some(now))?);
        Ok::<_, StoreError>(())
    })
    .await;
    assert_eq!(app.read(store::organisation::all).await, [expected]);
}

async fn members_are_found_by_their_address_and_listed_by_role(app: TestApp) {
    let now = app.now();
    app.write(move |conn| {
        let (first, second) = (organisation(now), organisation(now + chrono::TimeDelta::milliseconds(1)));
        for one in [&second, &first] {
            store::organisation::insert(conn, one)?;
        }
        let member = |name: &str| Member {
            id: MemberId::new(now),
            email: format!("{}@team.example", name.to_lowercase()),
            name: name.to_owned(),
            created_at: now,
            address_proven_at: None,
            password_given_at: Some(now),
            password: PasswordMark::of(&format!("hash {}", name[..1].to_lowercase())),
        };
        let (ada, bob, cleo) = (member("Ada"), member("Bob"), member("Cleo"));
        for (one, hash) in [(&cleo, "hash c"), (&bob, "hash b"), (&ada, "hash a")] {
            store::member::insert(conn, one, hash)?;
        }
        for (one, organisation, role) in [
            (&cleo, &first, Role::Admin),
            (&ada, &first, Role::Admin),
            (&bob, &first, Role::Support),
            (&bob, &second, Role::Admin),
        ] {
            store::member::join(conn, &one.id, &organisation.id, role, now)?;
        }
        assert_eq!(store::member::find(conn, &ada.id)?, Some(ada.clone()));
        assert_eq!(store::member::find_by_email(conn, "bob@team.example")?, Some((bob.clone(), "hash b".into())));
        assert_eq!(store::member::find_by_email(conn, "nobody@team.example")?, None);
        assert_eq!(store::member::with_role(conn, &first.id, Role::Admin)?, [ada.clone(), cleo]);
        assert_eq!(store::member::with_role(conn, &second.id, Role::Support)?, []);
        let both = [(first.clone(), Role::Support), (second, Role::Admin)];
        assert_eq!(store::member::organisations_of(conn, &bob.id)?, both);
        let names = store::member::names(conn, &[ada.id.to_string(), bob.id.to_string(), "mem_gone".into()])?;
        assert_eq!((names.len(), names[ada.id.as_str()].as_str()), (2, "Ada"));
        assert!(store::member::set_password(conn, &ada.id, "another hash", None)?);
        let (found, hash) = store::member::find_by_email(conn, &ada.email)?.expect("there");
        assert_eq!((hash.as_str(), found.password_given_at), ("another hash", None));
        assert!(!store::member::set_password(conn, &MemberId::new(now), "hash", None)?);
        assert!(store::member::prove_address(conn, &ada.id, now)?, "nobody had shown that before");
        let later = now + chrono::TimeDelta::days(1);
        assert!(!store::member::prove_address(conn, &ada.id, later)?, "it stays as it was shown first");
        assert_eq!(store::member::find(conn, &ada.id)?.expect("there").address_proven_at, Some(now));
        Ok::<_, StoreError>(())
    })
    .await;
    let again = app.context.store.write(move |conn| {
        let twin = Member {
            id: MemberId::new(now),
            email: "ada@team.example".into(),
            name: "Twin".into(),
            created_at: now,
            address_proven_at: None,
            password_given_at: None,
            password: PasswordMark::default(),
        };
        store::member::insert(conn, &twin, "hash")
    });
    assert!(again.await.expect_err("one address, one member").is_duplicate());
}

async fn hooks_are_found_by_their_organisation_alone(app: TestApp) {
    let now = app.now();
    app.write(move |conn| {
        let (own, foreign) = (organisation(now), organisation(now));
        store::organisation::insert(conn, &own)?;
        store::organisation::insert(conn, &foreign)?;
        let mut beta = hook(&own.id, Mode::Live, "Beta", now);
        beta.created_by = Some(MemberId::new(now));
        let mut alpha = hook(&own.id, Mode::Live, "Alpha", now);
        alpha.subscription = Subscription::All;
        let test = hook(&own.id, Mode::Test, "Test", now);
        let theirs = hook(&foreign.id, Mode::Live, "Theirs", now);
        for one in [&beta, &alpha, &test, &theirs] {
            store::hook::insert(conn, one)?;
        }
        assert_eq!(store::hook::find(conn, &own.id, &beta.id)?, Some(beta.clone()));
        assert_eq!(store::hook::find(conn, &foreign.id, &beta.id)?, None);
        assert_eq!(store::hook::find(conn, &own.id, &HookId::new(now))?, None);
        assert_eq!(store::hook::list(conn, &own.id, Mode::Live)?.hooks, [alpha.clone(), beta.clone()]);
        assert_eq!(store::hook::list(conn, &own.id, Mode::Test)?.hooks, std::slice::from_ref(&test));
        assert_eq!(store::hook::list(conn, &foreign.id, Mode::Test)?.hooks, []);
        let mut found = store::hook::by_ids(conn, &[theirs.id.clone(), alpha.id.clone(), HookId::new(now)])?;
        found.sort_by_key(|hook| hook.name.clone());
        assert_eq!(found, [alpha, theirs], "the engine asks for whoever's they are");
        assert_eq!(store::hook::by_ids(conn, &[])?, []);
        Ok::<_, StoreError>(())
    })
    .await;
}

async fn a_deleted_hook_leaves_the_list_and_stays_deleted(app: TestApp) {
    let now = app.now();
    app.write(move |conn| {
        let own = organisation(now);
        store::organisation::insert(conn, &own)?;
        let one = hook(&own.id, Mode::Live, "One", now);
        store::hook::insert(conn, &one)?;
        let later = now + chrono::TimeDelta::seconds(1);
        assert!(store::hook::set_state(conn, &one.id, HookState::Paused, later)?);
        assert!(!store::hook::set_state(conn, &one.id, HookState::Paused, later)?, "nothing changed");
        let paused = store::hook::find(conn, &own.id, &one.id)?.expect("there");
        assert_eq!((paused.state, paused.updated_at, paused.created_at), (HookState::Paused, later, now));
        assert!(store::hook::set_state(conn, &one.id, HookState::Deleted, later)?);
        assert!(!store::hook::set_state(conn, &one.id, HookState::Active, later)?);
        assert_eq!(store::hook::list(conn, &own.id, Mode::Live)?.hooks, []);
        let found = store::hook::find(conn, &own.id, &one.id)?.expect("its log names it");
        assert_eq!(found.state, HookState::Deleted);
        assert_eq!(store::hook::list_with_deleted(conn, &own.id, Mode::Live)?, [found]);
        Ok::<_, StoreError>(())
    })
    .await;
}

async fn a_mode_has_one_default_hook(app: TestApp) {
    let now = app.now();
    let own = organisation(now);
    let default = |mode| {
        let mut one = hook(&own.id, mode, "Default", now);
        one.is_default = true;
        one
    };
    let (live, test, second, third) =
        (default(Mode::Live), default(Mode::Test), default(Mode::Live), default(Mode::Live));
    let (new, id) = (own.clone(), live.id.clone());
    app.write(move |conn| {
        store::organisation::insert(conn, &new)?;
        store::hook::insert(conn, &live)?;
        store::hook::insert(conn, &test)
    })
    .await;
    let refused = app.context.store.write(move |conn| store::hook::insert(conn, &second)).await;
    assert!(refused.expect_err("a second default").is_duplicate());
    app.write(move |conn| {
        store::hook::set_state(conn, &id, HookState::Deleted, now)?;
        store::hook::insert(conn, &third)
    })
    .await;
}

async fn credentials_end_by_kind(app: TestApp) {
    let now = app.now();
    app.write(move |conn| {
        let own = organisation(now);
        store::organisation::insert(conn, &own)?;
        let (one, other) = (hook(&own.id, Mode::Live, "One", now), hook(&own.id, Mode::Live, "Other", now));
        store::hook::insert(conn, &one)?;
        store::hook::insert(conn, &other)?;
        let credential = |hook: &HookId, kind, millis| Credential {
            id: CredentialId::new(now + chrono::TimeDelta::milliseconds(millis)),
            hook_id: hook.clone(),
            kind,
            ends_in: "3f9K".into(),
            created_by: Some(MemberId::new(now)),
            created_at: now,
            ends_at: None,
            is_known: true,
            last_used_at: None,
        };
        let old = credential(&one.id, CredentialKind::Secret, 0);
        let new = credential(&one.id, CredentialKind::Secret, 1);
        let key = credential(&one.id, CredentialKind::Key, 2);
        let theirs = credential(&other.id, CredentialKind::Secret, 3);
        assert!(store::credential::any(conn)?.is_none());
        for (one, sealed) in [(&old, b"\0old\xff"), (&new, b"\0new\xff"), (&key, b"\0key\xff"), (&theirs, b"\0oth\xff")]
        {
            store::credential::insert(conn, one, sealed.to_vec())?;
        }
        let found = store::credential::of_hooks(conn, std::slice::from_ref(&one.id))?;
        let order: Vec<_> = found.iter().map(|sealed| sealed.credential.clone()).collect();
        assert_eq!(order, [key.clone(), new.clone(), old.clone()], "newest first");
        assert_eq!(found[1].sealed, b"\0new\xff");
        assert_eq!(store::credential::of_hooks(conn, &[one.id.clone(), other.id.clone()])?.len(), 4);
        assert!(store::credential::any(conn)?.is_some());
        assert!(store::credential::delete_one(conn, &new.id)? && !store::credential::delete_one(conn, &new.id)?);
        assert_eq!(store::credential::delete(conn, &one.id, CredentialKind::Secret)?, 1);
        assert_eq!(store::credential::delete(conn, &one.id, CredentialKind::Secret)?, 0);
        let left = store::credential::of_hooks(conn, &[one.id, other.id])?;
        let left: Vec<_> = left.into_iter().map(|sealed| sealed.credential).collect();
        assert_eq!(left, [theirs, key]);
        Ok::<_, StoreError>(())
    })
    .await;
}

async fn api_keys_are_found_by_hash_and_revoked_once(app: TestApp) {
    let now = app.now();
    app.write(move |conn| {
        let (own, foreign) = (organisation(now), organisation(now));
        store::organisation::insert(conn, &own)?;
        store::organisation::insert(conn, &foreign)?;
        let mut hashes = Vec::new();
        let mut keys = Vec::new();
        for (at, mode) in [Mode::Live, Mode::Test, Mode::Live].into_iter().enumerate() {
            let secret = ApiKeySecret::generate(mode);
            let created_at = now + chrono::TimeDelta::milliseconds(at as i64);
            let key = ApiKey {
                id: ApiKeyId::new(created_at),
                organisation_id: own.id.clone(),
                mode,
                name: format!("Key {at}"),
                ends_in: secret.ends_in().to_owned(),
                created_by: None,
                created_at,
                last_used_at: None,
                revoked_at: None,
            };
            store::api_key::insert(conn, &key, &secret.hash())?;
            hashes.push(secret.hash());
            keys.push(key);
        }
        assert_eq!(store::api_key::find_by_hash(conn, &hashes[1])?, Some(keys[1].clone()));
        assert_eq!(store::api_key::find_by_hash(conn, "no hash")?, None);
        assert_eq!(store::api_key::find(conn, &own.id, &keys[0].id)?, Some(keys[0].clone()));
        assert_eq!(store::api_key::find(conn, &foreign.id, &keys[0].id)?, None);
        assert!(store::api_key::revoke(conn, &keys[2].id, now)?);
        assert!(!store::api_key::revoke(conn, &keys[2].id, now + chrono::TimeDelta::hours(1))?);
        store::api_key::touch(conn, &keys[0].id, now)?;
        let found = store::api_key::find_by_hash(conn, &hashes[2])?.expect("revoked ones are found, to be refused");
        assert_eq!(found.revoked_at, Some(now));
        let list = store::api_key::list(conn, &own.id)?;
        let ids: Vec<_> = list.iter().map(|key| &key.id).collect();
        assert_eq!(ids, [&keys[1].id, &keys[0].id, &keys[2].id], "newest first, revoked ones last");
        assert_eq!(list[1].last_used_at, Some(now));
        assert_eq!(store::api_key::list(conn, &foreign.id)?, []);
        Ok::<_, StoreError>(())
    })
    .await;
}

async fn events_are_found_by_their_organisation_alone(app: TestApp) {
    let now = app.now();
    app.write(move |conn| {
        let (own, foreign) = (organisation(now), organisation(now));
        let causes = [Cause::Clock, Cause::ApiKey(ApiKeyId::new(now)), Cause::Member(MemberId::new(now))];
        for (at, cause) in causes.into_iter().enumerate() {
            let mut one = event(&own.id, Mode::Live, "interview.abandoned", now);
            one.cause = cause;
            one.probe = at == 1;
            let bodies =
                vec![(FieldSet::Minimal, vec![at as u8, 0, 255].into()), (FieldSet::Full, vec![at as u8].into())];
            let new = NewEvent { event: one.clone(), bodies, candidates: Vec::new() };
            store::event::insert(conn, &new, at, now)?;
            assert_eq!(store::event::find(conn, &own.id, &one.id)?, Some(one.clone()));
            assert_eq!(store::event::find(conn, &foreign.id, &one.id)?, None);
            assert_eq!(store::event::body(conn, &one.id, FieldSet::Minimal)?, Some(vec![at as u8, 0, 255]));
            assert_eq!(store::event::body(conn, &one.id, FieldSet::Standard)?, None);
        }
        assert_eq!(store::event::find(conn, &own.id, &EventId::new(now))?, None);
        assert_eq!(store::event::count_unrouted(conn, &own.id, Mode::Live)?, 1);
        assert_eq!(store::event::count_unrouted(conn, &own.id, Mode::Test)?, 0);
        assert_eq!(store::event::count_unrouted(conn, &foreign.id, Mode::Live)?, 0);
        Ok::<_, StoreError>(())
    })
    .await;
}
