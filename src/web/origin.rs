//! Whether a request came from a page of this console (B15).
//!
//! Browsers send `Sec-Fetch-Site`, older ones and those on plain http at least `Origin`; a client that sends neither is no
//! browser and carries no visitor's cookies. Where the console is called by another address than its settings say, which a
//! proxy in front of it may bring about, its own pages look like another site's: the refusal names both addresses and the
//! setting.

use actix_web::http::header::HeaderMap;
use maud::{Markup, Render, html};
use url::Url;

use super::paths;

/// A request that another site sent, as far as can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// Where the browser was, when it says so.
    pub origin: Option<String>,
    /// Where this console is, as its settings or the request say.
    pub own: String,
    /// Whether the settings say it.
    pub is_set: bool,
}

/// What is foreign about a request; `None` when nothing is. `public` is the console's address by its settings.
pub fn foreign(headers: &HeaderMap, public: Option<&Url>) -> Option<Foreign> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let (site, origin, host) = (text("sec-fetch-site"), text("origin"), text("host"));
    let is_own = match (site, origin) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, None) => true,
        (None, Some(origin)) => read(origin).is_some_and(|origin| match public {
            Some(public) => origin.origin() == public.origin(),
            // A proxy may have ended TLS, so the scheme is the browser's word.
            None => host
                .and_then(|host| read(&format!("{}://{host}", origin.scheme())))
                .is_some_and(|own| own.origin() == origin.origin()),
        }),
    };
    let own = public.map_or_else(|| host.unwrap_or("?").to_owned(), |public| public.origin().ascii_serialization());
    (!is_own).then(|| Foreign { origin: origin.map(str::to_owned), own, is_set: public.is_some() })
}

/// An origin: scheme, host, and port, and nothing else. Letters and a port that goes without saying make no difference.
fn read(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_bare = url.username().is_empty() && url.password().is_none() && url.path() == "/";
    (is_bare && url.query().is_none() && url.fragment().is_none() && !text.contains('@')).then_some(url)
}

impl Render for Foreign {
    fn render(&self) -> Markup {
        let named = self.origin.as_deref().filter(|origin| *origin != "null" && *origin != "?");
        html! {
            h1 { "This came from another site." }
            p { "Hirewire takes changes only from its own pages. Open the page here and press its button again." }
            @if let Some(origin) = named {
                p {
                    "Your browser was at " code { (origin) } ", and "
                    @if self.is_set { "Hirewire is set up to be at " } @else { "the request arrived for " }
                    code { (self.own) } ". If both are this Hirewire, "
                    @if self.is_set { "open it at " code { (self.own) } ", or its operator sets " }
                    @else { "its operator sets " }
                    code { "HIREWIRE_PUBLIC_URL" } " to the address in your browser."
                }
            }
            p { a.btn.main href=(paths::HOME) { "Go to Home" } }
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            headers.insert(name, HeaderValue::from_str(value).expect("a value"));
        }
        headers
    }

    fn is_foreign(host: &str, origin: &str) -> bool {
        foreign(&headers(&[("host", host), ("origin", origin)]), None).is_some()
    }

    #[test]
    fn origin_and_host_are_compared_as_hosts() {
        assert!(!is_foreign("Hooks.LAN", "http://hooks.lan"));
        assert!(!is_foreign("hooks.lan:443", "https://hooks.lan"));
        assert!(!is_foreign("[::1]:8080", "http://[0:0::1]:8080"));
        for foreign in [
            "http://hooks.lan:8080",
            "http://hooks.lan@evil.example",
            "http://evil.example/hooks.lan",
            "null",
            "hooks.lan",
        ] {
            assert!(is_foreign("hooks.lan", foreign), "{foreign}");
        }
        assert!(is_foreign("evil.example", "http://hooks.lan"));
    }

    #[test]
    fn the_refusal_names_both_addresses_and_the_setting() {
        let asked = headers(&[("host", "127.0.0.1:8080"), ("origin", "http://<b>hooks.lan")]);
        let page = foreign(&asked, None).expect("foreign").render().into_string();
        assert!(
            page.contains("<code>http://&lt;b&gt;hooks.lan</code>") && page.contains("<code>127.0.0.1:8080</code>")
        );
        assert!(page.contains("HIREWIRE_PUBLIC_URL"), "{page}");
        let public = Url::parse("https://hooks.team.example/").expect("an address");
        let page = foreign(&asked, Some(&public)).expect("foreign").render().into_string();
        assert!(page.contains("set up to be at <code>https://hooks.team.example</code>"), "{page}");
    }
}
