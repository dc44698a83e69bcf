//! The walk.

use super::inspect::faults;
use super::scene::{Scene, member, test_mode};
use super::ways::Ways;
use crate::browser::{Browser, Script};
use crate::demo::{Demo, On};

/// How many bytes the stylesheet and the script may have as they are served.
const MAX_STYLE: usize = 22_000;
const MAX_SCRIPT: usize = 10_000;

#[tokio::test]
async fn every_page_is_found_and_nothing_is_wrong_with_it() {
    let mut scene = Scene::set().await;
    let browser = Browser::start(Script::On).await;
    browser.open(&scene.demo.page("/login")).await;
    let mut found = faults(&browser).await;
    browser.log_in(&scene.demo, "admin@demo.example").await;
    // What is shown once is there for this visit alone.
    for (page, name, button) in
        [("/settings/webhooks/new", "Quality", "Create Hook"), ("/developers/api-keys", "Quality", "Create API key")]
    {
        browser.open(&scene.demo.page(page)).await;
        browser.fill("Name", name).await;
        if page.ends_with("new") {
            browser.fill("Webhook URL", &format!("{}/ok", scene.demo.told("receiver"))).await;
            browser.tick("Send a webhook key", true).await;
        }
        browser.press(button).await;
        found.extend(faults(&browser).await);
    }
    found.extend(invited(&browser, &scene.demo).await);
    let ways = Ways::explore(&mut scene.admin, &scene.seeds, 2).await;
    ways.expect_all();
    browser.press("Test").await;
    found.extend(walk(&browser, &scene.demo, ways.all()).await);
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
}

/// Invites somebody, and looks at the link on its one page and at what it opens.
async fn invited(browser: &Browser, demo: &Demo) -> Vec<String> {
    browser.open(&demo.page("/settings/members/new")).await;
    browser.fill("E-mail address", "anh@mail.example").await;
    browser.click("//label[.//*[normalize-space(.)='Recruiter']]//input").await;
    browser.press("Invite").await;
    let page = browser.source().await;
    let token = page.split("/invitations/").nth(1).and_then(|rest| rest.split(['<', '"', '&']).next()).expect("a link");
    let mut found = faults(browser).await;
    let guest = Browser::start(Script::On).await;
    for link in [format!("/invitations/{token}"), "/invitations/nothing".to_owned()] {
        guest.open(&demo.page(&link)).await;
        found.extend(faults(&guest).await);
    }
    found
}

#[tokio::test]
async fn nothing_is_wrong_with_the_pages_of_a_recruiter_and_of_support() {
    let scene = Scene::set().await;
    let mut found = Vec::new();
    for role in ["recruiter", "support"] {
        let mut console = member(&scene.demo, role).await;
        test_mode(&mut console).await;
        let ways = Ways::explore(&mut console, std::slice::from_ref(&scene.vacancy), 1).await;
        assert!(ways.pages.len() > 5, "{role} sees pages");
        let browser = Browser::start(Script::On).await;
        browser.log_in(&scene.demo, &format!("{role}@demo.example")).await;
        browser.press("Test").await;
        found.extend(walk(&browser, &scene.demo, ways.all()).await);
        browser.open(&scene.demo.page("/settings/webhooks/new")).await;
        found.extend(faults(&browser).await);
    }
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
}

#[tokio::test]
async fn nothing_is_wrong_with_the_empty_pages_of_the_first_day() {
    let demo = Demo::start(On::Sqlite);
    let mut admin = member(&demo, "admin").await;
    let ways = Ways::explore(&mut admin, &["/nothing/here".to_owned()], 1).await;
    let browser = Browser::start(Script::On).await;
    browser.log_in(&demo, "admin@demo.example").await;
    let mut found = walk(&browser, &demo, ways.all()).await;
    browser.open(&demo.page("/nothing/here")).await;
    found.extend(faults(&browser).await);
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
}

#[tokio::test]
async fn stylesheet_and_script_are_small() {
    let demo = Demo::start(On::Sqlite);
    let browser = Browser::start(Script::On).await;
    browser.open(&demo.page("/login")).await;
    for (ending, most) in [("css", MAX_STYLE), ("js", MAX_SCRIPT)] {
        let sizes = format!(
            "return performance.getEntriesByType('resource').filter((one) => one.name.endsWith('.{ending}')).map((one) => one.decodedBodySize);"
        );
        let sizes = browser.evaluate(&sizes).await;
        let size = sizes[0].as_u64().expect("it is loaded") as usize;
        assert!(size > 1_000 && size <= most, "the {ending} has {size} bytes of {most}");
    }
}

async fn walk(browser: &Browser, demo: &Demo, pages: impl Iterator<Item = &String>) -> Vec<String> {
    let mut found = Vec::new();
    for page in pages {
        browser.open(&demo.page(page)).await;
        found.extend(faults(browser).await);
    }
    found
}
