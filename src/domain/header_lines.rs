//! Header lines as they are kept: text that nobody has to print or parse while thousands are on their way (B5, B6).

/// Header lines in their order, one `Name: value` each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HeaderLines(String);

/// Why a stored text is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no header line")]
pub struct NoHeaderLine(String);

impl HeaderLines {
    /// With room for so many bytes, before it has to grow.
    pub fn with_capacity(bytes: usize) -> Self {
        Self(String::with_capacity(bytes))
    }

    /// Reads what [`HeaderLines::as_str`] gave.
    pub fn parse(text: String) -> Result<Self, NoHeaderLine> {
        match text.split_terminator('\n').find(|line| !line.contains(": ")) {
            Some(line) => Err(NoHeaderLine(line.to_owned())),
            None => Ok(Self(text)),
        }
    }

    /// Adds a line at the end. A value cannot begin another line: what would becomes a space.
    pub fn push(&mut self, name: &str, value: &str) {
        self.0.push_str(name);
        self.push_value(value);
    }

    /// Adds a line at the end, its name in title case, as the client writes it on the wire.
    pub fn push_titled(&mut self, name: &str, value: &str) {
        for part in name.split_inclusive('-') {
            let mut letters = part.chars();
            self.0.extend(letters.next().map(|first| first.to_ascii_uppercase()));
            self.0.push_str(letters.as_str());
        }
        self.push_value(value);
    }

    fn push_value(&mut self, value: &str) {
        self.0.push_str(": ");
        if value.bytes().any(|byte| byte == b'\n' || byte == b'\r') {
            self.0.push_str(&value.replace(['\n', '\r'], " "));
        } else {
            self.0.push_str(value);
        }
        self.0.push('\n');
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        // Whatever is in here was written by `push` or vetted by `parse`.
        self.0.split_terminator('\n').filter_map(|line| line.split_once(": "))
    }

    /// The value of the first line with this name, in whatever case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The text: each line ends with a line feed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<N: AsRef<str>, V: AsRef<str>> FromIterator<(N, V)> for HeaderLines {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(lines: I) -> Self {
        let mut all = Self::default();
        lines.into_iter().for_each(|(name, value)| all.push(name.as_ref(), value.as_ref()));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_read_back_as_they_were_added() {
        let mut lines: HeaderLines = [("Location", "https://a.example/?q=a: b"), ("X-Empty", "")].into_iter().collect();
        lines.push_titled("x-hub-signature-256", "é\u{85}\u{2028}\t");
        lines.push("X-Two", "one\r\nX-Three: two");
        let read = HeaderLines::parse(lines.as_str().to_owned()).expect("its own text");
        assert_eq!(read, lines);
        let wanted = [
            ("Location", "https://a.example/?q=a: b"),
            ("X-Empty", ""),
            ("X-Hub-Signature-256", "é\u{85}\u{2028}\t"),
            ("X-Two", "one  X-Three: two"),
        ];
        assert_eq!(read.iter().collect::<Vec<_>>(), wanted);
        assert_eq!((read.get("x-empty"), read.get("x-three")), (Some(""), None));
    }

    #[test]
    fn no_lines_are_none_and_what_is_no_line_is_refused() {
        assert_eq!(HeaderLines::parse(String::new()), Ok(HeaderLines::default()));
        assert_eq!(HeaderLines::parse("A: b\nno".to_owned()), Err(NoHeaderLine("no".to_owned())));
    }
}
