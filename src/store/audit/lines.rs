//! The lines that acts make in the operator's log: gathered while a write is run, said once it is durable.

use std::cell::RefCell;

use crate::domain::ids::{AuditId, MemberId, OrganisationId};

/// An act that was written.
#[derive(Debug)]
pub(in crate::store) struct Line {
    pub id: AuditId,
    pub organisation: Option<OrganisationId>,
    pub member: Option<MemberId>,
    pub act: &'static str,
    pub object: Option<String>,
}

thread_local! {
    /// The acts of the write that this thread runs.
    static UNDER_WAY: RefCell<Vec<Line>> = const { RefCell::new(Vec::new()) };
}

pub(super) fn add(line: Line) {
    UNDER_WAY.with_borrow_mut(|lines| lines.push(line));
}

/// Runs a write on this thread, and gives the acts that it has written beside its result.
pub(in crate::store) fn gathered<T>(write: impl FnOnce() -> T) -> (T, Vec<Line>) {
    UNDER_WAY.take();
    let done = write();
    (done, UNDER_WAY.take())
}

impl Line {
    /// Says it, without its detail: that names webhooks, people and the addresses they come from, which the log is free of.
    /// The id leads to the row that has it.
    pub(in crate::store) fn say(&self) {
        tracing::info!(
            target: "audit",
            audit_id = %self.id,
            act = self.act,
            organisation = self.organisation.as_ref().map(OrganisationId::as_str),
            member = self.member.as_ref().map(MemberId::as_str),
            object = self.object,
        );
    }
}
