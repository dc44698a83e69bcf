//! Files as programs and people really write them (`tests/imports`), each uploaded as a recruiter does: who is there
//! afterwards, and what the page says.

use std::collections::BTreeMap;
use std::path::Path;

use hirewire::domain::candidate::Applicant;
use hirewire::domain::ids::VacancyId;
use hirewire::domain::role::Role;
use hirewire::store;
use hirewire::store::candidate::ApplicantPage;
use reqwest::Method;

use crate::support::{Browser, Kind, TestApp, run, token};

/// What is to be found of one person, the name first; an empty value is none.
type Person = &'static [(&'static str, &'static str)];

/// A file, everybody who is imported, and what the page says of it.
struct Case {
    file: &'static str,
    people: &'static [Person],
    says: &'static [&'static str],
}

const fn case(file: &'static str, people: &'static [Person], says: &'static [&'static str]) -> Case {
    Case { file, people, says }
}

const CASES: [Case; 33] = [
    case("c01.csv", &[&[("name", "Ada Quill"), ("phones", "")]], &["“4.915123e+11” was shortened by a spreadsheet"]),
    case("c03.csv", &[&[("name", "Ada Quill"), ("phones", "4915112345678")]], &[]),
    case("c05.csv", &[], &["“2.19E+26” was shortened by a spreadsheet", "1 row left out"]),
    case("c06.csv", &[&[("name", "Ada Quill"), ("id", "00416"), ("phones", "+49 30 5550100")]], &[]),
    case(
        "c12.csv",
        &[
            &[("name", "Ada Quill"), ("phones", "+49 30 5550100")],
            &[("name", "Ben Sorrel"), ("emails", "ben.sorrel@c12.example.com"), ("phones", "")],
            &[("name", "Cleo Marsh"), ("emails", "")],
        ],
        &["2 rows end before the last column"],
    ),
    case("c13.csv", &[&[("name", "George \"Buck\" Sorrel")]], &[]),
    case("c16.csv", &[&[("name", "Ada Quill"), ("emails", "ada.quill@c16.example.com")]], &[]),
    case("c17.csv", &[&[("name", "Ada Quill")], &[("name", "Ben Sorrel"), ("phones", "030 5550101")]], &[]),
    case("c18.csv", &[&[("name", "Ada Quill"), ("source", "Fair Hall 2")], &[("name", "Ben Sorrel")]], &[]),
    case("c22.csv", &[&[("name", "Ada Quill"), ("phones", "030 5550100")]], &[]),
    case(
        "c23.csv",
        &[&[("name", "Jörg Straße"), ("location", "Köln")], &[("name", "Beñat Muñoz"), ("location", "León")]],
        &["it was read as Mac Roman, with “Jörg”, “Straße”, “Köln”"],
    ),
    case("c29.csv", &[&[("name", "Siobhán O'Brien")]], &["Escapes of HTML"]),
    case(
        "c31.csv",
        &[&[("name", "Ada Quill"), ("emails", "ada.quill@c31.example.com")]],
        &["has the same e-mail address as row 2 (Ada Quill)"],
    ),
    case("c34b.csv", &[&[("name", "Ada Quill"), ("phones", "+49 30 5550100, +49 170 5550101")]], &[]),
    case(
        "c37.csv",
        &[&[("name", "Ada Quill"), ("emails", "ada@c37.example.com"), ("company", "Sorrel, Inc.")]],
        &["Row 4 names the columns"],
    ),
    case("c39.csv", &[&[("name", "Aino Quill"), ("emails", "aino@c39.example.com")]], &[]),
    case("c44.csv", &[&[("name", "Sukarno"), ("last", "")]], &["1 cell was taken as empty, such as “-”"]),
    case("c46.csv", &[&[("name", "Jan van der Berg"), ("last", "van der Berg")]], &["parted into first and last name"]),
    case("c47.csv", &[&[("name", "Ada Quill"), ("location", "Portland, OR, USA")]], &[]),
    case(
        "c48.csv",
        &[&[("name", "P0 Quill"), ("applied", "today")], &[("name", "P1 Quill"), ("applied", "today")]],
        &["2 candidates have no date in the file"],
    ),
    case("c50.csv", &[&[("name", "P0 Quill"), ("applied", "2026-11-20T09:00:00Z")]], &[]),
    case("c51.csv", &[&[("name", "P0 Quill"), ("applied", "1999-12-31T00:00:00Z")]], &[]),
    case(
        "c53.csv",
        &[
            &[("name", "P0 Quill"), ("applied", "2026-01-20T00:00:00Z")],
            &[("name", "P1 Quill"), ("applied", "2026-01-20T00:00:00Z")],
        ],
        &[],
    ),
    case(
        "c54.csv",
        &[
            &[("name", "P0 Quill"), ("applied", "2026-03-04T00:00:00Z")],
            &[("name", "P1 Quill"), ("applied", "2026-05-05T23:00:00Z")],
        ],
        &[],
    ),
    case(
        "c56.csv",
        &[
            &[("name", "P0 Quill"), ("applied", "2026-06-27T02:58:00Z")],
            &[("name", "P1 Quill"), ("applied", "2026-06-26T23:00:00Z")],
            &[("name", "P2 Quill"), ("applied", "2026-06-27T11:00:00Z")],
        ],
        &[],
    ),
    case(
        "c60.csv",
        &[&[("name", "P0 Quill"), ("applied", "today")], &[("name", "P1 Quill"), ("applied", "today")]],
        &["“2026-02-31” is not a valid date", "“31/02/2026” is not a valid date"],
    ),
    case("c63.csv", &[&[("name", "Ada Quill"), ("emails", "ada@c63.example.com"), ("location", "Berlin, Mitte")]], &[]),
    case(
        "c65.csv",
        &[&[("name", "Ada Quill"), ("rating", "")], &[("name", "Ben Sorrel"), ("rating", "4/5")]],
        &["“Strong Yes” is no rating", "Of 1 row single values were left out"],
    ),
    case("c68.csv", &[&[("name", "Ada Quill"), ("skills", "Rust, SQL, Go")]], &[]),
    case("c70.csv", &[&[("name", "Anna Müller"), ("location", "Köln, Deutz")]], &[]),
    case("c75.csv", &[&[("name", "Jörg Müller")]], &["Letters of this file were encoded twice"]),
    case("j01.json", &[&[("name", "Ada Quill"), ("emails", "ada@j01.example.com"), ("phones", "+49 30 5550100")]], &[]),
    case(
        "j06.json",
        &[&[("name", "Ada"), ("emails", "ada@j06.example.com")]],
        &["is there twice; the first one was taken"],
    ),
];

#[test]
fn each_file_of_the_field_becomes_the_people_it_tells_and_says_what_was_assumed() {
    run(Kind::Sqlite, |app| async move {
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/imports");
        let there = std::fs::read_dir(&files).expect("the files").count();
        assert_eq!(there, CASES.len(), "each file has a case");
        let team = app.an_organisation().await;
        let member = app.a_member(&team.id, Role::Recruiter).await;
        let mut browser = app.browser().logged_in(&member.member.email).await;
        let mut wrong = Vec::new();
        for case in &CASES {
            let bytes = std::fs::read(files.join(case.file)).expect("a file");
            let (vacancy, _) = app.a_vacancy_with(&team.admin, 0).await;
            let page = imported(&mut browser, &vacancy, case.file, &bytes).await;
            let found = applicants(&app, vacancy).await;
            wrong.extend(faults(case, &page, &found, &app));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

fn faults(case: &Case, page: &str, found: &[Applicant], app: &TestApp) -> Vec<String> {
    let mut wrong = Vec::new();
    let names: Vec<_> = found.iter().map(|one| one.candidate.profile.full_name.as_str()).collect();
    if found.len() != case.people.len() {
        wrong.push(format!("{}: {names:?} are there", case.file));
    }
    for person in case.people {
        let Some(one) = found.iter().find(|one| one.candidate.profile.full_name == person[0].1) else {
            wrong.push(format!("{}: {} is not among {names:?}", case.file, person[0].1));
            continue;
        };
        let facts = facts(one, app);
        for (what, value) in *person {
            if facts[what] != *value {
                wrong.push(format!("{}: {what} of {} is “{}”, not “{value}”", case.file, person[0].1, facts[what]));
            }
        }
    }
    for said in case.says.iter().filter(|said| !page.contains(**said)) {
        wrong.push(format!("{}: the page does not say “{said}”: {page}", case.file));
    }
    wrong
}

fn facts(one: &Applicant, app: &TestApp) -> BTreeMap<&'static str, String> {
    let (profile, application) = (&one.candidate.profile, &one.application);
    let values = |list: &[hirewire::domain::candidate::Contact]| {
        list.iter().map(|one| one.value.as_str()).collect::<Vec<_>>().join(", ")
    };
    let applied = match application.applied_at {
        at if (app.now() - at).num_minutes().abs() < 1 => "today".to_owned(),
        at => at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
    };
    let rating = application.review.ratings.first().map(|rating| format!("{}/{}", rating.score, rating.max));
    [
        ("name", profile.full_name.clone()),
        ("last", profile.last_name.clone().unwrap_or_default()),
        ("id", one.candidate.external_id.clone().unwrap_or_default()),
        ("emails", values(&profile.emails)),
        ("phones", values(&profile.phones)),
        ("location", profile.location.clone().unwrap_or_default()),
        ("company", profile.experience.first().and_then(|one| one.company.clone()).unwrap_or_default()),
        ("skills", profile.skills.join(", ")),
        ("source", application.source.clone().unwrap_or_default()),
        ("applied", applied),
        ("rating", rating.unwrap_or_default()),
    ]
    .into()
}

/// Uploads a file with the guessed columns; the page of what came of it, as it is read.
async fn imported(browser: &mut Browser, vacancy: &VacancyId, name: &str, file: &[u8]) -> String {
    let head = format!(
        "--b0\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n{}\r\n--b0\r\nContent-Disposition: form-data; \
         name=\"file\"; filename=\"{name}\"\r\n\r\n",
        token()
    );
    let body = [head.as_bytes(), file, b"\r\n--b0--\r\n"].concat();
    let headers = [("sec-fetch-site", "same-origin"), ("content-type", "multipart/form-data; boundary=b0")];
    let led = browser.send(Method::POST, &format!("/vacancies/{vacancy}/import"), &headers, body).await;
    let mut page = browser.follow(&led).await;
    if page.body.contains("Check the columns") {
        // Whoever takes the guess presses the button.
        let led = browser.post(led.location().expect("an import"), &[]).await;
        page = browser.follow(&led).await;
    }
    page.body.replace("&quot;", "\"").replace("&amp;", "&").replace("<bdi>", "").replace("</bdi>", "")
}

async fn applicants(app: &TestApp, vacancy: VacancyId) -> Vec<Applicant> {
    let page = ApplicantPage { limit: 50, ..ApplicantPage::default() };
    app.read(move |conn| store::candidate::applicants(conn, &vacancy, &page)).await
}

#[test]
fn a_column_may_cost_the_value_or_the_whole_row() {
    run(Kind::Sqlite, |app| async move {
        let team = app.an_organisation().await;
        let member = app.a_member(&team.id, Role::Recruiter).await;
        let mut browser = app.browser().logged_in(&member.member.email).await;
        for (fault, expected) in [("value", vec!["Ada Quill", "Iñigo Venkataraman"]), ("row", vec!["Ada Quill"])] {
            let (vacancy, _) = app.a_vacancy_with(&team.admin, 0).await;
            // A column that nobody knows leads to the page of columns.
            let file = "Name,Applied on,Shelf\nAda Quill,2026-11-02,a\nIñigo Venkataraman,31.02.2026,b\n";
            let head = format!(
                "--b0\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n{}\r\n--b0\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n",
                token()
            );
            let headers = [("sec-fetch-site", "same-origin"), ("content-type", "multipart/form-data; boundary=b0")];
            let body = format!("{head}{file}\r\n--b0--\r\n").into_bytes();
            let led = browser.send(Method::POST, &format!("/vacancies/{vacancy}/import"), &headers, body).await;
            let import = led.location().expect("an import").to_owned();
            let choice =
                [("column-0", "full_name"), ("column-1", "applied_at"), ("column-2", "ignore"), ("fault-1", fault)];
            let looked = browser.post(&import, &[&choice[..], &[("look", "1")]].concat()).await;
            assert_eq!(looked.status, 200);
            let is_chosen = looked.body.contains(r#"<option value="row" selected>Leave the row out</option>"#);
            assert_eq!(is_chosen, fault == "row", "the choice is on the page again: {}", looked.body);
            let led = browser.post(&import, &choice).await;
            let page = browser.follow(&led).await.body;
            let mut names: Vec<_> =
                applicants(&app, vacancy).await.into_iter().map(|one| one.candidate.profile.full_name).collect();
            names.sort();
            assert_eq!(names, expected, "{page}");
            assert!(page.contains("“31.02.2026” is not a valid date. Write dates like 2026-11-20"), "{page}");
            assert!(page.contains("<bdi>Iñigo Venkataraman</bdi>") && page.contains(">3</th>"), "{page}");
        }
    });
}
