//! Looking: what members have changed, here or on another instance, and which of the deliveries concerned are still ours.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::TimeDelta;

use super::Dispatcher;
use crate::delivery::group_commit::lock;
use crate::delivery::queue::{Question, Source};
use crate::domain::ids::{DeliveryId, HookId, InstanceId};
use crate::domain::rate::RateLimit;
use crate::store::changes::{self, Change, Changes};
use crate::store::delivery::{HeldRow, Owed};
use crate::store::{self, Conn, Result, StoreError};

/// How many deliveries are asked about, or loaded, in one query.
const MAX_LOOK: usize = 500;

/// No lane holds more than this.
const MAX_HELD_OF_HOOK: usize = 5_000;

/// How long to wait before asking again what could not be answered.
const ASK_RETRY: Duration = Duration::from_millis(250);

/// How long a delivery that cannot be read is left alone.
const SET_ASIDE: TimeDelta = TimeDelta::hours(1);

impl Dispatcher {
    /// Looks for changes as if none had been looked for lately, and waits for every answer.
    pub(in crate::delivery) async fn look_now(&self) -> Result<()> {
        self.freshness.forget();
        self.look().await?;
        self.ask().await
    }

    /// Learns what members have changed. Which of the deliveries concerned are still ours is asked beside it
    /// ([`Self::keep_asking`]).
    pub(in crate::delivery) async fn look(&self) -> Result<()> {
        let began = self.clock.steady();
        if !self.store.is_alone() && self.freshness.is_due(began) {
            let head = self.store.for_looks().read(changes::head).await?;
            self.store.vitals().looked();
            self.store.seen(head);
            self.freshness.looked(began);
        }
        if self.cache.head() < self.store.generation() {
            self.catch_up().await?;
        }
        if self.queue().has_doubts() || !lock(&self.strays).is_empty() {
            self.ask_wake.notify_one();
        }
        Ok(())
    }

    /// Reads which changes there were.
    pub(super) async fn catch_up(&self) -> Result<()> {
        let (after, own) = (self.cache.head(), self.instance.clone());
        let read = move |conn: &mut Conn| {
            let changes = changes::since(conn, after)?;
            let instances = store::instance::others(conn, &own)?.len() + 1;
            Ok::<_, StoreError>((changes, store::hook::rate_limits(conn)?, instances))
        };
        let (changes, limits, instances) = self.store.for_looks().read(read).await?;
        self.apply(&changes, limits, u32::try_from(instances).unwrap_or(u32::MAX));
        Ok(())
    }

    pub(super) fn apply(&self, changes: &Changes, limits: Vec<(HookId, RateLimit)>, instances: u32) {
        let now = self.clock.moment();
        let mut queue = self.queue();
        queue.keep_to(limits, instances, now);
        let all = [Change::Everything];
        for change in changes.named.as_deref().unwrap_or(&all) {
            match change {
                Change::Everything => {
                    queue.doubt_all(now);
                    self.needs_scan.store(true, Ordering::Release);
                }
                // Keys and defaults: what is owed stays as it is. What a suspension holds or lets go is named by its webhooks.
                Change::Organisation(_) => {}
                Change::Hook(_, hook) => {
                    queue.doubt(hook, now);
                    queue.waits_in_database(hook, now.wall, now);
                }
                Change::Delivery(_, delivery) => {
                    queue.doubt_waiting(delivery, now);
                    lock(&self.strays).push(delivery.clone());
                }
            }
        }
        // Under the queue's lock: nothing comes in between that believes in the old head.
        self.cache.advance(changes.head, changes.named.as_deref());
        drop(queue);
        self.claim_wake.notify_one();
    }

    /// Asks whenever there is something to, one question after the other.
    pub(in crate::delivery) async fn keep_asking(self: Arc<Self>, on_error: impl Fn(&StoreError) + Send) {
        loop {
            self.ask_wake.notified().await;
            while let Err(error) = self.ask().await {
                on_error(&error);
                self.clock.sleep(ASK_RETRY).await;
            }
            self.wake();
        }
    }

    /// Asks what of the lanes in doubt is still owed and ours, and takes up what is and is not here.
    pub(super) async fn ask(&self) -> Result<()> {
        let questions = self.queue().take_questions();
        let strays = std::mem::take(&mut *lock(&self.strays));
        if questions.is_empty() && strays.is_empty() {
            return Ok(());
        }
        let (asked, own, wanted) = (questions.clone(), self.instance.clone(), strays.clone());
        let answered = self.store.read(move |conn| answer(conn, &own, &asked, &wanted)).await;
        let (head, answers, strays) = match answered {
            Ok(answered) => answered,
            Err(error) => {
                self.queue().put_back(questions);
                lock(&self.strays).extend(strays);
                return Err(error);
            }
        };
        let now = self.clock.moment();
        let mut load = Vec::new();
        let mut gone = Vec::new();
        {
            let mut queue = self.queue();
            for (question, held) in questions.iter().zip(&answers) {
                let (no_longer, fresh) = queue.confirm(question, held, now);
                gone.extend(no_longer);
                load.extend(fresh);
            }
            load.extend(strays.iter().filter(|row| !queue.stands(row)).map(|row| row.id.clone()));
        }
        gone.iter().for_each(|id| self.waiters.notify(id));
        load.sort_unstable();
        load.dedup();
        self.load(load, Source::Recorded, head).await
    }

    /// Brings deliveries that this instance holds into memory.
    pub(super) async fn load(&self, ids: Vec<DeliveryId>, source: Source, head: i64) -> Result<()> {
        let found = self.read_owed(&ids).await?;
        self.enqueue(found, source, Some(head));
        Ok(())
    }

    /// Deliveries that this instance holds, with their bodies. One that cannot be read is set aside, so that it holds up no
    /// other.
    pub(super) async fn read_owed(&self, ids: &[DeliveryId]) -> Result<Vec<Owed>> {
        let mut found = Vec::with_capacity(ids.len());
        for some in ids.chunks(MAX_LOOK) {
            let wanted = some.to_vec();
            let loaded = self.store.read(move |conn| store::delivery::load_all(conn, &wanted)).await?;
            found.extend(loaded.owed);
            for (id, error) in loaded.unreadable {
                tracing::error!(%error, "a delivery cannot be read and is set aside; the others go on");
                let (own, until) = (self.instance.clone(), self.clock.now() + SET_ASIDE);
                self.store.write(move |conn| store::delivery::set_aside(conn, &id, &own, until)).await?;
            }
        }
        Ok(found)
    }
}

type Answers = (i64, Vec<Vec<HeldRow>>, Vec<HeldRow>);

/// What this instance holds of what is asked about, and at which head of the list of changes.
fn answer(conn: &mut Conn, own: &InstanceId, questions: &[Question], strays: &[DeliveryId]) -> Result<Answers> {
    // First, so that what is read after it is at least as new.
    let head = changes::head(conn)?;
    let mut answers = Vec::with_capacity(questions.len());
    for question in questions {
        answers.push(if question.is_whole {
            store::delivery::held_of_hook(conn, own, &question.hook, MAX_HELD_OF_HOOK)?
        } else {
            let ids: Vec<DeliveryId> = question.deliveries.iter().map(|(id, _)| id.clone()).collect();
            held_among(conn, own, &ids)?
        });
    }
    Ok((head, answers, held_among(conn, own, strays)?))
}

fn held_among(conn: &mut Conn, own: &InstanceId, ids: &[DeliveryId]) -> Result<Vec<HeldRow>> {
    let mut held = Vec::with_capacity(ids.len());
    for some in ids.chunks(MAX_LOOK) {
        held.extend(store::delivery::held_among(conn, own, some)?);
    }
    Ok(held)
}
