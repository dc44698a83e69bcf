//! Personal data inside JSON, hidden from those who may not see it (B11).
//!
//! Ids, stages, times and numbers stay, so that Support can follow what happened; names, contact data and what people wrote
//! become dots. Our own payloads are known; a partner's are not. So every value is judged by the *place* it stands in, by
//! its key, and by what it looks like, and where these are silent it is hidden in a person and shown in a thing.
//!
//! This is not anonymisation: whoever knows the team can often tell whom an id belongs to.

use serde_json::{Map, Value};

use crate::domain::json;
use crate::domain::secret::DOTS;

/// What an object is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Unknown: short values are shown.
    Open,
    /// A vacancy, a stage, a test: its name and place are no person's.
    Thing,
    /// A person: hidden, but for what is known to be harmless.
    Person,
    /// Contact data, a history, or what someone wrote or said: hidden, but for ids, kinds and times.
    Private,
}

/// The bytes of a JSON document with its personal data masked; `None` when they are no JSON.
pub fn mask(bytes: &[u8]) -> Option<Vec<u8>> {
    serde_json::from_slice(bytes).ok().map(|value| json::print(&masked(&value)))
}

/// A document with its personal data masked.
pub fn masked(value: &Value) -> Value {
    walk(value, "", Place::Open)
}

/// The value of a response header with its personal data masked.
pub fn header(name: &str, value: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let key = plain(lower.strip_prefix("x-").unwrap_or(&lower));
    if names(ADDRESSES, &key) || is_url(value) {
        return address(value);
    }
    let told = (is_personal(&key, Place::Open) || names(PERSON, &key)) && !names(OF_SERVERS, &key);
    let wrote = lower.starts_with("x-") && is_free_text(value);
    let is_hidden = !is_id(value) && (told || wrote || key == "setcookie" || has_email(&decoded(value)));
    if is_hidden { DOTS.to_owned() } else { value.to_owned() }
}

/// An address, whole or relative, with those parts of its path and query masked that a document would not show either: a
/// part of the path is told by the one before it.
pub fn address(text: &str) -> String {
    let (path, query) = text.find(['?', '#']).map_or((text, ""), |at| text.split_at(at));
    let mut key = String::new();
    let masked: Vec<&str> = path
        .split('/')
        .map(|part| {
            let words = decoded(part);
            let shown = is_shown(&words, &key, Place::Open);
            key = plain(&words);
            if shown { part } else { DOTS }
        })
        .collect();
    let mut out = masked.join("/");
    for pair in query.split_inclusive(['?', '#', '&']) {
        let (pair, end) = pair.find(['?', '#', '&']).map_or((pair, ""), |at| pair.split_at(at));
        let (name, value) = pair.split_once('=').unwrap_or(("", pair));
        let is_told = !has_email(&decoded(name)) && is_shown(&decoded(value), &plain(&decoded(name)), Place::Open);
        out += if is_told { pair } else { DOTS };
        out += end;
    }
    out
}

/// A text of a URL without its percent signs.
fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

fn walk(value: &Value, key: &str, place: Place) -> Value {
    match value {
        Value::Object(members) => {
            let place = inside(place, key, members);
            let masked = members.iter().enumerate().map(|(at, (name, member))| {
                let shown = if has_email(name) { format!("{DOTS} {}", at + 1) } else { name.clone() };
                (shown, walk(member, &plain(name), place))
            });
            Value::Object(masked.collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| walk(item, key, place)).collect()),
        Value::String(text) if !is_shown(text, key, place) => Value::from(DOTS),
        Value::Number(_) if key.contains("phone") || names(NUMBERS, key) => Value::from(DOTS),
        other => other.clone(),
    }
}

/// A key as it is compared: letters and digits only, in lower case.
fn plain(key: &str) -> String {
    key.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Objects and lists of contact data, of a history, of what someone wrote or said.
const PRIVATE: &str = "\
    emails phones links email phone address addresses answers transcript experience qualifications education \
    employment notes comments feedback evaluation resumeevaluation resume cv";
/// Objects about a person, and people told by their names.
const PERSON: &str = "\
    candidate candidates applicant applicants person people interviewer interviewers interviewee recruiter \
    recruiters hiringmanager manager owner author user users member members contact contacts participant \
    participants reviewer profile validation";
/// Objects about something else.
const THING: &str = "\
    vacancy vacancies job jobs interview session stage fromstage tostage stages webhook hook organisation \
    organization company department team assessment assessments test tests rating ratings batch export template \
    scores";
/// Keys that make an unknown object one about a person.
const IDENTIFYING: &str = "email emails firstname lastname fullname phone phones";
/// Keys whose texts are hidden wherever they stand.
const PERSONAL: &str = "\
    firstname lastname fullname givenname familyname middlename surname maidenname nickname displayname \
    preferredname username login mail mobile telephone tel fax link links linkedin github twitter website \
    portfolio homepage photo picture avatar image birthdate dateofbirth birthday dob birthplace gender sex \
    nationality citizenship maritalstatus religion ethnicity disability street postcode postalcode zip zipcode \
    address ssn taxid passport passportnumber iban ip ipaddress useragent answer answers transcript comment \
    comments note notes feedback remark remarks bio about coverletter tags";
/// Keys whose texts are hidden in a person.
const PLACES: &str = "location city country region office";
/// Keys whose numbers are hidden.
const NUMBERS: &str = "mobile tel telephone fax ssn taxid age salary birthyear";
/// Keys whose texts are shown in a person.
const HARMLESS: &str = "\
    id type kind status stage state source event mode fieldset language level criterion question skills currency \
    timezone";
/// Keys whose texts are shown even among contact data and the like.
const HARMLESS_IN_PRIVATE: &str = "id type kind language question";

/// Response headers whose values are addresses.
const ADDRESSES: &str = "location contentlocation refresh link";
/// Response headers that name a machine.
const OF_SERVERS: &str = "poweredby servedby";

/// How keys such as `jobName` begin that name no person.
const NAMED_THINGS: &str = "job vacancy stage company hook webhook event field department team organisation";

/// Whether one of these words is the key.
fn names(words: &str, key: &str) -> bool {
    words.split(' ').any(|word| word == key)
}

fn inside(outer: Place, key: &str, members: &Map<String, Value>) -> Place {
    let is_anyone = || members.keys().any(|name| names(IDENTIFYING, &plain(name)));
    match outer {
        Place::Private => Place::Private,
        _ if names(PRIVATE, key) => Place::Private,
        _ if names(PERSON, key) || key.ends_with("by") => Place::Person,
        _ if names(THING, key) => Place::Thing,
        Place::Open if is_anyone() => Place::Person,
        outer => outer,
    }
}

fn is_shown(text: &str, key: &str, place: Place) -> bool {
    if text.is_empty() {
        return true;
    }
    if is_personal(key, place) && !(is_id(text) && key.ends_with("by")) {
        return false;
    }
    if is_id(text) || is_time(text) {
        return true;
    }
    let is_reference = key.ends_with("id") || key.ends_with("reference") || key.ends_with("version");
    if names(PERSON, key) || has_email(text) || is_url(text) || (is_phone(text) && !is_reference) {
        return false;
    }
    match place {
        Place::Thing => true,
        Place::Open => key.ends_with("title") || !is_free_text(text),
        Place::Person => is_reference || names(HARMLESS, key) || (key == "name" || key == "reason") && is_code(text),
        Place::Private => names(HARMLESS_IN_PRIVATE, key),
    }
}

/// Whether a key holds personal data wherever it stands, or where it stands.
fn is_personal(key: &str, place: Place) -> bool {
    let names_thing = || place == Place::Thing || NAMED_THINGS.split(' ').any(|thing| key.starts_with(thing));
    names(PERSONAL, key)
        || key.contains("email")
        || key.contains("phone")
        || key.ends_with("by")
        || (key.ends_with("name") && (key == "filename" || !names_thing()))
        || (names(PLACES, key) && matches!(place, Place::Person | Place::Private))
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

/// Long enough to be what someone wrote.
fn is_free_text(text: &str) -> bool {
    text.chars().count() > 60 || text.split_whitespace().count() > 4
}

/// A word of a program: `consent_withdrawn`.
fn is_code(text: &str) -> bool {
    text.contains('_') && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
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
        gather(&masked(&value), &mut out);
        out.join(" | ")
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
            left(export),
            "evt_01KAGZ7Q1FM8XW4T0R9B5YHC3N | candidates.exported | 2026-11-20T09:30:00.000Z | mem_01KAGZ7Q1FM8XW4T0R9B5YHC3N | full | \
             can_01KAGZ7Q1FM8XW4T0R9B5YHC3N | consent_withdrawn | Senior Backend Engineer for Payments and Ledgers | 2026-1144 | \
             Berlin | 4711223344 | work | home | linkedin | 2026-10-01T08:00:00.000Z | Screening | active | Careers page | Why us? | \
             2015 | 2016-02 | Rust | Irish | native | Code | 4.5 | 5 | Take-home | 81 | 2026-10-03T08:00:00.000Z"
        );
    }

    #[test]
    fn what_a_partner_sends_is_judged_by_key_and_by_look() {
        assert_eq!(
            left(json!({"data": {"stage": {"name": "Offer"}, "movedBy": {"name": "Anna"}, "reason": null}})),
            "Offer"
        );
        assert_eq!(
            left(json!({"who": "anna@mail.example", "call": "+49 (30) 555-0100", "see": "https://x.example", "n": 3})),
            "3"
        );
        assert_eq!(
            left(json!({"candidate_name": "Anna", "jobTitle": "Cook", "work-email": "x", "fileName": "anna.pdf"})),
            "Cook"
        );
        assert_eq!(left(json!({"remark2": "Anna was great in the second round", "result": "passed"})), "passed");
        assert_eq!(
            left(json!({"transcript": [{"speaker": "Anna", "text": "Hi", "at": "2026-11-20T09:30:00Z"}]})),
            "2026-11-20T09:30:00Z"
        );
        assert_eq!(left(json!({"data": {"candidate": "Anna Schmidt", "interviewer": "Tom Lee"}})), "");
        assert_eq!(left(json!({"candidates": ["Anna Schmidt"], "interview": {"candidate": "Anna Schmidt"}})), "");
        assert_eq!(
            left(json!({"interview": {"owner": "Tom"}, "candidate": "can_01KAGZ7Q1FM8XW4T0R9B5YHC3N"})),
            "can_01KAGZ7Q1FM8XW4T0R9B5YHC3N"
        );
        assert_eq!(left(json!({"x": {"email": "?", "note": "n", "city": "Ulm", "stage": "Offer"}})), "Offer");
        assert_eq!(left(json!({"anna@mail.example": 1, "phoneNumber": 4_915_112_345_678_i64})), "1");
        assert_eq!(
            left(
                json!({"batchId": "20261120", "fileCount": 12, "sentBy": "Anna", "createdBy": "mem_01KAGZ7Q1FM8XW4T0R9B5YHC3N"})
            ),
            "20261120 | 12 | mem_01KAGZ7Q1FM8XW4T0R9B5YHC3N"
        );
    }

    #[test]
    fn headers_and_addresses_keep_what_helps_and_lose_the_people() {
        for (name, value) in [
            ("content-length", "12345678"),
            ("Date", "Fri, 20 Nov 2026 09:30:00 GMT"),
            ("x-powered-by", "Express"),
            ("x-request-id", "0190a3f2-77aa-7bbb-8ccc-123456789abc"),
            ("Location", "https://hris.example:8443/v2/hooks?tenant=acme#top"),
            ("Location", "/candidates/can_01KAGZ7Q1FM8XW4T0R9B5YHC3N"),
        ] {
            assert_eq!(header(name, value), value);
        }
        for (name, value) in [
            ("x-candidate-email", "Anna"),
            ("x-candidate", "Anna Schmidt"),
            ("etag", "for anna@mail.example"),
            ("set-cookie", "user=Anna"),
            ("x-message", "Anna Schmidt has been saved today"),
        ] {
            assert_eq!(header(name, value), DOTS, "{name}");
        }
        assert_eq!(
            header("location", "https://hris.example/people/Anna%20Schmidt/cv?email=a&ref=x"),
            format!("https://hris.example/people/{DOTS}/cv?{DOTS}&ref=x")
        );
        assert_eq!(header("Location", "/in/anna%40mail.example?next=1"), format!("/in/{DOTS}?next=1"));
    }

    #[test]
    fn what_is_no_json_is_nothing_and_a_bare_text_is_judged_too() {
        assert_eq!(mask(b"\xff\xfe"), None);
        assert_eq!(mask(b"<html>"), None);
        assert_eq!(mask(b"\"ok\""), Some(b"\"ok\"".to_vec()));
        assert_eq!(mask(b"[\"anna@mail.example\"]"), Some(format!("[\"{DOTS}\"]").into_bytes()));
    }
}
