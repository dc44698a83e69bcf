//! What a command lists: columns for people, or one JSON array for programs.

use std::io::Write as _;

use serde_json::{Map, Value};

/// Prints rows under their headings; the headings are the names in JSON.
///
/// A reader that has gone away is no reason to fail.
pub(super) fn print(headings: &[&str], rows: &[Vec<Option<String>>], json: bool) {
    let _ = if json { as_json(headings, rows) } else { as_columns(headings, rows) };
}

fn as_json(headings: &[&str], rows: &[Vec<Option<String>>]) -> std::io::Result<()> {
    let object = |row: &Vec<Option<String>>| {
        let named = headings.iter().zip(row).map(|(name, cell)| ((*name).to_owned(), cell.clone().into()));
        Value::Object(named.collect::<Map<_, _>>())
    };
    let all: Vec<Value> = rows.iter().map(object).collect();
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &all)?;
    writeln!(out)
}

fn as_columns(headings: &[&str], rows: &[Vec<Option<String>>]) -> std::io::Result<()> {
    let cell = |row: &Vec<Option<String>>, at: usize| row[at].clone().unwrap_or_else(|| "-".into());
    let widths: Vec<usize> = (0..headings.len())
        .map(|at| {
            let cells = rows.iter().map(|row| cell(row, at).chars().count());
            cells.chain([headings[at].len()]).max().unwrap_or_default()
        })
        .collect();
    let mut out = std::io::stdout().lock();
    let mut line = |cells: Vec<String>| {
        let padded: Vec<String> = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        writeln!(out, "{}", padded.join("  ").trim_end())
    };
    line(headings.iter().map(|heading| (*heading).to_owned()).collect())?;
    for row in rows {
        line((0..headings.len()).map(|at| cell(row, at)).collect())?;
    }
    out.flush()
}
