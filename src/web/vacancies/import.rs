//! A file of candidates: chosen here, read in at once when its columns are known, else after they were checked.

use actix_multipart::Multipart;
use actix_web::http::header::CONTENT_DISPOSITION;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::columns::CheckColumns;
use super::report::Outcome;
use super::rules::rules;
use crate::actions::import::{Choice, Chosen, ImportOverview, Preview, State, Upload};
use crate::actions::{FieldError, import};
use crate::domain::ids::{ImportId, VacancyId};
use crate::domain::import::MAX_FILE_BYTES;
use crate::domain::vacancy::Vacancy;
use crate::web::form::{describedby, wrong};
use crate::web::prelude::*;
use crate::web::upload as form;

/// The page that takes a file.
pub async fn show(visit: Visit, Path(id): Path<VacancyId>) -> Answer {
    let vacancy = vacancy(&visit, id).await?;
    let view = ChooseFile { vacancy: &vacancy, token: &token(), ask: false, errors: Errors::default() };
    Ok(page(&visit, "Import candidates", &vacancy, view).ok())
}

/// Takes a file, and reads it in at once when nobody needs to be asked.
pub async fn upload(visit: Visit, Path(id): Path<VacancyId>, multipart: Multipart) -> Answer {
    let vacancy = vacancy(&visit, id).await?;
    let sent = form::read(multipart, "file", MAX_FILE_BYTES).await?;
    let (ask, token) = (sent.fields.ticked("columns"), sent.fields.one("token").to_owned());
    let refused = |errors: Vec<FieldError>| {
        let view = ChooseFile { vacancy: &vacancy, token: &token, ask, errors: Errors(errors) };
        page(&visit, "Import candidates", &vacancy, view).refused()
    };
    if sent.broken_off {
        let error = FieldError::new("file", "The file did not arrive whole; nothing of it was taken. Send it again");
        return Ok(refused(vec![error]));
    }
    if sent.too_large {
        let error = FieldError::new("file", "The file is larger than 10 MiB; split it into several files");
        return Ok(refused(vec![error]));
    }
    if sent.bytes.is_empty() && sent.file_name.is_empty() {
        return Ok(refused(vec![FieldError::new("file", "Choose a file with candidates")]));
    }
    let upload = Upload { file_name: sent.file_name, bytes: sent.bytes, token: token.clone() };
    let kept = match import::upload(&visit.app, &visit.viewer, vacancy.id.clone(), upload).await {
        Ok(kept) => kept,
        Err(ActionError::Invalid(errors)) => return Ok(refused(errors)),
        Err(error) => return Err(error.into()),
    };
    if kept.clear && !ask {
        import::run(&visit.app, &visit.viewer, vacancy.id.clone(), kept.id.clone(), None).await?;
    }
    Ok(see_other(paths::import(&vacancy.id, &kept.id)))
}

/// An import: its columns to be checked, or what came of it.
pub async fn mapping(visit: Visit, Path((vacancy, id)): Path<(VacancyId, ImportId)>) -> Answer {
    let shown = import::preview(&visit.app, &visit.viewer, vacancy, id.clone(), None).await?;
    Ok(match &shown.state {
        State::Waiting(preview) => checked(&visit, &shown, &id, preview, Errors::default()).ok(),
        State::Done(report) => {
            let body = Outcome { vacancy: &shown.vacancy, id: &id, file_name: &shown.file_name, report };
            page(&visit, "Candidates imported", &shown.vacancy, body).ok()
        }
    })
}

/// What was left out of an import, to be corrected and imported again.
pub async fn left_out(visit: Visit, Path((vacancy, id)): Path<(VacancyId, ImportId)>) -> Answer {
    let (name, bytes) = import::left_out(&visit.app, &visit.viewer, vacancy, id).await?;
    let disposition = format!("attachment; filename*=UTF-8''{}", utf8_percent_encode(&name, NON_ALPHANUMERIC));
    let kind = if name.ends_with(".json") { "application/json" } else { "text/csv; charset=utf-8" };
    Ok(HttpResponse::Ok().content_type(kind).insert_header((CONTENT_DISPOSITION, disposition)).body(bytes))
}

/// Reads the file in under the columns that were chosen, or shows what they would bring.
pub async fn confirm(visit: Visit, fields: Fields, Path((vacancy, id)): Path<(VacancyId, ImportId)>) -> Answer {
    let chosen = chosen(&fields);
    let mut errors = Vec::new();
    if !fields.ticked("look") {
        match import::run(&visit.app, &visit.viewer, vacancy.clone(), id.clone(), chosen.clone()).await {
            Ok(()) => return Ok(see_other(paths::import(&vacancy, &id))),
            Err(ActionError::Invalid(found)) => errors = found,
            Err(error) => return Err(error.into()),
        }
    }
    let shown = import::preview(&visit.app, &visit.viewer, vacancy.clone(), id.clone(), chosen).await?;
    let State::Waiting(preview) = &shown.state else { return Ok(see_other(paths::import(&vacancy, &id))) };
    let refused = !errors.is_empty();
    let page = checked(&visit, &shown, &id, preview, Errors(errors));
    Ok(if refused { page.refused() } else { page.ok() })
}

/// What was chosen, `column-0` and so on, and `fault-0` for what a value costs that cannot be read; a form without any
/// leaves the guess.
fn chosen(fields: &Fields) -> Chosen {
    let column = |(name, value): (&str, &str)| Some((name.strip_prefix("column-")?.parse().ok()?, value.to_owned()));
    let fault = |(name, value): (&str, &str)| name.strip_prefix("fault-").filter(|_| value == "row")?.parse().ok();
    let chosen: Vec<(usize, String)> = fields.pairs().filter_map(column).collect();
    let whole_rows = fields.pairs().filter_map(fault).collect();
    (!chosen.is_empty()).then_some(Choice { fields: chosen, whole_rows })
}

async fn vacancy(visit: &Visit, id: VacancyId) -> Result<Vacancy, WebError> {
    visit.find(move |conn, viewer| store::vacancy::find(conn, &viewer.organisation.id, &id)).await
}

fn page<'a>(visit: &'a Visit, title: &str, vacancy: &Vacancy, body: impl Render) -> Page<'a> {
    visit.page(title, Nav::Vacancies, body).in_mode(vacancy.mode)
}

/// The page that has the columns checked.
fn checked<'a>(visit: &'a Visit, shown: &ImportOverview, id: &ImportId, preview: &Preview, errors: Errors) -> Page<'a> {
    let view = CheckColumns { vacancy: &shown.vacancy, id, file_name: &shown.file_name, preview, errors };
    page(visit, view.title(), &shown.vacancy, view)
}

struct ChooseFile<'a> {
    vacancy: &'a Vacancy,
    token: &'a str,
    ask: bool,
    errors: Errors,
}

impl Render for ChooseFile<'_> {
    fn render(&self) -> Markup {
        let vacancy = paths::vacancy(&self.vacancy.id);
        let lede = html! {
            "Nobody is added twice: people already known by external ID or e-mail address are updated. Importing sends nothing to any webhook."
        };
        let error = self.errors.of("file");
        html! {
            (self.errors.summary())
            (Head::below(Nav::Vacancies, "Import candidates").under(&self.vacancy.title, vacancy.clone()).lede(lede))
            form.form method="post" enctype="multipart/form-data" action=(paths::vacancy_import(&self.vacancy.id)) novalidate {
                (token_field(self.token))
                div.field {
                    label for="file" { "File" }
                    p.soft.small id="file-hint" {
                        "CSV as Excel, Google Sheets and other systems write it, with the names of the columns in its first row; or JSON, a list of candidates. Up to 10 MiB and 5,000 candidates."
                    }
                    (wrong("file", error))
                    input #file name="file" type="file" accept=".csv,.tsv,.txt,.json" aria-invalid=[error.map(|_| "true")]
                        aria-describedby=(describedby("file", "hint", error));
                }
                label.tick {
                    input type="checkbox" name="columns" value="1" checked[self.ask];
                    span { "Show me the columns first" }
                    span.soft.small { "Otherwise it is imported at once, unless we cannot tell what a column is." }
                }
                (rules())
                div.row { button.btn.main { "Import candidates" } a.btn href=(vacancy) { "Cancel" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::samples::vacancy;

    #[test]
    fn a_refused_file_says_why_beside_the_field_and_keeps_the_tick() {
        let vacancy = vacancy("<i>Engineer");
        let errors = Errors(vec![FieldError::new("file", "Line 3 opens a quote that is never closed")]);
        let page = ChooseFile { vacancy: &vacancy, token: "t", ask: true, errors }.render().0;
        assert!(page.contains(r##"<a href="#file">Line 3 opens a quote"##) && page.contains("&lt;i&gt;Engineer"));
        assert!(page.contains(r#"aria-describedby="file-hint file-error""#) && page.contains(r#"value="1" checked"#));
        assert!(
            page.contains(r#"accept=".csv,.tsv,.txt,.json""#) && page.contains(r#"<label for="file">File</label>"#)
        );
    }

    #[test]
    fn choices_are_read_by_their_column() {
        let fields =
            Fields::parse(b"column-0=email&fault-0=value&column-12=rating&fault-12=row&column-x=stage&token=t");
        let choice = Choice { fields: vec![(0, "email".into()), (12, "rating".into())], whole_rows: vec![12] };
        assert_eq!(chosen(&fields), Some(choice));
        assert_eq!(chosen(&Fields::parse(b"token=t")), None);
    }
}
