//! An admin and a webhook: made, changed, paused, given another secret, moved to another address, tested, deleted.

use super::{
    DESK_AND_BARE_TELEPHONE, Seat, TELEPHONE_AND_BARE_DESK, heading, is_shown_no_more, pick, says, shown_once,
};
use crate::browser::Browser;
use crate::demo::{Demo, On, Received};
use crate::story::{ADMIN, create_hook};

#[tokio::test]
async fn a_webhook_lives_from_its_form_to_its_deletion() {
    for seat in DESK_AND_BARE_TELEPHONE {
        life(seat).await;
    }
}

async fn life(seat: Seat) {
    let demo = Demo::start(On::Sqlite);
    let browser = seat.browser().await;
    browser.log_in(&demo, ADMIN).await;
    let key = make(&browser, &demo).await;
    let page = browser.path().await;
    let first = test(&browser, &demo, 1).await;
    assert_eq!((first.header("X-Tenant"), first.header("X-Webhook-Key")), (Some("north"), Some(key.as_str())));

    change(&browser).await;
    assert_eq!(browser.path().await, page);
    assert_eq!(test(&browser, &demo, 2).await.header("X-Tenant"), Some("north"), "an empty value keeps the old one");

    browser.press("Pause").await;
    says(&browser, &["Paused", "paused: 0 deliveries are held until you resume."]).await;
    browser.press("Resume").await;
    says(&browser, &["Active", "gets one event."]).await;

    rotate(&browser, &demo, &page).await;

    browser.follow("Replace").await;
    assert_eq!(heading(&browser).await, "Replace HRIS of O'Brien");
    browser.fill("Webhook URL", &format!("{}/ok?moved", demo.told("receiver"))).await;
    browser.press("Replace webhook").await;
    let successor = browser.path().await;
    assert_ne!(successor, page, "another address is another webhook");
    says(&browser, &["/ok?moved", "In place of", "Full", "5 requests a minute", "X-Tenant: ••••••••"]).await;
    let moved = test(&browser, &demo, 3).await;
    assert_eq!((moved.header("X-Tenant"), moved.header("X-Webhook-Key")), (Some("north"), Some(key.as_str())));
    browser.open(&demo.page(&page)).await;
    says(&browser, &["Replaced by another webhook"]).await;
    browser.follow("another webhook").await;
    assert_eq!(browser.path().await, successor);

    browser.follow("Delete").await;
    assert!(browser.path().await.ends_with("/deletion"), "it asks on a page of its own");
    assert_eq!(heading(&browser).await, "Delete HRIS of O'Brien?");
    says(&browser, &["What stops", "What stays"]).await;
    browser.follow("Keep it").await;
    browser.follow("Delete").await;
    browser.press("Delete Webhook").await;
    browser.open(&demo.page("/settings/webhooks")).await;
    assert_eq!(browser.count("//main//a[normalize-space(.)=\"HRIS of O'Brien\"]").await, 0, "it is in no list");
    browser.open(&demo.page(&successor)).await;
    says(&browser, &["Deleted: nothing more is ever sent to it."]).await;
    assert_eq!(browser.count("//button[normalize-space(.)='Send Test']").await, 0);
}

/// Fills the whole form, and returns the key that is shown.
async fn make(browser: &Browser, demo: &Demo) -> String {
    browser.open(&demo.page("/settings/webhooks")).await;
    browser.follow("Create Webhook").await;
    assert_eq!(heading(browser).await, "Create Webhook");
    browser.fill("Name", "HRIS of O'Brien").await;
    browser.fill("Webhook URL", &format!("{}/ok", demo.told("receiver"))).await;
    browser.click("//summary[starts-with(normalize-space(.), 'More settings')]").await;
    browser.fill("Note", "Ask Nguyễn Thị Ánh <script>alert(1)</script>").await;
    pick(browser, "Single").await;
    browser.tick("job.created", true).await;
    browser.select("Field set", "Minimal").await;
    browser.tick("Send a webhook key", true).await;
    browser.fill("Requests at most", "20").await;
    browser.fill("Header 1", "X-Tenant").await;
    browser.fill("Value 1", "north").await;
    browser.press("Create Hook").await;
    assert!(!heading(browser).await.is_empty());
    let (secret, key) = (shown_once(browser, "Signing secret").await, shown_once(browser, "Webhook key").await);
    assert!(secret.starts_with("whsec_") && key.starts_with("whk_"));
    browser.follow("I have stored them").await;
    assert_eq!(heading(browser).await, "HRIS of O'Brien");
    says(
        browser,
        &[
            "Ask Nguyễn Thị Ánh <script>alert(1)</script>",
            "gets one event.",
            "Single",
            "job.created",
            "Minimal",
            "20 requests a second",
            "X-Tenant: ••••••••",
            "whsec_••••••••",
        ],
    )
    .await;
    key
}

/// Changes what may be changed, and keeps the header.
async fn change(browser: &Browser) {
    browser.follow("Edit").await;
    assert_eq!(heading(browser).await, "Edit HRIS of O'Brien");
    assert_eq!(browser.value("Note").await, "Ask Nguyễn Thị Ánh <script>alert(1)</script>");
    assert_eq!((browser.value("Header 1").await, browser.value("Value 1").await), ("X-Tenant".into(), String::new()));
    // What is refused keeps what was typed.
    browser.fill("Requests at most", "many").await;
    browser.fill("Note", "محمد knows").await;
    browser.press("Save changes").await;
    browser.until_there("//*[contains(@class, 'error-summary')]").await;
    assert_eq!(
        (browser.value("Requests at most").await, browser.value("Note").await),
        ("many".into(), "محمد knows".into())
    );
    browser.fill("Requests at most", "5").await;
    browser.click("//select[@aria-label='In which span']/option[normalize-space(.)='a minute']").await;
    pick(browser, "Patient").await;
    browser.select("Field set", "Full").await;
    browser.press("Save changes").await;
    assert_eq!(heading(browser).await, "HRIS of O'Brien");
    says(browser, &["محمد knows", "Patient", "Full", "5 requests a minute", "X-Tenant: ••••••••"]).await;
}

/// Another secret beside the old one, until the old one is revoked.
async fn rotate(browser: &Browser, demo: &Demo, page: &str) {
    browser.follow("Regenerate secret").await;
    assert_eq!(heading(browser).await, "Regenerate secret?");
    pick(browser, "1 hour").await;
    browser.press("Regenerate secret").await;
    let secret = shown_once(browser, "Signing secret").await;
    is_shown_no_more(browser, &secret, &demo.page(page)).await;
    browser.open(&demo.page(page)).await;
    says(browser, &["Rotating", "Old and new both work until", "they carry that of the old one"]).await;
    browser.press("My receiver has switched").await;
    says(browser, &["Rotating", "they carry that of the new one"]).await;
    assert_eq!(browser.count("//button[normalize-space(.)='My receiver has switched']").await, 0);
    browser.follow("Revoke old now").await;
    assert_eq!(heading(browser).await, "Revoke old secret?");
    browser.press("Revoke old secret").await;
    let told = browser.words().await;
    let ending = &secret[secret.len() - 4..];
    assert!(!told.contains("Rotating") && told.contains(&format!("ends in {ending}")), "{told}");
}

/// Sends a test from the webhook's page, and returns what the receiver got for it.
async fn test(browser: &Browser, demo: &Demo, count: usize) -> Received {
    browser.press("Send Test").await;
    browser.until_it_says("Answered 200").await;
    let requests = demo.received_of("webhook.test", count).await;
    assert_eq!(requests.len(), count);
    requests.into_iter().next().expect("the newest")
}

#[tokio::test]
async fn a_sample_is_previewed_sent_and_answered_on_the_same_page() {
    for seat in TELEPHONE_AND_BARE_DESK {
        sample(seat).await;
    }
}

async fn sample(seat: Seat) {
    let demo = Demo::start(On::Sqlite);
    let browser = seat.browser().await;
    browser.log_in(&demo, ADMIN).await;
    create_hook(&browser, &demo, "Warehouse", "/ok").await;
    browser.follow("I have stored them").await;
    browser.click("//select[@aria-label='Event to send']/option[normalize-space(.)='interview.completed']").await;
    browser.press("Preview").await;
    assert_eq!(heading(&browser).await, "Test Warehouse");
    assert_eq!(demo.received().await.len(), 0, "a preview sends nothing");
    let previewed = browser.value_at("//input[@name='previewed']").await;
    browser.click("//summary[starts-with(normalize-space(.), 'The very bytes')]").await;
    let bytes = shown_once(&browser, "The very bytes").await;
    browser.press("Send Test").await;
    browser.until_it_says("Answered 200").await;
    assert_eq!(heading(&browser).await, "Test Warehouse", "the answer stands on the page it was sent from");
    says(&browser, &["first byte", "total", "View in the log"]).await;
    let sent = demo.received_of("interview.completed", 1).await.remove(0);
    assert_eq!(sent.body["id"], previewed.as_str());
    let shown: serde_json::Value = serde_json::from_str(&bytes).expect("the bytes are JSON");
    assert_eq!(shown, sent.body, "what was previewed is what was sent");
    assert_eq!(sent.body["test"], true);
    browser.follow("View in the log").await;
    says(&browser, &["interview.completed", "Success", "200"]).await;

    let row = "//tbody//a[normalize-space(.)='interview.completed']";
    browser.open(&demo.page("/developers/logs")).await;
    assert_eq!(browser.count(row).await, 0, "tests are left out");
    browser.follow("Include tests").await;
    assert_eq!((browser.count(row).await, heading(&browser).await.as_str()), (1, "Webhook Logs"));
}
