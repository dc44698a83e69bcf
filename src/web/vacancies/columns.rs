//! What each column of a file means, checked by a person before anything is stored.

use super::report::{Row, problems, sentences};
use crate::actions::import::{Column, Preview};
use crate::domain::ids::ImportId;
use crate::domain::import::Field;
use crate::domain::vacancy::Vacancy;
use crate::web::bidi::isolated;
use crate::web::form::wrong;
use crate::web::prelude::*;
use crate::web::words::{count, list};

/// The page.
pub struct CheckColumns<'a> {
    /// Into what.
    pub vacancy: &'a Vacancy,
    /// The import.
    pub id: &'a ImportId,
    /// What the file is called.
    pub file_name: &'a str,
    /// What would come of it.
    pub preview: &'a Preview,
    /// What is wrong with the choices.
    pub errors: Errors,
}

impl CheckColumns<'_> {
    /// Its heading. JSON names its own fields, so there are no columns to check.
    pub fn title(&self) -> &'static str {
        if self.preview.columns.is_empty() { "Check the file" } else { "Check the columns" }
    }

    fn says(&self) -> Markup {
        let Preview { good, bad, partly, refusal, .. } = self.preview;
        html! {
            p.says {
                @if let Some(refusal) = refusal {
                    bdi { (self.file_name) } " cannot be imported like this. " (refusal) "."
                } @else {
                    @let left_out = (*bad > 0).then(|| format!("{} would be left out", count(*bad, "row")));
                    @let can = format!("{} can be imported", count(*good, "candidate"));
                    @let lacking = (*partly > 0).then(|| format!("{} would lack a value", count(*partly, "row")));
                    @let parts: Vec<String> = [Some(can), left_out, lacking].into_iter().flatten().collect();
                    bdi { (self.file_name) } ": " (list(&parts)) "."
                }
            }
        }
    }

    fn columns(&self) -> Markup {
        Table::pairs(["Column", "Becomes", "If a value cannot be read", "Examples"])
            .rows(html! { @for (at, column) in self.preview.columns.iter().enumerate() { (self.column(at, column)) } })
    }

    fn column(&self, at: usize, column: &Column) -> Markup {
        let name = format!("column-{at}");
        let error = self.errors.of(&name);
        html! {
            tr {
                th scope="row" { bdi { (column.name) } }
                td.whole {
                    div.field {
                        (wrong(&name, error))
                        select id=(name) name=(name) aria-label={ (isolated(&column.name)) " becomes" } aria-invalid=[error.map(|_| "true")]
                            aria-describedby=[error.map(|_| format!("{name}-error"))] {
                            @for field in Field::ALL {
                                option value=(field.as_str()) selected[field == column.field] {
                                    @if field == Field::Ignore { "Leave out" } @else { (field.label()) }
                                }
                            }
                        }
                    }
                }
                td.whole {
                    select name={ "fault-" (at) } aria-label={ "If a value of " (isolated(&column.name)) " cannot be read" } {
                        option value="value" { "Leave the value out" }
                        option value="row" selected[column.costs_row] { "Leave the row out" }
                    }
                }
                td.soft.whole {
                    @if column.examples.is_empty() { "empty" }
                    @for (at, example) in column.examples.iter().enumerate() { @if at > 0 { ", " } bdi { (example) } }
                }
            }
        }
    }
}

impl Render for CheckColumns<'_> {
    fn render(&self) -> Markup {
        let vacancy = paths::vacancy(&self.vacancy.id);
        let preview = self.preview;
        let hint = html! { "Check our guesses and change what is wrong. Without a name, or with an id of which digits are lost, the row is always left out." };
        html! {
            (self.errors.summary())
            (Head::below(Nav::Vacancies, self.title()).under(&self.vacancy.title, &vacancy))
            (self.says())
            form method="post" action=(paths::import(&self.vacancy.id, self.id)) {
                @if !preview.columns.is_empty() { (part("Columns", hint, self.columns())) }
                @if !preview.notes.is_empty() { (part("Assumed", html! {}, sentences(&preview.notes))) }
                @if !preview.problems.is_empty() {
                    @let hint = html! { (skipped(preview)) " The rest will be imported. What is left out can be downloaded afterwards, corrected and imported again." };
                    @let rows = preview.problems.iter().map(Row::from).collect();
                    (part("Left out", hint, problems(rows, preview.columns.is_empty())))
                }
                div.part {
                    header {}
                    div.row {
                        button.btn.main { "Import candidates" }
                        @if !preview.columns.is_empty() { button.btn name="look" value="1" { "Check again" } }
                        a.btn href=(paths::vacancy_import(&self.vacancy.id)) { "Choose another file" }
                    }
                }
            }
        }
    }
}

/// `12 rows will be skipped, and single values of 3.`
fn skipped(preview: &Preview) -> String {
    let values = |rows: usize| format!("single values of {} will be left out", count(rows, "row"));
    match (preview.bad, preview.partly) {
        (0, partly) => {
            let mut words = values(partly);
            words.replace_range(..1, "S");
            words + "."
        }
        (bad, 0) => format!("{} will be skipped.", count(bad, "row")),
        (bad, partly) => format!("{} will be skipped, and {}.", count(bad, "row"), values(partly)),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::actions::FieldError;
    use crate::domain::import::Problem;
    use crate::web::samples::vacancy;

    fn page(preview: &Preview, errors: Errors) -> String {
        let (vacancy, id) = (vacancy("Engineer"), ImportId::new(DateTime::UNIX_EPOCH));
        CheckColumns { vacancy: &vacancy, id: &id, file_name: "a<b>.csv", preview, errors }.render().0
    }

    fn column(name: &str, field: Field, examples: &[&str]) -> Column {
        Column {
            name: name.into(),
            field,
            costs_row: false,
            examples: examples.iter().map(|e| (*e).to_owned()).collect(),
        }
    }

    #[test]
    fn each_column_shows_its_guess_and_its_first_values() {
        let columns = vec![
            column("Name", Field::FullName, &["محمد العتيبي", "<script>"]),
            column("Internal", Field::Ignore, &[]),
        ];
        let problems = vec![Problem::of_row(4, "has no name")];
        let preview = Preview { columns, good: 12, bad: 1, problems, ..Preview::default() };
        let page = page(&preview, Errors::default());
        assert!(page.contains("a&lt;b&gt;.csv</bdi>: 12 candidates can be imported and 1 row would be left out."));
        assert!(page.contains(r#"<option value="full_name" selected>Full name</option>"#));
        assert!(page.contains(r#"<option value="ignore" selected>Leave out</option>"#));
        assert!(page.contains("<bdi>محمد العتيبي</bdi>, <bdi>&lt;script&gt;</bdi>") && page.contains(">empty</td>"));
        assert!(page.contains("has no name") && page.contains(">4</"));
        assert!(page.contains("1 row will be skipped. The rest will be imported."), "{page}");
        assert!(page.contains(r#"<select name="fault-0" aria-label="If a value of Name cannot be read">"#), "{page}");
    }

    #[test]
    fn a_refused_choice_stands_beside_its_column() {
        let columns = vec![column("A", Field::Stage, &["x"]), column("B", Field::Stage, &["y"])];
        let refusal = Some("Stage is chosen for both “A” and “B”; choose it once".to_owned());
        let errors = Errors(vec![FieldError::new("column-1", refusal.as_deref().unwrap_or_default())]);
        let page = page(&Preview { columns, refusal, ..Preview::default() }, errors);
        assert!(page.contains(r##"<a href="#column-1">Stage is chosen for both"##));
        assert!(page.contains(r#"aria-describedby="column-1-error""#) && page.contains("cannot be imported like this"));
    }

    #[test]
    fn json_has_no_columns_to_check() {
        let page = page(&Preview { good: 1, ..Preview::default() }, Errors::default());
        assert!(page.contains("Check the file") && !page.contains("<select") && !page.contains("Check again"));
    }
}
