//! An admin connects a hook, a recruiter imports and exports candidates, the receiver gets one signed request, and support
//! reads in the log what happened.

use std::io::Write as _;

use crate::browser::{Browser, Script};
use crate::demo::{Demo, On};
use crate::verifiers::verify;

pub const ADMIN: &str = "admin@demo.example";
const RECRUITER: &str = "recruiter@demo.example";
const SUPPORT: &str = "support@demo.example";

/// As German Excel writes it: semicolons, Windows-1252, a line break inside a cell, and one row nobody can use.
const GERMAN_EXCEL: &str = "Bewerber-ID;Vorname;Nachname;E-Mail;Telefon;Status;Stufe;Bewerbungsdatum;Fähigkeiten\r\n\
    B-1;Jürgen;Müßig;juergen@muessig.example;0151 1;aktiv;Interview;03.11.2026;\"Rust, \"\"SQL\"\"\"\r\n\
    B-2;Siobhán;O'Brien;siobhan.two@mail.example;0151 2;aktiv;Interview;04.11.2026;\"Kafka\nGo\"\r\n\
    B-3;Zoë;D’Arcy;zoe@darcy.example;0151 3;aktiv;Neu;05.11.2026;\r\n\
    B-4;Ohne;Adresse;das ist keine;0151 4;aktiv;Neu;06.11.2026;\r\n";

#[tokio::test]
async fn the_main_job_works_in_a_browser_on_sqlite() {
    main_job(On::Sqlite, Script::On).await;
}

#[tokio::test]
async fn the_main_job_works_in_a_browser_on_postgres() {
    main_job(On::Postgres, Script::On).await;
}

#[tokio::test]
async fn the_main_job_works_in_a_browser_without_script() {
    main_job(On::Sqlite, Script::Off).await;
}

async fn main_job(on: On, script: Script) {
    let demo = Demo::start(on);
    let browser = Browser::start(script).await;

    // The admin connects a hook; its key and secret are shown once.
    browser.log_in(&demo, ADMIN).await;
    assert!(browser.words().await.contains("First steps"), "live mode has no hook on the first day");
    let (secret, key) = create_hook(&browser, &demo, "Candidate warehouse", "/ok").await;
    let copies = browser.count("//button[contains(@class, 'copy') and not(@hidden)]").await;
    assert_eq!(copies > 0, script == Script::On, "copy buttons appear exactly when the script runs");
    for credential in [&secret, &key] {
        browser.reload().await;
        assert!(!browser.source().await.contains(credential.as_str()), "a reload shows the mask");
    }
    browser.open(&demo.page("/settings/webhooks")).await;
    browser.back().await;
    assert!(!browser.source().await.contains(&secret), "Back shows the mask");
    browser.open(&demo.page("/settings/webhooks")).await;
    browser.follow("Candidate warehouse").await;
    browser.press("Send Test").await;
    browser.until_it_says("Answered 200").await;
    assert_eq!(demo.received_of("webhook.test", 1).await.len(), 1);
    browser.log_out().await;

    // The recruiter imports candidates: nobody is lost, the bad address is named by line, name and column.
    browser.log_in(&demo, RECRUITER).await;
    browser.open(&demo.page("/vacancies")).await;
    browser.follow("Clinical Trial Coordinator, Part-time").await;
    import(&browser, GERMAN_EXCEL).await;
    let told = browser.words().await;
    assert!(
        told.contains("4 candidates added") && told.contains("E-Mail") && told.contains("5 Ohne Adresse"),
        "{told}"
    );
    browser.follow("Clinical Trial Coordinator, Part-time").await;
    // The same file again doubles nobody.
    import(&browser, GERMAN_EXCEL).await;
    browser.until_it_says("0 candidates added").await;
    browser.follow("Clinical Trial Coordinator, Part-time").await;

    // They tick three and export them.
    for name in ["Jürgen Müßig", "Siobhán O'Brien", "Zoë D’Arcy"] {
        // A name in a label is kept apart from the words around it.
        let label = format!("starts-with(@aria-label, \"Select \") and contains(@aria-label, \"{name}\")");
        browser.click(&format!("//input[{label}]")).await;
    }
    browser.click("//summary[normalize-space(.)='Export']").await;
    browser.press("Export to Webhook").await;
    browser.until_it_says("Export 3 candidates?").await;
    browser.select("Webhook", "Candidate warehouse").await;
    browser.press("Confirm export").await;
    browser.until_it_says("Success").await;
    let export = browser.path().await;

    // The receiver got one request with all three and everything A5 lists, and every verifier accepts it.
    let requests = demo.received_of("candidates.exported", 1).await;
    assert_eq!(requests.len(), 1, "one request carries the whole export");
    let request = &requests[0];
    let candidates = request.body["data"]["candidates"].as_array().expect("candidates");
    let mut names: Vec<&str> = candidates.iter().filter_map(|candidate| candidate["fullName"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Jürgen Müßig", "Siobhán O'Brien", "Zoë D’Arcy"]);
    for field in
        ["emails", "phones", "qualifications", "experience", "skills", "languages", "ratings", "assessments", "tags"]
    {
        assert!(candidates.iter().all(|candidate| candidate[field].is_array()), "{field}");
    }
    for field in ["appliedAt", "stage", "status", "source", "answers"] {
        assert!(candidates.iter().all(|candidate| candidate["application"].get(field).is_some()), "{field}");
    }
    assert_eq!(request.body["data"]["vacancy"]["title"], "Clinical Trial Coordinator, Part-time");
    assert_eq!(request.header("X-Webhook-Key"), Some(key.as_str()));
    let verdict = verify(request, &secret, &key);
    assert!(verdict.refused.is_empty(), "{verdict:?}");
    for library in ["stripe", "standardwebhooks", "svix"] {
        let count = verdict.accepted.iter().filter(|name| name.starts_with(library)).count();
        assert!(count >= 2, "{library} accepts it in Node and in Python: {verdict:?}");
    }

    // Back and a second press make no second export.
    browser.back().await;
    if browser.count("//button[normalize-space(.)='Confirm export']").await == 1 {
        browser.press("Confirm export").await;
        assert_eq!(browser.path().await, export, "the same form leads to the same export");
    }
    assert_eq!(demo.received_of("candidates.exported", 1).await.len(), 1);
    browser.open(&demo.page("/vacancies")).await;
    browser.log_out().await;

    // Support finds it in the log and sees every field of T9, with personal data masked.
    browser.log_in(&demo, SUPPORT).await;
    browser.open(&demo.page("/developers/logs")).await;
    browser.select("Event", "candidates.exported").await;
    browser.press("Filter").await;
    browser.follow("candidates.exported").await;
    let shown = browser.words().await;
    let event_id = request.body["id"].as_str().expect("an id");
    for fact in [
        "Success",
        "200",
        "POST",
        "https://127.0.0.1:",
        event_id,
        "org_",
        "mem_",
        "Sent",
        "Completed",
        "Created",
        "Updated",
        "Retries",
    ] {
        assert!(shown.contains(fact), "{fact}:\n{shown}");
    }
    assert!(!shown.contains("juergen@muessig.example"), "support sees personal data masked");
    assert!(!browser.source().await.contains(&secret) && !browser.source().await.contains(&key));
    browser.open(&demo.page("/settings/webhooks/new")).await;
    assert!(browser.words().await.contains("Only an Organisation Admin may"));
}

#[tokio::test]
async fn a_receiver_that_answers_500_is_tried_four_times_and_the_log_says_so_on_sqlite() {
    four_tries(On::Sqlite).await;
}

#[tokio::test]
async fn a_receiver_that_answers_500_is_tried_four_times_and_the_log_says_so_on_postgres() {
    four_tries(On::Postgres).await;
}

async fn four_tries(on: On) {
    let demo = Demo::start(on);
    let browser = Browser::start(Script::On).await;
    browser.log_in(&demo, ADMIN).await;
    create_hook(&browser, &demo, "Broken receiver", "/status/500").await;
    browser.open(&demo.page("/vacancies")).await;
    browser.follow("Senior Backend Engineer").await;
    browser.click("(//tbody//input[@name='candidate'])[1]").await;
    browser.click("//summary[normalize-space(.)='Export']").await;
    browser.press("Export to Webhook").await;
    browser.press("Confirm export").await;
    browser.until_it_says("Failed").await;
    assert_eq!(demo.received_of("candidates.exported", 4).await.len(), 4);
    browser.open(&demo.page("/developers/logs")).await;
    let row = browser.text("//tr[.//a[normalize-space(.)='candidates.exported']]").await;
    assert!(row.contains("Failed") && row.contains("500") && row.ends_with('3'), "{row}");
    browser.follow("candidates.exported").await;
    assert_eq!(browser.count("//ol[contains(@class, 'tries')]/li").await, 4, "each try is shown");
    assert!(browser.words().await.contains("server_error"));
}

/// Creates a hook, signed and with a key, and reads both from the page that shows them once.
pub async fn create_hook(browser: &Browser, demo: &Demo, name: &str, path: &str) -> (String, String) {
    browser.open(&demo.page("/settings/webhooks")).await;
    browser.follow("Create Webhook").await;
    browser.fill("Name", name).await;
    browser.fill("Webhook URL", &format!("{}{path}", demo.told("receiver"))).await;
    browser.tick("Send a webhook key", true).await;
    browser.press("Create Hook").await;
    let secret = browser.text("//pre[@aria-label='Signing secret']").await;
    let key = browser.text("//pre[@aria-label='Webhook key']").await;
    assert!(secret.starts_with("whsec_") && key.starts_with("whk_"));
    (secret, key)
}

/// Imports a text as Excel saves it, from the page of a vacancy.
async fn import(browser: &Browser, text: &str) {
    let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(text);
    let mut file = tempfile::Builder::new().suffix(".csv").tempfile().expect("a file");
    file.write_all(&bytes).expect("written");
    browser.follow("Import candidates").await;
    browser.choose_file("File", file.path()).await;
    browser.press("Import candidates").await;
    if browser.count("//h1[normalize-space(.)='Check the columns']").await == 1 {
        browser.press("Import candidates").await;
    }
}
