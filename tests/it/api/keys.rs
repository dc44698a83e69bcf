//! API keys: who they let in, what they reach, when they stop (T11, T13).

use hirewire::actions;
use hirewire::domain::mode::Mode;
use reqwest::Method;
use serde_json::json;

use crate::support::{Page, Receiver, TestApp, eventually, in_mode};

on_both_databases!(
    a_revoked_key_is_refused_at_once,
    a_suspended_organisation_is_told_that_it_is_inactive_until_it_is_resumed,
    a_key_reaches_the_hooks_of_its_mode_alone,
    a_key_is_taken_whole_and_in_the_bearer_header_only,
    when_a_key_was_last_used_is_kept_to_the_minute,
);

async fn report(app: &TestApp, key: &str) -> Page {
    app.partner(key).report("job.created", json!({})).await
}

async fn a_revoked_key_is_refused_at_once(app: TestApp) {
    let admin = app.an_admin().await;
    let (key, text) = app.an_api_key(&admin, Mode::Live).await;
    let (_, other) = app.an_api_key(&admin, Mode::Live).await;
    assert_eq!(report(&app, &text).await.status, 202);
    actions::api_key::revoke(&app.context, &admin, key.id).await.expect("it is revoked");
    let answer = report(&app, &text).await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (401, Some("UNAUTHORIZED")));
    assert_eq!(report(&app, &other).await.status, 202, "the other key goes on");
}

async fn a_suspended_organisation_is_told_that_it_is_inactive_until_it_is_resumed(app: TestApp) {
    let (admin, others) = (app.an_admin().await, app.an_admin().await);
    let (_, text) = app.an_api_key(&admin, Mode::Test).await;
    let (_, theirs) = app.an_api_key(&others, Mode::Test).await;
    let suspend = async |suspended| {
        let id = admin.organisation.id.clone();
        actions::organisation::set_suspended(&app.context, id, suspended).await.expect("it is done");
    };
    suspend(true).await;
    let answer = report(&app, &text).await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (403, Some("ACCOUNT_INACTIVE")));
    assert_eq!(answer.json()["error"]["code"], "ACCOUNT_INACTIVE");
    assert_eq!(report(&app, &theirs).await.status, 202);
    suspend(false).await;
    assert_eq!(report(&app, &text).await.status, 202);
}

async fn a_key_reaches_the_hooks_of_its_mode_alone(app: TestApp) {
    let admin = app.an_admin().await;
    let (live, test) = (Receiver::answering([200]).await, Receiver::answering([200]).await);
    app.a_hook(&admin, &live.url()).await;
    app.a_hook(&in_mode(&admin, Mode::Test), &test.url()).await;
    for (mode, prefix, reached) in [(Mode::Test, "sk_test_", &test), (Mode::Live, "sk_live_", &live)] {
        let (_, text) = app.an_api_key(&admin, mode).await;
        assert!(text.starts_with(prefix), "{prefix}");
        let before = (live.count(), test.count());
        let answer = report(&app, &text).await;
        assert_eq!(answer.json()["test"], mode == Mode::Test);
        app.tick().await;
        assert_eq!(live.count() + test.count(), before.0 + before.1 + 1);
        let request = reached.requests().pop().expect("it reached the hook of its mode");
        assert_eq!(request.json()["id"], answer.json()["id"]);
        assert_eq!(request.json()["test"], mode == Mode::Test);
    }
}

async fn a_key_is_taken_whole_and_in_the_bearer_header_only(app: TestApp) {
    let admin = app.an_admin().await;
    let (key, text) = app.an_api_key(&admin, Mode::Live).await;
    let status = async |header: &str, value: &str, query: &str| {
        let path = format!("/v1/partner/events{query}");
        let body = json!({"event": "job.created", "data": {}}).to_string();
        app.partner("").send(Method::POST, &path, &[(header, value)], body.into()).await.status
    };
    assert_eq!(status("authorization", &format!("Bearer {text}"), "").await, 202);
    // The scheme's case does not matter (RFC 9110).
    assert_eq!(status("authorization", &format!("bearer {text}"), "").await, 202);
    for wrong in [
        text.clone(),
        format!("Bearer {}", &text[..text.len() - 1]),
        format!("Bearer {text}x"),
        format!("Bearer {}", text.replace("sk_live_", "sk_test_")),
        format!("Bearer {}", text.to_uppercase()),
        format!("Bearer {}", key.id),
        "Bearer ".to_owned(),
        "Bearer".to_owned(),
    ] {
        assert_eq!(status("authorization", &wrong, "").await, 401, "{wrong}");
    }
    assert_eq!(status("x-api-key", &text, "").await, 401);
    assert_eq!(status("x-nothing", "", &format!("?api_key={text}&access_token={text}")).await, 401);
}

async fn when_a_key_was_last_used_is_kept_to_the_minute(app: TestApp) {
    let admin = app.an_admin().await;
    let (key, text) = app.an_api_key(&admin, Mode::Live).await;
    let last_used = async || {
        let (organisation, id) = (admin.organisation.id.clone(), key.id.clone());
        let found = app.read(move |conn| hirewire::store::api_key::find(conn, &organisation, &id)).await;
        found.expect("it is there").last_used_at
    };
    assert_eq!(last_used().await, None);
    report(&app, &text).await;
    let first = app.now();
    // It is noted beside the request, not before its answer.
    let noted = async |at| eventually("the note", || async { (last_used().await == Some(at)).then_some(()) }).await;
    noted(first).await;
    app.advance_ms(30_000);
    report(&app, &text).await;
    app.advance_ms(30_000);
    report(&app, &text).await;
    // The use in between came first, so its note would have been seen first.
    noted(app.now()).await;
}
