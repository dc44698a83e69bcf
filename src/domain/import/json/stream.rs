//! The items of a JSON file one after another, so that no file is a whole tree in memory.
//!
//! Reading stops at the first item too many, and within an item at the first value too many.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::domain::import::headers::normal;
use crate::domain::import::{FileError, MAX_ROWS};

/// One item may hold this many values, those within its lists and objects included.
const MAX_VALUES: usize = 20_000;
/// Under which names the list may stand, in the file or in its `data`.
const LISTS: &[&str] = &["candidates", "applicants", "results", "items", "records"];

/// Names that stand twice in one object; the first counts.
pub(super) type Repeated = Vec<String>;

/// Hands on each item with its place from 1; how many there were, or `None` when the text has no list.
pub(super) fn each_item(text: &str, take: &mut dyn FnMut(Value, u64, Repeated)) -> Result<Option<u64>, FileError> {
    let stop = Cell::new(None);
    let mut state = State { take, count: 0, found: false, stop: &stop };
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = Whole { state: &mut state, inside: false }.deserialize(&mut reader).and_then(|()| reader.end());
    let (found, count) = (state.found, state.count);
    match (stop.take(), read) {
        (Some(stop), _) => Err(stop),
        (None, Err(error)) => Err(FileError::NotJson { line: error.line() as u64, reason: error.to_string() }),
        (None, Ok(())) => Ok(found.then_some(count)),
    }
}

struct State<'s> {
    take: &'s mut dyn FnMut(Value, u64, Repeated),
    count: u64,
    found: bool,
    stop: &'s Cell<Option<FileError>>,
}

/// The whole text, or its `data`.
struct Whole<'a, 's> {
    state: &'a mut State<'s>,
    inside: bool,
}

impl<'de> DeserializeSeed<'de> for Whole<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Whole<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of candidates")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let state = self.state;
        state.found = true;
        loop {
            let left = Cell::new(MAX_VALUES);
            let mut repeated = Repeated::new();
            let place = state.count + 1;
            let item = items.next_element_seed(Build { left: &left, repeated: &mut repeated });
            let item = item.inspect_err(|_| {
                if left.get() == 0 {
                    state.stop.set(Some(FileError::TooManyValues { place }));
                }
            })?;
            let Some(item) = item else { return Ok(()) };
            if place > MAX_ROWS as u64 {
                state.stop.set(Some(FileError::TooManyRows { line: place }));
                return Err(A::Error::custom("too many candidates"));
            }
            state.count = place;
            (state.take)(item, place, repeated);
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self { state, inside } = self;
        while let Some(key) = members.next_key::<String>()? {
            let name = normal(&key);
            if !state.found && (LISTS.contains(&name.as_str()) || (name == "data" && !inside)) {
                members.next_value_seed(Whole { state, inside: true })?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// A value, as long as there are values left.
struct Build<'a> {
    left: &'a Cell<usize>,
    repeated: &'a mut Repeated,
}

impl<'de> DeserializeSeed<'de> for Build<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self.left.get().checked_sub(1) {
            Some(left) => self.left.set(left),
            None => return Err(D::Error::custom("too many values")),
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Build<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Build { left: self.left, repeated: self.repeated })? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            let value = members.next_value_seed(Build { left: self.left, repeated: self.repeated })?;
            if object.contains_key(&key) {
                self.repeated.push(key);
            } else {
                object.insert(key, value);
            }
        }
        Ok(Value::Object(object))
    }
}
