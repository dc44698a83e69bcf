//! A NUL from outside: PostgreSQL takes none in a text, so none may come that far.

use hirewire::domain::mode::Mode;

use crate::support::{TestApp, token};

on_both_databases!(a_nul_in_a_query_or_a_form_breaks_nothing,);

async fn a_nul_in_a_query_or_a_form_breaks_nothing(app: TestApp) {
    let admin = app.an_admin().await;
    let (vacancy, _) = app.a_vacancy_with(&admin, 1).await;
    let mut stranger = app.browser();
    let page = stranger.post("/login", &[("email", "a\0@b.example"), ("password", "no\0")]).await;
    assert_eq!(page.status, 422, "{}", page.body);
    let mut browser = app.browser().logged_in(&admin.member.email).await;
    for path in [
        format!("/vacancies/{vacancy}?stage=a%00b"),
        "/developers/logs?status=%00&event=a%00&webhook=%00&before=%00&after=%00".into(),
        format!("/vacancies/{vacancy}/export?candidate=%00&hook=%00"),
    ] {
        let page = browser.get(&path).await;
        assert!(page.status < 500, "{path}: {} {}", page.status, page.body);
    }
    let made = [("title", "An eng\0ineer"), ("token", &format!("{}\0", token()))];
    let page = browser.post("/vacancies/new", &made).await;
    assert_eq!(page.status, 303, "{}", page.body);
    let fields = [("name", "HRIS"), ("url", "good.exa\0mple-bank.com"), ("token", &token())];
    let page = browser.post("/settings/webhooks/new", &fields).await;
    assert_eq!(page.status, 422, "an address with a NUL is another address without it: {}", page.body);
    let (_, key) = app.an_api_key(&admin, Mode::Live).await;
    let page = app.partner(&key).report("job.created", serde_json::json!({"a\0": "b\0"})).await;
    assert!(page.status < 500, "{}", page.body);
}
