//! Candidates as JSON: a list of objects in the names of the wire.
//!
//! The list stands alone, under `candidates`, or where an export of our own has it, under `data.candidates`. Names are
//! read however they are spelled (`firstName`, `first_name`), names that are not known are left alone, and what belongs
//! to the application (`appliedAt`, `source`, `status`, `stage`, `answers`) may stand in the candidate or under
//! `application`. Where CSV has lines, JSON has the place in the list, from 1; where CSV has columns, JSON has paths
//! such as `emails[1]`.

use chrono_tz::Tz;
use serde_json::Value;

use super::dates::Dates;
use super::decode::decode;
use super::headers::field_of;
use super::names::Name;
use super::rows::settle;
use super::values::{self, OTHER, Read};
use super::{Collector, Draft, FileError, LARGEST_CELL, MOST_ROWS, Problem, Rows};
use crate::domain::candidate::{Answer, Assessment, Experience, Language, Profile, Qualification, Rating, Review};

mod object;

use object::{At, get, kind, text_of};

/// Whether a file is to be read as JSON rather than CSV: it begins with a bracket or a brace.
pub fn is_json(bytes: &[u8]) -> bool {
    let before = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, 0 | 0xef | 0xbb | 0xbf | 0xfe | 0xff);
    bytes.iter().find(|byte| !before(byte)).is_some_and(|byte| matches!(byte, b'[' | b'{'))
}

/// Reads a list of candidates. Times without an offset are those of `time_zone`.
pub fn read_json(bytes: &[u8], time_zone: Tz) -> Result<Rows, FileError> {
    let text = decode(bytes)?;
    if text.trim().is_empty() {
        return Err(FileError::Empty);
    }
    let whole: Value = serde_json::from_str(&text)
        .map_err(|error| FileError::NotJson { line: error.line() as u64, reason: error.to_string() })?;
    let items = list(&whole).ok_or(FileError::NoList)?;
    match items.len() {
        0 => return Err(FileError::NoRows),
        found if found > MOST_ROWS => return Err(FileError::TooManyRows { line: MOST_ROWS as u64 + 1 }),
        _ => {}
    }
    let dates = Dates::of(items.iter().filter_map(applied_at), time_zone);
    let mut collector = Collector::default();
    collector.rows.notes.extend(dates.note("appliedAt"));
    for (item, line) in items.iter().zip(1..) {
        collector.take(read_item(item, line, &dates));
    }
    Ok(collector.finish())
}

fn list(whole: &Value) -> Option<&Vec<Value>> {
    match whole {
        Value::Array(items) => Some(items),
        Value::Object(object) => match (get(object, "candidates"), get(object, "data")) {
            (Some((_, list)), _) => list.as_array(),
            (None, Some((_, data))) => get(data.as_object()?, "candidates")?.1.as_array(),
            (None, None) => None,
        },
        _ => None,
    }
}

fn applied_at(item: &Value) -> Option<&str> {
    let item = item.as_object()?;
    let application = get(item, "application").and_then(|(_, inner)| inner.as_object());
    [Some(item), application].into_iter().flatten().find_map(|object| get(object, "appliedat")?.1.as_str())
}

fn read_item(item: &Value, line: u64, dates: &Dates) -> Result<Draft, Vec<Problem>> {
    let Some(object) = item.as_object() else {
        return Err(vec![Problem::of_row(line, format!("is {}, not an object", kind(item)))]);
    };
    let mut problems = Vec::new();
    let mut at = At { object, path: String::new(), line, problems: &mut problems };
    let draft = draft(&mut at, dates);
    let is_name = |path: &str| field_of(path).is_some_and(|(field, _)| field.is_name());
    let name_is_wrong = problems.iter().any(|problem| problem.column.as_deref().is_some_and(is_name));
    settle(draft, line, problems, name_is_wrong)
}

fn draft(at: &mut At<'_, '_>, dates: &Dates) -> Option<Draft> {
    let name = Name {
        first: at.line("firstname"),
        last: at.line("lastname"),
        full: at.line("fullname").or_else(|| at.line("name")),
    };
    let mut profile = Profile {
        emails: at.contacts("email", |text, kind| values::email(text, kind.unwrap_or(OTHER))),
        phones: at.contacts("phone", |text, kind| values::phone(text, kind.unwrap_or(OTHER))),
        links: at.contacts("link", values::link),
        location: at.line("location"),
        qualifications: at.list("qualification", qualification),
        experience: at.list("experience", experience),
        skills: at.words("skill", values::word),
        languages: at.list("language", language),
        tags: at.words("tag", values::word),
        ..Profile::default()
    };
    let external_id = at.read("externalid", values::identifier).flatten();
    let (mut answers, ratings) = (at.list("answer", answer), at.list("rating", rating));
    let assessments = at.list("assessment", assessment);
    let mut applied = [at.date("appliedat", dates), None];
    let mut told = [at.line("source"), at.read("status", values::status).flatten(), at.line("stage")];
    if let Some((key, inner)) = get(at.object, "application")
        && let Some(mut inner) = at.inner(key.to_owned(), inner)
    {
        applied[1] = inner.date("appliedat", dates);
        let [source, status, stage] = &mut told;
        *source = source.take().or_else(|| inner.line("source"));
        *status = status.take().or_else(|| inner.read("status", values::status).flatten());
        *stage = stage.take().or_else(|| inner.line("stage"));
        answers.extend(inner.list("answer", answer));
    }
    let (first_name, last_name, full_name, names) = name.complete()?;
    (profile.first_name, profile.last_name, profile.full_name) = (first_name, last_name, full_name);
    let [source, status, stage] = told;
    let review = Review { answers, ratings, assessments };
    let applied_at = applied.into_iter().flatten().next();
    Some(Draft { line: at.line, external_id, profile, names, applied_at, source, status, stage, review })
}

fn qualification(value: &Value, at: Option<&mut At<'_, '_>>) -> Read<Option<Qualification>> {
    let Some(at) = at else {
        return Ok(text_of(value, values::line)?.map(|title| Qualification { title, institution: None, year: None }));
    };
    let year = at.number("year").filter(|year| year.fract() == 0.0 && (1_900.0..2_200.0).contains(year));
    let (title, institution) = (at.line("title"), at.line("institution"));
    let known = title.is_some() || institution.is_some();
    Ok(known.then(|| Qualification { title: title.unwrap_or_default(), institution, year: year.map(|y| y as i32) }))
}

fn experience(value: &Value, at: Option<&mut At<'_, '_>>) -> Read<Option<Experience>> {
    let Some(at) = at else {
        let title = text_of(value, values::line)?;
        return Ok(title.map(|title| Experience { company: None, title, from: None, to: None }));
    };
    let (company, title) = (at.line("company"), at.line("title"));
    let (from, to) = (at.line("from"), at.line("to"));
    let known = company.is_some() || title.is_some();
    Ok(known.then(|| Experience { company, title: title.unwrap_or_default(), from, to }))
}

fn language(value: &Value, at: Option<&mut At<'_, '_>>) -> Read<Option<Language>> {
    let Some(at) = at else { return text_of(value, values::language).map(Some) };
    let level = at.line("level");
    at.demand("language")?;
    Ok(at.line("language").map(|language| Language { language, level }))
}

fn answer(_: &Value, at: Option<&mut At<'_, '_>>) -> Read<Option<Answer>> {
    let at = at.ok_or("is not an object with question and answer")?;
    let answer = at.read("answer", |text| {
        let fits = text.len() <= LARGEST_CELL;
        if fits { Ok(values::text(text)) } else { Err("is longer than 64 KiB".to_owned()) }
    });
    at.demand("question")?;
    Ok(at.line("question").zip(answer).map(|(question, answer)| Answer { question, answer }))
}

fn rating(_: &Value, at: Option<&mut At<'_, '_>>) -> Read<Option<Rating>> {
    let at = at.ok_or("is not an object with criterion, score and max")?;
    at.demand("criterion")?;
    at.demand("score")?;
    let (criterion, score) = (at.line("criterion"), at.number("score"));
    let max = at.number("max").unwrap_or(5.0);
    match (criterion, score) {
        (Some(_), Some(score)) if max <= 0.0 || !(0.0..=max).contains(&score) => {
            Err(format!("has a score of {score}, which is not between 0 and {max}"))
        }
        (Some(criterion), Some(score)) => Ok(Some(Rating { criterion, score, max })),
        _ => Ok(None),
    }
}

fn assessment(_: &Value, at: Option<&mut At<'_, '_>>) -> Read<Option<Assessment>> {
    let at = at.ok_or("is not an object with name, score and max")?;
    let utc = Dates::of(std::iter::empty(), Tz::UTC);
    let (score, max) = (at.number("score"), at.number("max"));
    let completed_at = at.date("completedat", &utc);
    at.demand("name")?;
    Ok(at.line("name").map(|name| Assessment { name, score, max, completed_at }))
}
