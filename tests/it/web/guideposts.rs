//! Whoever comes with another product's guide in hand, or types an address by hand, is led on.

use hirewire::domain::mode::Mode;
use hirewire::domain::role::Role;

use crate::support::{Kind, Receiver, TestApp, in_mode, run, token};

on_both_databases!(members_are_told_to_ask_whom_an_admin_has_set);

async fn members_are_told_to_ask_whom_an_admin_has_set(app: TestApp) {
    let admin = app.an_admin().await;
    let recruiter = app.a_member(&admin.organisation.id, Role::Recruiter).await;
    let mut browser = app.browser().logged_in(&admin.member.email).await;
    let mut theirs = app.browser().logged_in(&recruiter.member.email).await;
    let named = format!("<bdi>{}</bdi>.", admin.member.name);
    let before = theirs.get("/help").await.body;
    assert!(before.contains(&named), "until somebody is named, the admins are: {before}");
    for (typed, shown) in [
        ("help@team.example", "href=\"mailto:help@team.example\""),
        ("https://help.team.example/hr", "href=\"https://help.team.example/hr\""),
        ("Maeve <b>, 4711", "Maeve &lt;b&gt;, 4711"),
    ] {
        let saved = browser.post("/settings/support", &[("contact", typed)]).await;
        let page = browser.follow(&saved).await.body;
        assert!(page.contains("The support contact was saved."), "{page}");
        let page = theirs.get("/help").await.body;
        assert!(page.contains(shown) && !page.contains(&named), "{page}");
    }
    let long = "x".repeat(201);
    let refused = browser.post("/settings/support", &[("contact", &long)]).await;
    assert!(refused.status == 422 && refused.body.contains(&long), "what was typed is kept");
    // Another organisation's members are told of their own.
    let other = app.an_admin().await;
    let page = app.browser().logged_in(&other.member.email).await.get("/help").await.body;
    assert!(!page.contains("Maeve") && page.contains(&other.member.name), "{page}");
    browser.post("/settings/support", &[("contact", " ")]).await;
    assert!(theirs.get("/help").await.body.contains(&named), "nobody is named again");
}

#[test]
fn the_names_of_others_guides_lead_to_the_default_webhook() {
    run(Kind::Sqlite, |app| async move {
        let admin = app.an_admin().await;
        let mut browser = app.browser().logged_in(&admin.member.email).await;
        for page in ["/developers/api-keys", "/settings/interviews"] {
            let body = browser.get(page).await.body;
            assert!(body.contains("There is no default webhook in live mode yet."), "{body}");
            assert!(body.contains("href=\"/settings/webhooks/new\""), "{body}");
        }
        let receiver = Receiver::answering([200]).await;
        let (hook, secret) = app.a_signed_hook(&admin, &receiver.url()).await;
        app.a_hook(&in_mode(&admin, Mode::Test), "https://127.0.0.1/of-test-mode").await;
        let link = format!("href=\"/settings/webhooks/{}\"", hook.id);
        let keys = browser.get("/developers/api-keys").await.body;
        assert!(keys.contains("<h2>Webhook Configuration</h2>") && keys.contains(&link), "{keys}");
        let interviews = browser.get("/settings/interviews").await.body;
        for words in ["<h1>Global Interview Settings</h1>", "<h2>Webhook Authentication</h2>", "Regenerate secret"] {
            assert!(interviews.contains(words), "{words}: {interviews}");
        }
        for page in [&keys, &interviews] {
            assert!(page.contains(&format!("ends in {}", &secret[secret.len() - 4..])), "{page}");
            assert!(page.contains(hook.url.as_str()) && !page.contains("of-test-mode"), "{page}");
            assert!(page.contains("href=\"/help\">Need Help?</a>"), "the menu of the profile has it");
        }
        // Recruiters see name and host, and lead nowhere they may not go.
        let recruiter = app.a_member(&admin.organisation.id, Role::Recruiter).await;
        let body = app.browser().logged_in(&recruiter.member.email).await.get("/settings/interviews").await.body;
        assert!(
            body.contains(&hook.url.host()) && !body.contains(hook.url.as_str()) && !body.contains(&link),
            "{body}"
        );
        assert!(!body.contains(&secret[secret.len() - 4..]), "{body}");
    });
}

#[test]
fn an_interview_with_a_webhook_of_its_own_is_listed_among_the_exceptions() {
    run(Kind::Sqlite, |app| async move {
        let admin = app.an_admin().await;
        let mut browser = app.browser().logged_in(&admin.member.email).await;
        let (own, other) = (app.an_interview(&admin).await, app.an_interview(&admin).await);
        let receiver = Receiver::answering([200]).await;
        app.an_override(&admin, &own, &receiver.url()).await.expect("a webhook of its own");
        let body = browser.get("/settings/interviews").await.body;
        assert!(body.contains("1 of 2 interviews"), "{body}");
        assert!(body.contains(&format!("/interviews/{own}/settings")), "{body}");
        assert!(!body.contains(&format!("/interviews/{other}/settings")), "{body}");
    });
}

#[test]
fn a_slash_at_the_end_leads_to_the_page_and_nowhere_else() {
    run(Kind::Sqlite, |app| async move {
        let admin = app.an_admin().await;
        for mut browser in [app.browser(), app.browser().logged_in(&admin.member.email).await] {
            for (typed, page) in [
                ("/settings/webhooks/", "/settings/webhooks"),
                ("/developers/logs/?status=failed", "/developers/logs?status=failed"),
                ("/login//", "/login"),
            ] {
                let answer = browser.get(typed).await;
                assert_eq!((answer.status, answer.location()), (308, Some(page)), "{typed}");
            }
            for nowhere in ["//evil.example/", "/nothing/", "//settings/webhooks/"] {
                let answer = browser.get(nowhere).await;
                assert_eq!((answer.status, answer.location()), (404, None), "{nowhere}");
            }
        }
    });
}

#[test]
fn a_page_that_is_not_there_keeps_the_navigation_of_those_who_are_signed_in() {
    run(Kind::Sqlite, |app| async move {
        let admin = app.an_admin().await;
        let mut browser = app.browser().logged_in(&admin.member.email).await;
        browser.post("/mode", &[("mode", "test"), ("back", "/")]).await;
        for path in ["/nothing", "/settings/webhooks/hk_01ARZ3NDEKTSV4RRFFQ69G5FAV", "/developers/catalogue/x"] {
            let page = browser.get(path).await;
            assert_eq!(page.status, 404, "{path}");
            assert!(
                page.body.contains("aria-label=\"Main\"") && page.body.contains("Test mode"),
                "{path}: {}",
                page.body
            );
            assert!(page.body.contains("There is nothing here."), "{}", page.body);
        }
        let page = app.browser().get("/nothing").await;
        assert!(page.status == 404 && !page.body.contains("aria-label=\"Main\""), "{}", page.body);
    });
}

#[test]
fn llms_txt_names_pages_that_are_there() {
    run(Kind::Sqlite, |app| async move {
        let admin = app.an_admin().await;
        let text = app.browser().get("/llms.txt").await;
        assert_eq!(text.header("content-type"), Some("text/plain; charset=utf-8"));
        let (public, members) = text.body.split_once("## For members").expect("two parts");
        let own = app.url();
        let pages = |part: &str| -> Vec<String> {
            let links = part.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()));
            links.map(|link| link.strip_prefix(&own).expect("a page of ours").to_owned()).collect()
        };
        let (public, members) = (pages(public), pages(members));
        assert!(public.len() >= 4 && members.len() >= 4, "{}", text.body);
        for page in public {
            let answer = app.browser().get(&page).await;
            // The API asks for a key before anything else.
            let expected = if page.starts_with("/v1/") { 401 } else { 200 };
            assert_eq!(answer.status, expected, "{page}");
        }
        let mut browser = app.browser().logged_in(&admin.member.email).await;
        for page in members {
            assert_eq!(browser.get(&page).await.status, 200, "{page}");
            assert!(app.browser().get(&page).await.leads_to_login(), "{page}");
        }
    });
}

#[test]
fn what_the_catalogue_says_only_partners_report_is_caused_by_nothing_in_hirewire() {
    run(Kind::Sqlite, |app| async move {
        let admin = app.an_admin().await;
        let mut browser = app.browser().logged_in(&admin.member.email).await;
        let made = browser.post("/vacancies/new", &[("title", "Weaver"), ("token", &token())]).await;
        assert_eq!(made.status, 303, "{}", made.body);
        assert_eq!(app.unrouted(&admin.organisation.id, Mode::Live).await, 0, "nothing was recorded");
        let entry = browser.get("/developers/catalogue/job.created").await.body;
        assert!(entry.contains("Only partner systems report this event."), "{entry}");
        let entry = browser.get("/developers/catalogue/interview.completed").await.body;
        assert!(!entry.contains("Only partner systems report this event."), "{entry}");
    });
}
