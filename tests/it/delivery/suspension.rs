//! An organisation that is suspended stops everywhere: nothing of it is shown, and nothing is sent until it is resumed.

use hirewire::actions::organisation::set_suspended;
use hirewire::actions::{self, Viewer};
use hirewire::domain::delivery::DeliveryState;
use hirewire::domain::event::EventType;
use hirewire::domain::mode::Mode;
use hirewire::domain::role::Role;

use crate::support::{Receiver, TestApp};

on_both_databases!(
    what_a_suspended_organisation_is_owed_is_held_and_sent_when_it_is_resumed,
    a_retry_that_falls_into_a_suspension_goes_on_where_it_stopped,
    a_webhook_that_was_paused_stays_so_when_its_organisation_is_resumed,
    members_of_a_suspended_organisation_see_that_and_nothing_else,
    whoever_belongs_to_another_organisation_goes_on_there,
);

async fn suspend(app: &TestApp, admin: &Viewer, is_suspended: bool) {
    let id = admin.organisation.id.clone();
    set_suspended(&app.context, id, is_suspended).await.expect("it is done");
}

async fn what_a_suspended_organisation_is_owed_is_held_and_sent_when_it_is_resumed(app: TestApp) {
    let (admin, others) = (app.an_admin().await, app.an_admin().await);
    let (receiver, theirs) = (Receiver::answering([200]).await, Receiver::answering([200]).await);
    app.a_hook(&admin, &receiver.url()).await;
    app.a_hook(&others, &theirs.url()).await;
    let (key, _) = app.an_api_key(&admin, Mode::Live).await;
    let (their_key, _) = app.an_api_key(&others, Mode::Live).await;
    app.report(&key, "job.created").await;
    suspend(&app, &admin, true).await;
    app.report(&their_key, "job.created").await;
    for _ in 0..2 {
        let owed = app.the_delivery(&admin.organisation.id, Mode::Live).await;
        assert_eq!((receiver.count(), owed.state), (0, DeliveryState::Pending { due: None }));
        app.advance_ms(3_600_000);
        app.tick().await;
        app.sweep().await;
    }
    assert_eq!(theirs.count(), 1, "another organisation goes on");
    suspend(&app, &admin, false).await;
    assert_eq!(app.tick().await.succeeded, 1);
    assert_eq!(receiver.count(), 1);
}

async fn a_retry_that_falls_into_a_suspension_goes_on_where_it_stopped(app: TestApp) {
    let admin = app.an_admin().await;
    let receiver = Receiver::answering([500, 200]).await;
    app.a_hook(&admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    app.tick().await;
    suspend(&app, &admin, true).await;
    app.advance_ms(3_600_000);
    app.tick().await;
    assert_eq!(receiver.count(), 1);
    let owed = app.the_delivery(&admin.organisation.id, Mode::Live).await;
    assert_eq!(owed.state, DeliveryState::Retrying { due: None });
    suspend(&app, &admin, false).await;
    assert_eq!(app.tick().await.succeeded, 1);
}

async fn a_webhook_that_was_paused_stays_so_when_its_organisation_is_resumed(app: TestApp) {
    let admin = app.an_admin().await;
    let receiver = Receiver::answering([200]).await;
    let hook = app.a_hook(&admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&admin, Mode::Live).await;
    actions::hook::pause(&app.context, &admin, hook.id.clone()).await.expect("it pauses");
    app.report(&key, "job.created").await;
    suspend(&app, &admin, true).await;
    suspend(&app, &admin, false).await;
    app.tick().await;
    assert_eq!(receiver.count(), 0);
    actions::hook::resume(&app.context, &admin, hook.id).await.expect("it goes on");
    app.tick().await;
    assert_eq!(receiver.count(), 1);
}

async fn members_of_a_suspended_organisation_see_that_and_nothing_else(app: TestApp) {
    let admin = app.an_admin().await;
    let receiver = Receiver::answering([200]).await;
    let hook = app.a_hook(&admin, &receiver.url()).await;
    let (vacancy, candidates) = app.a_vacancy_with(&admin, 1).await;
    let mut before = app.browser().logged_in(&admin.member.email).await;
    assert!(before.is_signed_in().await);
    suspend(&app, &admin, true).await;
    assert!(before.get("/vacancies").await.leads_to_login(), "the session has ended");
    let mut browser = app.browser();
    assert_eq!(browser.log_in(&admin.member.email).await.status, 303);
    let vacancy = format!("/vacancies/{vacancy}");
    for path in ["/", vacancy.as_str(), "/developers/logs", "/settings/members", "/account"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 403, "{path}");
        assert!(page.body.contains("This organisation is suspended."), "{path}: {}", page.body);
        assert!(page.body.contains("action=\"/logout\"") && !page.body.contains("Candidate"), "{path}: {}", page.body);
    }
    let (hook, candidate) = (hook.id.to_string(), candidates[0].to_string());
    let test = format!("/settings/webhooks/{hook}/tests");
    let kind = EventType::WEBHOOK_TEST.as_str();
    let export = [("candidate", candidate.as_str()), ("hook", hook.as_str())];
    for (path, fields) in [(format!("{vacancy}/export"), &export[..]), (test, &[("event", kind)][..])] {
        assert_eq!(browser.post(&path, fields).await.status, 403, "{path}");
    }
    app.tick().await;
    assert_eq!(receiver.count(), 0, "not even a test");
    assert!(browser.post("/logout", &[]).await.leads_to_login());
    assert!(!browser.is_signed_in().await);
    suspend(&app, &admin, false).await;
    assert!(app.browser().logged_in(&admin.member.email).await.is_signed_in().await);
}

async fn whoever_belongs_to_another_organisation_goes_on_there(app: TestApp) {
    let (ours, theirs) = (app.an_organisation().await, app.an_organisation().await);
    let member = app.a_member(&ours.id, Role::Recruiter).await;
    app.joins(&member, &theirs.id, Role::Support).await;
    let mut browser = app.browser().logged_in(&member.member.email).await;
    browser.post("/organisation", &[("organisation", ours.id.as_str())]).await;
    suspend(&app, &ours.admin, true).await;
    let page = browser.get("/vacancies").await;
    assert!(page.status == 403 && page.body.contains("This organisation is suspended."), "{}", page.body);
    assert!(page.body.contains(&format!("Go to <bdi>{}</bdi>", theirs.admin.organisation.name)), "{}", page.body);
    assert_eq!(browser.post("/organisation", &[("organisation", theirs.id.as_str())]).await.status, 303);
    assert_eq!(browser.get("/vacancies").await.status, 200);
}
