//! Interviews in the console: made, invited to, recorded, sent elsewhere (S1, S2, S7).

use hirewire::actions::hook::NewHook;
use hirewire::actions::{ActionError, interview};
use hirewire::domain::delivery::Status;
use hirewire::domain::ids::SessionId;
use hirewire::domain::interview::Session;
use hirewire::domain::mode::Mode;
use hirewire::domain::role::Role;
use hirewire::store;

use crate::support::{
    Browser, Kind, Page, Receiver, Team, TestApp, Uncommitted, eventually, in_mode, run, soon, token,
};

on_both_databases!(
    a_recruiter_makes_an_interview_invites_a_candidate_and_records_what_came_of_it,
    a_file_with_a_result_is_read_and_one_that_is_none_is_refused_by_name,
    the_settings_say_where_events_go_and_where_that_comes_from,
    a_refused_address_keeps_what_was_typed_and_says_why,
    send_test_goes_where_the_events_go,
    a_webhook_of_an_interview_is_tagged_everywhere_and_offered_for_no_export,
    what_an_interviews_webhook_gets_cannot_be_set_as_if_it_were_any_other,
    a_recruiter_reads_the_settings_but_sets_no_webhook,
    support_sees_sessions_masked_and_changes_nothing,
    interviews_stay_in_their_mode,
);

async fn a_team(app: &TestApp) -> (Team, Browser) {
    let team = app.an_organisation().await;
    let browser = app.browser().logged_in(&team.admin.member.email).await;
    (team, browser)
}

async fn get(browser: &mut Browser, path: &str) -> String {
    let page = browser.get(path).await;
    assert_eq!(page.status, 200, "{path}: {}", page.body);
    page.body
}

#[track_caller]
fn leads(page: &Page) -> String {
    assert_eq!(page.status, 303, "{}", page.body);
    page.location().expect("an address").to_owned()
}

/// Sends a form with a file, as a browser does.
async fn upload(browser: &mut Browser, path: &str, fields: &[(&str, &str)], file: &str) -> Page {
    let mut body = String::new();
    for (name, value) in fields {
        body += &format!("--b0\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    body += "--b0\r\nContent-Disposition: form-data; name=\"file\"; filename=\"result.json\"\r\n\r\n";
    body += &format!("{file}\r\n--b0--\r\n");
    let headers = [("sec-fetch-site", "same-origin"), ("content-type", "multipart/form-data; boundary=b0")];
    browser.send(reqwest::Method::POST, path, &headers, body.into_bytes()).await
}

async fn a_recruiter_makes_an_interview_invites_a_candidate_and_records_what_came_of_it(app: TestApp) {
    let (team, _) = a_team(&app).await;
    let recruiter = app.a_member(&team.id, Role::Recruiter).await;
    let mut browser = app.browser().logged_in(&recruiter.member.email).await;
    assert!(get(&mut browser, "/interviews").await.contains("No interview in live mode yet."));
    let (vacancy, candidates) = app.a_vacancy_with(&team.admin, 2).await;
    let own = token();
    let refused = browser.post("/interviews/new", &[("token", &own), ("duration", "0"), ("expires", "120")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("<title>Error: New interview"), "{}", refused.body);
    assert!(refused.body.contains("Enter the title of the interview") && refused.body.contains("from 1 to 1440"));
    let title = "O'Brien <script> ✨ محمد";
    let fields = [
        ("token", own.as_str()),
        ("title", title),
        ("vacancy", vacancy.as_str()),
        ("duration", "30"),
        ("expires", "90"),
    ];
    let made = leads(&browser.post("/interviews/new", &fields).await);
    assert_eq!(leads(&browser.post("/interviews/new", &fields).await), made, "pressing twice makes one");
    let page = get(&mut browser, &made).await;
    assert!(page.contains("&lt;script&gt; ✨ محمد</bdi></h1>") && !page.contains("<script> ✨"), "{page}");
    assert!(page.contains("Nobody has been invited yet.") && page.contains("expires after 90 minutes"), "{page}");
    assert!(page.contains(&format!(r#"value="{}""#, candidates[0])), "candidates of the vacancy can be chosen: {page}");

    let nobody = [("other", "nobody@mail.example")];
    let refused = browser.post(&format!("{made}/sessions"), &nobody).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("nobody has this one") && refused.body.contains("value=\"nobody@mail.example\""));
    let own = token();
    let chosen = [("token", own.as_str()), ("candidate", candidates[0].as_str())];
    let session = leads(&browser.post(&format!("{made}/sessions"), &chosen).await);
    let again = browser.post(&format!("{made}/sessions"), &[("candidate", candidates[0].as_str())]).await;
    assert!(again.status == 422 && again.body.contains("has an open session"), "{}", again.body);
    assert!(get(&mut browser, &session).await.contains("Invited, and not started yet."));
    assert_eq!(leads(&browser.post(&format!("{session}/start"), &[]).await), session);
    assert!(get(&mut browser, &session).await.contains("It becomes abandoned <time"));

    let scores = [("as", "fields"), ("overall", "87,5"), ("strengths", "Clear; Kind"), ("summary", "<b>Nguyễn")];
    let result = format!("{session}/result");
    assert!(get(&mut browser, &result).await.contains("Record result"));
    let bad = upload(&mut browser, &result, &[("as", "fields"), ("overall", "870")], "").await;
    assert!(
        bad.status == 422 && bad.body.contains("Enter a number from 0 to 100") && bad.body.contains("value=\"870\"")
    );
    assert_eq!(leads(&upload(&mut browser, &result, &scores, "").await), session);
    let page = get(&mut browser, &session).await;
    assert!(page.contains("Completed") && page.contains("87.5") && page.contains("<li>Kind</li>"), "{page}");
    assert!(page.contains("&lt;b&gt;Nguyễn") && page.contains("Nobody: no webhook asked for it"), "{page}");
    assert_eq!(leads(&browser.get(&result).await), session, "what has ended has no form");
    assert_eq!(leads(&upload(&mut browser, &result, &scores, "").await), session, "and is not recorded twice");
    assert_eq!(app.unrouted(&team.id, Mode::Live).await, 1);
    let list = get(&mut browser, "/interviews").await;
    assert!(list.contains(r#"data-l="Completed">1<"#), "{list}");

    let fields = [("token", token()), ("other", candidates[1].to_string())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let other = leads(&browser.post(&format!("{made}/sessions"), &fields).await);
    assert!(get(&mut browser, &format!("{other}/withdrawal")).await.contains("What stops"));
    assert_eq!(leads(&browser.post(&format!("{other}/withdrawal"), &[]).await), other);
    assert!(get(&mut browser, &other).await.contains("No webhook was told."));
    assert_eq!(browser.post(&format!("{other}/start"), &[]).await.status, 409);
}

async fn a_file_with_a_result_is_read_and_one_that_is_none_is_refused_by_name(app: TestApp) {
    let (team, mut browser) = a_team(&app).await;
    let receiver = Receiver::answering([200]).await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let of = app.an_interview(&team.admin).await;
    let id = app.a_started_session(&team.admin, &of).await;
    let (session, result) =
        (format!("/interviews/{of}/sessions/{id}"), format!("/interviews/{of}/sessions/{id}/result"));
    for (file, words) in [
        ("", "Choose a JSON file with the result"),
        ("name,score\nAnna,3", "The file is not valid JSON"),
        (r#"{"scores":{"overal":1}}"#, "scores cannot be read: unknown field `overal`"),
        (r#"{"scores":{"overall":100.5}}"#, "scores holds a score that is not from 0 to 100"),
    ] {
        let refused = upload(&mut browser, &result, &[("as", "file")], file).await;
        assert_eq!(refused.status, 422, "{file}");
        assert!(
            refused.body.contains(words) && refused.body.contains(r##"href="#file""##),
            "{words}: {}",
            refused.body
        );
    }
    let file =
        r#"{"transcript":[{"speaker":"candidate","offsetSeconds":187,"text":"محمد & <b>"}],"scores":{"overall":4}}"#;
    assert_eq!(leads(&upload(&mut browser, &result, &[("as", "file")], file).await), session);
    app.tick().await;
    let page = get(&mut browser, &session).await;
    assert!(page.contains("3:07") && page.contains("<bdi>محمد &amp; &lt;b&gt;</bdi>"), "{page}");
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    assert!(page.contains(&format!("/developers/logs/{}", delivery.id)) && page.contains("Success"), "{page}");
}

async fn the_settings_say_where_events_go_and_where_that_comes_from(app: TestApp) {
    let (team, mut browser) = a_team(&app).await;
    let of = app.an_interview(&team.admin).await;
    let (settings, webhook) = (format!("/interviews/{of}/settings"), format!("/interviews/{of}/webhook"));
    let page = get(&mut browser, &settings).await;
    assert!(page.contains("sent to nobody") && page.contains("href=\"/settings/webhooks/new\""), "{page}");
    let receiver = Receiver::answering([200]).await;
    let default = app.a_hook(&team.admin, &receiver.url()).await;
    let page = get(&mut browser, &settings).await;
    assert!(page.contains("It is the default webhook of live mode") && page.contains(default.url.as_str()), "{page}");
    // A pasted prefix is repaired.
    let typed = format!("https://{}", receiver.url());
    assert_eq!(leads(&browser.post(&webhook, &[("url", &typed), ("policy", "single")]).await), settings);
    let page = get(&mut browser, &settings).await;
    assert!(page.contains("this interview’s own webhook") && page.contains(r#"value="single" selected"#), "{page}");
    assert!(page.contains(&format!(r#"value="{}""#, receiver.url())), "without the prefix: {page}");
    assert!(get(&mut browser, "/interviews").await.contains("Own webhook"));
    let page = get(&mut browser, &format!("/settings/webhooks/{}", default.id)).await;
    assert!(page.contains("Overridden by") && page.contains("1 interview</a>"), "{page}");
    assert_eq!(leads(&browser.post(&webhook, &[("url", "")]).await), settings);
    assert!(get(&mut browser, &settings).await.contains("because this interview has none of its own"));
    // Title and times are changed beside it.
    let details = [("title", "Second interview"), ("duration", "45"), ("expires", "30")];
    let refused = browser.post(&settings, &details).await;
    assert!(refused.status == 422 && refused.body.contains("at least the planned 45 minutes"), "{}", refused.body);
    let details = [("title", "Second interview"), ("duration", "45"), ("expires", "1440")];
    assert_eq!(leads(&browser.post(&settings, &details).await), settings);
    let page = get(&mut browser, &format!("/interviews/{of}")).await;
    assert!(page.contains("Second interview") && page.contains("expires after 1 day"), "{page}");
}

async fn a_refused_address_keeps_what_was_typed_and_says_why(app: TestApp) {
    let (team, mut browser) = a_team(&app).await;
    let of = app.an_interview(&team.admin).await;
    let webhook = format!("/interviews/{of}/webhook");
    for (url, words) in [
        ("http://hooks.acme.com/in", "Use the https address of your receiver"),
        ("10.0.0.1/in", "Use a public address"),
        ("metadata.google.internal/", "Use a public address"),
        ("user:pass@hooks.acme.com", "Remove the user name and password"),
    ] {
        let refused = browser.post(&webhook, &[("url", url), ("policy", "patient")]).await;
        assert_eq!(refused.status, 422, "{url}");
        assert!(refused.body.contains("<title>Error: Settings of"), "{}", refused.body);
        assert!(refused.body.contains(words) && refused.body.contains(&format!("value=\"{url}\"")), "{}", refused.body);
        assert!(refused.body.contains(r#"value="patient" selected"#), "{}", refused.body);
    }
    assert!(!get(&mut browser, "/interviews").await.contains("Own webhook"));
}

async fn send_test_goes_where_the_events_go(app: TestApp) {
    let (team, mut browser) = a_team(&app).await;
    let (default, own) = (Receiver::answering([200]).await, Receiver::answering([418]).await);
    let of = app.an_interview(&team.admin).await;
    let (settings, tests) = (format!("/interviews/{of}/settings"), format!("/interviews/{of}/webhook/tests"));
    assert_eq!(leads(&browser.post(&tests, &[]).await), settings, "there is nothing to test");
    app.a_hook(&team.admin, &default.url()).await;
    let answer = leads(&sending(&app, browser.post(&tests, &[])).await);
    assert!(get(&mut browser, answer.trim_end_matches("#test")).await.contains("Answered 200"));
    app.an_override(&team.admin, &of, &own.url()).await;
    let answer = leads(&sending(&app, browser.post(&tests, &[])).await);
    assert!(get(&mut browser, answer.trim_end_matches("#test")).await.contains("Answered 418"));
    let support = app.a_member(&team.id, Role::Support).await;
    let mut support = app.browser().logged_in(&support.member.email).await;
    let page = get(&mut support, answer.trim_end_matches("#test")).await;
    assert!(page.contains("Effective URL") && !page.contains("Answered"), "an answer is for admins: {page}");
    assert_eq!((default.count(), own.count()), (1, 1));
    assert_eq!(own.the_request().must("x-webhook-event"), "webhook.test");
}

async fn sending(app: &TestApp, asking: impl Future<Output = Page>) -> Page {
    let stepping = async {
        loop {
            app.tick().await;
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        page = crate::support::soon("an answer", asking) => page,
        () = stepping => unreachable!("it steps for ever"),
    }
}

async fn what_an_interviews_webhook_gets_cannot_be_set_as_if_it_were_any_other(app: TestApp) {
    let (team, mut browser) = a_team(&app).await;
    let receiver = Receiver::answering([200]).await;
    let default = app.a_hook(&team.admin, &receiver.url()).await;
    let of = app.an_interview(&team.admin).await;
    let own = app.an_override(&team.admin, &of, &receiver.url()).await.expect("a hook of its own");
    let edit = format!("/settings/webhooks/{}/settings", own.id);
    let page = get(&mut browser, &edit).await;
    assert!(page.contains("on the interview’s Settings") && !page.contains("name=\"default\""), "{page}");
    let fields = [
        ("name", "O'Brien's"),
        ("default", "on"),
        ("policy", "single"),
        ("events", "job.created"),
        ("field_set", "full"),
    ];
    leads(&browser.post(&edit, &fields).await);
    let after = app.hook(&team.admin, &own.id).await;
    assert_eq!(after.name, "O'Brien's");
    assert_eq!(
        (after.is_default, after.policy, after.field_set, &after.subscription),
        (false, own.policy, own.field_set, &own.subscription)
    );
    assert!(app.hook(&team.admin, &default.id).await.is_default);
}

async fn a_webhook_of_an_interview_is_tagged_everywhere_and_offered_for_no_export(app: TestApp) {
    let (team, mut browser) = a_team(&app).await;
    let receiver = Receiver::answering([200]).await;
    app.a_hook_with(&team.admin, &receiver.url(), NewHook { name: "HRIS".into(), ..NewHook::default() }).await;
    let of = app.an_interview(&team.admin).await;
    let own = app.an_override(&team.admin, &of, &receiver.url()).await.expect("a hook of its own");
    let id = app.a_started_session(&team.admin, &of).await;
    let result = format!("/interviews/{of}/sessions/{id}/result");
    leads(&upload(&mut browser, &result, &[("as", "fields"), ("overall", "9")], "").await);
    app.tick().await;
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    assert_eq!((delivery.state.status(), &delivery.hook_id), (Status::Success, &own.id));
    let hooks = get(&mut browser, "/settings/webhooks").await;
    assert!(hooks.contains(r#"<span class="tag">Interview</span>"#), "{hooks}");
    let page = get(&mut browser, &format!("/settings/webhooks/{}", own.id)).await;
    assert!(page.contains("in place of the default webhook") && page.contains("It has none of its own"), "{page}");
    let log = get(&mut browser, &format!("/developers/logs?webhook={}", own.id)).await;
    assert!(log.contains(&format!("{} (interview)", own.name)) && log.contains("interview.completed"), "{log}");
    let detail = get(&mut browser, &format!("/developers/logs/{}", delivery.id)).await;
    assert!(detail.contains(&format!("/interviews/{of}/settings")) && detail.contains(">Interview</a>"), "{detail}");
    let deletion = get(&mut browser, &format!("/settings/webhooks/{}/deletion", own.id)).await;
    assert!(deletion.contains("they go to the default webhook again"), "{deletion}");

    let (vacancy, candidates) = app.a_vacancy_with(&team.admin, 1).await;
    let own_token = token();
    let fields =
        [("step", "choose"), ("to", "webhook"), ("candidate", candidates[0].as_str()), ("token", own_token.as_str())];
    let asked = leads(&browser.post(&format!("/vacancies/{vacancy}/export"), &fields).await);
    let page = get(&mut browser, &asked).await;
    assert!(page.contains("HRIS") && !page.contains(own.id.as_str()), "{page}");
}

async fn a_recruiter_reads_the_settings_but_sets_no_webhook(app: TestApp) {
    let (team, _) = a_team(&app).await;
    let recruiter = app.a_member(&team.id, Role::Recruiter).await;
    let mut browser = app.browser().logged_in(&recruiter.member.email).await;
    let receiver = Receiver::answering([200]).await;
    let default = app.a_hook(&team.admin, &receiver.url()).await;
    let of = app.an_interview(&team.admin).await;
    let page = get(&mut browser, &format!("/interviews/{of}/settings")).await;
    assert!(page.contains(&default.name) && page.contains("Save details") && !page.contains("Save changes"), "{page}");
    assert!(!page.contains("from=hirewire"), "a recruiter sees the host alone: {page}");
    for path in ["webhook", "webhook/tests"] {
        let page = browser.post(&format!("/interviews/{of}/{path}"), &[("url", "hooks.acme.com")]).await;
        assert_eq!(page.status, 403, "{path}");
    }
}

async fn support_sees_sessions_masked_and_changes_nothing(app: TestApp) {
    let (team, mut admin) = a_team(&app).await;
    let support = app.a_member(&team.id, Role::Support).await;
    let mut browser = app.browser().logged_in(&support.member.email).await;
    let of = app.an_interview(&team.admin).await;
    let id = app.a_started_session(&team.admin, &of).await;
    let session = format!("/interviews/{of}/sessions/{id}");
    let words = [("as", "fields"), ("overall", "61"), ("concerns", "Says nothing about Kafka")];
    leads(&upload(&mut admin, &format!("{session}/result"), &words, "").await);
    for path in [format!("/interviews/{of}"), session.clone()] {
        let page = get(&mut browser, &path).await;
        assert!(page.contains("C••• ") && !page.contains("Candidate ") | !page.contains("@team"), "{page}");
        assert!(page.contains("61") && !page.contains("Kafka") && !page.contains("candidate-"), "{page}");
        assert!(!page.contains("Invite candidate") && !page.contains("Record result"), "{page}");
    }
    for path in ["sessions", "settings"] {
        assert_eq!(browser.post(&format!("/interviews/{of}/{path}"), &[]).await.status, 403, "{path}");
    }
}

async fn interviews_stay_in_their_mode(app: TestApp) {
    let (team, mut browser) = a_team(&app).await;
    let test = in_mode(&team.admin, Mode::Test);
    let of = app.an_interview(&test).await;
    assert!(!get(&mut browser, "/interviews").await.contains(of.as_str()));
    // A candidate of live mode is nobody in test mode.
    let (vacancy, candidates) = app.a_vacancy_with(&team.admin, 1).await;
    let refused = browser.post(&format!("/interviews/{of}/sessions"), &[("other", candidates[0].as_str())]).await;
    assert!(refused.status == 422 && refused.body.contains("nobody has this one"), "{}", refused.body);
    browser.post("/mode", &[("mode", "test")]).await;
    assert!(get(&mut browser, "/interviews").await.contains(of.as_str()));
    let fields = [("title", "Mixed"), ("vacancy", vacancy.as_str()), ("duration", "5"), ("expires", "5")];
    let refused = browser.post("/interviews/new", &fields).await;
    assert!(refused.status == 422 && refused.body.contains("Choose one of the vacancies"), "{}", refused.body);
}

#[test]
fn a_candidate_whom_two_invite_at_once_is_invited_once() {
    run(Kind::Postgres, async |app: TestApp| {
        let Team { id: organisation, admin } = app.an_organisation().await;
        let (_, candidates) = app.a_vacancy_with(&admin, 3).await;
        let id = app.an_interview(&admin).await;
        let somebodys = app.a_session(&admin, &id, &candidates[0]).await;
        let somebodys = app.session(&admin, &somebodys).await;
        for (candidate, is_same_form) in candidates[1..].iter().zip([false, true]) {
            let (now, form) = (app.now(), token());
            let (first, of) = (SessionId::new(now), candidate.clone());
            let session = Session { id: first.clone(), candidate_id: of, token: token(), ..somebodys.clone() };
            let used = format!("{}/{organisation}/{form}", admin.member.id);
            let inviting = Uncommitted::of(&app, move |conn| {
                assert!(!store::interview::has_open_session(conn, &session.interview_id, &session.candidate_id)?);
                store::interview::insert_session(conn, &session)?;
                if is_same_form {
                    store::submission::insert(conn, &used, session.id.as_str(), now)?;
                }
                Ok(())
            })
            .await;
            let (context, viewer, id, of) = (app.context.clone(), admin.clone(), id.clone(), candidate.to_string());
            let second = async move { interview::invite(&context, &viewer, id, of, &form).await };
            let second = tokio::spawn(second);
            eventually("the second invitation at the first", || async {
                (second.is_finished() || app.waits_for_a_lock().await).then_some(())
            })
            .await;
            inviting.commit().await;
            match soon("the second invitation", second).await.expect("no panic") {
                // A second press of one form leads to what the first one made.
                Ok(second) => assert!(is_same_form && second == first),
                Err(ActionError::Invalid(errors)) => {
                    assert!(!is_same_form && errors.iter().all(|error| error.message.contains("has an open session")));
                }
                Err(other) => panic!("{other:?}"),
            }
        }
    });
}
