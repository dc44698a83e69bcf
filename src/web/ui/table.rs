//! Tables, which narrow screens show as cards.

use maud::{Markup, Render, html};

/// A table.
pub struct Table<'a> {
    frame: &'static str,
    class: &'static str,
    caption: Markup,
    region: Option<&'a str>,
    heads: Vec<Markup>,
}

impl<'a> Table<'a> {
    /// A table whose cards show one value below the other.
    pub fn cards<'b>(columns: impl IntoIterator<Item = &'b str>) -> Self {
        Self::of("cards", columns)
    }

    /// A table whose cards show values beside their labels.
    pub fn pairs<'b>(columns: impl IntoIterator<Item = &'b str>) -> Self {
        Self::of("cards pairs", columns)
    }

    /// A table with classes of its own.
    pub fn of<'b>(class: &'static str, columns: impl IntoIterator<Item = &'b str>) -> Self {
        Self { frame: "table", class, caption: html! {}, region: None, heads: Vec::new() }.columns(columns)
    }

    /// More columns.
    pub fn columns<'b>(self, names: impl IntoIterator<Item = &'b str>) -> Self {
        names.into_iter().fold(self, |table, name| table.head(html! { th scope="col" { (name) } }))
    }

    /// A column of numbers, which stand at the right.
    pub fn numbers(self, name: &str) -> Self {
        self.head(html! { th.num scope="col" { (name) } })
    }

    /// A column of buttons and links that speak for themselves: its name is read out, not seen.
    pub fn unseen(self, name: &str) -> Self {
        self.head(html! { th scope="col" { span.hush { (name) } } })
    }

    /// A column with a head of its own, such as a box that ticks every row.
    pub fn head(mut self, head: Markup) -> Self {
        self.heads.push(head);
        self
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

    /// The whole of it.
    pub fn rows(self, rows: impl Render) -> Markup {
        html! {
            div class=(self.frame) tabindex=[self.region.map(|_| "0")] role=[self.region.map(|_| "region")] aria-label=[self.region] {
                table class=(self.class) {
                    @if !self.caption.0.is_empty() { caption.hush { (self.caption) } }
                    thead { tr { @for head in self.heads { (head) } } }
                    tbody { (rows) }
                }
            }
        }
    }
}
