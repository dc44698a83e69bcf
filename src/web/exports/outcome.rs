//! What there is to tell of an export.

use crate::actions::Viewer;
use crate::domain::attempt::ErrorClass;
use crate::domain::candidate::Applicant;
use crate::domain::delivery::{Delivery, DeliveryState};
use crate::domain::export::Exclusion;
use crate::domain::hook::{Hook, HookState};
use crate::domain::role::{Permission, Role};
use crate::store::export::ExportView;
use crate::web::time::LocalTime;
use crate::web::words::count;

/// What the page shows.
pub struct Outcome {
    /// The export.
    pub view: ExportView,
    /// Where it goes.
    pub hook: Hook,
    /// Whether that sends a key or a signature.
    pub proves: bool,
    /// Whom it carries: the first of them.
    pub carried: Vec<Applicant>,
    /// Who was left out, as they are now, and why they were.
    pub left_out: Vec<(Applicant, Exclusion)>,
    /// The latest exports of its vacancy.
    pub history: Vec<ExportView>,
    /// The time.
    pub time: LocalTime,
}

impl Outcome {
    /// The title, which says how it stands.
    pub fn title(&self) -> String {
        let stands = match self.delivery().state {
            DeliveryState::Pending { .. } if self.delivery().state.is_held() => "is held",
            DeliveryState::Pending { .. } => "is on its way",
            DeliveryState::Retrying { .. } if self.delivery().is_resent() => "is being sent again",
            DeliveryState::Retrying { .. } => "is retrying",
            DeliveryState::Success { .. } => "arrived",
            DeliveryState::Failed { class: ErrorClass::Cancelled, .. } => "was cancelled",
            DeliveryState::Failed { class: ErrorClass::Missed, .. } => "was not sent",
            DeliveryState::Failed { .. } => "failed",
        };
        format!("{} {stands}", self.heading())
    }

    pub(super) fn delivery(&self) -> &Delivery {
        &self.view.delivery
    }

    pub(super) fn heading(&self) -> String {
        format!("Export of {}", count(self.view.export.candidate_count as usize, "candidate"))
    }

    /// Recruiters act on their own exports; everybody else who may resend, on all.
    pub(super) fn may_act(&self, viewer: &Viewer) -> bool {
        let own = self.view.export.requested_by == viewer.member.id;
        viewer.role.may(Permission::Resend) && (own || viewer.role != Role::Recruiter)
    }

    /// Whether this viewer can have it tried at once.
    pub(super) fn may_retry(&self, viewer: &Viewer) -> bool {
        let state = self.delivery().state;
        let is_open = matches!(state, DeliveryState::Failed { .. } | DeliveryState::Retrying { .. });
        self.may_act(viewer) && self.hook.state == HookState::Active && is_open
    }
}
