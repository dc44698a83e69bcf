//! How ECMAScript prints JSON.

use std::fmt;
use std::io::Write as _;

use serde_json::{Number, Value};

/// Prints a value as ECMAScript's `JSON.stringify` does, without white space.
pub fn print(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    tree(value, &mut out);
    out
}

fn tree(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(value) => number(value, out),
        Value::String(text) => string(text, out),
        Value::Array(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                tree(item, out);
            }
            out.push(b']');
        }
        Value::Object(members) => {
            out.push(b'{');
            for (at, (key, item)) in members.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                string(key, out);
                out.push(b':');
                tree(item, out);
            }
            out.push(b'}');
        }
    }
}

fn number(number: &Number, out: &mut Vec<u8>) {
    match (number.as_i64(), number.as_u64()) {
        (Some(whole), _) => integer(whole, out),
        (None, Some(whole)) => integer(whole, out),
        (None, None) => double(number.as_f64().unwrap_or_default(), out),
    }
}

pub(super) fn integer(whole: impl fmt::Display, out: &mut Vec<u8>) {
    write!(out, "{whole}").expect("writing to memory cannot fail");
}

pub(super) fn double(double: f64, out: &mut Vec<u8>) {
    out.extend_from_slice(ryu_js::Buffer::new().format(double).as_bytes());
}

pub(super) fn string(text: &str, out: &mut Vec<u8>) {
    // serde_json escapes what ECMAScript escapes, in the same short forms and with lower-case hex digits.
    serde_json::to_writer(out, text).expect("writing a string to memory cannot fail");
}

/// Prints a string that stood in the text without a backslash: then nothing in it has to be escaped.
pub(super) fn plain(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}
