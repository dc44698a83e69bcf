//! Creating a webhook in the console: what is said about its address.

use hirewire::delivery::guard::LookupError;

use crate::support::{Page, TestApp, token};

on_both_databases!(
    a_name_that_leads_nowhere_is_saved_with_a_warning,
    a_host_that_cannot_be_called_is_refused_beside_its_field_and_nothing_is_lost,
);

const WARNING: &str = "This host name does not lead to a public address";

/// Fills in the form and sends it off.
async fn created(app: &TestApp, url: &str, sign: bool) -> (crate::support::Browser, Page) {
    let admin = app.an_admin().await;
    let mut browser = app.browser().logged_in(&admin.member.email).await;
    let token = token();
    let mut fields = vec![("name", "HRIS"), ("url", url), ("policy", "quick"), ("token", &token)];
    fields.extend(sign.then_some(("sign", "on")));
    let page = browser.post("/settings/webhooks/new", &fields).await;
    (browser, page)
}

async fn a_name_that_leads_nowhere_is_saved_with_a_warning(app: TestApp) {
    let resolver = |name: &str| match name {
        "hooks.acme.com" => Ok(vec![[93, 184, 216, 34].into()]),
        "hooks.inside.acme.com" => Ok(vec![[10, 0, 0, 7].into()]),
        _ => Err(LookupError::NoAddress("the name does not exist".into())),
    };
    let app = app.resolving("", resolver).await;
    for (url, sign, warns) in [
        ("hooks.soon.acme.com/in", false, true),
        ("hooks.soon.acme.com/in", true, true),
        ("hooks.inside.acme.com/in", false, true),
        ("hooks.inside.acme.com/in", true, true),
        ("hooks.acme.com/in", false, false),
        ("hooks.acme.com/in", true, false),
    ] {
        let (mut browser, page) = created(&app, url, sign).await;
        assert_eq!(page.status, 303, "{}", page.body);
        let mut at = page.location().expect("a page").to_owned();
        let mut page = browser.get(&at).await;
        assert_eq!((page.status, page.body.contains(WARNING)), (200, warns), "{at}: {}", page.body);
        if sign {
            // What was made is shown first; "I have stored it" leads on to the webhook, which warns as well.
            let id = at.split('/').nth(3).expect("an id").to_owned();
            let link = page
                .body
                .split('"')
                .find(|part| part.starts_with(&format!("/settings/webhooks/{id}")) && !part.ends_with("/deletion"));
            at = link.expect("a link to the webhook").to_owned();
            page = browser.get(&at).await;
        }
        assert_eq!((page.status, page.body.contains(WARNING)), (200, warns), "{at}: {}", page.body);
        assert!(page.body.contains("Send Test"));
        let host = format!("<bdi>{}</bdi>", url.trim_end_matches("/in"));
        assert!(!warns || page.body.contains(&host), "{}", page.body);
    }
}

async fn a_host_that_cannot_be_called_is_refused_beside_its_field_and_nothing_is_lost(app: TestApp) {
    let long = format!("{}.acme.com", "a".repeat(64));
    let app = app.resolving("", |name: &str| panic!("{name} was looked up")).await;
    for (host, told) in [
        ("127.0.0.1..", "Correct the host name 127.0.0.1..: a part of it is empty"),
        (&long, "a part of it has more than 63 characters"),
        ("0x7f.1", "Use a public address: 127.0.0.1 is a loopback address"),
        ("2130706433", "Use a public address: 127.0.0.1 is a loopback address"),
        ("metadata.google.internal", "Use a public address: metadata.google.internal is a name reserved"),
    ] {
        let (mut browser, page) = created(&app, &format!("{host}/in"), true).await;
        assert_eq!(page.status, 422, "{host}");
        assert!(page.body.contains(told) && page.body.contains("href=\"#url\""), "{host}: {}", page.body);
        assert!(page.body.contains(&format!("value=\"{host}/in\"")) && page.body.contains("value=\"HRIS\""), "{host}");
        assert!(!browser.get("/settings/webhooks").await.body.contains("HRIS"), "{host}");
    }
}
