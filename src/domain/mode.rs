//! Live and test: two worlds that never mix (T13).

use std::fmt;

/// Which world a record belongs to. A record has the mode of what made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// Real candidates, real receivers.
    Live,
    /// The sandbox.
    Test,
}

impl Mode {
    /// `live` or `test`: in tables, URLs and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::Live => "live",
            Mode::Test => "test",
        }
    }

    /// As it stands on pages.
    pub fn label(self) -> &'static str {
        match self {
            Mode::Live => "Live",
            Mode::Test => "Test",
        }
    }

    /// Reads what [`Mode::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        [Mode::Live, Mode::Test].into_iter().find(|mode| mode.as_str() == text)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
