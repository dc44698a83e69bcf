//! The query of a list's address: what it filters by and which page it names. It is read once, kept as it was typed, and
//! written back into links.

use std::fmt::Display;
use std::str::FromStr;

use chrono::{DateTime, Datelike as _, NaiveDate};
use maud::{Markup, html};

use crate::actions::FieldError;
use crate::store::page::{Cursor, Page, Slice};
use crate::web::bidi::isolated;
use crate::web::form::{Errors, Fields, describedby, wrong};
use crate::web::ui::Pager;

/// The field that says whether tests are listed; it filters nothing out.
const TESTS: &str = "tests";

/// What stands in an address.
#[derive(Debug, Clone, Default)]
pub struct Query {
    list: &'static str,
    typed: Vec<(&'static str, String)>,
    edges: [String; 2],
    /// What could not be read.
    pub errors: Errors,
}

impl Query {
    /// Reads the query of a list's address; its fields in the order of the address.
    pub fn read(list: &'static str, names: &[&'static str], query: &str) -> Self {
        let fields = Fields::parse(query.as_bytes());
        let typed = names.iter().map(|name| (*name, fields.one(name).trim().to_owned())).collect();
        let edges = ["before", "after"].map(|name| fields.one(name).to_owned());
        Self { list, typed, edges, errors: Errors::default() }
    }

    /// What was typed in a field.
    pub fn typed(&self, name: &str) -> &str {
        self.typed.iter().find(|(field, _)| *field == name).map_or("", |(_, typed)| typed)
    }

    /// Whether anything is filtered by.
    pub fn is_any(&self) -> bool {
        self.typed.iter().any(|(name, typed)| *name != TESTS && !is_none(typed))
    }

    /// Reads how tests are listed, as one of some words; any other is none of them.
    pub fn tests<'a>(&mut self, words: &[&'a str]) -> &'a str {
        let word = words.iter().find(|word| self.typed(TESTS) == **word).copied().unwrap_or_default();
        self.typed.iter_mut().filter(|(name, _)| *name == TESTS).for_each(|(_, typed)| *typed = word.to_owned());
        word
    }

    /// Reads a field whose value comes from a list; empty and `any` are none.
    pub fn choice<T>(&mut self, name: &str, problem: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let typed = self.typed(name);
        if is_none(typed) {
            return None;
        }
        let read = parse(&typed.to_lowercase());
        if read.is_none() {
            self.errors.0.push(FieldError::new(name, problem));
        }
        read
    }

    /// Reads the first and the last day.
    pub fn days(&mut self) -> (Option<NaiveDate>, Option<NaiveDate>) {
        let from = self.choice("from", "From must be a day, such as 2026-11-14", day);
        let to = self.choice("to", "To must be a day, such as 2026-11-20", day);
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            self.errors.0.push(FieldError::new("from", "From must be on or before To"));
        }
        (from, to)
    }

    /// Reads which page of the list it is.
    pub fn slice<Id: FromStr>(&mut self, noun: &str) -> Slice<Id> {
        let [before, after] = self.edges.each_ref().map(|text| (!text.is_empty()).then(|| cursor(text)));
        match (before, after) {
            (Some(Some(at)), None) => return Slice::OlderThan(at),
            (None, Some(Some(at))) => return Slice::NewerThan(at),
            (None, None) => {}
            _ => {
                let problem = format!("The address names no page of the {noun}; start from the newest");
                self.errors.0.push(FieldError::new("main", problem));
            }
        }
        Slice::Newest
    }

    /// The address of the newest page with these filters, some of them set otherwise; an empty value removes one.
    pub fn link(&self, changes: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, typed) in &self.typed {
            let value = changes.iter().find(|(changed, _)| changed == name).map_or(typed.as_str(), |(_, value)| value);
            if !is_none(value) {
                query.append_pair(name, value);
            }
        }
        query.extend_pairs(changes.iter().filter(|(name, _)| matches!(*name, "before" | "after")));
        let query = query.finish();
        if query.is_empty() { self.list.to_owned() } else { format!("{}?{query}", self.list) }
    }

    /// The ways to other pages from this one, and between them what it shows.
    pub fn pager<T, Id: Display>(&self, page: &Page<T>, place: impl Fn(&T) -> Cursor<Id>, shown: Markup) -> Pager {
        let edge = |name, line: Option<&T>| line.map(|line| self.link(&[(name, &cursor_text(&place(line)))]));
        Pager {
            newest: page.has_newer.then(|| self.link(&[])),
            newer: edge("after", page.lines.first().filter(|_| page.has_newer)),
            shown,
            older: edge("before", page.lines.last().filter(|_| page.has_older)),
        }
    }

    /// A choice of a filter; one that is not on the list is kept as it was typed.
    pub fn select(&self, name: &str, label: &str, options: &[(String, String)]) -> Markup {
        let (typed, error) = (self.typed(name), self.errors.of(name));
        let is_any = is_none(typed);
        let chosen = |value: &str, label: &str| typed.eq_ignore_ascii_case(value) || typed.eq_ignore_ascii_case(label);
        let known = is_any || options.iter().any(|(value, label)| chosen(value, label));
        html! {
            div.field {
                label for=(name) { (label) }
                (wrong(name, error))
                select id=(name) name=(name) aria-invalid=[error.map(|_| "true")] aria-describedby=[described(name, error)] {
                    option value="" selected[is_any] { "Any" }
                    @if !known { option value=(typed) selected { (typed) } }
                    @for (value, label) in options {
                        option value=(value) selected[!is_any && chosen(value, label)] { (isolated(label)) }
                    }
                }
            }
        }
    }

    /// A day of a filter.
    pub fn date(&self, name: &str, label: &str) -> Markup {
        let (typed, error) = (self.typed(name), self.errors.of(name));
        // A date field cannot show what is no date; a text field keeps what was typed.
        let kind = if typed.is_empty() || day(typed).is_some() { "date" } else { "text" };
        html! {
            div.field {
                label for=(name) { (label) }
                (wrong(name, error))
                input id=(name) name=(name) type=(kind) value=(typed)
                    aria-invalid=[error.map(|_| "true")] aria-describedby=[described(name, error)];
            }
        }
    }
}

/// A place in a list as it stands in an address.
pub fn cursor_text<Id: Display>(at: &Cursor<Id>) -> String {
    format!("{}.{}", at.created_at.timestamp_micros(), at.id)
}

fn cursor<Id: FromStr>(text: &str) -> Option<Cursor<Id>> {
    let (micros, id) = text.split_once('.')?;
    Some(Cursor { created_at: DateTime::from_timestamp_micros(micros.parse().ok()?)?, id: id.parse().ok()? })
}

fn is_none(typed: &str) -> bool {
    typed.is_empty() || typed.eq_ignore_ascii_case("any")
}

fn described(name: &str, error: Option<&str>) -> Option<String> {
    error.map(|_| describedby(name, "", error))
}

/// Reads a day as date fields write it.
fn day(typed: &str) -> Option<NaiveDate> {
    let day = NaiveDate::parse_from_str(typed, "%Y-%m-%d").ok()?;
    (1970..=9998).contains(&day.year()).then_some(day)
}
