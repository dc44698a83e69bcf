//! Members come, change and go; a member looks after their own account.

use super::{DESK_AND_BARE_TELEPHONE, Seat, heading, is_shown_no_more, pick, says, shown_once};
use crate::browser::Browser;
use crate::demo::{Demo, On};
use crate::process::{Console, Seen};
use crate::story::ADMIN;

const NAME: &str = "Siobhán O'Brien";
const EMAIL: &str = "siobhan@mail.example";
const FIRST_PASSWORD: &str = "a password of my own";
const NEXT_PASSWORD: &str = "another one of my own";

#[tokio::test]
async fn somebody_is_invited_joins_changes_role_and_leaves() {
    for seat in DESK_AND_BARE_TELEPHONE {
        membership(seat).await;
    }
}

async fn membership(seat: Seat) {
    let demo = Demo::start(On::Sqlite);
    let admin = seat.browser().await;
    admin.log_in(&demo, ADMIN).await;
    let link = invite(&admin, &demo).await;

    let guest = seat.browser().await;
    guest.open(&link).await;
    assert_eq!(heading(&guest).await, "Join Acme Hiring");
    assert_eq!(guest.value("Your name").await, NAME, "what the admin calls them is suggested");
    guest.fill("Password", FIRST_PASSWORD).await;
    guest.press("Join").await;
    assert_eq!(guest.path().await, "/");
    guest.open(&demo.page("/settings/members")).await;
    says(&guest, &["Only an Organisation Admin may"]).await;
    admin.open(&link).await;
    says(&admin, &["This invitation has been accepted."]).await;

    admin.open(&demo.page("/settings/members")).await;
    admin.follow(NAME).await;
    assert_eq!(heading(&admin).await, NAME);
    pick(&admin, "Support").await;
    admin.press("Change role").await;
    let row = admin.text(&format!("//tr[.//bdi[.=\"{NAME}\"]]")).await;
    assert!(row.contains("Support"), "{row}");
    guest.open(&demo.page("/account")).await;
    says(&guest, &[EMAIL, "Support"]).await;

    look_after_the_account(&guest, &demo).await;

    admin.follow(NAME).await;
    admin.follow("Remove from Acme Hiring").await;
    assert_eq!(heading(&admin).await, format!("Remove {NAME}?"));
    admin.press("Remove member").await;
    assert_eq!((admin.path().await.as_str(), heading(&admin).await.as_str()), ("/settings/members", "Members"));
    assert_eq!(admin.count(&format!("//main//bdi[.=\"{NAME}\"]")).await, 0);
    guest.open(&demo.page("/account")).await;
    assert_eq!(guest.path().await, "/login", "whoever is removed is logged out");
}

/// Makes an invitation, and returns its link, which is shown once.
async fn invite(admin: &Browser, demo: &Demo) -> String {
    admin.open(&demo.page("/settings/members")).await;
    admin.follow("Invite a member").await;
    assert_eq!(heading(admin).await, "Invite a member");
    admin.fill("Name", NAME).await;
    admin.fill("E-mail address", EMAIL).await;
    pick(admin, "Recruiter").await;
    admin.press("Invite").await;
    assert!(!heading(admin).await.is_empty());
    let link = shown_once(admin, "Invitation").await;
    is_shown_no_more(admin, &link, &demo.page("/settings/members")).await;
    admin.follow("Back to the members").await;
    says(admin, &[EMAIL]).await;
    link
}

/// Changes the password, which ends other sessions, and ends another by the button.
async fn look_after_the_account(guest: &Browser, demo: &Demo) {
    let elsewhere =
        async |password| Console::log_in_with(demo.told("console"), EMAIL, password).await.expect("they get in");
    let mut other = elsewhere(FIRST_PASSWORD).await;
    guest.fill("Current password", "not the one").await;
    guest.fill("New password", NEXT_PASSWORD).await;
    guest.press("Change password").await;
    guest.until_there("//*[contains(@class, 'error-summary')]").await;
    guest.fill("Current password", FIRST_PASSWORD).await;
    guest.fill("New password", NEXT_PASSWORD).await;
    guest.press("Change password").await;
    says(guest, &["Your password has been changed. Your other sessions have ended."]).await;
    assert!(has_ended(&mut other).await, "the other session ended with the password");

    let mut other = elsewhere(NEXT_PASSWORD).await;
    guest.open(&demo.page("/account")).await;
    assert_eq!(heading(guest).await, "Your account");
    guest.press("End all other sessions").await;
    says(guest, &["Session ended.", "This one"]).await;
    assert!(has_ended(&mut other).await, "the other session ended by the button");
    assert_eq!(guest.count("//button[normalize-space(.)='End all other sessions']").await, 0);
}

async fn has_ended(session: &mut Console) -> bool {
    matches!(session.look("/account").await.expect("an answer"), Seen::Elsewhere(target) if target.starts_with("/login"))
}
