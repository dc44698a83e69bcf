//! The bytes of a payload: JSON that survives every receiver.
//!
//! Many receivers parse a body and print it again before they verify its signature. So a body is printed exactly as
//! ECMAScript prints it: `JSON.stringify(JSON.parse(body)) === body`. That forbids a few things, which [`parse`] refuses
//! with the path at which they stand: duplicate keys (the parser would keep one), keys that look like array indices (the
//! printer would move them to the front), and numbers of 2^53 and above (the parser would round them).

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// The first number that a double cannot tell from its neighbour.
const TWO_TO_53: f64 = 9_007_199_254_740_992.0;

/// Why a text is not acceptable JSON, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct JsonError {
    /// Where it stands, as `data.items[3].id`; the name of the whole when the text is no JSON at all.
    pub path: String,
    /// What is wrong, a sentence without its full stop.
    pub problem: String,
}

/// Parses JSON strictly. `root` names the whole in paths.
pub fn parse(text: &[u8], root: &str) -> Result<Value, JsonError> {
    if text.starts_with(b"\xef\xbb\xbf") {
        return Err(JsonError { path: root.into(), problem: "starts with a byte order mark; send plain UTF-8".into() });
    }
    let mut failed_at = None;
    let mut reader = serde_json::Deserializer::from_slice(text);
    let seed = Strict { path: Path::Root(root), failed_at: &mut failed_at };
    let parsed = seed.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    parsed.map_err(|error| match failed_at {
        Some(found) => found,
        None => JsonError { path: root.into(), problem: format!("is not valid JSON: {error}") },
    })
}

/// Prints a value as ECMAScript's `JSON.stringify` does, without white space.
pub fn print(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    write_value(value, &mut out);
    out
}

fn write_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => write_number(number, out),
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_value(item, out);
            }
            out.push(b']');
        }
        Value::Object(members) => {
            out.push(b'{');
            for (at, (key, item)) in members.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_string(key, out);
                out.push(b':');
                write_value(item, out);
            }
            out.push(b'}');
        }
    }
}

fn write_number(number: &Number, out: &mut Vec<u8>) {
    let plain = number.as_i64().map(|n| n.to_string()).or_else(|| number.as_u64().map(|n| n.to_string()));
    match plain {
        Some(digits) => out.extend_from_slice(digits.as_bytes()),
        None => {
            let double = number.as_f64().unwrap_or_default();
            out.extend_from_slice(ryu_js::Buffer::new().format(double).as_bytes());
        }
    }
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    // serde_json escapes what ECMAScript escapes, in the same short forms and with lower-case hex digits.
    serde_json::to_writer(out, text).expect("writing a string to memory cannot fail");
}

/// Whether ECMAScript would treat the key as an array index and move it before its siblings.
fn is_index(key: &str) -> bool {
    key == "0" || (!key.starts_with('0') && key.parse::<u32>().is_ok_and(|n| n != u32::MAX) && !key.starts_with('+'))
}

/// Where the parser is; written out only when something is wrong there.
#[derive(Clone, Copy)]
enum Path<'a> {
    Root(&'a str),
    Key(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root(root) => f.write_str(root),
            Path::Key(parent, key) => write!(f, "{parent}.{key}"),
            Path::Item(parent, at) => write!(f, "{parent}[{at}]"),
        }
    }
}

struct Strict<'a> {
    path: Path<'a>,
    failed_at: &'a mut Option<JsonError>,
}

impl Strict<'_> {
    fn refuse<E: de::Error>(&mut self, path: Path<'_>, problem: &str) -> E {
        *self.failed_at = Some(JsonError { path: path.to_string(), problem: problem.to_owned() });
        E::custom(problem)
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        self.visit_f64(value as f64).map(|_| Value::from(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        self.visit_f64(value as f64).map(|_| Value::from(value))
    }

    fn visit_f64<E: de::Error>(mut self, value: f64) -> Result<Value, E> {
        if value.abs() >= TWO_TO_53 {
            return Err(
                self.refuse(self.path, "is a number of 2^53 or more, which receivers would round; send it as a string")
            );
        }
        // -0 prints as 0; whole doubles print without a fraction.
        Ok(if value.fract() == 0.0 { Value::from(value as i64) } else { Value::from(value) })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let path = Path::Item(&self.path, list.len());
            match items.next_element_seed(Strict { path, failed_at: self.failed_at })? {
                Some(item) => list.push(item),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            let here = self.path;
            let path = Path::Key(&here, &key);
            if object.contains_key(&key) {
                return Err(self.refuse(path, "stands twice in the same object"));
            }
            if is_index(&key) {
                return Err(
                    self.refuse(path, "is a key that looks like a number, which JavaScript receivers would reorder")
                );
            }
            let item = members.next_value_seed(Strict { path, failed_at: self.failed_at })?;
            object.insert(key, item);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(text: &str) -> String {
        String::from_utf8(print(&parse(text.as_bytes(), "data").expect("acceptable"))).expect("UTF-8")
    }

    fn refused(text: &str) -> String {
        parse(text.as_bytes(), "data").expect_err("refused").path
    }

    #[test]
    fn numbers_are_printed_as_ecmascript_prints_them() {
        assert_eq!(round("[1.0,-0,0.1,1e-7,1.5e3,123456789.125,5e-324]"), "[1,0,0.1,1e-7,1500,123456789.125,5e-324]");
    }

    #[test]
    fn key_order_and_text_are_kept_and_escapes_are_the_short_ones() {
        assert_eq!(
            round(r#"{ "b":"\u00e9\u2028\u0007\b\/", "a":null }"#),
            "{\"b\":\"é\u{2028}\\u0007\\b/\",\"a\":null}"
        );
    }

    #[test]
    fn what_a_receiver_would_change_is_refused_with_its_path() {
        assert_eq!(refused(r#"{"a":[{"b":1,"b":2}]}"#), "data.a[0].b");
        assert_eq!(refused(r#"{"a":{"7":1}}"#), "data.a.7");
        assert_eq!(refused(r#"{"a":9007199254740992}"#), "data.a");
        assert_eq!(refused(r#"{"a":[1,123456789012345678901234567890]}"#), "data.a[1]");
        assert_eq!(refused("\u{feff}{}"), "data");
        assert_eq!(refused(r#"{"a":1}x"#), "data");
        assert_eq!(round(r#"{"07":1,"-1":2,"4294967295":3,"1.5":4}"#), r#"{"07":1,"-1":2,"4294967295":3,"1.5":4}"#);
    }
}
