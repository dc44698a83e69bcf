use chrono::TimeDelta;
use serde_json::Value;

use super::sample;
use super::*;

/// Every field there is, as pointers.
fn fields(value: &Value, path: &str, into: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| fields(member, &format!("{path}/{name}"), into));
        }
        Value::Array(items) if !items.is_empty() => fields(&items[0], &format!("{path}/0"), into),
        _ => into.push(path.to_owned()),
    }
}

fn completed(field_set: FieldSet) -> Value {
    let (interview, session, candidate) = sample::parts();
    let session = session.complete(sample::result(), sample::morning()).expect("it was open");
    let console = Some("https://hire.example");
    Told { interview: &interview, session: &session, candidate: &candidate, company: "Acme Hiring", console }
        .data(field_set)
}

const FIELDS: &[&str] = &[
    "/interview/id",
    "/interview/title",
    "/interview/companyName",
    "/interview/dashboardUrl",
    "/candidate/id",
    "/candidate/firstName",
    "/candidate/lastName",
    "/candidate/fullName",
    "/candidate/email",
    "/candidate/phone",
    "/candidate/externalUserId",
    "/candidate/profileUrl",
    "/candidate/shareUrl",
    "/session/id",
    "/session/token",
    "/session/type",
    "/session/status",
    "/session/startedAt",
    "/session/endedAt",
    "/session/durationSeconds",
    "/session/recordingUrl",
    "/session/thumbnailUrl",
    "/session/resumeUrl",
    "/validation/passed",
    "/validation/reason",
    "/validation/checkedAt",
    "/scores/overall",
    "/scores/interview",
    "/scores/resume",
    "/integrity/score",
    "/integrity/riskLevel",
    "/integrity/flags/0",
    "/evaluation/performanceSummary",
    "/evaluation/categoryScores/communication",
    "/evaluation/categoryScores/technicalKnowledge",
    "/evaluation/categoryScores/problemSolving",
    "/evaluation/categoryScores/experience",
    "/evaluation/categoryScores/motivation",
    "/evaluation/languageProficiency/language",
    "/evaluation/languageProficiency/overall",
    "/evaluation/languageProficiency/fluency",
    "/evaluation/languageProficiency/grammar",
    "/evaluation/languageProficiency/vocabulary",
    "/evaluation/summary/text",
    "/evaluation/summary/strengths/0",
    "/evaluation/summary/concerns/0",
    "/evaluation/customScores/0/name",
    "/evaluation/customScores/0/score",
    "/resumeEvaluation/overallScore",
    "/resumeEvaluation/criteria/0/name",
    "/resumeEvaluation/criteria/0/score",
    "/resumeEvaluation/highlights/0",
    "/transcript/0/speaker",
    "/transcript/0/at",
    "/transcript/0/text",
];

#[test]
fn every_group_and_field_of_the_seed_is_there() {
    let data = completed(FieldSet::Full);
    let mut found = Vec::new();
    fields(&data, "", &mut found);
    let (mut found, mut expected) = (found, FIELDS.iter().map(|field| (*field).to_owned()).collect::<Vec<_>>());
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    let nulls: Vec<_> = expected.iter().filter(|field| data.pointer(field) == Some(&Value::Null)).collect();
    assert_eq!(nulls, ["/candidate/shareUrl"], "everything else is known");
    assert_eq!(data["interview"]["companyName"], "Acme Hiring");
    let page = data["interview"]["dashboardUrl"].as_str().expect("an address");
    assert!(page.starts_with("https://hire.example/interviews/int_"), "{page}");
    assert_eq!(data["session"]["startedAt"], "2026-11-20T09:30:00.000Z");
    assert_eq!(data["session"]["status"], "completed");
    assert_eq!(data["transcript"][1]["at"], "2026-11-20T09:30:03.500Z");
    assert_eq!(data["transcript"][1]["text"], "I like short feedback loops.");
}

#[test]
fn what_is_not_known_is_null_and_no_group_is_missing() {
    let (interview, session, mut candidate) = sample::parts();
    candidate.profile.emails.clear();
    candidate.profile.phones.clear();
    candidate.external_id = None;
    let (now, later) = (session.invited_at, session.invited_at + TimeDelta::days(1));
    let session = session.start(&interview, now).and_then(|session| session.expire(later)).expect("it expired");
    let told = Told { interview: &interview, session: &session, candidate: &candidate, company: "Acme", console: None };
    let data = told.data(FieldSet::Full);
    let groups: Vec<_> = data.as_object().expect("an object").keys().collect();
    assert_eq!(
        groups,
        [
            "interview",
            "candidate",
            "session",
            "validation",
            "scores",
            "integrity",
            "evaluation",
            "resumeEvaluation",
            "transcript"
        ]
    );
    for group in &groups[3..] {
        assert_eq!(data[group.as_str()], Value::Null, "nothing is known of {group}");
    }
    for group in ["interview", "candidate", "session"] {
        let prefix = format!("/{group}/");
        for field in FIELDS.iter().filter(|field| field.starts_with(&prefix)) {
            assert!(data.pointer(field).is_some(), "no {field}");
        }
    }
    for null in ["/candidate/email", "/candidate/phone"] {
        assert_eq!(data.pointer(null), Some(&Value::Null), "{null}");
    }
    for null in ["/candidate/externalUserId", "/session/recordingUrl", "/interview/dashboardUrl", "/session/type"] {
        assert_eq!(data.pointer(null), Some(&Value::Null), "{null}");
    }
    assert_eq!(data["session"]["status"], "abandoned");
    assert_eq!(data["session"]["endedAt"], "2026-11-20T11:30:00.000Z");
    assert_eq!(data["session"]["durationSeconds"], 7_200);
}

#[test]
fn a_field_set_decides_what_of_the_candidate_and_the_transcript_goes_out() {
    let standard = completed(FieldSet::Standard);
    assert_eq!(standard["transcript"][0]["text"], "Why us?");
    assert_eq!(standard["transcript"][1]["text"], Value::Null, "the candidate's own words stay here");
    assert_eq!(standard["transcript"][1]["at"], "2026-11-20T09:30:03.500Z");
    assert_eq!(standard["evaluation"]["summary"]["strengths"][0], "Clear ✨");
    let minimal = completed(FieldSet::Minimal);
    assert_eq!(minimal["candidate"]["email"], "siobhan@mail.example");
    assert_eq!(minimal["scores"]["overall"], 87.0);
    for null in ["/transcript", "/evaluation", "/resumeEvaluation", "/session/recordingUrl", "/session/token"] {
        assert_eq!(minimal.pointer(null), Some(&Value::Null), "{null}");
    }
    let keys = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&minimal), keys(&completed(FieldSet::Full)), "no group is missing");
}

#[test]
fn masked_it_tells_ids_times_and_numbers_but_nobody_and_no_words() {
    let masked = crate::domain::mask::json::data(
        crate::domain::event::EventType::INTERVIEW_COMPLETED,
        &completed(FieldSet::Full),
    );
    let text = masked.to_string();
    for words in [
        "Siobhán",
        "O'Brien",
        "siobhan@",
        "555",
        "Identity confirmed",
        "Explains trade-offs",
        "Clear ✨",
        "Kafka",
        "Led a migration",
        "feedback loops",
        "recording.mp4",
        "resume.pdf",
    ] {
        assert!(!text.contains(words), "{words} is left in {text}");
    }
    assert_eq!(masked["interview"]["id"].as_str().map(|id| id.starts_with("int_")), Some(true));
    assert_eq!((&masked["scores"]["overall"], &masked["session"]["status"]), (&json!(87.0), &json!("completed")));
    assert_eq!(masked["transcript"][1]["at"], "2026-11-20T09:30:03.500Z");
}
