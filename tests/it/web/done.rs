//! After each act, the next page says once what was done.

use hirewire::domain::role::Role;

use crate::support::{Browser, TestApp, token};

on_both_databases!(what_was_done_is_said_once_on_the_page_that_follows, a_sentence_that_somebody_made_up_is_not_shown,);

/// The line that says what was done.
async fn said(browser: &mut Browser, path: &str) -> Option<String> {
    let page = browser.get(path).await.body;
    let line = page.split_once("<p class=\"notice ok\" role=\"status\">")?.1;
    Some(line.split_once("</p>").expect("its end").0.to_owned())
}

async fn what_was_done_is_said_once_on_the_page_that_follows(app: TestApp) {
    let team = app.an_organisation().await;
    let hook = app.a_hook(&team.admin, "https://8.8.8.8/in").await;
    let own = format!("/settings/webhooks/{}", hook.id);
    let member = app.a_member(&team.id, Role::Support).await;
    let mut browser = app.browser().logged_in(&team.admin.member.email).await;
    // Whatever stands in a name does not keep the sentence from arriving.
    let name = "Jörg’s HRIS: 100 % = “new” & محمد";
    app.sql(format!("UPDATE hooks SET name = '{name}' WHERE id = '{}'", hook.id)).await;
    let deleted = format!("\u{2068}{}\u{2069} was deleted.", name.replace('&', "&amp;"));
    let removed = format!("{} is no longer a member.", member.member.name);
    let member = format!("/settings/members/{}", member.member.id);
    for (path, fields, words) in [
        ("/vacancies/new", vec![("title", "Engineer"), ("token", "t1")], "The vacancy was created."),
        (&format!("{own}/pause"), vec![], "The webhook is paused. Deliveries are held until you resume it."),
        (&format!("{own}/resumption"), vec![], "The webhook is active again. What was held is being sent."),
        (&format!("{member}/role"), vec![("role", "recruiter")], " is a Recruiter now."),
        (&format!("{member}/removal"), vec![], &removed),
        (&format!("{own}/deletion"), vec![], &deleted),
    ] {
        let led = browser.post(path, &fields).await;
        let next = led.location().unwrap_or_else(|| panic!("{path}: {} {}", led.status, led.body)).to_owned();
        // A page that only looks again takes nothing away.
        browser.send(reqwest::Method::GET, &next, &[("x-live", "1")], Vec::new()).await;
        let line = said(&mut browser, &next).await.unwrap_or_else(|| panic!("{path} ends in silence"));
        assert!(line.ends_with(words), "{path}: {line}, not {words}");
        assert_eq!(said(&mut browser, &next).await, None, "{path} is told twice");
    }
}

async fn a_sentence_that_somebody_made_up_is_not_shown(app: TestApp) {
    let admin = app.an_admin().await;
    let mut browser = app.browser().logged_in(&admin.member.email).await;
    browser.cookies.insert("hirewire-done".to_owned(), format!("Your+password+is+{}", token().replace(' ', "+")));
    assert_eq!(said(&mut browser, "/vacancies").await, None);
    // One that was signed for another sentence is no better.
    browser.post("/vacancies/new", &[("title", "Engineer"), ("token", "t1")]).await;
    let signed = browser.cookies.get("hirewire-done").expect("it waits").clone();
    browser.cookies.insert("hirewire-done".to_owned(), format!("{signed}YW5k"));
    assert_eq!(said(&mut browser, "/vacancies").await, None);
}
