//! What can be set of a webhook: when it is made, and later.

use hirewire::domain::hook::Hook;
use hirewire::domain::ids::HookId;
use hirewire::domain::mode::Mode;
use hirewire::domain::role::Role;
use hirewire::store;

use crate::support::{Browser, Page, Receiver, Team, TestApp, in_mode, token};

on_both_databases!(
    a_webhook_is_made_with_everything_the_form_offers,
    headers_go_out_with_every_request_and_are_told_nowhere,
    a_header_that_is_not_the_teams_to_set_is_refused_and_nothing_is_lost,
    the_value_of_a_header_is_shown_in_no_refused_form_and_need_not_be_typed_twice,
    rows_for_headers_are_added_without_script_and_nothing_is_made,
    a_webhook_is_changed_in_everything_but_its_address,
    a_change_that_is_refused_changes_nothing,
    an_organisation_has_only_so_many_webhooks_in_a_mode,
    the_default_moves_and_there_is_never_more_than_one,
    a_webhook_that_nothing_happened_for_in_thirty_days_says_so,
    only_admins_change_a_webhook,
    what_somebody_else_changed_meanwhile_is_not_undone_unseen,
);

const NEW: &str = "/settings/webhooks/new";
const TOKEN: &str = "Bearer O'Brien ~ 3f9K";

async fn signed_in(app: &TestApp) -> (Team, Browser) {
    let team = app.an_organisation().await;
    let browser = app.browser().logged_in(&team.admin.member.email).await;
    (team, browser)
}

/// Sends the form of a new webhook, with these fields beside the usual ones.
async fn create(browser: &mut Browser, url: &str, more: &[(&str, &str)]) -> Page {
    let token = token();
    let usual = [("url", url), ("policy", "quick"), ("field_set", "standard"), ("token", &token)];
    browser.post(NEW, &[more, &usual].concat()).await
}

fn id_in(page: &Page) -> HookId {
    let to = page.location().unwrap_or_else(|| panic!("{} {}", page.status, page.body));
    to.split(['/', '?']).nth(3).expect("an id").parse().expect("an id")
}

fn settings(hook: &Hook) -> String {
    format!("/settings/webhooks/{}/settings", hook.id)
}

async fn an_organisation_has_only_so_many_webhooks_in_a_mode(app: TestApp) {
    let team = app.an_organisation().await;
    let app = app.crashed_and_started_again(|config| config.max_hooks = 2).await;
    let mut browser = app.browser().logged_in(&team.admin.member.email).await;
    let receiver = Receiver::answering([200]).await;
    let first = id_in(&create(&mut browser, &receiver.url(), &[]).await);
    create(&mut browser, &receiver.url(), &[("name", "Second")]).await;
    let refused = create(&mut browser, &receiver.url(), &[("name", "Third of all")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("Your organisation has 2 webhooks in live mode, which is as many as it may have"));
    assert!(refused.body.contains("Third of all"), "what was typed is kept");
    browser.post(&format!("/settings/webhooks/{first}/deletion"), &[]).await;
    id_in(&create(&mut browser, &receiver.url(), &[("name", "Third of all")]).await);
}

async fn a_webhook_is_made_with_everything_the_form_offers(app: TestApp) {
    let (team, mut browser) = signed_in(&app).await;
    let receiver = Receiver::answering([200]).await;
    let form = browser.get(NEW).await;
    assert!(form.body.contains("It will be the default webhook of live mode") && form.body.contains("switch to Test"));
    let more = [
        ("name", "Nguyễn Thị Ánh’s HRIS"),
        ("note", "Ask محمد ✨ <script>"),
        ("policy", "patient"),
        ("field_set", "minimal"),
        ("events", "job.created"),
        ("rate", "20"),
        ("rate_per", "minute"),
        ("header-name", "X-Tenant"),
        ("header-value", "acme"),
    ];
    let url = format!("https://{}", receiver.url());
    let made = create(&mut browser, &url, &more[..2]).await;
    let first = app.hook(&team.admin, &id_in(&made)).await;
    assert!(first.is_default && first.url.to_string() == url, "a pasted https:// is repaired: {}", first.url);

    let made = create(&mut browser, &receiver.url(), &[&[("policy", "patient")], &more[..]].concat()).await;
    let hook = app.hook(&team.admin, &id_in(&made)).await;
    assert_eq!((hook.name.as_str(), hook.note.as_deref()), ("Nguyễn Thị Ánh’s HRIS", Some("Ask محمد ✨ <script>")));
    assert_eq!((hook.field_set.as_str(), hook.is_default), ("minimal", false));
    assert_eq!(hook.rate.map(|rate| rate.to_string()).as_deref(), Some("20/minute"));
    let page = browser.get(&format!("/settings/webhooks/{}", hook.id)).await.body;
    for part in ["<bdi>Ask محمد ✨ &lt;script&gt;</bdi>", "20 requests a minute", "X-Tenant: ••••••••", "Minimal"]
    {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    let list = browser.get("/settings/webhooks").await.body;
    assert!(list.contains("Ask محمد ✨ &lt;script&gt;") && !list.contains("<script>"), "{list}");
}

async fn headers_go_out_with_every_request_and_are_told_nowhere(app: TestApp) {
    let (team, mut browser) = signed_in(&app).await;
    let receiver = Receiver::answering([500, 200]).await;
    let more = [
        ("header-name", "Authorization"),
        ("header-value", TOKEN),
        ("header-name", ""),
        ("header-value", ""),
        ("header-name", "x-tenant"),
        ("header-value", "tenant 42"),
    ];
    let id = id_in(&create(&mut browser, &receiver.url(), &more).await);
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    app.tick().await;
    app.advance_ms(200);
    app.tick().await;
    assert_eq!(receiver.count(), 2);
    for request in receiver.requests() {
        assert_eq!((request.must("authorization"), request.must("x-tenant")), (TOKEN, "tenant 42"));
        assert_eq!(request.head.matches("Authorization: ").count(), 1, "{}", request.head);
    }
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    for attempt in app.attempts(&delivery.id).await {
        let headers = attempt.request.expect("a request").headers;
        assert_eq!((headers.get("Authorization"), headers.get("X-Tenant")), (Some("••••••••"), Some("••••••••")));
    }
    for path in [
        format!("/settings/webhooks/{id}"),
        format!("/settings/webhooks/{id}/settings"),
        format!("/developers/logs/{}", delivery.id),
    ] {
        let page = browser.get(&path).await;
        assert!(page.status == 200 && page.body.contains("Authorization"), "{path}: {}", page.body);
        assert!(!page.body.contains("3f9K") && !page.body.contains("tenant 42"), "{path}: {}", page.body);
    }
    let wanted = id.clone();
    let sealed = app.read(move |conn| store::hook_header::of_hook(conn, &wanted)).await;
    assert_eq!(sealed.len(), 2);
    for header in sealed {
        assert!(!String::from_utf8_lossy(&header.sealed).contains("3f9K"));
    }
    // Nothing of them is left when the webhook is gone.
    browser.post(&format!("/settings/webhooks/{id}/deletion"), &[]).await;
    assert!(app.read(move |conn| store::hook_header::of_hook(conn, &id)).await.is_empty());
}

async fn a_header_that_is_not_the_teams_to_set_is_refused_and_nothing_is_lost(app: TestApp) {
    let (_, mut browser) = signed_in(&app).await;
    let receiver = Receiver::answering([200]).await;
    for (name, value, field, told) in [
        ("Host", "evil.example", "header-name-1", "Host is set by Hirewire or by the connection"),
        ("content-length", "0", "header-name-1", "content-length is set by Hirewire"),
        ("Transfer-Encoding", "chunked", "header-name-1", "Transfer-Encoding is set by Hirewire"),
        ("User-Agent", "x", "header-name-1", "User-Agent is set by Hirewire"),
        ("X-Webhook-Key", "x", "header-name-1", "X-Webhook-Key is set by Hirewire"),
        ("webhook-signature", "x", "header-name-1", "webhook-signature is set by Hirewire"),
        ("X-TalentSprout-Signature", "x", "header-name-1", "X-TalentSprout-Signature is set by Hirewire"),
        ("X Tenant", "x", "header-name-1", "Use only letters, digits and hyphens"),
        ("X-Tenant: a\r\nX-Evil", "x", "header-name-1", "Use only letters, digits and hyphens"),
        ("X-Tenant", "a\r\nX-Evil: 1", "header-value-1", "Remove line breaks and control characters"),
        ("X-Tenant", "Zoë ✨", "header-value-1", "Use only ASCII characters"),
        ("X-Tenant", "", "header-value-1", "Type the value of X-Tenant"),
        ("x-first", "again", "header-name-1", "x-first is there twice"),
    ] {
        let more = [
            ("name", "O'Brien <b>"),
            ("note", "for payroll"),
            ("header-name", "X-First"),
            ("header-value", "stays typed"),
            ("header-name", name),
            ("header-value", value),
        ];
        let page = create(&mut browser, &receiver.url(), &more).await;
        assert_eq!(page.status, 422, "{name}");
        let body = page.body;
        assert!(body.contains(told) && body.contains(&format!("href=\"#{field}\"")), "{name}: {body}");
        assert!(body.contains("<title>Error: ") && !body.contains("stays typed"), "{name}: {body}");
        assert!(!kept(&body)[0].is_empty(), "{name}: the value of the first is kept sealed");
        assert!(body.contains("value=\"for payroll\"") && body.contains("value=\"O'Brien &lt;b&gt;\""), "{body}");
    }
    let list = browser.get("/settings/webhooks").await.body;
    assert!(list.contains("No webhook in live mode yet"), "{list}");
}

/// What the form keeps of the values of headers, row by row.
fn kept(page: &str) -> Vec<String> {
    let fields = page.split("name=\"header-kept\" value=\"").skip(1);
    fields.map(|rest| rest.split_once('"').expect("its end").0.to_owned()).collect()
}

async fn the_value_of_a_header_is_shown_in_no_refused_form_and_need_not_be_typed_twice(app: TestApp) {
    let (team, mut browser) = signed_in(&app).await;
    let receiver = Receiver::answering([200]).await;
    let typed = [("header-name", "Authorization"), ("header-value", TOKEN), ("rate", "many")];
    let refused = create(&mut browser, &receiver.url(), &typed).await;
    assert_eq!(refused.status, 422);
    assert!(!refused.body.contains("3f9K") && refused.body.contains("type=\"password\" autocomplete=\"off\""));
    let sealed = kept(&refused.body).remove(0);
    // What was sealed for one is worth nothing to another.
    let other = app.a_member(&team.id, Role::Admin).await;
    let mut stranger = app.browser().logged_in(&other.member.email).await;
    let again = [("header-name", "Authorization"), ("header-value", ""), ("header-kept", sealed.as_str())];
    let page = create(&mut stranger, &receiver.url(), &again).await;
    assert!(page.status == 422 && page.body.contains("Type the value of Authorization"), "{}", page.body);
    let id = id_in(&create(&mut browser, &receiver.url(), &again).await);
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    app.tick().await;
    assert_eq!(receiver.the_request().must("authorization"), TOKEN, "to webhook {id}");
}

async fn rows_for_headers_are_added_without_script_and_nothing_is_made(app: TestApp) {
    let (_, mut browser) = signed_in(&app).await;
    assert_eq!(browser.get(NEW).await.body.matches("name=\"header-name\"").count(), 3);
    let row = [("header-name", "X-Tenant"), ("header-value", "acme")];
    let empty = [("header-name", ""), ("header-value", "")];
    let fields = [&row[..], &empty, &empty, &[("name", "HRIS"), ("more", "1")]].concat();
    let page = create(&mut browser, "hooks.acme.com/in", &fields).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.body.matches("name=\"header-name\"").count(), 6, "{}", page.body);
    assert!(!page.body.contains("acme\"") && page.body.contains("value=\"hooks.acme.com/in\""), "{}", page.body);
    assert!(!kept(&page.body)[0].is_empty() && kept(&page.body)[1].is_empty(), "{}", page.body);
    assert!(!page.body.contains("There is a problem"));
    assert!(browser.get("/settings/webhooks").await.body.contains("No webhook in live mode yet"));
}

async fn a_webhook_is_changed_in_everything_but_its_address(app: TestApp) {
    let (team, mut browser) = signed_in(&app).await;
    let receiver = Receiver::answering([200]).await;
    let more = [
        ("name", "Before"),
        ("header-name", "Authorization"),
        ("header-value", TOKEN),
        ("header-name", "X-Old"),
        ("header-value", "old"),
        ("header-name", "X-Gone"),
        ("header-value", "gone"),
    ];
    let id = id_in(&create(&mut browser, &receiver.url(), &more).await);
    let before = app.hook(&team.admin, &id).await;
    let form = browser.get(&settings(&before)).await.body;
    assert!(form.contains("value=\"Before\"") && form.contains("value=\"X-Gone\""), "{form}");
    assert!(!form.contains("name=\"url\"") && form.contains("To change the address, replace the webhook."), "{form}");
    let fields = [
        ("name", "After O'Brien"),
        ("note", "now with a note"),
        ("url", "evil.example/in"),
        ("policy", "single"),
        ("field_set", "full"),
        ("events", "job.updated"),
        ("rate", "5"),
        ("rate_per", "second"),
        ("header-name", "authorization"),
        ("header-value", ""),
        ("header-name", "X-Old"),
        ("header-value", "new"),
        ("header-name", ""),
        ("header-value", ""),
        ("header-name", "X-More"),
        ("header-value", "more"),
    ];
    let page = browser.post(&settings(&before), &fields).await;
    assert_eq!((page.status, page.location()), (303, Some(format!("/settings/webhooks/{id}").as_str())));
    let after = app.hook(&team.admin, &id).await;
    assert_eq!((&after.url, after.mode, after.created_at), (&before.url, before.mode, before.created_at));
    assert_eq!((after.name.as_str(), after.note.as_deref()), ("After O'Brien", Some("now with a note")));
    assert_eq!((after.policy.as_str(), after.field_set.as_str(), after.is_default), ("single", "full", false));
    assert_eq!(after.rate.map(|rate| rate.to_string()).as_deref(), Some("5/second"));
    // It counts at once: what it no longer wants stays away, and the headers are the new ones.
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    app.report(&key, "job.updated").await;
    app.tick().await;
    let request = receiver.the_request();
    assert_eq!(request.must("x-webhook-event"), "job.updated");
    assert_eq!((request.must("authorization"), request.must("x-old"), request.must("x-more")), (TOKEN, "new", "more"));
    assert_eq!(request.header("x-gone"), None);
    let told = audited(&app, &id).await;
    for part in [
        "Webhook “Before” changed",
        "name: After O'Brien",
        "delivery policy: Quick to Single",
        "field set: Standard to Full",
        "events: job.updated",
        "at most 5 requests a second",
        "is no longer the default of live mode",
        "headers: authorization, X-Old, X-More",
    ] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    assert!(!told.contains("3f9K") && !told.contains("=new"), "{told}");
    // Saved again without a change, nothing is noted.
    let unchanged = browser.get(&settings(&after)).await;
    assert_eq!(unchanged.status, 200);
}

/// What the audit log says of a webhook being changed.
async fn audited(app: &TestApp, hook: &HookId) -> String {
    use diesel::prelude::*;
    use hirewire::store::{StoreError, schema::audit};
    let object = hook.to_string();
    let details: Vec<String> = app
        .read(move |conn| {
            let of_hook = audit::object.eq(object).and(audit::act.eq("hook.changed"));
            Ok::<_, StoreError>(audit::table.filter(of_hook).select(audit::detail).load(conn)?)
        })
        .await;
    details.join("\n")
}

async fn a_change_that_is_refused_changes_nothing(app: TestApp) {
    let (team, mut browser) = signed_in(&app).await;
    let hook = app.a_hook(&team.admin, "93.184.216.34/in").await;
    for (field, value, told) in [
        ("rate", "many", "Type a whole number from 1 to 1,000, or leave it empty for no limit"),
        ("policy", "often", "Choose one of the delivery policies"),
        ("field_set", "some", "Choose one of the field sets"),
        ("events", "candidates.exported", "Tick only events of the list"),
        ("note", &"x".repeat(301), "Shorten this to at most 300 characters"),
    ] {
        let page = browser.post(&settings(&hook), &[("name", "Changed"), (field, value)]).await;
        assert_eq!(page.status, 422, "{field}");
        let body = page.body;
        assert!(body.contains(told) && body.contains("value=\"Changed\""), "{field}: {body}");
        assert!(body.contains(&format!("href=\"#{field}\"")) && body.contains(&format!("id=\"{field}\"")), "{body}");
    }
    assert_eq!(app.hook(&team.admin, &hook.id).await, hook);
}

async fn the_default_moves_and_there_is_never_more_than_one(app: TestApp) {
    let (team, mut browser) = signed_in(&app).await;
    let make = |name: &'static str| app.a_hook_with(&team.admin, "93.184.216.34/in", named(name));
    let (first, second) = (make("First").await, make("Second").await);
    let elsewhere = app.a_hook_with(&in_mode(&team.admin, Mode::Test), "93.184.216.34/in", named("Test")).await;
    assert!(first.is_default && !second.is_default && elsewhere.is_default);
    let form = browser.get(&settings(&second)).await.body;
    assert!(form.contains("It takes this over from <bdi>First</bdi>"), "{form}");
    let page = browser.post(&settings(&second), &[("name", "Second"), ("default", "on")]).await;
    assert_eq!(page.status, 303, "{}", page.body);
    let defaults = async || {
        let mut names = Vec::new();
        for hook in [&first, &second, &elsewhere] {
            let hook = app.hook(&team.admin, &hook.id).await;
            names.extend(hook.is_default.then_some(hook.name));
        }
        names
    };
    assert_eq!(defaults().await, ["Second", "Test"]);
    // A new one may take it over as well.
    let third = id_in(&create(&mut browser, "93.184.216.34/in", &[("name", "Third"), ("default", "on")]).await);
    assert!(app.hook(&team.admin, &third).await.is_default);
    assert_eq!(defaults().await, ["Test"]);
}

fn named(name: &str) -> hirewire::actions::hook::NewHook {
    hirewire::actions::hook::NewHook { name: name.into(), ..Default::default() }
}

async fn a_webhook_that_nothing_happened_for_in_thirty_days_says_so(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let page = format!("/settings/webhooks/{}", hook.id);
    let says = async |app: &TestApp| {
        let mut browser = app.browser().logged_in(&team.admin.member.email).await;
        let list = browser.get("/settings/webhooks").await.body.contains("unused for 30 days");
        (list, browser.get(&page).await.body.contains("Unused for 30 days"))
    };
    const DAY: i64 = 86_400_000;
    app.advance_ms(29 * DAY);
    assert_eq!(says(&app).await, (false, false));
    app.advance_ms(2 * DAY);
    assert_eq!(says(&app).await, (true, true));
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    assert_eq!(says(&app).await, (false, false));
}

async fn only_admins_change_a_webhook(app: TestApp) {
    let team = app.an_organisation().await;
    let hook = app.a_hook(&team.admin, "93.184.216.34/in").await;
    let support = app.a_member(&team.id, Role::Support).await;
    let mut browser = app.browser().logged_in(&support.member.email).await;
    let page = browser.get(&format!("/settings/webhooks/{}", hook.id)).await.body;
    assert!(!page.contains(&settings(&hook)) && !page.contains("Send Test"), "{page}");
    assert_eq!(browser.post(&settings(&hook), &[("name", "Mine")]).await.status, 403);
    assert_eq!(app.hook(&team.admin, &hook.id).await, hook);
}

async fn what_somebody_else_changed_meanwhile_is_not_undone_unseen(app: TestApp) {
    let (team, mut browser) = signed_in(&app).await;
    let hook = app.a_hook(&team.admin, "hooks.example.com/in").await;
    let stamp = |page: &Page| {
        let rest = page.body.split("name=\"token\" value=\"").nth(1).expect("a stamp");
        rest.split('"').next().expect("a stamp").to_owned()
    };
    let opened = stamp(&browser.get(&settings(&hook)).await);
    app.advance_ms(1_000);
    let save = |token: String, note: &'static str| {
        [("token", token), ("name", "HRIS".to_owned()), ("note", note.to_owned()), ("policy", "quick".to_owned())]
    };
    let own = save(opened.clone(), "Mine, O'Brien");
    let own: Vec<(&str, &str)> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(browser.post(&settings(&hook), &own).await.status, 303);
    app.advance_ms(1_000);
    let theirs = save(opened, "Theirs, محمد");
    let late: Vec<(&str, &str)> = theirs.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let refused = browser.post(&settings(&hook), &late).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("Somebody has changed this webhook") && refused.body.contains("Theirs, محمد"));
    assert_eq!(app.hook(&team.admin, &hook.id).await.note.as_deref(), Some("Mine, O'Brien"));
    let again = save(stamp(&refused), "Theirs, محمد");
    let again: Vec<(&str, &str)> = again.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(browser.post(&settings(&hook), &again).await.status, 303);
    assert_eq!(app.hook(&team.admin, &hook.id).await.note.as_deref(), Some("Theirs, محمد"));
}
