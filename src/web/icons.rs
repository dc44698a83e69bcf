//! Icons: one sprite in the layout, used by name.

use maud::{Markup, PreEscaped, html};

/// The symbols, drawn on 16 by 16.
const SYMBOLS: [(&str, &str); 16] = [
    ("again", r#"<path d="M13.6 8a5.6 5.6 0 1 1-1.7-4"/><path d="M12.4 1.2v3.1H9.3"/>"#),
    ("bad", r#"<path d="M5.4 1.8h5.2l3.6 3.6v5.2l-3.6 3.6H5.4l-3.6-3.6V5.4z"/><path d="m6 6 4 4m0-4-4 4"/>"#),
    (
        "copy",
        r#"<rect x="5.4" y="5.4" width="8.4" height="8.4" rx="1.6"/><path d="M10.6 5.2V3.6A1.4 1.4 0 0 0 9.2 2.2H3.6a1.4 1.4 0 0 0-1.4 1.4v5.6a1.4 1.4 0 0 0 1.4 1.4h1.6"/>"#,
    ),
    ("down", r#"<path d="M8 2v8m-3.2-3L8 10.2 11.2 7M2.4 13.6h11.2"/>"#),
    ("hold", r#"<circle cx="8" cy="8" r="6.2"/><path d="M6.4 5.8v4.4m3.2-4.4v4.4"/>"#),
    ("key", r#"<circle cx="5.2" cy="10.8" r="3.2"/><path d="m7.6 8.4 6-6m-2.2 2.2 2 2"/>"#),
    ("more", r#"<path d="m4 6.2 4 4 4-4"/>"#),
    ("off", r#"<circle cx="8" cy="8" r="6.2"/><path d="m3.8 12.2 8.4-8.4"/>"#),
    ("ok", r#"<circle cx="8" cy="8" r="6.2"/><path d="m5.3 8.2 1.9 1.9 3.6-4"/>"#),
    ("send", r#"<path d="M14 2 7 9m7-7-4.4 12L7 9 2 6.4z"/>"#),
    ("up", r#"<path d="M8 10.4v-8M4.8 5.4 8 2.2l3.2 3.2M2.4 13.6h11.2"/>"#),
    ("wait", r#"<circle cx="8" cy="8" r="6.2" stroke-dasharray="2.4 1.9"/><path d="M8 4.9V8l2 1.4"/>"#),
    ("warn", r#"<path d="M8 1.9 14.6 13.6H1.4z"/><path d="M8 6.3v3.4m0 1.9v.1"/>"#),
    ("wire", r#"<path d="M3 2v12M13 2v12M3 8c2.6-5 7.4 5 10 0"/>"#),
    ("x", r#"<path d="m4 4 8 8m0-8-8 8"/>"#),
    ("dot", r#"<circle cx="8" cy="8" r="6.2"/>"#),
];

/// An icon by name; decoration only, never the sole carrier of a meaning.
pub fn icon(name: &str) -> Markup {
    html! { svg.i aria-hidden="true" { use href={ "#i-" (name) } {} } }
}

/// The sprite of the icons that a page uses. The script brings the icons of what it fetches along; where something can be
/// copied, the tick that says so is there from the start.
pub fn sprite(page: &str) -> Markup {
    let copies = page.contains("\"#i-copy\"");
    html! {
        svg.hush width="0" height="0" aria-hidden="true" {
            @for (name, drawing) in &SYMBOLS {
                @if page.contains(&format!("\"#i-{name}\"")) || (copies && *name == "ok") {
                    symbol id={ "i-" (name) } viewBox="0 0 16 16" { (PreEscaped(drawing)) }
                }
            }
        }
    }
}
