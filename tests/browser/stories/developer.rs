//! What somebody needs who connects a system: a key, a sample, the guide.

use super::{DESK_AND_BARE_TELEPHONE, Seat, TELEPHONE_AND_BARE_DESK, heading, is_shown_no_more, says, shown_once};
use crate::demo::{Demo, On};
use crate::process::client;
use crate::story::ADMIN;

#[tokio::test]
async fn an_api_key_is_made_shown_once_and_revoked() {
    for seat in DESK_AND_BARE_TELEPHONE {
        api_key(seat).await;
    }
}

async fn api_key(seat: Seat) {
    let demo = Demo::start(On::Sqlite);
    let browser = seat.browser().await;
    browser.log_in(&demo, ADMIN).await;
    browser.open(&demo.page("/developers/api-keys")).await;
    assert_eq!(heading(&browser).await, "API Key Management");
    browser.fill("Name", "ATS of O'Brien").await;
    browser.select("Mode", "Test").await;
    browser.press("Create API key").await;
    assert!(!heading(&browser).await.is_empty());
    let key = shown_once(&browser, "API key").await;
    assert!(key.starts_with("sk_test_"), "a key of test mode");
    assert_eq!(report(&demo, &key).await, 202);
    is_shown_no_more(&browser, &key, &demo.page("/developers/api-keys")).await;
    browser.follow("Back to the keys").await;
    browser.follow("Revoke ATS of O'Brien").await;
    assert_eq!(heading(&browser).await, "Revoke ATS of O'Brien?");
    browser.press("Revoke API key").await;
    assert_eq!(browser.path().await, "/developers/api-keys");
    assert_eq!(browser.count("//a[contains(., \"ATS of O'Brien\")]").await, 0, "it can be revoked no more");
    assert_eq!(report(&demo, &key).await, 401);
}

/// How the partner API answers an event that is reported with a key.
async fn report(demo: &Demo, key: &str) -> u16 {
    let event = client().expect("a client").post(demo.page("/v1/partner/events")).bearer_auth(key);
    let event = event.header("content-type", "application/json").body(r#"{"event":"job.created","data":{}}"#);
    event.send().await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn a_page_of_the_catalogue_leads_to_the_preview_of_its_sample_and_the_guide_has_tabs() {
    for seat in TELEPHONE_AND_BARE_DESK {
        catalogue_and_guide(seat).await;
    }
}

async fn catalogue_and_guide(seat: Seat) {
    let demo = Demo::start(On::Sqlite);
    let browser = seat.browser().await;
    browser.log_in(&demo, ADMIN).await;
    browser.press("Test").await;
    browser.open(&demo.page("/developers/catalogue")).await;
    assert_eq!(heading(&browser).await, "Catalogue");
    browser.follow("job.status_changed").await;
    assert_eq!(heading(&browser).await, "job.status_changed");
    browser.follow("Send it to Candidate warehouse").await;
    assert_eq!(heading(&browser).await, "Test Candidate warehouse");
    let chosen = browser.value_at("//select[@name='event']").await;
    assert_eq!(chosen, "job.status_changed");
    assert_eq!(browser.count("//button[normalize-space(.)='Send Test']").await, 1);

    browser.open(&demo.page("/developers/receiving")).await;
    assert_eq!(heading(&browser).await, "Receiving");
    for (language, code) in [("Python", "import hmac"), ("Rust", "fn ")] {
        browser.follow(language).await;
        let tab = browser.text("//nav[@aria-label='Language']//a[@aria-current]").await;
        assert_eq!(tab, language);
        says(&browser, &[code]).await;
        assert_eq!(heading(&browser).await, "Receiving");
    }
}
