//! Headless Chromium, spoken to as a person would act: by labels, links and buttons.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::demo::{Demo, setting};

/// How long a page may take; these machines are slow at times.
const WAIT_TIMEOUT: Duration = Duration::from_secs(30);

/// A browser of its own, with a profile of its own.
pub struct Browser {
    client: Client,
    driver: Child,
    profile: tempfile::TempDir,
    script: Script,
}

/// Whether pages may run their script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    On,
    Off,
}

impl Browser {
    /// Starts ChromeDriver on a free port, and Chromium through it.
    pub async fn start(script: Script) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port").port();
        let driver = Command::new(setting("HIREWIRE_TEST_CHROMEDRIVER"))
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("ChromeDriver starts");
        let profile = tempfile::tempdir().expect("a temporary folder");
        let javascript = if script == Script::On { 1 } else { 2 };
        let options = json!({
            "binary": setting("HIREWIRE_TEST_CHROMIUM"),
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
                "--window-size=1280,900", format!("--user-data-dir={}", profile.path().display()),
            ],
            "prefs": {"profile.managed_default_content_settings.javascript": javascript},
        });
        let capabilities =
            [("goog:chromeOptions".to_owned(), options), ("goog:loggingPrefs".to_owned(), json!({"browser": "ALL"}))]
                .into_iter()
                .collect();
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities);
        let address = format!("http://127.0.0.1:{port}");
        let deadline = Instant::now() + WAIT_TIMEOUT;
        let client = loop {
            match builder.connect(&address).await {
                Ok(client) => break client,
                Err(error) if Instant::now() > deadline => panic!("Chromium does not start: {error}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        };
        Self { client, driver, profile, script }
    }

    /// Whether pages run their script.
    pub fn runs_script(&self) -> bool {
        self.script == Script::On
    }

    /// The driver's own door.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Runs a function's body in the page, beside its own script, and returns what it returns.
    pub async fn evaluate(&self, body: &str) -> Value {
        self.steadily(body, async || self.client.execute(body, Vec::new()).await).await
    }

    /// Presses keys, wherever the focus is.
    pub async fn keys(&self, keys: &str) {
        let focused = self.client.active_element().await.expect("something has the focus");
        focused.send_keys(keys).await.expect("keys are pressed");
    }

    /// Opens an address.
    pub async fn open(&self, address: &str) {
        self.client.goto(address).await.unwrap_or_else(|error| panic!("{address} opens: {error}"));
    }

    /// Loads the page again.
    pub async fn reload(&self) {
        self.client.refresh().await.expect("the page loads again");
    }

    /// Goes back in the history.
    pub async fn back(&self) {
        self.client.back().await.expect("Back works");
    }

    /// Where the browser is.
    pub async fn path(&self) -> String {
        self.client.current_url().await.expect("an address").path().to_owned()
    }

    /// The words on the page.
    pub async fn words(&self) -> String {
        self.text("//body").await
    }

    /// The words of the first thing at an XPath, once it is there.
    pub async fn text(&self, xpath: &str) -> String {
        self.steadily(xpath, async || self.now(xpath).await?.text().await).await
    }

    /// The page as it was received.
    pub async fn source(&self) -> String {
        self.client.source().await.expect("the page's source")
    }

    /// Waits until something is at an XPath.
    pub async fn until_there(&self, xpath: &str) {
        self.steadily(xpath, async || self.now(xpath).await.map(drop)).await;
    }

    /// The first thing at an XPath.
    async fn now(&self, xpath: &str) -> Result<Element, CmdError> {
        self.client.find(Locator::XPath(xpath)).await
    }

    /// Does something with the page, and does it again when the page was not there yet, or renewed itself meanwhile: one
    /// that waits for a delivery does so on its own, between any two questions to it.
    async fn steadily<T>(&self, what: &str, act: impl AsyncFn() -> Result<T, CmdError>) -> T {
        let deadline = Instant::now() + WAIT_TIMEOUT;
        loop {
            match act().await {
                Ok(done) => return done,
                Err(error) if renewed(&error) && Instant::now() < deadline => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(error) => {
                    let body = self.now("//body").await;
                    let words = match body {
                        Ok(body) => body.text().await.unwrap_or_default(),
                        Err(_) => String::new(),
                    };
                    panic!("{what} on {}: {error}\n{words}", self.path().await)
                }
            }
        }
    }

    /// How many things are at an XPath now.
    pub async fn count(&self, xpath: &str) -> usize {
        self.client.find_all(Locator::XPath(xpath)).await.map(|all| all.len()).unwrap_or_default()
    }

    /// Waits until the page says something.
    pub async fn until_it_says(&self, words: &str) {
        let deadline = Instant::now() + WAIT_TIMEOUT;
        while !self.words().await.contains(words) {
            assert!(Instant::now() < deadline, "{} never says “{words}”:\n{}", self.path().await, self.words().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Types into the field with this label, over what stood there.
    pub async fn fill(&self, label: &str, text: &str) {
        self.with_field(label, async |field| {
            field.clear().await?;
            field.send_keys(text).await
        })
        .await;
    }

    /// Chooses a file.
    pub async fn choose_file(&self, label: &str, file: &Path) {
        self.with_field(label, async |field| field.send_keys(&file.display().to_string()).await).await;
    }

    /// Chooses the option that begins with these words.
    pub async fn select(&self, label: &str, option: &str) {
        let id = self.with_field(label, async |field| field.attr("id").await).await.expect("an id");
        self.click(&format!("//select[@id='{id}']/option[starts-with(normalize-space(.), {})]", quoted(option))).await;
    }

    /// Ticks or unticks the box that these words stand beside.
    pub async fn tick(&self, words: &str, on: bool) {
        let box_ = format!("//label[.//*[normalize-space(.)={}]]//input[@type='checkbox']", quoted(words));
        self.steadily(&box_, async || {
            let box_ = self.now(&box_).await?;
            if box_.is_selected().await? != on { box_.click().await } else { Ok(()) }
        })
        .await;
    }

    /// What stands in the field with this label.
    pub async fn value(&self, label: &str) -> String {
        self.with_field(label, async |field| field.prop("value").await).await.unwrap_or_default()
    }

    /// What stands in the field at an XPath.
    pub async fn value_at(&self, xpath: &str) -> String {
        self.steadily(xpath, async || self.now(xpath).await?.prop("value").await).await.unwrap_or_default()
    }

    /// How many boxes of the page's tables are ticked.
    pub async fn count_checked(&self) -> usize {
        let count = self.evaluate("return document.querySelectorAll('tbody input:checked').length").await;
        count.as_u64().expect("a number") as usize
    }

    /// Waits until the page's status region says something.
    pub async fn until_said(&self, words: &str) {
        let deadline = Instant::now() + WAIT_TIMEOUT;
        loop {
            let said = self.evaluate("return document.getElementById('said')?.textContent").await;
            if said == words {
                return;
            }
            assert!(Instant::now() < deadline, "{} never says “{words}” but {said}", self.path().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Presses a button of the open dialog, which closes it.
    pub async fn press_in_dialog(&self, name: &str) {
        self.click(&format!("//dialog[@open]//button[normalize-space(.)={}]", quoted(name))).await;
    }

    /// Presses a button, and waits for the page that follows.
    pub async fn press(&self, name: &str) {
        self.leave_by(&format!("//button[normalize-space(.)={}]", quoted(name))).await;
    }

    /// Follows a link, and waits for the page that follows.
    pub async fn follow(&self, name: &str) {
        self.leave_by(&format!("//a[normalize-space(.)={}]", quoted(name))).await;
    }

    /// Clicks something that stays on the page.
    pub async fn click(&self, xpath: &str) {
        self.steadily(xpath, async || {
            let found = self.now(xpath).await?;
            self.click_on(&found).await
        })
        .await;
    }

    /// Clicks what leads to another page, and waits until this one is gone.
    pub async fn leave_by(&self, xpath: &str) {
        let page = self
            .steadily(xpath, async || {
                let found = self.now(xpath).await?;
                // Of the page that is clicked on, not of the one that it may have renewed.
                let page = found.find(Locator::XPath("/html")).await?;
                self.click_on(&found).await?;
                Ok(page)
            })
            .await;
        let deadline = Instant::now() + WAIT_TIMEOUT;
        while page.tag_name().await.is_ok() {
            assert!(Instant::now() < deadline, "{xpath} leads nowhere:\n{}", self.words().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.until_there("//h1").await;
    }

    async fn click_on(&self, found: &Element) -> Result<(), CmdError> {
        // What stands at the foot of the window may lie over it.
        let centre = "arguments[0].scrollIntoView({block: 'center'})";
        self.client.execute(centre, vec![serde_json::to_value(found)?]).await?;
        found.click().await
    }

    async fn with_field<T>(&self, label: &str, act: impl AsyncFn(Element) -> Result<T, CmdError>) -> T {
        let xpath = format!("//label[normalize-space(.)={}]", quoted(label));
        self.steadily(&xpath, async || {
            let id = self.now(&xpath).await?.attr("for").await?.expect("a label names its field");
            act(self.now(&format!("//*[@id='{id}']")).await?).await
        })
        .await
    }

    /// Logs in as one of the demo's members.
    pub async fn log_in(&self, demo: &Demo, email: &str) {
        self.open(&demo.page("/login")).await;
        self.fill("E-mail address", email).await;
        self.fill("Password", demo.told("password")).await;
        self.press("Log in").await;
        assert_ne!(self.path().await, "/login", "{email} gets in");
    }

    /// Logs out.
    pub async fn log_out(&self) {
        self.click("//details[contains(@class, 'right')]/summary").await;
        self.press("Log out").await;
    }
}

impl Drop for Browser {
    /// Ends ChromeDriver and every process of this Chromium: they all name its profile.
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        let profile = self.profile.path().display().to_string();
        let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = processes.filter_map(|entry| {
            let pid = entry.file_name().into_string().ok().filter(|name| name.bytes().all(|b| b.is_ascii_digit()))?;
            let line = std::fs::read(entry.path().join("cmdline")).ok()?;
            String::from_utf8_lossy(&line).contains(&profile).then_some(pid)
        });
        let _ = Command::new("kill").arg("-9").args(pids).stderr(Stdio::null()).status();
    }
}

/// Whether an error tells of a page that was not there yet, or is no more.
fn renewed(error: &CmdError) -> bool {
    let gone = ["execution context", "context with specified id", "aborted by navigation", "node with given id"];
    error.is_no_such_element()
        || error.is_stale_element_reference()
        || matches!(error, CmdError::Standard(said) if gone.iter().any(|words| said.message.to_lowercase().contains(words)))
}

/// A text as XPath quotes it.
fn quoted(text: &str) -> String {
    if text.contains('\'') { format!("\"{text}\"") } else { format!("'{text}'") }
}
