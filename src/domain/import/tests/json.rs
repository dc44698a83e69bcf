use super::*;

fn read(text: &str) -> Rows {
    read_json(text.as_bytes(), BERLIN).expect("a list")
}

const WHOLE: &str = r#"[{
  "externalId": 84211, "firstName": "Siobhan", "lastName": "O'Brien", "fullName": "Dr. Siobhan O'Brien",
  "emails": ["S@mail.example", {"type": "work", "value": "s@work.example"}, "s@mail.example"],
  "phones": [{"type": "mobile", "value": "+353 1 555 0101"}], "links": ["linkedin.com/in/s"], "location": "Dublin",
  "qualifications": [{"title": "MSc", "institution": "TCD", "year": 2019}, "First aid"],
  "experience": [{"company": "Acme", "title": "Engineer", "from": "2020-01", "to": null}],
  "skills": ["Rust", "SQL", "rust"], "languages": ["Irish (native)", {"language": "German", "level": "B1"}],
  "tags": "strong, remote", "ratings": [{"criterion": "Code", "score": 4, "max": 5}],
  "assessments": [{"name": "Logic", "score": 80, "max": 100, "completedAt": "2026-11-19T08:00:00Z"}],
  "application": {"appliedAt": "2026-11-20T10:00:00Z", "source": "Referral", "status": "Active", "stage": "Offer",
                  "answers": [{"question": "Why?", "answer": "Two\nlines"}]},
  "unknown": {"7": [1, 2]}
}]"#;

#[test]
fn an_object_in_the_names_of_the_wire_is_taken_whole() {
    let rows = read(WHOLE);
    assert_eq!((rows.problems, rows.notes), (vec![], vec![]));
    let draft = &rows.drafts[0];
    let profile = &draft.profile;
    assert_eq!((draft.line, draft.external_id.as_deref(), draft.names), (1, Some("84211"), Names::Given));
    assert_eq!(profile.full_name, "Dr. Siobhan O'Brien");
    assert_eq!(values(&profile.emails), [("other", "s@mail.example"), ("work", "s@work.example")]);
    assert_eq!(values(&profile.links), [("linkedin", "https://linkedin.com/in/s")]);
    assert_eq!((profile.qualifications[0].year, profile.qualifications[1].title.as_str()), (Some(2019), "First aid"));
    assert_eq!((profile.experience[0].from.as_deref(), profile.experience[0].to.as_deref()), (Some("2020-01"), None));
    assert_eq!((profile.skills.len(), profile.tags.len()), (2, 2));
    assert_eq!(profile.languages[0].level.as_deref(), Some("native"));
    assert_eq!((draft.status.as_deref(), draft.stage.as_deref()), (Some("active"), Some("Offer")));
    assert_eq!(draft.applied_at.map(|at| at.to_rfc3339()).as_deref(), Some("2026-11-20T10:00:00+00:00"));
    assert_eq!((draft.review.ratings[0].score, draft.review.answers[0].answer.as_str()), (4.0, "Two\nlines"));
    assert!(draft.review.assessments[0].completed_at.is_some());
}

#[test]
fn the_list_may_stand_in_an_object() {
    let candidates = r#"[{"name": "Anna Müller", "email": "a@mail.example"}]"#;
    for whole in [
        candidates.to_owned(),
        format!(r#"{{"candidates": {candidates}}}"#),
        format!(r#"{{"event": "candidates.exported", "data": {{"candidates": {candidates}}}}}"#),
        format!("\u{feff} {candidates}"),
    ] {
        assert!(is_json(whole.as_bytes()));
        assert_eq!(values(&read(&whole).drafts[0].profile.emails), [("other", "a@mail.example")]);
    }
    assert!(!is_json(b"Name,E-mail\n") && !is_json(b""));
    assert!(is_json(&utf_16("[]", true)));
}

#[test]
fn bad_items_are_told_by_place_and_path_and_good_ones_kept() {
    let rows = read(
        r#"["Anna", {"email": "x@mail.example"}, {"name": "Ben", "emails": ["ben@mail.example", "ben"], "skills": [1, {}]},
            {"name": ["Cara"], "fullName": "Cara", "application": {"appliedAt": "soon"}, "ratings": [{"score": 4}, {"criterion": "x", "score": 9}]},
            {"name": "Dan", "links": [{"value": "javascript:alert(1)"}], "experience": [{"title": {}}], "application": []},
            {"name": "Eve", "emails": ["EVE@mail.example"]}, {"name": "Eve", "emails": ["eve@mail.example"]}]"#,
    );
    assert_eq!(names(&rows.drafts), ["Eve"]);
    assert_eq!(
        rows.problems.iter().map(Problem::to_string).collect::<Vec<_>>(),
        [
            "Line 1: is text, not an object",
            "Line 2: has no name; give a first, last or full name",
            "Line 3, emails[1]: “ben” is no e-mail address; write it as name@example.com",
            "Line 3, skills[1]: is an object, not text",
            "Line 4, ratings[0]: has no criterion",
            "Line 4, ratings[1]: has a score of 9, which is not between 0 and 5",
            "Line 4, application.appliedAt: “soon” is no date that can be read; write it as 2026-11-20",
            "Line 5, links[0].value: “javascript:alert(1)” is no web address; write it as https://example.com/anna",
            "Line 5, experience[0].title: is an object, not text",
            "Line 5, application: is a list, not an object",
            "Line 7: has the same e-mail address as line 6",
        ]
    );
}

#[test]
fn what_is_blank_is_nothing() {
    let rows = read(
        r#"[{"name": "Anna", "email": "", "phones": [" ", null], "location": "", "externalId": "", "links": null}]"#,
    );
    assert_eq!(rows.problems, []);
    let draft = &rows.drafts[0];
    assert_eq!((draft.external_id.as_deref(), draft.profile.location.as_deref()), (None, None));
    assert!(draft.profile.emails.is_empty() && draft.profile.phones.is_empty() && draft.profile.links.is_empty());
}

#[test]
fn what_is_no_list_of_candidates_is_refused() {
    let refused = |text: &str| read_json(text.as_bytes(), BERLIN).expect_err("refused");
    assert_eq!(refused(" "), FileError::Empty);
    assert_eq!(refused("[]"), FileError::NoRows);
    assert_eq!(refused("3"), FileError::NoList);
    assert_eq!(refused(r#"{"people": []}"#), FileError::NoList);
    assert_eq!(refused("[\n{\"name\": \"Anna\",}\n]").line(), Some(2));
    assert_eq!(refused(&"[".repeat(100_000)).line(), Some(1));
    assert_eq!(refused(&format!("[{}{{}}]", "{},".repeat(MOST_ROWS))), FileError::TooManyRows { line: 5_001 });
    assert_eq!(read_json(b"[\"\xff\"]", BERLIN).map(|rows| rows.problems.len()), Ok(1));
}
