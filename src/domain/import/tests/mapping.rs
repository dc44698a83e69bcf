use super::*;

fn guess(header: &str) -> Vec<&'static str> {
    let header: Vec<String> = header.split(';').map(str::to_owned).collect();
    let mapping = Mapping::guess(&header);
    (0..header.len()).map(|at| mapping.field(at).as_str()).collect()
}

fn form(header: &[&str], chosen: &[&str]) -> Result<Mapping, MappingError> {
    let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
    Mapping::from_form(&header, chosen.iter().copied().enumerate())
}

#[test]
fn the_columns_of_common_systems_are_known() {
    for (system, header, expected) in [
        (
            "Lever",
            "Candidate ID;Candidate Name;Email;Phone;Current Company;Headline;Location;Links;Tags;Sources;Origin;Stage;Created At (GMT)",
            "external_id;full_name;email;phone;company;title;location;website;tags;source;ignore;stage;applied_at",
        ),
        (
            "Ashby",
            "Candidate Name;Candidate Id;Primary Email Address;Primary Phone Number;LinkedIn URL;Application Created At;Current Interview Stage;Application Status;School",
            "full_name;external_id;email;phone;linkedin;applied_at;stage;status;institution",
        ),
        (
            "Recruitee",
            "ID;Name;Emails;Phones;Date applied;Sources;Tags;Stage;Rating",
            "external_id;full_name;email;phone;applied_at;source;tags;stage;rating",
        ),
        (
            "SmartRecruiters",
            "First Name;Last Name;Email;Phone Number;City;Country;Application Date;Hiring Step;Candidate ID;Application ID;Source",
            "first_name;last_name;email;phone;location;location;applied_at;stage;external_id;ignore;source",
        ),
        (
            "BambooHR",
            "Applicant Name;Email Address;Phone;Applied On;Status;Rating;Job Title;Website, Blog, or Portfolio;LinkedIn Profile URL",
            "full_name;email;phone;applied_at;status;rating;ignore;website;linkedin",
        ),
        (
            "Teamtailor",
            "first-name;last-name;email;phone;tags;linkedin-url;created-at;Stage",
            "first_name;last_name;email;phone;tags;linkedin;applied_at;stage",
        ),
        (
            "Personio",
            "Bewerber-ID;Vorname;Nachname;E-Mail-Adresse;Telefonnummer;Bewerbungsdatum (TT.MM.JJJJ);Recruiting-Kanal;Aktuelle Phase;Bewerbertags;Stelle",
            "external_id;first_name;last_name;email;phone;applied_at;source;stage;tags;ignore",
        ),
        (
            "French",
            "Prénom;Nom;Adresse e-mail;Téléphone;Ville;Date de candidature;Étape;Statut;Compétences;Langues",
            "first_name;last_name;email;phone;location;applied_at;stage;status;skills;languages",
        ),
        (
            "the wire",
            "externalId;firstName;lastName;fullName;appliedAt",
            "external_id;first_name;last_name;full_name;applied_at",
        ),
        ("several", "Name;Email 1;Email 2;Mobile phone;Work phone", "full_name;email;email;phone;phone"),
        ("letters of two code points", "Pre\u{301}nom;NOM_DE_FAMILLE", "first_name;last_name"),
    ] {
        assert_eq!(guess(header).join(";"), expected, "{system}");
    }
}

#[test]
fn a_plain_name_is_the_last_name_beside_a_first_name() {
    assert_eq!(guess("Vorname;Name"), ["first_name", "last_name"]);
    assert_eq!(guess("First name;Last name;Name"), ["first_name", "last_name", "full_name"]);
    assert_eq!(guess("Nom;E-mail"), ["full_name", "email"]);
}

#[test]
fn every_name_that_is_listed_is_found_and_no_data_is() {
    for (field, key) in [("First Name", "first_name"), ("E-MAIL", "email"), ("e_mail", "email"), ("  Tel. ", "phone")] {
        assert_eq!(guess(field), [key]);
    }
    for data in ["Anna", "Berlin", "2026-11-20", "", "???", "42", "Active", "Why?", "Archived?"] {
        assert_eq!(guess(data), ["ignore"], "{data}");
    }
    assert!(Field::ALL.into_iter().all(|field| Field::parse(field.as_str()) == Some(field)));
}

#[test]
fn a_choice_is_checked_and_its_error_names_the_columns() {
    assert!(form(&["A", "B"], &["full_name", "email"]).is_ok());
    assert!(form(&["A", "B", "C"], &["last_name", "email", "email"]).is_ok());
    assert_eq!(form(&["A", "B"], &["email", "ignore"]), Err(MappingError::NoName));
    let twice = form(&["A", "B"], &["full_name", "full_name"]).expect_err("refused");
    assert_eq!(twice.to_string(), "Full name is chosen for both “A” and “B”; choose it once");
    assert_eq!(form(&["A"], &["nonsense"]), Err(MappingError::UnknownField { column: "A".into() }));
    assert_eq!(form(&["A"], &["full_name", "email"]), Err(MappingError::UnknownColumn { index: 1 }));
}
