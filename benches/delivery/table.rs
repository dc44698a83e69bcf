//! The figures: what each must be, what it was, and the table of them.

use std::fmt::Write as _;

use anyhow::Error;
use serde_json::json;

use super::plan::Plan;

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
}

const fn spec(figure: &'static str, what: &'static str, better: Better, bar: f64, goal: f64) -> Spec {
    Spec { figure, what, better, bar, goal }
}

pub const E1: Spec = spec("E1", "API to receipt, SQLite: of `floor`", Better::More, 0.40, 0.80);
pub const E2: Spec = spec("E2", "API to receipt, PostgreSQL: of `floor`", Better::More, 0.25, 0.50);
pub const E3: Spec = spec("E3", "backlog drained, SQLite: of `blast`", Better::More, 0.30, 0.50);
pub const E4_P50: Spec = spec("E4", "answer to receipt at 50/s, p50, ms", Better::Less, 0.4, 0.2);
pub const E4_P99: Spec = spec("E4", "answer to receipt at 50/s, p99, ms", Better::Less, 1.0, 0.5);
pub const E4B_SQLITE: Spec = spec("E4b", "CPU s per 1,000 events, SQLite", Better::Less, 0.15, 0.06);
pub const E4B_POSTGRES: Spec = spec("E4b", "CPU s per 1,000 events, with PostgreSQL's", Better::Less, 0.4, 0.15);
pub const E5: Spec = spec("E5", "p95 of nine hooks while a tenth hangs: of without", Better::Less, 1.10, 1.02);
pub const E6_IDLE: Spec = spec("E6", "MiB resident, idle", Better::Less, 40.0, 25.0);
pub const E6_LOAD: Spec = spec("E6", "MiB resident, under E1's load", Better::Less, 80.0, 50.0);
pub const E6_OWED: Spec = spec("E6", "MiB resident, 100,000 owed, 512 in flight", Better::Less, 150.0, 100.0);
pub const E7_SQLITE: Spec = spec("E7", "commits per delivered event, SQLite", Better::Less, 0.1, 0.03);
pub const E7_POSTGRES: Spec = spec("E7", "round trips per delivered event, PostgreSQL", Better::Less, 0.5, 0.1);
pub const E8: Spec = spec("E8", "E1 with 5,000,000 deliveries stored: of with 10,000", Better::More, 0.90, 0.97);

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

    fn verdict(&self, value: f64) -> &'static str {
        match (self.reaches(value, self.goal), self.reaches(value, self.bar)) {
            (true, _) => "goal met",
            (false, true) => "bar met",
            (false, false) => "not met",
        }
    }
}

/// Values of several rounds.
#[derive(Debug, Clone, Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    pub fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }

    pub fn median(&self) -> Option<f64> {
        let sorted = self.sorted();
        let middle = sorted.len() / 2;
        match sorted.len() {
            0 => None,
            odd if odd % 2 == 1 => Some(sorted[middle]),
            _ => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
        }
    }

    /// Minimum, median and maximum, as they stand in the table.
    fn spread(&self) -> Option<[f64; 3]> {
        let sorted = self.sorted();
        Some([*sorted.first()?, self.median()?, *sorted.last()?])
    }

    /// The median with thousands set apart, for a sentence.
    pub fn about(&self) -> String {
        self.median().map_or("nothing".into(), readable)
    }
}

/// Three digits that matter, thousands set apart.
pub fn readable(value: f64) -> String {
    if value.abs() < 9.995 {
        return format!("{value:.3}");
    }
    if value.abs() < 99.95 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

struct Row {
    spec: &'static Spec,
    /// The values with what stands beside them; or why there are none.
    measured: Result<(Samples, String), String>,
}

/// Everything that was measured.
#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
}

impl Report {
    /// Adds a figure, and prints it as one line of JSON. `beside` says what it was measured against.
    pub fn add(&mut self, spec: &'static Spec, samples: &Samples, beside: impl Into<String>) {
        let beside = beside.into();
        let Some([min, median, max]) = samples.spread() else {
            return self.not_measured(spec, if beside.is_empty() { "nothing was counted".into() } else { beside });
        };
        let line = json!({
            "figure": spec.figure, "what": spec.what, "min": min, "median": median, "max": max, "rounds": samples.0,
            "bar": spec.bar, "goal": spec.goal, "verdict": spec.verdict(median), "beside": beside,
        });
        println!("{line}");
        self.rows.push(Row { spec, measured: Ok((samples.clone(), beside)) });
    }

    /// Says why a figure has no value.
    pub fn not_measured(&mut self, spec: &'static Spec, why: String) {
        println!("{}", json!({"figure": spec.figure, "what": spec.what, "not_measured": why}));
        self.rows.push(Row { spec, measured: Err(why) });
    }

    /// Says why those of some figures that have no value yet have none.
    pub fn missing(&mut self, specs: &[&'static Spec], error: &Error) {
        eprintln!("delivery: {error:#}");
        for spec in specs {
            if !self.rows.iter().any(|row| row.spec == *spec) {
                // One line of the table: the whole story stands above.
                let why = format!("{error:#}").lines().next().unwrap_or_default().chars().take(160).collect();
                self.not_measured(spec, why);
            }
        }
    }

    /// Whether every figure has a value.
    pub fn is_whole(&self) -> bool {
        self.rows.iter().all(|row| row.measured.is_ok())
    }

    /// The table of the figures that were asked for.
    pub fn markdown(&self, plan: &Plan) -> String {
        let mut table = String::from(
            "\n| | what | bar | goal | min | median | max | | beside |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
        );
        let mut rows: Vec<&Row> = self.rows.iter().filter(|row| plan.wants(row.spec.figure)).collect();
        rows.sort_by_key(|row| row.spec.figure);
        for Row { spec, measured } in rows {
            let (bar, goal) = (spec.mark(spec.bar), spec.mark(spec.goal));
            let _ = write!(table, "| {} | {} | {bar} | {goal} |", spec.figure, spec.what);
            let _ = match measured {
                Ok((samples, beside)) => {
                    let [min, median, max] = samples.spread().unwrap_or_default();
                    let (verdict, [min, median_, max]) = (spec.verdict(median), [min, median, max].map(readable));
                    writeln!(table, " {min} | {median_} | {max} | {verdict} | {beside} |")
                }
                Err(why) => writeln!(table, " | | | not measured | {why} |"),
            };
        }
        if plan.quick {
            table.push_str("\nA quick look: too few events to quote.\n");
        }
        table
    }
}
