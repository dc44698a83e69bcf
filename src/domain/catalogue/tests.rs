use std::collections::BTreeMap;

use chrono::DateTime;
use serde_json::Value;

use super::*;
use crate::domain::hook::FieldSet;
use crate::domain::interview::payload;
use crate::domain::interview::result::{
    Evaluation, LanguageProficiency, ResumeEvaluation, Score, SessionResult, Speaker, Turn,
};
use crate::domain::json;

const SETS: [FieldSet; 3] = [FieldSet::Minimal, FieldSet::Standard, FieldSet::Full];

/// Every path of a value with the types that stand there.
fn paths(value: &Value, at: String, out: &mut BTreeMap<String, Vec<&'static str>>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(text) if DateTime::parse_from_rfc3339(text).is_ok() => "time",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    };
    // An item of a list of objects is told by its fields.
    if !(at.is_empty() || at.ends_with("[]") && kind == "object") {
        out.entry(at.clone()).or_default().push(kind);
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| paths(item, format!("{at}[]"), out)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
            paths(value, at, out);
        }),
        _ => {}
    }
}

#[test]
fn the_table_of_each_type_says_what_stands_in_its_sample() {
    for kind in all() {
        let mut found = BTreeMap::new();
        paths(&sample(kind, FieldSet::Full), String::new(), &mut found);
        let table = fields(kind);
        for (path, kinds) in &found {
            let field = table.iter().find(|field| field.path == *path);
            let field = field.unwrap_or_else(|| panic!("{kind}: {path} is not in the table"));
            let allowed: Vec<_> = field.kind.split(" or ").collect();
            assert!(kinds.iter().all(|kind| allowed.contains(kind)), "{kind}: {path} is {kinds:?}, not {}", field.kind);
        }
        for (at, field) in table.iter().enumerate() {
            let below_null = kind.as_str() == "interview.abandoned";
            assert!(below_null || found.contains_key(&field.path), "{kind}: no sample of {}", field.path);
            assert!(table.iter().skip(at + 1).all(|other| other.path != field.path), "{kind}: {} twice", field.path);
            assert!(!field.meaning.is_empty() && !field.meaning.ends_with('.'), "{kind}: {}", field.path);
        }
    }
}

#[test]
fn a_sample_is_the_same_at_each_call_and_survives_every_receiver() {
    for (kind, set) in all().flat_map(|kind| SETS.map(|set| (kind, set))) {
        let printed = json::print(&sample(kind, set));
        assert_eq!(printed, json::print(&sample(kind, set)));
        let again = json::reprint(&printed, "data").expect("JSON that every receiver takes");
        assert_eq!(again.text(), printed, "{kind}");
    }
}

#[test]
fn a_field_set_limits_what_a_sample_tells_of_a_candidate() {
    let kind = EventType::parse("candidate.created").expect("a type of the catalogue");
    let candidate = |set| sample(kind, set)["candidate"].clone();
    assert_eq!(candidate(FieldSet::Full)["application"]["answers"][0]["answer"], "I like short feedback loops.");
    assert_eq!(candidate(FieldSet::Standard)["application"]["answers"], Value::Array(Vec::new()));
    assert_eq!(candidate(FieldSet::Minimal).get("experience"), None);
}

#[test]
fn what_may_be_null_on_the_wire_is_said_to_be_null_in_the_table() {
    let (interview, session, candidate) = payload::sample::parts();
    let score = || vec![Score { name: "Fit".into(), score: None }];
    let result = SessionResult {
        evaluation: Some(Evaluation {
            language_proficiency: Some(LanguageProficiency::default()),
            custom_scores: score(),
            ..Evaluation::default()
        }),
        resume_evaluation: Some(ResumeEvaluation { criteria: score(), ..ResumeEvaluation::default() }),
        transcript: Some(vec![Turn { speaker: Speaker::Candidate, offset_seconds: None, text: "…".into() }]),
        ..SessionResult::default()
    };
    let session = session.complete(result, payload::sample::morning()).expect("it was open");
    let told = payload::Told {
        interview: &interview,
        session: &session,
        candidate: &candidate,
        company: "Acme",
        console: None,
    };
    let table = fields(EventType::INTERVIEW_COMPLETED);
    for data in SETS.map(|set| told.data(set)) {
        let mut found = BTreeMap::new();
        paths(&data, String::new(), &mut found);
        for (path, kinds) in found {
            let field = table.iter().find(|field| field.path == path).unwrap_or_else(|| panic!("{path} is not there"));
            assert!(kinds.iter().all(|kind| field.kind.split(" or ").any(|told| told == *kind)), "{path} is {kinds:?}");
        }
    }
}

#[test]
fn the_sample_of_an_interview_links_where_real_ones_link() {
    let data = sample(EventType::INTERVIEW_COMPLETED, FieldSet::Full);
    let page = data["interview"]["dashboardUrl"].as_str().expect("an address");
    let session = data["session"]["id"].as_str().expect("an id");
    assert_eq!(data["candidate"]["profileUrl"], format!("{page}/sessions/{session}"));
    assert_eq!(data["candidate"]["shareUrl"], Value::Null);
    assert_eq!(data["scores"]["overall"], 84.0, "the result of the sample can be read");
}

/// What Hirewire causes by itself has a name of its own in the code.
#[test]
fn the_catalogue_says_what_only_partner_systems_report() {
    let own = [
        EventType::INTERVIEW_COMPLETED,
        EventType::INTERVIEW_ABANDONED,
        EventType::CANDIDATES_EXPORTED,
        EventType::WEBHOOK_TEST,
    ];
    for entry in CATALOGUE {
        assert_eq!(entry.is_reported, own.iter().all(|own| own.as_str() != entry.name), "{}", entry.name);
    }
}
