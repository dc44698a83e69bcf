//! Rows one by one, each held against those before it.

use std::collections::HashMap;
use std::fmt;

use chrono::TimeDelta;

use super::{Draft, PROBLEMS_A_ROW, Problem, Rows, Today};

/// Takes what was read of each row.
pub(super) struct Collector {
    pub rows: Rows,
    ids: HashMap<String, Place>,
    emails: HashMap<String, Place>,
    today: Today,
}

/// The row in which somebody stands, and their name: `row 8 (Iñigo Venkataraman)`.
#[derive(Debug, Clone)]
struct Place {
    row: u64,
    name: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {} ({})", self.row, self.name)
    }
}

impl Collector {
    pub fn new(today: Today) -> Self {
        Self { rows: Rows::default(), ids: HashMap::new(), emails: HashMap::new(), today }
    }

    /// A draft of which single values are left out, or none: that there is no name is a problem, unless one that cannot be
    /// read is why; and from a row that tells nobody nothing is taken.
    pub fn settle(&mut self, draft: Option<Draft>, row: u64, mut problems: Vec<Problem>, nobody: bool) {
        if draft.is_none() && !nobody {
            problems.push(Problem::of_row(row, "has no name; give a first, last or full name"));
        }
        let who = draft.as_ref().map(|draft| draft.profile.full_name.clone());
        for problem in &mut problems {
            problem.who.clone_from(&who);
        }
        self.take(draft.filter(|_| !nobody), problems);
    }

    /// Keeps the draft unless it repeats a row that was kept.
    pub fn take(&mut self, draft: Option<Draft>, mut problems: Vec<Problem>) {
        if let Some(draft) = draft {
            match self.repeated(&draft) {
                Some(message) => {
                    let who = Some(draft.profile.full_name);
                    problems = vec![Problem { who, ..Problem::of_row(draft.row, message) }];
                }
                None => {
                    problems.iter_mut().for_each(|problem| problem.is_kept = true);
                    let place = Place { row: draft.row, name: draft.profile.full_name.clone() };
                    self.ids.extend(draft.external_id.clone().map(|id| (id, place.clone())));
                    self.emails.extend(draft.profile.emails.iter().map(|email| (email.value.clone(), place.clone())));
                    self.rows.drafts.push(draft);
                }
            }
        }
        self.rows.problems.extend(problems.into_iter().take(PROBLEMS_A_ROW));
    }

    fn repeated(&self, draft: &Draft) -> Option<String> {
        let same = |what: &str, first: &Place| Some(format!("has the same {what} as {first}"));
        if let Some(first) = draft.external_id.as_ref().and_then(|id| self.ids.get(id)) {
            return same("external id", first);
        }
        same("e-mail address", draft.profile.emails.iter().find_map(|email| self.emails.get(&email.value))?)
    }

    /// Everything that was taken, with a word about what should be known before it is stored.
    pub fn finish(mut self) -> Rows {
        let rows = |count: usize, one: &str, more: &str| match count {
            1 => format!("1 row {one}"),
            _ => format!("{count} rows {more}"),
        };
        let is_unknown = |d: &&Draft| d.known_as.is_none() && d.external_id.is_none() && d.profile.emails.is_empty();
        let unknown = self.rows.drafts.iter().filter(is_unknown).count();
        if unknown > 0 {
            let rows = rows(unknown, "has", "have");
            self.rows.notes.push(format!(
                "{rows} neither an external id nor an e-mail address: importing the file again would add {} again.",
                if unknown == 1 { "this person" } else { "these people" }
            ));
        }
        let tomorrow = self.today.now + TimeDelta::days(1);
        let future = self.rows.drafts.iter().filter(|draft| draft.applied_at.is_some_and(|at| at > tomorrow)).count();
        if future > 0 {
            self.rows.notes.push(format!("{} in the future.", rows(future, "has a date", "have dates")));
        }
        self.rows
    }
}
