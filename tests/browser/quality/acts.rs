//! What a recruiter does with a selection, with real names, with and without script; what refused forms and keys do.

use fantoccini::key::Key;

use super::inspect::faults;
use super::scene::{NAMES, Scene};
use crate::browser::{Browser, Script};
use crate::demo::{Demo, On};

const RECRUITER: &str = "recruiter@demo.example";

#[tokio::test]
async fn real_names_stay_what_they_are_from_the_vacancy_to_the_log() {
    let scene = Scene::set().await;
    let browser = Browser::start(Script::On).await;
    recruit(&browser, &scene).await;
    for name in NAMES {
        let row = format!("(//tbody/tr[.//bdi[normalize-space(.)={}]]//input)[1]", quoted(name));
        browser.click(&row).await;
    }
    // The longest name there can be stands on the same page and hides nothing of it.
    assert_eq!(browser.count("//bdi[string-length(.) = 496]").await, 1);
    assert_eq!(faults(&browser).await, Vec::<String>::new());
    browser.resize(1280).await;
    send(&browser, "Candidate warehouse", true).await;
    browser.until_it_says("It arrived").await;
    browser.click("//summary[starts-with(normalize-space(.), 'Who was in it')]").await;
    let told = browser.words().await;
    for name in NAMES {
        assert!(told.contains(name), "{name} was in it:\n{told}");
    }
    let sent = scene.demo.received_of("candidates.exported", 5).await;
    let listed = sent[0].body["data"]["candidates"].as_array().expect("candidates").clone();
    let mut names: Vec<_> = listed.iter().filter_map(|one| one["fullName"].as_str()).collect();
    names.sort_unstable();
    let mut wanted = NAMES;
    wanted.sort_unstable();
    assert_eq!(names, wanted, "the receiver gets them as they are written");
    browser.follow("Open its delivery").await;
    let payload = browser.words().await;
    for name in NAMES {
        assert!(payload.contains(name), "{name} stands in the log");
    }
    assert_eq!(faults(&browser).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_selection_is_ticked_by_ranges_counted_and_sent_once_with_script() {
    let scene = Scene::set().await;
    let browser = Browser::start(Script::On).await;
    recruit(&browser, &scene).await;
    // One box, then another with Shift: all between them.
    browser.click("(//tbody//input)[10]").await;
    browser
        .evaluate("document.querySelectorAll('tbody input')[12].dispatchEvent(new MouseEvent('click', {bubbles: true, shiftKey: true}))")
        .await;
    browser.until_said("4 selected.").await;
    assert_eq!(browser.count_checked().await, 4);
    browser.click("//thead//input").await;
    browser.until_said("50 selected.").await;
    browser.click("//thead//input").await;
    browser.until_said("0 selected.").await;
    selection_to_the_end(&browser, &scene).await;
}

#[tokio::test]
async fn a_selection_is_sent_once_without_script() {
    let scene = Scene::set().await;
    let browser = Browser::start(Script::Off).await;
    recruit(&browser, &scene).await;
    selection_to_the_end(&browser, &scene).await;
}

/// All of 74 but one; whoever was sent stays out next time; what failed is exported again; what retries is cancelled.
async fn selection_to_the_end(browser: &Browser, scene: &Scene) {
    browser.leave_by("//button[starts-with(normalize-space(.), 'Select all')]").await;
    browser.until_it_says("selected here, 24 on other pages").await;
    assert!(browser.source().await.len() < 60_000, "only those on the page are named in it");
    browser.click("(//tbody//input)[1]").await;
    ask(browser).await;
    browser.select("Webhook", "Candidate warehouse").await;
    browser.press("Update preview").await;
    // Four of the rest were sent to this webhook before and stay out, and so does the one who withdrew.
    browser.until_it_says("Export 68 candidates?").await;
    let told = browser.words().await;
    assert!(told.contains("Already sent") && told.contains("unchanged since"), "{told}");
    assert!(told.contains("Consent withdrawn") && told.contains("Standard"), "{told}");
    browser.press("Confirm export").await;
    browser.until_it_says("It arrived").await;
    // The same again: everybody is known, and stays out until the box is ticked.
    browser.open(&scene.demo.page(&scene.vacancy)).await;
    browser.click("(//tbody//input)[2]").await;
    ask(browser).await;
    browser.until_it_says("Tick the box below to send this candidate again.").await;
    assert_eq!(browser.count("//button[normalize-space(.)='Confirm export']").await, 0);
    browser.tick("Include those already sent", true).await;
    if browser.runs_script() {
        browser.until_it_says("Export 1 candidate?").await;
    } else {
        browser.press("Update preview").await;
    }
    browser.until_it_says("This candidate has been sent to this webhook before, and will be sent again.").await;
    // To another webhook they go, and it refuses.
    browser.select("Webhook", "HRIS Sync").await;
    browser.press("Update preview").await;
    browser.until_it_says("Below is what HRIS Sync gets.").await;
    browser.press("Confirm export").await;
    browser.until_it_says("It did not arrive").await;
    let failed = browser.path().await;
    browser.follow("Export them again").await;
    browser.until_it_says("Export 1 candidate?").await;
    assert_eq!(browser.count("//option[contains(., 'HRIS Sync') and @selected]").await, 1, "the last one is offered");
    browser.press("Confirm export").await;
    browser.until_it_says("It did not arrive").await;
    assert_ne!(browser.path().await, failed, "it is an export of its own");
    assert!(browser.count("//a[contains(@href, '/exports/exp_')]").await > 2, "the vacancy's history stands below");
}

#[tokio::test]
async fn an_export_that_waits_is_cancelled_with_and_without_script() {
    for script in [Script::On, Script::Off] {
        let scene = Scene::set().await;
        let browser = Browser::start(script).await;
        recruit(&browser, &scene).await;
        browser.click("(//tbody//input)[12]").await;
        // The tick outlasts a look at the other page.
        browser.press("Next").await;
        browser.press("Previous").await;
        assert_eq!(browser.count_checked().await, 1);
        ask(&browser).await;
        browser.select("Webhook", "127.0.0.1").await;
        browser.press("Update preview").await;
        browser.until_it_says("This webhook is paused").await;
        browser.press("Confirm export").await;
        browser.until_it_says("It waits").await;
        if script == Script::On {
            assert_eq!(faults(&browser).await, Vec::<String>::new());
        }
        browser.press("Cancel retries").await;
        browser.until_it_says("It was cancelled").await;
        browser.until_it_says("Nothing was sent.").await;
    }
}

#[tokio::test]
async fn a_refused_form_says_so_in_its_title_and_takes_the_focus_to_what_is_wrong() {
    let demo = Demo::start(On::Sqlite);
    let browser = Browser::start(Script::On).await;
    browser.open(&demo.page("/login")).await;
    browser.fill("E-mail address", "admin@demo.example").await;
    browser.fill("Password", "wrong").await;
    browser.press("Log in").await;
    refused(&browser).await;
    browser.log_in(&demo, "admin@demo.example").await;
    for (page, label, typed, button) in [
        ("/vacancies/new", "Reference", "O'Brien <&>", "Create vacancy"),
        ("/settings/webhooks/new", "Name", "Nguyễn Thị Ánh ✨", "Create Hook"),
    ] {
        browser.open(&demo.page(page)).await;
        browser.fill(label, typed).await;
        browser.press(button).await;
        refused(&browser).await;
        assert_eq!(browser.value(label).await, typed, "what was typed is kept");
    }
    browser.open(&demo.page("/vacancies")).await;
    browser.follow("Senior Backend Engineer").await;
    ask(&browser).await;
    refused(&browser).await;
    browser.follow("Import candidates").await;
    browser.press("Import candidates").await;
    refused(&browser).await;
}

async fn refused(browser: &Browser) {
    let title = browser.evaluate("return document.title").await;
    assert!(title.as_str().is_some_and(|title| title.starts_with("Error: ")), "{title}");
    let focused = browser.evaluate("return document.activeElement.className").await;
    assert!(focused.as_str().is_some_and(|class| class.contains("error-summary")), "{title}: {focused} has the focus");
    // Each link of the summary leads to something.
    let lost = browser.evaluate(
        "return [...document.querySelectorAll('.error-summary a')].filter((a) => !document.querySelector(a.getAttribute('href'))).map((a) => a.textContent)",
    );
    assert_eq!(lost.await, serde_json::json!([]), "{title}");
    assert_eq!(faults(browser).await, Vec::<String>::new());
}

#[tokio::test]
async fn single_keys_lead_through_pages_and_rows_and_can_be_turned_off() {
    let scene = Scene::set().await;
    let browser = Browser::start(Script::On).await;
    recruit(&browser, &scene).await;
    browser.keys("jjx").await;
    browser.keys("jj").await;
    browser.keys("X").await;
    browser.until_said("3 selected.").await;
    browser.keys("?").await;
    browser.until_there("//dialog[@open]//kbd[normalize-space(.)='j']").await;
    assert_eq!(faults(&browser).await, Vec::<String>::new());
    browser.press_in_dialog("Close").await;
    assert_eq!(browser.count("//dialog[@open]").await, 0);
    browser.keys("ge").await;
    browser.until_there("//h1[normalize-space(.)='Exports']").await;
    // Who types, types.
    browser.open(&scene.demo.page("/vacancies/new")).await;
    browser.fill("Title", "gl?").await;
    assert_eq!((browser.value("Title").await.as_str(), browser.count("//dialog").await), ("gl?", 0));
    browser.open(&scene.demo.page("/help/keyboard")).await;
    browser.click("//button[normalize-space(.)='Turn single keys off']").await;
    browser.until_said("Single keys are off.").await;
    browser.open(&scene.demo.page("/exports")).await;
    browser.keys(&format!("?{}", Key::Escape)).await;
    assert_eq!(browser.count("//dialog").await, 0);
}

/// As the recruiter, in test mode, on the page of the vacancy.
async fn recruit(browser: &Browser, scene: &Scene) {
    browser.log_in(&scene.demo, RECRUITER).await;
    browser.press("Test").await;
    browser.open(&scene.demo.page(&scene.vacancy)).await;
}

/// From the ticked boxes to the page that asks.
async fn ask(browser: &Browser) {
    browser.click("//summary[normalize-space(.)='Export']").await;
    browser.press("Export to Webhook").await;
}

async fn send(browser: &Browser, hook: &str, resend: bool) {
    ask(browser).await;
    browser.select("Webhook", hook).await;
    browser.press("Update preview").await;
    if resend && browser.count("//input[@name='resend']").await == 1 {
        browser.tick("Include those already sent", true).await;
        browser.until_it_says("will be sent again").await;
    }
    browser.press("Confirm export").await;
}

fn quoted(text: &str) -> String {
    if text.contains('\'') { format!("\"{text}\"") } else { format!("'{text}'") }
}
