//! Keys and secrets are rotated without downtime (B3).

use std::sync::Mutex;

use hirewire::actions::hook::NewHook;
use hirewire::actions::{self, credential};
use hirewire::domain::api_key::ApiKey;
use hirewire::domain::attempt::Trigger;
use hirewire::domain::delivery::{Delivery, Status};
use hirewire::domain::hook::{Credential, Hook};
use hirewire::domain::ids::EventId;
use hirewire::domain::mode::Mode;
use hirewire::domain::rotation::{Overlap, Side};
use hirewire::domain::secret::CredentialKind::{self, Key, Secret};
use hirewire::store;
use tokio::sync::watch;

use crate::support::{
    DRAIN, Kind, Received, Team, TestApp, Verifier, eventually, is_signed_with, run, signers, soon, token,
};

on_both_databases!(
    headers_with_room_for_several_carry_both_newest_first_and_the_others_the_old_one,
    a_receiver_that_holds_one_secret_misses_nothing_through_a_rotation_under_load,
    a_refusal_is_followed_by_one_try_with_the_other_which_is_no_retry_and_is_preferred_once_taken,
    when_both_are_refused_the_policy_goes_on_where_it_stood,
    what_was_refused_together_is_tried_with_the_new_one_though_that_is_preferred_meanwhile,
    a_receiver_that_compares_a_key_misses_nothing_either,
    a_key_that_was_switched_to_stays_while_the_secret_is_rotated,
    a_third_regeneration_ends_the_oldest,
    pressing_regenerate_twice_begins_one_rotation,
    at_once_ends_the_old_one_at_once,
    an_admin_may_say_that_the_receiver_has_switched,
    revoking_the_old_one_ends_it_and_leaves_the_new_one,
    the_old_one_ends_by_itself_at_the_end_of_the_overlap,
    turning_signing_off_ends_both,
    killed_between_the_refusal_and_the_extra_try_it_is_made_by_the_next,
    a_rotation_goes_on_after_a_crash,
    a_test_is_sent_with_the_other_too_before_its_page_answers,
    the_last_use_of_each_is_known_to_the_minute,
);

/// A signed hook and what its receiver was given.
struct Story {
    team: Team,
    verifier: Verifier,
    hook: Hook,
    key: ApiKey,
    first: String,
    /// What was sent last.
    last: Mutex<Option<EventId>>,
}

async fn a_signed_hook(app: &TestApp, policy: &str) -> Story {
    let team = app.an_organisation().await;
    let verifier = Verifier::holding(&[]).await;
    let form =
        NewHook { policy: policy.into(), sign: true, name: "HRIS of Nguyễn Thị Ánh".into(), ..NewHook::default() };
    let hook = app.a_hook_with(&team.admin, &verifier.receiver.url(), form).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let mut story = Story { team, verifier, hook, key, first: String::new(), last: Mutex::default() };
    story.first = story.shown(app, Secret).await;
    story.verifier.switch_to(&[&story.first]);
    story
}

impl Story {
    async fn shown(&self, app: &TestApp, kind: CredentialKind) -> String {
        let shown = app.what_is_shown_once(&self.team.admin, self.hook.id.as_str()).await;
        shown.into_iter().find(|(name, _)| name == kind.as_str()).expect("it was just made").1
    }

    /// Makes another, and gives what the page shows.
    async fn regenerated(&self, app: &TestApp, kind: CredentialKind, overlap: Overlap) -> String {
        let (viewer, id) = (&self.team.admin, self.hook.id.clone());
        credential::make(&app.context, viewer, id, kind, overlap, &token()).await.expect("it is made");
        self.shown(app, kind).await
    }

    /// Something happens and is sent; the request that came of it last.
    async fn send(&self, app: &TestApp) -> Received {
        let event = app.report(&self.key, "job.created").await;
        *self.last.lock().expect("no panic before") = Some(event.id);
        for _ in 0..2 {
            app.tick().await;
        }
        self.verifier.receiver.requests().pop().expect("a request")
    }

    /// What came of the event that was sent last.
    async fn newest(&self, app: &TestApp) -> Delivery {
        let last = self.last.lock().expect("no panic before").clone();
        let all = app.deliveries(&self.team.id, Mode::Live).await;
        let is_it = |delivery: &Delivery| last.as_ref().is_none_or(|last| delivery.event_id == *last);
        all.into_iter().find(is_it).expect("a delivery")
    }

    /// Status of the answer and what made the try happen, of each try.
    async fn tries(&self, app: &TestApp, delivery: &Delivery) -> Vec<(u16, Trigger)> {
        let attempts = app.attempts(&delivery.id).await;
        attempts.into_iter().map(|attempt| (attempt.outcome.status.unwrap_or_default(), attempt.trigger)).collect()
    }

    async fn credentials(&self, app: &TestApp) -> Vec<Credential> {
        let id = self.hook.id.clone();
        let all = app.read(move |conn| store::credential::of_hooks(conn, &[id])).await;
        all.into_iter().map(|sealed| sealed.credential).collect()
    }

    async fn acts(&self, app: &TestApp, act: &str) -> usize {
        let (organisation, hook, since) = (self.team.id.clone(), self.hook.id.to_string(), self.hook.created_at);
        let done = app.read(move |conn| store::audit::of_object(conn, &organisation, &hook, since)).await;
        done.iter().filter(|done| done.act.as_str() == act).count()
    }
}

const NEW: Trigger = Trigger::Rotation(Side::New);

async fn headers_with_room_for_several_carry_both_newest_first_and_the_others_the_old_one(app: TestApp) {
    let story = a_signed_hook(&app, "quick").await;
    assert_eq!(signers(&story.send(&app).await, &[&story.first]), [0]);
    let second = story.regenerated(&app, Secret, Overlap::Day).await;
    let request = story.send(&app).await;
    assert_eq!(signers(&request, &[&story.first, &second]), [1, 0], "newest first");
    assert_eq!(request.must("webhook-signature").split(' ').filter(|one| one.starts_with("v1,")).count(), 2);
    assert!(is_signed_with(&request, &story.first) && !is_signed_with(&request, &second));
    assert_eq!(story.newest(&app).await.tries.all(), 1);
    let attempts = app.attempts(&story.newest(&app).await.id).await;
    assert_eq!(attempts[0].proof.secret.as_deref(), Some(&story.first[story.first.len() - 4..]));
}

async fn a_receiver_that_holds_one_secret_misses_nothing_through_a_rotation_under_load(app: TestApp) {
    const EACH: usize = 60;
    let story = a_signed_hook(&app, "single").await;
    let (stop, stopped) = watch::channel(false);
    let engine = tokio::spawn(app.context.engine.clone().run(stopped, DRAIN));
    let report = async || {
        for _ in 0..EACH {
            app.report(&story.key, "job.created").await;
        }
    };
    report().await;
    let second = story.regenerated(&app, Secret, Overlap::Day).await;
    report().await;
    // In the middle of it, while tries are under way.
    story.verifier.receiver.has_been_asked(EACH + EACH / 2).await;
    story.verifier.switch_to(&[&second]);
    report().await;
    eventually("every delivery's end", async || {
        let all = app.deliveries(&story.team.id, Mode::Live).await;
        all.iter().all(|delivery| !delivery.state.is_owed()).then_some(())
    })
    .await;
    stop.send(true).expect("it runs");
    soon("the engine's end", engine).await.expect("no panic");
    let all = app.deliveries(&story.team.id, Mode::Live).await;
    assert_eq!(all.len(), 3 * EACH);
    assert!(all.iter().all(|delivery| delivery.state.status() == Status::Success), "none is missed");
    let mut taken = story.verifier.taken();
    let count = taken.len();
    taken.sort_unstable();
    taken.dedup();
    assert_eq!((count, taken.len()), (3 * EACH, 3 * EACH), "each is taken once");
    // And it has come to prefer the new one.
    assert_eq!(story.send(&app).await.must("webhook-id"), story.newest(&app).await.event_id.as_str());
    assert_eq!(story.newest(&app).await.tries.all(), 1);
}

async fn a_refusal_is_followed_by_one_try_with_the_other_which_is_no_retry_and_is_preferred_once_taken(app: TestApp) {
    for policy in ["single", "quick", "patient"] {
        let story = a_signed_hook(&app, policy).await;
        let second = story.regenerated(&app, Secret, Overlap::Day).await;
        story.verifier.switch_to(&[&second]);
        let request = story.send(&app).await;
        let delivery = story.newest(&app).await;
        assert_eq!(story.tries(&app, &delivery).await, [(401, Trigger::Automatic), (200, NEW)], "{policy}");
        assert_eq!((delivery.state.status(), delivery.tries.retries()), (Status::Success, 0));
        // The same event and bytes, signed anew with the other.
        let first = &story.verifier.receiver.requests()[0];
        assert_eq!((first.must("webhook-id"), &first.body), (request.must("webhook-id"), &request.body));
        let attempts = app.attempts(&delivery.id).await;
        assert_eq!((attempts[0].number, attempts[1].number), (1, 2));
        assert_eq!(attempts[1].proof.secret.as_deref(), Some(&second[second.len() - 4..]));
        story.send(&app).await;
        assert_eq!(story.tries(&app, &story.newest(&app).await).await, [(200, Trigger::Automatic)], "it is preferred");
        // A receiver that goes back to the old one misses nothing either.
        story.verifier.switch_to(&[&story.first]);
        story.send(&app).await;
        let tries = story.tries(&app, &story.newest(&app).await).await;
        assert_eq!(tries, [(401, Trigger::Automatic), (200, Trigger::Rotation(Side::Old))]);
        let id = story.hook.id.clone();
        let health = app.read(move |conn| store::health::of_hooks(conn, &[id])).await;
        assert!(health.values().all(|health| health.failed_in_row == 0), "{health:?}");
    }
}

async fn when_both_are_refused_the_policy_goes_on_where_it_stood(app: TestApp) {
    let story = a_signed_hook(&app, "quick").await;
    story.regenerated(&app, Secret, Overlap::Day).await;
    story.verifier.switch_to(&["whsec_neither"]);
    story.send(&app).await;
    for pause in [200, 400, 800] {
        app.advance_ms(pause - 1);
        assert_eq!(app.tick().await.sent, 0, "not before the pause is over");
        app.advance_ms(1);
        assert_eq!((app.tick().await.sent, app.tick().await.sent), (1, 1));
    }
    app.advance_ms(3_600_000);
    assert_eq!(app.tick().await.sent, 0);
    let delivery = story.newest(&app).await;
    assert_eq!((delivery.state.status(), delivery.tries.retries(), delivery.tries.rotation), (Status::Failed, 3, 4));
    let expected = [(401, Trigger::Automatic), (401, NEW)].repeat(4);
    assert_eq!(story.tries(&app, &delivery).await, expected);
    // As one delivery that failed, and not as eight tries.
    let id = story.hook.id.clone();
    let health = app.read(move |conn| store::health::of_hooks(conn, &[id])).await;
    assert!(health.values().all(|health| health.failed_in_row == 1), "{health:?}");
    // What it prefers has not changed.
    story.verifier.switch_to(&[&story.first]);
    story.send(&app).await;
    assert_eq!(story.newest(&app).await.tries.all(), 1);
}

async fn what_was_refused_together_is_tried_with_the_new_one_though_that_is_preferred_meanwhile(app: TestApp) {
    let story = a_signed_hook(&app, "single").await;
    let second = story.regenerated(&app, Secret, Overlap::Day).await;
    story.verifier.switch_to(&[&second]);
    for _ in 0..5 {
        app.report(&story.key, "job.created").await;
    }
    assert_eq!(app.tick().await.retrying, 5);
    credential::switched(&app.context, &story.team.admin, story.hook.id.clone()).await.expect("it is noted");
    assert_eq!(app.tick().await.succeeded, 5);
}

async fn a_receiver_that_compares_a_key_misses_nothing_either(app: TestApp) {
    let story = a_signed_hook(&app, "single").await;
    let old = story.regenerated(&app, Key, Overlap::Day).await;
    story.verifier.switch_to(&[&old]);
    story.send(&app).await;
    let new = story.regenerated(&app, Key, Overlap::Day).await;
    assert_eq!(story.send(&app).await.must("x-webhook-key"), old);
    story.verifier.switch_to(&[&new]);
    assert_eq!(story.send(&app).await.must("x-webhook-key"), new);
    let delivery = story.newest(&app).await;
    assert_eq!(story.tries(&app, &delivery).await, [(401, Trigger::Automatic), (200, NEW)]);
    story.send(&app).await;
    assert_eq!(story.newest(&app).await.tries.all(), 1);
}

async fn a_key_that_was_switched_to_stays_while_the_secret_is_rotated(app: TestApp) {
    let story = a_signed_hook(&app, "single").await;
    story.regenerated(&app, Key, Overlap::Day).await;
    let key = story.regenerated(&app, Key, Overlap::Week).await;
    story.verifier.switch_to(&[&story.first, &key]);
    story.send(&app).await;
    let secret = story.regenerated(&app, Secret, Overlap::Week).await;
    let request = story.send(&app).await;
    assert_eq!((request.must("x-webhook-key"), is_signed_with(&request, &story.first)), (key.as_str(), true));
    assert_eq!(story.newest(&app).await.tries.all(), 1);
    story.verifier.switch_to(&[&secret, &key]);
    story.send(&app).await;
    assert_eq!(story.newest(&app).await.state.status(), Status::Success);
}

async fn a_third_regeneration_ends_the_oldest(app: TestApp) {
    let story = a_signed_hook(&app, "single").await;
    let second = story.regenerated(&app, Secret, Overlap::Week).await;
    let third = story.regenerated(&app, Secret, Overlap::Day).await;
    let secrets = [story.first.as_str(), &second, &third];
    story.verifier.switch_to(&[&second]);
    assert_eq!(signers(&story.send(&app).await, &secrets), [2, 1]);
    assert_eq!((story.newest(&app).await.tries.all(), story.credentials(&app).await.len()), (1, 2));
    story.verifier.switch_to(&[&story.first]);
    story.send(&app).await;
    assert_eq!(story.newest(&app).await.state.status(), Status::Failed, "the oldest proves nothing any more");
}

async fn pressing_regenerate_twice_begins_one_rotation(app: TestApp) {
    let story = a_signed_hook(&app, "single").await;
    let press = async |token: &str| {
        let id = story.hook.id.clone();
        let made = credential::make(&app.context, &story.team.admin, id, Secret, Overlap::Day, token);
        made.await.expect("it is taken");
    };
    tokio::join!(press("the same filling"), press("the same filling"));
    press("the same filling").await;
    let second = story.shown(&app, Secret).await;
    assert_eq!(story.credentials(&app).await.len(), 2);
    assert_eq!(signers(&story.send(&app).await, &[&story.first, &second]), [1, 0]);
    assert_eq!(story.acts(&app, "hook.secret.regenerated").await, 1);
}

async fn at_once_ends_the_old_one_at_once(app: TestApp) {
    let story = a_signed_hook(&app, "single").await;
    let second = story.regenerated(&app, Secret, Overlap::AtOnce).await;
    let request = story.send(&app).await;
    assert_eq!(signers(&request, &[&story.first, &second]), [1]);
    assert!(is_signed_with(&request, &second));
    let delivery = story.newest(&app).await;
    assert_eq!(
        (delivery.state.status(), delivery.tries.all()),
        (Status::Failed, 1),
        "there is no other to try it with"
    );
}

async fn an_admin_may_say_that_the_receiver_has_switched(app: TestApp) {
    let story = a_signed_hook(&app, "single").await;
    let switched = || credential::switched(&app.context, &story.team.admin, story.hook.id.clone());
    switched().await.expect("there is nothing to switch, and that is no error");
    let second = story.regenerated(&app, Secret, Overlap::Day).await;
    switched().await.expect("it is noted");
    switched().await.expect("it is known already");
    let request = story.send(&app).await;
    assert!(!is_signed_with(&request, &story.first) || story.newest(&app).await.tries.all() == 2);
    let first_try = &story.verifier.receiver.requests()[0];
    assert!(is_signed_with(first_try, &second));
    assert_eq!(signers(first_try, &[&story.first, &second]), [1, 0], "both still sign where there is room");
    // It had not: it misses nothing all the same.
    assert_eq!(story.newest(&app).await.state.status(), Status::Success);
    assert_eq!(story.acts(&app, "hook.switched").await, 1);
}

async fn revoking_the_old_one_ends_it_and_leaves_the_new_one(app: TestApp) {
    let story = a_signed_hook(&app, "single").await;
    let second = story.regenerated(&app, Secret, Overlap::Week).await;
    let revoke = || credential::revoke_old(&app.context, &story.team.admin, story.hook.id.clone(), Secret);
    revoke().await.expect("it ends");
    revoke().await.expect("it has ended");
    let request = story.send(&app).await;
    assert_eq!(signers(&request, &[&story.first, &second]), [1]);
    assert!(is_signed_with(&request, &second));
    assert_eq!((story.credentials(&app).await.len(), story.acts(&app, "hook.secret.revoked").await), (1, 1));
}

async fn the_old_one_ends_by_itself_at_the_end_of_the_overlap(app: TestApp) {
    let story = a_signed_hook(&app, "single").await;
    let second = story.regenerated(&app, Secret, Overlap::Day).await;
    let secrets = [story.first.as_str(), &second];
    app.advance_ms(24 * 3_600_000 - 1);
    assert_eq!(signers(&story.send(&app).await, &secrets), [1, 0]);
    // Nobody has swept, and nothing has told the engine: it is asked at every try.
    app.advance_ms(1);
    let request = story.send(&app).await;
    assert_eq!((signers(&request, &secrets), is_signed_with(&request, &second)), (vec![1], true));
    assert_eq!(story.newest(&app).await.state.status(), Status::Failed, "its receiver had a day");
    app.sweep().await;
    app.sweep().await;
    assert_eq!((story.credentials(&app).await.len(), story.acts(&app, "hook.secret.ended").await), (1, 1));
}

async fn turning_signing_off_ends_both(app: TestApp) {
    let story = a_signed_hook(&app, "single").await;
    story.regenerated(&app, Secret, Overlap::Week).await;
    credential::end(&app.context, &story.team.admin, story.hook.id.clone(), Secret).await.expect("it ends");
    story.verifier.switch_to(&[]);
    let request = story.send(&app).await;
    assert!(!request.head.to_lowercase().contains("signature"), "{}", request.head);
    assert!(story.credentials(&app).await.is_empty());
}

async fn killed_between_the_refusal_and_the_extra_try_it_is_made_by_the_next(app: TestApp) {
    let story = a_signed_hook(&app, "single").await;
    let second = story.regenerated(&app, Secret, Overlap::Day).await;
    story.verifier.switch_to(&[&second]);
    app.report(&story.key, "job.created").await;
    assert_eq!(app.tick().await.retrying, 1);
    let app = app.crashed_and_started_again(|_| {}).await;
    assert_eq!(app.tick().await.succeeded, 1);
    let delivery = story.newest(&app).await;
    assert_eq!(story.tries(&app, &delivery).await, [(401, Trigger::Automatic), (200, NEW)]);
}

async fn a_rotation_goes_on_after_a_crash(app: TestApp) {
    let story = a_signed_hook(&app, "single").await;
    let second = story.regenerated(&app, Secret, Overlap::Day).await;
    story.verifier.switch_to(&[&second]);
    story.send(&app).await;
    let app = app.crashed_and_started_again(|_| {}).await;
    let request = story.send(&app).await;
    assert_eq!(story.newest(&app).await.tries.all(), 1, "what it prefers is on disk");
    assert_eq!(signers(&request, &[&story.first, &second]), [1, 0]);
}

async fn a_test_is_sent_with_the_other_too_before_its_page_answers(app: TestApp) {
    let story = a_signed_hook(&app, "quick").await;
    let second = story.regenerated(&app, Secret, Overlap::Day).await;
    story.verifier.switch_to(&[&second]);
    let sent = actions::test::send(&app.context, &story.team.admin, story.hook.id.clone());
    let step = async {
        loop {
            app.tick().await;
            tokio::task::yield_now().await;
        }
    };
    let sent = soon("the test's answer", async {
        tokio::select! { sent = sent => sent, () = step => unreachable!("it steps for ever") }
    });
    sent.await.expect("it is sent");
    let delivery = story.newest(&app).await;
    assert_eq!((delivery.probe, delivery.state.status(), delivery.tries.all()), (true, Status::Success, 2));
}

async fn the_last_use_of_each_is_known_to_the_minute(app: TestApp) {
    let story = a_signed_hook(&app, "single").await;
    let used = async || {
        let mut all = story.credentials(&app).await;
        all.sort_by_key(|credential| credential.ends_at.is_some());
        all.into_iter().map(|credential| credential.last_used_at).collect::<Vec<_>>()
    };
    assert_eq!(used().await, [None]);
    let first = app.now();
    story.send(&app).await;
    app.advance_ms(59_000);
    story.send(&app).await;
    assert_eq!(used().await, [Some(first)], "not a write for every delivery");
    app.advance_ms(1_000);
    story.send(&app).await;
    assert_eq!(used().await, [Some(app.now())]);
    let (second, before) = (story.regenerated(&app, Secret, Overlap::Day).await, app.now());
    story.verifier.switch_to(&[&second]);
    app.advance_ms(120_000);
    story.send(&app).await;
    assert_eq!(used().await, [Some(app.now()), Some(before)], "what is refused was not used");
}

#[test]
fn what_one_instance_revokes_the_other_does_not_sign_with() {
    run(Kind::Postgres, async |app: TestApp| {
        let story = a_signed_hook(&app, "single").await;
        let second = story.regenerated(&app, Secret, Overlap::Day).await;
        let other = app.beside().await;
        let secrets = [story.first.as_str(), &second];
        assert_eq!(signers(&story.send(&other).await, &secrets), [1, 0]);
        let revoked = credential::revoke_old(&app.context, &story.team.admin, story.hook.id.clone(), Secret);
        revoked.await.expect("it ends");
        assert_eq!(signers(&story.send(&other).await, &secrets), [1]);
        // And one that comes to its end, of itself.
        let third = story.regenerated(&app, Secret, Overlap::Hour).await;
        assert_eq!(signers(&story.send(&other).await, &[&second, &third]), [1, 0]);
        app.advance_ms(3_600_000);
        assert_eq!(signers(&story.send(&other).await, &[&second, &third]), [1]);
    });
}
