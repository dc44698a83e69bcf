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

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::event::Cause;
    use crate::domain::hook::{FieldSet, HookKind, HookState};
    use crate::domain::hook_url::HookUrl;
    use crate::domain::ids::{EventId, HookId, OrganisationId};
    use crate::domain::mode::Mode;
    use crate::domain::policy::Policy;

    const AT: DateTime<chrono::Utc> = DateTime::UNIX_EPOCH;

    fn hook(name: &str, organisation: &OrganisationId, subscription: Subscription) -> Hook {
        Hook {
            id: HookId::new(AT),
            organisation_id: organisation.clone(),
            mode: Mode::Live,
            name: name.into(),
            note: None,
            url: HookUrl::parse("https://hooks.example/in").expect("an address"),
            policy: Policy::Quick,
            field_set: FieldSet::Standard,
            subscription,
            rate: None,
            is_default: false,
            kind: HookKind::General,
            state: HookState::Active,
            created_by: None,
            created_at: AT,
            updated_at: AT,
            replaced_by: None,
        }
    }

    fn event(organisation: &OrganisationId, kind: EventType) -> Event {
        Event {
            id: EventId::new(AT),
            organisation_id: organisation.clone(),
            mode: Mode::Live,
            kind,
            cause: Cause::Clock,
            occurred_at: AT,
            probe: false,
        }
    }

    #[test]
    fn an_event_reaches_who_wants_it_and_an_interviews_own_webhook_in_place_of_the_default_one() {
        let organisation = OrganisationId::new(AT);
        let kind = |name| EventType::parse(name).expect("a type");
        let (created, completed) = (kind("job.created"), kind("interview.completed"));
        let own = |name: &str, interview: &InterviewId, subscription| {
            let kind = HookKind::Interview { interview: interview.clone(), own_policy: false };
            Hook { kind, ..hook(name, &organisation, subscription) }
        };
        let (first, second, third) = (InterviewId::new(AT), InterviewId::new(AT), InterviewId::new(AT));
        let routes = Routes::new(vec![
            hook("jobs", &organisation, Subscription::Only(vec![created])),
            Hook { is_default: true, ..hook("default", &organisation, Subscription::All) },
            own("first's", &first, Subscription::All),
            own("second's", &second, Subscription::Only(vec![created])),
            hook("both", &organisation, Subscription::Only(vec![completed, created])),
            Hook { state: HookState::Deleted, ..hook("deleted", &organisation, Subscription::All) },
            Hook { state: HookState::Deleted, ..own("third's", &third, Subscription::All) },
        ]);
        let reached = |event: &Event, interview: Option<&InterviewId>| {
            routes.of(event, interview).into_iter().map(|hook| hook.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(reached(&event(&organisation, created), None), ["jobs", "default", "both"], "in their order");
        assert_eq!(reached(&event(&organisation, completed), None), ["default", "both"]);
        assert_eq!(reached(&event(&organisation, completed), Some(&first)), ["first's", "both"]);
        // Its own webhook does not want this one, so the default one gets it.
        assert_eq!(reached(&event(&organisation, completed), Some(&second)), ["default", "both"]);
        assert_eq!(reached(&event(&organisation, completed), Some(&third)), ["default", "both"], "it is deleted");
        assert!(reached(&event(&OrganisationId::new(AT), created), None).is_empty(), "organisations never mix");
    }
}
