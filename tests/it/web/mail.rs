//! Invitations by e-mail: through a real SMTP conversation, and through servers that will not have it.

use std::time::Duration;

use hirewire::config::Mail;

use super::invitations::invited;
use crate::support::{Manner, Smtp, TestApp};

on_both_databases!(
    an_invitation_goes_out_by_e_mail_with_the_link_that_the_admin_sees,
    a_mail_server_that_refuses_costs_no_invitation_and_the_page_says_so,
    a_mail_server_that_says_nothing_holds_nobody_up_for_long,
    a_mail_server_with_tls_and_a_password_gets_both,
    without_a_mail_server_the_link_is_for_the_admin_to_hand_over,
);

const EMAIL: &str = "anh@new.example";

/// The program with a mail server; the sender has a name that needs encoding.
async fn with_mail(app: TestApp, smtp: &Smtp) -> TestApp {
    let from = "Hiring Dësk <desk@acme.example>";
    let read = Mail::read(Some(smtp.url()), Some(from.into())).expect("settings").expect("a server");
    // A server that says nothing is given up on while the test waits.
    let mail = Mail { patience: Duration::from_secs(if smtp.manner == Manner::Silent { 1 } else { 30 }), ..read };
    app.crashed_and_started_again(|config| config.mail = Some(mail)).await
}

async fn an_invitation_goes_out_by_e_mail_with_the_link_that_the_admin_sees(app: TestApp) {
    let smtp = Smtp::start(Manner::Taking).await;
    let app = with_mail(app, &smtp).await;
    let admin = app.an_admin().await;
    let mut admins = app.browser().logged_in(&admin.member.email).await;
    admins.post("/account/name", &[("name", "O'Brien 🧶")]).await;
    let (page, link) = invited(&app, &mut admins, EMAIL, "recruiter").await;
    assert!(page.body.contains(&format!("The link was sent to {EMAIL} by e-mail as well.")), "{}", page.body);
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
        &format!("\n{}{link}\n", app.url()),
        "until 27 November 2026, 09:30 (Europe/Lisbon)",
    ] {
        assert!(letter.text.contains(words), "{words} is missing in {}", letter.text);
    }
    assert!(admins.get("/settings/members").await.body.contains("Sent by e-mail"));
    let fields = [("name", "Ánh"), ("password", "a password of my own")];
    assert_eq!(app.browser().post(&link, &fields).await.status, 303);
}

async fn a_mail_server_that_refuses_costs_no_invitation_and_the_page_says_so(app: TestApp) {
    let smtp = Smtp::start(Manner::Refusing).await;
    let app = with_mail(app, &smtp).await;
    let admin = app.an_admin().await;
    let mut admins = app.browser().logged_in(&admin.member.email).await;
    let (page, link) = invited(&app, &mut admins, EMAIL, "support").await;
    assert!(page.body.contains("The e-mail could not be sent"), "{}", page.body);
    assert!(!page.body.contains("cellar-7"), "what the server said is for the operator");
    assert!(admins.get("/settings/members").await.body.contains("The e-mail could not be sent"));
    assert_eq!(app.browser().get(&link).await.status, 200, "the link is good all the same");
    assert!(smtp.letters().is_empty());
}

async fn a_mail_server_that_says_nothing_holds_nobody_up_for_long(app: TestApp) {
    let smtp = Smtp::start(Manner::Silent).await;
    let app = with_mail(app, &smtp).await;
    let admin = app.an_admin().await;
    let mut admins = app.browser().logged_in(&admin.member.email).await;
    let mut others = app.browser().logged_in(&admin.member.email).await;
    let inviting = invited(&app, &mut admins, EMAIL, "support");
    // Nothing of the database is held meanwhile: others go on writing.
    let renaming = others.post("/account/name", &[("name", "Ada")]);
    let ((page, link), renamed) = tokio::join!(inviting, renaming);
    assert_eq!(renamed.status, 303);
    assert!(page.body.contains("The e-mail could not be sent"), "{}", page.body);
    assert_eq!(app.browser().get(&link).await.status, 200);
}

async fn a_mail_server_with_tls_and_a_password_gets_both(app: TestApp) {
    let smtp = Smtp::start(Manner::TakingOverTls).await;
    let app = with_mail(app, &smtp).await;
    let admin = app.an_admin().await;
    let mut admins = app.browser().logged_in(&admin.member.email).await;
    let (page, _) = invited(&app, &mut admins, EMAIL, "support").await;
    assert!(page.body.contains("by e-mail as well"), "{}", page.body);
    assert_eq!(smtp.the_letter().to, [EMAIL]);
}

async fn without_a_mail_server_the_link_is_for_the_admin_to_hand_over(app: TestApp) {
    let admin = app.an_admin().await;
    let mut admins = app.browser().logged_in(&admin.member.email).await;
    assert!(admins.get("/settings/members/new").await.body.contains("You get a link to hand to them"));
    let (page, _) = invited(&app, &mut admins, EMAIL, "support").await;
    assert!(!page.body.contains("e-mail"), "{}", page.body);
}
