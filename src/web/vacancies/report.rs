//! What came of an import: how many, and for every row that was left out, why.

use maud::{Markup, Render, html};

use super::super::layout::{Head, part};
use super::super::paths;
use super::super::words::{count, grouped, list};
use crate::actions::import::Report;
use crate::domain::import::Field;
use crate::domain::vacancy::Vacancy;

/// The page.
pub struct Outcome<'a> {
    /// Into what.
    pub vacancy: &'a Vacancy,
    /// What the file was called.
    pub file_name: &'a str,
    /// What came of it.
    pub report: &'a Report,
}

impl Render for Outcome<'_> {
    fn render(&self) -> Markup {
        let vacancy = paths::vacancy(&self.vacancy.id);
        let crumbs =
            [("Vacancies", Some(paths::VACANCIES.to_owned())), (self.vacancy.title.as_str(), Some(vacancy.clone()))];
        let Report { added, updated, problems: told, problem_count, notes, columns, left_out, .. } = self.report;
        let title = if added + updated > 0 { "Candidates imported" } else { "Nothing new was imported" };
        html! {
            (Head { lede: html! { "From " bdi { (self.file_name) } "." }, ..Head::new(&crumbs, html! { (title) }) })
            p.says { (says(self.report)) }
            p.row {
                a.btn.main href=(vacancy) { "Open the vacancy" }
                a.btn href=(paths::vacancy_import(&self.vacancy.id)) { "Import another file" }
            }
            @if !told.is_empty() {
                @let hint = html! { (count(*left_out, "row")) ". Correct them and import the file again: nobody is added twice." };
                @let rows = told.iter().map(|one| (one.line, one.column.as_deref(), one.message.as_str())).collect();
                @let more = problem_count.saturating_sub(told.len());
                (part("Left out", hint, html! {
                    (problems(rows, columns.is_empty()))
                    @if more > 0 { p.small.soft { "And " (count(more, "further problem")) " like these." } }
                }))
            }
            @if !notes.is_empty() { (part("Assumed", html! {}, sentences(notes))) }
            @if !columns.is_empty() { (part("Columns", html! { "Which column of the file became what" }, became(columns))) }
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
    format!("{}.", parts.join(", "))
}

fn became(columns: &[(String, String)]) -> Markup {
    let field = |key: &str| Field::parse(key).unwrap_or(Field::Ignore);
    let left: Vec<String> =
        columns.iter().filter(|(_, key)| field(key) == Field::Ignore).map(|(name, _)| format!("“{name}”")).collect();
    html! {
        dl.facts.two {
            @for (name, key) in columns.iter().filter(|(_, key)| field(key) != Field::Ignore) {
                div { dt { bdi { (name) } } dd { (field(key).label()) } }
            }
        }
        @if !left.is_empty() { p.small.soft { "Not imported: " (list(&left)) "." } }
    }
}

/// Why rows are left out: line, column, what is wrong. In JSON the line is the place in the list.
pub fn problems(problems: Vec<(u64, Option<&str>, &str)>, json: bool) -> Markup {
    let line = if json { "Place" } else { "Line" };
    html! {
        div.table {
            table.cards.pairs {
                thead {
                    tr {
                        th.num scope="col" { (line) }
                        th scope="col" { "Column" }
                        th scope="col" { "What is wrong" }
                    }
                }
                tbody {
                    @for (number, column, message) in problems {
                        tr {
                            th.num scope="row" data-l=(line) { (number) }
                            td { bdi { (column.unwrap_or("the row")) } }
                            td { (message) }
                        }
                    }
                }
            }
        }
    }
}

/// Sentences, one a line.
pub fn sentences(sentences: &[String]) -> Markup {
    html! { ul.stack.small { @for sentence in sentences { li { (sentence) } } } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::import::Told;
    use crate::web::samples::vacancy;

    fn page(report: &Report) -> String {
        Outcome { vacancy: &vacancy("Engineer"), file_name: "<b>.csv", report }.render().0
    }

    #[test]
    fn the_sentence_counts_and_each_row_left_out_says_why() {
        let report = Report {
            added: 12,
            updated: 3,
            left_out: 2,
            problem_count: 202,
            problems: vec![Told {
                line: 7,
                column: Some("E-mail".into()),
                message: "“<i>” is no e-mail address".into(),
            }],
            columns: vec![("Mail".into(), "email".into()), ("Internal".into(), "ignore".into())],
            ..Report::default()
        };
        let page = page(&report);
        assert!(page.contains("12 candidates added, 3 updated, 2 rows left out."));
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
