//! Charts: success stands on the line, failure hangs below it, so they read without colour. Drawn with attributes only,
//! which a strict content policy lets pass.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};

use crate::domain::delivery::Status;

/// How deliveries ended, in spans of one length, oldest first.
#[derive(Debug, Clone)]
pub struct Histogram {
    succeeded: Vec<u32>,
    failed: Vec<u32>,
    /// How many have not ended.
    pub open: u32,
}

impl Histogram {
    /// Counts deliveries in each of so many spans of the time until now.
    pub fn of<'a>(
        deliveries: impl IntoIterator<Item = (Status, &'a DateTime<Utc>)>,
        now: DateTime<Utc>,
        window: TimeDelta,
        spans: usize,
    ) -> Self {
        let mut counted = Self { succeeded: vec![0; spans], failed: vec![0; spans], open: 0 };
        let length = window.num_seconds() / spans as i64;
        for (status, at) in deliveries {
            let age = usize::try_from((now - at).num_seconds() / length).unwrap_or_default().min(spans - 1);
            match status {
                Status::Success => counted.succeeded[spans - 1 - age] += 1,
                Status::Failed => counted.failed[spans - 1 - age] += 1,
                Status::Pending | Status::Retrying => counted.open += 1,
            }
        }
        counted
    }

    /// How many succeeded and how many failed.
    pub fn totals(&self) -> (u32, u32) {
        (self.succeeded.iter().sum(), self.failed.iter().sum())
    }

    /// A small chart in a table's row; the label says the figures in words.
    pub fn spark(&self, label: &str) -> Markup {
        let shape = Shape { class: "spark", width: 112.0, height: 28.0, line: 19.0, stroke: 2.5 };
        bars(&self.succeeded, &self.failed, label, &shape)
    }

    /// A chart over the whole width of a section.
    pub fn chart(&self, label: &str) -> Markup {
        let stroke = 720.0 / self.succeeded.len().max(1) as f64 * 0.62;
        let shape = Shape { class: "chart", width: 720.0, height: 104.0, line: 76.0, stroke };
        bars(&self.succeeded, &self.failed, label, &shape)
    }
}

struct Shape {
    class: &'static str,
    width: f64,
    height: f64,
    /// How far from the top the line lies.
    line: f64,
    stroke: f64,
}

fn bars(succeeded: &[u32], failed: &[u32], label: &str, shape: &Shape) -> Markup {
    let most = succeeded.iter().chain(failed).copied().max().unwrap_or_default().max(1);
    let step = shape.width / succeeded.len().max(1) as f64;
    let path = |values: &[u32], room: f64, down: bool| {
        let mut path = String::new();
        for (at, value) in values.iter().enumerate().filter(|(_, value)| **value > 0) {
            let x = (at as f64 + 0.5) * step;
            // Roots keep a single delivery visible beside a thousand.
            let length = (f64::from(*value) / f64::from(most)).sqrt() * room;
            let (start, sign) = if down { (shape.line + 1.0, "") } else { (shape.line, "-") };
            // Writing to a String cannot fail.
            let _ = write!(path, "M{x:.1} {start}v{sign}{:.1}", length.max(1.0));
        }
        path
    };
    html! {
        svg class=(shape.class) viewBox={ "0 0 " (shape.width) " " (shape.height) } preserveAspectRatio="none" role="img" aria-label=(label) {
            path.base d={ "M0 " (shape.line + 0.5) "h" (shape.width) } {}
            path.up stroke-width=(format!("{:.1}", shape.stroke)) d=(path(succeeded, shape.line - 2.0, false)) {}
            path.down stroke-width=(format!("{:.1}", shape.stroke)) d=(path(failed, shape.height - shape.line - 2.0, true)) {}
        }
    }
}
