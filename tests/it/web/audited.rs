//! What a security team looks for stands in the audit log (B12).

use std::sync::{Mutex, PoisonError};

use hirewire::actions::{self, refusals};
use hirewire::domain::act::Act;
use hirewire::domain::ids::OrganisationId;
use hirewire::domain::role::Role;
use hirewire::maintenance;
use hirewire::store::audit::Entry;
use hirewire::store::{self, StoreError};
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::support::{Browser, Receiver, TestApp, token};

on_both_databases!(
    tries_that_are_let_in_no_more_are_written_down_once_a_window_with_their_number,
    each_organisation_of_a_member_sees_their_sign_ins_and_log_outs,
    what_a_role_may_not_do_is_written_down_with_route_and_role,
    a_form_of_another_site_is_written_down_however_often_it_comes_once,
    refused_addresses_tests_and_what_is_shown_once_are_written_down,
    what_is_undone_is_not_said_and_what_is_durable_is_said_once,
);

const MINUTE: i64 = 60_000;

/// Acts and their details, oldest first.
async fn written(app: &TestApp, act: &str) -> Vec<String> {
    // What strangers cause is written beside their requests: a write of ours comes after it.
    app.sql("UPDATE members SET name = name").await;
    let all = app.read(store::audit::all_details).await;
    all.into_iter().filter(|(own, _)| own == act).map(|(_, detail)| detail).collect()
}

async fn acts_of(app: &TestApp, organisation: &OrganisationId) -> Vec<String> {
    let organisation = organisation.clone();
    app.read(move |conn| store::audit::acts_of(conn, &organisation)).await
}

async fn guesses(app: &TestApp, email: &str, number: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..number {
        let page = app.browser().post("/login", &[("email", email), ("password", "a telling guess")]).await;
        statuses.push(page.status);
    }
    statuses
}

async fn tries_that_are_let_in_no_more_are_written_down_once_a_window_with_their_number(app: TestApp) {
    let admin = app.an_admin().await;
    let statuses = guesses(&app, &admin.member.email, 14).await;
    assert_eq!(statuses, [[422; 10].as_slice(), &[429; 4]].concat());
    assert_eq!(written(&app, "sign_in.failed").await.len(), 10);
    assert_eq!(written(&app, "sign_in.throttled").await, ["from 127.0.0.1"], "the first of them, at once");
    app.advance_ms(15 * MINUTE);
    maintenance::turn(&maintenance::refusals::Refusals, &app.context).await.expect("a database");
    let told = "3 more within 15 minutes, the last from 127.0.0.1";
    assert_eq!(written(&app, "sign_in.throttled").await, ["from 127.0.0.1", told]);
    refusals::write_down(&app.context).await.expect("a database");
    assert_eq!(written(&app, "sign_in.throttled").await.len(), 2, "nothing is told twice");
    assert!(acts_of(&app, &admin.organisation.id).await.contains(&"sign_in.throttled".to_owned()));
}

async fn each_organisation_of_a_member_sees_their_sign_ins_and_log_outs(app: TestApp) {
    let (one, two, three) = (app.an_organisation().await, app.an_organisation().await, app.an_organisation().await);
    let member = app.a_member(&one.id, Role::Support).await;
    app.joins(&member, &two.id, Role::Recruiter).await;
    guesses(&app, &member.member.email, 1).await;
    app.advance_ms(1);
    let mut browser = app.browser().logged_in(&member.member.email).await;
    app.advance_ms(1);
    browser.post("/logout", &[]).await;
    for organisation in [&one.id, &two.id] {
        let acts = acts_of(&app, organisation).await;
        let signs: Vec<_> = acts.iter().filter(|act| act.starts_with("sign_")).map(String::as_str).collect();
        assert_eq!(signs, ["sign_in.failed", "sign_in.succeeded", "sign_out"]);
    }
    assert!(acts_of(&app, &three.id).await.iter().all(|act| !act.starts_with("sign_")));
}

async fn what_a_role_may_not_do_is_written_down_with_route_and_role(app: TestApp) {
    let team = app.an_organisation().await;
    let recruiter = app.a_member(&team.id, Role::Recruiter).await;
    let mut browser = app.browser().logged_in(&recruiter.member.email).await;
    for _ in 0..3 {
        assert_eq!(browser.get("/settings/webhooks/new").await.status, 403);
    }
    assert_eq!(browser.post("/settings/members/new", &[]).await.status, 403);
    assert_eq!(written(&app, "permission.refused").await, ["as Recruiter", "as Recruiter"]);
    let mut objects = Vec::new();
    for object in ["GET /settings/webhooks/new", "POST /settings/members/new"] {
        let organisation = team.id.clone();
        let found =
            app.read(move |conn| store::audit::of_object(conn, &organisation, object, Default::default())).await;
        objects.extend(found.into_iter().filter_map(|done| done.by));
    }
    assert_eq!(objects, [recruiter.member.name.clone(), recruiter.member.name]);
}

async fn a_form_of_another_site_is_written_down_however_often_it_comes_once(app: TestApp) {
    let mut browser: Browser = app.browser();
    for _ in 0..5 {
        let page = browser.post_with("/login", &[("origin", "https://evil.example")], &[]).await;
        assert_eq!(page.status, 403);
    }
    let told = "from 127.0.0.1, whose browser was at https://evil.example";
    assert_eq!(written(&app, "request.cross_site").await, [told]);
}

async fn refused_addresses_tests_and_what_is_shown_once_are_written_down(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    let mut browser = app.browser().logged_in(&team.admin.member.email).await;
    let own = token();
    let form = [("url", "10.0.0.7/T0ken"), ("policy", "quick"), ("token", own.as_str())];
    assert_eq!(browser.post("/settings/webhooks/new", &form).await.status, 422);
    let by = format!("by {}", team.admin.member.name);
    assert_eq!(written(&app, "hook.address_refused").await, [by]);
    let organisation = team.id.clone();
    let of_host =
        app.read(move |conn| store::audit::of_object(conn, &organisation, "10.0.0.7", Default::default())).await;
    assert_eq!(of_host.len(), 1, "its host is told, and no path");

    let (hook, _) = app.a_signed_hook(&team.admin, &receiver.url()).await;
    assert_eq!(written(&app, "reveal.opened").await.len(), 1);
    app.what_is_shown_once(&team.admin, hook.id.as_str()).await;
    assert_eq!(written(&app, "reveal.opened").await.len(), 1, "a page that shows nothing is no opening");

    let testing = actions::test::send(&app.context, &team.admin, hook.id.clone());
    let (sent, ()) = tokio::join!(testing, async {
        receiver_is_asked(&app, &receiver).await;
    });
    sent.expect("a test");
    let tested = written(&app, "hook.tested").await;
    assert_eq!(tested, [format!("webhook.test to webhook “{}”", hook.name)]);
}

/// Sends what is due until the receiver has been asked.
async fn receiver_is_asked(app: &TestApp, receiver: &Receiver) {
    while receiver.count() == 0 {
        app.tick().await;
        tokio::task::yield_now().await;
    }
    app.tick().await;
}

/// What the operator's log has under the target `audit`, of all stories.
static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Said;

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Said {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "audit" {
            let mut line = String::new();
            event.record(&mut |field: &tracing::field::Field, value: &dyn std::fmt::Debug| {
                line.push_str(&format!("{field}={value:?} "));
            });
            SAID.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    }
}

async fn what_is_undone_is_not_said_and_what_is_durable_is_said_once(app: TestApp) {
    // The second story of this process finds it there.
    let _ = tracing_subscriber::registry().with(Said).try_init();
    let team = app.an_organisation().await;
    let (id, now) = (team.id.clone(), app.now());
    let act = move |conn: &mut store::Conn, name: &str| {
        let act = Act::MemberRenamed { from: name, to: "somebody" };
        let entry = Entry { organisation: Some(&id), member: None, act, object: Some("o_1") };
        store::audit::record(conn, &entry, now)
    };
    let undone = act.clone();
    let refused = app.context.store.write(move |conn| {
        undone(conn, "undone")?;
        Err::<(), _>(StoreError::Refused("after all".into()))
    });
    assert!(refused.await.is_err());
    app.write(move |conn| act(conn, "done\nby")).await;
    let said = SAID.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let own: Vec<_> =
        said.iter().filter(|line| line.contains("member.renamed") && line.contains(team.id.as_str())).collect();
    assert_eq!(own.len(), 1, "{own:?}");
    assert!(own[0].contains("audit_id=aud_") && own[0].contains("object=\"o_1\""), "{own:?}");
    // Names and addresses stand in the database alone.
    assert!(!own[0].contains("somebody"), "{own:?}");
}
