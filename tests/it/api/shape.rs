//! The shape of answers: one error body, one request id, what is refused and why.

use hirewire::domain::mode::Mode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Page, TestApp};

on_both_databases!(
    an_accepted_event_is_answered_with_202_and_what_it_became,
    an_error_says_the_same_in_both_places_and_names_its_request,
    every_answer_names_its_request,
    there_is_no_route_for_hooks,
    what_is_wrong_with_a_request_is_named_by_its_path,
    data_up_to_256_kib_is_taken_and_a_byte_more_is_not,
    a_failure_of_ours_gives_nothing_away,
);

const EVENTS: &str = "/v1/partner/events";

async fn an_accepted_event_is_answered_with_202_and_what_it_became(app: TestApp) {
    let admin = app.an_admin().await;
    let (key, text) = app.an_api_key(&admin, Mode::Live).await;
    let answer = app.partner(&text).report("job.created", json!({"jobId": "J-1", "tags": []})).await;
    assert_eq!((answer.status, answer.header("content-type")), (202, Some("application/json")));
    let mut body = answer.json();
    let id = body["id"].take();
    assert!(id.as_str().is_some_and(|id| id.starts_with("evt_")), "{id}");
    let expected = json!({
        "id": null, "event": "job.created", "timestamp": "2026-11-20T09:30:00.123Z",
        "companyId": admin.organisation.id.as_str(), "clientId": key.id.as_str(), "test": false,
    });
    assert_eq!(body, expected);
}

/// Asserts the one shape that errors have, and returns their details.
#[track_caller]
fn assert_refused(answer: &Page, status: u16, code: &str) -> Value {
    assert_eq!(answer.status, status, "{}", answer.body);
    let body = answer.json();
    let members: Vec<_> = body.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["error", "code", "message"], "{body}");
    let error = &body["error"];
    let members: Vec<_> = error.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["code", "type", "message", "details", "requestId"], "{body}");
    assert_eq!((&error["code"], &body["code"]), (&json!(code), &json!(code)));
    assert!(error["message"] == body["message"] && !body["message"].as_str().unwrap_or_default().is_empty(), "{body}");
    assert!(!error["type"].as_str().unwrap_or_default().is_empty(), "{body}");
    assert_eq!(error["requestId"].as_str(), answer.header("x-request-id"), "{body}");
    error["details"].clone()
}

async fn an_error_says_the_same_in_both_places_and_names_its_request(app: TestApp) {
    let admin = app.an_admin().await;
    let (_, text) = app.an_api_key(&admin, Mode::Live).await;
    let (partner, nobody) = (app.partner(&text), app.partner("sk_live_nobody"));
    let report = json!({"event": "job.created", "data": {}}).to_string();
    let bearer = format!("Bearer {text}");

    assert_refused(&nobody.post(EVENTS, report.clone()).await, 401, "UNAUTHORIZED");
    assert_refused(&nobody.send(Method::POST, EVENTS, &[], report.clone().into()).await, 401, "UNAUTHORIZED");
    let basic = [("authorization", "Basic c2tfbGl2ZQ==")];
    assert_refused(&nobody.send(Method::POST, EVENTS, &basic, report.clone().into()).await, 401, "UNAUTHORIZED");
    assert_refused(&partner.post(EVENTS, "{").await, 400, "INVALID_REQUEST");
    assert_refused(&partner.post("/v1/partner/nothing", report).await, 404, "NOT_FOUND");
    let got = partner.send(Method::GET, EVENTS, &[("authorization", &bearer)], Vec::new()).await;
    assert_refused(&got, 405, "METHOD_NOT_ALLOWED");
    assert_refused(&partner.post(EVENTS, vec![b' '; 1024 * 1024]).await, 413, "PAYLOAD_TOO_LARGE");
}

async fn every_answer_names_its_request(app: TestApp) {
    let admin = app.an_admin().await;
    let (_, text) = app.an_api_key(&admin, Mode::Live).await;
    let (partner, bearer) = (app.partner(&text), format!("Bearer {text}"));
    let auth = [("authorization", bearer.as_str())];
    let report = json!({"event": "job.created", "data": {}}).to_string();
    let answers = [
        (202, partner.post(EVENTS, report.clone()).await),
        (400, partner.post(EVENTS, "[]").await),
        (401, partner.send(Method::POST, EVENTS, &[], report.into()).await),
        (404, partner.post("/v1/partner/webhooks", "{}").await),
        (404, partner.send(Method::GET, "/v1/partner", &auth, Vec::new()).await),
        (404, partner.send(Method::GET, "/v1/partner/", &auth, Vec::new()).await),
        (404, partner.send(Method::GET, "/v1/partner/%00/x?y=z", &auth, Vec::new()).await),
        (405, partner.send(Method::GET, EVENTS, &auth, Vec::new()).await),
        (405, partner.send(Method::DELETE, EVENTS, &auth, Vec::new()).await),
        (413, partner.post(EVENTS, vec![b'x'; 600 * 1024]).await),
    ];
    let mut ids = std::collections::HashSet::new();
    for (status, answer) in answers {
        assert_eq!(answer.status, status, "{}", answer.body);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{status}");
        let id = answer.header("x-request-id").unwrap_or_else(|| panic!("{status} names no request")).to_owned();
        assert!(id.starts_with("req_") && ids.insert(id.clone()), "{id} was given twice");
    }
}

/// T2: hooks are configured in the console only.
async fn there_is_no_route_for_hooks(app: TestApp) {
    let admin = app.an_admin().await;
    let (_, text) = app.an_api_key(&admin, Mode::Live).await;
    let (partner, bearer) = (app.partner(&text), format!("Bearer {text}"));
    for path in ["webhooks", "webhook", "hooks", "webhooks/hk_01ARZ3NDEKTSV4RRFFQ69G5FAV", "webhook/key"] {
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let path = format!("/v1/partner/{path}");
            let answer = partner.send(method, &path, &[("authorization", &bearer)], b"{}".to_vec()).await;
            assert_refused(&answer, 404, "NOT_FOUND");
        }
    }
}

async fn what_is_wrong_with_a_request_is_named_by_its_path(app: TestApp) {
    let admin = app.an_admin().await;
    let (_, text) = app.an_api_key(&admin, Mode::Live).await;
    let partner = app.partner(&text);
    for (body, paths) in [
        (r#"{"data":{}}"#, &["event"][..]),
        (r#"{"event":"job.created"}"#, &["data"]),
        (r#"{"event":"job.created","data":[1]}"#, &["data"]),
        (r#"{"event":"job.made","data":null}"#, &["event", "data"]),
        (r#"{"event":"webhook.test","data":{}}"#, &["event"]),
        (r#"{"event":"candidates.exported","data":{}}"#, &["event"]),
        (r#"{"event":"job.created","data":{},"url":"https://a.example"}"#, &["url"]),
        (r#"{"event":"job.created","data":{"list":[{"a":1},{"b":2,"b":3}]}}"#, &["data.list[1].b"]),
        (r#"{"event":"job.created","data":{"n":9007199254740993}}"#, &["data.n"]),
        (r#"{"event":"job.created","data":{"7":1}}"#, &["data.7"]),
    ] {
        let details = assert_refused(&partner.post(EVENTS, body).await, 400, "INVALID_REQUEST");
        let named: Vec<_> = details.as_object().unwrap_or_else(|| panic!("{body}: {details}")).keys().collect();
        assert_eq!(named, paths, "{body}");
    }
    for broken in
        [&b"{\"event\":\"job.created\",\"data\":{}"[..], b"\xef\xbb\xbf{}", b"", b"{\"event\":\"\xff\"}", b"null"]
    {
        assert_refused(&partner.post(EVENTS, broken).await, 400, "INVALID_REQUEST");
    }
    assert!(app.deliveries(&admin.organisation.id, Mode::Live).await.is_empty());
}

async fn data_up_to_256_kib_is_taken_and_a_byte_more_is_not(app: TestApp) {
    let admin = app.an_admin().await;
    let (_, text) = app.an_api_key(&admin, Mode::Live).await;
    let partner = app.partner(&text);
    let frame = r#"{"a":""}"#.len();
    let largest = "x".repeat(256 * 1024 - frame);
    assert_eq!(partner.report("job.created", json!({"a": largest})).await.status, 202);
    let answer = partner.report("job.created", json!({"a": format!("{largest}x")})).await;
    assert_refused(&answer, 413, "PAYLOAD_TOO_LARGE");
}

async fn a_failure_of_ours_gives_nothing_away(app: TestApp) {
    let admin = app.an_admin().await;
    let (_, text) = app.an_api_key(&admin, Mode::Live).await;
    let partner = app.partner(&text);
    app.sql("ALTER TABLE events RENAME TO events_away").await;
    let answer = partner.report("job.created", json!({})).await;
    assert_refused(&answer, 500, "INTERNAL_ERROR");
    let told = answer.body.to_lowercase();
    for secret in ["events", "sqlite", "table", "relation", "diesel", "column"] {
        assert!(!told.contains(secret), "{}", answer.body);
    }
}
