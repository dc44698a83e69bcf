//! What is no request of the API, and what its answer says about that.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use hirewire::domain::json::DEEPEST;
use hirewire::domain::mode::Mode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Kind, Page, Partner, TestApp, run};

const EVENTS: &str = "/v1/partner/events";
const REPORT: &str = r#"{"event":"job.created","data":{"jobId":"J-1"}}"#;

/// Tells a story with a partner who has a key; the database plays no part in it.
fn with_partner<Told: Future<Output = ()>>(story: impl FnOnce(TestApp, Partner, String) -> Told) {
    run(Kind::Sqlite, |app| async move {
        let admin = app.an_admin().await;
        let (_, key) = app.an_api_key(&admin, Mode::Live).await;
        let partner = app.partner(&key);
        story(app, partner, format!("Bearer {key}")).await;
    });
}

/// Status, code, type and message of a refusal.
fn refusal(answer: &Page) -> (u16, String, String, String) {
    let body = answer.json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let error = &body["error"];
    (answer.status, text(&error["code"]), text(&error["type"]), text(&error["message"]))
}

#[test]
fn a_path_or_method_that_is_not_there_is_named_with_what_is() {
    with_partner(|_, partner, bearer| async move {
        let auth = [("authorization", bearer.as_str())];
        for method in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS] {
            let answer = partner.send(method.clone(), EVENTS, &auth, Vec::new()).await;
            let (status, code, kind, message) = refusal(&answer);
            assert_eq!((status, code.as_str(), kind.as_str()), (405, "METHOD_NOT_ALLOWED", "method_error"));
            assert_eq!(message, format!("There is no {method} {EVENTS}; this path takes POST."));
            assert_eq!(answer.header("allow"), Some("POST"));
        }
        let answer = partner.send(Method::HEAD, EVENTS, &auth, Vec::new()).await;
        assert_eq!((answer.status, answer.header("allow"), answer.body.as_str()), (405, Some("POST"), ""));
        for path in ["/v1", "/v1/", "/v1/other", "/V1/Partner/events", "/v1/partner", "/v1/partner/jobs/1?a=b"] {
            let answer = partner.send(Method::POST, path, &auth, REPORT.into()).await;
            assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
            let (status, code, kind, message) = refusal(&answer);
            assert_eq!((status, code.as_str(), kind.as_str()), (404, "NOT_FOUND", "not_found_error"), "{path}");
            assert!(
                message.contains("There is no POST /v1") && message.contains("POST /v1/partner/events"),
                "{message}"
            );
        }
    });
}

#[test]
fn whoever_has_no_key_learns_of_no_route() {
    with_partner(|app, _, _| async move {
        for key in [None, Some("Bearer sk_live_nobody")] {
            let auth: Vec<_> = key.map(|key| ("authorization", key)).into_iter().collect();
            for (method, path) in [
                (Method::GET, EVENTS),
                (Method::POST, EVENTS),
                (Method::POST, "/v1/partner/nothing"),
                (Method::GET, "/v1/other"),
                (Method::GET, "/v1"),
            ] {
                let answer = app.partner("").send(method.clone(), path, &auth, b"<xml/>".to_vec()).await;
                let (status, code, ..) = refusal(&answer);
                assert_eq!((status, code.as_str()), (401, "UNAUTHORIZED"), "{method} {path}");
                assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
                assert_eq!(answer.header("allow"), None);
            }
        }
    });
}

#[test]
fn slashes_too_many_make_no_difference() {
    with_partner(|_, partner, _| async move {
        for path in ["/v1/partner/events/", "//v1/partner/events", "/v1//partner///events//?x=1", "/V1/partner/events"]
        {
            assert_eq!(partner.post(path, REPORT).await.status, 202, "{path}");
        }
    });
}

#[test]
fn a_body_that_is_no_json_is_called_by_its_name() {
    with_partner(|_, partner, bearer| async move {
        for (kind, body, name) in [
            ("application/xml", "<event/>", "XML"),
            ("text/xml; charset=utf-8", "<event/>", "XML"),
            ("multipart/form-data; boundary=x", "--x\r\n", "a form with files"),
            ("application/x-www-form-urlencoded", "event=job.created", "a form"),
            ("text/html", "<p>", "a web page"),
            ("application/msgpack", "x", "application/msgpack"),
            ("text/plain", "job.created", "text/plain"),
        ] {
            let headers = [("authorization", bearer.as_str()), ("content-type", kind)];
            let answer = partner.send(Method::POST, EVENTS, &headers, body.into()).await;
            let (status, code, error, message) = refusal(&answer);
            assert_eq!((status, code.as_str()), (415, "UNSUPPORTED_MEDIA_TYPE"), "{kind}");
            assert_eq!(error, "validation_error");
            assert!(message.contains(name) && message.contains("application/json"), "{kind}: {message}");
        }
        for (encoding, body) in [("br", "\u{1b}"), ("deflate", "x"), ("gzip, gzip", "x")] {
            let headers = [("authorization", bearer.as_str()), ("content-encoding", encoding)];
            let answer = partner.send(Method::POST, EVENTS, &headers, body.into()).await;
            let (status, _, _, message) = refusal(&answer);
            assert!(status == 415 && message.contains(encoding) && message.contains("gzip"), "{message}");
            assert_eq!(answer.header("accept-encoding"), Some("gzip, identity"));
        }
        // It says JSON and is something else.
        for (body, name) in [("<event/>", "XML"), ("event=job.created&data=1", "a form"), ("", "empty")] {
            let (status, code, _, message) = refusal(&partner.post(EVENTS, body).await);
            assert!(status == 400 && code == "INVALID_REQUEST" && message.contains(name), "{body}: {message}");
        }
    });
}

#[test]
fn json_is_taken_under_the_names_that_clients_give_it() {
    with_partner(|_, partner, bearer| async move {
        let marked = format!("\u{feff}{REPORT}");
        for (kind, body) in [
            ("application/json; charset=utf-8", REPORT),
            ("Application/JSON", &marked),
            ("application/vnd.partner.v2+json", REPORT),
            // What curl -d and fetch say when nobody tells them.
            ("application/x-www-form-urlencoded", REPORT),
            ("text/plain;charset=UTF-8", REPORT),
            ("", REPORT),
        ] {
            let headers = [("authorization", bearer.as_str()), ("content-type", kind)];
            let answer = partner.send(Method::POST, EVENTS, &headers, body.into()).await;
            assert_eq!(answer.status, 202, "{kind}: {}", answer.body);
        }
    });
}

fn gzip(body: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(body.as_bytes()).expect("memory");
    packed.finish().expect("memory")
}

#[test]
fn a_body_compressed_with_gzip_is_taken_and_bounded_by_what_comes_out_of_it() {
    with_partner(|_, partner, bearer| async move {
        let headers = [("authorization", bearer.as_str()), ("content-encoding", "gzip")];
        let send = async |body: Vec<u8>| partner.send(Method::POST, EVENTS, &headers, body).await;
        assert_eq!(send(gzip(REPORT)).await.status, 202);
        let bomb = gzip(&format!(r#"{{"event":"job.created","data":{{"a":"{}"}}}}"#, "x".repeat(20 * 1024 * 1024)));
        assert!(bomb.len() < 100_000, "it weighs little");
        assert_eq!(send(bomb).await.status, 413);
        let mut cut = gzip(REPORT);
        cut.truncate(cut.len() / 2);
        for broken in [cut, REPORT.into()] {
            let (status, _, _, message) = refusal(&send(broken).await);
            assert!(status == 400 && message.contains("cannot be unpacked"), "{message}");
        }
        let (status, _, _, message) = refusal(&partner.post(EVENTS, gzip(REPORT)).await);
        assert!(status == 400 && message.contains("Content-Encoding"), "{message}");
    });
}

#[test]
fn the_callers_own_name_for_a_request_comes_back_beside_ours() {
    with_partner(|_, partner, bearer| async move {
        let named = async |name: &str| {
            let headers = [("authorization", bearer.as_str()), ("x-request-id", name)];
            partner.send(Method::POST, EVENTS, &headers, REPORT.into()).await
        };
        let answer = named("order-7:a.b_C").await;
        assert_eq!(answer.header("x-client-request-id"), Some("order-7:a.b_C"));
        assert!(answer.header("x-request-id").is_some_and(|id| id.starts_with("req_")));
        for odd in ["a b", "<b>", &"x".repeat(129)] {
            assert_eq!(named(odd).await.header("x-client-request-id"), None, "{odd}");
        }
    });
}

#[test]
fn a_body_may_be_nested_as_deep_as_the_documents_say() {
    with_partner(|_, partner, _| async move {
        // The body and its data are two of them.
        let nested = |deep: usize| {
            let lists = deep - 2;
            format!(r#"{{"event":"job.created","data":{{"a":{}{}}}}}"#, "[".repeat(lists), "]".repeat(lists))
        };
        assert_eq!(partner.post(EVENTS, nested(DEEPEST)).await.status, 202);
        let (status, _, _, message) = refusal(&partner.post(EVENTS, nested(DEEPEST + 1)).await);
        assert!(status == 400 && message.contains("nested more than 127 deep at line 1 column"), "{message}");
        assert_eq!(partner.report("job.created", json!({})).await.status, 202);
    });
}
