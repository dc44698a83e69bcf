//! What other programs do to values.

use super::*;

#[test]
fn numbers_that_any_program_has_shortened_are_left_out_and_decimals_it_added_taken_off() {
    let rows = import("Id;Name;Phone\n84211.0;Ada;4.915123e+11\n12E5;Ben;4915112345678.0\n2.19e26;Cara;\n");
    assert_eq!(
        rows.drafts.iter().map(|draft| draft.external_id.as_deref()).collect::<Vec<_>>(),
        [Some("84211"), Some("12E5")]
    );
    assert_eq!(contacts(&rows.drafts[1].profile.phones), [("other", "4915112345678")]);
    let told: Vec<String> = rows.problems.iter().map(Problem::to_string).collect();
    assert!(told[0].starts_with("Row 2 (Ada), Phone: “4.915123e+11” was shortened by a spreadsheet"), "{told:?}");
    assert!(rows.problems[0].is_kept);
    assert!(told[1].starts_with("Row 4 (Cara), Id: “2.19e26” was shortened"), "{told:?}");
    assert!(!rows.problems[1].is_kept, "without its id a row might become a second candidate");
}

#[test]
fn guards_against_formulas_are_taken_off() {
    let drafts = drafts("Id;Name;Phone;Source\n'00416;'t Hooft;'+49 30 5550100;'=Fair\n=\"007\";Ben;'(030) 555;'-x\n");
    let told = |draft: &Draft| (draft.external_id.clone(), draft.profile.phones[0].value.clone(), draft.source.clone());
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(told(&drafts[0]), (some("00416"), "+49 30 5550100".into(), some("=Fair")));
    assert_eq!(told(&drafts[1]), (some("007"), "(030) 555".into(), some("-x")));
    assert_eq!(drafts[0].profile.full_name, "'t Hooft");
}

#[test]
fn city_state_and_country_are_joined_by_their_parts() {
    let place = |cells: &str| drafts(format!("Name;City;State;Country\nAda;{cells}\n"))[0].profile.location.clone();
    assert_eq!(place("Portland;OR;USA").as_deref(), Some("Portland, OR, USA"));
    assert_eq!(place("Luxembourg;;Luxembourg").as_deref(), Some("Luxembourg"));
    assert_eq!(drafts("Name;State\nAda;OR\n")[0].profile.location, None, "alone it may be that of an application");
}

#[test]
fn a_columns_name_may_say_that_the_last_name_comes_first() {
    for (header, cell) in [
        ("Nom Prénom", "QUILL Ada"),
        ("Name, Vorname", "Quill Ada"),
        ("Last name First name", "Quill Ada"),
        ("Nachname und Vorname", "Quill, Ada"),
    ] {
        let drafts = drafts(format!("{header};E-mail\n{cell};a@mail.example\n"));
        let profile = &drafts[0].profile;
        assert_eq!(profile.first_name.as_deref(), Some("Ada"), "{header}");
        assert_eq!(profile.last_name.as_deref().map(str::to_lowercase).as_deref(), Some("quill"), "{header}");
    }
}

#[test]
fn a_columns_name_may_say_of_how_many_points_it_is() {
    let rating = |header: &str| drafts(format!("Name;{header}\nAda;4\n"))[0].review.ratings[0].max;
    assert_eq!((rating("Rating (1-10)"), rating("Score (of 7)"), rating("Rating")), (10.0, 7.0, 5.0));
}

#[test]
fn several_numbers_addresses_and_words_are_parted_as_address_books_part_them() {
    let drafts = drafts(
        "Name;Phone;E-mail;Skills\n\
         Ada;+49 30 5550100 ::: +49 170 5550101;a@mail.example ::: b@mail.example;Rust • SQL • Go\n\
         Ben;030 5550100 / 0170 5550101;c@mail.example d@mail.example;Rust\n\
         Cara;030/5550102;e@mail.example / f@mail.example;C/C++\n",
    );
    let counts: Vec<_> = drafts
        .iter()
        .map(|one| (one.profile.phones.len(), one.profile.emails.len(), one.profile.skills.len()))
        .collect();
    assert_eq!(counts, [(2, 2, 3), (2, 2, 1), (1, 2, 1)]);
}
