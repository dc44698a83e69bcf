//! Personal data inside JSON, hidden from those who may not see it (B11).
//!
//! Shown are ids, times, numbers and booleans, and those texts of an event that the [catalogue](crate::domain::catalogue) knows
//! to say nothing about a person. Everything else becomes dots: whatever a partner sends or a receiver answers under a key
//! that nobody here knows is hidden, however harmless it looks.
//!
//! This is not anonymisation: whoever knows the team can often tell whom an id belongs to.

use serde_json::Value;

use crate::domain::catalogue::is_harmless;
use crate::domain::event::EventType;
use crate::domain::json;
use crate::domain::secret::DOTS;

/// The bytes of an event's payload with its personal data masked; `None` when they are no JSON.
pub fn payload(kind: EventType, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut document: Value = serde_json::from_slice(bytes).ok()?;
    let Some(members) = document.as_object_mut() else { return answer(bytes) };
    for (name, member) in members.iter_mut() {
        *member = match name.as_str() {
            "data" => data(kind, member),
            // What stands around the data is ours.
            "id" | "event" | "apiVersion" | "timestamp" | "companyId" | "clientId" | "correlationId" | "test" => {
                continue;
            }
            _ => unknown(member),
        };
    }
    Some(json::print(&document))
}

/// The data of an event with its personal data masked.
pub fn data(kind: EventType, data: &Value) -> Value {
    walk(data, "", "", &|path| is_harmless(kind, path))
}

/// The bytes of a JSON document that somebody else made, with everything masked that may be personal; `None` when they are
/// no JSON.
pub fn answer(bytes: &[u8]) -> Option<Vec<u8>> {
    serde_json::from_slice(bytes).ok().map(|value| json::print(&unknown(&value)))
}

fn unknown(value: &Value) -> Value {
    walk(value, "", "", &|_| false)
}

/// The value of a response header with its personal data masked.
pub fn header(name: &str, value: &str) -> String {
    let lower = name.to_ascii_lowercase();
    if names(ADDRESSES, &lower) || is_url(value) {
        return address(value);
    }
    let is_of_protocol = names(OF_THE_PROTOCOL, &lower) && !has_email(&decoded(value));
    let is_shown = is_of_protocol || is_shown(value, &plain(&lower)) || is_plain_value(value);
    if is_shown { value.to_owned() } else { DOTS.to_owned() }
}

/// An address, whole or relative: where it leads to, without its path and query, in which there may be anything.
fn address(text: &str) -> String {
    let host = text.split_once("://").map(|(scheme, rest)| (scheme, rest.split(['/', '?', '#']).next().unwrap_or("")));
    match host {
        Some((scheme, host)) if !host.contains('@') => format!("{scheme}://{host}/{DOTS}"),
        Some(_) => DOTS.to_owned(),
        None => format!("/{DOTS}"),
    }
}

/// A text of a URL without its percent signs.
fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// `path` is where the value stands, as the catalogue writes it.
fn walk(value: &Value, key: &str, path: &str, harmless: &dyn Fn(&str) -> bool) -> Value {
    match value {
        Value::Object(members) => {
            let masked = members.iter().enumerate().map(|(at, (name, member))| {
                let shown = if is_name_of_a_field(name) { name.clone() } else { format!("{DOTS} {}", at + 1) };
                let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                (shown, walk(member, &plain(name), &inner, harmless))
            });
            Value::Object(masked.collect())
        }
        Value::Array(items) => {
            let inner = format!("{path}[]");
            Value::Array(items.iter().map(|item| walk(item, key, &inner, harmless)).collect())
        }
        Value::String(text) if !(is_shown(text, key) || harmless(path) && !tells_how_to_reach(text)) => {
            Value::from(DOTS)
        }
        Value::Number(_) if key.contains("phone") || names(NUMBERS, key) => Value::from(DOTS),
        other => other.clone(),
    }
}

/// A key as it is compared: letters and digits only, in lower case.
fn plain(key: &str) -> String {
    key.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether a key reads as the name of a field and not as that of a person: `batchId`, `file_count`.
fn is_name_of_a_field(key: &str) -> bool {
    let is_start = |first: u8| first.is_ascii_lowercase() || first == b'_';
    key.len() <= 60
        && key.bytes().next().is_some_and(is_start)
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

/// Keys whose times and numbers in words are hidden.
const PERSONAL: &str = "\
    birthdate dateofbirth birthday dob birthyear ssn taxid passport passportnumber iban ip ipaddress mobile tel telephone \
    fax postcode postalcode zip zipcode";
/// Keys whose numbers are hidden.
const NUMBERS: &str = "\
    mobile tel telephone fax ssn taxid age salary birthyear passport passportnumber postcode postalcode zip zipcode";

/// Response headers whose values are addresses.
const ADDRESSES: &str = "location content-location refresh link";
/// Response headers that say something about servers and messages, and nothing about people.
const OF_THE_PROTOCOL: &str = "\
    accept-ranges age allow alt-svc cache-control cf-cache-status cf-ray connection content-encoding content-language \
    content-length content-type date etag expires keep-alive last-modified pragma ratelimit-limit ratelimit-remaining \
    ratelimit-reset retry-after server server-timing strict-transport-security trailer transfer-encoding upgrade vary via \
    www-authenticate x-amz-cf-id x-amzn-requestid x-amzn-trace-id x-cache x-content-type-options x-correlation-id \
    x-frame-options x-powered-by x-ratelimit-limit x-ratelimit-remaining x-ratelimit-reset x-request-id x-runtime \
    x-served-by";

/// Whether one of these words is the key.
fn names(words: &str, key: &str) -> bool {
    words.split(' ').any(|word| word == key)
}

/// Whether a text is shown wherever it stands: nothing, an id, a time, or a number that names something.
fn is_shown(text: &str, key: &str) -> bool {
    let is_personal = names(PERSONAL, key) || key.contains("phone") || key.contains("email");
    let is_reference = ["id", "reference", "version"].iter().any(|end| key.ends_with(end));
    text.is_empty() || is_id(text) || !is_personal && (is_time(text) || is_reference && is_number(text))
}

/// A number or boolean that a header writes as text.
fn is_plain_value(text: &str) -> bool {
    matches!(text, "true" | "false") || (text.len() <= 6 && text.parse::<f64>().is_ok())
}

/// Whether somebody can be reached by what is written there.
fn tells_how_to_reach(text: &str) -> bool {
    has_email(text) || is_url(text) || is_phone(text)
}

/// What systems number things with: `4711`, `J-17`, `2026-1144`, 16 or more hexadecimal digits.
fn is_number(text: &str) -> bool {
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_code = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./#:".contains(&byte));
    let is_hex = text.len() >= 16 && digits > 0 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.len() <= 64 && is_code && (is_hex || digits > 0 && letters <= digits)
}

/// One of our ids, or a UUID.
fn is_id(text: &str) -> bool {
    let ours = text.rsplit_once('_').is_some_and(|(prefix, body)| {
        matches!(prefix.len(), 2..=3)
            && body.len() == 26
            && body.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
    });
    let hex_or_dash =
        |(at, b): (usize, u8)| if matches!(at, 8 | 13 | 18 | 23) { b == b'-' } else { b.is_ascii_hexdigit() };
    ours || (text.len() == 36 && text.bytes().enumerate().all(hex_or_dash))
}

/// `2026`, `2026-11`, `2026-11-20`, `2026-11-20T09:30:00.000Z`.
fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits =
        |range: std::ops::Range<usize>| bytes.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    let day = bytes.get(4) == Some(&b'-')
        && digits(5..7)
        && (bytes.len() == 7 || bytes.get(7) == Some(&b'-') && digits(8..10));
    let clock = bytes
        .iter()
        .skip(10)
        .all(|b| matches!(b, b'0'..=b'9' | b'T' | b't' | b'Z' | b'z' | b':' | b'.' | b'+' | b'-' | b' '));
    digits(0..4) && (bytes.len() == 4 || day && clock && bytes.len() <= 40)
}

fn has_email(text: &str) -> bool {
    let is_part =
        |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || "._-+".contains(letter));
    text.match_indices('@')
        .any(|(at, _)| is_part(text[..at].chars().next_back()) && is_part(text[at + 1..].chars().next()))
}

fn is_url(text: &str) -> bool {
    text.contains("://") || text.starts_with("www.") || text.starts_with("mailto:") || text.starts_with("tel:")
}

fn is_phone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (7..=15).contains(&digits) && text.chars().all(|c| c.is_ascii_digit() || " \u{a0}+-()./".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What remains readable of a value: its strings that are no dots.
    fn left(value: Value) -> String {
        fn gather(value: &Value, out: &mut Vec<String>) {
            match value {
                Value::String(text) if !text.starts_with(DOTS) => out.push(text.clone()),
                Value::Array(items) => items.iter().for_each(|item| gather(item, out)),
                Value::Object(members) => members.iter().for_each(|(key, item)| {
                    if key.contains('@') {
                        out.push(key.clone());
                    }
                    gather(item, out);
                }),
                Value::Number(number) => out.push(number.to_string()),
                _ => {}
            }
        }
        let mut out = Vec::new();
        gather(&value, &mut out);
        out.join(" | ")
    }

    fn of(kind: &str, value: Value) -> String {
        let kind = EventType::parse(kind).expect("a type of the catalogue");
        let masked = payload(kind, value.to_string().as_bytes()).expect("JSON");
        left(serde_json::from_slice(&masked).expect("JSON"))
    }

    fn of_nobody_knows_what(value: Value) -> String {
        left(unknown(&value))
    }

    #[test]
    fn an_export_keeps_ids_stages_dates_and_numbers_and_hides_the_people() {
        let export = json!({
            "id": "evt_01KAGZ7Q1FM8XW4T0R9B5YHC3N", "event": "candidates.exported", "timestamp": "2026-11-20T09:30:00.000Z",
            "data": {
                "export": {"requestedBy": {"id": "mem_01KAGZ7Q1FM8XW4T0R9B5YHC3N", "name": "Maeve O'Brien"}, "fieldSet": "full",
                    "excluded": [{"id": "can_01KAGZ7Q1FM8XW4T0R9B5YHC3N", "reason": "consent_withdrawn"}]},
                "vacancy": {"title": "Senior Backend Engineer for Payments and Ledgers", "reference": "2026-1144", "location": "Berlin"},
                "candidates": [{
                    "externalId": "4711223344", "firstName": "Siobhán", "lastName": null, "fullName": "Siobhán O’Brien",
                    "emails": [{"type": "work", "value": "s@mail.example"}], "phones": [{"type": "home", "value": "+353 1 555 0100"}],
                    "location": "Galway", "links": [{"type": "linkedin", "value": "https://in.example/s"}],
                    "application": {"appliedAt": "2026-10-01T08:00:00.000Z", "stage": "Screening", "status": "active", "source": "Careers page",
                        "answers": [{"question": "Why us?", "answer": "Because."}]},
                    "qualifications": [{"title": "MSc", "institution": "Galway", "year": 2015}],
                    "experience": [{"company": "Pay Ltd", "title": "Engineer", "from": "2016-02", "to": null}],
                    "skills": ["Rust"], "languages": [{"language": "Irish", "level": "native"}],
                    "ratings": [{"criterion": "Code", "score": 4.5, "max": 5}],
                    "assessments": [{"name": "Take-home", "score": 81, "completedAt": "2026-10-03T08:00:00.000Z"}],
                    "tags": ["friend of Pat"],
                }],
            },
        });
        assert_eq!(
            of("candidates.exported", export),
            "evt_01KAGZ7Q1FM8XW4T0R9B5YHC3N | candidates.exported | 2026-11-20T09:30:00.000Z | mem_01KAGZ7Q1FM8XW4T0R9B5YHC3N | full | \
             can_01KAGZ7Q1FM8XW4T0R9B5YHC3N | consent_withdrawn | Senior Backend Engineer for Payments and Ledgers | 2026-1144 | \
             Berlin | 4711223344 | work | home | linkedin | 2026-10-01T08:00:00.000Z | Screening | active | Careers page | Why us? | \
             2015 | 2016-02 | Rust | Irish | native | Code | 4.5 | 5 | Take-home | 81 | 2026-10-03T08:00:00.000Z"
        );
    }

    #[test]
    fn under_a_key_that_nobody_knows_only_ids_times_numbers_and_booleans_are_left() {
        let resume = json!({"resumeText": "Siobhan worked at Pay", "file": "Siobhan-OBrien.pdf", "batchId": "b"});
        assert_eq!(of("resume.bulk_upload_parse.started", json!({"data": resume})), "");
        let words =
            json!({"who": "Anna", "Anna Schmidt": "x", "Anna": {"is": "here"}, "list": ["Anna"], "result": "passed"});
        assert_eq!(of_nobody_knows_what(words.clone()), "");
        assert!(!unknown(&words).to_string().contains("Anna"));
        assert_eq!(
            of_nobody_knows_what(json!({
                "batchId": "20261120", "job_id": "J-17", "candidateId": "can_01KAGZ7Q1FM8XW4T0R9B5YHC3N", "userId": "anna85",
                "fileCount": 12, "ok": true, "at": "2026-11-20T09:30:00Z", "createdBy": "mem_01KAGZ7Q1FM8XW4T0R9B5YHC3N",
            })),
            "20261120 | J-17 | can_01KAGZ7Q1FM8XW4T0R9B5YHC3N | 12 | 2026-11-20T09:30:00Z | mem_01KAGZ7Q1FM8XW4T0R9B5YHC3N"
        );
        let reached =
            json!({"phoneNumber": 4_915_112_345_678_i64, "mobile": "0151", "birthDate": "1985-03-02", "age": 41});
        assert_eq!(of_nobody_knows_what(reached), "");
    }

    #[test]
    fn of_an_event_what_the_catalogue_knows_to_be_harmless_is_left_and_nowhere_else() {
        let moved = json!({
            "candidate": {"fullName": "Anna Schmidt", "application": {"stage": "Offer", "note": "nice"}},
            "fromStage": {"name": "Screening"}, "toStage": {"name": "see anna@mail.example"}, "movedBy": {"name": "Tom"},
        });
        assert_eq!(
            of("candidate.stage_changed", json!({"event": "e", "data": moved.clone()})),
            "e | Offer | Screening"
        );
        assert_eq!(of("job.created", json!({"data": moved})), "");
        assert_eq!(of("job.created", json!({"data": {"jobId": "J-17", "title": "Cook"}})), "J-17");
        assert_eq!(of("job.created", json!({"data": {"job": {"title": "Cook", "owner": "Tom"}}})), "Cook");
        assert_eq!(of("webhook.test", json!({"data": {"webhook": "HRIS", "sentBy": "Tom"}, "more": "Tom"})), "HRIS");
    }

    #[test]
    fn headers_and_addresses_keep_what_helps_and_lose_the_people() {
        for (name, value) in [
            ("content-length", "12345678"),
            ("Date", "Fri, 20 Nov 2026 09:30:00 GMT"),
            ("x-powered-by", "Express"),
            ("x-trace", "0190a3f2-77aa-7bbb-8ccc-123456789abc"),
            ("x-queue-length", "17"),
        ] {
            assert_eq!(header(name, value), value);
        }
        for (name, value) in [
            ("x-candidate-email", "Anna"),
            ("x-candidate", "Anna Schmidt"),
            ("x-saved", "Anna"),
            ("etag", "for anna@mail.example"),
            ("set-cookie", "user=Anna"),
            ("x-message", "Anna Schmidt has been saved today"),
        ] {
            assert_eq!(header(name, value), DOTS, "{name}");
        }
        assert_eq!(
            header("location", "https://hris.example:8443/people/Anna%20Schmidt/cv?email=a&ref=x"),
            format!("https://hris.example:8443/{DOTS}")
        );
        assert_eq!(header("Location", "https://anna@mail.example/x"), DOTS);
        assert_eq!(header("Location", "/in/anna%40mail.example?next=1"), format!("/{DOTS}"));
    }

    #[test]
    fn what_is_no_json_is_nothing_and_a_bare_text_is_judged_too() {
        assert_eq!(answer(b"\xff\xfe"), None);
        assert_eq!(answer(b"<html>"), None);
        assert_eq!(answer(b"17"), Some(b"17".to_vec()));
        assert_eq!(answer(b"[\"Anna\"]"), Some(format!("[\"{DOTS}\"]").into_bytes()));
    }
}
