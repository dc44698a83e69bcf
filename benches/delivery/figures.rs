//! The figures: what each must be.

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    More,
    Less,
}

/// What a figure must be: a bar below which it is not good enough, and a goal.
#[derive(Debug, PartialEq)]
pub struct Spec {
    pub figure: &'static str,
    pub what: &'static str,
    pub better: Better,
    pub bar: f64,
    pub goal: f64,
    /// A ratio of two latencies meets the bar, too, when they differ by at most so many milliseconds: a small multiple of
    /// next to nothing harms nobody.
    pub or_ms: Option<f64>,
    /// Whether it compares the program with an earlier one.
    pub compares: bool,
}

const fn spec(figure: &'static str, what: &'static str, better: Better, bar: f64, goal: f64) -> Spec {
    Spec { figure, what, better, bar, goal, or_ms: None, compares: false }
}

/// A percentile of latencies under a strain, divided by that without.
const fn strained(figure: &'static str, what: &'static str, bar: f64, goal: f64) -> Spec {
    Spec { or_ms: Some(2.0), ..spec(figure, what, Better::Less, bar, goal) }
}

/// The program and an earlier one, so divided that more is better.
const fn against(figure: &'static str, what: &'static str) -> Spec {
    Spec { compares: true, ..spec(figure, what, Better::More, 0.95, 1.05) }
}

pub const E1: Spec = spec("E1", "API to receipt, SQLite: of `floor`", Better::More, 0.40, 0.80);
pub const E2: Spec = spec("E2", "API to receipt, PostgreSQL: of `floor`", Better::More, 0.25, 0.50);
pub const E3: Spec = spec("E3", "backlog drained, SQLite: of `blast`", Better::More, 0.30, 0.50);
pub const E4_P50: Spec = spec("E4", "answer to receipt at 50/s, p50, ms", Better::Less, 0.4, 0.2);
pub const E4_P99: Spec = spec("E4", "answer to receipt at 50/s, p99, ms", Better::Less, 1.0, 0.5);
pub const E4B_SQLITE: Spec = spec("E4b", "CPU s per 1,000 events, SQLite", Better::Less, 0.15, 0.06);
pub const E4B_POSTGRES: Spec = spec("E4b", "CPU s per 1,000 events, with PostgreSQL's", Better::Less, 0.4, 0.15);
pub const E5: Spec = strained("E5", "p95 of nine hooks while a tenth hangs: of without", 1.10, 1.02);
pub const E5B: Spec = spec("E5b", "% within 1 s beside ten hanging hooks, 3,000 events", Better::More, 100.0, 100.0);
pub const E5C: Spec =
    spec("E5c", "% within 1 s beside ten hooks limited to 1/s, 3,000 events", Better::More, 100.0, 100.0);
pub const E5D: Spec = strained("E5d", "p95 beside 100 hanging hooks of another organisation: of without", 1.10, 1.02);
pub const E5E: Spec = spec("E5e", "p99 while 10,000 hooks have 3 due each, ms", Better::Less, 50.0, 5.0);
pub const E5F: Spec = spec("E5f", "% of a core at 50/s, 10,000 hooks owe for tomorrow", Better::Less, 8.0, 6.0);
pub const E5G: Spec = spec("E5g", "% within 1 s beside 40 hanging hooks, 400 events", Better::More, 100.0, 100.0);
pub const E6_IDLE: Spec = spec("E6", "MiB resident, idle", Better::Less, 40.0, 25.0);
pub const E6_LOAD: Spec = spec("E6", "MiB resident, under E1's load", Better::Less, 80.0, 50.0);
pub const E6_OWED: Spec = spec("E6", "MiB resident, 100,000 owed to 32 hanging receivers", Better::Less, 150.0, 100.0);
pub const E6B: Spec = spec("E6b", "MiB resident, 2,000 events of 250 kB for one dead hook", Better::Less, 160.0, 100.0);
pub const E7_SQLITE: Spec = spec("E7", "commits per delivered event, SQLite", Better::Less, 0.1, 0.03);
pub const E7_POSTGRES: Spec = spec("E7", "round trips per delivered event, PostgreSQL", Better::Less, 0.5, 0.1);
pub const E8: Spec = spec("E8", "E1 with 5,000,000 deliveries stored: of with 10,000", Better::More, 0.90, 0.97);
pub const E9: Spec = strained("E9", "p99 while someone acts 6 times a second and 16,000 wait: of without", 1.3, 1.05);
pub const E10: Spec =
    spec("E10", "longest wait of a report, ms, 200,000 held resumed and deleted", Better::Less, 100.0, 20.0);
pub const E11: Spec = spec("E11", "E2's pace of two instances on the same cores: of one", Better::More, 0.85, 1.0);
pub const E12_API: Spec = strained("E12", "p99 of the API under unfinished requests: of without", 2.0, 1.2);
pub const E12_PAGE: Spec = strained("E12", "p99 of the log-in page under unfinished requests: of without", 2.0, 1.2);
pub const E12_DELIVERY: Spec = strained("E12", "p99 of deliveries under unfinished requests: of without", 2.0, 1.2);
pub const E12_MEMORY: Spec = spec("E12", "MiB resident under unfinished requests", Better::Less, 120.0, 80.0);
pub const E13_PAGE: Spec =
    strained("E13", "p99 of the log-in page beside twelve imports of 10 MiB: of without", 2.0, 1.2);
pub const E13_MEMORY: Spec = spec("E13", "MiB resident, twelve imports of 10 MiB at once", Better::Less, 300.0, 150.0);

pub const E1_AGAINST: Spec = against("E1", "API to receipt, SQLite: new ÷ before");
pub const E2_AGAINST: Spec = against("E2", "API to receipt, PostgreSQL: new ÷ before");
pub const E3_AGAINST: Spec = against("E3", "backlog drained, SQLite: new ÷ before");
pub const E4_AGAINST: Spec =
    Spec { compares: true, ..spec("E4", "answer to receipt at 50/s, p99, ms: new − before", Better::Less, 0.2, 0.0) };
pub const E4B_SQLITE_AGAINST: Spec = against("E4b", "CPU, SQLite: before ÷ new");
pub const E4B_POSTGRES_AGAINST: Spec = against("E4b", "CPU, with PostgreSQL's: before ÷ new");
pub const E7_SQLITE_AGAINST: Spec = against("E7", "commits, SQLite: before ÷ new");
pub const E7_POSTGRES_AGAINST: Spec = against("E7", "round trips, PostgreSQL: before ÷ new");
pub const E8_AGAINST: Spec = against("E8", "E1 with 5,000,000 deliveries stored: new ÷ before");

impl Spec {
    fn reaches(&self, value: f64, mark: f64) -> bool {
        match self.better {
            Better::More => value >= mark,
            Better::Less => value <= mark,
        }
    }

    fn mark(&self, mark: f64) -> String {
        let sign = if self.better == Better::More { "≥" } else { "≤" };
        format!("{sign} {mark}")
    }

    /// The bar as it stands in the table.
    pub fn bar(&self) -> String {
        let or = self.or_ms.map_or_else(String::new, |ms| format!(" or {ms} ms more"));
        self.mark(self.bar) + &or
    }

    /// The goal as it stands in the table.
    pub fn goal(&self) -> String {
        self.mark(self.goal)
    }

    /// `more_ms` is by how much the strained latency is longer.
    pub fn verdict(&self, value: f64, more_ms: Option<f64>) -> &'static str {
        let is_near = self.or_ms.zip(more_ms).is_some_and(|(near, more)| more <= near);
        match (self.reaches(value, self.goal), self.reaches(value, self.bar) || is_near) {
            (true, _) => "goal met",
            (false, true) => "bar met",
            (false, false) => "not met",
        }
    }

    /// Its place in the table: E9 before E10.
    pub fn place(&self) -> (&'static str, u32, &'static str, bool) {
        let (letter, rest) = self.figure.split_at(1);
        let end = rest.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(rest.len());
        (letter, rest[..end].parse().unwrap_or_default(), &rest[end..], self.compares)
    }
}
