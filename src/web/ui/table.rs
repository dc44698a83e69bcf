//! Tables, which narrow screens show as cards.

use maud::{Markup, Render, html};

/// The head of a column.
#[derive(Debug, Clone, Copy)]
pub enum Column<'a> {
    /// Over words.
    Words(&'a str),
    /// Over numbers, which stand at the right.
    Numbers(&'a str),
    /// Over buttons and links that speak for themselves: read out, not seen.
    Unseen(&'a str),
}

impl<'a> From<&'a str> for Column<'a> {
    fn from(name: &'a str) -> Self {
        Column::Words(name)
    }
}

impl Render for Column<'_> {
    fn render(&self) -> Markup {
        html! {
            @match self {
                Column::Words(name) => th scope="col" { (name) },
                Column::Numbers(name) => th.num scope="col" { (name) },
                Column::Unseen(name) => th scope="col" { span.hush { (name) } },
            }
        }
    }
}

/// A table.
pub struct Table<'a> {
    frame: &'static str,
    class: &'static str,
    caption: Markup,
    region: Option<&'a str>,
    columns: Markup,
}

impl<'a> Table<'a> {
    /// A table whose cards show one value below the other.
    pub fn cards(columns: impl IntoIterator<Item = impl Into<Column<'a>>>) -> Self {
        Self::of("cards", columns)
    }

    /// A table whose cards show values beside their labels.
    pub fn pairs(columns: impl IntoIterator<Item = impl Into<Column<'a>>>) -> Self {
        Self::of("cards pairs", columns)
    }

    /// A table with classes of its own.
    pub fn of(class: &'static str, columns: impl IntoIterator<Item = impl Into<Column<'a>>>) -> Self {
        let columns = html! { @for column in columns { (column.into()) } };
        Self { frame: "table", class, caption: html! {}, region: None, columns }
    }

    /// The table with more room in its rows.
    pub fn roomy(self) -> Self {
        Self { frame: "table roomy", ..self }
    }

    /// The table with what it shows, for those who do not see it.
    pub fn captioned(self, caption: impl Render) -> Self {
        Self { caption: caption.render(), ..self }
    }

    /// The table as a region that a keyboard can scroll, captioned with its name.
    pub fn region(self, name: &'a str) -> Self {
        Self { region: Some(name), ..self }.captioned(name)
    }

    /// The table with another head in front of the others, such as a box that ticks every row.
    pub fn after(self, first: &Markup) -> Self {
        Self { columns: html! { (first) (self.columns) }, ..self }
    }

    /// The whole of it.
    pub fn rows(self, rows: impl Render) -> Markup {
        html! {
            div class=(self.frame) tabindex=[self.region.map(|_| "0")] role=[self.region.map(|_| "region")] aria-label=[self.region] {
                table class=(self.class) {
                    @if !self.caption.0.is_empty() { caption.hush { (self.caption) } }
                    thead { tr { (self.columns) } }
                    tbody { (rows) }
                }
            }
        }
    }
}
