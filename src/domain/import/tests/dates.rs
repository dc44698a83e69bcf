use super::*;
use crate::domain::import::dates::Dates;

fn read(text: &str) -> Option<String> {
    Dates::of([text].into_iter(), today()).read(text).ok().map(|at| at.format("%FT%TZ").to_string())
}

fn column(values: &[&str]) -> (Vec<Option<String>>, Option<String>) {
    let dates = Dates::of(values.iter().copied(), Today { zone: Tz::UTC, ..today() });
    let read = values.iter().map(|text| dates.read(text).ok().map(|at| at.format("%F").to_string()));
    (read.collect(), dates.note("Applied"))
}

#[test]
fn dates_are_read_as_people_and_programs_write_them() {
    for (text, expected) in [
        ("2026-11-20", "2026-11-19T23:00:00Z"),
        ("2026/7/1", "2026-06-30T22:00:00Z"),
        ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z"),
        ("2026-11-20T10:00:00.123456+02:00", "2026-11-20T08:00:00Z"),
        ("2026-11-20 10:00", "2026-11-20T09:00:00Z"),
        ("2026-11-20 10:00:00 UTC", "2026-11-20T10:00:00Z"),
        ("2026-11-20 10:00:00 -0500", "2026-11-20T15:00:00Z"),
        ("20.11.2026", "2026-11-19T23:00:00Z"),
        ("1.2.26", "2026-01-31T23:00:00Z"),
        ("20.11.2026 um 10:05 Uhr", "2026-11-20T09:05:00Z"),
        ("20.11.2026, 10:05:07", "2026-11-20T09:05:07Z"),
        ("20/11/2026", "2026-11-19T23:00:00Z"),
        ("11/20/2026 3:05 PM", "2026-11-20T14:05:00Z"),
        ("11/20/2026 12:05am", "2026-11-19T23:05:00Z"),
        ("20 Nov 2026", "2026-11-19T23:00:00Z"),
        ("Nov 20, 2026", "2026-11-19T23:00:00Z"),
        ("November 20th, 2026 at 3:05 p.m.", "2026-11-20T14:05:00Z"),
        ("20-Nov-26", "2026-11-19T23:00:00Z"),
        ("Fri, 20 Nov 2026 10:00:00 +0000", "2026-11-20T10:00:00Z"),
        ("20. März 2026", "2026-03-19T23:00:00Z"),
        ("1er août 2026", "2026-07-31T22:00:00Z"),
        ("5 juillet 2026", "2026-07-04T22:00:00Z"),
        ("5 juin 2026", "2026-06-04T22:00:00Z"),
        ("46346", "2026-11-19T23:00:00Z"),
        ("46346.5", "2026-11-20T11:00:00Z"),
        ("20261120", "2026-11-19T23:00:00Z"),
        ("1795168800", "2026-11-20T10:00:00Z"),
        ("1795168800000", "2026-11-20T10:00:00Z"),
        ("2026-11-20 10:00:00 CET", "2026-11-20T09:00:00Z"),
        ("2026-11-20 10:00 EST", "2026-11-20T15:00:00Z"),
        ("Fri Nov 20 2026 10:00:00 GMT+0100 (Central European Standard Time)", "2026-11-20T09:00:00Z"),
        ("2026-07-01T10:00[America/New_York]", "2026-07-01T14:00:00Z"),
        ("20 enero 2026", "2026-01-19T23:00:00Z"),
        ("20 gennaio 2026", "2026-01-19T23:00:00Z"),
        ("3 de agosto de 2026", "2026-08-02T22:00:00Z"),
        ("12 mei 2026", "2026-05-11T22:00:00Z"),
        ("2026年11月20日", "2026-11-19T23:00:00Z"),
        ("12/31/99", "1999-12-30T23:00:00Z"),
        ("31.12.25", "2025-12-30T23:00:00Z"),
        // The hour that Berlin skips.
        ("2026-03-29 02:30", "2026-03-29T01:30:00Z"),
    ] {
        assert_eq!(read(text).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn what_is_no_date_is_refused() {
    for text in [
        "soon",
        "31.02.2026",
        "2026-13-01",
        "13/13/2026",
        "20.11.",
        "2026",
        "Nov 2026",
        "10:00",
        "1.1.0026",
        "2026-11-20T25:00",
        "2026-11-20 10:00 +99:99",
        "99999",
        "9999-12-31",
        "٢٠٢٦-١١-٢٠",
        "-",
        "20.11.2026 13:00 PM",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn one_clear_date_decides_for_the_column() {
    let dates = |values: [&str; 2]| values.map(|date| Some(date.to_owned())).to_vec();
    assert_eq!(column(&["03/04/2026", "28/02/2026"]), (dates(["2026-04-03", "2026-02-28"]), None));
    assert_eq!(column(&["03/04/2026", "02/28/2026"]), (dates(["2026-03-04", "2026-02-28"]), None));
    assert_eq!(column(&["03-04-2026", "2026-02-28"]).0, dates(["2026-04-03", "2026-02-28"]));
}

#[test]
fn when_no_date_decides_the_day_comes_first_and_that_is_said() {
    let (read, note) = column(&["03/04/2026", "05/05/2026"]);
    assert_eq!(read[0].as_deref(), Some("2026-04-03"));
    assert_eq!(
        note.as_deref(),
        Some(
            "Applied: dates such as 03/04/2026 are read with the day first, as 3 April. If that is wrong, write them as 2026-04-03."
        )
    );
    let (read, note) = column(&["03/04/2026 10:00 AM"]);
    assert_eq!(read[0].as_deref(), Some("2026-03-04"));
    assert!(note.is_some_and(|note| note.contains("month first")));
    assert_eq!(column(&["05/05/2026"]).1, None);
}

#[test]
fn a_column_with_both_orders_keeps_only_what_is_clear() {
    let (read, note) = column(&["28/02/2026", "02/28/2026", "03/04/2026", "05/05/2026"]);
    let clear = |date: &str| Some(date.to_owned());
    assert_eq!(read, [clear("2026-02-28"), clear("2026-02-28"), None, clear("2026-05-05")]);
    assert_eq!(note, None);
}

#[test]
fn what_programs_write_for_no_date_is_no_date() {
    let dates = Dates::of(std::iter::empty(), today());
    for text in ["0000-00-00", "0000-00-00 00:00:00", "00.00.0000", "0001-01-01T00:00:00"] {
        assert_eq!(dates.present(text), Ok(None), "{text}");
    }
}

#[test]
fn what_the_columns_name_says_of_its_dates_decides_where_they_leave_it_open() {
    let read =
        |header: &str| drafts(format!("Name;{header}\nAnna;03/04/2026\n"))[0].applied_at.map(|at| at.to_rfc3339());
    assert_eq!(read("Date Applied (MM/DD/YYYY)").as_deref(), Some("2026-03-03T23:00:00+00:00"));
    assert_eq!(read("Bewerbungsdatum (TT/MM/JJJJ)").as_deref(), Some("2026-04-02T22:00:00+00:00"));
    assert_eq!(read("Applied on (UTC)").as_deref(), Some("2026-04-03T00:00:00+00:00"));
    assert_eq!(import("Name;Applied on (MM/DD/YYYY)\nAnna;03/04/2026\n").notes, [UNKNOWN_AGAIN]);
}

const UNKNOWN_AGAIN: &str =
    "1 row has neither an external id nor an e-mail address: importing the file again would add this person again.";

#[test]
fn dates_in_the_future_are_said() {
    let rows = import("Name;E-mail;Applied on\nAnna;a@mail.example;2027-03-01\nBen;b@mail.example;2026-11-29\n");
    assert_eq!(rows.notes, ["1 row has a date in the future."]);
}
