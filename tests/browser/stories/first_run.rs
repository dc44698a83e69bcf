//! The first minutes: `hirewire serve` on an empty database, the address that it prints, and a second organisation.

use super::{Seat, TELEPHONE_AND_BARE_DESK, heading, says};
use crate::browser::Script;
use crate::process::{Installation, PASSWORD, folder};
use crate::quality::inspect::faults;

#[tokio::test]
async fn the_printed_address_makes_the_first_organisation_and_its_admin_goes_to_a_second_and_back() {
    for seat in TELEPHONE_AND_BARE_DESK {
        first_run(seat).await;
    }
}

async fn first_run(seat: Seat) {
    let folder = folder().expect("a folder");
    let installation = Installation::on_sqlite(env!("CARGO_BIN_EXE_hirewire"), folder.path()).expect("an installation");
    let server = installation.serve().await.expect("it serves");
    let printed = server.output();
    let address = printed.lines().find_map(|line| line.strip_prefix("first run: ")).expect("an address").to_owned();
    let browser = seat.browser().await;
    browser.open(server.url()).await;
    says(&browser, &["Nobody works here yet"]).await;

    browser.open(&address).await;
    assert_eq!(heading(&browser).await, "Welcome");
    if matches!(seat.script, Script::On) {
        let found = faults(&browser).await;
        assert!(found.is_empty(), "{}", found.join("\n"));
        browser.resize(seat.width).await;
    }
    browser.fill("Organisation", "Müller & Söhne").await;
    browser.fill("Time zone", "Nowhere/At all").await;
    browser.fill("Your name", "Siobhán O'Brien").await;
    browser.fill("Your e-mail address", "siobhan@mail.example").await;
    browser.fill("Password", PASSWORD).await;
    browser.press("Begin").await;
    browser.until_there("//*[contains(@class, 'error-summary')]").await;
    assert_eq!(browser.value("Organisation").await, "Müller & Söhne", "a refused form keeps what was typed");
    browser.fill("Time zone", "Asia/Ho_Chi_Minh").await;
    browser.fill("Password", PASSWORD).await;
    browser.press("Begin").await;
    assert_eq!(browser.path().await, "/", "they are signed in");
    assert!(!heading(&browser).await.is_empty());
    says(&browser, &["First steps", "Müller & Söhne", "Asia/Ho_Chi_Minh"]).await;
    browser.open(&format!("{}/settings/members", server.url())).await;
    says(&browser, &["Siobhán O'Brien", "Organisation Admin"]).await;
    browser.open(&address).await;
    says(&browser, &["This link is no longer valid"]).await;

    // Whoever belongs to two organisations goes from one to the other.
    let second = installation.create_organisation("Nguyễn & Co").await.expect("another organisation");
    let link = installation.invite_member(&second, "siobhan@mail.example", "support").await.expect("an invitation");
    browser.open(&link).await;
    browser.press("Accept").await;
    browser.open(&format!("{}/account", server.url())).await;
    says(&browser, &["You are a Support member of Nguyễn & Co."]).await;
    browser.click("//header//summary[contains(., 'Nguyễn & Co')]").await;
    browser.press("Müller & Söhne").await;
    browser.open(server.url()).await;
    browser.click("//header//summary[contains(., 'Söhne')]").await;
    browser.press("Nguyễn & Co").await;
    assert!(!heading(&browser).await.is_empty());
    browser.open(&format!("{}/account", server.url())).await;
    says(&browser, &["You are a Support member of Nguyễn & Co."]).await;
    browser.click("//header//summary[contains(., 'Nguyễn & Co')]").await;
    browser.press("Müller & Söhne").await;
    browser.open(&format!("{}/account", server.url())).await;
    says(&browser, &["You are an Organisation Admin of Müller & Söhne."]).await;
}
