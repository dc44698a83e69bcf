//! Under which names the console is served.

use crate::support::TestApp;

on_both_databases!(
    with_a_public_address_other_names_get_a_page_that_leads_there,
    probes_and_partners_are_answered_under_every_name,
    the_demo_is_served_under_this_machines_names_alone,
);

async fn asked_as(app: &TestApp, host: &str, path: &str) -> (u16, String) {
    let page = app.browser().send(reqwest::Method::GET, path, &[("host", host)], Vec::new()).await;
    (page.status, page.body)
}

async fn with_a_public_address_other_names_get_a_page_that_leads_there(app: TestApp) {
    let public = "https://hooks.team.example".parse().expect("an address");
    let app = app.crashed_and_started_again(|config| config.public_url = Some(public)).await;
    for own in ["hooks.team.example", "HOOKS.team.example:443", "10.0.0.7:8080", "backend"] {
        assert_eq!(asked_as(&app, own, "/login").await.0, 200, "{own}");
    }
    let (status, page) = asked_as(&app, "evil.example", "/login").await;
    assert_eq!(status, 421);
    assert!(page.contains("evil.example") && page.contains("href=\"https://hooks.team.example/\""), "{page}");
    assert!(page.contains("HIREWIRE_PUBLIC_URL") && !page.contains("name=\"password\""), "{page}");
    let form = [("email", "a@b.example"), ("password", "x")];
    let posted = app.browser().post_with("/login", &[("host", "evil.example")], &form).await;
    assert_eq!(posted.status, 421);
    assert!(posted.header("content-security-policy").is_some(), "it carries the strict headers");
}

async fn probes_and_partners_are_answered_under_every_name(app: TestApp) {
    let public = "https://hooks.team.example".parse().expect("an address");
    let app = app.crashed_and_started_again(|config| config.public_url = Some(public)).await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(asked_as(&app, "probe.cluster.local", path).await.0, 200, "{path}");
    }
    assert_eq!(asked_as(&app, "probe.cluster.local", "/v1/partner/events").await.0, 401, "as under its own");
}

async fn the_demo_is_served_under_this_machines_names_alone(app: TestApp) {
    let app = app.crashed_and_started_again(|config| config.is_for_this_machine = true).await;
    for own in ["localhost:8080", "127.0.0.1:8080", "[::1]:8080"] {
        assert_eq!(asked_as(&app, own, "/login").await.0, 200, "{own}");
    }
    let (status, page) = asked_as(&app, "rebound.example", "/login").await;
    assert!(status == 421 && page.contains("localhost"), "{status} {page}");
}
