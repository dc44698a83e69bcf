//! Charts: success stands on the line, failure hangs below it, so they read without colour. Drawn with attributes only,
//! which a strict content policy lets pass.

use std::fmt::Write as _;

use crate::web::prelude::*;

/// A small chart of a few days in a table's row.
pub struct Spark<'a> {
    /// How many succeeded in each span, oldest first.
    pub succeeded: &'a [u32],
    /// How many failed in each span.
    pub failed: &'a [u32],
    /// The figures in words.
    pub label: &'a str,
}

impl Render for Spark<'_> {
    fn render(&self) -> Markup {
        bars(
            self.succeeded,
            self.failed,
            self.label,
            &Shape { class: "spark", width: 112.0, height: 28.0, line: 19.0, stroke: 2.5 },
        )
    }
}

/// A chart over the whole width of a section.
pub struct Chart<'a> {
    /// How many succeeded in each span, oldest first.
    pub succeeded: &'a [u32],
    /// How many failed in each span.
    pub failed: &'a [u32],
    /// The figures in words.
    pub label: &'a str,
}

impl Render for Chart<'_> {
    fn render(&self) -> Markup {
        let stroke = 720.0 / self.succeeded.len().max(1) as f64 * 0.62;
        bars(
            self.succeeded,
            self.failed,
            self.label,
            &Shape { class: "chart", width: 720.0, height: 104.0, line: 76.0, stroke },
        )
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
