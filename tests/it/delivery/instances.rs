//! Two instances at work on one PostgreSQL: a member acts at one while the other sends, or is about to.

use hirewire::actions::hook::NewHook;
use hirewire::actions::replacement::{Replacement, replace};
use hirewire::actions::{self, credential, hook};
use hirewire::delivery::mend;
use hirewire::domain::attempt::ErrorClass;
use hirewire::domain::delivery::{Delivery, DeliveryState, Status};
use hirewire::domain::hook::{Hook, HookState};
use hirewire::domain::ids::DeliveryId;
use hirewire::domain::mode::Mode;
use hirewire::domain::rotation::Overlap;
use hirewire::domain::secret::CredentialKind;
use hirewire::store;
use hirewire::store::changes::Change;

use crate::support::{Answer, Gate, Kind, Receiver, RunningEngine, Team, TestApp, eventually, run, token};

/// A receiver keeps its answers back for a second or two at most, which both policies wait for.
const POLICIES: [&str; 2] = ["single", "quick"];

/// So many wait in the memory of the first instance beside those that are under way.
const WAITING: usize = 20;

/// The first instance sends to a webhook whose receiver keeps its answers back; members act at the second. Both are at work.
struct Story {
    first: TestApp,
    second: TestApp,
    running: [RunningEngine; 2],
    team: Team,
    hook: Hook,
    receiver: Receiver,
    gate: Gate,
    /// Where the webhook is replaced to.
    successor: Receiver,
}

impl Story {
    /// As many requests are under way as one webhook may have, and so many deliveries wait.
    async fn of(first: TestApp, policy: &str, answer: u16, waiting: usize) -> Self {
        let team = first.an_organisation().await;
        let (held_back, gate) = Answer::of(answer).behind_a_gate();
        let (receiver, successor) = (Receiver::answering([held_back]).await, Receiver::answering([200]).await);
        let form = NewHook { policy: policy.into(), sign: true, ..NewHook::default() };
        let hook = first.a_hook_with(&team.admin, &receiver.url(), form).await;
        let (key, _) = first.an_api_key(&team.admin, Mode::Live).await;
        let second = first.beside().await;
        let running = [first.runs(), second.runs()];
        let places = first.config.caps.per_hook;
        for _ in 0..places + waiting {
            first.report(&key, "job.created").await;
        }
        receiver.has_been_asked(places).await;
        assert_eq!(first.context.engine.load().waiting, waiting, "they wait in the memory of the first");
        Self { first, second, running, team, hook, receiver, gate, successor }
    }

    fn places(&self) -> usize {
        self.first.config.caps.per_hook
    }

    async fn deliveries(&self) -> Vec<Delivery> {
        self.first.deliveries(&self.team.id, Mode::Live).await
    }

    /// Those whose request has not been made, because they wait.
    async fn waiting(&self) -> Vec<DeliveryId> {
        let requests = self.receiver.requests();
        let is_sent =
            |delivery: &Delivery| requests.iter().any(|one| one.must("webhook-id") == delivery.event_id.as_str());
        let all = self.deliveries().await.into_iter();
        all.filter(|delivery| !is_sent(delivery)).map(|delivery| delivery.id.clone()).collect()
    }

    async fn replaced(&self) {
        let form = Replacement { url: self.successor.url(), token: token() };
        let (context, admin) = (&self.second.context, &self.team.admin);
        replace(context, admin, self.hook.id.clone(), form).await.expect("it is replaced");
    }

    /// The receiver answers, and everything comes to rest; how it stands then.
    async fn settled(self) -> Settled {
        self.gate.open();
        let is_done = async || {
            let load = self.first.context.engine.load();
            let owed = self.deliveries().await.iter().any(|delivery| delivery.state.due().is_some());
            (load.under_way == 0 && !owed).then_some(())
        };
        self.first.as_time_passes("everything to be sent", is_done).await;
        // Nothing that both have still to learn makes them send again.
        self.first.has_looked().await;
        self.second.has_looked().await;
        self.first.sends_nothing().await;
        self.second.sends_nothing().await;
        let deliveries = self.deliveries().await;
        for running in self.running {
            running.ended().await;
        }
        let there = self.receiver.events_and_requests();
        Settled { there, at_the_successor: self.successor.events_and_requests(), deliveries }
    }
}

/// Events and requests at each receiver, and the log.
struct Settled {
    there: (usize, usize),
    at_the_successor: (usize, usize),
    deliveries: Vec<Delivery>,
}

impl Settled {
    fn count(&self, fits: impl Fn(&Delivery) -> bool) -> usize {
        self.deliveries.iter().filter(|delivery| fits(delivery)).count()
    }

    fn succeeded(&self) -> usize {
        self.count(|delivery| delivery.state.status() == Status::Success)
    }

    fn cancelled(&self) -> usize {
        self.count(|delivery| delivery.last_class == Some(ErrorClass::Cancelled))
    }
}

/// Tells the story once with each policy.
fn with_each_policy(answer: u16, waiting: usize, story: impl AsyncFn(Story)) {
    for policy in POLICIES {
        run(Kind::Postgres, |app| async { story(Story::of(app, policy, answer, waiting).await).await });
    }
}

#[test]
fn what_is_under_way_is_sent_once_though_its_webhook_is_paused_and_resumed_elsewhere() {
    with_each_policy(200, 0, async |story| {
        let (context, admin, places) = (&story.second.context, &story.team.admin, story.places());
        hook::pause(context, admin, story.hook.id.clone()).await.expect("it pauses");
        story.first.has_looked().await;
        hook::resume(context, admin, story.hook.id.clone()).await.expect("it goes on");
        story.first.has_looked().await;
        let settled = story.settled().await;
        assert_eq!((settled.there, settled.succeeded()), ((places, places), places));
    });
}

#[test]
fn what_is_under_way_is_sent_once_though_its_webhook_is_disabled_and_enabled_elsewhere() {
    with_each_policy(200, 0, async |story| {
        let (context, admin, places) = (&story.second.context, &story.team.admin, story.places());
        let (disabled, now) = (story.hook.clone(), story.second.now());
        let disabling = context.store.change(now, move |conn, named| {
            named.push(Change::of(&disabled));
            store::hook::set_state(conn, &disabled.id, HookState::Disabled, now)
        });
        disabling.await.expect("it is disabled");
        mend::bring_in_line(&context.store, &story.hook.id, now).await.expect("what was owed is missed");
        story.first.has_looked().await;
        actions::health::enable(context, admin, story.hook.id.clone()).await.expect("it is enabled");
        story.first.has_looked().await;
        let settled = story.settled().await;
        assert_eq!((settled.there, settled.succeeded()), ((places, places), places));
    });
}

#[test]
fn what_is_under_way_is_sent_once_though_its_secret_is_rotated_elsewhere() {
    with_each_policy(200, 0, async |story| {
        let (context, admin, places) = (&story.second.context, &story.team.admin, story.places());
        let (hook, kind) = (story.hook.id.clone(), CredentialKind::Secret);
        credential::make(context, admin, hook, kind, Overlap::Day, &token()).await.expect("it is made");
        story.first.has_looked().await;
        let settled = story.settled().await;
        assert_eq!((settled.there, settled.succeeded()), ((places, places), places));
    });
}

#[test]
fn what_is_under_way_and_arrives_is_sent_once_though_somebody_elsewhere_asks_to_send_it_again() {
    with_each_policy(200, 0, async |story| {
        let (context, admin, places) = (&story.second.context, &story.team.admin, story.places());
        for delivery in story.deliveries().await {
            actions::delivery::retry_now(context, admin, delivery.id.clone()).await.expect("it is due");
        }
        story.first.has_looked().await;
        let settled = story.settled().await;
        assert_eq!((settled.there, settled.succeeded()), ((places, places), places));
    });
}

#[test]
fn what_is_under_way_and_cancelled_elsewhere_is_sent_once_and_stays_cancelled() {
    with_each_policy(500, 0, async |story| {
        let (context, admin, places) = (&story.second.context, &story.team.admin, story.places());
        for delivery in story.deliveries().await {
            actions::delivery::cancel(context, admin, delivery.id.clone()).await.expect("it is cancelled");
        }
        story.first.has_looked().await;
        let settled = story.settled().await;
        assert_eq!((settled.there, settled.cancelled()), ((places, places), places));
    });
}

#[test]
fn what_is_under_way_to_a_webhook_that_is_deleted_elsewhere_is_sent_once_and_not_tried_again() {
    with_each_policy(500, 0, async |story| {
        let (context, admin, places) = (&story.second.context, &story.team.admin, story.places());
        hook::delete(context, admin, story.hook.id.clone(), false).await.expect("it goes");
        story.first.has_looked().await;
        let settled = story.settled().await;
        assert_eq!((settled.there, settled.cancelled()), ((places, places), places));
    });
}

#[test]
fn what_the_old_address_takes_while_it_is_replaced_elsewhere_has_arrived_there() {
    with_each_policy(200, 0, async |story| {
        let places = story.places();
        story.replaced().await;
        story.first.has_looked().await;
        let old = story.hook.id.clone();
        let settled = story.settled().await;
        assert_eq!((settled.there, settled.at_the_successor), ((places, places), (0, 0)));
        let arrived_there = |delivery: &Delivery| delivery.hook_id == old && delivery.state.status() == Status::Success;
        assert_eq!(settled.count(arrived_there), places);
    });
}

#[test]
fn what_the_old_address_refuses_while_it_is_replaced_elsewhere_goes_to_the_new_one_once() {
    with_each_policy(500, 0, async |story| {
        let places = story.places();
        story.replaced().await;
        story.first.has_looked().await;
        let old = story.hook.id.clone();
        let settled = story.settled().await;
        assert_eq!((settled.there, settled.at_the_successor), ((places, places), (places, places)));
        let arrived = |delivery: &Delivery| delivery.hook_id != old && delivery.state.status() == Status::Success;
        assert_eq!(settled.count(arrived), places);
    });
}

#[test]
fn what_waits_at_one_instance_is_not_sent_once_its_webhook_is_paused_elsewhere() {
    with_each_policy(200, WAITING, async |story| {
        let places = story.places();
        hook::pause(&story.second.context, &story.team.admin, story.hook.id.clone()).await.expect("it pauses");
        others_go_on(&story).await;
        let settled = story.settled().await;
        assert_eq!((settled.there, settled.succeeded()), ((places, places), places));
        assert_eq!(settled.count(|delivery| delivery.state == DeliveryState::Pending { due: None }), WAITING);
    });
}

#[test]
fn what_waits_at_one_instance_is_not_sent_once_its_webhook_is_deleted_elsewhere() {
    with_each_policy(200, WAITING, async |story| {
        let places = story.places();
        hook::delete(&story.second.context, &story.team.admin, story.hook.id.clone(), false).await.expect("it goes");
        others_go_on(&story).await;
        let settled = story.settled().await;
        assert_eq!((settled.there, settled.cancelled()), ((places, places), places + WAITING));
    });
}

#[test]
fn what_waits_at_one_instance_goes_to_the_new_address_once_its_webhook_is_replaced_elsewhere() {
    with_each_policy(200, WAITING, async |story| {
        let places = story.places();
        story.replaced().await;
        others_go_on(&story).await;
        let settled = story.settled().await;
        assert_eq!((settled.there, settled.at_the_successor), ((places, places), (WAITING, WAITING)));
        assert_eq!(settled.succeeded(), places + WAITING);
    });
}

#[test]
fn what_waits_at_one_instance_and_is_cancelled_elsewhere_is_not_sent_and_the_others_are() {
    with_each_policy(200, WAITING, async |story| {
        let (places, half) = (story.places(), WAITING / 2);
        for delivery in story.waiting().await.into_iter().take(half) {
            actions::delivery::cancel(&story.second.context, &story.team.admin, delivery).await.expect("it ends");
        }
        others_go_on(&story).await;
        let settled = story.settled().await;
        let sent = places + WAITING - half;
        assert_eq!((settled.there, settled.succeeded(), settled.cancelled()), ((sent, sent), sent, half));
    });
}

/// The first instance learns of what was done, and sends to another webhook meanwhile.
async fn others_go_on(story: &Story) {
    let team = story.first.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    story.first.a_hook(&team.admin, &receiver.url()).await;
    let (key, _) = story.first.an_api_key(&team.admin, Mode::Live).await;
    story.first.report(&key, "job.created").await;
    eventually("the other webhook's request", async || (receiver.count() == 1).then_some(())).await;
    story.first.has_looked().await;
}
