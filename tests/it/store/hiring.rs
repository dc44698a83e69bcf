//! Vacancies, candidates and exports.

use chrono::TimeDelta;
use hirewire::actions::Viewer;
use hirewire::actions::export::{self, Confirmed};
use hirewire::domain::candidate::{
    Answer, Application, Assessment, Candidate, Contact, Experience, Language, Profile, Qualification, Rating, Review,
};
use hirewire::domain::export::Exclusion;
use hirewire::domain::ids::{ApplicationId, CandidateId, ExportId, VacancyId};
use hirewire::domain::mode::Mode;
use hirewire::domain::vacancy::{Vacancy, VacancyStatus};
use hirewire::store::candidate::ApplicantPage;
use hirewire::store::export::ExportFilter;
use hirewire::store::{self, StoreError};

use crate::support::{Receiver, TestApp, in_mode, token};

on_both_databases!(
    vacancies_are_found_and_counted_by_their_organisation_alone,
    candidates_read_back_as_they_were_written_and_are_found_again,
    applicants_are_paged_filtered_and_counted,
    exports_are_found_with_how_they_went,
);

fn vacancy(viewer: &Viewer, minutes: i64, now: chrono::DateTime<chrono::Utc>) -> Vacancy {
    let at = now + TimeDelta::minutes(minutes);
    Vacancy {
        id: VacancyId::new(at),
        organisation_id: viewer.organisation.id.clone(),
        mode: viewer.mode,
        title: format!("Vacancy {minutes}"),
        reference: Some("ENG-1".into()),
        status: VacancyStatus::Draft,
        department: None,
        location: Some("Lisboa".into()),
        created_at: at,
        updated_at: at,
    }
}

async fn vacancies_are_found_and_counted_by_their_organisation_alone(app: TestApp) {
    let (own, foreign) = (app.an_admin().await, app.an_admin().await);
    let now = app.now();
    let (with_three, _) = app.a_vacancy_with(&own, 3).await;
    let (theirs, _) = app.a_vacancy_with(&foreign, 1).await;
    app.a_vacancy_with(&in_mode(&own, Mode::Test), 1).await;
    app.write(move |conn| {
        let (older, newer) = (vacancy(&own, -5, now), vacancy(&own, 5, now));
        store::vacancy::insert(conn, &older)?;
        store::vacancy::insert(conn, &newer)?;
        let organisation = &own.organisation.id;
        assert_eq!(store::vacancy::find(conn, organisation, &older.id)?, Some(older.clone()));
        assert_eq!(store::vacancy::find(conn, organisation, &theirs)?, None);
        let list = store::vacancy::list(conn, organisation, Mode::Live)?;
        let shown: Vec<_> = list.iter().map(|(vacancy, count)| (&vacancy.id, *count)).collect();
        assert_eq!(shown, [(&newer.id, 0), (&with_three, 3), (&older.id, 0)], "newest first");
        Ok::<_, StoreError>(())
    })
    .await;
}

/// A candidate with something in every field.
fn full(viewer: &Viewer, email: &str, now: chrono::DateTime<chrono::Utc>) -> Candidate {
    let contact = |kind: &str, value: &str| Contact { kind: kind.into(), value: value.into() };
    Candidate {
        id: CandidateId::new(now),
        organisation_id: viewer.organisation.id.clone(),
        mode: viewer.mode,
        external_id: Some(format!("ext {email}")),
        profile: Profile {
            first_name: Some("Siobhán".into()),
            last_name: Some("Ó Briain".into()),
            full_name: "Siobhán Ó Briain \u{1F3F4}".into(),
            emails: vec![contact("work", email), contact("home", "x@y.example")],
            phones: vec![contact("mobile", "+353 1 234")],
            location: Some("Corcaigh".into()),
            links: vec![contact("linkedin", "https://a.example/\"'<>")],
            qualifications: vec![Qualification { title: "BSc".into(), institution: None, year: Some(2_019) }],
            experience: vec![Experience {
                company: None,
                title: "Weaver".into(),
                from: Some("2020-01".into()),
                to: None,
            }],
            skills: vec!["Rust".into()],
            languages: vec![Language { language: "Gaeilge".into(), level: Some("C2".into()) }],
            tags: vec!["priority".into()],
        },
        consent_withdrawn_at: Some(now),
        created_at: now,
        updated_at: now,
    }
}

fn application(
    candidate: &Candidate,
    vacancy: &VacancyId,
    stage: &str,
    now: chrono::DateTime<chrono::Utc>,
) -> Application {
    Application {
        id: ApplicationId::new(now),
        candidate_id: candidate.id.clone(),
        vacancy_id: vacancy.clone(),
        applied_at: now - TimeDelta::days(3),
        source: Some("referral".into()),
        status: "active".into(),
        stage: stage.into(),
        review: Review {
            answers: vec![Answer { question: "Why?".into(), answer: "Because.".into() }],
            ratings: vec![Rating { criterion: "Craft".into(), score: 4.5, max: 5.0 }],
            assessments: vec![Assessment { name: "Test".into(), score: None, max: None, completed_at: Some(now) }],
        },
        updated_at: now,
    }
}

async fn candidates_read_back_as_they_were_written_and_are_found_again(app: TestApp) {
    let (own, foreign) = (app.an_admin().await, app.an_admin().await);
    let (vacancy, _) = app.a_vacancy_with(&own, 0).await;
    let now = app.now();
    let twin = full(&own, "Siobhan@Mail.Example", now);
    let clash = twin.clone();
    app.write(move |conn| {
        let candidate = twin;
        let (organisation, theirs) = (&own.organisation.id, &foreign.organisation.id);
        store::candidate::insert(conn, &candidate)?;
        let applied = application(&candidate, &vacancy, "Interview", now);
        store::candidate::insert_application(conn, &applied)?;
        let by_external = |conn: &mut store::Conn, organisation, mode| {
            store::candidate::find_by_external_id(conn, organisation, mode, "ext Siobhan@Mail.Example")
        };
        assert_eq!(by_external(conn, organisation, Mode::Live)?, Some(candidate.clone()));
        assert_eq!(by_external(conn, organisation, Mode::Test)?, None);
        assert_eq!(by_external(conn, theirs, Mode::Live)?, None);
        let by_email = |conn: &mut store::Conn, organisation, email| {
            store::candidate::find_by_email(conn, organisation, Mode::Live, email)
        };
        assert_eq!(by_email(conn, organisation, "SIOBHAN@mail.example")?, std::slice::from_ref(&candidate));
        assert_eq!(by_email(conn, organisation, "x@y.example")?, [], "only the main address counts");
        assert_eq!(by_email(conn, theirs, "siobhan@mail.example")?, []);
        assert_eq!(store::candidate::find_application(conn, &vacancy, &candidate.id)?, Some(applied.clone()));
        let found =
            store::candidate::applicants_by_ids(conn, &vacancy, &[candidate.id.clone(), CandidateId::new(now)])?;
        assert_eq!((found.len(), &found[0].candidate, &found[0].application), (1, &candidate, &applied));

        let mut changed = candidate.clone();
        changed.profile.emails[0].value = "new@mail.example".into();
        changed.external_id = None;
        changed.consent_withdrawn_at = None;
        store::candidate::update(conn, &changed)?;
        assert_eq!(by_email(conn, organisation, "new@mail.example")?, [changed]);
        assert_eq!(by_email(conn, organisation, "siobhan@mail.example")?, []);
        assert_eq!(by_external(conn, organisation, Mode::Live)?, None);
        let moved = Application { stage: "Offer".into(), source: None, ..applied };
        store::candidate::update_application(conn, &moved)?;
        assert_eq!(store::candidate::find_application(conn, &vacancy, &candidate.id)?, Some(moved));
        store::candidate::update(conn, &candidate)?;
        Ok::<_, StoreError>(())
    })
    .await;
    let clash = Candidate { id: CandidateId::new(now), ..clash };
    let again = app.context.store.write(move |conn| store::candidate::insert(conn, &clash)).await;
    assert!(again.expect_err("one external id, one candidate").is_duplicate());
}

async fn applicants_are_paged_filtered_and_counted(app: TestApp) {
    let own = app.an_admin().await;
    let (vacancy, _) = app.a_vacancy_with(&own, 0).await;
    let (elsewhere, others) = app.a_vacancy_with(&own, 2).await;
    let now = app.now();
    app.write(move |conn| {
        let mut newest_first = Vec::new();
        for (number, stage) in ["Applied", "Interview", "Applied", "Offer", "Applied"].into_iter().enumerate() {
            let at = now + TimeDelta::minutes((number / 2) as i64);
            let candidate = full(&own, &format!("c{number}@mail.example"), at);
            let applied = application(&candidate, &vacancy, stage, at);
            store::candidate::insert(conn, &candidate)?;
            store::candidate::insert_application(conn, &applied)?;
            newest_first.push((at, applied.id, candidate.id, stage));
        }
        newest_first.sort_by(|a, b| (b.0, &b.1).cmp(&(a.0, &a.1)));
        let expected: Vec<_> = newest_first.iter().map(|(_, _, id, _)| id.clone()).collect();
        let page = |conn: &mut store::Conn, stage: Option<&str>, offset, limit| {
            let page = ApplicantPage { stage: stage.map(str::to_owned), offset, limit };
            let found = store::candidate::applicants(conn, &vacancy, &page)?;
            Ok::<_, StoreError>(found.into_iter().map(|one| one.candidate.id).collect::<Vec<_>>())
        };
        assert_eq!(page(conn, None, 0, 100)?, expected);
        assert_eq!(page(conn, None, 0, 2)?, expected[..2]);
        assert_eq!(page(conn, None, 2, 2)?, expected[2..4]);
        let applied: Vec<_> =
            newest_first.iter().filter(|one| one.3 == "Applied").map(|(_, _, id, _)| id.clone()).collect();
        assert_eq!(page(conn, Some("Applied"), 0, 100)?, applied);
        assert_eq!(store::candidate::applicant_ids(conn, &vacancy, Some("Applied"), 2)?, applied[..2]);
        assert_eq!(store::candidate::applicant_ids(conn, &vacancy, None, 100)?, expected);
        let stages = [("Applied".to_owned(), 3), ("Interview".to_owned(), 1), ("Offer".to_owned(), 1)];
        assert_eq!(store::candidate::stages(conn, &vacancy)?, stages);
        assert!(store::candidate::applicants_by_ids(conn, &vacancy, &others)?.is_empty(), "they applied elsewhere");
        assert_eq!(store::candidate::applicants_by_ids(conn, &elsewhere, &others)?.len(), 2);
        Ok::<_, StoreError>(())
    })
    .await;
}

async fn exports_are_found_with_how_they_went(app: TestApp) {
    let (own, foreign) = (app.an_admin().await, app.an_admin().await);
    let receiver = Receiver::answering([200, 500]).await;
    let hook = app.a_hook(&own, &receiver.url()).await;
    let (vacancy, candidates) = app.a_vacancy_with(&own, 3).await;
    let withdrawn = candidates[2].clone();
    app.sql(format!("UPDATE candidates SET consent_withdrawn_at = 1 WHERE id = '{withdrawn}'")).await;
    let confirm = async |candidates: &[CandidateId]| {
        app.advance_ms(1_000);
        let confirmed = Confirmed {
            vacancy: vacancy.clone(),
            candidates: candidates.to_vec(),
            hook: hook.id.clone(),
            token: token(),
        };
        export::confirm(&app.context, &own, confirmed).await.expect("it is confirmed")
    };
    let first = confirm(&candidates).await;
    assert_eq!(app.tick().await.succeeded, 1);
    let second = confirm(&candidates[..1]).await;
    assert_eq!(app.tick().await.retrying, 1);
    let (organisation, theirs, now) = (own.organisation.id.clone(), foreign.organisation.id.clone(), app.now());
    app.read(move |conn| {
        let view = store::export::find(conn, &organisation, &first)?.expect("there");
        assert_eq!(
            (view.export.candidate_count, view.export.excluded),
            (2, vec![(withdrawn.clone(), Exclusion::ConsentWithdrawn)])
        );
        assert_eq!((&view.hook_name, &view.requested_by_name), (&hook.name, &own.member.name));
        assert!(!view.vacancy_title.is_empty() && !view.delivery.state.is_owed());
        assert!(store::export::find(conn, &theirs, &first)?.is_none());
        assert!(store::export::find(conn, &organisation, &ExportId::new(now))?.is_none());
        let by_delivery = store::export::find_by_delivery(conn, &organisation, &view.delivery.id)?.expect("there");
        assert_eq!(by_delivery.export.id, first);
        assert!(store::export::find_by_delivery(conn, &theirs, &view.delivery.id)?.is_none());

        let listed = |conn: &mut store::Conn, organisation, mode, filter: ExportFilter| {
            let found = store::export::list(conn, organisation, mode, &filter)?;
            Ok::<_, StoreError>(found.into_iter().map(|view| view.export.id).collect::<Vec<_>>())
        };
        let all = || ExportFilter { limit: 10, ..ExportFilter::default() };
        let newest_first = [second.clone(), first.clone()];
        assert_eq!(listed(conn, &organisation, Mode::Live, all())?, newest_first);
        assert_eq!(listed(conn, &organisation, Mode::Live, ExportFilter { limit: 1, ..all() })?, newest_first[..1]);
        assert_eq!(listed(conn, &organisation, Mode::Test, all())?, []);
        assert_eq!(listed(conn, &theirs, Mode::Live, all())?, []);
        let of_vacancy = ExportFilter { vacancy: Some(vacancy.clone()), ..all() };
        assert_eq!(listed(conn, &organisation, Mode::Live, of_vacancy)?, newest_first);
        let elsewhere = ExportFilter { vacancy: Some(VacancyId::new(now)), ..all() };
        assert_eq!(listed(conn, &organisation, Mode::Live, elsewhere)?, []);
        let of_another = ExportFilter { requested_by: Some(foreign.member.id.clone()), ..all() };
        assert_eq!(listed(conn, &organisation, Mode::Live, of_another)?, []);

        let in_progress = store::export::in_progress_to(conn, &hook.id)?;
        assert_eq!(in_progress.iter().map(|view| &view.export.id).collect::<Vec<_>>(), [&second]);
        let last = store::export::last_sent(conn, &vacancy, &candidates)?;
        assert_eq!(last.len(), 2, "who was left out was not sent");
        assert!(last.values().all(|view| view.export.id == first), "what has not arrived does not count");
        Ok::<_, StoreError>(())
    })
    .await;
}
