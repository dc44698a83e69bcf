//! What the figures came to, and the table of them.

use std::fmt::Write as _;

use anyhow::Error;
use serde_json::json;

use super::figures::Spec;
use super::plan::Plan;

/// Bytes of one.
pub const MIB: f64 = 1024.0 * 1024.0;

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

/// Latencies in milliseconds under a strain and without it.
#[derive(Debug, Default)]
pub struct Strained {
    ratio: Samples,
    more: Samples,
    with: Samples,
    without: Samples,
}

impl Strained {
    /// A shorter one counts as this: it may be below zero, and two that are next to nothing have no ratio.
    const SHORTEST_MS: f64 = 0.1;

    /// One round.
    pub fn push(&mut self, with: f64, without: f64) {
        self.ratio.push(with.max(Self::SHORTEST_MS) / without.max(Self::SHORTEST_MS));
        self.more.push(with - without);
        self.with.push(with);
        self.without.push(without);
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
    measured: Result<Measured, String>,
}

struct Measured {
    samples: Samples,
    /// By how much a strained latency is longer.
    more_ms: Option<f64>,
    /// What it was measured against.
    beside: String,
}

/// Everything that was measured.
pub struct Report {
    rows: Vec<Row>,
    /// What an earlier program is called.
    before: String,
}

impl Report {
    /// `before` is what the earlier program is called, if there is one.
    pub fn new(before: Option<&str>) -> Self {
        Self { rows: Vec::new(), before: before.unwrap_or_default().to_owned() }
    }

    /// Adds a figure, and prints it as one line of JSON. `beside` says what it was measured against.
    pub fn add(&mut self, spec: &'static Spec, samples: &Samples, beside: impl Into<String>) {
        self.row(spec, Measured { samples: samples.clone(), more_ms: None, beside: beside.into() });
    }

    /// Adds a figure of latencies under a strain. `beside` says what else is to be known.
    pub fn add_strained(&mut self, spec: &'static Spec, strained: &Strained, beside: &str) {
        let mut told = format!("{} ms, without {} ms", strained.with.about(), strained.without.about());
        if !beside.is_empty() {
            told = format!("{told}; {beside}");
        }
        self.row(spec, Measured { samples: strained.ratio.clone(), more_ms: strained.more.median(), beside: told });
    }

    fn row(&mut self, spec: &'static Spec, measured: Measured) {
        let Some([min, median, max]) = measured.samples.spread() else {
            let why = if measured.beside.is_empty() { "nothing was counted".into() } else { measured.beside };
            return self.not_measured(spec, why);
        };
        let line = json!({
            "figure": self.figure(spec), "what": spec.what, "min": min, "median": median, "max": max,
            "rounds": measured.samples.0, "bar": spec.bar, "goal": spec.goal, "more_ms": measured.more_ms,
            "verdict": spec.verdict(median, measured.more_ms), "beside": measured.beside,
        });
        println!("{line}");
        self.rows.push(Row { spec, measured: Ok(measured) });
    }

    /// Says why a figure has no value.
    pub fn not_measured(&mut self, spec: &'static Spec, why: String) {
        println!("{}", json!({"figure": self.figure(spec), "what": spec.what, "not_measured": why}));
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

    fn figure(&self, spec: &Spec) -> String {
        if spec.compares { format!("{} against {}", spec.figure, self.before) } else { spec.figure.to_owned() }
    }

    /// The table of the figures that were asked for.
    pub fn markdown(&self, plan: &Plan) -> String {
        let mut table = String::from(
            "\n| | what | bar | goal | min | median | max | | beside |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
        );
        let mut rows: Vec<&Row> = self.rows.iter().filter(|row| plan.wants(row.spec)).collect();
        rows.sort_by_key(|row| row.spec.place());
        for Row { spec, measured } in rows {
            let (figure, bar, goal) = (self.figure(spec), spec.bar(), spec.goal());
            let _ = write!(table, "| {figure} | {} | {bar} | {goal} |", spec.what);
            let _ = match measured {
                Ok(Measured { samples, more_ms, beside }) => {
                    let [min, median, max] = samples.spread().unwrap_or_default();
                    let verdict = spec.verdict(median, *more_ms);
                    let [min, median, max] = [min, median, max].map(readable);
                    writeln!(table, " {min} | {median} | {max} | {verdict} | {beside} |")
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
