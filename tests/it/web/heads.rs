//! HEAD is a GET whose body nobody wants: monitors ask it of pages and probes.

use reqwest::Method;

use crate::support::{Kind, run, token};

#[test]
fn head_answers_as_get_does_without_a_body() {
    run(Kind::Sqlite, |app| async move {
        let admin = app.an_admin().await;
        let mut browser = app.browser().logged_in(&admin.member.email).await;
        for path in ["/healthz", "/readyz", "/login", "/llms.txt", "/vacancies", "/settings/webhooks", "/nothing"] {
            let shown = browser.get(path).await;
            let head = browser.send(Method::HEAD, path, &[], Vec::new()).await;
            assert_eq!((head.status, head.body.as_str()), (shown.status, ""), "{path}");
            assert_eq!(head.header("content-type"), shown.header("content-type"), "{path}");
        }
        let head = app.browser().send(Method::HEAD, "/vacancies", &[], Vec::new()).await;
        assert!(head.leads_to_login(), "{head:?}");
    });
}

#[test]
fn what_is_shown_once_is_not_spent_by_a_head() {
    run(Kind::Sqlite, |app| async move {
        let admin = app.an_admin().await;
        let mut browser = app.browser().logged_in(&admin.member.email).await;
        let form = [("name", "Partner"), ("mode", "test"), ("token", &token())];
        let made = browser.post("/developers/api-keys", &form).await;
        let reveal = made.location().expect("the page that shows it").to_owned();
        let head = browser.send(Method::HEAD, &reveal, &[], Vec::new()).await;
        assert_eq!((head.status, head.body.as_str()), (200, ""));
        let shown = browser.get(&reveal).await.shown_once();
        assert!(shown.len() == 1 && shown[0].starts_with("sk_test_"), "{shown:?}");
        assert!(browser.get(&reveal).await.shown_once().is_empty(), "and then it is gone");
    });
}
