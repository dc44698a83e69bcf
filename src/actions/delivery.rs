//! Deliveries: tried again now, or given up (B7).

use super::{ActionError, Context, Result, Viewer};
use crate::domain::delivery::{AlreadyCompleted, Delivery};
use crate::domain::hook::HookState;
use crate::domain::ids::{DeliveryId, InstanceId};
use crate::domain::role::Role;
use crate::store::changes::Change;
use crate::store::delivery::Owed;
use crate::store::{self, Conn, StoreError};

/// Tries a delivery again at once, whatever it came to: a further attempt of the same delivery, marked manual.
pub async fn retry_now(context: &Context, viewer: &Viewer, id: DeliveryId) -> Result<()> {
    let (owned, viewer) = (context.clone(), viewer.clone());
    let owed: Option<Owed> = context
        .store
        .change(context.clock.now(), move |conn, named| {
            let (delivery, holder) = visible(conn, &viewer, &id)?;
            let hook =
                store::hook::find(conn, &viewer.organisation.id, &delivery.hook_id)?.ok_or(ActionError::NotFound)?;
            match hook.state {
                HookState::Active => {}
                HookState::Paused => {
                    return Err(ActionError::Refused(
                        "Its webhook is paused. Resume it, and what is held is sent".into(),
                    ));
                }
                HookState::Disabled => {
                    return Err(ActionError::Refused("Its webhook is disabled. Enable it first".into()));
                }
                HookState::Deleted => {
                    return Err(ActionError::Refused(
                        "Its webhook is deleted, and nothing is sent to it any more".into(),
                    ));
                }
            }
            let now = owned.clock.now();
            let again = delivery.again(now);
            let own = owned.engine.instance();
            // Whoever holds it learns by the change that it is due.
            let holder = holder.unwrap_or_else(|| own.clone());
            store::delivery::update(conn, &again, Some(&holder))?;
            audit(conn, &owned, &viewer, &again, "delivery.retried")?;
            named.push(Change::Delivery(again.organisation_id.clone(), again.id.clone()));
            Ok(if holder == *own { store::delivery::load(conn, &again.id)? } else { None })
        })
        .await?;
    context.engine.hand_over(owed.into_iter().collect());
    Ok(())
}

/// Ends a delivery that is still owed: nothing more is sent.
pub async fn cancel(context: &Context, viewer: &Viewer, id: DeliveryId) -> Result<()> {
    let (owned, viewer) = (context.clone(), viewer.clone());
    context
        .store
        .change(context.clock.now(), move |conn, named| {
            let (delivery, _) = visible(conn, &viewer, &id)?;
            let delivery = delivery.cancelled(owned.clock.now()).map_err(|AlreadyCompleted| {
                ActionError::Refused("It is already completed: there is nothing to cancel".into())
            })?;
            store::delivery::update(conn, &delivery, None)?;
            named.push(Change::Delivery(delivery.organisation_id.clone(), delivery.id.clone()));
            Ok(audit(conn, &owned, &viewer, &delivery, "delivery.cancelled")?)
        })
        .await
}

/// The delivery and who holds it, locked, if this viewer may act on it: recruiters on those of their own exports only.
fn visible(conn: &mut Conn, viewer: &Viewer, id: &DeliveryId) -> Result<(Delivery, Option<InstanceId>)> {
    let found = store::delivery::current(conn, id)?;
    let (delivery, holder) = found
        .filter(|(delivery, _)| delivery.organisation_id == viewer.organisation.id)
        .ok_or(ActionError::NotFound)?;
    if viewer.role == Role::Recruiter {
        let export = store::export::find_by_delivery(conn, &viewer.organisation.id, id)?;
        if export.is_none_or(|view| view.export.requested_by != viewer.member.id) {
            return Err(ActionError::NotFound);
        }
    }
    Ok((delivery, holder))
}

fn audit(
    conn: &mut Conn,
    context: &Context,
    viewer: &Viewer,
    delivery: &Delivery,
    act: &str,
) -> Result<(), StoreError> {
    let detail = format!("{} of event {}", delivery.kind, delivery.event_id);
    super::audit(conn, viewer, delivery.id.as_str(), act, detail, context.clock.now())
}
