//! The strict headers stand on every answer of the console, whatever kind it is (B15).

use reqwest::Method;

use crate::support::{Page, TestApp};

on_both_databases!(every_kind_of_answer_carries_the_strict_headers, over_https_browsers_are_told_to_stay_there);

#[track_caller]
fn assert_strict(what: &str, page: &Page, status: u16) {
    assert_eq!(page.status, status, "{what}: {}", page.body);
    let header = |name: &str| page.header(name).unwrap_or_else(|| panic!("{what} has no {name}"));
    let policy = header("content-security-policy");
    for part in
        ["default-src 'none'", "script-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"]
    {
        assert!(policy.split(';').any(|own| own.trim() == part), "{what}: {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"), "{what}: {policy}");
    assert_eq!(header("x-content-type-options"), "nosniff", "{what}");
    assert_eq!(header("x-frame-options"), "DENY", "{what}");
    assert_eq!(header("referrer-policy"), "same-origin", "{what}");
    assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{what}");
    assert_eq!(header("cross-origin-resource-policy"), "same-origin", "{what}");
    if page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
        assert_eq!(header("cache-control"), "no-store", "{what}");
        let body = page.body.to_lowercase();
        assert!(!body.contains("<style") && !body.contains(" style=") && !body.contains("onclick="), "{what}");
    }
}

async fn every_kind_of_answer_carries_the_strict_headers(app: TestApp) {
    let admin = app.an_admin().await;
    let support = app.a_member(&admin.organisation.id, hirewire::domain::role::Role::Support).await;
    let mut nobody = app.browser();
    let login = nobody.get("/login").await;
    assert_strict("the login page", &login, 200);
    let style = login.body.split('"').find(|text| text.starts_with("/assets/") && text.ends_with(".css"));
    assert_strict("a file", &nobody.get(style.expect("a stylesheet")).await, 200);
    assert_strict("a file that is not there", &nobody.get("/assets/nothing.css").await, 404);
    for probe in ["/healthz", "/readyz"] {
        let answer = nobody.get(probe).await;
        let told = ["x-content-type-options", "content-type"].map(|name| answer.header(name));
        assert_eq!(told, [Some("nosniff"), Some("text/plain; charset=utf-8")], "{probe}");
    }
    assert_strict("the way to the door", &nobody.get("/vacancies").await, 303);
    assert_strict("a page that is not there", &nobody.get("/nothing").await, 404);
    assert_strict("an address with nonsense", &nobody.get("/%ff%00/..%2f..%2fetc/passwd").await, 404);
    let wrong = [("email", "a@b.example"), ("password", "x")];
    assert_strict("a refused form", &nobody.post("/login", &wrong).await, 422);
    let cross = nobody.post_with("/login", &[("sec-fetch-site", "cross-site")], &wrong).await;
    assert_strict("a form of another site", &cross, 403);
    let large = "x".repeat(3 * 1024 * 1024);
    assert_strict("a form that is too large", &nobody.post("/login", &[("email", &large)]).await, 413);
    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let site = [("sec-fetch-site", "same-origin")];
        let page = nobody.send(method.clone(), "/login", &site, Vec::new()).await;
        assert_strict("a method there is not", &page, 404);
    }
    for _ in 0..10 {
        nobody.post("/login", &[("email", &admin.member.email), ("password", "x")]).await;
    }
    assert_strict("too many tries", &nobody.log_in(&admin.member.email).await, 429);

    let mut browser = app.browser();
    assert_strict("the way in", &browser.log_in(&support.member.email).await, 303);
    assert_strict("what the role may not", &browser.get("/developers/api-keys").await, 403);
    assert_strict("the way out", &browser.clone().post("/logout", &[]).await, 303);

    let mut browser = browser.logged_in(&support.member.email).await;
    app.sql("ALTER TABLE memberships RENAME TO memberships_away").await;
    assert_strict("a page without a database", &browser.get("/vacancies").await, 500);
    app.sql("ALTER TABLE memberships_away RENAME TO memberships").await;
    app.sql("ALTER TABLE web_sessions RENAME TO sessions_away").await;
    let page = browser.get("/vacancies").await;
    assert_strict("a session that cannot be read", &page, 503);
    assert!(page.body.contains("The database is away"), "{}", page.body);
    let page = app.browser().log_in(&support.member.email).await;
    assert_strict("a session that cannot be written", &page, 503);
}

async fn over_https_browsers_are_told_to_stay_there(app: TestApp) {
    assert!(app.browser().get("/login").await.header("strict-transport-security").is_none());
    let public = "https://hooks.team.example/".parse().expect("an address");
    let app = app.crashed_and_started_again(|config| config.public_url = Some(public)).await;
    let page = app.browser().get("/login").await;
    assert!(page.header("strict-transport-security").is_some_and(|told| told.contains("max-age=31536000")));
}
