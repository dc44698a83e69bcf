//! What goes wrong on our own side is never counted against a receiver.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hirewire::actions::Context;
use hirewire::delivery::guard::{Guard, LookupError};
use hirewire::delivery::sender::Sender;
use hirewire::domain::delivery::{DeliveryState, Tries};
use hirewire::domain::mode::Mode;
use tokio::sync::watch;

use crate::support::{DRAIN, Receiver, TestApp, engine_of, eventually, soon};

on_both_databases!(
    a_try_that_our_own_name_server_prevented_is_not_counted,
    hooks_that_cannot_be_read_for_a_moment_cost_no_try,
    an_answer_that_cannot_be_written_down_is_kept_until_it_can_be,
);

async fn a_try_that_our_own_name_server_prevented_is_not_counted(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([500]).await;
    let answers = Arc::new(AtomicBool::new(false));
    let asked = answers.clone();
    let resolver = move |_: &str| -> Result<Vec<IpAddr>, LookupError> {
        match asked.load(Ordering::SeqCst) {
            true => Ok(vec![Ipv4Addr::LOCALHOST.into()]),
            false => Err(LookupError::Unavailable("no name server answers".into())),
        }
    };
    let guard = Arc::new(Guard::new("127.0.0.1, hooks.acme.com".parse().expect("a list"), resolver));
    let sender = Sender::new(guard.clone(), &app.config.extra_ca).expect("a sender");
    let engine = Arc::new(engine_of(&app.context, sender, &app.config));
    engine.start().await.expect("it starts");
    let context = Context { engine: engine.clone(), guard, ..app.context.clone() };

    let url = receiver.url().replace("127.0.0.1", "hooks.acme.com");
    let form = hirewire::actions::hook::NewHook { url, token: crate::support::token(), ..Default::default() };
    hirewire::actions::hook::create(&context, &team.admin, form).await.expect("a name that may resolve later");
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let kind = hirewire::domain::event::EventType::parse("job.created").expect("a type");
    hirewire::actions::event::report(&context, &key, kind, serde_json::json!({})).await.expect("recorded");
    let began = app.now();
    for _ in 0..10 {
        engine.tick().await.expect("a database");
        app.advance_ms(1_000);
    }
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    assert_eq!((delivery.state, delivery.tries), (DeliveryState::Pending { due: Some(began) }, Tries::default()));
    assert!(app.attempts(&delivery.id).await.is_empty());

    answers.store(true, Ordering::SeqCst);
    assert_eq!(engine.tick().await.expect("a database").sent, 1);
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    let class = delivery.last_class;
    assert_eq!((delivery.tries.automatic, delivery.state.is_owed()), (1, true), "{class:?}");
}

async fn hooks_that_cannot_be_read_for_a_moment_cost_no_try(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    app.sql("ALTER TABLE credentials RENAME TO credentials_away").await;
    for _ in 0..10 {
        app.tick().await;
        app.advance_ms(1_000);
    }
    app.sql("ALTER TABLE credentials_away RENAME TO credentials").await;
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    assert_eq!((receiver.count(), delivery.tries, delivery.state.is_owed()), (0, Tries::default(), true));
    assert_eq!(app.tick().await.succeeded, 1);
    assert_eq!(receiver.count(), 1);
}

async fn an_answer_that_cannot_be_written_down_is_kept_until_it_can_be(app: TestApp) {
    let team = app.an_organisation().await;
    let (held, gate) = crate::support::Answer::of(200).behind_a_gate();
    let receiver = Receiver::answering([held]).await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(app.context.engine.clone().run(stopped, DRAIN));
    app.report(&key, "job.created").await;
    receiver.has_been_asked(1).await;
    app.sql("ALTER TABLE attempts RENAME TO attempts_away").await;
    gate.open();
    // Another delivery shows that the engine has seen the first answer and goes on.
    app.report(&key, "job.updated").await;
    receiver.has_been_asked(2).await;
    app.sql("ALTER TABLE attempts_away RENAME TO attempts").await;
    eventually("both answers in the database", || async {
        let all = app.deliveries(&team.id, Mode::Live).await;
        all.iter().all(|delivery| matches!(delivery.state, DeliveryState::Success { .. })).then_some(())
    })
    .await;
    stop.send(true).expect("it runs");
    soon("the engine's end", running).await.expect("no panic");
    assert_eq!(receiver.count(), 2, "no answer was forgotten, so nothing was sent twice");
    for delivery in app.deliveries(&team.id, Mode::Live).await {
        assert_eq!(app.attempts(&delivery.id).await.len(), 1);
    }
}
