//! Clients of the program: a browser that keeps its cookies by hand and follows nothing, and a partner system.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hirewire::config::Config;
use hirewire::web::session::cookie_name;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::PASSWORD;

/// Somebody in front of the console.
#[derive(Clone)]
pub struct Browser {
    client: Client,
    base: String,
    session: String,
    pub cookies: BTreeMap<String, String>,
}

/// A system with an API key.
#[derive(Clone)]
pub struct Partner {
    client: Client,
    base: String,
    key: String,
}

/// An answer, whole.
#[derive(Debug, Clone)]
pub struct Page {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Browser {
    pub fn new(base: &str, config: &Config) -> Self {
        let session = cookie_name("session", config.is_https());
        Self { client: client(), base: base.to_owned(), session, cookies: BTreeMap::new() }
    }

    pub async fn get(&mut self, path: &str) -> Page {
        self.send(Method::GET, path, &[("sec-fetch-site", "same-origin")], Vec::new()).await
    }

    /// Sends a form as a page of the console would.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.post_with(path, &[("sec-fetch-site", "same-origin")], fields).await
    }

    /// Sends a form with headers of the test's choice.
    pub async fn post_with(&mut self, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Page {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let headers = [&[("content-type", "application/x-www-form-urlencoded")], headers].concat();
        self.send(Method::POST, path, &headers, form.into_bytes()).await
    }

    pub async fn send(&mut self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Page {
        let mut request = self.client.request(method, format!("{}{path}", self.base)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", pairs.join("; "));
        }
        let page = Page::read(request).await;
        for line in page.set_cookies() {
            let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
            let (name, value) = pair.split_once('=').expect("a cookie");
            if value.is_empty() || attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        page
    }

    /// Asks to be let in, with the password that every member of a story has.
    pub async fn log_in(&mut self, email: &str) -> Page {
        self.post("/login", &[("email", email), ("password", PASSWORD)]).await
    }

    /// This browser, let in.
    pub async fn logged_in(mut self, email: &str) -> Self {
        let page = self.log_in(email).await;
        assert_eq!((page.status, page.location()), (303, Some("/")), "{}", page.body);
        self
    }

    /// Opens what a page leads to.
    pub async fn follow(&mut self, page: &Page) -> Page {
        let target =
            page.location().unwrap_or_else(|| panic!("{} leads nowhere: {}", page.status, page.body)).to_owned();
        self.get(&target).await
    }

    /// What the session cookie holds.
    pub fn session_cookie(&self) -> Option<&str> {
        self.cookies.get(&self.session).map(String::as_str)
    }

    pub fn set_session_cookie(&mut self, value: &str) {
        self.cookies.insert(self.session.clone(), value.to_owned());
    }

    /// Whether the console takes it for somebody who is signed in.
    pub async fn is_signed_in(&mut self) -> bool {
        let page = self.get("/vacancies").await;
        page.status != 303
    }
}

impl Partner {
    pub fn new(base: &str, key: &str) -> Self {
        Self { client: client(), base: base.to_owned(), key: key.to_owned() }
    }

    /// Reports an event.
    pub async fn report(&self, event: &str, data: Value) -> Page {
        self.post("/v1/partner/events", json!({"event": event, "data": data}).to_string()).await
    }

    pub async fn post(&self, path: &str, body: impl Into<Vec<u8>>) -> Page {
        let bearer = format!("Bearer {}", self.key);
        self.send(Method::POST, path, &[("authorization", &bearer)], body.into()).await
    }

    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Page {
        let mut request = self.client.request(method, format!("{}{path}", self.base)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        Page::read(request).await
    }
}

impl Page {
    async fn read(request: reqwest::RequestBuilder) -> Self {
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Self { status, headers, body: answer.text().await.expect("a whole answer") }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("ASCII"))
    }

    /// Where it leads to.
    pub fn location(&self) -> Option<&str> {
        self.header("location")
    }

    /// Whether it leads to the login page.
    pub fn leads_to_login(&self) -> bool {
        self.status == 303 && self.location().is_some_and(|target| target == "/login" || target.starts_with("/login?"))
    }

    pub fn set_cookies(&self) -> Vec<&str> {
        self.headers.get_all("set-cookie").iter().map(|line| line.to_str().expect("ASCII")).collect()
    }

    /// What the page shows this one time.
    pub fn shown_once(&self) -> Vec<String> {
        let figures = self.body.split("<pre class=\"wrap once\"").skip(1);
        let value = |figure: &str| Some(figure.split_once('>')?.1.split_once("</pre>")?.0.to_owned());
        figures.filter_map(value).collect()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.body))
    }
}

fn client() -> Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    // No connection is kept: a server that is told to stop need not wait for it.
    Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .timeout(Duration::from_secs(60))
        .build()
        .expect("a client")
}
