//! What the operator sees of the engine.

use hirewire::domain::mode::Mode;

use crate::support::{Receiver, TestApp};

on_both_databases!(
    metrics_tell_what_came_in_what_arrived_what_failed_and_how_long_the_oldest_waits,
    requests_and_log_ins_are_counted_by_route_and_answer_and_ids_make_no_new_lines,
);

async fn metrics_tell_what_came_in_what_arrived_what_failed_and_how_long_the_oldest_waits(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200, 500]).await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    for _ in 0..2 {
        app.report(&key, "job.created").await;
        app.tick().await;
    }
    // One has arrived, one is to be tried again.
    app.advance_ms(30_000);
    let page = app.metrics().await;
    let line = |start: &str| {
        let found = page.lines().find(|line| line.starts_with(start));
        found.unwrap_or_else(|| panic!("no {start} in {page}")).rsplit(' ').next().expect("a value").to_owned()
    };
    assert_eq!(line("hirewire_events_accepted_total "), "2");
    assert_eq!(line("hirewire_deliveries_succeeded_total "), "1");
    assert_eq!(line("hirewire_deliveries_failed_total "), "0");
    assert_eq!(line("hirewire_try_seconds_count{outcome=\"success\"}"), "1");
    assert_eq!(line("hirewire_try_seconds_count{outcome=\"server_error\"}"), "1");
    assert_eq!(line("hirewire_start_lag_seconds_count"), "2");
    assert_eq!(
        (line("hirewire_owed "), line("hirewire_in_flight "), line("hirewire_waiting ")),
        ("1".into(), "0".into(), "1".into())
    );
    assert_eq!((line("hirewire_oldest_owed_seconds "), line("hirewire_database_up ")), ("30".into(), "1".into()));
    assert!(line("hirewire_commits_total ").parse::<f64>().expect("a number") >= 4.0);
    assert!(line("hirewire_settle_batch_size_count").parse::<u64>().expect("a number") >= 2);
    assert!(page.ends_with("# EOF\n"), "{page}");
    let helps: Vec<&str> = page.lines().filter(|line| line.starts_with("# HELP")).collect();
    assert!(helps.len() > 20 && helps.iter().all(|help| help.ends_with('.') && !help.ends_with("..")), "{helps:?}");
}

async fn requests_and_log_ins_are_counted_by_route_and_answer_and_ids_make_no_new_lines(app: TestApp) {
    let team = app.an_organisation().await;
    let email = team.admin.member.email.clone();
    let mut browser = app.browser().logged_in(&email).await;
    let refused = app.browser().post("/login", &[("email", email.as_str()), ("password", "wrong")]).await;
    assert_ne!(refused.status, 303);
    for id in ["hk_1", "hk_2", "hk_3"] {
        browser.get(&format!("/settings/webhooks/{id}")).await;
    }
    browser.get("/wp-login.php").await;
    let page = app.metrics().await;
    for line in [
        "hirewire_sign_ins_total{outcome=\"succeeded\"} 1",
        "hirewire_sign_ins_total{outcome=\"refused\"} 1",
        "hirewire_requests_total{route=\"GET /settings/webhooks/{id}\",code=\"404\"} 3",
        "hirewire_requests_total{route=\"POST /login\",code=\"303\"} 1",
        "hirewire_build_info{version=",
        "hirewire_webhooks_disabled 0",
        "hirewire_held_copy 0",
    ] {
        assert!(page.contains(line), "no {line} in {page}");
    }
    assert!(!page.contains("wp-login") && !page.contains("hk_1") && !page.contains(&email), "{page}");
}
