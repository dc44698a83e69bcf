//! Under which host a page was asked for.
//!
//! A name that leads to this machine without being this console's is somebody else's, who may be after more than they let on: a
//! page of theirs that leads its own name here reads with its visitor's network what it could not read otherwise (DNS
//! rebinding). So, when the operator has said where the console is, other names are refused; and the demo, which nobody has
//! said that of, is asked for by this machine's own names alone.
//!
//! Not refused are addresses and, when a public address is set, names without a dot: no stranger owns one, and proxies that do
//! not hand on what the browser wrote ask under the address or the name that they know us by.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use maud::html;
use url::{Host, Url};

use super::layout::door;
use crate::config::Config;

/// The answer for whoever asks under another's name; `None` when there is nothing wrong with it.
pub fn misdirected(request: &HttpRequest, config: &Config) -> Option<HttpResponse> {
    let asked = request.headers().get("host")?.to_str().unwrap_or("?");
    if is_served(asked, config) {
        return None;
    }
    let body = html! {
        h1 { "This console is not at this address." }
        p { "Your browser asked for " code { (asked.chars().take(255).collect::<String>()) } ", and nothing of that name is here." }
        @match &config.public_url {
            Some(public) => {
                p { "Hirewire is set up to be at " a href=(public) { (public.origin().ascii_serialization()) } "." }
                p.small.soft { "If it moved, its operator sets " code { "HIREWIRE_PUBLIC_URL" } " to the address in your browser." }
            },
            None => {
                p { "The demo is there for this machine alone: open it under " code { "localhost" } " or its address." }
                p.small.soft { "To show it under another name, start it with " code { "--public-url" } "." }
            },
        }
    };
    Some(door("Another address", body, StatusCode::MISDIRECTED_REQUEST))
}

fn is_served(asked: &str, config: &Config) -> bool {
    let own = config.public_url.as_ref().and_then(Url::host_str);
    if own.is_none() && !config.is_for_this_machine {
        return true;
    }
    match host(asked) {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            let is_local = name == "localhost" || name.ends_with(".localhost");
            let is_bare = own.is_some() && !config.is_for_this_machine && !name.contains('.');
            own.is_some_and(|own| own.trim_end_matches('.') == name) || is_local || is_bare
        }
        // Nobody leads an address elsewhere.
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        None => false,
    }
}

/// The host of a `Host` header, as a browser reads it.
fn host(asked: &str) -> Option<Host<String>> {
    let url = Url::parse(&format!("http://{asked}/")).ok()?;
    let is_bare =
        url.path() == "/" && url.query().is_none() && url.username().is_empty() && !asked.contains(['@', '#']);
    url.host().filter(|_| is_bare).map(|host| host.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::config::Settings;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        settings: Settings,
    }

    fn config(arguments: &[&str]) -> Config {
        let line = Line::try_parse_from([&["hirewire"], arguments].concat()).expect("flags");
        Config::read(line.settings).expect("settings")
    }

    #[test]
    fn with_a_public_address_names_of_others_are_refused_however_they_are_spelt() {
        let config = config(&["--public-url=https://hooks.team.example"]);
        for own in [
            "hooks.team.example",
            "HOOKS.Team.Example.",
            "hooks.team.example:8443",
            "10.0.0.7:8080",
            "[::1]:8080",
            "backend",
        ] {
            assert!(is_served(own, &config), "{own}");
        }
        for foreign in [
            "evil.example",
            "evil.example:443",
            "hooks.team.example.evil.example",
            "x@hooks.team.example",
            "",
            "a b",
            "?",
        ] {
            assert!(!is_served(foreign, &config), "{foreign}");
        }
    }

    #[test]
    fn without_one_every_name_is_served_but_by_the_demo_which_knows_this_machine_alone() {
        let config = config(&[]);
        assert!(is_served("anything.example", &config));
        let demo = Config { is_for_this_machine: true, ..config };
        for own in ["localhost:8080", "demo.localhost", "127.0.0.1:8080", "[::1]", "192.168.1.5"] {
            assert!(is_served(own, &demo), "{own}");
        }
        for foreign in ["evil.example", "backend:8080"] {
            assert!(!is_served(foreign, &demo), "{foreign}");
        }
    }
}
