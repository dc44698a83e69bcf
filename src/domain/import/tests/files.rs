use proptest::prelude::*;

use super::*;

const GREENHOUSE: &str = "Candidate ID,First Name,Last Name,Company,Title,Email,Phone,Candidate Tags,Application ID,Job,Stage,Status,Source,Application Date,Recruiter\r\n\
84211,Siobhan,O'Brien,\"Acme, Inc.\",\"Engineer, Platform\",siobhan@mail.example,+353 1 555 0101,\"strong; remote\",99001,Rust Engineer,Face to Face,Active,LinkedIn (Prospecting),2026-11-03,Dana\r\n\
84212,Ana,García,,,ana@mail.example,,,99002,Rust Engineer,Offer,Hired,Referral,2026-11-20,Dana\r\n";

#[test]
fn a_greenhouse_export_is_taken_whole() {
    let drafts = drafts(GREENHOUSE);
    assert_eq!(names(&drafts), ["Siobhan O'Brien", "Ana García"]);
    let draft = &drafts[0];
    assert_eq!((draft.row, draft.external_id.as_deref()), (2, Some("84211")));
    assert_eq!(contacts(&draft.profile.emails), [("other", "siobhan@mail.example")]);
    assert_eq!(draft.profile.experience[0].company.as_deref(), Some("Acme, Inc."));
    assert_eq!(draft.profile.experience[0].title, "Engineer, Platform");
    assert_eq!(draft.profile.tags, ["strong", "remote"]);
    assert_eq!((draft.status.as_deref(), draft.stage.as_deref()), (Some("active"), Some("Face to Face")));
    assert_eq!(draft.source.as_deref(), Some("LinkedIn (Prospecting)"));
    // Midnight in Berlin.
    assert_eq!(draft.applied_at.map(|at| at.to_rfc3339()).as_deref(), Some("2026-11-02T23:00:00+00:00"));
}

#[test]
fn a_workable_export_with_line_breaks_in_cells_is_told_by_the_rows_of_a_spreadsheet() {
    let file = "Name,Headline,Email,Phone,Address,Stage,Tags,Created at,Why do you want to join us?\n\
\"Nguyễn Thị Ánh\",\"Senior\nEngineer\",anh@mail.example,,\"Hanoi, Vietnam\",Phone Screen,,2026-11-20T09:30:00Z,\"Two lines,\r\nand \"\"quotes\"\"\"\n\
\n\
محمد,,not-an-address,,,Applied,,2026-11-20,\n\
😀 <script>alert(1)</script>,,x@mail.example,,,Applied,,2026-11-20,=1+1\n";
    let rows = import(file);
    assert_eq!(names(&rows.drafts), ["Nguyễn Thị Ánh", "محمد", "😀 <script>alert(1)</script>"]);
    let first = &rows.drafts[0];
    assert_eq!(
        (first.profile.first_name.as_deref(), first.profile.last_name.as_deref()),
        (Some("Nguyễn Thị"), Some("Ánh"))
    );
    assert_eq!(first.profile.experience[0].title, "Senior Engineer");
    assert_eq!(first.profile.location.as_deref(), Some("Hanoi, Vietnam"));
    assert_eq!(first.review.answers[0].question, "Why do you want to join us?");
    assert_eq!(first.review.answers[0].answer, "Two lines,\nand \"quotes\"");
    assert_eq!(rows.drafts[2].review.answers[0].answer, "=1+1");
    let problem = rows.problems[0].to_string();
    assert_eq!(problem, "Row 4 (محمد), Email: “not-an-address” is no e-mail address; write it as name@example.com");
    assert_eq!(rows.drafts[2].row, 5);
}

const PERSONIO: &str = "Vorname;Nachname;E-Mail;Telefon;Bewerbungsdatum;Recruiting-Kanal;Phase;Status;Wohnort\r\n\
Jörg;Müller-Lüdenscheidt;joerg@mail.example;0151 / 23 45 67;20.11.2026;Empfehlung – intern;Erstgespräch;Aktiv;Köln\r\n\
Zoë;Weiß;zoe@mail.example;;1.2.26;;;Abgelehnt;\r\n";

#[test]
fn a_german_export_is_read_in_every_encoding_a_spreadsheet_writes() {
    let expected = drafts(PERSONIO);
    assert_eq!(names(&expected), ["Jörg Müller-Lüdenscheidt", "Zoë Weiß"]);
    assert_eq!(expected[0].source.as_deref(), Some("Empfehlung – intern"));
    assert_eq!(expected[0].applied_at.map(|at| at.to_rfc3339()).as_deref(), Some("2026-11-19T23:00:00+00:00"));
    assert_eq!(expected[1].applied_at.map(|at| at.to_rfc3339()).as_deref(), Some("2026-01-31T23:00:00+00:00"));
    assert_eq!(expected[1].status.as_deref(), Some("rejected"));
    let tabs = PERSONIO.replace(';', "\t");
    for (name, file) in [
        ("Windows-1252", cp1252(PERSONIO)),
        ("UTF-8 with its mark", format!("\u{feff}{PERSONIO}").into_bytes()),
        ("UTF-16 with tabs", utf_16(&tabs, true)),
        ("UTF-16, big end first", utf_16(&tabs, false)),
        ("bars", PERSONIO.replace(';', "|").into_bytes()),
        ("line ends of Unix", PERSONIO.replace("\r\n", "\n").into_bytes()),
        ("line ends of old Macs", PERSONIO.replace("\r\n", "\r").into_bytes()),
        ("no last line end", PERSONIO.trim_end().as_bytes().to_vec()),
    ] {
        assert_eq!(drafts(file), expected, "{name}");
    }
}

#[test]
fn the_first_line_that_excel_understands_is_obeyed_and_counted() {
    let drafts = drafts("sep=;\r\nName;E-Mail;Tags\r\nAnna Müller;anna@mail.example;a,b\r\n");
    assert_eq!((drafts[0].row, drafts[0].profile.tags.as_slice()), (3, ["a".to_owned(), "b".to_owned()].as_slice()));
}

#[test]
fn the_delimiter_is_the_one_under_which_the_columns_are_known() {
    for file in [
        "Full name;Skills;E-mail\nAnna;a,b,c,d;anna@mail.example\n",
        "Full name,Skills,E-mail\n\"Anna\",\"a;b;c;d\",anna@mail.example\n",
        "Full name|Skills|E-mail\nAnna|a;b;c;d|anna@mail.example\n",
        "Full name\tSkills\tE-mail\r\nAnna\ta;b;c;d\tanna@mail.example\r\n",
    ] {
        assert_eq!(drafts(file)[0].profile.skills, ["a", "b", "c", "d"], "{file}");
    }
}

#[test]
fn blank_lines_and_empty_columns_on_the_right_are_nothing() {
    let drafts =
        drafts("\r\n\r\nName,E-mail,,\r\n\r\nAnna,a@mail.example,,\r\n,,,\r\n  \r\nBen,b@mail.example,,\r\n\r\n");
    assert_eq!(drafts.iter().map(|draft| draft.row).collect::<Vec<_>>(), [5, 8]);
}

#[test]
fn columns_of_one_name_are_told_apart_and_empty_names_are_numbers() {
    let table = Table::read(b"Name,Email,email,Email,,Email (2)\nA,1,2,3,4,5\n").expect("a table");
    assert_eq!(table.header(), ["Name", "Email", "email", "Email (2)", "Column 5", "Email (2) (2)"]);
    assert_eq!(table.column(4).collect::<Vec<_>>(), ["4"]);
}

#[test]
fn ten_million_bytes_in_a_cell_are_refused_with_line_and_column() {
    let file = |size: usize| format!("Name,Cover letter\nAnna,short\nBen,\"{}\"\n", "x\n".repeat(size / 2));
    let expected = FileError::CellTooLong { line: 3, column: "Cover letter".into() };
    assert_eq!(refused(file(10_000_000)), expected);
    assert_eq!(refused(file(MAX_CELL_BYTES + 2)), expected);
    assert!(Table::read(file(MAX_CELL_BYTES).as_bytes()).is_ok());
    let unquoted = format!("Name,Cover letter\nAnna,{}\n", "x".repeat(10_000_000));
    assert_eq!(refused(unquoted), FileError::CellTooLong { line: 2, column: "Cover letter".into() });
    assert_eq!(refused("x".repeat(10_000_000)), FileError::CellTooLong { line: 1, column: "Column 1".into() });
    let larger = format!("Name,Cover letter\nAnna,{}\n", "x".repeat(MAX_FILE_BYTES));
    assert_eq!(refused(larger), FileError::TooLarge { line: 2 });
}

#[test]
fn a_file_of_too_many_rows_or_columns_is_refused_with_the_line() {
    let rows = |count: usize| format!("Name\n{}", "Anna\n".repeat(count));
    assert_eq!(Table::read(rows(MAX_ROWS).as_bytes()).map(|table| table.records().len()), Ok(MAX_ROWS));
    assert_eq!(refused(rows(MAX_ROWS + 1)), FileError::TooManyRows { line: 5_002 });
    let wide = format!("Name{}\nAnna\n", ",x".repeat(MAX_COLUMNS));
    assert_eq!(refused(wide), FileError::TooManyColumns { line: 1 });
}

#[test]
fn an_empty_file_and_a_lone_header_say_so() {
    for file in ["", "\u{feff}", "\n\r\n \n", ",,,\n"] {
        assert_eq!(refused(file), FileError::Empty, "{file:?}");
    }
    assert_eq!(refused("Name,E-mail\r\n,\r\n"), FileError::NoRows);
    assert_eq!(refused("Name,E-mail"), FileError::NoRows);
}

#[test]
fn a_quote_that_is_never_closed_is_told_with_the_line_where_it_opens() {
    let file = "Name,E-mail\nAnna,a@mail.example\n\"Ben\nthe second\",\"b@mail.example\nCara,c@mail.example\n";
    assert_eq!(refused(file), FileError::UnclosedQuote { line: 4 });
    assert_eq!(refused("Name\n\"Anna"), FileError::UnclosedQuote { line: 2 });
    assert_eq!(refused("\"Name,E-mail\nAnna,a@mail.example"), FileError::UnclosedQuote { line: 1 });
    // A quote inside a word opens nothing.
    assert_eq!(names(&drafts("Name,E-mail\nAnna \"Bee\" 5\",a@mail.example\n")), ["Anna \"Bee\" 5\""]);
}

#[test]
fn bytes_in_no_known_encoding_are_refused_with_the_line() {
    let after = |bytes: &[u8]| [b"Name,E-mail\nAnna,a@mail.example\n".as_slice(), bytes, b",x@mail.example\n"].concat();
    for (name, bytes) in [
        ("not in Windows-1252", b"\xfc\x81".as_slice()),
        ("a NUL", b"B\0n"),
        ("a control character beside bytes beyond ASCII", b"\xfc\x01"),
        ("UTF-8 cut in a character", b"M\xc3\xbcller J\xc3\xb6rg \xc3"),
    ] {
        assert_eq!(refused(after(bytes)), FileError::UnknownEncoding { line: 3 }, "{name}");
    }
    assert_eq!(refused(b"\xef\xbb\xbfName\nJ\xf6rg\n"), FileError::UnknownEncoding { line: 2 });
    assert_eq!(refused(b"\xff\xfeN\0\n\0\x00\xd8a\0"), FileError::UnknownEncoding { line: 2 });
    assert_eq!(refused(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), FileError::UnknownEncoding { line: 2 });
    assert_eq!(refused(b"PK\x03\x04\x14\0\x06\0"), FileError::Spreadsheet);
}

#[test]
fn old_encodings_are_read_and_said() {
    let told = |name: &[u8]| {
        let rows = import([b"Name,E-mail\n".as_slice(), name, b",x@mail.example\n"].concat());
        (rows.drafts[0].profile.full_name.clone(), rows.notes.join(" "))
    };
    for (bytes, name, encoding) in [
        (b"J\xf6rg Stra\xdfe".as_slice(), "Jörg Straße", "read as Windows-1252"),
        (b"Be\x96at M\x9fller", "Beñat Müller", "read as Mac Roman"),
        (b"Wa\xb3\xeasa", "Wałęsa", "read as Windows-1250"),
        ("Zoë MÃ¼ller".as_bytes(), "Zoë Müller", "encoded twice"),
        (b"Siobh&aacute;n O&#039;Brien", "Siobhán O'Brien", "Escapes of HTML"),
    ] {
        let (read, note) = told(bytes);
        assert_eq!(read, name);
        assert!(note.contains(encoding), "{name}: {note}");
    }
    let doubtful = Table::read(b"Name;E-mail\nJ\x9arg;x@mail.example\n").expect("a table");
    assert!(doubtful.is_doubtful() && !Table::read(&cp1252(PERSONIO)).expect("a table").is_doubtful());
}

#[test]
fn errors_say_what_to_do() {
    let error = refused(b"Name\nB\0n\n");
    assert_eq!(error.line(), Some(2));
    assert_eq!(error.to_string(), "Line 2 is in no known encoding; save the file as UTF-8 (in Excel: “CSV UTF-8”)");
}

/// Bytes that look like a file often enough to reach every step.
fn file_like() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"Name,E-mail,Applied on,Rating,Phone,Skills,Website,Languages\n".to_vec()),
        Just(b"Vorname;Nachname;Bewerbungsdatum\r\n".to_vec()),
        prop::sample::select(b",;\t|\"\"\n\r=@.:/+-(T ".to_vec()).prop_map(|byte| vec![byte]),
        "[0-9]{1,14}".prop_map(String::into_bytes),
        "[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}[T ]?[0-9]{0,2}:?[0-9]{0,2}".prop_map(String::into_bytes),
        "\\PC{0,8}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop_oneof![prop::collection::vec(any::<u8>(), 0..400), file_like()]) {
        if let Ok(table) = Table::read(&bytes) {
            let rows = read_rows(&table, &Mapping::guess(table.header()), today());
            prop_assert!(rows.drafts.len() <= table.records().len());
            prop_assert!(rows.drafts.iter().all(|draft| !draft.profile.full_name.trim().is_empty()));
            let every = table.header().iter().enumerate().map(|(at, _)| (at, Field::ALL[at % Field::ALL.len()].as_str()));
            if let Ok(mapping) = Mapping::from_form(table.header(), every) {
                read_rows(&table, &mapping, today());
            }
        }
        let _ = read_json(&bytes, today());
    }

    #[test]
    fn what_is_written_is_read_again(cells in prop::collection::vec(("[^\\x00\\pC]{1,20}", "[\\PC\n\r,;\"]{0,20}"), 1..8)) {
        let mut writer = csv::Writer::from_writer(vec![]);
        writer.write_record(["Full name", "Cover letter", "Source"]).expect("written");
        for (name, letter) in &cells {
            writer.write_record([&format!("x{name}"), letter, "y"]).expect("written");
        }
        // What reads like letters that were encoded twice is put right.
        prop_assume!(!cells.iter().any(|(name, letter)| [name, letter].iter().any(|text| text.contains(|c| ('\u{c2}'..='\u{f4}').contains(&c)))));
        let table = Table::read(&writer.into_inner().expect("bytes")).expect("a table");
        let read: Vec<_> = table.records().iter().map(|r| (r.cells[0].clone(), r.cells[1].clone())).collect();
        let written: Vec<_> = cells.into_iter().map(|(name, letter)| (format!("x{name}"), letter)).collect();
        prop_assert_eq!(read, written);
    }
}
