//! What people do at the console, from the first page to the last, as they do it: with and without script, in a wide window
//! and in one as narrow as a telephone.

mod developer;
mod first_run;
mod interview;
mod people;
mod webhook;

use crate::browser::{Browser, Script};

/// How somebody sits at the console.
#[derive(Debug, Clone, Copy)]
struct Seat {
    script: Script,
    /// Of the window, in pixels.
    width: u32,
}

/// Both ways of running pages and both widths, in two visits.
const DESK_AND_BARE_TELEPHONE: [Seat; 2] =
    [Seat { script: Script::On, width: 1280 }, Seat { script: Script::Off, width: 320 }];
/// The other two.
const TELEPHONE_AND_BARE_DESK: [Seat; 2] =
    [Seat { script: Script::On, width: 320 }, Seat { script: Script::Off, width: 1280 }];

impl Seat {
    /// Sits down.
    async fn browser(self) -> Browser {
        let browser = Browser::start(self.script).await;
        browser.resize(self.width).await;
        browser
    }
}

/// The page's heading, on a page that fits its window.
async fn heading(browser: &Browser) -> String {
    let over =
        browser.evaluate("const root = document.documentElement; return root.scrollWidth - root.clientWidth").await;
    assert_eq!(over, 0, "{} sticks out of its window", browser.path().await);
    browser.text("//h1").await
}

/// What a page shows once, under this name.
async fn shown_once(browser: &Browser, name: &str) -> String {
    browser.text(&format!("//pre[@aria-label='{name}']")).await
}

/// Chooses one of several, by the words in bold beside it.
async fn pick(browser: &Browser, words: &str) {
    browser.click(&format!("//label[strong[normalize-space(.)='{words}']]//input[@type='radio']")).await;
}

/// Fails when any of these words is not on the page.
async fn says(browser: &Browser, all: &[&str]) {
    let told = browser.words().await;
    for words in all {
        assert!(told.contains(words), "“{words}” is not on {}:\n{told}", browser.path().await);
    }
}

/// Loads the page again and comes back to it from another: neither brings back what was shown once.
async fn is_shown_no_more(browser: &Browser, value: &str, elsewhere: &str) {
    assert!(browser.source().await.contains(value), "it is shown to begin with");
    browser.reload().await;
    assert!(!browser.source().await.contains(value), "a reload shows it no more");
    browser.open(elsewhere).await;
    browser.back().await;
    assert!(!browser.source().await.contains(value), "Back shows it no more");
}
