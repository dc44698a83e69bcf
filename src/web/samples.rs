//! People and things for the tests of the views.

use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};

use crate::actions::Viewer;
use crate::domain::candidate::{Applicant, Application, Candidate, Contact, Profile, Rating, Review};
use crate::domain::delivery::{Delivery, DeliveryRecord, DeliveryState};
use crate::domain::event::{Cause, Event, EventType};
use crate::domain::export::Export;
use crate::domain::hook::{Credential, FieldSet, Hook, HookKind, HookState, Subscription};
use crate::domain::hook_url::HookUrl;
use crate::domain::ids::*;
use crate::domain::member::{Member, PasswordMark};
use crate::domain::mode::Mode;
use crate::domain::organisation::Organisation;
use crate::domain::policy::Policy;
use crate::domain::role::Role;
use crate::domain::secret::CredentialKind;
use crate::domain::vacancy::{Vacancy, VacancyStatus};
use crate::store::export::ExportView;
use crate::web::time::LocalTime;

/// 20 November 2026, 14:42:15 in Berlin.
pub fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 13, 42, 15).single().expect("a time")
}

/// That time, as pages of a Berlin organisation tell it.
pub fn time() -> LocalTime {
    LocalTime { zone: chrono_tz::Tz::Europe__Berlin, now: now() }
}

/// Nguyễn Thị Ánh of Acme Hiring, in live mode.
pub fn viewer(role: Role) -> Viewer {
    let organisation = Organisation {
        id: OrganisationId::new(now()),
        name: "Acme Hiring".into(),
        time_zone: chrono_tz::Tz::Europe__Berlin,
        suspended_at: None,
        created_at: now(),
    };
    let member = Member {
        id: MemberId::new(now()),
        email: "anh@demo.example".into(),
        name: "Nguyễn Thị Ánh".into(),
        created_at: now(),
        address_proven_at: Some(now()),
        password_given_at: None,
        password: PasswordMark::default(),
    };
    Viewer { member, organisation, role, mode: Mode::Live, session: "s".into() }
}

/// An open vacancy.
pub fn vacancy(title: &str) -> Vacancy {
    Vacancy {
        id: VacancyId::new(now()),
        organisation_id: OrganisationId::new(now()),
        mode: Mode::Live,
        title: title.into(),
        reference: Some("ENG-2026-114".into()),
        status: VacancyStatus::Open,
        department: Some("Platform".into()),
        location: None,
        created_at: now() - TimeDelta::days(17),
        updated_at: now(),
    }
}

/// An applicant with one rating of 4.6.
pub fn applicant(name: &str, email: &str) -> Applicant {
    let candidate = Candidate {
        id: CandidateId::new(now()),
        organisation_id: OrganisationId::new(now()),
        mode: Mode::Live,
        external_id: None,
        profile: Profile {
            full_name: name.into(),
            emails: vec![Contact { kind: "work".into(), value: email.into() }],
            ..Profile::default()
        },
        consent_withdrawn_at: None,
        created_at: now(),
        updated_at: now(),
    };
    let application = Application {
        id: ApplicationId::new(now()),
        candidate_id: candidate.id.clone(),
        vacancy_id: VacancyId::new(now()),
        applied_at: now() - TimeDelta::days(2),
        source: Some("Referral".into()),
        status: "active".into(),
        stage: "Technical interview".into(),
        review: Review {
            ratings: vec![Rating { criterion: "System design".into(), score: 4.6, max: 5.0 }],
            ..Review::default()
        },
        updated_at: now(),
    };
    Applicant { candidate, application }
}

/// An active hook of the policy *Patient*.
pub fn hook(name: &str) -> Hook {
    Hook {
        id: HookId::new(now()),
        organisation_id: OrganisationId::new(now()),
        mode: Mode::Live,
        name: name.into(),
        url: HookUrl::parse("hooks.northwind-data.example/v2").expect("an address"),
        policy: Policy::Patient,
        field_set: FieldSet::Standard,
        subscription: Subscription::All,
        rate: None,
        note: None,
        is_default: true,
        kind: HookKind::General,
        state: HookState::Active,
        created_by: None,
        created_at: now(),
        updated_at: now(),
        replaced_by: None,
    }
}

/// A key or secret that the receiver knows, made ten days ago.
pub fn credential(kind: CredentialKind, ends_in: &str) -> Credential {
    Credential {
        id: CredentialId::new(now()),
        hook_id: HookId::new(now()),
        kind,
        ends_in: ends_in.into(),
        created_by: None,
        created_at: now() - TimeDelta::days(10),
        ends_at: None,
        is_known: true,
        last_used_at: None,
    }
}

/// An export of 12 to the hook, confirmed by the viewer half a minute ago, whose delivery stands there.
pub fn export(viewer: &Viewer, vacancy: &Vacancy, hook: &Hook, state: DeliveryState) -> ExportView {
    let confirmed = now() - TimeDelta::seconds(23);
    let event = Event {
        id: EventId::new(confirmed),
        organisation_id: viewer.organisation.id.clone(),
        mode: vacancy.mode,
        kind: EventType::CANDIDATES_EXPORTED,
        cause: Cause::Member(viewer.member.id.clone()),
        occurred_at: confirmed,
        probe: false,
    };
    let id = DeliveryId::new(confirmed);
    let delivery = Delivery::owed(id, &event, hook.id.clone(), hook.field_set, false, confirmed);
    let export = Export {
        id: ExportId::new(confirmed),
        organisation_id: viewer.organisation.id.clone(),
        mode: vacancy.mode,
        vacancy_id: vacancy.id.clone(),
        hook_id: hook.id.clone(),
        event_id: event.id,
        delivery_id: delivery.id.clone(),
        requested_by: viewer.member.id.clone(),
        field_set: hook.field_set,
        candidate_count: 12,
        excluded: Vec::new(),
        created_at: confirmed,
    };
    ExportView {
        export,
        delivery: Delivery::restored(DeliveryRecord { state, ..delivery.into_record() }),
        vacancy_title: vacancy.title.clone(),
        hook_name: hook.name.clone(),
        requested_by_name: viewer.member.name.clone(),
    }
}
