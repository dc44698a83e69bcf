use super::*;

fn read(text: &str) -> Rows {
    read_json(text.as_bytes(), today()).expect("a list")
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
    assert_eq!((rows.problems, rows.notes), (vec![], vec!["Not read: “unknown”.".to_owned()]));
    let draft = &rows.drafts[0];
    let profile = &draft.profile;
    assert_eq!((draft.row, draft.external_id.as_deref(), draft.names), (1, Some("84211"), Names::Given));
    assert_eq!(profile.full_name, "Dr. Siobhan O'Brien");
    assert_eq!(contacts(&profile.emails), [("other", "s@mail.example"), ("work", "s@work.example")]);
    assert_eq!(contacts(&profile.links), [("linkedin", "https://linkedin.com/in/s")]);
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
        assert_eq!(contacts(&read(&whole).drafts[0].profile.emails), [("other", "a@mail.example")]);
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
    assert_eq!(names(&rows.drafts), ["Ben", "Cara", "Dan", "Eve"]);
    assert_eq!(
        rows.problems.iter().map(Problem::to_string).collect::<Vec<_>>(),
        [
            "Row 1: is text, not an object",
            "Row 2: has no name; give a first, last or full name",
            "Row 3 (Ben), emails[1]: “ben” is no e-mail address; write it as name@example.com",
            "Row 3 (Ben), skills[1]: is an object, not text",
            "Row 4 (Cara), ratings[0]: has no criterion",
            "Row 4 (Cara), ratings[1]: has a score of 9, which is not between 0 and 5",
            "Row 4 (Cara), application.appliedAt: “soon” is not a valid date. Write dates like 2026-11-20",
            "Row 5 (Dan), links[0].value: “javascript:alert(1)” is no web address; write it as https://example.com/anna",
            "Row 5 (Dan), experience[0].title: is an object, not text",
            "Row 7 (Eve): has the same e-mail address as row 6 (Eve)",
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
    let refused = |text: &str| read_json(text.as_bytes(), today()).expect_err("refused");
    assert_eq!(refused(" "), FileError::Empty);
    assert_eq!(refused("[]"), FileError::NoRows);
    assert_eq!(refused("3"), FileError::NoList);
    assert_eq!(refused(r#"{"people": []}"#), FileError::NoList);
    assert_eq!(refused("[\n{\"name\": \"Anna\",}\n]").line(), Some(2));
    assert_eq!(refused(&"[".repeat(100_000)).line(), Some(1));
    assert_eq!(refused(r#"{"data": 3}"#), FileError::NoList);
    assert_eq!(refused(&format!("[{}{{}}]", "{},".repeat(MAX_ROWS))), FileError::TooManyRows { line: 5_001 });
    assert_eq!(read_json(b"[\"\xff\"]", today()).map(|rows| rows.problems.len()), Ok(1));
}

const GREENHOUSE: &str = r#"[{
  "id": 71, "first_name": "Ada", "last_name": "Quill", "company": "Sorrel", "title": "Engineer", "can_email": true,
  "email_addresses": [{"value": "ada@mail.example", "type": "Personal"}],
  "phone_numbers": [{"value": "+49 30 5550100", "type": "mobile"}],
  "addresses": [{"value": "Berlin", "type": "home"}], "website_addresses": [{"value": "ada.example", "type": "personal"}],
  "social_media_addresses": [{"value": "linkedin.com/in/ada"}], "tags": ["rust"],
  "educations": [{"school_name": "TU Berlin", "degree": "MSc"}],
  "employments": [{"company_name": "Sorrel", "title": "Engineer", "start_date": "2020-01"}],
  "applications": [{"id": 8, "applied_at": "2026-11-03T10:00:00Z", "source": {"id": 2, "public_name": "Fair"},
                    "current_stage": {"id": 5, "name": "Offer"}, "status": "active"}]
}]"#;

#[test]
fn a_candidate_as_another_system_nests_them_is_taken_with_their_addresses() {
    let rows = read(GREENHOUSE);
    assert_eq!((rows.problems, rows.notes), (vec![], vec!["Not read: “can_email”.".to_owned()]));
    let draft = &rows.drafts[0];
    let profile = &draft.profile;
    assert_eq!((draft.external_id.as_deref(), profile.full_name.as_str()), (Some("71"), "Ada Quill"));
    assert_eq!(contacts(&profile.emails), [("personal", "ada@mail.example")]);
    assert_eq!(contacts(&profile.phones), [("mobile", "+49 30 5550100")]);
    assert_eq!((profile.links.len(), profile.location.as_deref()), (2, Some("Berlin")));
    assert_eq!(profile.qualifications[0].institution.as_deref(), Some("TU Berlin"));
    assert_eq!(profile.experience.iter().map(|one| one.title.as_str()).collect::<Vec<_>>(), ["Engineer"]);
    assert_eq!((draft.source.as_deref(), draft.stage.as_deref()), (Some("Fair"), Some("Offer")));
    assert_eq!(draft.applied_at.map(|at| at.to_rfc3339()).as_deref(), Some("2026-11-03T10:00:00+00:00"));
}

#[test]
fn of_a_name_that_stands_twice_the_first_counts_and_that_is_said() {
    let rows = read(r#"[{"name": "Ada", "email": "ada@mail.example", "email": "ben@mail.example"}]"#);
    assert_eq!(contacts(&rows.drafts[0].profile.emails), [("other", "ada@mail.example")]);
    assert_eq!(rows.problems[0].to_string(), "Row 1 (Ada), email: is there twice; the first one was taken");
    assert!(rows.problems[0].is_kept);
}

#[test]
fn half_an_emoji_costs_no_file() {
    let rows = read(r#"[{"name": "Ada \ud83d", "tags": ["\ud83d\ude80", "\\ud83d"]}]"#);
    assert_eq!(names(&rows.drafts), ["Ada \u{fffd}"]);
    assert_eq!(rows.drafts[0].profile.tags, ["🚀", "\\ud83d"]);
}
