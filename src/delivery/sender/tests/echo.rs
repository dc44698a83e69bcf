//! What answers echo, in every form in which receivers write it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD as BASE64, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use reqwest::header::HeaderValue;

use super::*;
use crate::delivery::sender::echo::{CarriedSecrets, KnownSecrets};
use crate::delivery::sender::receive::BODY_KEPT;
use crate::delivery::sender::{Outcome, Sent, Timings};
use crate::domain::attempt::Response;
use crate::domain::header_lines::HeaderLines;
use crate::domain::hook_header::{HeaderName, HookHeader};
use crate::domain::secret::{DOTS, Plain};

const KEY: &str = "whk_Zq81LmN0pRsTuVwXyZa2b3C4d5E6f7G8h9I0jKlMnOpQ";
const SECRET: &str = "whsec_aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3aB4cD";
/// With all that forms of writing escape.
const PHRASE: &str = r#"a&b<c> "d/e\f" +g-h_i=j%41 k"#;
const TOKEN: &str = "tok_3f9K-77";
const PASSWORD: &str = "s3sa";
const HEX: &str = "5f1b6f0e8cc1a6b7f0a3ad2b7f6d0f9a1c2e3d4b5a69788796a5b4c3d2e1f00f";
const STANDARD: &str = "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE";

fn carried() -> CarriedSecrets {
    let mut known = KnownSecrets::default();
    [KEY, SECRET].into_iter().for_each(|text| known.add_credential(&Plain::new(text.into())));
    let basic = format!("Basic {}", BASE64.encode(format!("aladdin:{PASSWORD}")));
    for (name, value) in
        [("X-Phrase", PHRASE), ("Authorization", &format!("Bearer {TOKEN}")), ("X-Proxy", &basic), ("X-Tenant", "acme")]
    {
        let name = HeaderName::parse(name).expect("a name");
        known.add_header(&HookHeader { name, value: Plain::new(value.to_owned()) });
    }
    let signatures = [format!("t=1795168800,v1={HEX}"), format!("v1,{STANDARD}=")];
    let signatures = signatures.iter().map(|value| HeaderValue::from_str(value).expect("a value")).collect();
    CarriedSecrets::new(Arc::new(known), signatures)
}

fn every_secret() -> Vec<String> {
    let pair = format!("aladdin:{PASSWORD}");
    [&KEY[4..], &SECRET[6..], PHRASE, TOKEN, PASSWORD, &pair, &BASE64.encode(&pair), HEX, STANDARD]
        .map(str::to_owned)
        .into()
}

fn masked(response: Response) -> Response {
    let outcome = Outcome::answered(response.status);
    let (response, timings) = (Some(response), Timings::default());
    let sent = Sent { request: None, response, timings, remote: None, outcome, fault: None };
    carried().mask(sent).response.expect("the answer")
}

fn answer(body: impl Into<Vec<u8>>) -> Response {
    Response { status: 200, headers: HeaderLines::default(), headers_cut: false, body: body.into(), body_cut: false }
}

fn body_of(body: &str) -> String {
    String::from_utf8(masked(answer(body)).body).expect("text stays text")
}

fn each(text: &str, escaped: impl Fn(u8) -> String) -> String {
    text.bytes().map(escaped).collect()
}

fn signs_alone(text: &str, escaped: impl Fn(u8) -> String) -> String {
    each(text, |byte| if byte.is_ascii_alphanumeric() { char::from(byte).into() } else { escaped(byte) })
}

fn json(text: &str) -> String {
    serde_json::to_string(text).expect("a text").trim_matches('"').to_owned()
}

/// A text as receivers write it, with the name of the form.
fn every_form(text: &str) -> Vec<(&'static str, String)> {
    vec![
        ("as it is", text.into()),
        ("JSON", serde_json::to_string(text).expect("a text")),
        ("JSON as PHP writes it", serde_json::to_string(text).expect("a text").replace('/', r"\/")),
        ("JSON, each character escaped", each(text, |byte| format!("\\u{byte:04x}"))),
        ("JSON in JSON", json(&json(text))),
        ("a string of Python", signs_alone(text, |byte| format!("\\x{byte:02x}"))),
        ("a URL", signs_alone(text, |byte| format!("%{byte:02X}"))),
        ("a URL in lower case", each(text, |byte| format!("%{byte:02x}"))),
        ("a form", form_urlencoded::byte_serialize(text.as_bytes()).collect()),
        ("a URL in a URL", signs_alone(text, |byte| format!("%25{byte:02X}"))),
        ("HTML", text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")),
        ("HTML by numbers", signs_alone(text, |byte| format!("&#{byte};"))),
        ("HTML by hexadecimal numbers", signs_alone(text, |byte| format!("&#x{byte:X};"))),
    ]
}

#[test]
fn every_secret_becomes_dots_in_every_form_in_which_it_is_written() {
    for secret in every_secret() {
        for (form, written) in every_form(&secret) {
            let shown = body_of(&format!("<{written}>"));
            assert_eq!(shown.replace('"', ""), format!("<{DOTS}>"), "{secret} as {form}");
        }
    }
}

#[test]
fn every_secret_becomes_dots_within_base64() {
    for secret in every_secret().into_iter().chain([json(PHRASE)]) {
        for before in 0..4 {
            let text = format!("{}{secret}{}", &"<<<<"[..before], "><");
            let wrapped = BASE64.encode(&text).as_bytes().chunks(16).map(|line| line.to_vec()).collect::<Vec<_>>();
            let wrapped = String::from_utf8(wrapped.join(&b"\r\n"[..])).expect("ASCII");
            for written in [BASE64.encode(&text), URL_SAFE_NO_PAD.encode(&text), wrapped] {
                let shown = body_of(&written);
                // No character stays that holds a bit of it.
                let (start, end) = (before * 8 / 6, ((before + secret.len()) * 8).div_ceil(6));
                let around = start + (text.len() * 8).div_ceil(6) - end;
                let left = shown.replace(DOTS, "").replace(['\r', '\n', '='], "");
                assert!(shown.contains(DOTS) && left.len() <= around, "{secret} in {written}: {shown}");
            }
        }
    }
}

#[test]
fn what_is_masked_says_what_stood_there_and_never_how_long_it_was() {
    assert_eq!(
        body_of(&format!("X-Webhook-Key: {KEY}\nX-Webhook-Signature: t=1,v1={HEX}\nwith {SECRET}.")),
        format!("X-Webhook-Key: whk_{DOTS}\nX-Webhook-Signature: t=1,v1={DOTS}\nwith whsec_{DOTS}."),
    );
    let basic = BASE64.encode(format!("aladdin:{PASSWORD}"));
    assert_eq!(body_of(&format!("Authorization: Basic {basic}")), format!("Authorization: {DOTS}"));
    assert_eq!(body_of(&format!("Bearer {TOKEN}{TOKEN}")), DOTS);
    let lines = |length: &str| HeaderLines::from_iter([("content-length", length), ("x-echo", TOKEN)]);
    let shown = masked(Response { headers: lines("11"), ..answer(TOKEN) });
    assert_eq!(shown.headers, HeaderLines::from_iter([("content-length", DOTS), ("x-echo", DOTS)]));
    let shown = masked(Response { headers: lines("2"), ..answer("ok") });
    assert_eq!(shown.headers.get("content-length"), Some("2"));
}

#[test]
fn what_is_no_secret_stays_as_it_came() {
    let html = format!("<p>100% sure &amp; \\o/ {}</p>\r\n", "x".repeat(60));
    let binary: Vec<u8> = (0..=255).cycle().take(3_000).collect();
    let bodies =
        [b"".to_vec(), b"ok".to_vec(), b"acme".to_vec(), br#"{"v1":"ab","t":1}"#.to_vec(), html.into(), binary];
    let lines = [("date", "Fri, 20 Nov 2026 09:30:00 GMT"), ("set-cookie", "a=b; Path=/"), ("x-empty", "")];
    for body in bodies {
        for body_cut in [false, true] {
            let response = Response { headers: HeaderLines::from_iter(lines), body_cut, ..answer(body.clone()) };
            assert_eq!(masked(response.clone()), response);
        }
    }
}

#[test]
fn the_beginning_of_a_secret_at_a_cut_is_masked_too() {
    for secret in [&SECRET[6..], HEX, PHRASE] {
        let forms = [secret.to_owned(), each(secret, |byte| format!("\\u{byte:04x}")), STANDARD_NO_PAD.encode(secret)];
        for (at, written) in forms.iter().enumerate() {
            let least = [3, 18, 3][at];
            for end in least..written.len() {
                let body = format!("told: {}", &written[..end]);
                let response = masked(Response { body_cut: true, ..answer(body.clone()) });
                assert_eq!(String::from_utf8_lossy(&response.body), format!("told: {DOTS}"), "{body}");
                let whole = body_of(&body);
                assert!(whole == body || end > 20, "only what was cut is doubted: {body}");
            }
        }
    }
}

#[test]
fn dots_that_are_longer_than_what_they_hide_leave_the_body_within_its_bound() {
    let echo = format!("{PASSWORD}, ").repeat(BODY_KEPT / 6);
    let response = masked(answer(echo));
    assert!(response.body_cut && response.body.len() <= BODY_KEPT && response.body.len() > BODY_KEPT - 4);
    let text = String::from_utf8(response.body).expect("no dot is cut in two");
    assert!(text.starts_with(&format!("{DOTS}, {DOTS}, ")) && !text.contains(PASSWORD));
}

#[test]
fn what_the_operator_reads_is_masked_even_where_it_was_cut() {
    for (detail, shown) in [
        (format!("certificate for {TOKEN}.example"), format!("certificate for {DOTS}.example")),
        (format!("certificate for {}…", &TOKEN[..6]), format!("certificate for {DOTS}")),
        ("no certificate…".into(), "no certificate…".into()),
    ] {
        let outcome = Outcome::failed(ErrorClass::TlsFailed, detail);
        let timings = Timings::default();
        let sent = Sent { request: None, response: None, timings, remote: None, outcome, fault: None };
        assert_eq!(carried().mask(sent).outcome.detail, Some(shown));
    }
}
