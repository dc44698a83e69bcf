//! An interview with a webhook of its own, from its form to the delivery in the log.

use super::{Seat, TELEPHONE_AND_BARE_DESK, heading, says};
use crate::demo::{Demo, On};
use crate::story::{ADMIN, create_hook};

#[tokio::test]
async fn the_result_of_an_interview_goes_to_its_own_webhook_until_it_has_none() {
    for seat in TELEPHONE_AND_BARE_DESK {
        interview(seat).await;
    }
}

async fn interview(seat: Seat) {
    let demo = Demo::start(On::Sqlite);
    let browser = seat.browser().await;
    browser.log_in(&demo, ADMIN).await;
    create_hook(&browser, &demo, "Warehouse", "/ok").await;

    browser.open(&demo.page("/interviews")).await;
    browser.follow("New interview").await;
    browser.fill("Title", "Systems, with O'Brien").await;
    browser.select("Vacancy", "Senior Backend Engineer").await;
    browser.press("Create interview").await;
    assert_eq!(heading(&browser).await, "Systems, with O'Brien");
    says(&browser, &["Nobody has been invited yet."]).await;
    let page = browser.path().await;

    browser.follow("Settings").await;
    says(&browser, &["It is the default webhook of live mode, Warehouse"]).await;
    let settings = browser.path().await;
    browser.fill("Webhook URL", &format!("{}/ok?interview", demo.told("receiver"))).await;
    browser.press("Save changes").await;
    says(&browser, &["It is this interview’s own webhook, in place of the default webhook Warehouse"]).await;
    assert_eq!(heading(&browser).await, "Systems, with O'Brien");
    assert!(!browser.value("Webhook URL").await.starts_with("https://"), "the prefix stands there once");

    browser.open(&demo.page(&page)).await;
    browser.click("//select[@name='candidate']/option[2]").await;
    browser.press("Invite candidate").await;
    says(&browser, &["Invited, and not started yet."]).await;
    let candidate = heading(&browser).await;
    browser.press("Mark as started").await;
    says(&browser, &["It becomes abandoned"]).await;
    browser.follow("Record result").await;
    assert_eq!(heading(&browser).await, "Record result");
    browser.fill("Overall", "87").await;
    browser.fill("Summary", "A strong candidate, says محمد.").await;
    browser.press("Record result").await;
    assert_eq!(heading(&browser).await, candidate);
    says(&browser, &["Completed", "87", "A strong candidate, says محمد.", "Who was told how it ended"]).await;
    assert!(!browser.words().await.contains("Record result"), "a result is recorded once");

    let sent = demo.received_of("interview.completed", 1).await;
    assert_eq!(sent.len(), 1, "the default webhook gets nothing beside it");
    assert_eq!(sent[0].body["data"]["scores"]["overall"], 87);
    browser.open(&demo.page(&settings)).await;
    browser.follow("its deliveries").await;
    assert_eq!(heading(&browser).await, "Webhook Logs");
    browser.follow("interview.completed").await;
    browser.until_it_says("Success").await;
    says(&browser, &["/ok?interview", "interview.completed"]).await;

    browser.open(&demo.page(&settings)).await;
    browser.fill("Webhook URL", "").await;
    browser.press("Save changes").await;
    says(&browser, &["It is the default webhook of live mode, Warehouse"]).await;
    assert_eq!(browser.value("Webhook URL").await, "");
}
