//! The first minutes: `hirewire serve` on an empty database, and the address that it prints.

use super::{Seat, TELEPHONE_AND_BARE_DESK, heading, says};
use crate::process::{Installation, PASSWORD, folder};

#[tokio::test]
async fn the_printed_address_makes_the_first_organisation_and_lets_its_admin_in() {
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
    browser.fill("Organisation", "Müller & Söhne").await;
    browser.fill("Time zone", "Nowhere/At all").await;
    browser.fill("Your name", "Siobhán O'Brien").await;
    browser.fill("Your e-mail address", "siobhan@mail.example").await;
    browser.fill("Password", PASSWORD).await;
    browser.press("Begin").await;
    browser.find("//*[contains(@class, 'error-summary')]").await;
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
    says(&browser, &["This address is worth nothing"]).await;
}
