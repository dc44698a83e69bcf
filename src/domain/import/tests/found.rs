//! Files in which the header is not where, or what, it should be.

use super::*;

#[test]
fn a_header_below_what_a_program_wrote_above_it_is_found() {
    let rows = import(
        "Notes:\n\"Some addresses are missing,\nas their owners wish.\"\n\nFirst Name,Last Name,URL,Email Address,Company\n\
         Ada,Quill,https://ada.example,ada@mail.example,\"Sorrel, Inc.\"\n",
    );
    assert_eq!((names(&rows.drafts), rows.drafts[0].row, rows.problems), (vec!["Ada Quill"], 5, vec![]));
    assert_eq!(rows.notes[0], "Row 4 names the columns; what stands above it was passed over.");
}

#[test]
fn any_table_can_be_read_once_somebody_says_what_its_columns_are() {
    let table = Table::read("Keresztnév;Vezetéknév;Cím\nAda;Quill;ada@mail.example\n".as_bytes()).expect("a table");
    assert!(!table.is_known());
    assert_eq!(table.header(), ["Keresztnév", "Vezetéknév", "Cím"]);
    let chosen = [(0, "first_name"), (1, "last_name"), (2, "email")];
    let mapping = Mapping::from_form(table.header(), chosen).expect("a mapping");
    assert_eq!(names(&read_rows(&table, &mapping, today()).drafts), ["Ada Quill"]);

    let bare = Table::read(b"Ada,Quill,ada@mail.example\nBen,Sorrel,ben@mail.example\n").expect("a table");
    assert_eq!((bare.is_known(), bare.records().len()), (false, 2));
    assert_eq!(bare.header(), ["Column 1", "Column 2", "Column 3"]);
}

#[test]
fn rows_that_a_spreadsheet_has_cut_short_are_whole() {
    let drafts = drafts(
        "First Name,Last Name,Email,Phone,Tags\nAda,Quill,ada@mail.example\nBen,Sorrel,ben@mail.example,030 5550100,rust\n",
    );
    assert_eq!(names(&drafts), ["Ada Quill", "Ben Sorrel"]);
}

#[test]
fn quotes_behind_a_blank_and_round_whole_lines_are_quotes() {
    let tight = drafts("\"Name\", \"Email\", \"Location\"\n\"Ada\", \"ada@mail.example\", \"Berlin, \"\"Mitte\"\"\"\n");
    assert_eq!(
        (tight[0].profile.email(), tight[0].profile.location.as_deref()),
        (Some("ada@mail.example"), Some("Berlin, \"Mitte\""))
    );
    let whole = drafts("\"First Name,Last Name,Email\"\n\"Ada,Quill,ada@mail.example\"\n");
    assert_eq!((names(&whole), whole[0].profile.email()), (vec!["Ada Quill"], Some("ada@mail.example")));
    assert_eq!(names(&drafts("Name,E-mail\r\nAda,ada@mail.example\r\n\u{1a}")), ["Ada"]);
    assert_eq!(
        contacts(&drafts("Name,E-mail\n“Ada”,“ada@mail.example”\n")[0].profile.emails),
        [("other", "ada@mail.example")]
    );
}

#[test]
fn a_file_of_another_kind_is_named() {
    for (file, kind) in [
        ("<html><body><table>\n", "This is a web page;"),
        (" <!DOCTYPE html>\n", "This is a web page;"),
        ("%PDF-1.7\n", "This is a PDF document;"),
        ("BEGIN:VCARD\r\nVERSION:3.0\r\n", "This is an address card;"),
    ] {
        assert!(refused(file).to_string().starts_with(kind), "{file}");
    }
}
