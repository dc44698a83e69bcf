//! How much an organisation may have, beside the webhooks of [`super::hook_settings`].

use hirewire::domain::mode::Mode;

use crate::support::{Browser, Page, TestApp, token};

on_both_databases!(
    an_organisation_has_only_so_many_api_keys_in_a_mode,
    an_organisation_has_only_so_many_interviews_and_open_sessions_in_a_mode,
);

async fn a_key(browser: &mut Browser, name: &str, mode: Mode) -> Page {
    let token = token();
    browser.post("/developers/api-keys", &[("name", name), ("mode", mode.as_str()), ("token", &token)]).await
}

async fn an_organisation_has_only_so_many_api_keys_in_a_mode(app: TestApp) {
    let (team, others) = (app.an_organisation().await, app.an_organisation().await);
    let app = app.crashed_and_started_again(|config| config.max_api_keys = 1).await;
    let mut browser = app.browser().logged_in(&team.admin.member.email).await;
    let (first, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let refused = a_key(&mut browser, "Second of all", Mode::Live).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("href=\"#name\"") && refused.body.contains("Second of all"), "{}", refused.body);
    assert!(refused.body.contains("Your organisation has 1 API key in live mode, which is as many as it may have"));
    assert_eq!(a_key(&mut browser, "", Mode::Test).await.status, 303, "the other mode has its own");
    let mut theirs = app.browser().logged_in(&others.admin.member.email).await;
    assert_eq!(a_key(&mut theirs, "", Mode::Live).await.status, 303, "others have theirs");
    browser.post(&format!("/developers/api-keys/{}/revocation", first.id), &[]).await;
    assert_eq!(a_key(&mut browser, "Second of all", Mode::Live).await.status, 303, "a revoked one does not count");
}

async fn an_organisation_has_only_so_many_interviews_and_open_sessions_in_a_mode(app: TestApp) {
    let team = app.an_organisation().await;
    let app = app.crashed_and_started_again(|config| config.max_interviews = 1).await;
    let mut browser = app.browser().logged_in(&team.admin.member.email).await;
    let interview = app.an_interview(&team.admin).await;
    let own = token();
    let form = [("title", "Another one"), ("duration", "30"), ("expires", "120"), ("token", own.as_str())];
    let refused = browser.post("/interviews/new", &form).await;
    assert!(refused.status == 422 && refused.body.contains("href=\"#title\""), "{}", refused.body);
    assert!(refused.body.contains("has 1 interview in live mode") && refused.body.contains("Another one"));

    let (_, candidates) = app.a_vacancy_with(&team.admin, 2).await;
    let session = app.a_session(&team.admin, &interview, &candidates[0]).await;
    let own = token();
    let path = format!("/interviews/{interview}/sessions");
    let form = [("candidate", candidates[1].as_str()), ("token", own.as_str())];
    let refused = browser.post(&path, &form).await;
    assert!(refused.status == 422 && refused.body.contains("has 1 open session in live mode"), "{}", refused.body);
    browser.post(&format!("{path}/{session}/withdrawal"), &[]).await;
    assert_eq!(browser.post(&path, &form).await.status, 303, "one that has ended does not count");
}
