//! An admin at the console's pages: forms are posted as a browser posts them, nothing is followed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result, bail};
use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, RequestBuilder};

use super::{PASSWORD, client};

/// Somebody who is signed in; in live mode.
pub struct Console {
    client: Client,
    base: String,
    cookies: BTreeMap<String, String>,
}

/// What is typed into the form of a new hook.
#[derive(Debug, Clone)]
pub struct NewHook<'a> {
    pub url: &'a str,
    /// `quick`, `patient` or `single`.
    pub policy: &'a str,
    /// Names of the catalogue; empty is every event.
    pub events: &'a [&'a str],
    /// Whether deliveries are signed.
    pub sign: bool,
}

impl Default for NewHook<'_> {
    /// As the form stands when it is opened.
    fn default() -> Self {
        Self { url: "", policy: "quick", events: &[], sign: true }
    }
}

/// What stands at an address.
pub enum Seen {
    /// A page.
    Page { status: u16, html: String },
    /// Another address.
    Elsewhere(String),
}

/// An answer, whole.
struct Page {
    status: u16,
    location: Option<String>,
    body: String,
}

impl Console {
    /// Somebody who is not signed in yet.
    pub fn anonymous(base: &str) -> Result<Self> {
        Ok(Self { client: client()?, base: base.to_owned(), cookies: BTreeMap::new() })
    }

    /// Signs a member in whose password is [`PASSWORD`].
    pub async fn log_in(base: &str, email: &str) -> Result<Self> {
        Self::log_in_with(base, email, PASSWORD).await
    }

    /// Signs a member in.
    pub async fn log_in_with(base: &str, email: &str, password: &str) -> Result<Self> {
        let mut console = Self::anonymous(base)?;
        console.act("/login", &[("email", email), ("password", password)]).await?;
        Ok(console)
    }

    /// Makes a hook and returns its id and what its page shows once: its secret, when it signs.
    pub async fn create_hook(&mut self, hook: &NewHook<'_>) -> Result<(String, Option<String>)> {
        let token = self.token();
        let typed = hook.url.trim_start_matches("https://");
        let mut fields = vec![("url", typed), ("policy", hook.policy), ("token", &token)];
        fields.extend(hook.events.iter().map(|event| ("events", *event)));
        if hook.sign {
            fields.push(("sign", "on"));
        }
        let target = self.act("/settings/webhooks/new", &fields).await?;
        let id = target.split('/').nth(3).context("no id where a new hook leads to")?.to_owned();
        let secret = if hook.sign { self.shown_once(&target).await?.pop() } else { None };
        Ok((id, secret))
    }

    /// Makes an API key of a mode (`live`, `test`) and returns it as its page shows it once.
    pub async fn create_api_key(&mut self, mode: &str) -> Result<String> {
        let token = self.token();
        let target =
            self.act("/developers/api-keys", &[("name", "Partner"), ("mode", mode), ("token", &token)]).await?;
        self.shown_once(&target).await?.pop().context("the key's page shows none")
    }

    /// Holds what is owed to a hook.
    pub async fn pause(&mut self, hook: &str) -> Result<()> {
        self.act(&format!("/settings/webhooks/{hook}/pause"), &[]).await.map(drop)
    }

    /// Sends what was held.
    pub async fn resume(&mut self, hook: &str) -> Result<()> {
        self.act(&format!("/settings/webhooks/{hook}/resumption"), &[]).await.map(drop)
    }

    /// Deletes a hook, exports to it included.
    pub async fn delete(&mut self, hook: &str) -> Result<()> {
        self.act(&format!("/settings/webhooks/{hook}/deletion"), &[("cancel_exports", "on")]).await.map(drop)
    }

    /// The HTML of a page.
    pub async fn page(&mut self, path: &str) -> Result<String> {
        let request = self.client.get(format!("{}{path}", self.base));
        let page = self.send(request).await?;
        if page.status != 200 {
            bail!("GET {path} was answered {}: {}", page.status, words(&page.body));
        }
        Ok(page.body)
    }

    /// Posts a form that leads somewhere, and returns where to.
    pub async fn act(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<String> {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.client.post(format!("{}{path}", self.base)).header(ORIGIN, &self.base);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        let page = self.send(request).await?;
        match (page.status, page.location) {
            (303, Some(target)) => Ok(target),
            (status, _) => bail!("POST {path} was answered {status}: {}", words(&page.body)),
        }
    }

    /// The HTML of a page, or where it leads instead; refused ones count as pages too.
    pub async fn look(&mut self, path: &str) -> Result<Seen> {
        let request = self.client.get(format!("{}{path}", self.base));
        let page = self.send(request).await?;
        Ok(match page.location {
            Some(target) => Seen::Elsewhere(target),
            None => Seen::Page { status: page.status, html: page.body },
        })
    }

    /// Posts a form with a file, and returns where it leads.
    pub async fn upload(&mut self, path: &str, fields: &[(&str, &str)], file: (&str, &str, &str)) -> Result<String> {
        const EDGE: &str = "edge-of-a-part";
        let mut body = String::new();
        for (name, value) in fields {
            body += &format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        }
        let (name, file_name, text) = file;
        let head = format!("Content-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"");
        body += &format!("--{EDGE}\r\n{head}\r\nContent-Type: text/csv\r\n\r\n{text}\r\n--{EDGE}--\r\n");
        let request = self.client.post(format!("{}{path}", self.base)).header(ORIGIN, &self.base);
        let request = request.header("content-type", format!("multipart/form-data; boundary={EDGE}")).body(body);
        let page = self.send(request).await?;
        page.location.with_context(|| format!("POST {path} was answered {}: {}", page.status, words(&page.body)))
    }

    async fn send(&mut self, request: RequestBuilder) -> Result<Page> {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header(COOKIE, pairs.join("; ")).send().await?;
        for line in answer.headers().get_all(SET_COOKIE) {
            let pair = line.to_str()?.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').with_context(|| format!("“{pair}” is no cookie"))?;
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let location = answer.headers().get(LOCATION).map(|target| target.to_str().map(str::to_owned)).transpose()?;
        Ok(Page { status: answer.status().as_u16(), location, body: answer.text().await? })
    }

    /// The values of a page that shows something once.
    async fn shown_once(&mut self, path: &str) -> Result<Vec<String>> {
        let body = self.page(path).await?;
        let figures = body.split("<pre class=\"wrap once\"").skip(1);
        let value = |figure: &str| figure.split_once('>')?.1.split_once("</pre>").map(|(value, _)| value.to_owned());
        Ok(figures.filter_map(value).collect())
    }

    /// Its cookies as a line of a request's head.
    pub fn cookies(&self) -> String {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("cookie: {}\r\n", pairs.join("; "))
    }

    /// Names one filling of a form, so that it makes one thing.
    fn token(&self) -> String {
        // One count for all: a member may be signed in twice, and sessions begin alike.
        static FORMS: AtomicUsize = AtomicUsize::new(1);
        let session: String = self.cookies.values().flat_map(|value| value.chars()).take(24).collect();
        format!("{session}-{}", FORMS.fetch_add(1, Ordering::Relaxed))
    }
}

/// What a page says, for a message: the words of its problem, or its first words.
fn words(page: &str) -> String {
    let from = page.find("error-summary").or_else(|| page.find("<main")).unwrap_or_default();
    let text = page[from..].split('<').filter_map(|part| part.split_once('>').map(|(_, text)| text.trim()));
    let text = text.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
    if text.is_empty() { page.chars().take(400).collect() } else { text.chars().take(400).collect() }
}
