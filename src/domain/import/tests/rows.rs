use super::*;

#[test]
fn nobody_is_lost_for_a_side_field_and_every_fault_is_told_by_line_name_and_column() {
    let file = "Id,Name,E-mail,Applied on,Rating,Website\n\
1,Anna,anna@mail.example,2026-11-20,4,anna.example\n\
2,,ben@mail.example,2026-11-20,,\n\
3,Cara,cara at mail,soon,many,javascript:alert(1)\n\
4,Dan,dan@mail.example\n\
5,Eve,eve@mail.example,2026-11-20,,,more,\n\
1,Fay,fay@mail.example,,,\n\
6,Gus,\"ANNA@mail.example; gus@mail.example\",,,\n\
7,Hal,hal@mail.example,,,\n";
    let rows = import(file);
    assert_eq!(names(&rows.drafts), ["Anna", "Cara", "Dan", "Hal"]);
    assert_eq!(
        rows.problems.iter().map(Problem::to_string).collect::<Vec<_>>(),
        [
            "Row 3: has no name; give a first, last or full name",
            "Row 4 (Cara), E-mail: “cara at mail” is no e-mail address; write it as name@example.com",
            "Row 4 (Cara), Applied on: “soon” is not a valid date. Write dates like 2026-11-20",
            "Row 4 (Cara), Rating: “many” is no rating; write a number such as 4 or 4/5",
            "Row 4 (Cara), Website: “javascript:alert(1)” is no web address; write it as https://example.com/anna",
            "Row 6: has 7 cells where the header has 6; is a quote or a delimiter missing?",
            "Row 7 (Fay): has the same external id as row 2 (Anna)",
            "Row 8 (Gus): has the same e-mail address as row 2 (Anna)",
        ]
    );
    let kept: Vec<u64> = rows.problems.iter().filter(|problem| problem.is_kept).map(|problem| problem.row).collect();
    assert_eq!(kept, [4, 4, 4, 4]);
    assert_eq!(rows.notes, ["1 row ends before the last column; what is missing there was taken as empty."]);
}

#[test]
fn several_values_in_a_cell_become_several() {
    let file = "Name;Work e-mail;Mobile;Skills;Languages;Links\n\
Anna;\"Anna <A@mail.example>, b@mail.example\nc@mail.example\";\"+49 151 1234567, ext. 4\n030/123456\";\"Rust, SQL, rust\";\"German (native, C2), English: B2; French\";\"https://www.linkedin.com/in/anna, github.com/anna\"\n";
    let drafts = drafts(file);
    let profile = &drafts[0].profile;
    assert_eq!(
        contacts(&profile.emails),
        [("work", "a@mail.example"), ("work", "b@mail.example"), ("work", "c@mail.example")]
    );
    assert_eq!(contacts(&profile.phones), [("mobile", "+49 151 1234567, ext. 4"), ("mobile", "030/123456")]);
    assert_eq!(profile.skills, ["Rust", "SQL"]);
    let outlook =
        &super::drafts(format!("Name,E-mail\nAnna,{}\n", "\"Müller, Anna <a@mail.example>; Ben <b@mail.example>\""))[0];
    assert_eq!(contacts(&outlook.profile.emails), [("other", "a@mail.example"), ("other", "b@mail.example")]);
    let links = [("linkedin", "https://www.linkedin.com/in/anna"), ("github", "https://github.com/anna")];
    assert_eq!(contacts(&profile.links), links);
}

#[test]
fn languages_are_parted_from_their_levels() {
    let drafts = drafts("Name;Languages\nAnna;\"German (native, C2), English: B2, French, Scots Gaelic - basic\"\n");
    let told: Vec<_> = drafts[0].profile.languages.iter().map(|l| (l.language.as_str(), l.level.as_deref())).collect();
    let expected =
        [("German", Some("native, C2")), ("English", Some("B2")), ("French", None), ("Scots Gaelic", Some("basic"))];
    assert_eq!(told, expected);
}

#[test]
fn names_are_parted_only_when_nothing_else_is_known() {
    for (whole, first, last, full) in [
        ("Anna Müller", Some("Anna"), Some("Müller"), "Anna Müller"),
        ("Ludwig van Beethoven", Some("Ludwig"), Some("van Beethoven"), "Ludwig van Beethoven"),
        ("María de la Cruz", Some("María"), Some("de la Cruz"), "María de la Cruz"),
        ("van Gogh", Some("van"), Some("Gogh"), "van Gogh"),
        ("محمد", Some("محمد"), None, "محمد"),
        ("Müller, Anna", Some("Anna"), Some("Müller"), "Anna Müller"),
        ("John Smith, Jr.", Some("John"), Some("Smith"), "John Smith, Jr."),
        ("Null", Some("Null"), None, "Null"),
    ] {
        let drafts = drafts(format!("Name;E-mail\n{whole};a@mail.example\n"));
        let profile = &drafts[0].profile;
        assert_eq!((profile.first_name.as_deref(), profile.last_name.as_deref()), (first, last), "{whole}");
        assert_eq!((profile.full_name.as_str(), drafts[0].names), (full, Names::Split));
    }
    let drafts = drafts("Vorname;Nachname\n;Müller\nAnna;\n");
    assert_eq!(names(&drafts), ["Müller", "Anna"]);
    assert_eq!((drafts[0].profile.first_name.as_deref(), drafts[0].names), (None, Names::Joined));
}

#[test]
fn text_is_kept_as_it_is_but_for_control_characters() {
    let odd = "Zoe\u{308} \u{200f}👩‍🚀 =HYPERLINK(\"x\")";
    let drafts =
        drafts(format!("First name;Last name\n\" {}\u{1}\u{7f}\u{85} \";\tO'Brien\u{a0}\n", odd.replace('"', "\"\"")));
    assert_eq!(drafts[0].profile.first_name.as_deref(), Some(odd));
    assert_eq!(drafts[0].profile.last_name.as_deref(), Some("O'Brien"));
}

#[test]
fn ratings_are_of_what_their_column_goes_up_to() {
    let rating = |cells: &str| {
        let drafts = drafts(format!("Name;Rating\nAnna;{cells}\n"));
        drafts[0].review.ratings.iter().map(|rating| (rating.score, rating.max)).collect::<Vec<_>>()
    };
    assert_eq!(rating("4"), [(4.0, 5.0)]);
    assert_eq!(rating("4,5"), [(4.5, 5.0)]);
    assert_eq!(rating("4\nBen;8"), [(4.0, 10.0)]);
    assert_eq!(rating("85"), [(85.0, 100.0)]);
    assert_eq!(rating("3 / 4"), [(3.0, 4.0)]);
    assert_eq!(rating("80 %"), [(80.0, 100.0)]);
    assert_eq!(rating("★★★☆☆"), [(3.0, 5.0)]);
    for nothing in ["-", "NaN", "/"] {
        assert_eq!(rating(nothing), [], "{nothing}");
    }
    for wrong in ["6/5", "-1", "1e3", "inf", "101", "1/0", "5/"] {
        assert_eq!(problems(format!("Name;Rating\nAnna;{wrong}\n")).len(), 1, "{wrong}");
    }
}

#[test]
fn numbers_that_a_spreadsheet_has_shortened_are_refused() {
    assert_eq!(
        problems("Id;Name;Phone\n1,23457E+11;Anna;4.91511E+11\n2;Ben;4,91511E+11\n"),
        [
            "Row 2 (Anna), Id: “1,23457E+11” was shortened by a spreadsheet; format the column as text and export it again",
            "Row 2 (Anna), Phone: “4.91511E+11” was shortened by a spreadsheet; format the column as text and export it again",
            "Row 3 (Ben), Phone: “4,91511E+11” was shortened by a spreadsheet; format the column as text and export it again",
        ]
    );
}

#[test]
fn values_and_lists_have_their_limits() {
    let long = "x".repeat(MAX_VALUE_LEN + 1);
    let many =
        vec!["tag"; MAX_LIST_LEN + 1].iter().enumerate().map(|(at, tag)| format!("{tag}{at}")).collect::<Vec<_>>();
    let problems = problems(format!("Name;Tags\n{long};\nAnna;\"{}\"\n", many.join(",")));
    assert!(problems[0].starts_with("Row 2, Name: is longer than 500 characters: “xxx"), "{problems:?}");
    assert_eq!(problems[1], "Row 3 (Anna), Tags: holds 101 values; it may hold 100");
}

#[test]
fn a_row_that_is_wrong_everywhere_is_told_in_ten_problems() {
    let many = |cell: &str| format!(";{cell}").repeat(50);
    let rows = import(format!("Name{}\nAnna{}\nBen{}\n", many("E-mail"), many("x"), many("")));
    assert_eq!((rows.problems.len(), rows.drafts.len()), (10, 2));
}

#[test]
fn an_unusual_cell_costs_no_more_than_its_length() {
    let file = format!(
        "Name,Phone,E-mail,Skills\n{}",
        format!("Anna,\"{0}\",\"{0}\",\"{0}\"\n", "1,".repeat(32_000)).repeat(10)
    );
    assert_eq!(problems(file).len(), 30);
}

#[test]
fn rows_that_a_second_import_could_not_recognise_are_said() {
    let rows = import("Name,E-mail\nAnna,\nBen,ben@mail.example\n");
    assert_eq!(
        rows.notes,
        [
            "1 row has neither an external id nor an e-mail address: importing the file again would add this person again."
        ]
    );
}

#[test]
fn a_column_may_name_its_time_zone() {
    let drafts = drafts("Name;Created At (GMT)\nAnna;2026-11-20 10:00\n");
    assert_eq!(drafts[0].applied_at.map(|at| at.to_rfc3339()).as_deref(), Some("2026-11-20T10:00:00+00:00"));
}

#[test]
fn city_and_country_are_one_location() {
    let drafts = drafts("Name;Location;City;Country\nAnna;;Köln;Germany\nBen;Köln, Germany;Köln;Germany\n");
    assert!(drafts.iter().all(|draft| draft.profile.location.as_deref() == Some("Köln, Germany")));
}
