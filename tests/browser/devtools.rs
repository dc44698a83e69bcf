//! What WebDriver's standard leaves out: emulation of devices and preferences, and the page's console.

use fantoccini::wd::WebDriverCompatibleCommand;
use reqwest::Method;
use serde_json::{Value, json};
use url::{ParseError, Url};

use crate::browser::Browser;

/// Light or dark, as a visitor's system asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

impl Browser {
    /// Shows pages in a window of this width.
    pub async fn resize(&self, width: u32) {
        let screen = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", screen).await;
    }

    /// Shows pages as a system with this theme asks for them.
    pub async fn prefer(&self, theme: Theme) {
        let value = if theme == Theme::Dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": value}]});
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// What the page's console said since it was last asked, where something is wrong.
    pub async fn complaints(&self) -> Vec<String> {
        let entries = self.issue("se/log", json!({"type": "browser"})).await;
        let entries = entries.as_array().expect("a list").iter();
        let wrong = entries.filter(|entry| matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING")));
        wrong.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    async fn devtools(&self, command: &str, parameters: Value) {
        self.issue("goog/cdp/execute", json!({"cmd": command, "params": parameters})).await;
    }

    async fn issue(&self, endpoint: &'static str, body: Value) -> Value {
        let command = Beyond { endpoint, body };
        self.client().issue_cmd(command).await.unwrap_or_else(|error| panic!("{endpoint}: {error}"))
    }
}

/// A command of ChromeDriver's own.
#[derive(Debug)]
struct Beyond {
    endpoint: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Beyond {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.endpoint))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
