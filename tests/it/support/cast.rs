//! Who and what stories are about, made the way the program makes them.

use std::sync::atomic::{AtomicUsize, Ordering};

use hirewire::actions::api_key::NewApiKey;
use hirewire::actions::hook::NewHook;
use hirewire::actions::interview::own_hook::OwnHookForm;
use hirewire::actions::interview::{self, InterviewForm};
use hirewire::actions::organisation::{Created, NewMember};
use hirewire::actions::vacancy::NewVacancy;
use hirewire::actions::{self, Viewer};
use hirewire::domain::api_key::ApiKey;
use hirewire::domain::candidate::{Application, Candidate, Contact, Profile, Review};
use hirewire::domain::event::{Event, EventType};
use hirewire::domain::hook::Hook;
use hirewire::domain::ids::{ApplicationId, CandidateId, HookId, InterviewId, OrganisationId, SessionId, VacancyId};
use hirewire::domain::interview::Session;
use hirewire::domain::mode::Mode;
use hirewire::domain::role::Role;
use hirewire::domain::secret::Plain;
use hirewire::store;
use serde_json::json;

use super::TestApp;

/// The password of every member.
pub const PASSWORD: &str = "correct horse battery staple";

/// An organisation with its admin.
#[derive(Clone)]
pub struct Team {
    pub id: OrganisationId,
    /// In live mode.
    pub admin: Viewer,
}

/// A number nobody had before: names, addresses and form tokens are made of it.
fn fresh() -> usize {
    static GIVEN: AtomicUsize = AtomicUsize::new(1);
    GIVEN.fetch_add(1, Ordering::Relaxed)
}

/// Names one filling of a form.
pub fn token() -> String {
    format!("filling {}", fresh())
}

/// The same member with the switch of the header on another mode.
pub fn in_mode(viewer: &Viewer, mode: Mode) -> Viewer {
    Viewer { mode, ..viewer.clone() }
}

impl TestApp {
    pub async fn an_organisation(&self) -> Team {
        let name = format!("Team {}", fresh());
        let id = actions::organisation::create(&self.context, &name, chrono_tz::Europe::Lisbon).await.expect("a team");
        let admin = self.a_member(&id, Role::Admin).await;
        Team { id, admin }
    }

    /// An admin of an organisation of their own.
    pub async fn an_admin(&self) -> Viewer {
        self.an_organisation().await.admin
    }

    pub async fn a_member(&self, organisation: &OrganisationId, role: Role) -> Viewer {
        let number = fresh();
        let new = NewMember {
            organisation: organisation.clone(),
            email: format!("{}-{number}@team.example", role.as_str()),
            name: format!("Member {number}"),
            role,
            password: Plain::new(PASSWORD.into()),
            is_printed: false,
        };
        let created = actions::organisation::create_member(&self.context, new).await.expect("a member");
        let Created::Member(id) = created else { panic!("the address is fresh") };
        let organisation = organisation.clone();
        let (member, organisation) = self
            .read(move |conn| {
                let member = store::member::find(conn, &id)?.expect("just made");
                Ok::<_, store::StoreError>((member, store::organisation::find(conn, &organisation)?.expect("theirs")))
            })
            .await;
        Viewer { member, organisation, role, mode: Mode::Live, session: format!("session {number}") }
    }

    /// Gives a member a place in another organisation as well, as if they had accepted an invitation.
    pub async fn joins(&self, viewer: &Viewer, organisation: &OrganisationId, role: Role) {
        let (member, organisation, now) = (viewer.member.id.clone(), organisation.clone(), self.now());
        self.write(move |conn| store::member::join(conn, &member, &organisation, role, now)).await;
    }

    /// A hook as a form asks for it; unsigned, for every event, with the policy *Quick* unless the form says otherwise.
    pub async fn a_hook_with(&self, viewer: &Viewer, url: &str, form: NewHook) -> Hook {
        let form = NewHook { url: url.to_owned(), token: token(), ..form };
        let created = actions::hook::create(&self.context, viewer, form).await.expect("a hook");
        self.hook(viewer, &created.id).await
    }

    pub async fn a_hook(&self, viewer: &Viewer, url: &str) -> Hook {
        self.a_hook_with(viewer, url, NewHook::default()).await
    }

    /// A signed hook and its secret.
    pub async fn a_signed_hook(&self, viewer: &Viewer, url: &str) -> (Hook, String) {
        let hook = self.a_hook_with(viewer, url, NewHook { sign: true, ..NewHook::default() }).await;
        let shown = self.what_is_shown_once(viewer, hook.id.as_str()).await;
        let secret = shown.into_iter().find(|(kind, _)| kind == "secret").expect("a secret").1;
        (hook, secret)
    }

    pub async fn hook(&self, viewer: &Viewer, id: &HookId) -> Hook {
        let (organisation, id) = (viewer.organisation.id.clone(), id.clone());
        self.read(move |conn| store::hook::find(conn, &organisation, &id)).await.expect("a hook of theirs")
    }

    /// Kind and value of what was left for a viewer to see once.
    pub async fn what_is_shown_once(&self, viewer: &Viewer, object: &str) -> Vec<(String, String)> {
        let shown = actions::reveal::take(&self.context, viewer, object).await.expect("a database");
        shown.into_iter().map(|shown| (shown.kind, shown.value)).collect()
    }

    /// A key of a mode, as it is stored and in clear.
    pub async fn an_api_key(&self, viewer: &Viewer, mode: Mode) -> (ApiKey, String) {
        let form = NewApiKey { name: "Partner".into(), mode: mode.to_string(), token: token() };
        let id = actions::api_key::create(&self.context, viewer, form).await.expect("a key");
        let (organisation, wanted) = (viewer.organisation.id.clone(), id.clone());
        let key = self.read(move |conn| store::api_key::find(conn, &organisation, &wanted)).await.expect("a key");
        let mut shown = self.what_is_shown_once(viewer, id.as_str()).await;
        (key, shown.remove(0).1)
    }

    /// A vacancy in the viewer's mode with so many candidates.
    pub async fn a_vacancy_with(&self, viewer: &Viewer, candidates: usize) -> (VacancyId, Vec<CandidateId>) {
        let form = NewVacancy { title: format!("Engineer {}", fresh()), token: token(), ..NewVacancy::default() };
        let vacancy = actions::vacancy::create(&self.context, viewer, form).await.expect("a vacancy");
        let people: Vec<_> = (0..candidates).map(|_| self.applicant(viewer, &vacancy)).collect();
        let ids = people.iter().map(|(candidate, _)| candidate.id.clone()).collect();
        self.write(move |conn| {
            for (candidate, application) in &people {
                store::candidate::insert(conn, candidate)?;
                store::candidate::insert_application(conn, application)?;
            }
            Ok::<_, store::StoreError>(())
        })
        .await;
        (vacancy, ids)
    }

    fn applicant(&self, viewer: &Viewer, vacancy: &VacancyId) -> (Candidate, Application) {
        let (now, number) = (self.now(), fresh());
        let email = Contact { kind: "work".into(), value: format!("candidate-{number}@mail.example") };
        let candidate = Candidate {
            id: CandidateId::new(now),
            organisation_id: viewer.organisation.id.clone(),
            mode: viewer.mode,
            external_id: None,
            profile: Profile { full_name: format!("Candidate {number}"), emails: vec![email], ..Profile::default() },
            consent_withdrawn_at: None,
            created_at: now,
            updated_at: now,
        };
        let application = Application {
            id: ApplicationId::new(now),
            candidate_id: candidate.id.clone(),
            vacancy_id: vacancy.clone(),
            applied_at: now,
            source: None,
            status: "active".into(),
            stage: "Interview".into(),
            review: Review::default(),
            updated_at: now,
        };
        (candidate, application)
    }

    /// An interview in the viewer's mode, of half an hour, whose sessions expire two hours after their start.
    pub async fn an_interview(&self, viewer: &Viewer) -> InterviewId {
        let form = InterviewForm { title: format!("Interview {}", fresh()), token: token(), ..InterviewForm::empty() };
        interview::create(&self.context, viewer, form).await.expect("an interview")
    }

    /// An invitation to it.
    pub async fn a_session(&self, viewer: &Viewer, of: &InterviewId, candidate: &CandidateId) -> SessionId {
        let candidate = candidate.to_string();
        interview::invite(&self.context, viewer, of.clone(), candidate, &token()).await.expect("a session")
    }

    /// A session of somebody new that has been started.
    pub async fn a_started_session(&self, viewer: &Viewer, of: &InterviewId) -> SessionId {
        let (_, candidates) = self.a_vacancy_with(viewer, 1).await;
        let id = self.a_session(viewer, of, &candidates[0]).await;
        interview::start(&self.context, viewer, of.clone(), id.clone()).await.expect("it was invited");
        id
    }

    pub async fn session(&self, viewer: &Viewer, id: &SessionId) -> Session {
        let (organisation, id) = (viewer.organisation.id.clone(), id.clone());
        let found = self.read(move |conn| store::interview::find_session(conn, &organisation, &id)).await;
        found.expect("a session of theirs")
    }

    /// Gives an interview a hook of its own, or with an empty address none.
    pub async fn an_override(&self, viewer: &Viewer, of: &InterviewId, url: &str) -> Option<Hook> {
        let form = OwnHookForm { url: url.to_owned(), policy: String::new() };
        interview::own_hook::save(&self.context, viewer, of.clone(), form).await.expect("it is saved");
        let (organisation, of) = (viewer.organisation.id.clone(), of.clone());
        self.read(move |conn| store::hook::of_interview(conn, &organisation, &of)).await
    }

    /// Has a partner report an event of a type.
    pub async fn report(&self, key: &ApiKey, kind: &str) -> Event {
        let kind = EventType::parse(kind).expect("a type of the catalogue");
        let data = json!({"jobId": "J-1", "title": "Weaver of cables"});
        actions::event::report(&self.context, key, kind, data).await.expect("it is recorded")
    }
}
