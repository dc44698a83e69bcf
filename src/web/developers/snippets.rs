//! Verifying a delivery, a snippet a language. Each is a file of `assets/snippets` that tests run against real deliveries.

use crate::web::prelude::*;
use crate::web::ui::Tabs;

/// A language and its snippet.
pub struct Snippet {
    /// In addresses: `python`.
    pub slug: &'static str,
    /// As people call it.
    pub label: &'static str,
    /// The name of the file.
    pub file: &'static str,
    /// What it needs.
    pub runs: &'static str,
    /// The code.
    pub code: &'static str,
    /// How a handler gets the bytes as they came.
    pub raw_body: &'static str,
}

macro_rules! snippet {
    ($slug:literal, $label:literal, $file:literal, $runs:literal, $raw_body:literal) => {
        Snippet {
            slug: $slug,
            label: $label,
            file: $file,
            runs: $runs,
            code: include_str!(concat!("../../../assets/snippets/", $file)),
            raw_body: $raw_body,
        }
    };
}

/// Every language, in the order of the tabs.
pub const SNIPPETS: [Snippet; 8] = [
    snippet!(
        "node",
        "Node.js",
        "verify.mjs",
        "runs on Node.js 18 and later, without packages",
        "In Express: app.post(path, express.raw({ type: \"application/json\" }), …), then request.body is the Buffer."
    ),
    snippet!(
        "python",
        "Python",
        "verify.py",
        "runs on Python 3.8 and later, without packages",
        "In Flask: request.get_data(). In Django: request.body. In FastAPI: await request.body()."
    ),
    snippet!(
        "ruby",
        "Ruby",
        "verify.rb",
        "runs on Ruby 3.0 and later, without gems",
        "In Rails: request.raw_post. In Rack: env[\"rack.input\"].read."
    ),
    snippet!(
        "php",
        "PHP",
        "verify.php",
        "runs on PHP 8.0 and later, without packages",
        "In plain PHP: file_get_contents('php://input'). In Laravel: $request->getContent()."
    ),
    snippet!(
        "go",
        "Go",
        "verify.go",
        "runs on Go 1.18 and later, without modules",
        "In net/http: body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 10<<20))."
    ),
    snippet!(
        "java",
        "Java",
        "Verify.java",
        "runs on Java 17 and later, without libraries",
        "In Spring: declare the parameter as @RequestBody byte[] rawBody."
    ),
    snippet!(
        "rust",
        "Rust",
        "verify.rs",
        "needs the crates hmac and sha2: the standard library has no HMAC",
        "In axum: take the body as Bytes. In actix-web: take it as web::Bytes."
    ),
    snippet!(
        "shell",
        "Shell",
        "verify.sh",
        "runs in any POSIX shell with openssl",
        "For checking by hand and in scripts: openssl shows the secret to whoever lists this machine’s processes meanwhile."
    ),
];

/// The snippet of a language; of the first one when it is unknown.
pub fn named(slug: &str) -> &'static Snippet {
    SNIPPETS.iter().find(|snippet| snippet.slug == slug).unwrap_or(&SNIPPETS[0])
}

/// Tabs of languages, and the snippet of one.
pub fn tabs(chosen: &Snippet) -> Markup {
    let tab = |tabs: Tabs, of: &Snippet| tabs.tab(of.label, paths::receiving_in(of.slug), of.slug == chosen.slug);
    let tabs = SNIPPETS.iter().fold(Tabs::by("Language"), tab);
    html! {
        (tabs)
        (code::figure(
            &format!("{} verification code", chosen.label),
            html! { strong { (chosen.file) } (chosen.runs) },
            html! { (chosen.code) },
            false,
        ))
        p { strong { "The raw body." } " " (chosen.raw_body) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_a_tab_and_its_whole_snippet() {
        for snippet in &SNIPPETS {
            let page = tabs(named(snippet.slug)).into_string();
            assert_eq!(page.matches("aria-current").count(), 1);
            let whole = html! { (snippet.code) }.into_string();
            assert!(page.contains(&whole) && page.contains(snippet.file), "{page}");
            assert!(snippet.code.contains("300"), "{} refuses what is old", snippet.file);
        }
        assert_eq!(named("cobol").slug, "node");
    }
}
