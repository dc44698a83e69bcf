//! What was left out, as a file to correct and bring back: the rows as they came, who was imported all the same by their
//! id here, and what is wrong.

use std::collections::BTreeMap;

use serde_json::Value;

use super::headers::{WHAT_IS_WRONG, field_of};
use super::json::items;
use super::{Field, FileError, Table};
use crate::domain::ids::CandidateId;

/// What is to be said of one row.
#[derive(Debug, Clone, Default)]
pub struct Remark {
    /// Who was imported from it, without what is wrong.
    pub known_as: Option<CandidateId>,
    /// What is wrong, one sentence after the other.
    pub wrong: Vec<String>,
}

/// By row; in JSON by place in the list.
pub type Remarks = BTreeMap<u64, Remark>;

/// The name of the column with our own id.
const HIREWIRE_ID: &str = "Hirewire id";

/// The rows of a table as CSV. What a spreadsheet would take for a formula is guarded; the import takes the guard off.
pub fn of_table(table: &Table, remarks: &Remarks) -> Vec<u8> {
    let own =
        |name: &String| name == WHAT_IS_WRONG || field_of(name).is_some_and(|(field, _)| field == Field::HirewireId);
    let kept: Vec<usize> = (0..table.header().len()).filter(|at| !own(&table.header()[*at])).collect();
    let mut writer = csv::Writer::from_writer(Vec::from("\u{feff}"));
    let names = kept.iter().map(|at| table.header()[*at].as_str());
    write(&mut writer, names.chain([HIREWIRE_ID, WHAT_IS_WRONG]).map(str::to_owned));
    for record in table.records() {
        let Some(remark) = remarks.get(&record.row) else { continue };
        let cells = kept.iter().map(|at| guarded(record.cells.get(*at).map_or("", String::as_str)));
        let id = remark.known_as.as_ref().map(ToString::to_string).unwrap_or_default();
        write(&mut writer, cells.chain([id, guarded(&remark.wrong.join("; "))]));
    }
    writer.into_inner().unwrap_or_default()
}

/// Writing into memory cannot fail.
fn write(writer: &mut csv::Writer<Vec<u8>>, cells: impl Iterator<Item = String>) {
    let _ = writer.write_record(cells.collect::<Vec<_>>());
}

fn guarded(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

/// The items of a JSON file, as JSON.
pub fn of_json(bytes: &[u8], remarks: &Remarks) -> Result<Vec<u8>, FileError> {
    let mut left: Vec<Value> = Vec::new();
    items(bytes, |item, place, _| {
        let Some(remark) = remarks.get(&place) else { return };
        let mut item = item;
        if let Some(object) = item.as_object_mut() {
            if let Some(id) = &remark.known_as {
                object.insert("hirewireId".into(), id.to_string().into());
            }
            object.insert("whatIsWrong".into(), remark.wrong.clone().into());
        }
        left.push(item);
    })?;
    Ok(serde_json::to_vec_pretty(&left).unwrap_or_default())
}
