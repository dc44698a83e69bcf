//! What came of an import: how many, and for every row that was left out, why.

use crate::actions::import::{Report, Told};
use crate::domain::ids::ImportId;
use crate::domain::import::{Field, Problem, is_our_remark};
use crate::domain::vacancy::Vacancy;
use crate::web::prelude::*;
use crate::web::words::{count, grouped, list};

/// The page.
pub struct Outcome<'a> {
    /// Into what.
    pub vacancy: &'a Vacancy,
    /// The import.
    pub id: &'a ImportId,
    /// What the file was called.
    pub file_name: &'a str,
    /// What came of it.
    pub report: &'a Report,
}

impl Render for Outcome<'_> {
    fn render(&self) -> Markup {
        let vacancy = paths::vacancy(&self.vacancy.id);
        let Report { added, updated, problems: told, problem_count, notes, columns, .. } = self.report;
        let title = if added + updated > 0 { "Candidates imported" } else { "Nothing new was imported" };
        html! {
            (Head::below(Nav::Vacancies, title).under(&self.vacancy.title, &vacancy).lede(html! { "From " bdi { (self.file_name) } "." }))
            p.says { (says(self.report)) }
            p.row {
                a.btn.main href=(vacancy) { "Open the vacancy" }
                a.btn href=(paths::vacancy_import(&self.vacancy.id)) { "Import another file" }
            }
            @if !told.is_empty() {
                @let more = problem_count.saturating_sub(told.len());
                (part("Left out", self.hint(), html! {
                    (problems(told.iter().map(Row::from).collect(), columns.is_empty()))
                    @if more > 0 { p.small.soft { "And " (count(more, "further problem")) " like these." } }
                    @if self.report.is_downloadable {
                        p.row { a.btn href=(paths::left_out(&self.vacancy.id, self.id)) download { "Download what was left out" } }
                    }
                }))
            }
            @if !notes.is_empty() { (part("Assumed", html! {}, sentences(notes))) }
            @if !columns.is_empty() { (part("Columns", html! { "Which column of the file became what" }, became(columns))) }
        }
    }
}

impl Outcome<'_> {
    fn hint(&self) -> Markup {
        let Report { left_out, partly, is_downloadable, .. } = self.report;
        let rows = (*left_out > 0).then(|| format!("{} as a whole", count(*left_out, "row")));
        let values = (*partly > 0).then(|| format!("of {} single values", count(*partly, "row")));
        let parts: Vec<String> = [rows, values].into_iter().flatten().collect();
        html! {
            (list(&parts)) ". "
            @if *is_downloadable {
                "Download them as a file, correct it and import it: nobody is added twice. It is kept for a day."
            } @else {
                "Correct them and import the file again."
            }
        }
    }
}

/// `12 candidates added, 3 updated, 2 rows left out.`
fn says(report: &Report) -> String {
    let Report { added, updated, unchanged, left_out, .. } = report;
    let mut parts = vec![format!("{} added", count(*added, "candidate"))];
    if *updated > 0 {
        parts.push(format!("{} updated", grouped(*updated)));
    }
    if *unchanged > 0 {
        parts.push(format!("{} known already", grouped(*unchanged)));
    }
    if *left_out > 0 {
        parts.push(format!("{} left out", count(*left_out, "row")));
    }
    let partly = match report.partly {
        0 => String::new(),
        rows => format!(" Of {} single values were left out.", count(rows, "row")),
    };
    format!("{}.{partly}", parts.join(", "))
}

fn became(columns: &[(String, String)]) -> Markup {
    let field = |key: &str| Field::parse(key).unwrap_or(Field::Ignore);
    let left: Vec<String> = columns
        .iter()
        .filter(|(name, key)| field(key) == Field::Ignore && !is_our_remark(name))
        .map(|(name, _)| format!("“{name}”"))
        .collect();
    html! {
        dl.facts.two {
            @for (name, key) in columns.iter().filter(|(_, key)| field(key) != Field::Ignore) {
                div { dt { bdi { (name) } } dd { (field(key).label()) } }
            }
        }
        @if !left.is_empty() { p.small.soft { "Not imported: " (list(&left)) "." } }
    }
}

/// A row of the table of what is left out.
pub struct Row<'a> {
    row: u64,
    who: Option<&'a str>,
    column: Option<&'a str>,
    message: &'a str,
    is_kept: bool,
}

impl<'a> From<&'a Told> for Row<'a> {
    fn from(told: &'a Told) -> Self {
        let Told { row, who, column, message, is_kept } = told;
        Self { row: *row, who: who.as_deref(), column: column.as_deref(), message, is_kept: *is_kept }
    }
}

impl<'a> From<&'a Problem> for Row<'a> {
    fn from(problem: &'a Problem) -> Self {
        let Problem { row, who, column, message, is_kept } = problem;
        Self { row: *row, who: who.as_deref(), column: column.as_deref(), message, is_kept: *is_kept }
    }
}

/// What is left out: row, name, column, what is wrong. In JSON the row is the place in the list.
pub fn problems(rows: Vec<Row<'_>>, json: bool) -> Markup {
    let place = if json { "Place" } else { "Row" };
    Table::pairs([]).numbers(place).columns(["Candidate", "Left out", "What is wrong"]).rows(html! {
        @for Row { row: number, who, column, message, is_kept } in rows {
            tr {
                th.num scope="row" data-l=(place) { (number) }
                td data-l="Candidate" { bdi { (who.unwrap_or("no name")) } }
                td data-l="Left out" {
                    @if is_kept { bdi { (column.unwrap_or("a value")) } }
                    @else { "the row" @if let Some(column) = column { ", for " bdi { (column) } } }
                }
                td { (message) }
            }
        }
    })
}

/// Sentences, one a line.
pub fn sentences(sentences: &[String]) -> Markup {
    html! { ul.stack.small { @for sentence in sentences { li { (sentence) } } } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::samples::vacancy;

    fn page(report: &Report) -> String {
        let id = ImportId::new(chrono::DateTime::UNIX_EPOCH);
        Outcome { vacancy: &vacancy("Engineer"), id: &id, file_name: "<b>.csv", report }.render().0
    }

    #[test]
    fn the_sentence_counts_and_each_row_left_out_says_why() {
        let report = Report {
            added: 12,
            updated: 3,
            left_out: 2,
            problem_count: 202,
            problems: vec![Told {
                row: 7,
                who: Some("Iñigo Venkataraman".into()),
                is_kept: true,
                column: Some("E-mail".into()),
                message: "“<i>” is no e-mail address".into(),
            }],
            partly: 1,
            is_downloadable: true,
            columns: vec![("Mail".into(), "email".into()), ("Internal".into(), "ignore".into())],
            ..Report::default()
        };
        let page = page(&report);
        assert!(
            page.contains("12 candidates added, 3 updated, 2 rows left out. Of 1 row single values were left out.")
        );
        assert!(page.contains("<bdi>Iñigo Venkataraman</bdi>") && page.contains("/left-out\" download"));
        assert!(page.contains("“&lt;i&gt;” is no e-mail address") && page.contains("&lt;b&gt;.csv"));
        assert!(page.contains("<dd>E-mail</dd>") && page.contains("Not imported: “Internal”."));
        assert!(page.contains("And 201 further problems like these."));
    }

    #[test]
    fn a_file_without_news_says_so() {
        let page = page(&Report { unchanged: 5, ..Report::default() });
        assert!(page.contains("Nothing new was imported") && page.contains("0 candidates added, 5 known already."));
    }
}
