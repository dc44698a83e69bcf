//! The bytes of a payload: JSON that survives every receiver.
//!
//! Many receivers parse a body and print it again before they verify its signature. So a body is printed exactly as
//! ECMAScript prints it: `JSON.stringify(JSON.parse(body)) === body`. That forbids a few things, which [`reprint`] refuses
//! with the path at which they stand: duplicate keys (the parser would keep one), keys that look like array indices (the
//! printer would move them to the front), and numbers of 2^53 and above (the parser would round them).

mod print;

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

pub use self::print::print;

/// Objects and lists may be nested so deep: the reader's own limit.
pub const DEEPEST: usize = 127;

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

/// A text that has been read strictly, printed anew.
#[derive(Debug)]
pub struct Printed {
    text: Vec<u8>,
    /// Where each member of the outermost object stands; `None` when the text is no object.
    members: Option<Vec<(Range<usize>, Range<usize>)>>,
}

impl Printed {
    /// As ECMAScript's `JSON.stringify` prints it, without white space.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The same as a tree.
    pub fn tree(&self) -> Value {
        serde_json::from_slice(&self.text).expect("what was just printed is JSON")
    }

    /// The members of the outermost object, each with its printed value; `None` when the text is no object.
    pub fn members(&self) -> Option<impl Iterator<Item = (String, &[u8])>> {
        let member = |(key, value): &(Range<usize>, Range<usize>)| {
            (unescaped(&self.text[key.clone()]), &self.text[value.clone()])
        };
        self.members.as_ref().map(|members| members.iter().map(member))
    }
}

/// Reads JSON strictly and prints it anew in one pass: what is reported comes by the thousand, and a tree of it would only
/// be built to be printed. `root` names the whole in paths.
pub fn reprint(text: &[u8], root: &str) -> Result<Printed, JsonError> {
    if text.starts_with(b"\xef\xbb\xbf") {
        return Err(JsonError { path: root.into(), problem: "starts with a byte order mark; send plain UTF-8".into() });
    }
    let mut progress =
        Progress { out: Vec::with_capacity(text.len()), keys: Vec::new(), failed_at: None, outermost: None };
    let mut reader = serde_json::Deserializer::from_slice(text);
    let seed = Strict { path: Path::Root(root), progress: &mut progress };
    match seed.deserialize(&mut reader).and_then(|()| reader.end()) {
        Ok(()) => Ok(Printed { text: progress.out, members: progress.outermost }),
        Err(error) => Err(progress.failed_at.unwrap_or_else(|| {
            let error = error.to_string();
            let problem = match error.strip_prefix("recursion limit exceeded") {
                Some(place) => format!("is nested more than {DEEPEST} deep{place}"),
                None => format!("is not valid JSON: {error}"),
            };
            JsonError { path: root.into(), problem }
        })),
    }
}

/// Whether ECMAScript would treat the key as an array index and move it before its siblings.
fn is_index(key: &str) -> bool {
    key == "0" || (!key.starts_with('0') && key.parse::<u32>().is_ok_and(|n| n != u32::MAX) && !key.starts_with('+'))
}

/// What a printed key says.
fn unescaped(key: &[u8]) -> String {
    serde_json::from_slice(key).expect("a key that was just printed")
}

/// Where the reader is; written out only when something is wrong there.
#[derive(Clone)]
enum Path<'a> {
    Root(&'a str),
    /// The key stands at this place of what has been printed.
    Key(&'a Path<'a>, Range<usize>),
    Item(&'a Path<'a>, usize),
}

impl Path<'_> {
    fn in_words(&self, printed: &[u8]) -> String {
        match self {
            Path::Root(root) => (*root).to_owned(),
            Path::Key(parent, key) => {
                format!("{}.{}", parent.in_words(printed), unescaped(&printed[key.clone()]))
            }
            Path::Item(parent, at) => format!("{}[{at}]", parent.in_words(printed)),
        }
    }
}

/// What has been printed so far.
struct Progress {
    out: Vec<u8>,
    /// Where the keys of the objects that are open stand in it, the innermost object's last.
    keys: Vec<Range<usize>>,
    failed_at: Option<JsonError>,
    outermost: Option<Vec<(Range<usize>, Range<usize>)>>,
}

struct Strict<'a> {
    path: Path<'a>,
    progress: &'a mut Progress,
}

impl Strict<'_> {
    fn refuse<E: de::Error>(self, problem: &str) -> E {
        let path = self.path.in_words(&self.progress.out);
        self.progress.failed_at = Some(JsonError { path, problem: problem.to_owned() });
        E::custom(problem)
    }

    fn number<E: de::Error>(self, value: f64) -> Result<(), E> {
        if value.abs() >= TWO_TO_53 {
            return Err(self.refuse("is a number of 2^53 or more, which receivers would round; send it as a string"));
        }
        // -0 prints as 0; whole doubles print without a fraction.
        match value.fract() == 0.0 {
            true => print::integer(value as i64, &mut self.progress.out),
            false => print::double(value, &mut self.progress.out),
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.progress.out.extend_from_slice(b"null");
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.progress.out.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        print::string(value, &mut self.progress.out);
        Ok(())
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<(), E> {
        print::plain(value, &mut self.progress.out);
        Ok(())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<(), E> {
        self.number(value as f64)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<(), E> {
        self.number(value as f64)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        self.number(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let progress = self.progress;
        progress.out.push(b'[');
        let mut at = 0;
        loop {
            let end = progress.out.len();
            if at > 0 {
                progress.out.push(b',');
            }
            if items.next_element_seed(Strict { path: Path::Item(&self.path, at), progress })?.is_none() {
                progress.out.truncate(end);
                progress.out.push(b']');
                return Ok(());
            }
            at += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Strict { path, progress } = self;
        let mut keys = Keys { first: progress.keys.len(), many: None };
        let mut found = matches!(path, Path::Root(_)).then(Vec::new);
        progress.out.push(b'{');
        loop {
            let end = progress.out.len();
            if progress.keys.len() > keys.first {
                progress.out.push(b',');
            }
            let start = progress.out.len();
            let Some(is_index) = members.next_key_seed(Key(&mut progress.out))? else {
                progress.out.truncate(end);
                progress.out.push(b'}');
                progress.keys.truncate(keys.first);
                progress.outermost = found.or(progress.outermost.take());
                return Ok(());
            };
            let key = start..progress.out.len();
            let here = Strict { path: Path::Key(&path, key.clone()), progress };
            if is_index {
                return Err(here.refuse("is a key that looks like a number, which JavaScript receivers would reorder"));
            }
            if !keys.is_new(here.progress, key.clone()) {
                return Err(here.refuse("stands twice in the same object"));
            }
            here.progress.out.push(b':');
            let start = here.progress.out.len();
            members.next_value_seed(here)?;
            if let Some(found) = &mut found {
                found.push((key, start..progress.out.len()));
            }
        }
    }
}

/// Prints a key, and says whether ECMAScript would treat it as an array index.
struct Key<'a>(&'a mut Vec<u8>);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        print::string(key, self.0);
        Ok(is_index(key))
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<bool, E> {
        print::plain(key, self.0);
        Ok(is_index(key))
    }
}

/// So many keys of one object are compared one by one; more are looked up.
const FEW: usize = 32;

/// The keys of one object.
struct Keys {
    /// Where they begin among those of all open objects.
    first: usize,
    many: Option<HashSet<Box<[u8]>>>,
}

impl Keys {
    /// Adds a key that has been printed, unless the object has it.
    fn is_new(&mut self, progress: &mut Progress, key: Range<usize>) -> bool {
        let Progress { out, keys, .. } = progress;
        let own = &keys[self.first..];
        if own.len() == FEW {
            self.many = Some(own.iter().map(|known| out[known.clone()].into()).collect());
        }
        let is_new = match &mut self.many {
            Some(known) => known.insert(out[key.clone()].into()),
            None => own.iter().all(|known| out[known.clone()] != out[key.clone()]),
        };
        keys.push(key);
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(text: &str) -> String {
        let printed = reprint(text.as_bytes(), "data").expect("acceptable");
        assert_eq!(print(&printed.tree()), printed.text(), "a tree of it is printed alike");
        String::from_utf8(printed.text().to_vec()).expect("UTF-8")
    }

    fn refused(text: &str) -> String {
        reprint(text.as_bytes(), "data").expect_err("refused").path
    }

    #[test]
    fn numbers_are_printed_as_ecmascript_prints_them() {
        assert_eq!(round("[1.0,-0,0.1,1e-7,1.5e3,123456789.125,5e-324]"), "[1,0,0.1,1e-7,1500,123456789.125,5e-324]");
    }

    #[test]
    fn a_number_never_becomes_its_neighbour() {
        let scores = "[93.33333333333333,99.99999999999999,0.30000000000000004,67.16666666666667]";
        assert_eq!(round(scores), scores);
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

    #[test]
    fn a_key_that_stands_twice_is_found_among_many_and_however_it_is_written() {
        let many: Vec<String> = (0..100).map(|n| format!("\"k{n}\":{{\"k{n}\":1}}")).collect();
        assert_eq!(round(&format!("{{{}}}", many.join(","))), format!("{{{}}}", many.join(",")));
        for twice in [0, 20, 31, 32, 99] {
            assert_eq!(refused(&format!("{{{},\"k{twice}\":1}}", many.join(","))), format!("data.k{twice}"));
        }
        assert_eq!(refused(r#"{"é\"":1,"\u00e9\"":2}"#), "data.é\"");
        assert_eq!(refused(r#"[{"a":1},{"a":[{}, {"b":{}, "b":1}]}]"#), "data[1].a[1].b");
    }

    #[test]
    fn the_outermost_members_are_given_out_one_by_one() {
        let printed =
            reprint(br#" { "event" : "a\u0041", "d\u0061ta": { "x" : [ ] , "y":{}} } "#, "body").expect("JSON");
        let members: Vec<_> = printed.members().expect("an object").collect();
        assert_eq!(members, [("event".to_owned(), &br#""aA""#[..]), ("data".to_owned(), &br#"{"x":[],"y":{}}"#[..])]);
        assert!(reprint(b"[{}]", "body").expect("JSON").members().is_none());
    }
}
