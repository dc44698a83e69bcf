//! Payloads: the JSON that goes out, built once per event and field set and then frozen (section 3 of the wire contract).

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::candidate::Applicant;
use super::event::Event;
use super::export::Exclusion;
use super::hook::FieldSet;
use super::ids::{CandidateId, ExportId, MemberId};
use super::json;
use super::vacancy::Vacancy;

/// The version of the payloads; `apiVersion` in each.
pub const API_VERSION: &str = "2026-11-20";

/// RFC 3339 in UTC with milliseconds: how every time stands in a payload.
pub fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The frozen bytes of an event with its data.
pub fn body(event: &Event, data: Value) -> Vec<u8> {
    body_of_printed(event, &json::print(&data))
}

/// The frozen bytes of an event with data that [`json::print`] has printed.
pub fn body_of_printed(event: &Event, data: &[u8]) -> Vec<u8> {
    let head = Head {
        id: event.id.as_str(),
        event: event.kind.as_str(),
        api_version: API_VERSION,
        timestamp: timestamp(event.occurred_at),
        company_id: event.organisation_id.as_str(),
        client_id: event.cause.client_id(),
        test: event.is_test(),
    };
    let mut body = Vec::with_capacity(data.len() + 256);
    serde_json::to_writer(&mut body, &head).expect("writing text to memory cannot fail");
    body.pop();
    body.extend_from_slice(b",\"data\":");
    body.extend_from_slice(data);
    body.push(b'}');
    body
}

/// What stands before an event's data: nothing that ECMAScript would print in another way.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    id: &'a str,
    event: &'a str,
    api_version: &'a str,
    timestamp: String,
    company_id: &'a str,
    client_id: Option<&'a str>,
    test: bool,
}

/// What an export says about itself.
#[derive(Debug, Clone)]
pub struct ExportHead<'a> {
    /// Its id.
    pub id: &'a ExportId,
    /// When it was confirmed.
    pub exported_at: DateTime<Utc>,
    /// Who confirmed it: id and name.
    pub requested_by: (&'a MemberId, &'a str),
    /// Who was ticked but left out.
    pub excluded: Vec<(&'a CandidateId, Exclusion)>,
}

/// The data of `candidates.exported`: everything A5 lists, as far as the field set goes.
pub fn export_data(head: &ExportHead<'_>, vacancy: &Vacancy, candidates: &[Applicant], field_set: FieldSet) -> Value {
    let excluded: Vec<Value> =
        head.excluded.iter().map(|(id, reason)| json!({"id": id.as_str(), "reason": reason.as_str()})).collect();
    json!({
        "export": {
            "id": head.id.as_str(),
            "exportedAt": timestamp(head.exported_at),
            "requestedBy": {"id": head.requested_by.0.as_str(), "name": head.requested_by.1},
            "candidateCount": candidates.len(),
            "fieldSet": field_set.as_str(),
            "excluded": excluded,
        },
        "vacancy": vacancy_data(vacancy),
        "candidates": candidates.iter().map(|applicant| candidate_data(applicant, field_set)).collect::<Vec<_>>(),
    })
}

/// A vacancy as payloads name it.
pub fn vacancy_data(vacancy: &Vacancy) -> Value {
    json!({
        "id": vacancy.id.as_str(),
        "title": vacancy.title,
        "reference": vacancy.reference,
        "status": vacancy.status.as_str(),
        "department": vacancy.department,
        "location": vacancy.location,
    })
}

/// The data of `webhook.test`.
pub fn test_data(hook_name: &str, sent_by: &str) -> Value {
    json!({
        "message": "This is a test from Hirewire. If you can read it, your receiver works.",
        "webhook": hook_name,
        "sentBy": sent_by,
    })
}

/// A candidate with their application, as far as the field set goes (A5, B11).
pub fn candidate_data(applicant: &Applicant, field_set: FieldSet) -> Value {
    let profile = &applicant.candidate.profile;
    let application = &applicant.application;
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| {
        out.insert(key.to_owned(), value);
    };
    put("id", json!(applicant.candidate.id.as_str()));
    put("externalId", json!(applicant.candidate.external_id));
    put("firstName", json!(profile.first_name));
    put("lastName", json!(profile.last_name));
    put("fullName", json!(profile.full_name));
    put("emails", json!(profile.emails));
    put("phones", json!(profile.phones));
    if field_set == FieldSet::Minimal {
        put(
            "application",
            json!({"id": application.id.as_str(), "appliedAt": timestamp(application.applied_at), "stage": application.stage}),
        );
        return Value::Object(out);
    }
    put("location", json!(profile.location));
    put("links", json!(profile.links));
    let answers = if field_set == FieldSet::Full { json!(application.review.answers) } else { json!([]) };
    put(
        "application",
        json!({
            "id": application.id.as_str(),
            "appliedAt": timestamp(application.applied_at),
            "source": application.source,
            "status": application.status,
            "stage": application.stage,
            "answers": answers,
        }),
    );
    put("qualifications", json!(profile.qualifications));
    put("experience", json!(profile.experience));
    put("skills", json!(profile.skills));
    put("languages", json!(profile.languages));
    put("ratings", json!(application.review.ratings));
    let assessments: Vec<Value> = application
        .review
        .assessments
        .iter()
        .map(|test| {
            json!({
                "name": test.name,
                "score": test.score,
                "max": test.max,
                "completedAt": test.completed_at.map(timestamp),
            })
        })
        .collect();
    put("assessments", Value::Array(assessments));
    put("tags", json!(profile.tags));
    Value::Object(out)
}
