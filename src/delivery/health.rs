//! Health: what a batch of answers says of its hooks, and what follows from it ([`crate::domain::health`]).
//!
//! It is noted in the transaction that writes the answers down. A batch in which everything arrived costs one statement; one
//! in which something failed locks the rows of its hooks, in the order of their ids, and judges each.
//!
//! Disabling ends what is owed as *missed*, at first a chunk of it: the rest follows when it comes up to be sent, or with
//! the next sweep ([`super::mend`]). Nothing of it is sent meanwhile, because every try looks at its hook first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use super::settle::{Finished, Told};
use crate::domain::act::Act;
use crate::domain::delivery::DeliveryState;
use crate::domain::health::{Health, Rule, Verdict, Why};
use crate::domain::hook::{Hook, HookState};
use crate::domain::ids::HookId;
use crate::store::audit::Entry;
use crate::store::changes::{self, Change};
use crate::store::{self, Conn, Result, Store, StoreError};

/// What came of a batch, to be told once it is durable.
#[derive(Debug, Default)]
pub struct Noted {
    change: Option<i64>,
    news: Vec<News>,
}

#[derive(Debug)]
enum News {
    Warned { hook: Hook, percent: u8 },
    Disabled { hook: Hook, why: Why },
}

impl Noted {
    /// Whether this hook has been disabled.
    pub fn has_disabled(&self, id: &HookId) -> bool {
        self.news.iter().any(|news| matches!(news, News::Disabled { hook, .. } if hook.id == *id))
    }

    /// Tells the operator, and makes this process look at its hooks anew.
    pub fn told(&self, store: &Store) {
        for news in &self.news {
            match news {
                News::Warned { hook, percent } => tracing::warn!(
                    hook = %hook.id, host = hook.url.host(), percent,
                    "a webhook fails; it is disabled when its time is over"
                ),
                News::Disabled { hook, why } => tracing::warn!(
                    hook = %hook.id, host = hook.url.host(), why = why.as_str(),
                    "a webhook is disabled; nothing is sent to it until it is enabled"
                ),
            }
        }
        if let Some(change) = self.change {
            store.seen(change);
        }
    }

    fn follow(&mut self, conn: &mut Conn, id: &HookId, health: &Health, what: What, now: DateTime<Utc>) -> Result<()> {
        if matches!(what, What::GoesOn) {
            return Ok(());
        }
        let hook = match store::hook::by_ids(conn, std::slice::from_ref(id)) {
            Ok(mut found) => found.pop(),
            // What is said of the others is written down all the same.
            Err(error @ StoreError::Corrupt { .. }) => {
                say_once(id, &error);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        match what {
            What::GoesOn => {}
            What::Warn(percent) => {
                if let Some(hook) = hook.filter(|hook| hook.state == HookState::Active) {
                    let failed_in_row = health.failed_in_row;
                    audit(conn, &hook, Act::HookWarned { webhook: &hook.name, failed_in_row, percent }, now)?;
                    self.news.push(News::Warned { hook, percent });
                }
            }
            What::Disable(why) => {
                if let Some(hook) = store::health::disable(conn, id, why, now)? {
                    store::delivery::miss_chunk(conn, id, now)?;
                    audit(conn, &hook, Act::HookDisabled { webhook: &hook.name, why, health }, now)?;
                    self.news.push(News::Disabled { hook, why });
                }
            }
        }
        Ok(())
    }

    /// Last, because others wait for the row of the changes' number from here on.
    fn ended(mut self, conn: &mut Conn, now: DateTime<Utc>) -> Result<Self> {
        let disabled = self.news.iter().filter_map(|news| match news {
            News::Disabled { hook, .. } => Some(Change::of(hook)),
            News::Warned { .. } => None,
        });
        let named: Vec<Change> = disabled.collect();
        if !named.is_empty() {
            self.change = Some(changes::record(conn, &named, now)?);
        }
        Ok(self)
    }
}

/// A hook that cannot be read comes up with each of its answers.
fn say_once(hook: &HookId, error: &StoreError) {
    static SAID: Mutex<BTreeSet<HookId>> = Mutex::new(BTreeSet::new());
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    if said.insert(hook.clone()) {
        tracing::error!(%error, %hook, "a webhook cannot be read, so it is neither warned of nor disabled");
    }
}

fn audit(conn: &mut Conn, hook: &Hook, act: Act<'_>, now: DateTime<Utc>) -> Result<()> {
    let (organisation, object) = (Some(&hook.organisation_id), Some(hook.id.as_str()));
    store::audit::record(conn, &Entry { organisation, member: None, act, object }, now)
}

#[derive(Clone, Copy)]
enum What {
    GoesOn,
    Warn(u8),
    Disable(Why),
}

impl From<Verdict> for What {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::GoesOn => What::GoesOn,
            Verdict::Warn(percent) => What::Warn(percent),
            Verdict::Disable => What::Disable(Why::Failing),
        }
    }
}

/// What a batch says of one hook.
struct Tally {
    succeeded: Option<DateTime<Utc>>,
    /// Given up since: how many, and when the first was.
    failed: Option<(u32, DateTime<Utc>)>,
    is_gone: bool,
    last: DateTime<Utc>,
}

impl Tally {
    fn is_well(&self) -> bool {
        self.failed.is_none() && !self.is_gone
    }

    fn after(&self, health: Health) -> Health {
        let health = self.succeeded.map_or(health, |at| health.succeeded(at));
        self.failed.map_or(health, |(count, first)| health.failed(count, first))
    }
}

/// What counts: deliveries that arrived, and those that their receiver has had given up. Tests do not, nor what someone
/// cancelled, nor a further try that someone asked for and that fails.
fn tally<'a>(batch: &'a [Finished], told: &[Told]) -> BTreeMap<&'a HookId, Tally> {
    let mut tallies = BTreeMap::new();
    for (finished, told) in batch.iter().zip(told) {
        let Told::New(delivery) = told else { continue };
        let outcome = &finished.attempt.outcome;
        let is_given_up = delivery.before.is_none()
            && matches!(delivery.state, DeliveryState::Failed { class, .. } if !class.is_decision());
        if delivery.probe || !(outcome.is_success() || outcome.is_gone() || is_given_up) {
            continue;
        }
        let at = finished.attempt.finished_at;
        let new = Tally { succeeded: None, failed: None, is_gone: false, last: at };
        let tally = tallies.entry(&finished.owed.delivery.hook_id).or_insert(new);
        tally.last = tally.last.max(at);
        tally.is_gone |= outcome.is_gone();
        if outcome.is_success() {
            tally.succeeded = tally.succeeded.max(Some(at));
            tally.failed = None;
        } else if is_given_up {
            let (count, first) = tally.failed.unwrap_or((0, at));
            tally.failed = Some((count + 1, first));
        }
    }
    tallies
}

/// Notes what a batch says of its hooks.
pub(super) fn note(conn: &mut Conn, batch: &[Finished], told: &[Told], rule: Rule) -> Result<Noted> {
    let tallies = tally(batch, told);
    if tallies.values().all(Tally::is_well) {
        let arrived: Vec<_> = tallies.iter().filter_map(|(hook, tally)| Some((*hook, tally.succeeded?))).collect();
        store::health::succeeded(conn, &arrived)?;
        return Ok(Noted::default());
    }
    let hooks: Vec<&HookId> = tallies.keys().copied().collect();
    let last = tallies.values().map(|tally| tally.last).max().unwrap_or_default();
    let mut changed = Vec::with_capacity(hooks.len());
    let (mut follows, mut gone) = (Vec::new(), Vec::new());
    for (hook, health) in store::health::lock(conn, &hooks)? {
        let Some(tally) = tallies.get(&hook).filter(|_| health.disabled.is_none()) else { continue };
        let mut health = tally.after(health);
        let what = if tally.is_gone { What::Disable(Why::Gone) } else { rule.verdict(&health, tally.last).into() };
        if let What::Warn(percent) = what {
            health.warned = percent;
        }
        if tally.is_gone {
            gone.push((hook.clone(), tally.last));
        }
        follows.push((what, tally.last));
        changed.push((hook, health));
    }
    store::health::update_all(conn, &changed, &gone)?;
    let mut noted = Noted::default();
    for ((hook, health), (what, at)) in changed.iter().zip(follows) {
        noted.follow(conn, hook, health, what, at)?;
    }
    noted.ended(conn, last)
}

/// Warns of and disables those whose time passes while nothing is sent, and disables those that are gone and could not be
/// disabled when they said so.
pub async fn sweep(store: &Store, rule: Rule, now: DateTime<Utc>) -> Result<()> {
    let found = store.read(move |conn| {
        Ok::<_, StoreError>((store::health::failing(conn, rule.failures)?, store::health::gone(conn)?))
    });
    let (failing, gone) = found.await?;
    if !failing.is_empty() || !gone.is_empty() {
        store.write(move |conn| judge(conn, &failing, &gone, rule, now)).await?.told(store);
    }
    Ok(())
}

fn judge(conn: &mut Conn, failing: &[HookId], gone: &[HookId], rule: Rule, now: DateTime<Utc>) -> Result<Noted> {
    let mut noted = Noted::default();
    let hooks: BTreeSet<&HookId> = failing.iter().chain(gone).collect();
    for (hook, mut health) in store::health::lock(conn, &hooks.into_iter().collect::<Vec<_>>())? {
        let is_gone = gone.contains(&hook);
        let what = if is_gone { What::Disable(Why::Gone) } else { rule.verdict(&health, now).into() };
        if let What::Warn(percent) = what {
            health.warned = percent;
            store::health::update_all(conn, &[(hook.clone(), health)], &[])?;
        }
        noted.follow(conn, &hook, &health, what, now)?;
    }
    noted.ended(conn, now)
}
