//! An object of a JSON file: its members by name, what is wrong with them reported by path.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::shapes::{names_of, text_in};
use crate::domain::candidate::Contact;
use crate::domain::import::clean;
use crate::domain::import::dates::Dates;
use crate::domain::import::headers::is_normally;
use crate::domain::import::values::{self, Read};
use crate::domain::import::{MAX_LIST_LEN, Problem};

/// The members of an object.
pub(super) type Object = Map<String, Value>;

/// An object that is being read, and where it stands.
pub(super) struct At<'v, 'p> {
    pub object: &'v Object,
    pub path: String,
    pub row: u64,
    pub problems: &'p mut Vec<Problem>,
}

/// A member by its name in lower-case letters, however it is spelled in the file and whatever other systems call it;
/// `null` and an empty list are absent.
pub(super) fn get<'v>(object: &'v Object, name: &str) -> Option<(&'v str, &'v Value)> {
    names_of(name).find_map(|name| {
        let is_there = |value: &Value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty());
        let found = object.iter().find(|(key, value)| is_there(value) && is_normally(key, name));
        found.map(|(key, value)| (key.as_str(), value))
    })
}

impl<'v> At<'v, '_> {
    /// Says so when a member is not there.
    pub fn demand(&self, name: &str) -> Read<()> {
        get(self.object, name).map(drop).ok_or_else(|| format!("has no {name}"))
    }

    /// A text or number by `read`; what is wrong is reported.
    pub fn read<T>(&mut self, name: &str, read: impl Fn(&str) -> Read<T>) -> Option<T> {
        let (key, value) = get(self.object, name)?;
        text_of(value, read).map_err(|message| self.report(key, message)).ok()
    }

    pub fn line(&mut self, name: &str) -> Option<String> {
        self.read(name, values::present).flatten()
    }

    /// A part of a name.
    pub fn name(&mut self, name: &str) -> Option<String> {
        self.read(name, values::name).flatten()
    }

    pub fn date(&mut self, name: &str, dates: &Dates) -> Option<DateTime<Utc>> {
        self.read(name, |text| Ok(values::present(text)?.map(|text| dates.present(&text)).transpose()?.flatten()))
            .flatten()
    }

    pub fn number(&mut self, name: &str) -> Option<f64> {
        let (key, value) = get(self.object, name)?;
        let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|number| number.is_finite());
        if number.is_none() {
            self.report(key, format!("is {}, not a number", kind(value)));
        }
        number
    }

    /// Texts, or objects with `type` and `value`.
    pub fn contacts(&mut self, name: &str, read: impl Fn(&str, Option<&str>) -> Read<Contact>) -> Vec<Contact> {
        let mut contacts: Vec<Contact> = self.list(name, |value, at| match at {
            None => text_of(value, |text| read(text, None)).map(Some),
            Some(at) => {
                let kind = at.line("type").map(|kind| kind.to_lowercase());
                at.demand("value")?;
                Ok(at.read("value", |text| read(text, kind.as_deref())))
            }
        });
        let mut seen = HashSet::new();
        contacts.retain(|contact| seen.insert(contact.value.clone()));
        contacts
    }

    /// A list of texts, or one text with commas.
    pub fn words(&mut self, name: &str, read: impl Fn(&str) -> Read<String>) -> Vec<String> {
        let found = get(self.object, name).and_then(|(key, value)| Some((key, value.as_str()?)));
        let mut words: Vec<String> = match found {
            Some((key, text)) => values::each(values::parts(text), read).unwrap_or_else(|message| {
                self.report(key, message);
                Vec::new()
            }),
            None => self.list(name, |value, _| text_of(value, values::line)),
        };
        let mut seen = HashSet::new();
        words.retain(|word| seen.insert(word.to_lowercase()));
        words
    }

    /// A list, each item by `read`, which is given the item as an object if it is one. A single item may stand for a
    /// list of it, and blank ones are nothing.
    pub fn list<T>(&mut self, name: &str, read: impl Fn(&Value, Option<&mut At<'_, '_>>) -> Read<Option<T>>) -> Vec<T> {
        let Some((key, value)) = get(self.object, name) else { return Vec::new() };
        let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        if items.len() > MAX_LIST_LEN {
            self.report(key, format!("holds {} values; it may hold {MAX_LIST_LEN}", items.len()));
            return Vec::new();
        }
        let mut all = Vec::with_capacity(items.len());
        let blank = |item: &Value| item.is_null() || item.as_str().is_some_and(clean::is_nothing);
        for (index, item) in items.iter().enumerate().filter(|(_, item)| !blank(item)) {
            let path = if value.is_array() { format!("{key}[{index}]") } else { key.to_owned() };
            let read = match item.as_object() {
                Some(object) => {
                    let path = format!("{}{path}.", self.path);
                    read(item, Some(&mut At { object, path, row: self.row, problems: self.problems }))
                }
                None => read(item, None),
            };
            match read {
                Ok(item) => all.extend(item),
                Err(message) => self.report(&path, message),
            }
        }
        all
    }

    pub fn inner(&mut self, key: String, value: &'v Value) -> Option<At<'v, '_>> {
        let Some(object) = value.as_object() else {
            self.report(&key, format!("is {}, not an object", kind(value)));
            return None;
        };
        Some(At { object, path: format!("{}{key}.", self.path), row: self.row, problems: self.problems })
    }

    /// Reports what is wrong with a member.
    pub fn report(&mut self, key: &str, message: String) {
        self.problems.push(Problem::of_cell(self.row, format!("{}{key}", self.path), message));
    }
}

/// Reads a text, or a number as it is written: ids are often numbers.
pub(super) fn text_of<T>(value: &Value, read: impl Fn(&str) -> Read<T>) -> Read<T> {
    match value {
        Value::String(text) => read(text),
        Value::Number(number) => read(&number.to_string()),
        Value::Object(object) if text_in(object).is_some() => text_of(text_in(object).unwrap_or(&Value::Null), read),
        // Of several places or sources the first.
        Value::Array(list) if matches!(list.first(), Some(Value::Object(first)) if text_in(first).is_some()) => {
            text_of(&list[0], read)
        }
        other => Err(format!("is {}, not text", kind(other))),
    }
}

pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
