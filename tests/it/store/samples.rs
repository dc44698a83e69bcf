//! Nouns as they are written to tables, without the actions that would make them.

use chrono::{DateTime, Utc};
use hirewire::domain::delivery::{Delivery, DeliveryState};
use hirewire::domain::event::{Cause, Event, EventType};
use hirewire::domain::hook::{FieldSet, Hook, HookKind, HookState, Subscription};
use hirewire::domain::hook_url::HookUrl;
use hirewire::domain::ids::{DeliveryId, EventId, HookId, InstanceId, OrganisationId};
use hirewire::domain::mode::Mode;
use hirewire::domain::organisation::Organisation;
use hirewire::domain::policy::Policy;
use hirewire::store::event::NewEvent;
use hirewire::store::{self, Conn, Result};

use crate::support::changed;

pub fn organisation(now: DateTime<Utc>) -> Organisation {
    let time_zone = chrono_tz::Asia::Kolkata;
    Organisation { id: OrganisationId::new(now), name: "Team".into(), time_zone, suspended_at: None, created_at: now }
}

pub fn hook(organisation: &OrganisationId, mode: Mode, name: &str, now: DateTime<Utc>) -> Hook {
    Hook {
        id: HookId::new(now),
        organisation_id: organisation.clone(),
        mode,
        name: name.into(),
        url: HookUrl::parse("hooks.acme.com/in?a=b").expect("an address"),
        policy: Policy::Patient,
        field_set: FieldSet::Full,
        subscription: Subscription::Only(vec![kind("job.created"), kind("interview.completed")]),
        rate: None,
        note: None,
        is_default: false,
        kind: HookKind::General,
        state: HookState::Active,
        created_by: None,
        created_at: now,
        updated_at: now,
        replaced_by: None,
    }
}

pub fn kind(name: &str) -> EventType {
    EventType::parse(name).expect("a type of the catalogue")
}

pub fn event(organisation: &OrganisationId, mode: Mode, name: &str, now: DateTime<Utc>) -> Event {
    Event {
        id: EventId::new(now),
        organisation_id: organisation.clone(),
        mode,
        kind: kind(name),
        cause: Cause::Clock,
        occurred_at: now,
        probe: false,
    }
}

/// A delivery with its event and bytes, due at `due`, held by `holder`.
pub fn owed(
    conn: &mut Conn,
    hook: &Hook,
    due: Option<DateTime<Utc>>,
    holder: Option<&InstanceId>,
    now: DateTime<Utc>,
) -> Result<Delivery> {
    let event = event(&hook.organisation_id, hook.mode, "job.created", now);
    let bodies = vec![(hook.field_set, format!("bytes of {}", event.id).into())];
    store::event::insert(conn, &NewEvent { event: event.clone(), bodies, candidates: Vec::new() }, 1, now)?;
    let new = Delivery::owed(DeliveryId::new(now), &event, hook.id.clone(), hook.field_set, false, now);
    let new = changed(&new, |it| it.state = DeliveryState::Pending { due });
    store::delivery::insert(conn, &new, holder)?;
    Ok(new)
}
