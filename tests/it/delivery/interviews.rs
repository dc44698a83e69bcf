//! Interviews: whom their events reach, what their own webhook has of the default one, and sessions that expire (S1, S2, S4).

use chrono::TimeDelta;
use hirewire::actions::export::{self, Confirmed};
use hirewire::actions::hook::{self, NewHook};
use hirewire::actions::interview;
use hirewire::actions::interview::own_hook::{self, OwnHookForm};
use hirewire::actions::{ActionError, credential, test};
use hirewire::domain::delivery::Status;
use hirewire::domain::hook::HookState;
use hirewire::domain::ids::{CandidateId, InterviewId};
use hirewire::domain::interview::result::SessionResult;
use hirewire::domain::mode::Mode;
use hirewire::domain::policy::Policy;
use hirewire::domain::rotation::Overlap;
use hirewire::domain::secret::CredentialKind;
use hirewire::maintenance::interviews::expire_sessions;
use hirewire::store;
use serde_json::{Value, json};

use crate::support::{Kind, Receiver, Team, TestApp, in_mode, is_signed_with, token};

on_both_databases!(
    a_result_that_is_recorded_goes_out_whole_at_once,
    a_session_that_expires_becomes_abandoned_by_itself_and_says_so_once,
    an_expired_session_survives_a_crash_and_is_told_of_once,
    two_instances_that_look_at_once_abandon_a_session_once,
    a_session_that_is_completed_in_time_is_not_abandoned,
    an_override_takes_the_default_hooks_place_for_its_interview_alone,
    a_partner_that_names_an_interview_reaches_its_override,
    an_override_of_another_mode_or_organisation_is_not_reached,
    an_override_has_the_default_hooks_key_secret_and_policy_until_it_has_its_own,
    without_a_default_hook_an_override_stands_alone,
    another_address_makes_another_hook_that_takes_over_what_is_owed,
    an_empty_address_means_the_default_hook_again,
    an_override_is_neither_the_default_nor_exported_to,
    an_override_fails_and_is_disabled_alone,
);

async fn a_receiver() -> Receiver {
    Receiver::answering([200]).await
}

fn kinds(receiver: &Receiver) -> Vec<String> {
    receiver.requests().iter().map(|request| request.must("x-webhook-event").to_owned()).collect()
}

/// Has a partner report the end of an interview with this id.
async fn reported(app: &TestApp, team: &Team, mode: Mode, interview: &InterviewId) {
    let (_, key) = app.an_api_key(&team.admin, mode).await;
    let data = json!({"interview": {"id": interview.as_str()}, "candidate": {"fullName": "محمد العتيبي"}});
    let answer = app.partner(&key).report("interview.completed", data).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    app.tick().await;
}

async fn a_result_that_is_recorded_goes_out_whole_at_once(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = a_receiver().await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let of = app.an_interview(&team.admin).await;
    let id = app.a_started_session(&team.admin, &of).await;
    app.advance_ms(20 * 60 * 1_000);
    let text = r#"{"scores":{"overall":87.5},"transcript":[{"speaker":"interviewer","offsetSeconds":1,"text":"O'Brien?"},
        {"speaker":"candidate","text":"Nguyễn Thị Ánh ✨"}]}"#;
    let result = SessionResult::parse(text.as_bytes()).expect("a result");
    interview::record(&app.context, &team.admin, of.clone(), id.clone(), result.clone()).await.expect("recorded");
    app.tick().await;
    let request = receiver.the_request();
    assert_eq!(request.must("x-webhook-event"), "interview.completed");
    let body = request.json();
    assert_eq!(body["clientId"], team.admin.member.id.as_str());
    let data = &body["data"];
    let groups: Vec<&String> = data.as_object().expect("an object").keys().collect();
    let all = "interview candidate session validation scores integrity evaluation resumeEvaluation transcript";
    assert_eq!(groups, all.split(' ').collect::<Vec<_>>());
    assert_eq!(data["interview"]["id"], of.as_str());
    assert_eq!(data["interview"]["companyName"], team.admin.organisation.name.as_str());
    assert_eq!((&data["session"]["status"], &data["session"]["durationSeconds"]), (&json!("completed"), &json!(1_200)));
    assert_eq!((&data["scores"]["overall"], &data["scores"]["resume"]), (&json!(87.5), &Value::Null));
    assert_eq!(data["evaluation"], Value::Null);
    // The field set is Standard: the question is carried, the candidate's own words are not.
    assert_eq!((&data["transcript"][0]["text"], &data["transcript"][1]["text"]), (&json!("O'Brien?"), &Value::Null));
    // The event is about its candidate, so that erasing them finds it.
    let (session, delivery) = (app.session(&team.admin, &id).await, app.the_delivery(&team.id, Mode::Live).await);
    assert_eq!(session.event_id, Some(delivery.event_id.clone()));
    assert_eq!(events_about(&app, &session.candidate_id).await, [delivery.event_id.to_string()]);
    let again = interview::record(&app.context, &team.admin, of, id, result).await;
    assert!(matches!(again, Err(ActionError::Refused(_))), "{again:?}");
    app.tick().await;
    assert_eq!(receiver.count(), 1);
}

async fn events_about(app: &TestApp, candidate: &CandidateId) -> Vec<String> {
    use diesel::prelude::*;
    use store::schema::event_candidates::{candidate_id, event_id, table};
    let id = candidate.to_string();
    app.read(move |conn| {
        Ok::<_, store::StoreError>(table.filter(candidate_id.eq(id)).select(event_id).load::<String>(conn)?)
    })
    .await
}

async fn a_session_that_expires_becomes_abandoned_by_itself_and_says_so_once(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = a_receiver().await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let of = app.an_interview(&team.admin).await;
    let id = app.a_started_session(&team.admin, &of).await;
    let (_, candidates) = app.a_vacancy_with(&team.admin, 1).await;
    let invited = app.a_session(&team.admin, &of, &candidates[0]).await;
    let end = app.now() + TimeDelta::hours(2);
    app.clock.advance(TimeDelta::hours(2) - TimeDelta::milliseconds(1));
    assert_eq!(expire_sessions(&app.context).await.expect("a look"), 0);
    app.advance_ms(60_001);
    assert_eq!(expire_sessions(&app.context).await.expect("a look"), 1);
    assert_eq!(expire_sessions(&app.context).await.expect("a look"), 0);
    app.tick().await;
    let body = receiver.the_request().json();
    assert_eq!((&body["event"], &body["clientId"]), (&json!("interview.abandoned"), &Value::Null));
    assert_eq!(body["timestamp"], end.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(), "when it expired");
    assert_eq!(body["data"]["session"]["id"], id.as_str());
    assert_eq!(body["data"]["session"]["status"], "abandoned");
    assert_eq!(body["data"]["scores"], Value::Null);
    assert_eq!(app.session(&team.admin, &id).await.state.as_str(), "abandoned");
    assert_eq!(app.session(&team.admin, &invited).await.state.as_str(), "invited", "nobody has started it");
    let late = interview::record(&app.context, &team.admin, of, id, SessionResult::default()).await;
    assert!(matches!(late, Err(ActionError::Refused(_))), "{late:?}");
}

async fn an_expired_session_survives_a_crash_and_is_told_of_once(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = a_receiver().await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let of = app.an_interview(&team.admin).await;
    app.a_started_session(&team.admin, &of).await;
    // It dies before the time is over, and once more after the event was written and before it was sent.
    let app = app.crashed_and_started_again(|_| {}).await;
    app.clock.advance(TimeDelta::hours(3));
    assert_eq!(expire_sessions(&app.context).await.expect("a look"), 1);
    let app = app.crashed_and_started_again(|_| {}).await;
    assert_eq!(expire_sessions(&app.context).await.expect("a look"), 0);
    app.context.engine.look_around().await.expect("a look");
    app.tick().await;
    app.tick().await;
    assert_eq!(kinds(&receiver), ["interview.abandoned"]);
    assert_eq!(app.deliveries(&team.id, Mode::Live).await.len(), 1);
}

async fn two_instances_that_look_at_once_abandon_a_session_once(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = a_receiver().await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let of = app.an_interview(&team.admin).await;
    for _ in 0..5 {
        app.a_started_session(&team.admin, &of).await;
    }
    app.clock.advance(TimeDelta::hours(3));
    let other = if app.kind() == Kind::Postgres { Some(app.beside().await) } else { None };
    // SQLite has one instance, which may look twice at once.
    let second = other.as_ref().unwrap_or(&app);
    let (one, two) = tokio::join!(expire_sessions(&app.context), expire_sessions(&second.context));
    assert_eq!(one.expect("a look") + two.expect("a look"), 5);
    app.tick().await;
    second.tick().await;
    assert_eq!(kinds(&receiver), ["interview.abandoned"; 5]);
}

async fn a_session_that_is_completed_in_time_is_not_abandoned(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = a_receiver().await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let of = app.an_interview(&team.admin).await;
    let done = app.a_started_session(&team.admin, &of).await;
    let withdrawn = app.a_started_session(&team.admin, &of).await;
    interview::record(&app.context, &team.admin, of.clone(), done, SessionResult::default()).await.expect("recorded");
    interview::withdraw(&app.context, &team.admin, of, withdrawn).await.expect("withdrawn");
    app.clock.advance(TimeDelta::hours(3));
    assert_eq!(expire_sessions(&app.context).await.expect("a look"), 0);
    app.tick().await;
    assert_eq!(kinds(&receiver), ["interview.completed"]);
}

async fn an_override_takes_the_default_hooks_place_for_its_interview_alone(app: TestApp) {
    let team = app.an_organisation().await;
    let (default, own, asking) = (a_receiver().await, a_receiver().await, a_receiver().await);
    app.a_hook(&team.admin, &default.url()).await;
    let only = NewHook { events: vec!["interview.completed".into()], ..NewHook::default() };
    app.a_hook_with(&team.admin, &asking.url(), only).await;
    let (of, other) = (app.an_interview(&team.admin).await, app.an_interview(&team.admin).await);
    app.an_override(&team.admin, &of, &own.url()).await.expect("a hook of its own");
    for interview in [&of, &other] {
        let id = app.a_started_session(&team.admin, interview).await;
        let done = interview::record(&app.context, &team.admin, interview.clone(), id, SessionResult::default());
        done.await.expect("recorded");
    }
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    app.tick().await;
    let told = |receiver: &Receiver| -> Vec<String> {
        let ids = receiver.requests().into_iter().map(|request| request.json()["data"]["interview"]["id"].to_string());
        let mut ids: Vec<String> = ids.collect();
        ids.sort();
        ids
    };
    assert_eq!(told(&own), [json!(of.as_str()).to_string()]);
    assert_eq!(told(&default), [json!(other.as_str()).to_string(), "null".into()]);
    assert_eq!(told(&asking).len(), 2, "who asked for it by name gets it as ever");
    // The clock's events go the same way.
    app.a_started_session(&team.admin, &of).await;
    app.clock.advance(TimeDelta::hours(3));
    expire_sessions(&app.context).await.expect("a look");
    app.tick().await;
    assert_eq!(kinds(&own), ["interview.completed", "interview.abandoned"]);
    assert_eq!(default.count(), 2);
}

async fn a_partner_that_names_an_interview_reaches_its_override(app: TestApp) {
    let team = app.an_organisation().await;
    let (default, own) = (a_receiver().await, a_receiver().await);
    app.a_hook(&team.admin, &default.url()).await;
    let (of, other) = (app.an_interview(&team.admin).await, app.an_interview(&team.admin).await);
    reported(&app, &team, Mode::Live, &of).await;
    assert_eq!((default.count(), own.count()), (1, 0));
    // At once, though the hooks of the organisation are kept in memory.
    app.an_override(&team.admin, &of, &own.url()).await;
    reported(&app, &team, Mode::Live, &of).await;
    assert_eq!((default.count(), own.count()), (1, 1));
    reported(&app, &team, Mode::Live, &other).await;
    assert_eq!((default.count(), own.count()), (2, 1));
    // An event of another family that names an interview is no event of an interview.
    let (_, key) = app.an_api_key(&team.admin, Mode::Live).await;
    app.partner(&key).report("job.created", json!({"interview": {"id": of.as_str()}})).await;
    app.tick().await;
    assert_eq!((default.count(), own.count()), (3, 1));
}

async fn an_override_of_another_mode_or_organisation_is_not_reached(app: TestApp) {
    let (team, others) = (app.an_organisation().await, app.an_organisation().await);
    let (default, own) = (a_receiver().await, a_receiver().await);
    app.a_hook(&team.admin, &default.url()).await;
    let theirs = app.an_interview(&others.admin).await;
    let of_test = app.an_interview(&in_mode(&team.admin, Mode::Test)).await;
    app.an_override(&others.admin, &theirs, &own.url()).await;
    app.an_override(&in_mode(&team.admin, Mode::Test), &of_test, &own.url()).await;
    for foreign in [&theirs, &of_test] {
        reported(&app, &team, Mode::Live, foreign).await;
    }
    assert_eq!((default.count(), own.count()), (2, 0));
    reported(&app, &team, Mode::Test, &of_test).await;
    assert_eq!((default.count(), own.count()), (2, 1));
    let form = OwnHookForm { url: own.url(), ..OwnHookForm::default() };
    let foreign = own_hook::save(&app.context, &team.admin, theirs, form).await;
    assert!(matches!(foreign, Err(ActionError::NotFound)), "{foreign:?}");
}

async fn an_override_has_the_default_hooks_key_secret_and_policy_until_it_has_its_own(app: TestApp) {
    let team = app.an_organisation().await;
    let (default, own) = (a_receiver().await, a_receiver().await);
    let form = NewHook { sign: true, key: true, policy: "patient".into(), ..NewHook::default() };
    let standard = app.a_hook_with(&team.admin, &default.url(), form).await;
    let shown = app.what_is_shown_once(&team.admin, standard.id.as_str()).await;
    let of = app.an_interview(&team.admin).await;
    let hook = app.an_override(&team.admin, &of, &own.url()).await.expect("a hook of its own");
    assert_eq!(hook.policy, Policy::Patient);
    reported(&app, &team, Mode::Live, &of).await;
    let first = own.the_request();
    let value = |shown: &[(String, String)], kind: &str| {
        shown.iter().find(|(own, _)| own == kind).map(|(_, value)| value.clone()).expect(kind)
    };
    assert_eq!(first.must("x-webhook-key"), value(&shown, "key"));
    assert!(is_signed_with(&first, &value(&shown, "secret")));
    // The default hook's new secret is the override's as well, at once.
    credential::make(&app.context, &team.admin, standard.id.clone(), CredentialKind::Secret, Overlap::AtOnce, &token())
        .await
        .expect("made");
    let renewed = value(&app.what_is_shown_once(&team.admin, standard.id.as_str()).await, "secret");
    reported(&app, &team, Mode::Live, &of).await;
    assert!(!own.requests()[1].must("x-webhook-key").is_empty());
    assert!(is_signed_with(&own.requests()[1], &renewed));
    // Its own counts before that, for it alone.
    credential::make(&app.context, &team.admin, hook.id.clone(), CredentialKind::Secret, Overlap::AtOnce, &token())
        .await
        .expect("made");
    let mine = value(&app.what_is_shown_once(&team.admin, hook.id.as_str()).await, "secret");
    let form = OwnHookForm { url: own.url(), policy: "single".into() };
    own_hook::save(&app.context, &team.admin, of.clone(), form).await.expect("saved");
    reported(&app, &team, Mode::Live, &of).await;
    assert!(is_signed_with(&own.requests()[2], &mine));
    assert_eq!(own.requests()[2].must("x-webhook-key"), value(&shown, "key"), "the key is still that of the default");
    let same = app.hook(&team.admin, &hook.id).await;
    assert_eq!(
        (same.policy, same.state),
        (Policy::Single, HookState::Active),
        "the same hook: its address is the same"
    );
    assert_eq!(app.hook(&team.admin, &standard.id).await.policy, Policy::Patient);
    // Without its own it has that of the default hook again.
    credential::end(&app.context, &team.admin, hook.id.clone(), CredentialKind::Secret).await.expect("ended");
    reported(&app, &team, Mode::Live, &of).await;
    assert!(!is_signed_with(&own.requests()[3], &mine) && own.requests()[3].header("webhook-signature").is_some());
    // A test goes the same way.
    let (tested, ()) = tokio::join!(test::send(&app.context, &team.admin, hook.id), async {
        crate::support::eventually("the test at the receiver", || async {
            app.tick().await;
            (own.count() == 5).then_some(())
        })
        .await;
    });
    tested.expect("a test");
    assert_eq!(own.requests()[4].must("x-webhook-key"), value(&shown, "key"));
}

async fn without_a_default_hook_an_override_stands_alone(app: TestApp) {
    let team = app.an_organisation().await;
    let own = Receiver::answering([500, 200]).await;
    let of = app.an_interview(&team.admin).await;
    let hook = app.an_override(&team.admin, &of, &own.url()).await.expect("a hook of its own");
    assert_eq!((hook.policy, hook.is_default), (Policy::Quick, false));
    reported(&app, &team, Mode::Live, &of).await;
    app.advance_ms(200);
    app.tick().await;
    assert_eq!(own.count(), 2, "it is tried again as Quick says");
    assert_eq!(own.requests()[0].header("webhook-signature"), None);
    // The mode's first other hook is its default all the same.
    let first = app.a_hook(&team.admin, &a_receiver().await.url()).await;
    assert!(first.is_default);
}

async fn another_address_makes_another_hook_that_takes_over_what_is_owed(app: TestApp) {
    let team = app.an_organisation().await;
    let (default, old, new) = (a_receiver().await, Receiver::answering([500]).await, a_receiver().await);
    app.a_hook(&team.admin, &default.url()).await;
    let of = app.an_interview(&team.admin).await;
    let before = app.an_override(&team.admin, &of, &old.url()).await.expect("a hook of its own");
    credential::make(&app.context, &team.admin, before.id.clone(), CredentialKind::Secret, Overlap::AtOnce, &token())
        .await
        .expect("made");
    let shown = app.what_is_shown_once(&team.admin, before.id.as_str()).await;
    reported(&app, &team, Mode::Live, &of).await;
    assert_eq!(app.the_delivery(&team.id, Mode::Live).await.state.status(), Status::Retrying);
    let after = app.an_override(&team.admin, &of, &new.url()).await.expect("another hook");
    assert_ne!(before.id, after.id);
    let retired = app.hook(&team.admin, &before.id).await;
    assert_eq!((retired.state, &retired.url), (HookState::Deleted, &before.url), "an address never changes");
    app.advance_ms(200);
    app.tick().await;
    app.tick().await;
    assert_eq!((old.count(), new.count(), default.count()), (1, 1, 0));
    assert_eq!(old.requests()[0].body, new.the_request().body);
    assert_eq!(old.requests()[0].must("webhook-id"), new.the_request().must("webhook-id"));
    assert!(is_signed_with(&new.the_request(), &shown[0].1), "its own secret goes with it");
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    assert_eq!((delivery.state.status(), &delivery.hook_id), (Status::Success, &after.id));
    // The one before is gone: nothing more is sent there.
    reported(&app, &team, Mode::Live, &of).await;
    assert_eq!((old.count(), new.count()), (1, 2));
}

async fn an_empty_address_means_the_default_hook_again(app: TestApp) {
    let team = app.an_organisation().await;
    let (default, own) = (a_receiver().await, Receiver::answering([500]).await);
    app.a_hook(&team.admin, &default.url()).await;
    let of = app.an_interview(&team.admin).await;
    let hook = app.an_override(&team.admin, &of, &own.url()).await.expect("a hook of its own");
    hook::pause(&app.context, &team.admin, hook.id.clone()).await.expect("paused");
    reported(&app, &team, Mode::Live, &of).await;
    assert_eq!((default.count(), own.count()), (0, 0), "it is held for the override, not sent to the default hook");
    assert_eq!(app.an_override(&team.admin, &of, " ").await, None);
    assert_eq!(app.hook(&team.admin, &hook.id).await.state, HookState::Deleted);
    app.tick().await;
    assert_eq!((default.count(), own.count()), (1, 0), "the default hook takes over what is owed");
    reported(&app, &team, Mode::Live, &of).await;
    assert_eq!((default.count(), own.count()), (2, 0));
    // Empty once more changes nothing.
    assert_eq!(app.an_override(&team.admin, &of, "").await, None);
}

async fn an_override_is_neither_the_default_nor_exported_to(app: TestApp) {
    let team = app.an_organisation().await;
    let own = a_receiver().await;
    let of = app.an_interview(&team.admin).await;
    let hook = app.an_override(&team.admin, &of, &own.url()).await.expect("a hook of its own");
    let (vacancy, candidates) = app.a_vacancy_with(&team.admin, 1).await;
    let confirmed = Confirmed { vacancy, candidates, hook: hook.id, token: token() };
    let refused = export::confirm(&app.context, &team.admin, confirmed).await;
    assert!(matches!(refused, Err(ActionError::Invalid(_))), "{refused:?}");
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    app.tick().await;
    assert_eq!(own.count(), 0);
    assert_eq!(app.unrouted(&team.id, Mode::Live).await, 1);
}

async fn an_override_fails_and_is_disabled_alone(app: TestApp) {
    let team = app.an_organisation().await;
    let (default, own) = (a_receiver().await, Receiver::answering([410]).await);
    let standard = app.a_hook(&team.admin, &default.url()).await;
    let of = app.an_interview(&team.admin).await;
    let hook = app.an_override(&team.admin, &of, &own.url()).await.expect("a hook of its own");
    reported(&app, &team, Mode::Live, &of).await;
    assert_eq!(app.hook(&team.admin, &hook.id).await.state, HookState::Disabled);
    assert_eq!(app.hook(&team.admin, &standard.id).await.state, HookState::Active);
    // It still takes the default hook's place: what happens meanwhile is missed, not sent elsewhere.
    reported(&app, &team, Mode::Live, &of).await;
    assert_eq!((default.count(), own.count()), (0, 1));
}
