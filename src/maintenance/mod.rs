//! Chores: what has to be done from time to time, beside what anybody asks for.
//!
//! A file a chore. Each runs in a task of its own, at its own interval, under a deadline: one that hangs stops no other. The
//! intervals are those of the steady clock, so setting the clock of the machine neither stops a chore nor hurries it. What
//! cannot be undone (a secret destroyed, a session abandoned, a webhook disabled) waits while the clocks of this machine and
//! of the database disagree: one of them is wrong, and nobody knows which.
//!
//! The cast: [`instances`] says that this instance lives and takes over from the dead; [`lost`] takes up what nobody would
//! send; [`webhooks`] mends what is owed to webhooks that are paused, deleted or active again; [`hook_health`] warns of and
//! disables those that fail; [`rotations`] ends keys and secrets; [`interviews`] abandons sessions that have expired;
//! [`sign_ins`], [`forms`], [`imports`] and [`changes`] forget what is over; [`refusals`] writes down how often what was refused;
//! [`writable`] finds out whether the database takes
//! a write.
//!
//! What is *not* guaranteed: when exactly a chore runs. Whatever has to be exact is asked at the time: an attempt asks whether
//! a secret still works, a page whether a session is over.

pub mod changes;
pub mod forms;
pub mod hook_health;
pub mod imports;
pub mod instances;
pub mod interviews;
pub mod lost;
pub mod refusals;
pub mod rotations;
pub mod sign_ins;
pub mod webhooks;
pub mod writable;

use std::future::Future;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::task::JoinSet;

use crate::actions::Context;
use crate::store::StoreError;

/// A chore that takes longer is given up until its next turn.
const CHORE_TIMEOUT: Duration = Duration::from_secs(30);

/// A fault that lasts is said this often.
const SAID_EVERY: Duration = Duration::from_secs(60);

/// While clocks differ by more, nothing is done that cannot be undone.
pub const MAX_CLOCK_DIFFERENCE: TimeDelta = TimeDelta::minutes(1);

/// Something that has to be done from time to time.
pub trait Chore: Send + Sync + 'static {
    /// Its name, in log lines.
    const NAME: &'static str;
    /// How long to wait between two turns.
    const INTERVAL: Duration;
    /// Whether what it does cannot be undone.
    const IS_FINAL: bool = false;

    /// Does what there is to do now.
    fn run_once(&self, context: &Context) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// The chores of a process; they end when this is dropped.
pub struct Chores {
    _tasks: JoinSet<()>,
}

impl Chores {
    /// Starts all of them.
    pub fn start(context: &Context) -> Self {
        let mut tasks = JoinSet::new();
        tasks.spawn(repeat(instances::Instances::default(), context.clone()));
        tasks.spawn(repeat(lost::Lost, context.clone()));
        tasks.spawn(repeat(webhooks::Webhooks, context.clone()));
        tasks.spawn(repeat(hook_health::HookHealth, context.clone()));
        tasks.spawn(repeat(rotations::Rotations, context.clone()));
        tasks.spawn(repeat(interviews::Interviews, context.clone()));
        tasks.spawn(repeat(sign_ins::SignIns, context.clone()));
        tasks.spawn(repeat(forms::Forms, context.clone()));
        tasks.spawn(repeat(refusals::Refusals, context.clone()));
        tasks.spawn(repeat(imports::Imports, context.clone()));
        tasks.spawn(repeat(changes::Changes, context.clone()));
        tasks.spawn(repeat(writable::Writable, context.clone()));
        Self { _tasks: tasks }
    }
}

/// One turn of a chore, unless it has to wait for the clocks; whether it had its turn.
pub async fn turn<C: Chore>(chore: &C, context: &Context) -> Result<bool, StoreError> {
    if C::IS_FINAL && context.clock.disagreement().abs() > MAX_CLOCK_DIFFERENCE {
        return Ok(false);
    }
    chore.run_once(context).await.map(|()| true)
}

async fn repeat<C: Chore>(chore: C, context: Context) {
    let mut said: Option<Duration> = None;
    loop {
        let what = match tokio::time::timeout(CHORE_TIMEOUT, turn(&chore, &context)).await {
            Ok(Ok(true)) => None,
            Ok(Ok(false)) => Some(Err("the clocks of this machine and of the database disagree; it waits")),
            Ok(Err(error)) => Some(Ok(error)),
            Err(_) => Some(Err("it took too long")),
        };
        let now = context.clock.steady();
        let is_due = said.is_none_or(|at| now.saturating_sub(at) >= SAID_EVERY);
        if let Some(what) = what.filter(|_| is_due) {
            match what {
                Ok(error) => error.log(&format!("the chore “{}” could not be done; it is tried again", C::NAME)),
                Err(what) => tracing::error!(chore = C::NAME, what, "a chore could not be done; it is tried again"),
            }
            said = Some(now);
        }
        context.clock.sleep(C::INTERVAL).await;
    }
}
