//! Live and test: two worlds that never mix (T13).

use std::fmt;

use super::words::words;

words! {
    /// Which world a record belongs to. A record has the mode of what made it.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum Mode {
        /// Real candidates, real receivers.
        Live = "live", "Live";
        /// The sandbox.
        Test = "test", "Test";
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
