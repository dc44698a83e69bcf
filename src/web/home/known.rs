//! What Home is told from.

use chrono::{DateTime, TimeDelta, Utc};

use crate::actions::Viewer;
use crate::domain::api_key::ApiKey;
use crate::domain::attempt::ErrorClass;
use crate::domain::delivery::{Delivery, DeliveryState, Status};
use crate::domain::health::Rule;
use crate::domain::hook::{Credential, Hook, HookState};
use crate::domain::ids::HookId;
use crate::domain::role::{Permission, Role};
use crate::domain::rotation;
use crate::domain::secret::CredentialKind;
use crate::domain::vacancy::Vacancy;
use crate::store::export::{ExportFilter, ExportView};
use crate::store::hook::Unreadable;
use crate::store::log::LogFilter;
use crate::store::page::Slice;
use crate::store::sealed::Lost;
use crate::store::{self, Conn, StoreError};
use crate::web::webhooks::health::Standing;

/// How far back the figures look.
pub const WINDOW: TimeDelta = TimeDelta::hours(24);
/// A hook needs attention after this many failures in a row.
const FAILURES: usize = 3;
/// Exports that did not arrive are told of for so long, among so many of the latest.
pub const EXPORTS: TimeDelta = TimeDelta::days(7);
const MAX_EXPORTS: i64 = 50;
/// So many vacancies are shown to those who work with them.
const RECENT_VACANCIES: usize = 5;
/// A key nobody has used for so long is better revoked.
pub const UNUSED: TimeDelta = TimeDelta::days(30);

/// An active hook that fails.
pub struct Failing {
    /// The hook.
    pub hook: Hook,
    /// How many of its latest deliveries failed, one after the other.
    pub in_row: usize,
    /// How long that may go on.
    pub standing: Standing,
    /// The latest of them.
    pub last: Option<Delivery>,
}

/// A rotation that is about to end.
pub struct Rotation {
    /// Of which hook.
    pub hook: Hook,
    /// What ends.
    pub old: Credential,
}

/// Everything the page shows.
#[derive(Default)]
pub struct Known {
    /// The hooks of the mode.
    pub hooks: Vec<Hook>,
    /// Those of them that this version cannot read.
    pub unreadable: Vec<Unreadable>,
    /// Active hooks that fail.
    pub failing: Vec<Failing>,
    /// Secrets and keys that end soon though their successors have not been seen at work.
    pub rotations: Vec<Rotation>,
    /// Since when nothing is sent because this is a restored copy, and whether the viewer's organisation is the only one.
    pub held_copy: Option<(DateTime<Utc>, bool)>,
    /// How many deliveries of the viewer's mode would be sent when it is released.
    pub owed: (usize, bool),
    /// Hooks that lost a key, secret or header with the sealing key.
    pub lost: Vec<(Hook, Lost)>,
    /// Disabled hooks.
    pub disabled: Vec<(Hook, Standing)>,
    /// Paused hooks, and how much waits for each.
    pub held: Vec<(Hook, (usize, bool))>,
    /// The deliveries of the window.
    pub ended: Vec<(Status, DateTime<Utc>)>,
    /// The latest exports.
    pub exports: Vec<ExportView>,
    /// Keys nobody uses; only for those who may revoke them.
    pub unused_keys: Vec<ApiKey>,
    /// The newest vacancies, and how many candidates each has.
    pub vacancies: Vec<(Vacancy, i64)>,
    /// Whether a delivery that was no test has ever arrived.
    pub has_arrived: bool,
    /// The latest test.
    pub test: Option<Delivery>,
    /// Whether a partner system has a key.
    pub has_keys: bool,
    /// How many events no hook wanted.
    pub unrouted: usize,
}

impl Known {
    /// Reads it.
    pub fn read(conn: &mut Conn, viewer: &Viewer, rule: Rule, now: DateTime<Utc>) -> Result<Self, StoreError> {
        let (organisation, mode) = (&viewer.organisation.id, viewer.mode);
        let store::hook::Listed { hooks, unreadable } = store::hook::list(conn, organisation, mode)?;
        let recent = store::delivery::recent_statuses(conn, organisation, mode, None, now - WINDOW)?;
        let mut known = Self {
            ended: recent.into_iter().map(|(_, status, at)| (status, at)).collect(),
            vacancies: store::vacancy::list(conn, organisation, mode)?.into_iter().take(RECENT_VACANCIES).collect(),
            has_arrived: newest(conn, viewer, LogFilter { status: Some(Status::Success), ..LogFilter::default() })?
                .is_some(),
            test: newest(conn, viewer, LogFilter { tests: true, only_tests: true, ..LogFilter::default() })?,
            unrouted: store::event::count_unrouted(conn, organisation, mode)?,
            ..Self::default()
        };
        known.read_hooks(conn, viewer, &hooks, rule, now)?;
        if let Some(since) = store::hold::since(conn)? {
            known.held_copy = Some((since, store::organisation::all(conn)?.len() == 1));
            for hook in &hooks {
                let (owed, is_more) = store::delivery::count_owed_to(conn, &hook.id)?;
                known.owed = (known.owed.0 + owed, known.owed.1 || is_more);
            }
        }
        let requested_by = (viewer.role == Role::Recruiter).then(|| viewer.member.id.clone());
        let filter = ExportFilter { requested_by, limit: MAX_EXPORTS, ..ExportFilter::default() };
        known.exports = store::export::list(conn, organisation, mode, &filter)?;
        let keys = store::api_key::list(conn, organisation)?;
        let mut keys: Vec<_> = keys.into_iter().filter(|key| key.mode == mode && key.revoked_at.is_none()).collect();
        known.has_keys = !keys.is_empty();
        if viewer.role.may(Permission::ManageApiKeys) {
            keys.retain(|key| now - key.last_used_at.unwrap_or(key.created_at) > UNUSED);
            known.unused_keys = keys;
        }
        Ok(Self { hooks, unreadable, ..known })
    }

    fn read_hooks(
        &mut self,
        conn: &mut Conn,
        viewer: &Viewer,
        hooks: &[Hook],
        rule: Rule,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let ids: Vec<HookId> = hooks.iter().map(|hook| hook.id.clone()).collect();
        let mut health = store::health::of_hooks(conn, &ids)?;
        if store::sealed::were_lost(conn)? {
            for hook in hooks {
                let lost = store::sealed::lost_by(conn, &hook.id)?;
                if !lost.is_nothing() {
                    self.lost.push((hook.clone(), lost));
                }
            }
        }
        for hook in hooks {
            let mut standing = Standing { health: health.remove(&hook.id), rule, missed: (0, false) };
            match hook.state {
                HookState::Active => {
                    let (organisation, since) = (&viewer.organisation.id, now - WINDOW);
                    let own = store::delivery::recent_statuses(conn, organisation, hook.mode, Some(&hook.id), since)?;
                    let ended = own.iter().map(|(_, status, _)| *status).filter(|status| *status != Status::Pending);
                    let row = ended.take_while(|status| *status != Status::Success).count();
                    if row >= FAILURES || standing.ends(hook).is_some() {
                        let last = last_failed(conn, viewer, hook)?;
                        self.failing.push(Failing { hook: hook.clone(), in_row: row, standing, last });
                    }
                    let credentials = store::credential::live(conn, &hook.id, now)?;
                    let ending =
                        [CredentialKind::Secret, CredentialKind::Key].map(|kind| unseen(&credentials, kind, now));
                    let ending = ending.into_iter().flatten();
                    self.rotations.extend(ending.map(|old| Rotation { hook: hook.clone(), old: old.clone() }));
                }
                HookState::Disabled => {
                    standing.missed = store::delivery::count_missed_by(conn, &hook.id)?;
                    self.disabled.push((hook.clone(), standing));
                }
                HookState::Paused => self.held.push((hook.clone(), store::delivery::count_owed_to(conn, &hook.id)?)),
                HookState::Deleted => {}
            }
        }
        Ok(())
    }

    /// Exports of the last days that have not arrived, unless someone cancelled them or a later one to the same webhook did.
    pub fn stuck(&self, now: DateTime<Utc>) -> Vec<&ExportView> {
        let same = |a: &ExportView, b: &ExportView| {
            a.export.vacancy_id == b.export.vacancy_id && a.export.hook_id == b.export.hook_id
        };
        let missing = |view: &ExportView| match view.delivery.state {
            _ if view.delivery.is_resent() => false,
            DeliveryState::Retrying { .. } => true,
            DeliveryState::Failed { class, .. } => class != ErrorClass::Cancelled,
            DeliveryState::Pending { .. } | DeliveryState::Success { .. } => false,
        };
        let late = self.exports.iter().enumerate().filter(|(at, view)| {
            let later = &self.exports[..*at];
            let mended = later.iter().any(|one| same(one, view) && one.delivery.state.status() == Status::Success);
            now - view.export.created_at < EXPORTS && missing(view) && !mended
        });
        late.map(|(_, view)| view).collect()
    }

    /// How many deliveries of the window stand so.
    pub fn count(&self, wanted: Status) -> usize {
        self.ended.iter().filter(|(status, _)| *status == wanted).count()
    }
}

/// The newest delivery that a filter lets through.
fn newest(conn: &mut Conn, viewer: &Viewer, filter: LogFilter) -> Result<Option<Delivery>, StoreError> {
    let page = store::log::page(conn, &viewer.organisation.id, viewer.mode, &filter, &Slice::Newest, 1)?;
    Ok(page.lines.into_iter().next().map(|line| line.delivery))
}

/// The latest delivery to a hook that failed or is being retried.
fn last_failed(conn: &mut Conn, viewer: &Viewer, hook: &Hook) -> Result<Option<Delivery>, StoreError> {
    let mut found = Vec::new();
    for status in [Status::Failed, Status::Retrying] {
        let filter = LogFilter { hook: Some(hook.id.clone()), status: Some(status), ..LogFilter::default() };
        found.extend(newest(conn, viewer, filter)?);
    }
    found.retain(|delivery| !delivery.last_class.is_some_and(ErrorClass::is_decision));
    Ok(found.into_iter().max_by_key(|delivery| delivery.created_at))
}

/// The old one of a rotation of which more than half is over, if the new one has not been seen at work.
fn unseen(credentials: &[Credential], kind: CredentialKind, now: DateTime<Utc>) -> Option<&Credential> {
    let live = rotation::live(credentials, kind, now);
    let [new, old, ..] = live[..] else { return None };
    let end = old.ends_at?;
    let is_late = now - new.created_at >= end - now;
    (is_late && new.last_used_at.is_none() && !new.is_known).then_some(old)
}
