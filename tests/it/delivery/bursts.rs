//! More for one webhook than memory may hold: it waits in the database, arrives once, and holds up nobody.

use hirewire::actions::hook::NewHook;
use hirewire::delivery::queue::Caps;
use hirewire::domain::delivery::{Delivery, Status};
use hirewire::domain::hook::{FieldSet, Hook};
use hirewire::domain::ids::DeliveryId;
use hirewire::domain::mode::Mode;
use hirewire::store;

use crate::support::{Answer, Receiver, Team, TestApp};

on_both_databases!(
    a_burst_for_one_webhook_arrives_once_and_memory_never_holds_more_than_it_may,
    while_one_webhooks_burst_waits_for_answers_anothers_is_claimed_and_sent,
    a_webhook_at_its_request_limit_with_thousands_owed_holds_up_no_other,
);

/// Small, so that a burst is soon too large.
const CAPS: Caps = Caps { per_hook: 4, in_all: 8, waiting: 40, waiting_bytes: 1024 * 1024 };

/// Several times what a lane may hold, and what memory may.
const BURST: usize = 150;

async fn with_small_caps(app: TestApp) -> TestApp {
    app.crashed_and_started_again(|config| config.caps = CAPS).await
}

struct Burst {
    team: Team,
    receiver: Receiver,
}

impl Burst {
    /// So many events at once for a webhook whose receiver answers so.
    async fn of(app: &TestApp, answer: Answer) -> Self {
        let team = app.an_organisation().await;
        let receiver = Receiver::answering([answer]).await;
        let form = NewHook { policy: "single".into(), ..NewHook::default() };
        app.a_hook_with(&team.admin, &receiver.url(), form).await;
        let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
        for _ in 0..BURST {
            app.report(&key, "job.created").await;
            within_caps(app);
        }
        Self { team, receiver }
    }

    /// Resolves once all of it has arrived, each once; memory is looked at all the while.
    async fn has_arrived(&self, app: &TestApp) {
        let is_there = async || {
            within_caps(app);
            let deliveries = app.deliveries(&self.team.id, Mode::Live).await;
            let succeeded = deliveries.iter().filter(|delivery| delivery.state.status() == Status::Success).count();
            (succeeded == BURST).then_some(())
        };
        app.as_time_passes("the whole burst", is_there).await;
        assert_eq!(self.receiver.events_and_requests(), (BURST, BURST));
    }
}

fn within_caps(app: &TestApp) {
    let load = app.context.engine.load();
    assert!(
        load.waiting <= CAPS.waiting && load.sending <= CAPS.in_all && load.bytes <= CAPS.waiting_bytes,
        "{load:?}"
    );
    assert!(load.under_way <= 2 * CAPS.in_all, "{load:?}");
}

async fn a_burst_for_one_webhook_arrives_once_and_memory_never_holds_more_than_it_may(app: TestApp) {
    let app = with_small_caps(app).await;
    let running = app.runs();
    let (held_back, gate) = Answer::of(200).behind_a_gate();
    let burst = Burst::of(&app, held_back).await;
    burst.receiver.has_been_asked(CAPS.per_hook).await;
    app.as_time_passes("what memory has no room for to be given back", async || {
        within_caps(&app);
        (free(&app).await > BURST / 2).then_some(())
    })
    .await;
    assert_eq!(burst.receiver.count(), CAPS.per_hook);
    gate.open();
    burst.has_arrived(&app).await;
    running.ended().await;
}

/// How many deliveries nobody holds.
async fn free(app: &TestApp) -> usize {
    use diesel::prelude::*;
    let unheld = diesel::dsl::sql::<diesel::sql_types::BigInt>(
        "(SELECT COUNT(*) FROM open_deliveries WHERE holder IS NULL AND due_at IS NOT NULL)",
    );
    let count: i64 = app.read(move |conn| Ok::<_, store::StoreError>(diesel::select(unheld).get_result(conn)?)).await;
    usize::try_from(count).expect("a count")
}

async fn while_one_webhooks_burst_waits_for_answers_anothers_is_claimed_and_sent(app: TestApp) {
    let app = with_small_caps(app).await;
    let running = app.runs();
    let (held_back, gate) = Answer::of(200).behind_a_gate();
    let waiting = Burst::of(&app, held_back).await;
    let answered = Burst::of(&app, Answer::of(200)).await;
    answered.has_arrived(&app).await;
    let places = CAPS.per_hook;
    assert!(waiting.receiver.count() <= places, "{} requests at {places} places", waiting.receiver.count());
    gate.open();
    waiting.has_arrived(&app).await;
    running.ended().await;
}

/// So many that nobody holds for a webhook.
async fn owed(app: &TestApp, team: &Team, hook: &Hook, many: usize) {
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let event = app.report(&key, "job.created").await;
    let (now, id) = (app.now(), hook.id.clone());
    app.write(move |conn| {
        let new = || Delivery::owed(DeliveryId::new(now), &event, id.clone(), FieldSet::Standard, false, now);
        let all: Vec<Delivery> = (1..many).map(|_| new()).collect();
        let rows: Vec<_> = all.iter().map(|delivery| (delivery, None)).collect();
        store::delivery::insert_all(conn, &rows)
    })
    .await;
}

async fn a_webhook_at_its_request_limit_with_thousands_owed_holds_up_no_other(app: TestApp) {
    let team = app.an_organisation().await;
    let (limited, free) = (Receiver::answering([200]).await, Receiver::answering([200]).await);
    let form = NewHook { rate: "2".into(), rate_per: "minute".into(), ..NewHook::default() };
    let hook = app.a_hook_with(&team.admin, &limited.url(), form).await;
    owed(&app, &team, &hook, 3_000).await;
    // Of the same organisation, which shares its places.
    app.a_hook(&team.admin, &free.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let running = app.runs();
    limited.has_been_asked(2).await;
    for times in 1..=20 {
        // No time passes: nothing but the report itself can have woken the engine.
        app.report(&key, "job.created").await;
        free.has_been_asked(times).await;
    }
    app.sends_nothing().await;
    assert_eq!(limited.count(), 2);
    app.advance_ms(60_000);
    limited.has_been_asked(4).await;
    running.ended().await;
}
