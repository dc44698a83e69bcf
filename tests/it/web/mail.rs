//! Invitations by e-mail: through a real SMTP conversation, and through servers that will not have it.

use std::time::Duration;

use hirewire::config::Mail;
use hirewire::store;

use super::invitations::invited;
use crate::support::{Browser, Manner, Page, Smtp, TestApp, token};

on_both_databases!(
    an_invitation_goes_out_by_e_mail_and_its_link_is_shown_to_nobody_else,
    letters_are_few_a_day_and_advertise_nothing,
    no_link_is_mailed_that_leads_where_a_visitor_says,
    a_mail_server_that_refuses_costs_no_invitation_and_the_page_says_so,
    a_mail_server_that_says_nothing_holds_nobody_up_for_long,
    a_mail_server_with_tls_and_a_password_gets_both,
    without_a_mail_server_the_link_is_for_the_admin_to_hand_over,
);

const EMAIL: &str = "anh@new.example";
/// Where the operator says that the console is.
const CONSOLE: &str = "http://console.example";

/// The program with a mail server; the sender has a name that needs encoding.
pub(super) async fn with_mail(app: TestApp, smtp: &Smtp) -> TestApp {
    let from = "Hiring Dësk <desk@acme.example>";
    let read = Mail::read(Some(smtp.url()), Some(from.into())).expect("settings").expect("a server");
    // A server that says nothing is given up on while the test waits.
    let mail = Mail { patience: Duration::from_secs(if smtp.manner == Manner::Silent { 1 } else { 30 }), ..read };
    app.crashed_and_started_again(|config| {
        config.mail = Some(mail);
        config.public_url = Some(CONSOLE.parse().expect("an address"));
    })
    .await
}

/// Has an admin invite somebody; the page that follows.
async fn invite(admin: &mut Browser, name: &str, email: &str, role: &str) -> Page {
    let own = token();
    let fields = [("name", name), ("email", email), ("role", role), ("token", own.as_str())];
    let page = admin.post("/settings/members/new", &fields).await;
    if page.status == 303 { admin.follow(&page).await } else { page }
}

/// Has an admin invite somebody; the path of the link in the letter.
pub(super) async fn mailed_link(app: &TestApp, smtp: &Smtp, admin: &mut Browser, email: &str, role: &str) -> String {
    let page = invite(admin, "", email, role).await;
    assert!(page.body.contains("The invitation is sent"), "{}", page.body);
    let letter = smtp.letters().pop().expect("a letter");
    assert_eq!(letter.to, [email]);
    let link = letter.text.lines().find_map(|line| line.strip_prefix(CONSOLE)).expect("a link").to_owned();
    assert!(!page.body.contains(&link), "the admin does not see it");
    app.url();
    link
}

async fn an_invitation_goes_out_by_e_mail_and_its_link_is_shown_to_nobody_else(app: TestApp) {
    let smtp = Smtp::start(Manner::Taking).await;
    let app = with_mail(app, &smtp).await;
    let admin = app.an_admin().await;
    let mut admins = app.browser().logged_in(&admin.member.email).await;
    admins.post("/account/name", &[("name", "O'Brien 🧶")]).await;
    let page = invite(&mut admins, "Nguyễn Thị Ánh", EMAIL, "recruiter").await;
    assert!(page.body.contains(&format!("The link was sent to {EMAIL} by e-mail.")), "{}", page.body);
    assert!(page.shown_once().is_empty() && !page.body.contains("/invitations/"), "{}", page.body);
    let letter = smtp.the_letter();
    assert_eq!((letter.from.as_str(), &letter.to[..]), ("desk@acme.example", &[EMAIL.to_owned()][..]));
    assert!(letter.must("From").ends_with("<desk@acme.example>") && letter.must("To").contains(EMAIL));
    assert!(letter.must("Date").starts_with("Fri, 20 Nov 2026 09:30"), "{}", letter.must("Date"));
    assert!(letter.must("Message-ID").ends_with("@acme.example>") && letter.must("Subject").contains("Hirewire"));
    assert!(letter.head.iter().all(|line| line.is_ascii()), "{:?}", letter.head);
    for words in [
        "Hello Nguyễn Thị Ánh,",
        "O'Brien 🧶 invites you to join",
        &admin.organisation.name,
        "as a Recruiter",
        &format!("\n{CONSOLE}/invitations/"),
        "until 27 November 2026, 09:30 (Europe/Lisbon)",
    ] {
        assert!(letter.text.contains(words), "{words} is missing in {}", letter.text);
    }
    assert!(admins.get("/settings/members").await.body.contains("Sent by e-mail"));
    let link = letter.text.lines().find_map(|line| line.strip_prefix(CONSOLE)).expect("a link");
    let fields = [("name", "Ánh"), ("password", "a password of my own")];
    assert_eq!(app.browser().post(link, &fields).await.status, 303);
    let (member, _) = app.read(|conn| store::member::find_by_email(conn, EMAIL)).await.expect("an account");
    assert!(member.is_proven(), "whoever has the letter has the mailbox");
}

async fn letters_are_few_a_day_and_advertise_nothing(app: TestApp) {
    let smtp = Smtp::start(Manner::Taking).await;
    let app = with_mail(app, &smtp).await;
    let (ours, theirs) = (app.an_admin().await, app.an_admin().await);
    let mut our_admin = app.browser().logged_in(&ours.member.email).await;
    let mut their_admin = app.browser().logged_in(&theirs.member.email).await;
    for admin in [&mut our_admin, &mut their_admin] {
        let page = invite(admin, "Your parcel waits: https://evil.example/pay", EMAIL, "support").await;
        assert!(page.status == 422 && page.body.contains("Enter a name without a web address"), "{}", page.body);
    }
    our_admin.post("/account/name", &[("name", "Win a prize at evil.example")]).await;
    for _ in 0..2 {
        assert_eq!(invite(&mut our_admin, "Ánh", EMAIL, "support").await.status, 200);
    }
    assert_eq!(invite(&mut their_admin, "Ánh", EMAIL, "support").await.status, 200);
    let page = invite(&mut their_admin, "Ánh", EMAIL, "support").await;
    assert!(page.status == 409 && page.body.contains("3 invitations within a day"), "{}", page.body);
    assert!(smtp.letters().iter().all(|letter| !letter.text.contains("evil.example")));
    for number in 0..48 {
        let email = format!("somebody-{number}@new.example");
        assert_eq!(invite(&mut our_admin, "", &email, "support").await.status, 200, "{number}");
    }
    let page = invite(&mut our_admin, "", "one-more@new.example", "support").await;
    assert!(page.status == 409 && page.body.contains("50 invitations"), "{}", page.body);
    assert_eq!(smtp.letters().len(), 51);
    app.advance_ms(24 * 3_600_000);
    let mut our_admin = app.browser().logged_in(&ours.member.email).await;
    assert_eq!(invite(&mut our_admin, "Ánh", EMAIL, "support").await.status, 200);
}

async fn no_link_is_mailed_that_leads_where_a_visitor_says(app: TestApp) {
    let smtp = Smtp::start(Manner::Taking).await;
    let app = with_mail(app, &smtp).await;
    let app = app.crashed_and_started_again(|config| {
        let read = Mail::read(Some(smtp.url()), Some("desk@acme.example".into()));
        config.mail = read.expect("settings");
    });
    let app = app.await;
    let admin = app.an_admin().await;
    let mut admins = app.browser().logged_in(&admin.member.email).await;
    let page = invite(&mut admins, "Ánh", EMAIL, "support").await;
    assert!(page.status == 409 && page.body.contains("HIREWIRE_PUBLIC_URL"), "{}", page.body);
    assert!(smtp.letters().is_empty());
}

async fn a_mail_server_that_refuses_costs_no_invitation_and_the_page_says_so(app: TestApp) {
    let smtp = Smtp::start(Manner::Refusing).await;
    let app = with_mail(app, &smtp).await;
    let admin = app.an_admin().await;
    let mut admins = app.browser().logged_in(&admin.member.email).await;
    let page = invite(&mut admins, "Ánh", EMAIL, "support").await;
    assert!(page.body.contains("The e-mail could not be sent"), "{}", page.body);
    assert!(page.shown_once().is_empty(), "the link is shown to nobody, even so");
    assert!(!page.body.contains("cellar-7"), "what the server said is for the operator");
    assert!(admins.get("/settings/members").await.body.contains("The e-mail could not be sent"));
    assert!(smtp.letters().is_empty());
}

async fn a_mail_server_that_says_nothing_holds_nobody_up_for_long(app: TestApp) {
    let smtp = Smtp::start(Manner::Silent).await;
    let app = with_mail(app, &smtp).await;
    let admin = app.an_admin().await;
    let mut admins = app.browser().logged_in(&admin.member.email).await;
    let mut others = app.browser().logged_in(&admin.member.email).await;
    let inviting = invite(&mut admins, "Ánh", EMAIL, "support");
    // Nothing of the database is held meanwhile: others go on writing.
    let renaming = others.post("/account/name", &[("name", "Ada")]);
    let (page, renamed) = tokio::join!(inviting, renaming);
    assert_eq!(renamed.status, 303);
    assert!(page.body.contains("The e-mail could not be sent"), "{}", page.body);
}

async fn a_mail_server_with_tls_and_a_password_gets_both(app: TestApp) {
    let smtp = Smtp::start(Manner::TakingOverTls).await;
    let app = with_mail(app, &smtp).await;
    let admin = app.an_admin().await;
    let mut admins = app.browser().logged_in(&admin.member.email).await;
    let page = invite(&mut admins, "Ánh", EMAIL, "support").await;
    assert!(page.body.contains("The invitation is sent"), "{}", page.body);
    assert_eq!(smtp.the_letter().to, [EMAIL]);
}

async fn without_a_mail_server_the_link_is_for_the_admin_to_hand_over(app: TestApp) {
    let admin = app.an_admin().await;
    let mut admins = app.browser().logged_in(&admin.member.email).await;
    assert!(admins.get("/settings/members/new").await.body.contains("You get a link to share with them"));
    let (page, _) = invited(&app, &mut admins, EMAIL, "support").await;
    assert!(!page.body.contains("e-mail"), "{}", page.body);
}
