//! Candidates as JSON: a list of objects in the names of the wire, or of other systems.
//!
//! The list stands alone, under `candidates`, or where an export of our own has it, under `data.candidates`. Names are
//! read however they are spelled (`firstName`, `first_name`) and as other systems have them ([`shapes`]); those that are
//! not read are named in a note. What belongs to the application (`appliedAt`, `source`, `status`, `stage`, `answers`) may
//! stand in the candidate or under `application`. Where CSV has rows, JSON has the place in the list, from 1; where CSV
//! has columns, JSON has paths such as `emails[1]`.
//!
//! A file is read twice, an item at a time: first for the order of its dates, then for its candidates.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::Value;

use super::contacts::{self, OTHER};
use super::dates::Dates;
use super::decode::{Decoded, decode};
use super::escapes;
use super::headers::field_of;
use super::names::Name;
use super::values::{self, Read};
use super::{Collector, Draft, Field, FileError, MAX_CELL_BYTES, Problem, Rows, Today};
use crate::domain::candidate::{Answer, Assessment, Experience, Language, Profile, Qualification, Rating, Review};
use crate::domain::ids::CandidateId;

mod object;
mod shapes;
mod stream;

use object::{At, get, kind, text_of};
use stream::Repeated;

/// So many names that are not read are named.
const MAX_UNREAD: usize = 20;

/// Whether a file is to be read as JSON rather than CSV: it begins with a bracket or a brace.
pub fn is_json(bytes: &[u8]) -> bool {
    let before = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, 0 | 0xef | 0xbb | 0xbf | 0xfe | 0xff);
    bytes.iter().find(|byte| !before(byte)).is_some_and(|byte| matches!(byte, b'[' | b'{'))
}

/// Reads a list of candidates.
pub fn read_json(bytes: &[u8], today: Today) -> Result<Rows, FileError> {
    let mut texts: Vec<String> = Vec::new();
    let mut unread: Vec<String> = Vec::new();
    items(bytes, |item, _, _| {
        texts.extend(applied_at(&item).map(str::to_owned));
        for key in item.as_object().into_iter().flat_map(|object| object.keys()) {
            if unread.len() < MAX_UNREAD && !shapes::is_known(key) && !unread.contains(key) {
                unread.push(key.clone());
            }
        }
    })?;
    let dates = Dates::of(texts.iter().map(String::as_str), today);
    let mut collector = Collector::new(today);
    collector.rows.notes.extend(dates.note("appliedAt"));
    if !unread.is_empty() {
        let names: Vec<String> = unread.iter().map(|key| format!("“{}”", values::shorten(key))).collect();
        collector.rows.notes.push(format!("Not read: {}.", names.join(", ")));
    }
    let mut is_escaped = false;
    let decoded = items(bytes, |mut item, place, repeated| {
        is_escaped |= escapes::undo_all(&mut item);
        read_item(&item, place, repeated, &dates, &mut collector);
    })?;
    collector.rows.notes.splice(0..0, decoded);
    if is_escaped {
        collector.rows.notes.push(escapes::NOTE.to_owned());
    }
    Ok(collector.finish())
}

/// Hands on the items of a file, one at a time; what was assumed to read its text, as sentences.
pub(super) fn items(bytes: &[u8], mut take: impl FnMut(Value, u64, Repeated)) -> Result<Vec<String>, FileError> {
    let Decoded { text, notes, .. } = decode(bytes)?;
    if text.trim().is_empty() {
        return Err(FileError::Empty);
    }
    match stream::each_item(&with_whole_letters(text), &mut take)? {
        None => Err(FileError::NoList),
        Some(0) => Err(FileError::NoRows),
        Some(_) => Ok(notes),
    }
}

/// Programs that cut a text at a number of letters cut an emoji in two, `\\ud83d`; half of one is no letter.
fn with_whole_letters(text: String) -> String {
    let unit = |at: usize| text.get(at..at + 6)?.strip_prefix("\\u").and_then(|hex| u16::from_str_radix(hex, 16).ok());
    let mut mended = String::new();
    let (mut from, mut at) = (0, 0);
    while let Some(found) = text[at..].find('\\') {
        at += found;
        match (unit(at), unit(at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => at += 12,
            (Some(0xd800..=0xdfff), _) => {
                mended.push_str(&text[from..at]);
                mended.push_str("\\ufffd");
                at += 6;
                from = at;
            }
            // Whatever is escaped is not looked at as the beginning of something.
            _ => at += 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8),
        }
    }
    if from == 0 { text } else { mended + &text[from..] }
}

fn applied_at(item: &Value) -> Option<&str> {
    let item = item.as_object()?;
    let application = get(item, "application").and_then(|(_, inner)| inner.get(0).unwrap_or(inner).as_object());
    [application, Some(item)].into_iter().flatten().find_map(|object| get(object, "appliedat")?.1.as_str())
}

fn read_item(item: &Value, row: u64, repeated: Repeated, dates: &Dates, collector: &mut Collector) {
    let Some(object) = item.as_object() else {
        return collector.take(None, vec![Problem::of_row(row, format!("is {}, not an object", kind(item)))]);
    };
    let mut problems = Vec::new();
    let mut at = At { object, path: String::new(), row, problems: &mut problems };
    for key in repeated {
        at.report(&key, "is there twice; the first one was taken".into());
    }
    let draft = draft(&mut at, dates);
    let is_of = |path: &str| {
        field_of(path)
            .is_some_and(|(field, _)| field.is_name() || matches!(field, Field::ExternalId | Field::HirewireId))
    };
    let twice = |problem: &Problem| problem.message.starts_with("is there twice");
    let nobody = problems.iter().any(|problem| !twice(problem) && problem.column.as_deref().is_some_and(is_of));
    collector.settle(draft, row, problems, nobody);
}

fn draft(at: &mut At<'_, '_>, dates: &Dates) -> Option<Draft> {
    let name =
        Name { first: at.name("firstname"), last: at.name("lastname"), full: at.name("fullname"), last_first: false };
    let mut profile = Profile {
        emails: at.contacts("email", |text, kind| contacts::email(text, kind.unwrap_or(OTHER))),
        phones: at.contacts("phone", |text, kind| contacts::phone(text, kind.unwrap_or(OTHER))),
        links: at.contacts("link", contacts::link),
        location: at.line("location"),
        qualifications: at.list("qualification", qualification),
        experience: at.list("experience", experience),
        skills: at.words("skill", values::word),
        languages: at.list("language", language),
        tags: at.words("tag", values::word),
        ..Profile::default()
    };
    for link in at.contacts("moreLinks", contacts::link) {
        if !profile.links.iter().any(|known| known.value == link.value) {
            profile.links.push(link);
        }
    }
    if profile.experience.is_empty() {
        let (company, title) = (at.line("company"), at.line("title"));
        if company.is_some() || title.is_some() {
            profile.experience.push(Experience { company, title: title.unwrap_or_default(), from: None, to: None });
        }
    }
    let external_id = at.read("externalid", values::identifier).flatten();
    // The id under which an export of our own has them is no other system's.
    let own = at.read("hirewireid", values::identifier).flatten().or_else(|| external_id.clone());
    let known_as = own.and_then(|id| id.parse().ok());
    let external_id = external_id.filter(|id| id.parse::<CandidateId>().is_err());
    let (mut answers, ratings) = (at.list("answer", answer), at.list("rating", rating));
    let assessments = at.list("assessment", assessment);
    let mut applied = [at.date("appliedat", dates), None];
    let mut told = [at.line("source"), at.read("status", values::status).flatten(), at.line("stage")];
    if let Some((key, inner)) = get(at.object, "application")
        && let Some(mut inner) = at.inner(key.to_owned(), inner.get(0).unwrap_or(inner))
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
    // What the application says counts more: a candidate may have been created long before.
    let applied_at = applied.into_iter().rev().flatten().next();
    Some(Draft { row: at.row, known_as, external_id, profile, names, applied_at, source, status, stage, review })
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
        let fits = text.len() <= MAX_CELL_BYTES;
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
    let utc = Dates::of(std::iter::empty(), Today { zone: Tz::UTC, now: DateTime::<Utc>::MAX_UTC });
    let (score, max) = (at.number("score"), at.number("max"));
    let completed_at = at.date("completedat", &utc);
    at.demand("name")?;
    Ok(at.line("name").map(|name| Assessment { name, score, max, completed_at }))
}
