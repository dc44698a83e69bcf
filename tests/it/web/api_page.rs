//! The page about the API: its examples are run, its table is held against what the API answers.

use std::process::Command;

use hirewire::domain::mode::Mode;
use reqwest::Method;
use serde_json::Value;

use crate::support::{Kind, TestApp, run};

/// The content of a figure of the page, as somebody copies it.
fn copied(page: &str, name: &str) -> String {
    let figure = page.split_once(&format!("aria-label=\"{name}\">")).unwrap_or_else(|| panic!("no {name}: {page}")).1;
    let content = figure.split_once("</pre>").expect("its end").0;
    let mut text = String::new();
    let mut is_tag = false;
    for letter in content.chars() {
        match letter {
            '<' => is_tag = true,
            '>' if is_tag => is_tag = false,
            letter if !is_tag => text.push(letter),
            _ => {}
        }
    }
    text.replace("&quot;", "\"").replace("&#39;", "'").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// What a command of the page prints, run as a reader would.
async fn ran(command: String, key: &str) -> Value {
    let key = key.to_owned();
    let run = move || {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &format!("{command} -sS --noproxy '*'")])
            .env("HIREWIRE_API_KEY", key)
            .output()
            .expect("a shell")
    };
    let output = tokio::task::spawn_blocking(run).await.expect("no panic");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Its names, and those of what is in it.
fn names(value: &Value) -> Vec<String> {
    let Some(members) = value.as_object() else { return Vec::new() };
    let below = |(name, value): (&String, &Value)| {
        let mut all = vec![name.clone()];
        all.extend(names(value).into_iter().map(|inner| format!("{name}.{inner}")));
        all
    };
    members.iter().flat_map(below).collect()
}

async fn page(app: &TestApp, email: &str) -> String {
    app.browser().logged_in(email).await.get("/developers/api").await.body
}

#[test]
fn its_examples_work_as_they_are_copied_and_answer_what_is_shown() {
    run(Kind::Sqlite, |app| async move {
        let admin = app.an_admin().await;
        let (_, key) = app.an_api_key(&admin, Mode::Test).await;
        let page = page(&app, &admin.member.email).await;
        for (request, answer) in [("Request", "Response"), ("Request with an error", "Error")] {
            let shown: Value = serde_json::from_str(&copied(&page, answer)).expect("JSON");
            let told = ran(copied(&page, request), &key).await;
            assert_eq!(names(&told), names(&shown), "{request}");
            for fixed in ["event", "test", "companyId", "code", "message"] {
                assert_eq!(told.get(fixed), shown.get(fixed), "{fixed} of {request}");
            }
        }
        assert_eq!(app.unrouted(&admin.organisation.id, Mode::Test).await, 1, "one was recorded, one refused");
    });
}

#[test]
fn its_table_of_errors_is_what_the_api_answers() {
    run(Kind::Sqlite, |app| async move {
        let app = app.crashed_and_started_again(|config| config.rate_limit = 20).await;
        let admin = app.an_admin().await;
        let (_, key) = app.an_api_key(&admin, Mode::Test).await;
        let page = page(&app, &admin.member.email).await;
        assert!(page.contains("20 a second for all keys") && page.contains("256 KiB"), "{page}");
        let (partner, bearer) = (app.partner(&key), format!("Bearer {key}"));
        let auth = [("authorization", bearer.as_str())];
        let events = "/v1/partner/events";
        let xml = [auth[0], ("content-type", "text/xml")];
        let mut answers = vec![
            partner.post(events, "{}").await,
            app.partner("sk_test_nobody").post(events, "{}").await,
            partner.post("/v1/partner/nothing", "{}").await,
            partner.send(Method::GET, events, &auth, Vec::new()).await,
            partner.post(events, vec![b' '; 600 * 1024]).await,
            partner.send(Method::POST, events, &xml, b"<a/>".to_vec()).await,
        ];
        for _ in 0..200 {
            let answer = partner.post(events, "{}").await;
            if answer.status == 429 {
                answers.push(answer);
                break;
            }
        }
        let id = admin.organisation.id.clone();
        hirewire::actions::organisation::set_suspended(&app.context, id, true).await.expect("it is done");
        answers.push(partner.post(events, "{}").await);
        let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, [400, 401, 404, 405, 413, 415, 429, 403]);
        for answer in answers {
            let error = &answer.json()["error"];
            let (code, kind) = (error["code"].as_str().expect("a code"), error["type"].as_str().expect("a type"));
            let row = format!("<code>{} {code}</code><span class=\"sub mono\">{kind}</span>", answer.status);
            assert!(page.contains(&row), "{row} is not in {page}");
        }
    });
}
