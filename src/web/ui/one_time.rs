//! What is shown once and never again: keys, secrets, links.

use maud::{Markup, html};

use crate::web::code;

/// A value that is shown this one time.
pub fn one_time_value(name: &str, use_: &str, value: &str) -> Markup {
    html! {
        figure.code {
            figcaption { strong { (name) } " " (use_) span.end { (code::copy(name)) } }
            pre.wrap.once tabindex="0" role="region" aria-label=(name) { (value) }
        }
    }
}
