//! Code and payloads as pages show them: a caption with a copy button, JSON with its keys in the accent.

use maud::{Markup, PreEscaped, html};

use crate::domain::unseen::is_hidden;
use crate::web::icons::icon;

/// A figure of code. `name` is read to those who do not see it, and names the copy button.
pub fn figure(name: &str, caption: Markup, content: Markup, wrap: bool) -> Markup {
    html! {
        figure.code {
            figcaption {
                (caption)
                span.end { (copy(name)) }
            }
            pre class=[wrap.then_some("wrap")] tabindex="0" role="region" aria-label=(name) { (content) }
        }
    }
}

/// A copy button; it appears when the script runs.
pub fn copy(name: &str) -> Markup {
    html! { button.copy type="button" hidden aria-label={ "Copy " (name.to_lowercase()) } { (icon("copy")) } }
}

/// An id that selects as a whole, with its copy button.
pub fn id(name: &str, id: &str) -> Markup {
    html! { code.id { (id) } (copy(name)) }
}

/// Bytes that are probably JSON, printed over lines with their keys marked; anything else as it is.
pub fn json(bytes: &[u8]) -> Markup {
    match serde_json::from_slice::<serde_json::Value>(bytes) {
        Ok(value) => {
            let mut out = String::with_capacity(bytes.len() * 2);
            write(&value, 0, &mut out);
            PreEscaped(out)
        }
        Err(_) => text(bytes),
    }
}

/// Bytes as text; what is no UTF-8 is shown as such.
pub fn text(bytes: &[u8]) -> Markup {
    html! { (String::from_utf8_lossy(bytes)) }
}

fn write(value: &serde_json::Value, depth: usize, out: &mut String) {
    use serde_json::Value::{Array, Object};
    let indent = |depth: usize, out: &mut String| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    match value {
        Object(members) if !members.is_empty() => {
            out.push('{');
            for (at, (key, member)) in members.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                indent(depth + 1, out);
                out.push_str("<span class=\"k\">");
                escape(&serde_json::Value::from(key.as_str()).to_string(), out);
                out.push_str("</span>: ");
                write(member, depth + 1, out);
            }
            indent(depth, out);
            out.push('}');
        }
        Array(items) if !items.is_empty() => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                indent(depth + 1, out);
                write(item, depth + 1, out);
            }
            indent(depth, out);
            out.push(']');
        }
        other => escape(&other.to_string(), out),
    }
}

/// Escapes text between tags; quotes, of which JSON is full, mean nothing there. A character that nobody sees, or that turns
/// those behind it, is shown as JSON may write it: `\u202e`.
fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            hidden if is_hidden(hidden) => {
                out.extend(hidden.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
            }
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::json;

    #[test]
    fn a_name_with_markup_in_a_payload_stays_text() {
        let shown = json(br#"{"<script>":"<b>&"}"#).into_string();
        assert_eq!(shown, "{\n  <span class=\"k\">\"&lt;script&gt;\"</span>: \"&lt;b&gt;&amp;\"\n}");
    }

    #[test]
    fn what_nobody_sees_in_a_payload_is_shown_as_json_writes_it() {
        let shown = json("[\"\u{202e}gnp.exe\u{200b}\u{e0041}\",\"👩\u{200d}🚀\"]".as_bytes()).into_string();
        assert_eq!(shown, "[\n  \"\\u202egnp.exe\\u200b\\udb40\\udc41\",\n  \"👩\u{200d}🚀\"\n]");
    }
}
