//! *Quick*, TapTalent's policy (T5): four tries at 0, 200, 600 and 1,400 ms.

use hirewire::actions::{self, hook::NewHook};
use hirewire::domain::attempt::{ErrorClass, Trigger};
use hirewire::domain::delivery::{DeliveryState, Status};
use hirewire::domain::mode::Mode;

use crate::support::{Answer, Receiver, TestApp};

on_both_databases!(
    a_receiver_that_fails_is_tried_at_0_200_600_and_1400_ms_and_no_more,
    each_pause_counts_from_the_end_of_the_preceding_answer,
    a_2xx_at_the_third_try_ends_the_tries,
    every_try_carries_the_same_bytes_and_a_signature_of_its_own_time,
    any_2xx_acknowledges_and_nothing_else_does,
    trying_again_while_a_try_is_under_way_sends_once_more_after_it,
    what_arrived_and_is_sent_again_in_vain_has_arrived_and_is_not_retried,
);

async fn a_receiver_that_fails_is_tried_at_0_200_600_and_1400_ms_and_no_more(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([500]).await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let began = app.now();
    app.report(&key, "job.created").await;
    assert_eq!(app.the_delivery(&team.id, Mode::Live).await.state, DeliveryState::Pending { due: Some(began) });

    for (number, at) in [0, 200, 600, 1_400].into_iter().enumerate() {
        if at > 0 {
            app.advance_ms(at - 1 - (app.now() - began).num_milliseconds());
            assert_eq!(app.tick().await.sent, 0, "nothing is due at {} ms", at - 1);
            app.advance_ms(1);
        }
        assert_eq!(app.tick().await.sent, 1, "a try is due at {at} ms");
        assert_eq!(receiver.count(), number + 1);
        let delivery = app.the_delivery(&team.id, Mode::Live).await;
        let expected = if at == 1_400 { Status::Failed } else { Status::Retrying };
        assert_eq!((delivery.state.status(), delivery.tries.retries()), (expected, number as u32));
        assert_eq!((delivery.response_status, delivery.sent_at), (Some(500), Some(began)));
    }
    let failed = DeliveryState::Failed { at: app.now(), class: ErrorClass::ServerError };
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    assert_eq!(delivery.state, failed);
    app.advance_ms(90 * 24 * 3_600_000);
    assert_eq!((app.tick().await.sent, receiver.count()), (0, 4));

    let attempts = app.attempts(&delivery.id).await;
    let times: Vec<_> = attempts.iter().map(|attempt| (attempt.started_at - began).num_milliseconds()).collect();
    assert_eq!(times, [0, 200, 600, 1_400]);
    assert_eq!(attempts.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
    for attempt in attempts {
        assert_eq!((attempt.trigger, attempt.outcome.status), (Trigger::Automatic, Some(500)));
        assert_eq!(attempt.response.expect("the answer is kept").body, b"told");
    }
}

async fn each_pause_counts_from_the_end_of_the_preceding_answer(app: TestApp) {
    let team = app.an_organisation().await;
    let (slow, gate) = Answer::of(500).behind_a_gate();
    let receiver = Receiver::answering([slow, Answer::of(500), Answer::of(200)]).await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    let began = app.now();

    let during = async {
        receiver.has_been_asked(1).await;
        app.advance_ms(3_000);
        gate.open();
    };
    tokio::join!(app.tick(), during);
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    assert_eq!((delivery.state.due().expect("a retry") - began).num_milliseconds(), 3_200);
    app.advance_ms(199);
    assert_eq!(app.tick().await.sent, 0);
    app.advance_ms(1);
    assert_eq!(app.tick().await.sent, 1);
    let due = app.the_delivery(&team.id, Mode::Live).await.state.due().expect("a retry");
    assert_eq!((due - began).num_milliseconds(), 3_600);
    let first = &app.attempts(&delivery.id).await[0];
    assert_eq!((first.finished_at - first.started_at).num_milliseconds(), 3_000);
}

async fn a_2xx_at_the_third_try_ends_the_tries(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([503, 404, 204, 500]).await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    for pause in [0, 200, 400] {
        app.advance_ms(pause);
        app.tick().await;
    }
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    assert_eq!(delivery.state, DeliveryState::Success { at: app.now() });
    assert_eq!((delivery.response_status, delivery.last_class, delivery.tries.retries()), (Some(204), None, 2));
    app.advance_ms(3_600_000);
    app.tick().await;
    assert_eq!(receiver.count(), 3);
    let statuses: Vec<_> = app.attempts(&delivery.id).await.iter().map(|attempt| attempt.outcome.status).collect();
    assert_eq!(statuses, [Some(503), Some(404), Some(204)]);
}

async fn every_try_carries_the_same_bytes_and_a_signature_of_its_own_time(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([500, 500, 200]).await;
    let (_, secret) = app.a_signed_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let event = app.report(&key, "job.created").await;
    app.tick().await;
    app.advance_ms(60_200);
    app.tick().await;
    app.advance_ms(60_400);
    app.tick().await;

    let tries = receiver.requests();
    assert_eq!(tries.len(), 3);
    let unix = event.occurred_at.timestamp();
    for (tried, at) in tries.iter().zip([unix, unix + 60, unix + 120]) {
        assert_eq!(tried.body, tries[0].body);
        assert_eq!(tried.must("webhook-id"), event.id.as_str());
        assert_eq!(tried.must("x-webhook-timestamp"), "2026-11-20T09:30:00Z");
        assert_eq!(tried.must("webhook-timestamp"), at.to_string());
        let expected =
            hirewire::domain::signing::hex(&hmac(secret.as_bytes(), &[at.to_string().as_bytes(), b".", &tried.body]));
        assert_eq!(tried.must("x-talentsprout-signature"), format!("t={at},v1={expected}"));
    }
    let signatures: std::collections::HashSet<_> = tries.iter().map(|tried| tried.must("webhook-signature")).collect();
    assert_eq!(signatures.len(), 3, "each try is signed anew");
    let body = tries[0].json();
    assert_eq!((&body["id"], &body["event"]), (&event.id.as_str().into(), &"job.created".into()));
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).expect("any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

async fn any_2xx_acknowledges_and_nothing_else_does(app: TestApp) {
    let team = app.an_organisation().await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let cases = [
        (200, Status::Success, None),
        (202, Status::Success, None),
        (299, Status::Success, None),
        (301, Status::Failed, Some(ErrorClass::RedirectRefused)),
        (404, Status::Failed, Some(ErrorClass::ClientError)),
        (500, Status::Failed, Some(ErrorClass::ServerError)),
    ];
    let mut receivers = Vec::new();
    for (status, ..) in cases {
        let elsewhere = Answer::of(status).with("Location", "https://127.0.0.1:1/elsewhere");
        let receiver = Receiver::answering([elsewhere]).await;
        let form = NewHook { policy: "single".into(), name: status.to_string(), ..NewHook::default() };
        receivers.push((app.a_hook_with(&team.admin, &receiver.url(), form).await, receiver));
    }
    app.report(&key, "job.created").await;
    app.tick().await;
    let deliveries = app.deliveries(&team.id, Mode::Live).await;
    assert_eq!(deliveries.len(), cases.len());
    for ((status, expected, class), (hook, receiver)) in cases.into_iter().zip(&receivers) {
        let delivery = deliveries.iter().find(|delivery| delivery.hook_id == hook.id).expect("one each");
        assert_eq!((delivery.state.status(), delivery.last_class), (expected, class), "{status}");
        assert_eq!((delivery.response_status, receiver.count()), (Some(status), 1));
    }
}

async fn trying_again_while_a_try_is_under_way_sends_once_more_after_it(app: TestApp) {
    let app = app.crashed_and_started_again(|config| config.caps.per_hook = 2).await;
    let team = app.an_organisation().await;
    let (slow, gate) = Answer::of(500).behind_a_gate();
    let receiver = Receiver::answering([slow, Answer::of(200)]).await;
    let form = NewHook { policy: "single".into(), ..NewHook::default() };
    app.a_hook_with(&team.admin, &receiver.url(), form).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    let delivery = app.the_delivery(&team.id, Mode::Live).await;

    let pressing = async {
        receiver.has_been_asked(1).await;
        actions::delivery::retry_now(&app.context, &team.admin, delivery.id.clone()).await.expect("it may be");
        // Never two tries of one delivery at once: this step finds nothing to do.
        assert_eq!(app.tick().await.sent, 0);
        gate.open();
    };
    tokio::join!(app.tick(), pressing);
    app.tick().await;
    // The first try failed for good; the one that was asked for meanwhile went out all the same.
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    let triggers: Vec<_> = app.attempts(&delivery.id).await.iter().map(|attempt| attempt.trigger).collect();
    assert_eq!((delivery.state.status(), triggers), (Status::Success, vec![Trigger::Automatic, Trigger::Manual]));

    // Both places of the lane are free again: two deliveries go out in one step.
    let before = receiver.count();
    app.report(&key, "job.created").await;
    app.report(&key, "job.updated").await;
    app.tick().await;
    assert_eq!(receiver.count() - before, 2);
}

async fn what_arrived_and_is_sent_again_in_vain_has_arrived_and_is_not_retried(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200, 500, 500]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    app.tick().await;
    let arrived = app.the_delivery(&team.id, Mode::Live).await;
    assert_eq!(arrived.state, DeliveryState::Success { at: app.now() });

    app.advance_ms(60_000);
    actions::delivery::retry_now(&app.context, &team.admin, arrived.id.clone()).await.expect("it may be");
    assert!(app.the_delivery(&team.id, Mode::Live).await.is_resent());
    app.tick().await;
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    assert_eq!((delivery.state, delivery.last_class), (arrived.state, Some(ErrorClass::ServerError)));
    assert_eq!(app.attempts(&delivery.id).await.len(), 2);
    app.advance_ms(3_600_000);
    assert_eq!((app.tick().await.sent, receiver.count()), (0, 2));

    // Sent again when its hook is deleted, it has still arrived.
    actions::delivery::retry_now(&app.context, &team.admin, arrived.id.clone()).await.expect("it may be");
    actions::hook::delete(&app.context, &team.admin, hook.id, false).await.expect("it may be");
    assert_eq!(app.the_delivery(&team.id, Mode::Live).await.state, arrived.state);
}
