//! Replacing a webhook in the console, and deleting it: what the pages say first (A2, A3).

use hirewire::actions::export::{self, Confirmed};
use hirewire::actions::hook::NewHook;
use hirewire::actions::{self};
use hirewire::domain::mode::Mode;

use crate::support::{Receiver, TestApp, token};

on_both_databases!(
    an_admin_replaces_a_webhook_and_both_pages_lead_to_each_other,
    a_refused_address_stays_on_the_form,
    deleting_says_what_ends_and_is_refused_with_links_while_an_export_runs,
);

async fn an_admin_replaces_a_webhook_and_both_pages_lead_to_each_other(app: TestApp) {
    let team = app.an_organisation().await;
    let (old, new) = (Receiver::answering([500]).await, Receiver::answering([200]).await);
    let form = NewHook { name: "Payroll of O'Brien".into(), ..NewHook::default() };
    let hook = app.a_hook_with(&team.admin, &old.url(), form).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    app.tick().await;
    let mut browser = app.browser().logged_in(&team.admin.member.email).await;
    let at = format!("/settings/webhooks/{}", hook.id);
    assert!(browser.get(&at).await.body.contains(&format!("href=\"{at}/replacement\">Replace</a>")));
    let asked = browser.get(&format!("{at}/replacement")).await.body;
    assert!(asked.contains("1 delivery that is still owed goes to the new address"), "{asked}");
    let typed = format!("https://{}", new.url());
    let done = browser.post(&format!("{at}/replacement"), &[("url", &typed), ("token", &token())]).await;
    assert_eq!(done.status, 303, "{}", done.body);
    let successor = done.location().expect("a page").to_owned();
    let page = browser.get(&successor).await.body;
    assert!(page.contains("Payroll of O") && page.contains(&new.url()), "{page}");
    assert!(page.contains("In place of") && page.contains(&format!("href=\"{at}\"")), "{page}");
    let page = browser.get(&at).await.body;
    assert!(page.contains("Replaced by <a href=\"") && page.contains(&format!("href=\"{successor}\"")), "{page}");
    assert!(page.contains("Replaced</span>") && !page.contains("Send Test"), "{page}");
    let list = browser.get("/settings/webhooks").await.body;
    assert!(list.contains(&new.url()) && !list.contains(&old.url()), "{list}");
    app.advance_ms(200);
    assert_eq!(app.tick().await.succeeded, 1);
    // Going back and pressing once more leads to what was made.
    let again = browser.post(&format!("{at}/replacement"), &[("url", &typed), ("token", &token())]).await;
    assert_eq!((again.status, again.location()), (303, Some(successor.as_str())));
}

async fn a_refused_address_stays_on_the_form(app: TestApp) {
    let admin = app.an_admin().await;
    let hook = app.a_hook(&admin, "127.0.0.1/in").await;
    let mut browser = app.browser().logged_in(&admin.member.email).await;
    let at = format!("/settings/webhooks/{}/replacement", hook.id);
    for (url, told) in [
        ("10.0.0.7/in?a=\"b\"", "Use a public address"),
        ("127.0.0.1/in", "this is the one it has now"),
        ("http://hooks.acme.com", "https"),
    ] {
        let page = browser.post(&at, &[("url", url), ("token", &token())]).await;
        assert_eq!(page.status, 422, "{url}: {}", page.body);
        assert!(page.body.contains("<title>Error: ") && page.body.contains(told), "{url}: {}", page.body);
        assert!(page.body.contains("href=\"#url\""), "{}", page.body);
        assert!(page.body.contains(&format!("value=\"{}\"", url.replace('"', "&quot;"))), "{url}: {}", page.body);
    }
    assert!(browser.get("/settings/webhooks").await.body.contains("127.0.0.1/in"));
}

async fn deleting_says_what_ends_and_is_refused_with_links_while_an_export_runs(app: TestApp) {
    let admin = app.an_admin().await;
    let receiver = Receiver::answering([200, 410]).await;
    let hook = app.a_hook(&admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&admin, Mode::Live).await;
    let mut browser = app.browser().logged_in(&admin.member.email).await;
    let at = format!("/settings/webhooks/{}/deletion", hook.id);
    actions::hook::pause(&app.context, &admin, hook.id.clone()).await.expect("it pauses");
    app.report(&key, "job.created").await;
    let page = browser.get(&at).await.body;
    assert!(page.contains("1 delivery that is held while it is paused; it ends as Failed, cancelled."), "{page}");
    actions::hook::resume(&app.context, &admin, hook.id.clone()).await.expect("it goes on");
    app.tick().await;
    app.report(&key, "job.created").await;
    app.tick().await;
    app.report(&key, "job.updated").await;
    let page = browser.get(&at).await.body;
    assert!(page.contains("1 delivery that it missed while it was disabled"), "{page}");
    actions::health::enable(&app.context, &admin, hook.id.clone()).await.expect("it is enabled");
    actions::hook::pause(&app.context, &admin, hook.id.clone()).await.expect("it pauses");
    let (vacancy, candidates) = app.a_vacancy_with(&admin, 1).await;
    let confirmed = Confirmed { vacancy, candidates, hook: hook.id.clone(), token: token() };
    let export = export::confirm(&app.context, &admin, confirmed).await.expect("it is confirmed");
    for page in [browser.get(&at).await, browser.post(&at, &[]).await] {
        assert!(page.body.contains(&format!("href=\"/exports/{export}\"")), "{}", page.body);
        assert!(page.body.contains("Cancel exports and delete") && !page.body.contains("btn stop"), "{}", page.body);
    }
    let gone = browser.post(&at, &[("cancel_exports", "1")]).await;
    assert_eq!((gone.status, gone.location()), (303, Some("/settings/webhooks")));
    assert!(browser.get(&format!("/exports/{export}")).await.body.contains("cancelled"));
}
