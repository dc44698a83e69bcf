use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::apply::apply;
use super::reading::{file_name, look, preview};
use super::{Choice, Field, Report};
use crate::domain::ids::OrganisationId;
use crate::domain::ids::VacancyId;
use crate::domain::import::{FileError, Mapping, Remarks, Table, Today, read_rows};
use crate::domain::mode::Mode;
use crate::domain::organisation::Organisation;
use crate::domain::vacancy::Vacancy;
use crate::domain::vacancy::VacancyStatus;
use crate::store;
use crate::store::candidate::ApplicantPage;
use crate::store::{DatabaseUrl, Store};

struct Team {
    store: Store,
    vacancy: Vacancy,
    now: DateTime<Utc>,
    /// Of the last import.
    remarks: Remarks,
    _folder: tempfile::TempDir,
}

impl Team {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&DatabaseUrl::Sqlite(folder.path().join("db")), None).expect("a database");
        let now = DateTime::UNIX_EPOCH;
        let id = OrganisationId::new(now);
        let organisation = Organisation {
            id: id.clone(),
            name: "Acme".into(),
            time_zone: Tz::UTC,
            suspended_at: None,
            created_at: now,
        };
        let vacancy = Vacancy {
            id: VacancyId::new(now),
            organisation_id: id,
            mode: Mode::Test,
            title: "Engineer".into(),
            reference: None,
            status: VacancyStatus::Open,
            department: None,
            location: None,
            created_at: now,
            updated_at: now,
        };
        let written = vacancy.clone();
        store
            .write(move |conn| {
                store::organisation::insert(conn, &organisation)?;
                store::vacancy::insert(conn, &written)
            })
            .await
            .expect("written");
        Self { store, vacancy, now, remarks: Remarks::new(), _folder: folder }
    }

    /// Imports a CSV file a day later than the one before.
    async fn import(&mut self, csv: &str) -> Report {
        let table = Table::read(csv.as_bytes()).expect("a table");
        let rows = read_rows(&table, &Mapping::guess(table.header()), today());
        self.now += TimeDelta::days(1);
        let (vacancy, now) = (self.vacancy.clone(), self.now);
        let (report, remarks) = self.store.write(move |conn| apply(conn, &vacancy, rows, now)).await.expect("applied");
        self.remarks = remarks;
        report
    }

    async fn applicants(&self) -> Vec<(String, Option<String>, String)> {
        let vacancy = self.vacancy.id.clone();
        let page = ApplicantPage { limit: 50, ..ApplicantPage::default() };
        let found = self.store.read(move |conn| store::candidate::applicants(conn, &vacancy, &page)).await;
        let line = |applicant: crate::domain::candidate::Applicant| {
            let (who, application) = (applicant.candidate, applicant.application);
            (who.profile.full_name, who.external_id, application.stage)
        };
        let mut lines: Vec<_> = found.expect("read").into_iter().map(line).collect();
        lines.sort();
        lines
    }
}

fn today() -> Today {
    Today { zone: Tz::UTC, now: "2026-11-28T12:00:00Z".parse().expect("a time") }
}

fn counts(report: &Report) -> (usize, usize, usize, usize) {
    (report.added, report.updated, report.unchanged, report.left_out)
}

#[tokio::test]
async fn a_second_import_adds_nobody_twice_and_rewrites_nothing_that_is_known() {
    let mut team = Team::new().await;
    let file = "Id,Name,E-mail,Stage,Applied on\n7,محمد العتيبي,m@mail.example,Offer,2026-11-02\n,Sam ✨ Rivera,sam@mail.example,,\n";
    assert_eq!(counts(&team.import(file).await), (2, 0, 0, 0));
    assert_eq!(counts(&team.import(file).await), (0, 0, 2, 0));
    let moved = "E-mail,Name,Stage\nSAM@mail.example,Sam ✨ Rivera,On-site\n";
    assert_eq!(counts(&team.import(moved).await), (0, 1, 0, 0));
    assert_eq!(
        team.applicants().await,
        [("Sam ✨ Rivera".into(), None, "On-site".into()), ("محمد العتيبي".into(), Some("7".into()), "Offer".into())]
    );
}

#[tokio::test]
async fn an_external_id_is_learnt_once_and_never_changed_by_an_address() {
    let mut team = Team::new().await;
    team.import("Name,E-mail\nAnna Berg,anna@mail.example\n").await;
    assert_eq!(counts(&team.import("Id,Name,E-mail\nA1,Anna Berg,anna@mail.example\n").await), (0, 1, 0, 0));
    let report = team.import("Id,Name,E-mail\nB2,Anna Berg,anna@mail.example\n").await;
    assert_eq!(counts(&report), (0, 0, 0, 1));
    assert_eq!(
        report.problems[0].message,
        "has the e-mail address of a candidate who is known with another external id, “A1”"
    );
    assert_eq!(team.applicants().await, [("Anna Berg".into(), Some("A1".into()), "Applied".into())]);
}

#[tokio::test]
async fn two_rows_that_turn_out_to_be_one_candidate_are_told_apart_from_two() {
    let mut team = Team::new().await;
    team.import("Id,Name,E-mail\nA1,Anna Berg,anna@mail.example\n").await;
    let report = team.import("Id,Name,E-mail\nA1,Anna Berg,\n,Anna Berg,anna@mail.example\n").await;
    assert_eq!(counts(&report), (0, 0, 1, 1));
    assert_eq!(
        (report.problems[0].row, report.problems[0].message.as_str()),
        (3, "is the same candidate as row 2 (Anna Berg)")
    );
}

#[tokio::test]
async fn ids_that_are_words_for_nothing_merge_nobody() {
    let mut team = Team::new().await;
    team.import("Id,First name,Last name,E-mail\nundefined,Ada,Quill,ada@mail.example\n").await;
    let report = team.import("Id,First name,Last name,E-mail\nundefined,Ben,Sorrel,ben@mail.example\n").await;
    assert_eq!(counts(&report), (1, 0, 0, 0));
    let two = [("Ada Quill".into(), None, "Applied".into()), ("Ben Sorrel".into(), None, "Applied".into())];
    assert_eq!(team.applicants().await, two);
}

#[tokio::test]
async fn an_id_that_two_people_share_renames_nobody() {
    let mut team = Team::new().await;
    team.import("Id,First name,Last name,E-mail\nwalk-in,Ada,Quill,ada@mail.example\n").await;
    let report = team.import("Id,First name,Last name,E-mail\nwalk-in,Ben,Sorrel,ben@mail.example\n").await;
    assert_eq!(counts(&report), (0, 0, 0, 1));
    let told = &report.problems[0].message;
    assert!(told.starts_with("has the external id “walk-in” of Ada Quill, whose name and address are"), "{told}");
    assert_eq!(team.applicants().await.len(), 1);
    // Who keeps either is the same person.
    for same in ["walk-in,Ada,Sorrel,other@mail.example", "walk-in,Ben,Tal,ada@mail.example"] {
        let report = team.import(&format!("Id,First name,Last name,E-mail\n{same}\n")).await;
        assert_eq!(counts(&report), (0, 1, 0, 0), "{same}");
    }
}

#[tokio::test]
async fn an_address_that_two_people_share_renames_nobody() {
    let mut team = Team::new().await;
    team.import("First name,Last name,E-mail\nAda,Quill,none@mail.example\n").await;
    let report = team.import("First name,Last name,E-mail\nBen,Sorrel,none@mail.example\n").await;
    assert_eq!(counts(&report), (0, 0, 0, 1));
    let told = &report.problems[0];
    assert_eq!((told.row, told.who.as_deref()), (2, Some("Ben Sorrel")));
    assert!(told.message.starts_with("has the address none@mail.example of Ada Quill, whose"), "{}", told.message);
    assert_eq!(team.applicants().await, [("Ada Quill".into(), None, "Applied".into())]);
    // A new last name is no contradiction.
    let married = team.import("First name,Last name,E-mail\nAda,Sorrel,none@mail.example\n").await;
    assert_eq!(counts(&married), (0, 1, 0, 0));
}

#[tokio::test]
async fn one_address_in_two_unicode_forms_is_one_person() {
    let mut team = Team::new().await;
    team.import("Name,E-mail\nJörg Tal,j\u{f6}rg@mail.example\n").await;
    assert_eq!(counts(&team.import("Name,E-mail\nJörg Tal,jo\u{308}rg@mail.example\n").await), (0, 0, 1, 0));
}

#[tokio::test]
async fn whoever_lacks_a_value_is_imported_and_known_again_when_it_is_corrected() {
    let mut team = Team::new().await;
    let report = team.import("Name,Applied on,Stage\nAda Quill,soon,Offer\nBen Sorrel,2026-11-20,\n").await;
    assert_eq!((counts(&report), report.partly), ((2, 0, 0, 0), 1));
    let remark = &team.remarks[&2];
    assert_eq!(remark.wrong.len(), 1);
    let id = remark.known_as.clone().expect("imported");
    let corrected = format!("Name,Applied on,Stage,Hirewire id\nAda Quill,2026-11-20,Offer,{id}\n");
    assert_eq!(counts(&team.import(&corrected).await), (0, 1, 0, 0));
    assert_eq!(team.applicants().await.len(), 2);
}

#[tokio::test]
async fn a_stage_is_the_same_in_capitals_and_small_letters() {
    let mut team = Team::new().await;
    team.import("Name,E-mail,Stage\nAda Quill,ada@mail.example,Phone Screen\n").await;
    let report = team
        .import("Name,E-mail,Stage\nBen Sorrel,ben@mail.example,PHONE  SCREEN\nCleo Marsh,cleo@mail.example,on-site\nDan Tal,dan@mail.example,On-Site\nEve Rue,eve@mail.example,applied\n")
        .await;
    let stages: Vec<_> = team.applicants().await.into_iter().map(|(name, _, stage)| (name, stage)).collect();
    let expected = [
        ("Ada Quill", "Phone Screen"),
        ("Ben Sorrel", "Phone Screen"),
        ("Cleo Marsh", "on-site"),
        ("Dan Tal", "on-site"),
        ("Eve Rue", "Applied"),
    ];
    assert_eq!(stages, expected.map(|(name, stage)| (name.to_owned(), stage.to_owned())));
    assert!(report.notes.contains(&"The stage “PHONE  SCREEN” was taken for “Phone Screen”.".to_owned()), "{report:?}");
}

#[tokio::test]
async fn what_the_file_does_not_say_is_said() {
    let mut team = Team::new().await;
    let report = team
        .import("Name,E-mail,Applied on,Stage\nAda Quill,ada@mail.example,,\nBen,ben@mail.example,2026-11-20,-\n")
        .await;
    assert_eq!(
        report.notes,
        [
            "1 cell was taken as empty, such as “-”.",
            "1 candidate has no date in the file: the time of the import counts as when they applied.",
            "2 candidates have no stage in the file: they begin in “Applied”.",
            "The name of 1 candidate was parted into first and last name, because the file has only the full name.",
        ]
    );
    // Of those who are there already nothing is assumed.
    let again = team.import("Name,E-mail\nAda Quill,ada@mail.example\n").await;
    assert_eq!(again.notes, [""; 0]);
}

#[tokio::test]
async fn an_import_of_an_older_program_can_still_be_read() {
    let told: super::Told =
        serde_json::from_str(r#"{"line":7,"column":null,"message":"has no name"}"#).expect("a problem");
    assert_eq!(told.row, 7);
}

#[test]
fn a_file_is_clear_when_every_column_is_known_or_empty() {
    let clear = |csv: &str| look(csv.as_bytes(), today().now).expect("readable");
    assert!(clear("Name,E-mail,Stage\nAnna,a@mail.example,Applied\n"));
    assert!(clear("Name,E-mail,Internal\nAnna,a@mail.example,\n"));
    assert!(!clear("Name,E-mail,Internal\nAnna,a@mail.example,x\n"));
    assert!(!clear("E-mail,Stage\na@mail.example,Applied\n"));
    assert!(clear(r#"[{"fullName":"Anna"}]"#));
    assert!(matches!(look(b"Name\n", today().now), Err(FileError::NoRows)));
}

#[test]
fn a_preview_shows_examples_and_keeps_a_choice_that_is_refused() {
    let csv = "Name,Grade,Notes\nAnna,4,\nBo,4,x\nCy,5,y\n";
    let guessed = preview(csv.as_bytes(), &None, today()).expect("a preview");
    assert_eq!((guessed.good, guessed.bad, guessed.refusal), (3, 0, None));
    assert_eq!(guessed.columns[1].examples, ["4", "5"]);
    let fields = vec![(0, "email".to_owned()), (1, "rating".to_owned())];
    let chosen = Some(Choice { fields, whole_rows: Vec::new() });
    let refused = preview(csv.as_bytes(), &chosen, today()).expect("a preview");
    assert!(refused.refusal.is_some_and(|why| why.starts_with("Choose a column for the full name")));
    assert_eq!(refused.columns[0].field, Field::Email);
}

#[test]
fn what_a_browser_calls_a_file_becomes_a_plain_name() {
    assert_eq!(file_name("C:\\Users\\x\\candidates.csv"), "candidates.csv");
    assert_eq!(file_name("../../etc/passwd"), "passwd");
    assert_eq!(file_name("\n"), "file");
}
