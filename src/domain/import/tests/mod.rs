//! The import as a whole: files as other systems and spreadsheets write them.

use chrono_tz::Tz;

use super::*;

mod bounds;
mod corrected;
mod dates;
mod files;
mod found;
mod identities;
mod json;
mod mapping;
mod merging;
mod roundtrip;
mod rows;
mod values;

/// In Berlin, on the 28th of November 2026.
fn today() -> Today {
    Today { zone: Tz::Europe__Berlin, now: "2026-11-28T12:00:00Z".parse().expect("a time") }
}

/// Everything at once, with the columns as they are guessed.
fn import(file: impl AsRef<[u8]>) -> Rows {
    let table = Table::read(file.as_ref()).expect("a table");
    read_rows(&table, &Mapping::guess(table.header()), today())
}

/// The drafts of a file without problems.
fn drafts(file: impl AsRef<[u8]>) -> Vec<Draft> {
    let rows = import(file);
    assert_eq!(rows.problems, []);
    rows.drafts
}

/// The problems of a file, as people read them.
fn problems(file: impl AsRef<[u8]>) -> Vec<String> {
    import(file).problems.iter().map(Problem::to_string).collect()
}

fn refused(file: impl AsRef<[u8]>) -> FileError {
    Table::read(file.as_ref()).expect_err("refused")
}

fn cp1252(text: &str) -> Vec<u8> {
    let (bytes, _, unmappable) = encoding_rs::WINDOWS_1252.encode(text);
    assert!(!unmappable);
    bytes.into_owned()
}

fn utf_16(text: &str, little: bool) -> Vec<u8> {
    let unit = |unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() };
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(unit).collect()
}

fn names(drafts: &[Draft]) -> Vec<&str> {
    drafts.iter().map(|draft| draft.profile.full_name.as_str()).collect()
}

fn contacts(contacts: &[crate::domain::candidate::Contact]) -> Vec<(&str, &str)> {
    contacts.iter().map(|contact| (contact.kind.as_str(), contact.value.as_str())).collect()
}
