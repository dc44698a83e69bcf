//! Requests that change something are taken from the console's own pages only (B15).

use crate::support::{Browser, PASSWORD, TestApp};

on_both_databases!(
    another_sites_form_is_refused_and_changes_nothing,
    behind_a_public_address_its_origin_counts,
    an_own_page_whose_address_is_spelt_otherwise_is_no_other_site,
    the_refusal_names_both_addresses_and_the_setting,
    looking_at_a_page_is_allowed_from_anywhere,
);

async fn another_sites_form_is_refused_and_changes_nothing(app: TestApp) {
    let admin = app.an_admin().await;
    let mut browser = app.browser().logged_in(&admin.member.email).await;
    let own = app.url();
    let host = own.trim_start_matches("http://").to_owned();
    for foreign in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site"), ("origin", own.as_str())],
        &[("sec-fetch-site", "?")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", "http://127.0.0.1:1")],
        &[("origin", &format!("http://{host}.evil.example"))],
        &[("origin", &format!("http://evil.example/{host}"))],
        &[("origin", &format!("http://evil.example@{host}"))],
    ] {
        let page = browser.post_with("/logout", foreign, &[]).await;
        assert_eq!(page.status, 403, "{foreign:?}");
        assert!(page.body.contains("another site"), "{}", page.body);
        assert!(browser.is_signed_in().await, "{foreign:?} logged out");
        let fields = [("email", admin.member.email.as_str()), ("password", PASSWORD)];
        let page = app.browser().post_with("/login", foreign, &fields).await;
        assert_eq!((page.status, page.set_cookies()), (403, vec![]), "{foreign:?}");
    }
    for own in [
        &[("sec-fetch-site", "same-origin")][..],
        &[("sec-fetch-site", "none")],
        &[("origin", own.as_str())],
        // No browser at all: it carries nobody's cookies by accident.
        &[],
    ] {
        let page = browser.post_with("/mode", own, &[("mode", "test"), ("back", "/vacancies")]).await;
        assert_eq!((page.status, page.location()), (303, Some("/vacancies")), "{own:?}");
    }
}

async fn behind_a_public_address_its_origin_counts(app: TestApp) {
    let public = "https://hooks.team.example/".parse().expect("an address");
    let app = app.crashed_and_started_again(|config| config.public_url = Some(public)).await;
    let admin = app.an_admin().await;
    let fields = [("email", admin.member.email.as_str()), ("password", PASSWORD)];
    let status = async |origin: &str| app.browser().post_with("/login", &[("origin", origin)], &fields).await.status;
    assert_eq!(status("https://hooks.team.example").await, 303);
    for foreign in ["http://hooks.team.example", "https://hooks.team.example:8443", &app.url(), "null"] {
        assert_eq!(status(foreign).await, 403, "{foreign}");
    }
}

async fn an_own_page_whose_address_is_spelt_otherwise_is_no_other_site(app: TestApp) {
    let admin = app.an_admin().await;
    let fields = [("email", admin.member.email.as_str()), ("password", PASSWORD)];
    let status = async |host: &str, origin: &str| {
        app.browser().post_with("/login", &[("host", host), ("origin", origin)], &fields).await.status
    };
    assert_eq!(status("Hooks.LAN", "http://hooks.lan").await, 303);
    assert_eq!(status("hooks.lan:80", "http://hooks.lan").await, 303);
    assert_eq!(status("hooks.lan", "http://hooks.lan.evil.example").await, 403);
}

async fn the_refusal_names_both_addresses_and_the_setting(app: TestApp) {
    let headers = [("host", "127.0.0.1:8080"), ("origin", "http://hooks.lan")];
    let page = app.browser().post_with("/login", &headers, &[]).await;
    assert_eq!(page.status, 403);
    for told in ["http://hooks.lan", "127.0.0.1:8080", "HIREWIRE_PUBLIC_URL"] {
        assert!(page.body.contains(told), "{told}: {}", page.body);
    }
    let public = "https://hooks.team.example/".parse().expect("an address");
    let app = app.crashed_and_started_again(|config| config.public_url = Some(public)).await;
    let page = app.browser().post_with("/login", &headers, &[]).await;
    assert!(
        page.body.contains("https://hooks.team.example") && page.body.contains("http://hooks.lan"),
        "{}",
        page.body
    );
}

async fn looking_at_a_page_is_allowed_from_anywhere(app: TestApp) {
    let admin = app.an_admin().await;
    let mut browser: Browser = app.browser().logged_in(&admin.member.email).await;
    // A link in an e-mail or a chat leads here.
    for site in ["cross-site", "none"] {
        let page = browser.send(reqwest::Method::GET, "/vacancies", &[("sec-fetch-site", site)], Vec::new()).await;
        assert!(page.status != 403 && !page.leads_to_login(), "{site}: {}", page.status);
    }
}
