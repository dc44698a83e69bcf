//! Imports: a file of candidates on its way into a vacancy.
//!
//! [`upload`] keeps the file, or refuses it as a whole and keeps nothing. [`preview`] says what would come of it, under the
//! columns as they are guessed or chosen. [`run`] reads it in, in one transaction, once: the file goes, its [`Report`]
//! stays, and whoever presses the button again is shown that report.
//!
//! Files of up to 10 MiB are read on threads that may block, never on those that serve pages, never while a connection is
//! held, and one at a time ([`turns`]). What was left out can be downloaded for a day ([`left_out`]).

use serde::{Deserialize, Serialize};

use super::{ActionError, Context, Result, Viewer};
use crate::domain::act::Act;
use crate::domain::ids::{ImportId, VacancyId};
use crate::domain::import::{Field, Problem, Today};
use crate::domain::vacancy::Vacancy;
use crate::store::import::Import;
use crate::store::{self, StoreError};

mod apply;
mod assumed;
mod reading;
pub mod turns;

use reading::File;

/// So many problems are shown and kept; the others are counted.
const MAX_PROBLEMS: usize = 200;
/// A file that was chosen.
#[derive(Debug, Clone, Default)]
pub struct Upload {
    /// What it is called.
    pub file_name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Names this filling of the form: pressing twice makes one import.
    pub token: String,
}

/// A file that was kept.
#[derive(Debug, Clone)]
pub struct Uploaded {
    /// Its import.
    pub id: ImportId,
    /// Whether every column is known, so that nobody needs to be asked.
    pub clear: bool,
}

/// What a person chose for the columns, by their places from 0.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choice {
    /// What each holds: [`Field::as_str`].
    pub fields: Vec<(usize, String)>,
    /// Those of which a value that cannot be read leaves out the whole row rather than the value.
    pub whole_rows: Vec<usize>,
}

/// The choice, or `None` to take the guess.
pub type Chosen = Option<Choice>;

/// An import as its page shows it.
#[derive(Debug, Clone)]
pub struct ImportOverview {
    /// Into what.
    pub vacancy: Vacancy,
    /// What the file was called.
    pub file_name: String,
    /// Where it stands.
    pub state: State,
}

/// Where an import stands.
#[derive(Debug, Clone)]
pub enum State {
    /// It waits for someone to check its columns.
    Waiting(Preview),
    /// It has been read in.
    Done(Report),
}

/// What would come of a file.
#[derive(Debug, Clone, Default)]
pub struct Preview {
    /// Its columns; none when it is JSON, which names its own fields.
    pub columns: Vec<Column>,
    /// Why the columns cannot be read like this.
    pub refusal: Option<String>,
    /// How many rows can be taken.
    pub good: usize,
    /// How many cannot.
    pub bad: usize,
    /// How many of those that can would lack a value.
    pub partly: usize,
    /// Why not.
    pub problems: Vec<Problem>,
    /// What was assumed.
    pub notes: Vec<String>,
}

/// A column of a file.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it is taken for.
    pub field: Field,
    /// Whether a value that cannot be read leaves out the whole row.
    pub costs_row: bool,
    /// The first values that stand in it.
    pub examples: Vec<String>,
}

/// What came of an import; kept as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Report {
    /// Applicants whom the vacancy did not have.
    pub added: usize,
    /// Applicants of whom something changed.
    pub updated: usize,
    /// Applicants of whom everything was known already.
    pub unchanged: usize,
    /// Rows that were left out.
    pub left_out: usize,
    /// Rows that were taken without a value that could not be read.
    pub partly: usize,
    /// Why they were, at most [`MAX_PROBLEMS`].
    pub problems: Vec<Told>,
    /// How many problems there were in all.
    pub problem_count: usize,
    /// What was assumed.
    pub notes: Vec<String>,
    /// Which column was taken for what: its name, and [`Field::as_str`].
    pub columns: Vec<(String, String)>,
    /// Whether what was left out can still be downloaded; found when the report is shown.
    #[serde(skip)]
    pub is_downloadable: bool,
}

/// A problem of a row, as the report keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Which row, or in JSON which place in the list.
    #[serde(alias = "line")]
    pub row: u64,
    /// Whom it is about, as far as the row told.
    #[serde(default)]
    pub who: Option<String>,
    /// Whether they were imported all the same, without this value.
    #[serde(default)]
    pub is_kept: bool,
    /// Which column.
    pub column: Option<String>,
    /// What is wrong.
    pub message: String,
}

/// Keeps a file for a vacancy, unless it cannot be read as a whole.
pub async fn upload(context: &Context, viewer: &Viewer, vacancy: VacancyId, upload: Upload) -> Result<Uploaded> {
    if upload.bytes.is_empty() {
        return Err(ActionError::field("file", "Choose a file with candidates; this one is empty"));
    }
    let (bytes, now) = (upload.bytes, context.clock.now());
    let turn = context.imports.of(&viewer.member.id)?;
    let (bytes, looked) = turn
        .read(move || {
            let looked = reading::look(&bytes, now);
            (bytes, looked)
        })
        .await?;
    let clear = looked.map_err(|error| ActionError::field("file", error))?;
    let file_name = reading::file_name(&upload.file_name);
    let kept = context.transact_once(viewer, &upload.token, move |tx| {
        let import = Import {
            id: ImportId::new(now),
            organisation_id: tx.viewer.organisation.id.clone(),
            vacancy_id: vacancy,
            member_id: tx.viewer.member.id.clone(),
            file_name,
            content: Some(bytes),
            report: None,
            created_at: now,
        };
        store::vacancy::find(tx.conn, &import.organisation_id, &import.vacancy_id)?.ok_or(ActionError::NotFound)?;
        store::import::insert(tx.conn, &import)?;
        Ok(import.id)
    });
    Ok(Uploaded { id: kept.await?, clear })
}

/// What would come of an import under these columns, or what came of it.
pub async fn preview(
    context: &Context,
    viewer: &Viewer,
    vacancy: VacancyId,
    id: ImportId,
    chosen: Chosen,
) -> Result<ImportOverview> {
    let (vacancy, import) = find(context, viewer, vacancy, id).await?;
    let state = match (import.report, import.content) {
        (Some(report), left_out) => {
            let report: Report = serde_json::from_str(&report).map_err(|error| StoreError::Corrupt {
                table: "imports",
                id: import.id.to_string(),
                what: error.to_string(),
            })?;
            State::Done(Report { is_downloadable: left_out.is_some(), ..report })
        }
        (None, Some(bytes)) => {
            let today = Today { zone: viewer.organisation.time_zone, now: context.clock.now() };
            let turn = context.imports.of(&viewer.member.id)?;
            let previewed = turn.read(move || reading::preview(&bytes, &chosen, today)).await?;
            State::Waiting(previewed.map_err(|error| ActionError::field("file", error))?)
        }
        (None, None) => return Err(ActionError::NotFound),
    };
    Ok(ImportOverview { vacancy, file_name: import.file_name, state })
}

/// Reads an import in, once; nothing happens to one that was read in before.
pub async fn run(context: &Context, viewer: &Viewer, vacancy: VacancyId, id: ImportId, chosen: Chosen) -> Result<()> {
    let (vacancy, import) = find(context, viewer, vacancy, id).await?;
    let (None, Some(bytes)) = (import.report, import.content) else { return Ok(()) };
    let today = Today { zone: viewer.organisation.time_zone, now: context.clock.now() };
    let turn = context.imports.of(&viewer.member.id)?;
    let File { rows, columns, source } = turn.read(move || reading::read(bytes, &chosen, today)).await??;
    let (id, of_vacancy) = (import.id, vacancy.id.clone());
    let (log_import, now) = (id.clone(), today.now);
    let done = context.transact(viewer, move |tx| {
        if !store::import::take(tx.conn, &id)? {
            return Ok(None);
        }
        // Held until all is written: a second import of the member waits for this one.
        let _turn = turn;
        let (report, remarks) = apply::apply(tx.conn, &vacancy, rows, now)?;
        let left_out = (!remarks.is_empty()).then(|| source.left_out(&remarks));
        let report = Report { columns, ..report };
        let text = serde_json::to_string(&report).expect("our own documents serialise");
        store::import::finish(tx.conn, &id, &text, left_out)?;
        let Report { added, updated, unchanged, left_out, .. } = report;
        let act = Act::CandidatesImported { added, updated, unchanged, left_out };
        tx.audit(act, vacancy.id.as_str())?;
        Ok(Some(act.sentence()))
    });
    match done.await {
        Ok(None) => Ok(()),
        Ok(Some(came_of_it)) => {
            let came_of_it = &*came_of_it;
            tracing::info!(import = %log_import, vacancy = %of_vacancy, came_of_it, "a file of candidates was imported");
            Ok(())
        }
        // Two imports brought the same new candidate at the same instant; this one was undone.
        Err(ActionError::Store(error)) if error.is_duplicate() => Err(ActionError::Refused(
            "Another import brought the same candidates at the same moment. Nothing of this one was kept; press the button again".into(),
        )),
        Err(error) => Err(error),
    }
}

/// What was left out of an import, to be corrected and imported again, and what the file is to be called. There is none
/// when nothing was left out, or a day after the upload.
pub async fn left_out(
    context: &Context,
    viewer: &Viewer,
    vacancy: VacancyId,
    id: ImportId,
) -> Result<(String, Vec<u8>)> {
    let (_, import) = find(context, viewer, vacancy, id).await?;
    let (Some(_), Some(bytes)) = (import.report, import.content) else { return Err(ActionError::NotFound) };
    let ending = if bytes.starts_with(b"[") { "json" } else { "csv" };
    let name = import.file_name.rsplit_once('.').map_or(import.file_name.as_str(), |(name, _)| name);
    Ok((format!("{name} - left out.{ending}"), bytes))
}

async fn find(context: &Context, viewer: &Viewer, vacancy: VacancyId, id: ImportId) -> Result<(Vacancy, Import)> {
    let organisation = viewer.organisation.id.clone();
    let found = context
        .store
        .read(move |conn| {
            let import = store::import::find(conn, &organisation, &id)?.filter(|import| import.vacancy_id == vacancy);
            Ok::<_, StoreError>(store::vacancy::find(conn, &organisation, &vacancy)?.zip(import))
        })
        .await?;
    found.ok_or(ActionError::NotFound)
}

#[cfg(test)]
mod tests;
