//! The one transaction of an action, and what follows its commit.
//!
//! [`Context::transact`] gives the work a [`Transaction`]: connection, time, who acts, and what actions work with. The work locks
//! what it decides on, writes, says what others keep in memory ([`Transaction::changed`]), writes the act into the audit log,
//! and leaves what is to be done once all that is durable. An error undoes all of it.
//!
//! A transaction and what follows it go on to the end though whoever asked goes away, as a browser does that is closed.

use std::fmt::Display;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::{ActionError, Context, Result, Viewer, bring_in_line, to_the_end};
use crate::domain::act::Act;
use crate::domain::hook::{Hook, HookState};
use crate::domain::ids::{HookId, OrganisationId};
use crate::store::audit::Entry;
use crate::store::changes::Change;
use crate::store::delivery::Owed;
use crate::store::{self, Conn, StoreError};

/// A transaction of an action.
pub struct Transaction<'a, V = Viewer> {
    /// The connection it runs on.
    pub conn: &'a mut Conn,
    /// When it began: the time of all that it writes.
    pub now: DateTime<Utc>,
    /// Who acts.
    pub viewer: &'a V,
    /// What actions work with.
    pub context: &'a Context,
    changes: &'a mut Vec<Change>,
    follow_up: FollowUp,
}

/// Nobody of the console acts: the operator, or somebody who has yet to sign in.
#[derive(Debug, Clone, Copy)]
pub struct NoViewer;

/// What is to be done once the transaction is durable.
#[derive(Default)]
struct FollowUp {
    hooks: Vec<HookId>,
    owed: Vec<Owed>,
}

impl FollowUp {
    async fn run(self, context: &Context) {
        for hook in &self.hooks {
            bring_in_line(context, hook).await;
        }
        if !self.owed.is_empty() {
            context.engine.hand_over(self.owed);
        }
    }
}

impl Context {
    /// Does the work of a viewer in one transaction, durable when this returns `Ok`.
    pub(super) async fn transact<T: Send + 'static>(
        &self,
        viewer: &Viewer,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.transact_as(viewer.clone(), work).await
    }

    /// The same where nobody of the console acts.
    pub(super) async fn transact_without_viewer<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Transaction<'_, NoViewer>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.transact_as(NoViewer, work).await
    }

    /// Does what one filling of a form asks for, and remembers the id of what it made under the form's token. A press that comes
    /// second gets that id and nothing else, also when both come at the same moment. A form without a token was not filled in
    /// on our page: it is no second press of any other.
    pub(super) async fn transact_once<Id>(
        &self,
        viewer: &Viewer,
        token: &str,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<Id> + Send + 'static,
    ) -> Result<Id>
    where
        Id: Display + FromStr + Send + 'static,
    {
        let (id, _) = self.transact_once_with(viewer, token, |tx| Ok((work(tx)?, ()))).await?;
        Ok(id)
    }

    /// The same, with what else came of the press that did it; `None` is a second press.
    pub(super) async fn transact_once_with<Id, T>(
        &self,
        viewer: &Viewer,
        token: &str,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<(Id, T)> + Send + 'static,
    ) -> Result<(Id, Option<T>)>
    where
        Id: Display + FromStr + Send + 'static,
        T: Send + 'static,
    {
        let token = (!token.is_empty()).then(|| form_token(viewer, token));
        let inserted = token.clone();
        let done = self.transact(viewer, move |tx| {
            if let Some(before) = find_submission(tx.conn, inserted.as_deref())? {
                return before.parse().map(|id| (id, None)).map_err(|_| ActionError::NotFound);
            }
            let (id, made) = work(tx)?;
            if let Some(token) = &inserted {
                store::submission::insert(tx.conn, token, &id.to_string(), tx.now)?;
            }
            Ok((id, Some(made)))
        });
        match done.await {
            // Two presses at once: what the first one made stood in the way of the second, which was undone. It counts for both.
            Err(error) if token.is_some() => {
                let before = self.store.read(move |conn| find_submission(conn, token.as_deref())).await.ok().flatten();
                before.and_then(|id| id.parse().ok()).map(|id| (id, None)).ok_or(error)
            }
            done => done,
        }
    }

    async fn transact_as<V: Send + Sync + 'static, T: Send + 'static>(
        &self,
        viewer: V,
        work: impl FnOnce(&mut Transaction<'_, V>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        to_the_end(self, |context| async move {
            let own = context.clone();
            let done = context.store.change(context.clock.now(), move |conn, changes| {
                let (now, follow_up) = (own.clock.now(), FollowUp::default());
                let mut tx = Transaction { conn, now, viewer: &viewer, context: &own, changes, follow_up };
                let done = work(&mut tx)?;
                Ok::<_, ActionError>((done, tx.follow_up))
            });
            let (done, follow_up) = done.await?;
            follow_up.run(&context).await;
            Ok(done)
        })
        .await
    }
}

impl<V> Transaction<'_, V> {
    /// Names what others keep in memory or hold ([`crate::store::changes`]): every instance forgets it, and looks again.
    pub fn changed(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// Once this is durable, brings what is owed to a hook in line with how the hook stands then.
    pub fn bring_in_line(&mut self, hook: &HookId) {
        self.follow_up.hooks.push(hook.clone());
    }

    /// Once this is durable, hands to the engine what this instance holds and owes.
    pub fn hand_over(&mut self, owed: impl IntoIterator<Item = Owed>) {
        self.follow_up.owed.extend(owed);
    }

    /// Writes an act into the audit log that is not the viewer's in their own organisation.
    pub fn record(&mut self, entry: &Entry<'_>) -> Result<(), StoreError> {
        store::audit::record(self.conn, entry, self.now)
    }
}

impl Transaction<'_, NoViewer> {
    /// Writes down what the operator did to which thing, of an organisation if of one.
    pub fn audit_operator(
        &mut self,
        organisation: Option<&OrganisationId>,
        act: Act<'_>,
        object: &str,
    ) -> Result<(), StoreError> {
        self.record(&Entry { organisation, member: None, act, object: Some(object) })
    }
}

impl Transaction<'_> {
    /// Writes down what the viewer did to which thing of their organisation (B12).
    pub fn audit(&mut self, act: Act<'_>, object: &str) -> Result<(), StoreError> {
        let (organisation, member) = (Some(&self.viewer.organisation.id), Some(&self.viewer.member.id));
        self.record(&Entry { organisation, member, act, object: Some(object) })
    }

    /// A hook of the viewer's organisation that is not deleted. It stays as it is until the transaction ends; whoever else
    /// changes it waits.
    pub fn lock_hook(&mut self, id: &HookId) -> Result<Hook> {
        let hook = self.lock_any_hook(id)?;
        if hook.state == HookState::Deleted { Err(ActionError::NotFound) } else { Ok(hook) }
    }

    /// The same, deleted or not.
    pub fn lock_any_hook(&mut self, id: &HookId) -> Result<Hook> {
        let organisation = &self.viewer.organisation.id;
        // Only what is theirs is locked, and how it stands is read once it is.
        if store::hook::owner(self.conn, id)?.as_ref() != Some(organisation) {
            return Err(ActionError::NotFound);
        }
        store::hook::current_state(self.conn, id)?;
        store::hook::find(self.conn, organisation, id)?.ok_or(ActionError::NotFound)
    }
}

fn find_submission(conn: &mut Conn, token: Option<&str>) -> Result<Option<String>, StoreError> {
    token.map_or(Ok(None), |token| store::submission::find(conn, token))
}

/// The token of a form as it is stored: another member's does not count.
pub(super) fn form_token(viewer: &Viewer, token: &str) -> String {
    format!("{}/{}/{}", viewer.member.id, viewer.organisation.id, token.chars().take(64).collect::<String>())
}
