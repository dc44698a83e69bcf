//! Made-up vacancies and candidates, with names as the world writes them.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::candidate::{
    Answer, Applicant, Application, Assessment, Candidate, Contact, Experience, Language, Profile, Qualification,
    Rating, Review,
};
use crate::domain::ids::{ApplicationId, CandidateId, OrganisationId, VacancyId};
use crate::domain::mode::Mode;
use crate::domain::vacancy::{Vacancy, VacancyStatus};

/// A vacancy in short: title, reference, department, location, days open.
struct Opening(&'static str, &'static str, &'static str, &'static str, i64);

const OPENINGS: [Opening; 3] = [
    Opening("Senior Backend Engineer", "ENG-2026-114", "Platform", "Dublin or remote in the EU", 17),
    Opening("Clinical Trial Coordinator, Part-time", "MED-2026-031", "Research", "Lyon", 30),
    Opening("Werkstudent*in Rechnungswesen", "FIN-2026-007", "Finance", "Berlin", 9),
];

/// A person in short: first name, last name, e-mail, stage, days since they applied, rating of five, source.
struct Person(&'static str, &'static str, &'static str, &'static str, i64, Option<f64>, &'static str);

const PEOPLE: [Person; 14] = [
    Person("Siobhán", "O’Brien", "siobhan.obrien@mail.example", "Technical interview", 2, Some(4.6), "Referral"),
    Person("Nguyễn", "Thị Ánh", "anh.nguyen@mail.example", "Technical interview", 2, Some(4.4), "Careers page"),
    Person("محمد", "العتيبي", "m.alotaibi@mail.example", "Offer", 9, Some(4.8), "LinkedIn"),
    Person(
        "Jean-Christophe",
        "de La Rochefoucauld-Montbazon",
        "jean-christophe.de-la-rochefoucauld@cabinet-conseil.example",
        "Screening",
        1,
        None,
        "Agency: Lefèvre & Fils",
    ),
    Person("Łukasz", "Wiśniewski", "lukasz@wisniewski.example", "Technical interview", 3, Some(3.9), "Careers page"),
    Person("Sam ✨", "Rivera", "sam@rivera.example", "Applied", 0, None, "Careers page"),
    Person("Oluwaseun", "Adébáyò", "o.adebayo@mail.example", "On-site", 11, Some(4.1), "Referral"),
    Person("Þórdís", "Guðmundsdóttir", "thordis@mail.example", "Screening", 1, Some(3.2), "Job board"),
    Person("<script>alert(1)</script>", "Tables", "robert@tables.example", "Applied", 0, None, "Careers page"),
    Person("Priya", "Venkataraman", "priya.v@mail.example", "On-site", 12, Some(4.7), "LinkedIn"),
    Person("João", "da Conceição", "joao@conceicao.example", "Screening", 4, Some(3.6), "Careers page"),
    Person("Zoë", "Müller-Lüdenscheidt", "zoe.ml@mail.example", "Applied", 0, None, "Job board"),
    Person("Aoife", "O'Brien", "aoife@obrien.example", "Applied", 5, None, "Referral"),
    Person("王", "小明", "xiaoming.wang@mail.example", "Screening", 6, Some(4.0), "LinkedIn"),
];

/// The vacancies of a mode.
pub fn vacancies(organisation: &OrganisationId, mode: Mode, now: DateTime<Utc>) -> Vec<Vacancy> {
    let vacancy = |Opening(title, reference, department, location, days): &Opening| Vacancy {
        id: VacancyId::new(now - TimeDelta::days(*days)),
        organisation_id: organisation.clone(),
        mode,
        title: (*title).to_owned(),
        reference: Some((*reference).to_owned()),
        status: VacancyStatus::Open,
        department: Some((*department).to_owned()),
        location: Some((*location).to_owned()),
        created_at: now - TimeDelta::days(*days),
        updated_at: now - TimeDelta::days(*days),
    };
    OPENINGS.iter().map(vacancy).collect()
}

/// The applicants of the vacancy that stands at this place in the list.
pub fn applicants(vacancy: &Vacancy, place: usize, now: DateTime<Utc>) -> Vec<Applicant> {
    // Everybody applies to the first vacancy; a few to each of the others.
    let wanted = |at: &usize| place == 0 || (at + place).is_multiple_of(4);
    (0..PEOPLE.len()).filter(wanted).map(|at| applicant(vacancy, place, at, now)).collect()
}

fn applicant(vacancy: &Vacancy, place: usize, at: usize, now: DateTime<Utc>) -> Applicant {
    let Person(first, last, email, stage, days, rating, source) = &PEOPLE[at];
    let applied = now - TimeDelta::days(*days) - TimeDelta::minutes(17 * at as i64 + 5);
    let local_part = email.split('@').next().unwrap_or_default();
    // Who applies elsewhere too does so with an address of that place: a record of its own in this demo.
    let email = if place == 0 { (*email).to_owned() } else { format!("{local_part}+{place}@applicants.example") };
    let candidate = Candidate {
        id: CandidateId::new(applied),
        organisation_id: vacancy.organisation_id.clone(),
        mode: vacancy.mode,
        external_id: Some(format!("ATS-{}", 4_100 + place * 100 + at)),
        profile: profile(first, last, &email, at),
        consent_withdrawn_at: (at == 10).then(|| now - TimeDelta::days(3)),
        created_at: applied,
        updated_at: applied,
    };
    let application = Application {
        id: ApplicationId::new(applied),
        candidate_id: candidate.id.clone(),
        vacancy_id: vacancy.id.clone(),
        applied_at: applied,
        source: Some((*source).to_owned()),
        status: "active".into(),
        stage: (*stage).to_owned(),
        review: review(*rating, applied),
        updated_at: applied,
    };
    Applicant { candidate, application }
}

fn profile(first: &str, last: &str, email: &str, at: usize) -> Profile {
    let contact = |kind: &str, value: String| Contact { kind: kind.into(), value };
    let companies = ["Grüne Wiese GmbH", "Northwind Data", "Société Lumière", "Kıvanç Yazılım"];
    Profile {
        first_name: Some(first.into()),
        last_name: Some(last.into()),
        full_name: format!("{first} {last}"),
        emails: vec![contact("work", email.into())],
        phones: vec![contact("mobile", format!("+353 85 555 {:04}", 100 + at * 37))],
        location: Some(["Dublin", "Berlin", "Lyon", "Kraków"][at % 4].into()),
        links: vec![contact("linkedin", format!("https://www.linkedin.com/in/demo-{at}"))],
        qualifications: vec![Qualification {
            title: "MSc Computer Science".into(),
            institution: Some("Trinity College Dublin".into()),
            year: Some(2012 + (at % 9) as i32),
        }],
        experience: vec![
            Experience {
                company: Some(companies[at % 4].into()),
                title: "Backend Engineer".into(),
                from: Some("2021-04".into()),
                to: None,
            },
            Experience {
                company: Some(companies[(at + 1) % 4].into()),
                title: "Software Developer".into(),
                from: Some("2016-09".into()),
                to: Some("2021-03".into()),
            },
        ],
        skills: ["Rust", "PostgreSQL", "Kafka", "Go"].iter().skip(at % 3).map(|skill| (*skill).into()).collect(),
        languages: vec![Language { language: "English".into(), level: Some("C1".into()) }],
        tags: if at.is_multiple_of(3) { vec!["shortlist".into()] } else { Vec::new() },
    }
}

fn review(rating: Option<f64>, applied: DateTime<Utc>) -> Review {
    let rated = |score: f64| {
        vec![
            Rating { criterion: "System design".into(), score, max: 5.0 },
            Rating { criterion: "Collaboration".into(), score, max: 5.0 },
        ]
    };
    Review {
        answers: vec![Answer {
            question: "Why do you want to join us?".into(),
            answer: "I like short feedback loops.".into(),
        }],
        ratings: rating.map(rated).unwrap_or_default(),
        assessments: rating
            .map(|score| Assessment {
                name: "Take-home exercise".into(),
                score: Some((score * 20.0).round()),
                max: Some(100.0),
                completed_at: Some(applied + TimeDelta::hours(20)),
            })
            .into_iter()
            .collect(),
    }
}
