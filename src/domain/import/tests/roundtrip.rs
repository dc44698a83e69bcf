//! Whoever is exported and imported is who they were, in every script.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::domain::candidate::{Contact, Experience, Language, Profile, Qualification};

/// Letters of ten scripts, with marks and joiners.
const LETTERS: &[&str] = &[
    "aäßøłñ",
    "Ωαώ",
    "Жёї",
    "אבג",
    "ابتثی\u{200c}",
    "कखि्\u{200d}",
    "กขิ",
    "漢字王",
    "あア",
    "한글",
    "ⵣⴰ",
    "አበ",
    "e\u{301}",
    "👩\u{200d}🚀",
];

fn word() -> impl Strategy<Value = String> {
    (prop::sample::select(LETTERS), prop::collection::vec(any::<prop::sample::Index>(), 2..6)).prop_map(
        |(letters, picks)| {
            let letters: Vec<char> = letters.chars().collect();
            let word: String = picks.iter().map(|pick| letters[pick.index(letters.len())]).collect();
            // A word begins with a letter, not with a mark or a joiner.
            format!("{}{word}{}", letters[0], letters[0])
        },
    )
}

prop_compose! {
    fn person()(
        names in (word(), word(), word()), email in "[a-z0-9.+_-]{1,12}", umlaut in any::<bool>(),
        phone in "\\+[1-9][0-9]{6,12}", words in prop::collection::vec(word(), 0..4), place in prop::option::of(word()),
    ) -> Profile {
        let host = if umlaut { "mäil.example" } else { "mail.example" };
        let (first, last, other) = names;
        Profile {
            full_name: format!("{first} {other} {last}"),
            first_name: Some(first),
            last_name: Some(last),
            emails: vec![Contact { kind: "work".into(), value: format!("x{email}@{host}") }],
            phones: vec![Contact { kind: "mobile".into(), value: phone }],
            location: place,
            qualifications: words.iter().take(1).map(|w| Qualification { title: w.clone(), institution: Some(w.clone()), year: Some(2_019) }).collect(),
            experience: words.iter().take(1).map(|w| Experience { company: Some(w.clone()), title: w.clone(), from: Some("2020-01".into()), to: None }).collect(),
            languages: words.iter().take(1).map(|w| Language { language: w.clone(), level: Some("B2".into()) }).collect(),
            ..Profile::default()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn whoever_is_exported_and_imported_is_who_they_were(people in prop::collection::vec(person(), 1..4)) {
        let whole = json!({"data": {"candidates": people}});
        let rows = read_json(whole.to_string().as_bytes(), today()).expect("a list");
        let mut expected = people.clone();
        // Of two with one address the second is told.
        let mut seen = std::collections::HashSet::new();
        expected.retain(|person| seen.insert(person.emails[0].value.clone()));
        prop_assert_eq!(rows.drafts.into_iter().map(|draft| draft.profile).collect::<Vec<_>>(), expected);

        let mut writer = csv::Writer::from_writer(vec![]);
        writer.write_record(["First name", "Last name", "Full name", "Work e-mail", "Mobile", "Location"]).expect("written");
        for person in &people {
            let [first, last, place] = [&person.first_name, &person.last_name, &person.location].map(|text| text.clone().unwrap_or_default());
            writer.write_record([&first, &last, &person.full_name, &person.emails[0].value, &person.phones[0].value, &place]).expect("written");
        }
        let rows = import(writer.into_inner().expect("bytes"));
        seen.clear();
        let told = |p: &Profile| (p.first_name.clone(), p.last_name.clone(), p.full_name.clone(), p.emails.clone(), p.phones.clone(), p.location.clone());
        let expected: Vec<_> = people.iter().filter(|p| seen.insert(p.emails[0].value.clone())).map(told).collect();
        prop_assert_eq!(rows.drafts.iter().map(|draft| told(&draft.profile)).collect::<Vec<_>>(), expected);
    }
}
