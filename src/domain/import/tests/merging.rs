use super::*;
use crate::domain::candidate::{Application, Profile};

fn draft(text: &str) -> Draft {
    let rows = read_json(text.as_bytes(), today()).expect("a list");
    assert_eq!(rows.problems, []);
    rows.drafts.into_iter().next().expect("a draft")
}

fn merged(known: &str, new: &str) -> Profile {
    let (mut profile, new) = (draft(known).profile, draft(new));
    new.merge_into(&mut profile);
    let once = profile.clone();
    new.merge_into(&mut profile);
    assert_eq!(profile, once, "doing it twice is doing it once");
    profile
}

#[test]
fn what_the_file_says_replaces_and_what_it_does_not_say_stays() {
    let profile = merged(
        r#"[{"fullName": "Anna M.", "firstName": "Anna", "lastName": "M.", "location": "Köln", "emails": [{"type": "home", "value": "a@mail.example"}, "old@mail.example"],
            "phones": [{"type": "mobile", "value": "+49 151 234567"}], "skills": ["SQL", "Rust"], "languages": ["German", "French (A1)"],
            "experience": [{"company": "Acme", "title": "Engineer", "from": "2020"}], "qualifications": [{"title": "MSc", "year": 2019}]}]"#,
        r#"[{"fullName": "Anna Müller", "lastName": "Müller", "emails": ["new@mail.example", "A@mail.example"], "phones": ["+49151234567"],
            "skills": ["rust", "Go"], "languages": ["German (native)", "French"],
            "experience": [{"company": "Initech", "title": "Lead"}, {"company": "ACME", "title": "Engineer", "to": "2026"}], "qualifications": ["MSc"]}]"#,
    );
    assert_eq!(profile.full_name, "Anna Müller");
    assert_eq!((profile.first_name.as_deref(), profile.last_name.as_deref()), (Some("Anna"), Some("Müller")));
    assert_eq!(profile.location.as_deref(), Some("Köln"));
    let emails = [("other", "new@mail.example"), ("home", "a@mail.example"), ("other", "old@mail.example")];
    assert_eq!(contacts(&profile.emails), emails);
    assert_eq!(contacts(&profile.phones), [("mobile", "+49151234567")]);
    assert_eq!(profile.skills, ["SQL", "Rust", "Go"]);
    let levels: Vec<_> = profile.languages.iter().map(|language| language.level.as_deref()).collect();
    assert_eq!(levels, [Some("native"), Some("A1")]);
    let positions: Vec<_> =
        profile.experience.iter().map(|e| (e.title.as_str(), e.from.as_deref(), e.to.as_deref())).collect();
    assert_eq!(positions, [("Lead", None, None), ("Engineer", Some("2020"), Some("2026"))]);
    assert_eq!(profile.qualifications.iter().map(|q| q.year).collect::<Vec<_>>(), [Some(2019)]);
}

#[test]
fn a_derived_part_of_a_name_gives_way_to_a_known_one() {
    let known = r#"[{"fullName": "Nguyễn Thị Ánh", "firstName": "Ánh", "lastName": "Nguyễn"}]"#;
    let parts = |profile: &Profile| (profile.first_name.clone(), profile.last_name.clone(), profile.full_name.clone());
    let of = |first: &str, last: &str, full: &str| (Some(first.to_owned()), Some(last.to_owned()), full.to_owned());
    let same = of("Ánh", "Nguyễn", "Nguyễn Thị Ánh");
    assert_eq!(parts(&merged(known, r#"[{"fullName": "Nguyễn Thị Ánh"}]"#)), same);
    assert_eq!(parts(&merged(known, r#"[{"firstName": "Ánh", "lastName": "Nguyễn"}]"#)), same);
    assert_eq!(parts(&merged(known, r#"[{"firstName": "Ánh"}]"#)), same);
    assert_eq!(parts(&merged(known, r#"[{"lastName": "Trần"}]"#)), of("Ánh", "Trần", "Ánh Trần"));
    assert_eq!(parts(&merged(known, r#"[{"fullName": "Anh Tran"}]"#)), of("Anh", "Tran", "Anh Tran"));
}

#[test]
fn an_application_takes_what_the_file_says() {
    let known = draft(
        r#"[{"name": "Anna", "ratings": [{"criterion": "Code", "score": 2}, {"criterion": "Fit", "score": 5}], "answers": [{"question": "Why?", "answer": "old"}]}]"#,
    );
    let new = draft(
        r#"[{"name": "Anna", "stage": "Offer", "ratings": [{"criterion": "code", "score": 4}], "answers": [{"question": "Why?", "answer": "new"}, {"question": "When?", "answer": "now"}]}]"#,
    );
    let at = DateTime::UNIX_EPOCH;
    let mut application = Application {
        id: "app_00000000000000000000000001".parse().expect("an id"),
        candidate_id: "can_00000000000000000000000001".parse().expect("an id"),
        vacancy_id: "job_00000000000000000000000001".parse().expect("an id"),
        applied_at: at,
        source: Some("Referral".into()),
        status: "active".into(),
        stage: "Applied".into(),
        review: known.review,
        updated_at: at,
    };
    new.merge_application(&mut application);
    assert_eq!(
        (application.stage.as_str(), application.status.as_str(), application.applied_at),
        ("Offer", "active", at)
    );
    assert_eq!(application.source.as_deref(), Some("Referral"));
    let scores: Vec<_> = application.review.ratings.iter().map(|rating| rating.score).collect();
    assert_eq!(scores, [4.0, 5.0]);
    let answers: Vec<_> = application.review.answers.iter().map(|answer| answer.answer.as_str()).collect();
    assert_eq!(answers, ["new", "now"]);
}
