//! Routes: which hooks an event reaches.

use std::collections::HashMap;

use super::event::{Event, EventType};
use super::hook::{Hook, Subscription};
use super::ids::InterviewId;

/// The hooks of an organisation and mode, arranged so that those that do not want an event cost it nothing.
#[derive(Debug, Clone, Default)]
pub struct Routes {
    hooks: Vec<Hook>,
    /// Places of the hooks that want every event.
    of_all: Vec<usize>,
    /// Places of the others that want a type, in order.
    by_type: HashMap<EventType, Vec<usize>>,
}

impl Routes {
    /// The routes to these hooks.
    pub fn new(hooks: Vec<Hook>) -> Self {
        let mut of_all = Vec::new();
        let mut by_type: HashMap<EventType, Vec<usize>> = HashMap::new();
        for (at, hook) in hooks.iter().enumerate() {
            match &hook.subscription {
                Subscription::All => of_all.push(at),
                Subscription::Only(kinds) => kinds.iter().for_each(|kind| by_type.entry(*kind).or_default().push(at)),
            }
        }
        Self { hooks, of_all, by_type }
    }

    /// The hooks that an event reaches by routing, in their order. An event of an interview that has a hook of its own goes
    /// there in place of the default hook, whatever that one's subscription says; others get it as they get any event (S2).
    pub fn of(&self, event: &Event, interview: Option<&InterviewId>) -> Vec<&Hook> {
        let mut places = self.of_all.clone();
        places.extend(self.by_type.get(&event.kind).into_iter().flatten());
        places.sort_unstable();
        places.dedup();
        let wanting: Vec<&Hook> = places.into_iter().filter_map(|at| self.hooks.get(at)).collect();
        let is_own = |hook: &Hook| interview.is_some() && hook.interview() == interview && hook.takes(event);
        let is_overridden = interview.is_some() && wanting.iter().any(|hook| is_own(hook));
        let reaches = |hook: &&Hook| is_own(hook) || (hook.routes(event) && !(is_overridden && hook.is_default));
        wanting.into_iter().filter(reaches).collect()
    }
}
