//! One policy at save, test and send, against what was stored before it or turned since.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hirewire::actions::hook::NewHook;
use hirewire::actions::{self, ActionError};
use hirewire::delivery::guard::LookupError;
use hirewire::domain::attempt::{Attempt, ErrorClass};
use hirewire::domain::hook::Hook;
use hirewire::domain::mode::Mode;

use crate::support::{Receiver, Team, TestApp, eventually, token};

on_both_databases!(
    what_saving_refuses_a_test_and_a_delivery_refuse_in_the_same_words,
    a_name_that_leads_inside_since_it_was_saved_is_not_called,
    an_internal_name_is_told_as_a_missing_one_at_every_door,
    only_what_the_operator_allows_is_saved_and_called_beside_public_addresses,
);

fn nobody_is_asked(name: &str) -> Result<Vec<IpAddr>, LookupError> {
    panic!("{name} was looked up")
}

/// Tries to create a hook, and returns what is said beside its field.
async fn refused(app: &TestApp, team: &Team, url: &str) -> Option<String> {
    let form = NewHook { url: url.into(), token: token(), ..NewHook::default() };
    match actions::hook::create(&app.context, &team.admin, form).await {
        Ok(_) => None,
        Err(ActionError::Invalid(errors)) => {
            assert_eq!(errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), ["url"]);
            errors.into_iter().next().map(|error| error.message)
        }
        Err(other) => panic!("{other:?}"),
    }
}

/// Has a test and an event sent to the hook, and returns the tries of both.
async fn tested_and_sent(app: &TestApp, team: &Team, hook: &Hook) -> [Attempt; 2] {
    let pressing = actions::test::send(&app.context, &team.admin, hook.id.clone());
    let sending = eventually("the test to be sent", || async { (app.tick().await.sent > 0).then_some(()) });
    let (tested, ()) = tokio::join!(pressing, sending);
    let tested = tested.expect("a test");
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    app.tick().await;
    let deliveries = app.deliveries(&team.id, Mode::Live).await;
    let sent = deliveries.into_iter().rfind(|delivery| delivery.id != tested).expect("a delivery");
    let mut tries = Vec::new();
    for delivery in [tested, sent.id.clone()] {
        tries.extend(app.attempts(&delivery).await.into_iter().next());
    }
    tries.try_into().expect("a try of each")
}

#[track_caller]
fn assert_not_called(attempt: &Attempt, class: ErrorClass, sentence: &str) {
    let outcome = &attempt.outcome;
    let told = (outcome.class, outcome.detail.as_deref());
    assert_eq!(told, (Some(class), Some(sentence)));
    assert_eq!(attempt.remote, None);
}

async fn what_saving_refuses_a_test_and_a_delivery_refuse_in_the_same_words(app: TestApp) {
    let app = app.resolving("127.0.0.9", nobody_is_asked).await;
    for (host, sentence) in [
        ("10.0.0.7", "10.0.0.7 is a private address"),
        ("169.254.169.254", "169.254.169.254 is a link-local address"),
        ("168.63.129.16", "168.63.129.16 is a cloud platform's internal address"),
        ("[::ffff:10.0.0.7]", "::ffff:10.0.0.7 is a private address"),
        ("[64:ff9b::a00:7]", "64:ff9b::a00:7 is a private address"),
        ("[2002:7f00:1::1]", "2002:7f00:1::1 is a loopback address"),
        ("localhost", "localhost is this machine's own name"),
        ("db", "db is a name without a domain"),
        ("printer.local", "printer.local is a name reserved for private or special use"),
    ] {
        let team = app.an_organisation().await;
        let told = refused(&app, &team, &format!("{host}/in")).await.expect(host);
        assert_eq!(told, format!("Use a public address: {sentence}"));
        // As if it had been saved by a version that knew less.
        let hook = app.a_hook(&team.admin, "127.0.0.9/in").await;
        app.sql(format!("UPDATE hooks SET url = 'https://{host}/in' WHERE id = '{}'", hook.id)).await;
        for attempt in tested_and_sent(&app, &team, &hook).await {
            assert_not_called(&attempt, ErrorClass::BlockedAddress, sentence);
            assert_eq!(attempt.request, None);
        }
    }
}

async fn a_name_that_leads_inside_since_it_was_saved_is_not_called(app: TestApp) {
    let turned = Arc::new(AtomicBool::new(false));
    let inside = turned.clone();
    let resolver = move |_: &str| match inside.load(Ordering::SeqCst) {
        true => Ok(vec![[93, 184, 216, 34].into(), Ipv4Addr::LOCALHOST.into()]),
        false => Ok(vec![[93, 184, 216, 34].into()]),
    };
    let app = app.resolving("", resolver).await;
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    let url = receiver.url().replace("127.0.0.1", "hooks.acme.com");
    let hook = app.a_hook(&team.admin, &url).await;
    turned.store(true, Ordering::SeqCst);
    let sentence = "hooks.acme.com does not lead to a public address";
    for attempt in tested_and_sent(&app, &team, &hook).await {
        assert_not_called(&attempt, ErrorClass::DnsFailed, sentence);
    }
    assert_eq!(receiver.count(), 0);
}

async fn an_internal_name_is_told_as_a_missing_one_at_every_door(app: TestApp) {
    let resolver = |name: &str| match name {
        "wiki.acme.com" => Ok(vec![[10, 0, 0, 7].into()]),
        _ => Err(LookupError::NoAddress("the name does not exist".into())),
    };
    let app = app.resolving("", resolver).await;
    let mut told = Vec::new();
    for name in ["wiki.acme.com", "none.acme.com"] {
        let team = app.an_organisation().await;
        let hook = app.a_hook(&team.admin, &format!("{name}/in")).await;
        let mut browser = app.browser().logged_in(&team.admin.member.email).await;
        let tries = tested_and_sent(&app, &team, &hook).await;
        let shown = browser.get(&format!("/developers/logs/{}", tries[1].delivery_id)).await.body;
        assert!(shown.contains("does not lead to a public address") && !shown.contains("10.0.0.7"), "{shown}");
        told.push(tries.map(|attempt| {
            let detail = attempt.outcome.detail.map(|detail| detail.replace(name, "NAME"));
            (attempt.outcome.class, detail, attempt.request.is_some(), attempt.remote)
        }));
    }
    assert_eq!(told[0], told[1]);
}

async fn only_what_the_operator_allows_is_saved_and_called_beside_public_addresses(app: TestApp) {
    let receiver = Receiver::answering([200]).await;
    let port = receiver.url().split([':', '/']).nth(1).map(str::to_owned).expect("a port");
    let loopback = |_: &str| Ok(vec![IpAddr::from(Ipv4Addr::LOCALHOST)]);
    let app = app.resolving(&format!("127.0.0.0/8:{port}, ats.internal:1"), loopback).await;
    let team = app.an_organisation().await;
    for (url, allowed) in [
        ("127.0.0.1:1/in".to_owned(), false),
        (format!("[::1]:{port}/in"), false),
        (format!("10.0.0.1:{port}/in"), false),
        (format!("ats.internal:{port}/in"), false),
        ("ats.internal:1/in".to_owned(), true),
        (format!("hooks.acme.com:{port}/in"), true),
    ] {
        assert_eq!(refused(&app, &team, &url).await.is_none(), allowed, "{url}");
    }
    let team = app.an_organisation().await;
    let hook = app.a_hook(&team.admin, "hooks.acme.com/in").await;
    for attempt in tested_and_sent(&app, &team, &hook).await {
        let sentence = "hooks.acme.com does not lead to a public address";
        assert_not_called(&attempt, ErrorClass::DnsFailed, sentence);
    }
    let team = app.an_organisation().await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    for attempt in tested_and_sent(&app, &team, &hook).await {
        assert!(attempt.outcome.is_success(), "{:?}", attempt.outcome);
    }
    assert_eq!(receiver.count(), 2);
}
