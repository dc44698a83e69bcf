//! The account at the end of a story: what was accepted, what the receiver saw, and what the log says, held side by side.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Debug;
use std::time::Instant;

use hirewire::domain::attempt::ErrorClass;
use hirewire::domain::delivery::Status;

use crate::load::{Reported, Told};
use crate::log::Line;
use crate::receiver::{Arrival, Manner};
use crate::scene::{AT_ONCE, AT_ONCE_IN_ALL};

/// Names a delivery on all three sides.
type Name = (Manner, String);

/// The end of a process that had no time to say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Crash {
    pub began: Instant,
    /// What it had sent was read by then, and its successor had sent nothing.
    pub over: Instant,
}

impl Crash {
    /// One whose last words are nobody's concern.
    pub fn at(moment: Instant) -> Self {
        Self { began: moment, over: moment }
    }
}

pub struct Account {
    reported: Vec<Reported>,
    /// Each delivery's requests, in order.
    arrivals: HashMap<Name, Vec<Arrival>>,
    log: HashMap<Name, Line>,
    crashes: Vec<Crash>,
}

impl Account {
    pub fn new(reported: Vec<Reported>, arrivals: Vec<Arrival>, lines: Vec<Line>, crashes: Vec<Crash>) -> Self {
        let mut by_name = HashMap::<Name, Vec<Arrival>>::new();
        for arrival in arrivals {
            by_name.entry((arrival.manner, arrival.id.clone())).or_default().push(arrival);
        }
        let mut log = HashMap::new();
        for line in lines {
            let twice = log.insert((line.manner, line.event().to_owned()), line);
            assert!(twice.is_none(), "one event is owed twice to one hook: {twice:?}");
        }
        Self { reported, arrivals: by_name, log, crashes }
    }

    /// Everything there is to check.
    pub fn adds_up(&self) {
        self.repeats_are_what_was_in_flight();
        self.nothing_accepted_is_lost();
        self.nothing_refused_is_there();
        self.repeats_bear_the_same_bytes();
        self.the_log_agrees();
    }

    /// How many requests were more than the first to their delivery.
    pub fn repeats(&self) -> usize {
        self.arrivals.iter().filter(|(name, _)| name.0.acknowledges()).map(|(_, all)| all.len() - 1).sum()
    }

    /// How many were accepted.
    pub fn accepted(&self) -> usize {
        self.reported.iter().filter(|one| one.id().is_some()).count()
    }

    /// What was answered 202 stands in the log, and has arrived wherever somebody listens.
    fn nothing_accepted_is_lost(&self) {
        let accepted = self.reported.iter().filter_map(|one| Some((one.manner, one.id()?.to_owned())));
        // Who never answers is served slowly: what waits for it is in the log.
        let lost = accepted.filter(|name| {
            !self.log.contains_key(name) || (name.0 != Manner::Silent && !self.arrivals.contains_key(name))
        });
        none("were accepted and are lost", lost);
    }

    /// What was said not to be recorded was not.
    fn nothing_refused_is_there(&self) {
        let refused = self.reported.iter().filter(|one| matches!(one.told, Told::Refused { .. }) && !one.is_open());
        let refused: HashSet<u64> = refused.map(|one| one.number).collect();
        let firsts = self.arrivals.values().map(|all| &all[0]);
        let there = firsts.filter(|one| one.number.is_some_and(|number| refused.contains(&number)));
        none("were said not to be recorded, and arrived", there);
    }

    fn repeats_bear_the_same_bytes(&self) {
        let differing = self.arrivals.iter().filter(|(_, all)| all.iter().any(|one| one.bytes != all[0].bytes));
        none("were repeated with other bytes", differing.map(|(name, _)| name));
    }

    /// A request is repeated only when a crash took away that it was answered: what each crash finds unanswered is at most
    /// as much as may be at once, and with what was answered and not written down at most twice that.
    fn repeats_are_what_was_in_flight(&self) {
        let mut unanswered = BTreeMap::<(usize, &str), usize>::new();
        let mut by_crash = BTreeMap::<usize, usize>::new();
        let mut all = 0;
        let mut unexplained = Vec::new();
        for (name, arrivals) in &self.arrivals {
            let logged = self.log.get(name).map_or(0, |line| line.attempts.len());
            // Each attempt in the log is one request; what was seen beyond them was in flight at a crash.
            let repeats = arrivals.len().saturating_sub(logged.max(1));
            let across =
                arrivals.windows(2).filter_map(|pair| Some((&pair[0], self.crash_between(&pair[0], &pair[1])?)));
            let across: Vec<(&Arrival, usize)> = across.take(repeats).collect();
            if across.len() < repeats {
                unexplained.push((name, arrivals.len(), logged));
            }
            all += repeats;
            // Of requests that are retried anyway it is not known which of them was the repeat.
            for (first, crash) in across.into_iter().filter(|_| name.0.acknowledges()) {
                *by_crash.entry(crash).or_default() += 1;
                if first.answered.is_none_or(|answered| answered >= self.crashes[crash].began) {
                    *unanswered.entry((crash, name.0.name())).or_default() += 1;
                }
            }
        }
        none("were sent again although nothing crashed (requests, attempts in the log)", unexplained.into_iter());
        let many = unanswered.into_iter().filter(|(_, repeated)| *repeated > AT_ONCE);
        none("crashes repeated more to a hook than was under way to it (crash, hook, repeats)", many);
        let many = by_crash.into_iter().filter(|(_, repeated)| *repeated > 2 * AT_ONCE_IN_ALL);
        none("crashes repeated more than was in flight (crash, repeats)", many);
        assert!(all <= 2 * AT_ONCE_IN_ALL * self.crashes.len(), "{all} repeats after {} crashes", self.crashes.len());
    }

    fn crash_between(&self, earlier: &Arrival, later: &Arrival) -> Option<usize> {
        self.crashes.iter().position(|crash| earlier.at < crash.over && crash.over < later.at)
    }

    fn the_log_agrees(&self) {
        let unlogged = self.arrivals.keys().filter(|name| !self.log.contains_key(*name));
        none("arrived and are not in the log", unlogged);
        let wrong = self.log.iter().filter_map(|(name, line)| Some((name, self.disagreement(name, line)?)));
        none("are not in the log as the receiver saw them", wrong);
        // An answer that got lost leaves it open whether the event was recorded; no other event may be there.
        let (accepted, open) = (self.accepted(), self.reported.iter().filter(|one| one.is_open()).count());
        assert!(
            self.log.len() <= accepted + open,
            "{} events are in the log, of {accepted} accepted and {open} of which that is not known",
            self.log.len()
        );
    }

    fn disagreement(&self, name: &Name, line: &Line) -> Option<String> {
        let seen = self.arrivals.get(name).map_or(0, Vec::len);
        let says = |what: &str| {
            let tries: Vec<_> = line.attempts.iter().map(|one| (one.outcome.status, one.outcome.class)).collect();
            Some(format!("{what}: {:?} after {tries:?}, {seen} requests seen", line.delivery.state))
        };
        let status = line.delivery.state.status();
        if name.0.acknowledges() {
            return match (status, line.answered(200)) {
                (Status::Success, 1) if seen > 0 => None,
                _ => says("it was acknowledged"),
            };
        }
        if name.0 == Manner::Failing {
            return match (status, line.attempts.len(), line.answered(500)) {
                (Status::Failed, 4, answered) if answered <= seen => None,
                _ => says("it was refused four times"),
            };
        }
        let waited = |class: Option<ErrorClass>| class == Some(ErrorClass::ResponseTimeout);
        let waited = line.attempts.iter().filter(|one| waited(one.outcome.class)).count();
        if status == Status::Success || waited > seen { says("it was never answered") } else { None }
    }
}

/// Fails with the number and the first few when there are any.
#[track_caller]
fn none<T: Debug>(what: &str, all: impl Iterator<Item = T>) {
    let all: Vec<T> = all.collect();
    assert!(all.is_empty(), "{} {what}, such as {:#?}", all.len(), &all[..all.len().min(5)]);
}
