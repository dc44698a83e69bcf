//! *Single*, *Patient* and `Retry-After`.

use hirewire::actions::hook::NewHook;
use hirewire::domain::delivery::{DeliveryState, Status};
use hirewire::domain::mode::Mode;

use crate::support::{Answer, Receiver, TestApp};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
/// What the wire contract says of *Patient*, in milliseconds.
const PATIENT: [i64; 12] = [
    200,
    400,
    800,
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
];

on_both_databases!(
    single_tries_once,
    single_takes_a_new_connection_each_time,
    patient_tries_thirteen_times_over_three_days_each_pause_within_a_fifth,
    retry_after_is_a_floor_in_seconds_and_as_a_date,
    retry_after_is_capped_at_a_day,
);

fn policy(name: &str) -> NewHook {
    NewHook { policy: name.into(), ..NewHook::default() }
}

async fn single_tries_once(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([Answer::of(503).with("Retry-After", 1)]).await;
    app.a_hook_with(&team.admin, &receiver.url(), policy("single")).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "interview.completed").await;
    assert_eq!(app.tick().await.failed, 1);
    app.advance_ms(30 * 24 * HOUR);
    app.tick().await;
    assert_eq!(receiver.count(), 1);
    assert_eq!(app.the_delivery(&team.id, Mode::Live).await.state.status(), Status::Failed);
}

async fn single_takes_a_new_connection_each_time(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    let (single, quick) = (
        app.a_hook_with(&team.admin, &receiver.url(), policy("single")).await,
        app.a_hook_with(
            &team.admin,
            &receiver.url(),
            NewHook { events: vec!["job.created".into()], ..policy("quick") },
        )
        .await,
    );
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let mut connected = Vec::new();
    for _ in 0..3 {
        app.report(&key, "job.created").await;
        app.tick().await;
    }
    for delivery in app.deliveries(&team.id, Mode::Live).await {
        let attempt = app.attempts(&delivery.id).await.remove(0);
        connected.push((delivery.hook_id, attempt.timings.connect.is_some()));
    }
    let of = |hook: &hirewire::domain::ids::HookId| connected.iter().filter(|(id, made)| id == hook && *made).count();
    assert_eq!((of(&single.id), of(&quick.id)), (3, 1), "{connected:?}");
}

async fn patient_tries_thirteen_times_over_three_days_each_pause_within_a_fifth(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([500]).await;
    app.a_hook_with(&team.admin, &receiver.url(), policy("patient")).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "interview.completed").await;
    let mut exact = 0;
    for (number, pause) in PATIENT.into_iter().enumerate() {
        app.tick().await;
        assert_eq!(receiver.count(), number + 1);
        let due = app.the_delivery(&team.id, Mode::Live).await.state.due().expect("a retry");
        let wait = (due - app.now()).num_microseconds().expect("days");
        assert!((pause * 800..=pause * 1_200).contains(&wait), "{wait} µs after try {}", number + 1);
        exact += usize::from(wait == pause * 1_000);
        app.clock.advance(due - app.now() - chrono::TimeDelta::microseconds(1));
        assert_eq!(app.tick().await.sent, 0, "try {} came early", number + 2);
        app.clock.advance(chrono::TimeDelta::microseconds(1));
    }
    assert!(exact < PATIENT.len(), "no pause was moved: there is no jitter");
    assert_eq!(app.tick().await.failed, 1);
    assert_eq!(app.the_delivery(&team.id, Mode::Live).await.state.status(), Status::Failed);
    app.advance_ms(30 * 24 * HOUR);
    app.tick().await;
    assert_eq!(receiver.count(), 13);
}

async fn retry_after_is_a_floor_in_seconds_and_as_a_date(app: TestApp) {
    let team = app.an_organisation().await;
    let date = (app.now() + chrono::TimeDelta::minutes(20)).format("%a, %d %b %Y %H:%M:%S GMT");
    let script = [
        Answer::of(429).with("Retry-After", 120),
        Answer::of(503).with("Retry-After", date),
        Answer::of(503).with("Retry-After", 0),
        Answer::of(200),
    ];
    let receiver = Receiver::answering(script).await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let began = app.now();
    app.report(&key, "job.created").await;
    let due = async || {
        app.tick().await;
        app.the_delivery(&team.id, Mode::Live).await.state.due().expect("a retry")
    };
    assert_eq!(due().await, began + chrono::TimeDelta::seconds(120));
    app.advance_ms(119_999);
    assert_eq!(app.tick().await.sent, 0);
    app.advance_ms(1);
    // A date says whole seconds, and the try itself takes some milliseconds of them.
    let asked = began + chrono::TimeDelta::minutes(20) - due().await;
    assert!((0..=2_000).contains(&asked.num_milliseconds()), "{asked}");
    app.advance_ms(20 * MINUTE);
    // The policy's own pause is longer than none.
    assert_eq!(due().await, app.now() + chrono::TimeDelta::milliseconds(800));
    app.advance_ms(800);
    app.tick().await;
    let delivery = app.the_delivery(&team.id, Mode::Live).await;
    assert_eq!(delivery.state, DeliveryState::Success { at: app.now() });
}

async fn retry_after_is_capped_at_a_day(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([Answer::of(503).with("Retry-After", 400 * 24 * 3_600), Answer::of(200)]).await;
    app.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    app.tick().await;
    app.advance_ms(24 * HOUR - 1);
    assert_eq!(app.tick().await.sent, 0);
    app.advance_ms(1);
    assert_eq!(app.tick().await.succeeded, 1);
}
