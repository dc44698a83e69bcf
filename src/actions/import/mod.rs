//! Imports: a file of candidates on its way into a vacancy.
//!
//! [`upload`] keeps the file, or refuses it as a whole and keeps nothing. [`preview`] says what would come of it, under the
//! columns as they are guessed or chosen. [`run`] reads it in, in one transaction, once: the file goes, its [`Report`]
//! stays, and whoever presses the button again is shown that report.
//!
//! Files of up to 10 MiB are read on threads that may block, never on those that serve pages, and never while a
//! connection is held.

use serde::{Deserialize, Serialize};

use super::once::once;
use super::{ActionError, Context, Result, Viewer};
use crate::domain::ids::{ImportId, VacancyId};
use crate::domain::import::{Field, Problem};
use crate::domain::vacancy::Vacancy;
use crate::store::audit::Act;
use crate::store::import::Import;
use crate::store::{self, StoreError};

mod apply;
mod reading;

/// So many problems are shown and kept; the others are counted.
const MOST_PROBLEMS: usize = 200;
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

/// What a person chose for the columns: their places, from 0, and [`Field::as_str`]. `None` takes the guess.
pub type Chosen = Option<Vec<(usize, String)>>;

/// An import as its page shows it.
#[derive(Debug, Clone)]
pub struct Shown {
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
    /// Why they were, at most [`MOST_PROBLEMS`].
    pub problems: Vec<Told>,
    /// How many problems there were in all.
    pub problem_count: usize,
    /// What was assumed.
    pub notes: Vec<String>,
    /// Which column was taken for what: its name, and [`Field::as_str`].
    pub columns: Vec<(String, String)>,
}

/// A problem of a row, as the report keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Which line, or in JSON which place in the list.
    pub line: u64,
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
    let bytes = upload.bytes;
    let (bytes, looked) = off_the_runtime(move || {
        let looked = reading::look(&bytes);
        (bytes, looked)
    })
    .await?;
    let clear = looked.map_err(|error| ActionError::field("file", error))?;
    let now = context.clock.now();
    let import = Import {
        id: ImportId::new(now),
        organisation_id: viewer.organisation.id.clone(),
        vacancy_id: vacancy,
        member_id: viewer.member.id.clone(),
        file_name: reading::file_name(&upload.file_name),
        content: Some(bytes),
        report: None,
        created_at: now,
    };
    let inserted = once(context, viewer, &upload.token, move |conn, _| {
        store::vacancy::find(conn, &import.organisation_id, &import.vacancy_id)?.ok_or(ActionError::NotFound)?;
        store::import::insert(conn, &import)?;
        Ok((import.id, ()))
    });
    Ok(Uploaded { id: inserted.await?.0, clear })
}

/// What would come of an import under these columns, or what came of it.
pub async fn preview(
    context: &Context,
    viewer: &Viewer,
    vacancy: VacancyId,
    id: ImportId,
    chosen: Chosen,
) -> Result<Shown> {
    let (vacancy, import) = find(context, viewer, vacancy, id).await?;
    let state = match (import.report, import.content) {
        (Some(report), _) => State::Done(serde_json::from_str(&report).map_err(|error| StoreError::Corrupt {
            table: "imports",
            id: import.id.to_string(),
            what: error.to_string(),
        })?),
        (None, Some(bytes)) => {
            let zone = viewer.organisation.time_zone;
            let previewed = off_the_runtime(move || reading::preview(&bytes, &chosen, zone)).await?;
            State::Waiting(previewed.map_err(|error| ActionError::field("file", error))?)
        }
        (None, None) => return Err(ActionError::NotFound),
    };
    Ok(Shown { vacancy, file_name: import.file_name, state })
}

/// Reads an import in, once; nothing happens to one that was read in before.
pub async fn run(context: &Context, viewer: &Viewer, vacancy: VacancyId, id: ImportId, chosen: Chosen) -> Result<()> {
    let (vacancy, import) = find(context, viewer, vacancy, id).await?;
    let (None, Some(bytes)) = (import.report, import.content) else { return Ok(()) };
    let zone = viewer.organisation.time_zone;
    let read = off_the_runtime(move || reading::read(&bytes, &chosen, zone)).await?;
    let (rows, columns) = read?;
    let (now, id, viewer) = (context.clock.now(), import.id, viewer.clone());
    let done = context
        .store
        .write(move |conn| {
            if !store::import::take(conn, &id)? {
                return Ok(());
            }
            let report = Report { columns, ..apply::apply(conn, &vacancy, rows, now)? };
            let text = serde_json::to_string(&report).expect("our own documents serialise");
            store::import::finish(conn, &id, &text)?;
            let act = Act {
                organisation: Some(&viewer.organisation.id),
                member: Some(&viewer.member.id),
                act: "candidates.imported",
                object: Some(vacancy.id.as_str()),
                detail: format!(
                    "{} added, {} updated, {} unchanged, {} left out",
                    report.added, report.updated, report.unchanged, report.left_out
                ),
            };
            store::audit::insert(conn, &act, now)
        })
        .await;
    done.map_err(|error: StoreError| match error {
        // Two imports brought the same new candidate at the same instant; this one was undone.
        error if error.is_duplicate() => ActionError::Refused(
            "Another import brought the same candidates at the same moment. Nothing of this one was kept; press the button again".into(),
        ),
        error => error.into(),
    })
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

async fn off_the_runtime<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| ActionError::Store(StoreError::Unavailable(error.to_string())))
}

#[cfg(test)]
mod tests;
