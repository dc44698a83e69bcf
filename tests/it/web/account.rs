//! One's own account: name, password, sessions, organisations.

use hirewire::domain::role::Role;

use crate::support::{Browser, PASSWORD, Page, TestApp};

on_both_databases!(
    a_name_that_hides_characters_is_saved_without_them,
    a_name_is_changed_and_stands_everywhere,
    a_new_password_asks_for_the_present_one_and_ends_the_other_sessions,
    guessing_the_present_password_is_throttled,
    sessions_are_listed_by_browser_and_ended_one_by_one,
    all_other_sessions_are_ended_at_once,
    nobody_ends_another_members_sessions,
    a_member_of_several_organisations_finds_them_on_every_page,
    a_form_sent_after_the_session_ended_leads_back_to_its_page,
);

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1";

async fn logged_in_with(app: &TestApp, agent: &str, email: &str) -> Browser {
    let mut browser = app.browser();
    let fields = [("email", email), ("password", PASSWORD)];
    let headers = [("sec-fetch-site", "same-origin"), ("user-agent", agent)];
    assert_eq!(browser.post_with("/login", &headers, &fields).await.status, 303);
    browser
}

/// What the buttons of the list of sessions end.
fn ends(page: &Page) -> Vec<String> {
    let buttons = page.body.split("name=\"session\" value=\"").skip(1);
    buttons.map(|rest| rest.split('"').next().expect("a value").to_owned()).collect()
}

async fn a_name_is_changed_and_stands_everywhere(app: TestApp) {
    let admin = app.an_admin().await;
    let mut browser = app.browser().logged_in(&admin.member.email).await;
    let page = browser.get("/account").await;
    assert!(page.body.contains(&format!("value=\"{}\"", admin.member.name)), "{}", page.body);
    let page = browser.post("/account/name", &[("name", " Siobhán O'Brien <b> ")]).await;
    let page = browser.follow(&page).await;
    assert!(page.body.contains("Your name has been changed."), "{}", page.body);
    assert!(browser.get("/vacancies").await.body.contains("<bdi>Siobhán O'Brien &lt;b&gt;</bdi>"));
    let page = browser.post("/account/name", &[("name", " ")]).await;
    assert_eq!(page.status, 422);
    assert!(page.body.contains("<title>Error: Your account") && page.body.contains("href=\"#name\""), "{}", page.body);
    let long = "x".repeat(101);
    let page = browser.post("/account/name", &[("name", long.as_str())]).await;
    assert!(page.status == 422 && page.body.contains(&format!("value=\"{long}\"")), "{}", page.body);
}

async fn a_new_password_asks_for_the_present_one_and_ends_the_other_sessions(app: TestApp) {
    let (admin, bystander) = (app.an_admin().await, app.an_admin().await);
    let mut here = app.browser().logged_in(&admin.member.email).await;
    let mut elsewhere = app.browser().logged_in(&admin.member.email).await;
    let mut bystanders = app.browser().logged_in(&bystander.member.email).await;
    let new = "a brand new password";
    for (present, new, field) in [("not mine at all", new, "present"), (PASSWORD, "too short", "new"), ("", "", "new")]
    {
        let page = here.post("/account/password", &[("present", present), ("new", new)]).await;
        assert_eq!(page.status, 422);
        assert!(page.body.contains(&format!("href=\"#{field}\"")), "{}", page.body);
        assert!(
            !page.body.contains("not mine at all") && !page.body.contains("too short"),
            "no password stands on a page"
        );
    }
    assert!(elsewhere.is_signed_in().await);
    let mut thief = app.browser();
    thief.set_session_cookie(here.session_cookie().expect("a session"));
    let page = here.post("/account/password", &[("present", PASSWORD), ("new", new)]).await;
    assert!(thief.get("/vacancies").await.leads_to_login(), "the cookie itself is new");
    assert!(here.follow(&page).await.body.contains("Your other sessions have ended."));
    assert!(here.is_signed_in().await && bystanders.is_signed_in().await);
    assert!(elsewhere.get("/vacancies").await.leads_to_login());
    assert_eq!(app.browser().log_in(&admin.member.email).await.status, 422, "the old one opens nothing");
    let page = app.browser().post("/login", &[("email", &admin.member.email), ("password", new)]).await;
    assert_eq!(page.status, 303);
    let written = app.read(hirewire::store::audit::all_details).await;
    assert!(written.iter().any(|(act, _)| act == "member.password_changed"));
    assert!(written.iter().all(|(_, detail)| !detail.contains(new) && !detail.contains(PASSWORD)));
}

async fn guessing_the_present_password_is_throttled(app: TestApp) {
    let admin = app.an_admin().await;
    let mut browser = app.browser().logged_in(&admin.member.email).await;
    let tried = async |browser: &mut Browser, present: &str| {
        browser.post("/account/password", &[("present", present), ("new", "a brand new password")]).await.status
    };
    for _ in 0..10 {
        assert_eq!(tried(&mut browser, "a guess").await, 422);
    }
    assert_eq!(tried(&mut browser, PASSWORD).await, 429);
    app.advance_ms(15 * 60 * 1_000);
    assert_eq!(tried(&mut browser, PASSWORD).await, 303);
}

async fn sessions_are_listed_by_browser_and_ended_one_by_one(app: TestApp) {
    let admin = app.an_admin().await;
    let mut phone = logged_in_with(&app, SAFARI, &admin.member.email).await;
    assert!(phone.is_signed_in().await);
    app.advance_ms(3 * 3_600_000);
    let mut desk = logged_in_with(&app, FIREFOX, &admin.member.email).await;
    let mut third = app.browser().logged_in(&admin.member.email).await;
    let page = desk.get("/account").await;
    for words in ["Firefox on Linux", "Safari on an iPhone", "An unknown browser", "This one", "today at 09:30"] {
        assert!(page.body.contains(words), "{words} is missing in {}", page.body);
    }
    let row = page.body.split("<tr>").find(|row| row.contains("Safari on an iPhone")).expect("its row");
    let name = row.split("value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("its end");
    let page = desk.post("/account/sessions", &[("session", name)]).await;
    assert!(desk.follow(&page).await.body.contains("Session ended."));
    assert!(phone.get("/vacancies").await.leads_to_login());
    assert!(desk.is_signed_in().await && third.is_signed_in().await);
    assert_eq!(ends(&desk.get("/account").await).len(), 1, "one's own has no end but logging out");
}

async fn all_other_sessions_are_ended_at_once(app: TestApp) {
    let admin = app.an_admin().await;
    let mut here = app.browser().logged_in(&admin.member.email).await;
    let page = here.get("/account").await;
    assert!(!page.body.contains("End all other sessions"), "there is none");
    let mut others = [app.browser(), app.browser()];
    for other in &mut others {
        assert_eq!(other.log_in(&admin.member.email).await.status, 303);
    }
    assert!(here.get("/account").await.body.contains("End all other sessions"));
    assert_eq!(here.post("/account/sessions", &[("others", "1")]).await.status, 303);
    for other in &mut others {
        assert!(other.get("/vacancies").await.leads_to_login());
    }
    assert!(here.is_signed_in().await);
    assert!(ends(&here.get("/account").await).is_empty());
}

async fn nobody_ends_another_members_sessions(app: TestApp) {
    let admin = app.an_admin().await;
    let other = app.a_member(&admin.organisation.id, Role::Support).await;
    let mut theirs = app.browser().logged_in(&other.member.email).await;
    let mut second = app.browser().logged_in(&other.member.email).await;
    let names = ends(&theirs.get("/account").await);
    let mut attacker = app.browser().logged_in(&admin.member.email).await;
    let page = attacker.get("/account").await;
    assert!(names.iter().all(|name| !page.body.contains(name.as_str())));
    attacker.post("/account/sessions", &[("session", names[0].as_str())]).await;
    attacker.post("/account/sessions", &[("others", "1")]).await;
    assert!(theirs.is_signed_in().await && second.is_signed_in().await);
}

async fn a_member_of_several_organisations_finds_them_on_every_page(app: TestApp) {
    let (ours, theirs) = (app.an_organisation().await, app.an_organisation().await);
    let member = app.a_member(&ours.id, Role::Recruiter).await;
    app.joins(&member, &theirs.id, Role::Recruiter).await;
    let mut browser = app.browser().logged_in(&member.member.email).await;
    for path in ["/", "/vacancies", "/vacancies/new", "/exports", "/developers/logs", "/account", "/settings/members"] {
        let page = browser.get(path).await;
        for team in [&ours, &theirs] {
            let button = format!("name=\"organisation\" value=\"{}\"", team.id);
            assert!(page.body.contains(&button), "{path} ({}) has no way to the other organisation", page.status);
        }
    }
    let mut alone = app.browser().logged_in(&ours.admin.member.email).await;
    assert!(!alone.get("/").await.body.contains("name=\"organisation\""), "there is nothing to switch to");
}

async fn a_form_sent_after_the_session_ended_leads_back_to_its_page(app: TestApp) {
    let admin = app.an_admin().await;
    let mut browser = app.browser().logged_in(&admin.member.email).await;
    let form = format!("{}/vacancies/new?from=menu", app.url());
    app.sql("DELETE FROM web_sessions").await;
    let headers = [("sec-fetch-site", "same-origin"), ("referer", form.as_str())];
    let page = browser.post_with("/vacancies/new", &headers, &[("title", "Weaver")]).await;
    assert_eq!(page.location(), Some("/login?next=%2Fvacancies%2Fnew%3Ffrom%3Dmenu"));
    let page = browser.post_with("/vacancies/new", &[("referer", "//evil.example")], &[("title", "Weaver")]).await;
    assert_eq!(page.location(), Some("/login"));
}

async fn a_name_that_hides_characters_is_saved_without_them(app: TestApp) {
    let admin = app.an_admin().await;
    let mut browser = app.browser().logged_in(&admin.member.email).await;
    let typed = "\u{202e}Ada\u{200b} علی\u{200c}رضا\u{2066}\u{feff}";
    let page = browser.post("/account/name", &[("name", typed)]).await;
    assert_eq!(page.status, 303, "{}", page.body);
    let id = admin.member.id.clone();
    let member = app.read(move |conn| hirewire::store::member::find(conn, &id)).await.expect("a member");
    assert_eq!(member.name, "Ada علی\u{200c}رضا");
    // Of nothing but such characters nothing is left.
    let page = browser.post("/account/name", &[("name", "\u{200b}\u{202e}")]).await;
    assert!(page.status == 422 && page.body.contains("Enter the name that others are to see"), "{}", page.body);
}
