//! Getting in and out.

use hirewire::actions;
use hirewire::domain::role::Role;
use hirewire::domain::secret::Plain;

use crate::support::{PASSWORD, Page, TestApp};

on_both_databases!(
    a_member_gets_in_and_out,
    logging_out_ends_the_session_on_the_server,
    a_new_password_ends_every_session_and_the_old_one_opens_nothing,
    logging_in_gives_a_new_session_so_that_a_planted_one_is_worth_nothing,
    an_unknown_address_and_a_wrong_password_are_refused_in_the_same_words,
    ten_wrong_passwords_close_the_door_for_fifteen_minutes_to_that_account_alone,
    login_leads_back_to_the_page_that_was_asked_for_and_never_elsewhere,
    a_member_who_belongs_to_no_organisation_any_more_is_not_let_in,
    a_session_that_ends_while_other_requests_change_it_is_no_fault,
    the_switches_change_mode_and_organisation_of_this_session_alone,
    sign_ins_are_audited_without_the_password,
    an_address_lets_its_member_in_in_either_unicode_form,
    a_known_browser_is_one_no_longer_when_the_password_was_reset,
);

async fn a_member_gets_in_and_out(app: TestApp) {
    let admin = app.an_admin().await;
    let mut browser = app.browser();
    let page = browser.get("/login").await;
    assert_eq!(page.status, 200);
    for label in ["E-mail address", "Password", "Log in"] {
        assert!(page.body.contains(&format!(">{label}</")), "{label} is missing");
    }
    assert!(!browser.is_signed_in().await);
    // People paste addresses with blanks around them, and in any case.
    let page = browser.log_in(&format!(" {} ", admin.member.email.to_uppercase())).await;
    assert_eq!((page.status, page.location()), (303, Some("/")));
    assert!(browser.is_signed_in().await);
    let page = browser.get("/login").await;
    assert_eq!((page.status, page.location()), (303, Some("/")), "who is in needs no door");
    let page = browser.post("/logout", &[]).await;
    assert!(page.leads_to_login());
    assert!(!browser.is_signed_in().await);
}

async fn an_address_lets_its_member_in_in_either_unicode_form(app: TestApp) {
    let admin = app.an_admin().await;
    let forms = ["j\u{f6}rg@team.example", "jo\u{308}rg@team.example"];
    // Stored as now, and as a version that did not bring them to one form may have stored it.
    for stored in forms {
        app.sql(format!("UPDATE members SET email = '{stored}' WHERE id = '{}'", admin.member.id)).await;
        for typed in forms {
            assert_eq!(app.browser().log_in(typed).await.status, 303, "{typed:?} for {stored:?}");
        }
    }
}

async fn logging_out_ends_the_session_on_the_server(app: TestApp) {
    let admin = app.an_admin().await;
    let mut browser = app.browser().logged_in(&admin.member.email).await;
    let mut elsewhere = app.browser().logged_in(&admin.member.email).await;
    let stolen = browser.session_cookie().expect("a session").to_owned();
    browser.post("/logout", &[]).await;
    assert_eq!(browser.session_cookie(), None, "the browser is told to forget it");
    let mut thief = app.browser();
    thief.set_session_cookie(&stolen);
    assert!(thief.get("/vacancies").await.leads_to_login());
    assert!(elsewhere.is_signed_in().await, "the other browser's session goes on");
}

async fn a_new_password_ends_every_session_and_the_old_one_opens_nothing(app: TestApp) {
    let (admin, other) = (app.an_admin().await, app.an_admin().await);
    let mut one = app.browser().logged_in(&admin.member.email).await;
    let mut two = app.browser().logged_in(&admin.member.email).await;
    let mut bystander = app.browser().logged_in(&other.member.email).await;
    let new = Plain::new("a brand new password".into());
    actions::organisation::reset_password(&app.context, &admin.member.email, &new, false).await.expect("it is set");
    assert!(one.get("/vacancies").await.leads_to_login());
    assert!(two.get("/vacancies").await.leads_to_login());
    assert!(bystander.is_signed_in().await);
    assert_eq!(app.browser().log_in(&admin.member.email).await.status, 422);
    let mut browser = app.browser();
    let page = browser.post("/login", &[("email", &admin.member.email), ("password", new.reveal())]).await;
    assert_eq!(page.status, 303);
    assert!(browser.is_signed_in().await);
}

async fn logging_in_gives_a_new_session_so_that_a_planted_one_is_worth_nothing(app: TestApp) {
    let (victim, attacker) = (app.an_admin().await, app.an_admin().await);
    // The attacker signs in, and plants the cookie of that session in the victim's browser.
    let mut attackers = app.browser().logged_in(&attacker.member.email).await;
    let planted = attackers.session_cookie().expect("a session").to_owned();
    let mut victims = app.browser();
    victims.set_session_cookie(&planted);
    victims.log_in(&victim.member.email).await;
    let fresh = victims.session_cookie().expect("a session").to_owned();
    assert_ne!(fresh, planted);
    assert!(victims.is_signed_in().await);
    assert!(attackers.get("/vacancies").await.leads_to_login(), "the planted session ended");
    let sessions = app.read(sessions_of).await;
    assert_eq!(sessions, [victim.member.id.to_string()]);
}

fn sessions_of(conn: &mut hirewire::store::Conn) -> hirewire::store::Result<Vec<String>> {
    use diesel::prelude::*;
    use hirewire::store::schema::web_sessions::dsl::{member_id, web_sessions};
    Ok(web_sessions.select(member_id.assume_not_null()).load(conn)?)
}

async fn an_unknown_address_and_a_wrong_password_are_refused_in_the_same_words(app: TestApp) {
    let admin = app.an_admin().await;
    let mut browser = app.browser();
    let mut refused = async |email: &str, password: &str| -> Page {
        let page = browser.post("/login", &[("email", email), ("password", password)]).await;
        assert_eq!((page.status, page.set_cookies()), (422, vec![]), "{email}");
        page
    };
    let known = refused(&admin.member.email, "not the password").await;
    let unknown = refused("nobody@team.example", "not the password").await;
    let nonsense = refused("no address", "").await;
    let long = refused(&admin.member.email, &"x".repeat(7_000)).await;
    let words = |page: &Page, typed: &str| {
        assert!(page.body.contains(typed), "what was typed stands in the form again");
        page.body.replace(typed, "…")
    };
    let expected = words(&known, &admin.member.email);
    assert_eq!(words(&unknown, "nobody@team.example"), expected);
    assert_eq!(words(&nonsense, "no address"), expected);
    assert_eq!(words(&long, &admin.member.email), expected);
    assert!(!known.body.contains("not the password"));
}

async fn ten_wrong_passwords_close_the_door_for_fifteen_minutes_to_that_account_alone(app: TestApp) {
    let (admin, other) = (app.an_admin().await, app.an_admin().await);
    let mut browser = app.browser();
    for _ in 0..10 {
        let page = browser.post("/login", &[("email", &admin.member.email), ("password", "a guess")]).await;
        assert_eq!(page.status, 422);
    }
    assert_eq!(browser.log_in(&admin.member.email).await.status, 429, "the right password helps no more");
    assert_eq!(app.browser().log_in(&other.member.email).await.status, 303);
    app.advance_ms(15 * 60 * 1_000 - 1);
    assert_eq!(browser.log_in(&admin.member.email).await.status, 429);
    app.advance_ms(1);
    assert_eq!(browser.log_in(&admin.member.email).await.status, 303);
}

async fn login_leads_back_to_the_page_that_was_asked_for_and_never_elsewhere(app: TestApp) {
    let admin = app.an_admin().await;
    let asked = "/developers/logs?status=failed&event=job.created";
    let mut browser = app.browser();
    let page = browser.get(asked).await;
    assert!(page.leads_to_login());
    let login = page.location().expect("a target").to_owned();
    let query = login.split_once("?next=").expect("the way back").1;
    let next = form_urlencoded::parse(format!("next={query}").as_bytes()).next().expect("a value").1.into_owned();
    assert_eq!(next, asked);
    let page = browser.get(&login).await;
    assert!(page.body.contains(&asked.replace('&', "&amp;")), "the form carries it on");
    // A wrong password does not lose it.
    let wrong = browser.post("/login", &[("email", "a@b.example"), ("password", "x"), ("next", asked)]).await;
    assert!(wrong.body.contains(&asked.replace('&', "&amp;")));
    let fields = |next| [("email", admin.member.email.as_str()), ("password", PASSWORD), ("next", next)];
    assert_eq!(browser.post("/login", &fields(asked)).await.location(), Some(asked));
    for elsewhere in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/x\r\nSet-Cookie: a=b",
        "/\t/evil.example/",
        "login",
    ] {
        let page = app.browser().post("/login", &fields(elsewhere)).await;
        assert_eq!((page.status, page.location()), (303, Some("/")), "{elsewhere}");
    }
}

async fn a_member_who_belongs_to_no_organisation_any_more_is_not_let_in(app: TestApp) {
    let admin = app.an_admin().await;
    let mut browser = app.browser().logged_in(&admin.member.email).await;
    app.sql(format!("DELETE FROM memberships WHERE member_id = '{}'", admin.member.id)).await;
    assert!(browser.get("/vacancies").await.leads_to_login());
    app.browser().log_in(&admin.member.email).await;
    assert!(!browser.is_signed_in().await);
}

async fn a_session_that_ends_while_other_requests_change_it_is_no_fault(app: TestApp) {
    let admin = app.an_admin().await;
    for _ in 0..5 {
        let browser = app.browser().logged_in(&admin.member.email).await;
        let cookie = browser.session_cookie().expect("a session").to_owned();
        let asked = (0..12).map(|number| {
            let mut tab = app.browser();
            tab.set_session_cookie(&cookie);
            async move {
                let mode = if number % 2 == 0 { "test" } else { "live" };
                match number {
                    5 => tab.post("/logout", &[]).await,
                    _ => tab.post("/mode", &[("mode", mode), ("back", "/vacancies")]).await,
                }
            }
        });
        for page in futures_util::future::join_all(asked).await {
            assert_eq!(page.status, 303, "{}", page.body);
        }
        let mut tab = app.browser();
        tab.set_session_cookie(&cookie);
        assert!(tab.get("/vacancies").await.leads_to_login(), "it is not brought back");
    }
}

async fn the_switches_change_mode_and_organisation_of_this_session_alone(app: TestApp) {
    let first = app.an_organisation().await;
    // Members are shown their oldest organisation first.
    app.advance_ms(1);
    let (second, foreign) = (app.an_organisation().await, app.an_organisation().await);
    let member = &first.admin.member;
    app.joins(&first.admin, &second.id, Role::Support).await;
    let mut browser = app.browser().logged_in(&member.email).await;
    let mut elsewhere = app.browser().logged_in(&member.email).await;
    // What only an admin may do tells in which of the two they are: admin of the first, support in the second.
    let may_manage =
        async |browser: &mut crate::support::Browser| browser.get("/developers/api-keys").await.status != 403;
    assert!(may_manage(&mut browser).await);
    let page = browser.post("/organisation", &[("organisation", second.id.as_str())]).await;
    assert_eq!((page.status, page.location()), (303, Some("/")));
    assert!(!may_manage(&mut browser).await);
    assert!(may_manage(&mut elsewhere).await);
    let page = browser.post("/organisation", &[("organisation", foreign.id.as_str())]).await;
    assert_eq!(page.status, 404);
    assert!(!may_manage(&mut browser).await);

    let page = browser.post("/mode", &[("mode", "test"), ("back", "/vacancies")]).await;
    assert_eq!((page.status, page.location()), (303, Some("/vacancies")));
    let page = browser.get("/developers/api-keys").await;
    assert!(page.body.contains("<html lang=\"en\" class=\"test\">"), "its pages say that this is test mode");
    let page = browser.post("/mode", &[("mode", "live"), ("back", "https://evil.example")]).await;
    assert_eq!(page.location(), Some("/"));
}

async fn sign_ins_are_audited_without_the_password(app: TestApp) {
    let admin = app.an_admin().await;
    let mut browser = app.browser();
    browser.post("/login", &[("email", &admin.member.email), ("password", "a telling guess")]).await;
    app.advance_ms(1);
    browser.log_in(&admin.member.email).await;
    let written = app.read(hirewire::store::audit::all_details).await;
    let acts: Vec<_> = written.iter().map(|(act, _)| act.as_str()).filter(|act| act.starts_with("sign_in")).collect();
    assert_eq!(acts, ["sign_in.failed", "sign_in.succeeded"]);
    assert!(written.iter().all(|(_, detail)| !detail.contains("telling") && !detail.contains(PASSWORD)), "{written:?}");
}

async fn a_known_browser_is_one_no_longer_when_the_password_was_reset(app: TestApp) {
    let admin = app.an_admin().await;
    let email = admin.member.email.as_str();
    let (mut stolen, mut own) = (app.browser().logged_in(email).await, app.browser().logged_in(email).await);
    for browser in [&mut stolen, &mut own] {
        browser.post("/logout", &[]).await;
    }
    let guess = async |browser: &mut crate::support::Browser| {
        browser.post("/login", &[("email", email), ("password", "a guess")]).await.status
    };
    for _ in 0..10 {
        assert_eq!(guess(&mut stolen).await, 422);
    }
    // Whoever has stolen one browser's proof closes the door to that one alone.
    assert_eq!(guess(&mut stolen).await, 429);
    assert_eq!(own.log_in(email).await.status, 303);
    // Strangers have closed the account for new browsers; the known one is let in, until its proof ends with the password.
    for _ in 0..10 {
        guess(&mut app.browser()).await;
    }
    assert_eq!(app.browser().log_in(email).await.status, 429);
    own.post("/logout", &[]).await;
    assert_eq!(own.log_in(email).await.status, 303);
    own.post("/logout", &[]).await;
    for _ in 0..10 {
        guess(&mut app.browser()).await;
    }
    assert_eq!(guess(&mut own).await, 422, "it is a known browser");
    let new = Plain::new("another horse battery staple".into());
    actions::organisation::reset_password(&app.context, email, &new, false).await.expect("a new password");
    assert_eq!(guess(&mut own).await, 429, "it is a new browser now");
}
