//! A replaced hook's successor takes over everything, and nothing is lost or sent to the old address (A2).

use hirewire::actions::export::{self, Confirmed};
use hirewire::actions::hook::{self, NewHook};
use hirewire::actions::replacement::{Replacement, replace};
use hirewire::actions::{self, ActionError, credential};
use hirewire::domain::api_key::ApiKey;
use hirewire::domain::delivery::{Delivery, DeliveryState, Status};
use hirewire::domain::hook::{FieldSet, Hook, HookState};
use hirewire::domain::ids::{DeliveryId, HookId};
use hirewire::domain::mode::Mode;
use hirewire::domain::rotation::Overlap;
use hirewire::domain::secret::CredentialKind::{Key, Secret};
use hirewire::store;

use crate::support::{
    Answer, Kind, Receiver, Team, TestApp, Uncommitted, in_mode, is_signed_with, run, signers, soon, token,
};

on_both_databases!(
    the_successor_takes_over_name_events_credentials_default_flag_and_what_comes,
    what_is_owed_moves_and_goes_on_where_it_stood,
    a_try_under_way_that_fails_is_kept_as_evidence_and_the_delivery_goes_to_the_successor,
    a_try_under_way_that_arrives_has_arrived_and_is_sent_nowhere_else,
    an_export_in_progress_goes_to_the_successor,
    what_is_held_stays_held_and_is_sent_when_the_successor_is_resumed,
    what_a_disabled_one_missed_can_be_sent_to_the_successor,
    a_rotation_goes_on_at_the_successor,
    what_was_recorded_in_the_very_moment_goes_to_whoever_took_over_last,
    a_crash_right_afterwards_loses_nothing,
    an_address_that_is_blocked_or_the_same_is_refused_and_nothing_changes,
    pressing_twice_makes_one_successor,
    a_test_that_was_not_sent_ends_with_the_old_one,
);

struct Story {
    team: Team,
    old: Receiver,
    new: Receiver,
    hook: Hook,
    key: ApiKey,
}

async fn two_receivers<A: Into<Answer>>(app: &TestApp, old: impl IntoIterator<Item = A>, form: NewHook) -> Story {
    let team = app.an_organisation().await;
    let (old, new) = (Receiver::answering(old).await, Receiver::answering([200]).await);
    let hook = app.a_hook_with(&team.admin, &old.url(), form).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    Story { team, old, new, hook, key }
}

fn policy(name: &str) -> NewHook {
    NewHook { policy: name.into(), name: "HRIS of O'Brien 🦀".into(), ..NewHook::default() }
}

impl Story {
    async fn replaced(&self, app: &TestApp) -> Hook {
        let form = Replacement { url: self.new.url(), token: token() };
        let made = replace(&app.context, &self.team.admin, self.hook.id.clone(), form).await.expect("it is replaced");
        app.hook(&self.team.admin, &made.id).await
    }

    async fn the_delivery(&self, app: &TestApp) -> Delivery {
        app.the_delivery(&self.team.id, Mode::Live).await
    }

    async fn old_hook(&self, app: &TestApp) -> Hook {
        app.hook(&self.team.admin, &self.hook.id).await
    }
}

async fn the_successor_takes_over_name_events_credentials_default_flag_and_what_comes(app: TestApp) {
    let form = NewHook { events: vec!["job.created".into()], sign: true, key: true, ..policy("patient") };
    let story = two_receivers(&app, [200], form).await;
    let shown = app.what_is_shown_once(&story.team.admin, story.hook.id.as_str()).await;
    let new = story.replaced(&app).await;
    let expected = Hook { id: new.id.clone(), url: new.url.clone(), ..story.hook.clone() };
    assert_eq!(new, expected);
    assert!(new.is_default && new.url.as_str().contains(story.new.url().as_str()));
    let old = story.old_hook(&app).await;
    assert_eq!(
        (old.state, old.replaced_by.as_ref(), old.url),
        (HookState::Deleted, Some(&new.id), story.hook.url.clone())
    );
    for kind in ["job.created", "job.updated"] {
        app.report(&story.key, kind).await;
    }
    app.tick().await;
    let request = story.new.the_request();
    let value = |wanted: &str| shown.iter().find(|(kind, _)| kind == wanted).map(|(_, value)| value.as_str());
    assert_eq!(request.must("x-webhook-event"), "job.created");
    assert!(is_signed_with(&request, value("secret").expect("a secret")));
    assert_eq!(Some(request.must("x-webhook-key")), value("key"));
    assert_eq!(story.old.count(), 0);
    // It is deleted for every act.
    let again = hook::pause(&app.context, &story.team.admin, story.hook.id.clone()).await;
    assert!(matches!(again, Err(ActionError::NotFound)), "{again:?}");
    let (id, of) = (story.hook.id.clone(), new.clone());
    let (left, before) = app
        .read(move |conn| {
            let left = store::credential::of_hooks(conn, &[id])?;
            Ok::<_, store::StoreError>((left.len(), store::hook::predecessor(conn, &of)?))
        })
        .await;
    assert_eq!((left, before.map(|hook| hook.id)), (0, Some(story.hook.id)));
}

async fn what_is_owed_moves_and_goes_on_where_it_stood(app: TestApp) {
    let story = two_receivers(&app, [500], policy("quick")).await;
    app.report(&story.key, "job.created").await;
    app.tick().await;
    app.report(&story.key, "job.updated").await;
    let new = story.replaced(&app).await;
    assert_eq!(app.tick().await.succeeded, 1, "what was never tried goes at once");
    app.advance_ms(200);
    assert_eq!(app.tick().await.succeeded, 1);
    app.advance_ms(3_600_000);
    app.tick().await;
    assert_eq!((story.old.count(), story.new.count()), (1, 2));
    let deliveries = app.deliveries(&story.team.id, Mode::Live).await;
    assert!(deliveries.iter().all(|delivery| delivery.hook_id == new.id && delivery.state.status() == Status::Success));
    let retried = deliveries.iter().find(|delivery| delivery.tries.all() == 2).expect("one was tried before");
    let attempts = app.attempts(&retried.id).await;
    let hosts: Vec<_> = attempts
        .iter()
        .map(|attempt| attempt.request.as_ref().expect("sent").headers.get("Host").map(str::to_owned))
        .collect();
    assert_ne!(hosts[0], hosts[1], "each try says where it went");
    let (first, second) = (&story.old.requests()[0], &story.new.requests()[1]);
    assert_eq!((first.must("webhook-id"), &first.body), (second.must("webhook-id"), &second.body));
}

async fn a_try_under_way_that_fails_is_kept_as_evidence_and_the_delivery_goes_to_the_successor(app: TestApp) {
    for (name, status) in [("single", 500), ("quick", 500), ("single", 410)] {
        let (slow, gate) = Answer::of(status).behind_a_gate();
        let story = two_receivers(&app, [slow], policy(name)).await;
        app.report(&story.key, "job.created").await;
        let replacing = async {
            story.old.has_been_asked(1).await;
            let new = story.replaced(&app).await;
            // It is claimed for the successor while the try is still under way.
            app.context.engine.look_around().await.expect("a database");
            gate.open();
            new
        };
        let (_, new) = tokio::join!(app.tick(), replacing);
        app.tick().await;
        let delivery = story.the_delivery(&app).await;
        assert_eq!((delivery.state.status(), &delivery.hook_id), (Status::Success, &new.id), "{name} {status}");
        let statuses: Vec<_> = app.attempts(&delivery.id).await.iter().map(|attempt| attempt.outcome.status).collect();
        assert_eq!(statuses, [Some(status), Some(200)]);
        app.advance_ms(3_600_000);
        app.tick().await;
        assert_eq!((story.old.count(), story.new.count()), (1, 1));
        assert_eq!(app.hook(&story.team.admin, &new.id).await.state, HookState::Active);
    }
}

async fn a_try_under_way_that_arrives_has_arrived_and_is_sent_nowhere_else(app: TestApp) {
    let (slow, gate) = Answer::of(200).behind_a_gate();
    let story = two_receivers(&app, [slow], policy("quick")).await;
    let (vacancy, candidates) = app.a_vacancy_with(&story.team.admin, 1).await;
    let confirmed = Confirmed { vacancy, candidates, hook: story.hook.id.clone(), token: token() };
    let id = export::confirm(&app.context, &story.team.admin, confirmed).await.expect("it is confirmed");
    let replacing = async {
        story.old.has_been_asked(1).await;
        story.replaced(&app).await;
        app.context.engine.look_around().await.expect("a database");
        gate.open();
    };
    tokio::join!(app.tick(), replacing);
    app.advance_ms(3_600_000);
    app.tick().await;
    let delivery = story.the_delivery(&app).await;
    assert_eq!((delivery.state.status(), &delivery.hook_id), (Status::Success, &story.hook.id));
    assert_eq!((story.old.count(), story.new.count()), (1, 0));
    let organisation = story.team.id.clone();
    let view = app.read(move |conn| store::export::find(conn, &organisation, &id)).await.expect("it is there");
    assert_eq!(view.export.hook_id, story.hook.id, "it says where it arrived");
}

async fn an_export_in_progress_goes_to_the_successor(app: TestApp) {
    let story = two_receivers(&app, [500], policy("quick")).await;
    let (vacancy, candidates) = app.a_vacancy_with(&story.team.admin, 2).await;
    let confirmed = Confirmed { vacancy, candidates, hook: story.hook.id.clone(), token: token() };
    let id = export::confirm(&app.context, &story.team.admin, confirmed).await.expect("it is confirmed");
    app.tick().await;
    let new = story.replaced(&app).await;
    let organisation = story.team.id.clone();
    let view = app.read(move |conn| store::export::find(conn, &organisation, &id)).await.expect("it is there");
    assert_eq!((view.export.hook_id, view.delivery.hook_id.clone()), (new.id.clone(), new.id.clone()));
    app.advance_ms(200);
    assert_eq!(app.tick().await.succeeded, 1);
    assert_eq!(story.new.the_request().must("x-webhook-event"), "candidates.exported");
    let (old, of) = (story.hook.id.clone(), new.id);
    let left = app.read(move |conn| store::export::in_progress_to(conn, &old)).await;
    let open = app.read(move |conn| store::export::in_progress_to(conn, &of)).await;
    assert!(left.is_empty() && open.is_empty());
}

async fn what_is_held_stays_held_and_is_sent_when_the_successor_is_resumed(app: TestApp) {
    let story = two_receivers(&app, [200], policy("quick")).await;
    hook::pause(&app.context, &story.team.admin, story.hook.id.clone()).await.expect("it pauses");
    app.report(&story.key, "job.created").await;
    let new = story.replaced(&app).await;
    app.advance_ms(3_600_000);
    app.tick().await;
    let held = story.the_delivery(&app).await;
    assert_eq!(
        (new.state, held.state, &held.hook_id),
        (HookState::Paused, DeliveryState::Pending { due: None }, &new.id)
    );
    hook::resume(&app.context, &story.team.admin, new.id).await.expect("it goes on");
    assert_eq!(app.tick().await.succeeded, 1);
    assert_eq!((story.old.count(), story.new.count()), (0, 1));
}

async fn what_a_disabled_one_missed_can_be_sent_to_the_successor(app: TestApp) {
    let story = two_receivers(&app, [410], policy("quick")).await;
    app.report(&story.key, "job.created").await;
    app.tick().await;
    app.report(&story.key, "job.updated").await;
    let new = story.replaced(&app).await;
    assert_eq!(new.state, HookState::Active);
    app.tick().await;
    assert_eq!(story.new.count(), 0, "it is sent when somebody says so");
    let sent = actions::health::send_missed(&app.context, &story.team.admin, new.id).await.expect("it is sent");
    assert_eq!((sent, app.tick().await.succeeded), (1, 1));
    assert_eq!(story.new.the_request().must("x-webhook-event"), "job.updated");
}

async fn a_rotation_goes_on_at_the_successor(app: TestApp) {
    let story = two_receivers(&app, [200], NewHook { sign: true, ..policy("single") }).await;
    let (viewer, id) = (&story.team.admin, story.hook.id.clone());
    let shown = async |id: &HookId| app.what_is_shown_once(viewer, id.as_str()).await.pop().expect("it was made").1;
    let first = shown(&id).await;
    credential::make(&app.context, viewer, id.clone(), Key, Overlap::Day, &token()).await.expect("a key");
    credential::make(&app.context, viewer, id.clone(), Secret, Overlap::Day, &token()).await.expect("a secret");
    let second = shown(&id).await;
    credential::switched(&app.context, viewer, id.clone()).await.expect("it is noted");
    story.replaced(&app).await;
    app.report(&story.key, "job.created").await;
    app.tick().await;
    let request = story.new.the_request();
    assert_eq!((signers(&request, &[&first, &second]), is_signed_with(&request, &second)), (vec![1, 0], true));
    app.advance_ms(24 * 3_600_000);
    app.report(&story.key, "job.created").await;
    app.tick().await;
    assert_eq!(signers(&story.new.requests()[1], &[&first, &second]), [1]);
}

/// On PostgreSQL an event may read its hooks just before one of them is replaced, and be written just after.
async fn what_was_recorded_in_the_very_moment_goes_to_whoever_took_over_last(app: TestApp) {
    let story = two_receivers(&app, [200], policy("quick")).await;
    let event = app.report(&story.key, "job.created").await;
    let between = story.replaced(&app).await;
    let last = Receiver::answering([200]).await;
    let form = Replacement { url: last.url(), token: token() };
    let heir = replace(&app.context, &story.team.admin, between.id, form).await.expect("it is replaced").id;
    app.tick().await;
    let (now, instance) = (app.now(), app.context.engine.instance().clone());
    let late =
        |held| Delivery::owed(DeliveryId::new(now), &event, story.hook.id.clone(), FieldSet::Standard, held, now);
    let (due, held) = (late(false), late(true));
    let owed = app
        .write(move |conn| {
            store::delivery::insert(conn, &held, None)?;
            store::delivery::insert(conn, &due, Some(&instance))?;
            store::delivery::load(conn, &due.id)
        })
        .await;
    app.context.engine.hand_over(owed.into_iter().collect());
    for _ in 0..3 {
        app.tick().await;
    }
    app.sweep().await;
    app.sweep().await;
    app.tick().await;
    assert_eq!((story.old.count(), story.new.count(), last.count()), (0, 0, 3));
    let all = app.deliveries(&story.team.id, Mode::Live).await;
    assert!(
        all.iter().all(|delivery| delivery.hook_id == heir && delivery.state.status() == Status::Success),
        "{all:?}"
    );
}

async fn a_crash_right_afterwards_loses_nothing(app: TestApp) {
    let story = two_receivers(&app, [500], policy("quick")).await;
    app.report(&story.key, "job.created").await;
    app.tick().await;
    app.report(&story.key, "job.updated").await;
    story.replaced(&app).await;
    let app = app.crashed_and_started_again(|_| {}).await;
    app.advance_ms(200);
    assert_eq!(app.tick().await.succeeded, 2);
    assert_eq!((story.old.count(), story.new.count()), (1, 2));
}

async fn an_address_that_is_blocked_or_the_same_is_refused_and_nothing_changes(app: TestApp) {
    let story = two_receivers(&app, [200], policy("quick")).await;
    for url in ["10.0.0.7/in", "http://hooks.acme.com/in", "", &story.old.url(), "user:secret@hooks.acme.com"] {
        let form = Replacement { url: url.to_owned(), token: token() };
        let refused = replace(&app.context, &story.team.admin, story.hook.id.clone(), form).await;
        let Err(ActionError::Invalid(errors)) = refused else { panic!("{url}: {refused:?}") };
        assert_eq!(errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), ["url"]);
    }
    assert_eq!(story.old_hook(&app).await, story.hook);
}

async fn pressing_twice_makes_one_successor(app: TestApp) {
    let story = two_receivers(&app, [200], policy("quick")).await;
    let form = Replacement { url: story.new.url(), token: token() };
    let press = || replace(&app.context, &story.team.admin, story.hook.id.clone(), form.clone());
    let (one, other) = tokio::join!(press(), press());
    let third = press().await.expect("it leads there, too").id;
    assert_eq!((&one.expect("it is replaced").id, &other.expect("the same").id), (&third, &third));
    let organisation = story.team.id.clone();
    let hooks = app.read(move |conn| store::hook::list_with_deleted(conn, &organisation, Mode::Live)).await;
    assert_eq!(hooks.len(), 2);
}

async fn a_test_that_was_not_sent_ends_with_the_old_one(app: TestApp) {
    let story = two_receivers(&app, [200], policy("single")).await;
    let viewer = in_mode(&story.team.admin, Mode::Live);
    let (context, id) = (app.context.clone(), story.hook.id.clone());
    let sent = tokio::spawn(async move { actions::test::send(&context, &viewer, id).await });
    crate::support::eventually("the test to be recorded", async || {
        (!app.deliveries(&story.team.id, Mode::Live).await.is_empty()).then_some(())
    })
    .await;
    story.replaced(&app).await;
    app.tick().await;
    assert_eq!((story.old.count(), story.new.count()), (0, 0));
    assert_eq!(story.the_delivery(&app).await.state.status(), Status::Failed);
    sent.abort();
}

#[test]
fn what_another_instance_holds_is_not_sent_to_the_old_address() {
    run(Kind::Postgres, async |app: TestApp| {
        let story = two_receivers(&app, [500], policy("quick")).await;
        let other = app.beside().await;
        other.report(&story.key, "job.created").await;
        other.tick().await;
        other.report(&story.key, "job.updated").await;
        story.replaced(&app).await;
        other.advance_ms(200);
        let sent = other.tick().await.sent + app.tick().await.sent;
        assert_eq!((sent, story.old.count(), story.new.count()), (2, 1, 2));
    });
}

/// Two who waited for each other's rows would be a deadlock, which ends in an error for one of them.
#[test]
fn replacing_pausing_and_deleting_do_not_wait_for_answers_that_are_being_written_down() {
    run(Kind::Postgres, async |app: TestApp| {
        let story = two_receivers(&app, [500], policy("quick")).await;
        for kind in ["job.created", "job.updated"] {
            app.report(&story.key, kind).await;
        }
        app.tick().await;
        let owed = app.deliveries(&story.team.id, Mode::Live).await;
        let hooks =
            async || app.deliveries(&story.team.id, Mode::Live).await.into_iter().map(|owed| owed.hook_id.clone());

        // An answer that is being written down: its delivery's row is locked until the end.
        let answer_to = |at: usize| {
            let id = owed[at].id.clone();
            Uncommitted::of(&app, move |conn| store::delivery::current(conn, &id))
        };
        let writing = answer_to(0).await;
        let new = soon("the replacement", story.replaced(&app)).await.id;
        writing.commit().await;
        assert_eq!(hooks().await.collect::<Vec<_>>(), [story.hook.id.clone(), new.clone()]);
        app.sweep().await;
        assert_eq!(hooks().await.collect::<Vec<_>>(), [new.clone(), new.clone()], "it goes where the other went");

        let states = async || app.deliveries(&story.team.id, Mode::Live).await.into_iter().map(|owed| owed.state);
        let writing = answer_to(0).await;
        let admin = &story.team.admin;
        soon("the pause", hook::pause(&app.context, admin, new.clone())).await.expect("it pauses");
        writing.commit().await;
        app.advance_ms(3_600_000);
        app.tick().await;
        let held = DeliveryState::Retrying { due: None };
        assert_eq!((states().await.collect::<Vec<_>>(), story.new.count()), (vec![held, held], 0));

        let writing = answer_to(1).await;
        soon("the deletion", hook::delete(&app.context, admin, new.clone(), false)).await.expect("it is deleted");
        writing.commit().await;
        assert_eq!(states().await.filter(DeliveryState::is_owed).count(), 1);
        app.sweep().await;
        assert_eq!((states().await.filter(DeliveryState::is_owed).count(), story.new.count()), (0, 0));
    });
}

/// What a disabled webhook missed is locked while an answer to it is written down all the same.
#[test]
fn what_was_missed_in_the_very_moment_of_a_replacement_can_be_sent_to_the_successor() {
    run(Kind::Postgres, async |app: TestApp| {
        let story = two_receivers(&app, [410], policy("quick")).await;
        app.report(&story.key, "job.created").await;
        app.tick().await;
        app.report(&story.key, "job.updated").await;
        let all = app.deliveries(&story.team.id, Mode::Live).await;
        let missed = all.into_iter().find(Delivery::is_missed).expect("it is disabled").id.clone();
        let writing = Uncommitted::of(&app, move |conn| store::delivery::current(conn, &missed)).await;
        let new = soon("the replacement", story.replaced(&app)).await;
        writing.commit().await;
        app.sweep().await;
        let sent = actions::health::send_missed(&app.context, &story.team.admin, new.id).await.expect("it is sent");
        assert_eq!((sent, app.tick().await.succeeded), (1, 1));
        assert_eq!(story.new.the_request().must("x-webhook-event"), "job.updated");
    });
}
