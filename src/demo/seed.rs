//! Filling an empty database with *Acme Hiring*.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Europe::Berlin;

use super::interviews::Scene;
use super::{ADMIN, RECRUITER, SETTING, SUPPORT, history, people};
use crate::actions::{ActionError, Context, Result};
use crate::delivery::prepare::place;
use crate::domain::event::EventType;
use crate::domain::hook::{Credential, FieldSet, Hook, HookKind, HookState, Subscription};
use crate::domain::hook_url::HookUrl;
use crate::domain::ids::{CredentialId, HookId, MemberId, OrganisationId};
use crate::domain::member::{Member, PasswordMark};
use crate::domain::mode::Mode;
use crate::domain::organisation::Organisation;
use crate::domain::policy::Policy;
use crate::domain::role::Role;
use crate::domain::secret::CredentialKind;
use crate::store::{self, Conn, StoreError};

const MEMBERS: [(&str, &str, Role); 3] = [
    (ADMIN, "Maeve O'Brien", Role::Admin),
    (RECRUITER, "Nguyễn Thị Ánh", Role::Recruiter),
    (SUPPORT, "محمد العتيبي", Role::Support),
];

/// A hook of test mode: its name, the receiver's path, its policy, and the events it wants (all when none).
pub(super) struct DemoHook(
    pub(super) &'static str,
    pub(super) &'static str,
    pub(super) Policy,
    pub(super) &'static [&'static str],
);

pub(super) const HOOKS: [DemoHook; 4] = [
    DemoHook("Candidate warehouse", "/ok", Policy::Patient, &[]),
    DemoHook("HRIS Sync", "/status/401", Policy::Quick, &["candidate.created", "candidate.stage_changed"]),
    DemoHook("Payroll bridge", "/flaky?fail=1", Policy::Quick, &["job.created", "job.updated", "job.status_changed"]),
    DemoHook("Interview insights", "/slow?ms=1500", Policy::Single, &["interview.completed", "interview.abandoned"]),
];

/// Makes the organisation, its members, vacancies and candidates in both modes, and test mode's hooks with a day of history.
pub(super) async fn fill(context: &Context, receiver: &str, password_hash: &str) -> Result<OrganisationId> {
    let now = context.clock.now();
    let urls = HOOKS
        .iter()
        .map(|hook| HookUrl::parse(&format!("{receiver}{}", hook.1)))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| ActionError::field("receiver", error))?;
    let (owned, hash) = (context.clone(), password_hash.to_owned());
    context
        .store
        .write(move |conn| {
            let organisation = Organisation {
                id: OrganisationId::new(now - TimeDelta::days(40)),
                name: "Acme Hiring".into(),
                time_zone: Berlin,
                suspended_at: None,
                created_at: now - TimeDelta::days(40),
            };
            store::organisation::insert(conn, &organisation)?;
            let admin = members(conn, &organisation, &hash)?;
            for mode in [Mode::Live, Mode::Test] {
                hiring(conn, &organisation.id, mode, now)?;
            }
            let first = urls[0].clone();
            let hooks = hooks(conn, &owned, &organisation.id, &admin, urls, now)?;
            let scene = Scene { context: &owned, organisation: &organisation.id, admin: &admin, now };
            scene.write(conn, Mode::Live, &[], &first)?;
            scene.write(conn, Mode::Test, &hooks, &first)?;
            history::write(conn, &owned, &organisation.id, &admin, &hooks, now)?;
            store::setting::insert(conn, SETTING, organisation.id.as_str().as_bytes())?;
            Ok::<_, StoreError>(organisation.id)
        })
        .await
        .map_err(ActionError::Store)
}

fn members(conn: &mut Conn, organisation: &Organisation, hash: &str) -> Result<MemberId, StoreError> {
    let mut admin = None;
    for (email, name, role) in MEMBERS {
        let created_at = organisation.created_at;
        let member = Member {
            id: MemberId::new(created_at),
            email: email.into(),
            name: name.into(),
            created_at,
            address_proven_at: Some(created_at),
            password_given_at: None,
            password: PasswordMark::of(hash),
        };
        store::member::insert(conn, &member, hash)?;
        store::member::join(conn, &member.id, &organisation.id, role, created_at)?;
        admin = admin.or(Some(member.id));
    }
    Ok(admin.unwrap_or_else(|| MemberId::new(organisation.created_at)))
}

fn hiring(conn: &mut Conn, organisation: &OrganisationId, mode: Mode, now: DateTime<Utc>) -> Result<(), StoreError> {
    for (place, vacancy) in people::vacancies(organisation, mode, now).into_iter().enumerate() {
        store::vacancy::insert(conn, &vacancy)?;
        for mut applicant in people::applicants(&vacancy, place, now) {
            // External ids are unique in a mode, and test data is told apart at a glance.
            if mode == Mode::Test {
                applicant.candidate.external_id = applicant.candidate.external_id.map(|id| format!("TEST-{id}"));
            }
            store::candidate::insert(conn, &applicant.candidate)?;
            store::candidate::insert_application(conn, &applicant.application)?;
        }
    }
    Ok(())
}

fn hooks(
    conn: &mut Conn,
    context: &Context,
    organisation: &OrganisationId,
    admin: &MemberId,
    urls: Vec<HookUrl>,
    now: DateTime<Utc>,
) -> Result<Vec<Hook>, StoreError> {
    let made = now - TimeDelta::days(30);
    let mut hooks = Vec::new();
    for (at, (DemoHook(name, _, policy, events), url)) in HOOKS.iter().zip(urls).enumerate() {
        let kinds: Vec<EventType> = events.iter().filter_map(|name| EventType::parse(name)).collect();
        let hook = Hook {
            id: HookId::new(made),
            organisation_id: organisation.clone(),
            mode: Mode::Test,
            name: (*name).into(),
            url,
            policy: *policy,
            field_set: FieldSet::Standard,
            subscription: if kinds.is_empty() { Subscription::All } else { Subscription::Only(kinds) },
            rate: None,
            note: (at == 0).then(|| "Every applicant that moves lands in the analysts’ warehouse.".into()),
            is_default: at == 0,
            kind: HookKind::General,
            state: HookState::Active,
            created_by: Some(admin.clone()),
            created_at: made,
            updated_at: made,
            replaced_by: None,
        };
        store::hook::insert(conn, &hook)?;
        // The history fills a day only: whoever accepts nothing in it has been warned of, and not disabled yet.
        store::health::restart(conn, &hook.id, now - TimeDelta::hours(18))?;
        for kind in [CredentialKind::Secret, CredentialKind::Key].into_iter().take(if at == 0 { 2 } else { 1 }) {
            let plain = kind.generate();
            let credential = Credential {
                id: CredentialId::new(made),
                hook_id: hook.id.clone(),
                kind,
                ends_in: plain.ends_in().to_owned(),
                created_by: Some(admin.clone()),
                created_at: made,
                ends_at: None,
                is_known: true,
                last_used_at: None,
            };
            let sealed = context.sealing.seal(&plain, &place(&hook.id, credential.id.as_str()));
            store::credential::insert(conn, &credential, sealed)?;
        }
        hooks.push(hook);
    }
    Ok(hooks)
}
