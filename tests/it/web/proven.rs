//! Whose account it is: that of whoever has shown that its address is theirs, and of nobody who typed it first.

use hirewire::actions::organisation::{self, Created, NewMember};
use hirewire::domain::act::Act;
use hirewire::domain::ids::OrganisationId;
use hirewire::domain::role::Role;
use hirewire::domain::secret::Plain;
use hirewire::store;

use super::invitations::invited;
use super::mail::{mailed_link, with_mail};
use crate::support::{Browser, Manner, Smtp, TestApp};

on_both_databases!(
    an_account_that_another_organisations_link_made_is_given_nothing_by_name,
    a_password_that_is_printed_is_the_password,
    a_password_that_was_printed_has_to_be_changed_before_anything_else,
    an_invitation_that_arrives_by_mail_gives_the_account_to_who_has_the_mailbox,
    whoever_is_logged_in_to_an_account_keeps_their_places_when_they_show_that_it_is_theirs,
    an_account_that_nobody_has_proven_joins_no_second_organisation,
    the_page_of_a_link_that_was_seen_is_the_same_with_and_without_an_account,
    accounts_that_the_operator_made_count_as_proven_after_an_upgrade,
);

const VICTIM: &str = "ciso@victim.example";
const MALLORYS: &str = "chosen by somebody else";
const OWN: &str = "chosen by the real one";

/// Somebody makes an account with an address that is not theirs, through a link that their own page showed them.
async fn squatted(app: &TestApp) -> (OrganisationId, Browser) {
    let team = app.an_organisation().await;
    let mut admins = app.browser().logged_in(&team.admin.member.email).await;
    let (_, link) = invited(app, &mut admins, VICTIM, "admin").await;
    let mut squatter = app.browser();
    assert_eq!(squatter.post(&link, &[("name", "Mallory"), ("password", MALLORYS)]).await.status, 303);
    assert!(squatter.is_signed_in().await);
    (team.id, squatter)
}

async fn an_organisation(app: &TestApp, name: &str) -> OrganisationId {
    organisation::create(&app.context, name, chrono_tz::Tz::UTC).await.expect("an organisation")
}

/// What `hirewire member create` does.
async fn created(app: &TestApp, id: &OrganisationId, email: &str, password: &str, is_printed: bool) -> Created {
    let new = NewMember {
        organisation: id.clone(),
        email: email.into(),
        name: "The CISO".into(),
        role: Role::Admin,
        password: Plain::new(password.into()),
        is_printed,
    };
    organisation::create_member(&app.context, new).await.expect("it is done")
}

async fn places_of(app: &TestApp, email: &str) -> Vec<(String, Role)> {
    let email = email.to_owned();
    app.read(move |conn| {
        let Some((member, _)) = store::member::find_by_email(conn, &email)? else { return Ok(Vec::new()) };
        let places = store::member::organisations_of(conn, &member.id)?;
        Ok::<_, store::StoreError>(places.into_iter().map(|(place, role)| (place.name, role)).collect())
    })
    .await
}

async fn logs_in(app: &TestApp, email: &str, password: &str) -> Option<Browser> {
    let mut browser = app.browser();
    let page = browser.post("/login", &[("email", email), ("password", password)]).await;
    (page.status == 303).then_some(browser)
}

async fn an_account_that_another_organisations_link_made_is_given_nothing_by_name(app: TestApp) {
    let (_, mut mallory) = squatted(&app).await;
    let victim = an_organisation(&app, "Victim Corp").await;
    let made = created(&app, &victim, VICTIM, "nobody has this password", true).await;
    let Created::Invited(secret) = made else { panic!("the account is whoever's: {made:?}") };
    assert!(places_of(&app, VICTIM).await.iter().all(|(name, _)| name != "Victim Corp"));
    assert_eq!(mallory.post("/organisation", &[("organisation", victim.as_str())]).await.status, 404);
    assert!(logs_in(&app, VICTIM, "nobody has this password").await.is_none(), "no password was set");
    let mut mallory_again = logs_in(&app, VICTIM, MALLORYS).await.expect("her own organisation is hers");
    assert!(!mallory_again.get("/").await.body.contains("Victim Corp"));

    // Whoever the operator hands the link to takes the address, and Mallory has nothing of it any more.
    let link = format!("/invitations/{}", secret.reveal());
    let mut owner = app.browser();
    let page = owner.get(&link).await;
    assert!(page.body.contains("An account with this address is there already"), "{}", page.body);
    assert!(page.body.contains("Whoever runs this Hirewire invites you"), "{}", page.body);
    assert_eq!(owner.post(&link, &[("name", "The CISO"), ("password", OWN)]).await.status, 303);
    assert_eq!(owner.get("/settings/members").await.status, 200, "an admin of Victim Corp");
    assert_eq!(places_of(&app, VICTIM).await, [("Victim Corp".to_owned(), Role::Admin)]);
    assert!(!mallory.is_signed_in().await && !mallory_again.is_signed_in().await);
    assert!(logs_in(&app, VICTIM, MALLORYS).await.is_none());
    assert!(logs_in(&app, VICTIM, OWN).await.is_some());
    let written = app.read(store::audit::all_details).await;
    assert!(written.iter().any(|(act, _)| act == "member.taken_over"), "{written:?}");
}

async fn a_password_that_is_printed_is_the_password(app: TestApp) {
    let (first, second) = (an_organisation(&app, "First").await, an_organisation(&app, "Second").await);
    let printed = "Xk7vQ2mB9wLpR4tZc8Ns";
    assert!(matches!(created(&app, &first, VICTIM, printed, true).await, Created::Member(_)));
    assert!(logs_in(&app, VICTIM, printed).await.is_some());
    let again = created(&app, &second, VICTIM, "Another7password2of9Ns", true).await;
    assert!(matches!(again, Created::Invited(_)), "nothing is printed as if it were the password: {again:?}");
    assert!(logs_in(&app, VICTIM, "Another7password2of9Ns").await.is_none());
    assert!(logs_in(&app, VICTIM, printed).await.is_some(), "it is as it was");
    let reset = Plain::new("Bd5hK8nW3yGfT6jMe2Qr".into());
    organisation::reset_password(&app.context, VICTIM, &reset, true).await.expect("a new one");
    assert!(logs_in(&app, VICTIM, printed).await.is_none());
    assert!(logs_in(&app, VICTIM, reset.reveal()).await.is_some());
}

async fn a_password_that_was_printed_has_to_be_changed_before_anything_else(app: TestApp) {
    let team = an_organisation(&app, "First").await;
    let printed = "Xk7vQ2mB9wLpR4tZc8Ns";
    created(&app, &team, VICTIM, printed, true).await;
    let mut browser = logs_in(&app, VICTIM, printed).await.expect("it opens the door");
    for path in ["/", "/vacancies/new", "/settings/members", "/account"] {
        let page = browser.get(path).await;
        assert_eq!((page.status, page.location()), (303, Some("/account/password")), "{path}");
    }
    let posted = browser.post("/vacancies/new", &[("title", "Engineer")]).await;
    assert_eq!((posted.status, posted.location()), (303, Some("/account/password")));
    assert!(browser.get("/account/password").await.body.contains("Choose a password of your own"));
    let same = browser.post("/account/password", &[("present", printed), ("new", printed)]).await;
    assert!(same.status == 422 && same.body.contains("Choose another password"), "{}", same.body);
    assert!(same.body.contains("<title>Error: Choose a password of your own"), "{}", same.body);
    assert_eq!(browser.post("/account/password", &[("present", printed), ("new", OWN)]).await.status, 303);
    assert_eq!(browser.get("/settings/members").await.status, 200);
    let page = browser.get("/account/password").await;
    assert_eq!((page.status, page.location()), (303, Some("/account")), "others find it on their account's page");
    let mut typed = app.browser().logged_in(&app.an_admin().await.member.email).await;
    assert_eq!(typed.get("/settings/members").await.status, 200, "one that was not printed may stay");
}

async fn an_invitation_that_arrives_by_mail_gives_the_account_to_who_has_the_mailbox(app: TestApp) {
    squatted(&app).await;
    let smtp = Smtp::start(Manner::Taking).await;
    let app = with_mail(app, &smtp).await;
    let mut mallory = logs_in(&app, VICTIM, MALLORYS).await.expect("her own organisation is hers");
    let victim = app.an_organisation().await;
    let mut admins = app.browser().logged_in(&victim.admin.member.email).await;
    let link = mailed_link(&app, &smtp, &mut admins, VICTIM, "recruiter").await;
    let mut owner = app.browser();
    let page = owner.get(&link).await;
    assert!(page.body.contains("An account with this address is there already"), "{}", page.body);
    let page = owner.post(&link, &[("name", "The CISO"), ("password", OWN)]).await;
    assert_eq!(page.status, 303, "{}", page.body);
    assert_eq!(places_of(&app, VICTIM).await, [(victim.admin.organisation.name.clone(), Role::Recruiter)]);
    assert!(logs_in(&app, VICTIM, MALLORYS).await.is_none());
    assert!(!mallory.is_signed_in().await, "her session has ended");
    // From now on the address is theirs: another organisation's link asks for their password.
    let other = app.an_organisation().await;
    let mut others = app.browser().logged_in(&other.admin.member.email).await;
    let link = mailed_link(&app, &smtp, &mut others, VICTIM, "support").await;
    let page = app.browser().get(&link).await;
    assert!(page.body.contains("You have an account as"), "{}", page.body);
    assert_eq!(app.browser().post(&link, &[("name", "Eve"), ("password", "another password")]).await.status, 422);
    assert_eq!(owner.post(&link, &[]).await.status, 303, "its holder accepts with a button");
    assert_eq!(places_of(&app, VICTIM).await.len(), 2);
}

async fn whoever_is_logged_in_to_an_account_keeps_their_places_when_they_show_that_it_is_theirs(app: TestApp) {
    squatted(&app).await;
    let smtp = Smtp::start(Manner::Taking).await;
    let app = with_mail(app, &smtp).await;
    let mut holder = logs_in(&app, VICTIM, MALLORYS).await.expect("they made the account");
    let team = app.an_organisation().await;
    let mut admins = app.browser().logged_in(&team.admin.member.email).await;
    let link = mailed_link(&app, &smtp, &mut admins, VICTIM, "support").await;
    assert_eq!(holder.post(&link, &[]).await.status, 422, "a new password all the same");
    let mut elsewhere = logs_in(&app, VICTIM, MALLORYS).await.expect("another session");
    assert_eq!(holder.post(&link, &[("name", "The CISO"), ("password", OWN)]).await.status, 303);
    assert_eq!(places_of(&app, VICTIM).await.len(), 2);
    assert!(holder.is_signed_in().await && !elsewhere.is_signed_in().await);
}

async fn an_account_that_nobody_has_proven_joins_no_second_organisation(app: TestApp) {
    let (_, mut mallory) = squatted(&app).await;
    let other = app.an_organisation().await;
    let mut admins = app.browser().logged_in(&other.admin.member.email).await;
    let (_, link) = invited(&app, &mut admins, VICTIM, "admin").await;
    let page = mallory.post(&link, &[]).await;
    assert!(page.status == 422 && page.body.contains("of use in one organisation only"), "{}", page.body);
    let page = app.browser().post(&link, &[("name", "Mallory"), ("password", MALLORYS)]).await;
    assert!(page.status == 422 && page.body.contains("of use in one organisation only"), "{}", page.body);
    assert_eq!(places_of(&app, VICTIM).await.len(), 1);
    // The operator's word is as good as a letter.
    organisation::reset_password(&app.context, VICTIM, &Plain::new(OWN.into()), false).await.expect("a new one");
    assert_eq!(app.browser().post(&link, &[("name", "x"), ("password", OWN)]).await.status, 303);
    assert_eq!(places_of(&app, VICTIM).await.len(), 2);
}

async fn the_page_of_a_link_that_was_seen_is_the_same_with_and_without_an_account(app: TestApp) {
    let (ours, theirs) = (app.an_organisation().await, app.an_organisation().await);
    let hidden = app.a_member(&theirs.id, Role::Support).await.member.email;
    let mut admins = app.browser().logged_in(&ours.admin.member.email).await;
    let mut pages = Vec::new();
    for email in [hidden.as_str(), "nobody@new.example"] {
        let (_, link) = invited(&app, &mut admins, email, "support").await;
        let page = app.browser().get(&link).await;
        assert_eq!(page.status, 200);
        pages.push(page.body.replace(&link, "LINK").replace(email, "EMAIL"));
    }
    assert_eq!(pages[0], pages[1]);
}

async fn accounts_that_the_operator_made_count_as_proven_after_an_upgrade(app: TestApp) {
    squatted(&app).await;
    let admin = app.an_admin().await;
    let victim = an_organisation(&app, "Victim Corp").await;
    // As an older program wrote it, which joined whoever had the address.
    app.sql("UPDATE members SET address_proven_at = NULL").await;
    app.advance_ms(1_000);
    let now = app.now();
    app.write(move |conn| {
        let (known, _) = store::member::find_by_email(conn, VICTIM)?.expect("squatted");
        store::member::join(conn, &known.id, &victim, Role::Admin, now)?;
        let (organisation, object) = (Some(&victim), Some(known.id.as_str()));
        let act = Act::MemberCreatedByOperator { name: "Victim", role: Role::Admin };
        store::audit::record(conn, &store::audit::Entry { organisation, member: None, act, object }, now)
    })
    .await;
    assert!(app.write(|conn| store::member::backfill_proven_addresses(conn, 1_000)).await > 0);
    let proven = async |email: &str| {
        let email = email.to_owned();
        app.read(move |conn| store::member::find_by_email(conn, &email)).await.expect("an account").0.is_proven()
    };
    assert!(proven(&admin.member.email).await);
    assert!(!proven(VICTIM).await, "the operator gave that account something, and did not make it");
    assert_eq!(app.write(|conn| store::member::backfill_proven_addresses(conn, 1_000)).await, 0);
}
