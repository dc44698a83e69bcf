//! Deliveries: tried again now, or given up (B7).

use super::transaction::Transaction;
use super::{ActionError, Context, Result, Viewer};
use crate::domain::act::Act;
use crate::domain::delivery::{AlreadyCompleted, Delivery};
use crate::domain::hook::HookState;
use crate::domain::ids::{DeliveryId, InstanceId};
use crate::domain::role::Role;
use crate::store;
use crate::store::changes::Change;

/// Tries a delivery again at once, whatever it came to: a further attempt of the same delivery, marked manual.
pub async fn retry_now(context: &Context, viewer: &Viewer, id: DeliveryId) -> Result<()> {
    let retried = context.transact(viewer, move |tx| {
        let (delivery, holder) = lock_delivery(tx, &id)?;
        let hook = store::hook::find(tx.conn, &tx.viewer.organisation.id, &delivery.hook_id)?;
        refuse_silent(hook.ok_or(ActionError::NotFound)?.state)?;
        let again = delivery.again(tx.now);
        let own = tx.context.engine.instance();
        // Whoever holds it learns by the change that it is due.
        let holder = holder.unwrap_or_else(|| own.clone());
        store::delivery::update(tx.conn, &again, Some(&holder))?;
        tx.audit(Act::DeliveryRetried { delivery: &again }, again.id.as_str())?;
        tx.changed(Change::Delivery(again.organisation_id.clone(), again.id.clone()));
        if holder == *own {
            let owed = store::delivery::load(tx.conn, &again.id)?;
            tx.hand_over(owed);
        }
        Ok(())
    });
    retried.await
}

/// Refuses to send to a hook that is not active.
fn refuse_silent(state: HookState) -> Result<()> {
    let why = match state {
        HookState::Active => return Ok(()),
        HookState::Paused => "Its webhook is paused. Resume it, and what is held is sent",
        HookState::Disabled => "Its webhook is disabled. Enable it first",
        HookState::Deleted => "Its webhook is deleted, and nothing is sent to it any more",
    };
    Err(ActionError::Refused(why.into()))
}

/// Ends a delivery that is still owed: nothing more is sent.
pub async fn cancel(context: &Context, viewer: &Viewer, id: DeliveryId) -> Result<()> {
    let cancelled = context.transact(viewer, move |tx| {
        let (delivery, _) = lock_delivery(tx, &id)?;
        let delivery = delivery.cancelled(tx.now).map_err(|AlreadyCompleted| {
            ActionError::Refused("It is already completed: there is nothing to cancel".into())
        })?;
        store::delivery::update(tx.conn, &delivery, None)?;
        tx.changed(Change::Delivery(delivery.organisation_id.clone(), delivery.id.clone()));
        Ok(tx.audit(Act::DeliveryCancelled { delivery: &delivery }, delivery.id.as_str())?)
    });
    cancelled.await
}

/// The delivery and who holds it, locked, if this viewer may act on it: recruiters on those of their own exports only.
fn lock_delivery(tx: &mut Transaction<'_>, id: &DeliveryId) -> Result<(Delivery, Option<InstanceId>)> {
    let organisation = &tx.viewer.organisation.id;
    let found = store::delivery::current(tx.conn, id)?;
    let found = found.filter(|(delivery, _)| delivery.organisation_id == *organisation).ok_or(ActionError::NotFound)?;
    if tx.viewer.role == Role::Recruiter {
        let export = store::export::find_by_delivery(tx.conn, organisation, id)?;
        if export.is_none_or(|view| view.export.requested_by != tx.viewer.member.id) {
            return Err(ActionError::NotFound);
        }
    }
    Ok(found)
}
