//! The rate limit of an organisation (T12).

use hirewire::domain::mode::Mode;
use serde_json::json;

use crate::support::TestApp;

on_both_databases!(
    an_organisation_that_asks_too_often_is_told_when_to_ask_again_and_others_are_not_held_up,
    whoever_guesses_keys_is_told_to_wait_and_nobody_whose_key_works_is,
);

async fn whoever_guesses_keys_is_told_to_wait_and_nobody_whose_key_works_is(app: TestApp) {
    let admin = app.an_admin().await;
    let (_, key) = app.an_api_key(&admin, Mode::Live).await;
    let guess = app.partner("sk_live_guessed");
    // One in a second is let in besides, on however slow a machine.
    let mut refused = None;
    for number in 0..200 {
        let answer = guess.report("job.created", json!({})).await;
        if answer.status == 429 {
            assert!(number >= 20, "{number} tries were let in");
            refused = Some(answer);
            break;
        }
        assert_eq!(answer.status, 401);
    }
    let refused = refused.expect("a limit");
    assert_eq!(refused.json()["code"], "RATE_LIMITED");
    assert!(refused.json()["message"].as_str().is_some_and(|told| told.contains("without an API key that works")));
    let wait: u64 = refused.header("retry-after").expect("when to ask again").parse().expect("seconds");
    assert!((1..=2).contains(&wait), "{wait}");
    assert_eq!(app.partner(&key).report("job.created", json!({})).await.status, 202, "from the same address");
}

async fn an_organisation_that_asks_too_often_is_told_when_to_ask_again_and_others_are_not_held_up(app: TestApp) {
    let app = app.crashed_and_started_again(|config| config.rate_limit = 2).await;
    let (admin, others) = (app.an_admin().await, app.an_admin().await);
    let (_, one) = app.an_api_key(&admin, Mode::Live).await;
    let (_, two) = app.an_api_key(&admin, Mode::Test).await;
    let (_, theirs) = app.an_api_key(&others, Mode::Live).await;
    // Both keys count for the organisation. On a machine so slow that each request takes half a second none is refused;
    // a hundred of them are refused somewhere on any other.
    let mut refused = None;
    let mut taken = 0;
    for number in 0..100 {
        let key = if number % 2 == 0 { &one } else { &two };
        let answer = app.partner(key).report("job.created", json!({})).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
        assert_eq!(answer.status, 202);
        taken += 1;
    }
    let refused = refused.expect("a limit of two requests a second");
    assert!(taken >= 2, "two a second are allowed");
    assert_eq!(refused.json()["code"], "RATE_LIMITED");
    assert!(refused.header("x-request-id").is_some());
    let wait: u64 = refused.header("retry-after").expect("when to ask again").parse().expect("seconds");
    assert!((1..=2).contains(&wait), "{wait}");
    assert_eq!(app.partner(&theirs).report("job.created", json!({})).await.status, 202);

    let recorded = [Mode::Live, Mode::Test].map(|mode| app.unrouted(&admin.organisation.id, mode));
    let [live, test] = recorded;
    assert_eq!(live.await + test.await, taken, "what was refused was not recorded");
}
