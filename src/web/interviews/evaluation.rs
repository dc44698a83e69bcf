//! What came of a session, as its page tells it.

use std::time::Duration;

use crate::domain::interview::result::{Evaluation, ResumeEvaluation, Score, SessionResult, Speaker, Turn};
use crate::web::prelude::*;

/// A result; words about the candidate and theirs only for those who may see them (B11).
pub struct Outcome<'a> {
    /// What came of it.
    pub result: &'a SessionResult,
    /// Whether words are masked.
    pub masked: bool,
}

impl Render for Outcome<'_> {
    fn render(&self) -> Markup {
        let result = self.result;
        html! {
            (part("Scores", html! { "From 0 to 100" }, self.scores()))
            @if self.masked {
                (part("Evaluation", html! {}, html! {
                    p.small.soft { "What was said and judged is masked for Support. An Organisation Admin or a Recruiter sees it." }
                }))
            } @else {
                @if let Some(evaluation) = &result.evaluation { (part("Evaluation", html! {}, words(evaluation))) }
                @if let Some(resume) = &result.resume_evaluation { (part("Résumé", html! {}, self.resume(resume))) }
                @if let Some(turns) = &result.transcript { (part("Transcript", html! { "Minutes and seconds from the beginning" }, transcript(turns))) }
            }
        }
    }
}

impl Outcome<'_> {
    fn scores(&self) -> Markup {
        let SessionResult { scores, integrity, evaluation, validation, .. } = self.result;
        let main = [
            ("Overall", scores.overall),
            ("Interview", scores.interview),
            ("Résumé", scores.resume),
            ("Integrity", integrity.score),
        ];
        let five = evaluation.as_ref().map(|told| {
            let five = &told.category_scores;
            [
                ("Communication", five.communication),
                ("Technical knowledge", five.technical_knowledge),
                ("Problem solving", five.problem_solving),
                ("Experience", five.experience),
                ("Motivation", five.motivation),
            ]
        });
        html! {
            dl.sums { @for (name, score) in main { div { dt { (name) } dd { (number(score)) } } } }
            dl.facts.two {
                @for (name, score) in five.into_iter().flatten() { div { dt { (name) } dd { (number(score)) } } }
                @for own in evaluation.iter().flat_map(|told| &told.custom_scores) { (named(own)) }
                @if let Some(risk) = &integrity.risk_level { div { dt { "Risk level" } dd { (risk) } } }
                @if !integrity.flags.is_empty() { div { dt { "Flags" } dd { (integrity.flags.join(", ")) } } }
                @if let Some(passed) = validation.passed {
                    div {
                        dt { "Validation" }
                        dd {
                            @if passed { "Passed" } @else { "Not passed" }
                            @if let Some(reason) = validation.reason.as_ref().filter(|_| !self.masked) { ": " (reason) }
                        }
                    }
                }
            }
        }
    }

    fn resume(&self, resume: &ResumeEvaluation) -> Markup {
        html! {
            dl.facts.two {
                div { dt { "Overall" } dd { (number(resume.overall_score)) } }
                @for own in &resume.criteria { (named(own)) }
            }
            (list("Highlights", &resume.highlights))
        }
    }
}

fn number(score: Option<f64>) -> Markup {
    html! { @match score { Some(score) => (score), None => "–" } }
}

fn named(own: &Score) -> Markup {
    html! { div { dt { bdi { (own.name) } } dd { (number(own.score)) } } }
}

fn words(told: &Evaluation) -> Markup {
    html! {
        @for text in [&told.performance_summary, &told.summary.text].into_iter().flatten() { p { (text) } }
        (list("Strengths", &told.summary.strengths))
        (list("Concerns", &told.summary.concerns))
        @if let Some(language) = &told.language_proficiency {
            dl.facts.two {
                div {
                    dt { "Language" }
                    dd {
                        (language.language.as_deref().unwrap_or("–"))
                        @if let Some(score) = language.overall { ", " (score) }
                    }
                }
            }
        }
    }
}

fn list(name: &str, entries: &[String]) -> Markup {
    html! {
        @if !entries.is_empty() {
            div { h3 { (name) } ul { @for entry in entries { li { (entry) } } } }
        }
    }
}

fn transcript(turns: &[Turn]) -> Markup {
    Table::pairs(["At", "Speaker", "Words"]).rows(html! {
        @for turn in turns {
            tr {
                td { @match turn.offset_seconds { Some(at) => (offset(at)), None => "–" } }
                td { @match turn.speaker { Speaker::Interviewer => "Interviewer", Speaker::Candidate => "Candidate" } }
                td { bdi { (turn.text) } }
            }
        }
    })
}

/// `3:07`.
fn offset(seconds: f64) -> String {
    let whole = Duration::try_from_secs_f64(seconds).unwrap_or_default().as_secs();
    format!("{}:{:02}", whole / 60, whole % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_a_dash_and_groups_that_are_not_there_are_not_told() {
        let result = SessionResult::default();
        let page = Outcome { result: &result, masked: false }.render().0;
        assert!(page.contains("<dt>Overall</dt><dd>–</dd>"), "{page}");
        assert!(!page.contains("Transcript") && !page.contains("Strengths") && !page.contains("Validation"), "{page}");
        assert_eq!((offset(187.9), offset(-3.0), offset(f64::NAN)), ("3:07".into(), "0:00".into(), "0:00".into()));
    }
}
