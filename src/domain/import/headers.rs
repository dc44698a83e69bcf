//! How other systems name their columns.
//!
//! The names stand here as [`normal`] leaves them: lower-case letters and digits, without accents. Those of one field
//! stand in the order in which they are preferred: of `Candidate ID` and `Application ID` the first tells the person.

use super::Field;

/// No name that is known is longer, in bytes.
const MAX_NAME_LEN: usize = 100;

/// The names of each field, preferred ones first.
#[rustfmt::skip]
const NAMES: &[(Field, &[&str])] = &[
    (Field::HirewireId, &["hirewireid"]),
    (Field::ExternalId, &[
        "externalid", "candidateid", "candidateuuid", "applicantid", "externalcandidateid", "candidatereference",
        "applicantreference", "bewerberid", "bewerbendenid", "bewerbernummer", "kandidatenid", "kandidatid",
        "candidatid", "profileid", "personid", "opportunityid", "applicationid", "bewerbungsid", "id", "uuid",
        "identifier", "identifiant",
    ]),
    (Field::FirstName, &[
        "firstname", "givenname", "forename", "first", "preferredfirstname", "vorname", "rufname", "prenom", "nombre",
        "nombres", "nome", "voornaam", "imie", "fornavn", "fornamn", "etunimi",
    ]),
    (Field::LastName, &[
        "lastname", "surname", "familyname", "last", "nachname", "familienname", "zuname", "nomdefamille", "apellido",
        "apellidos", "cognome", "sobrenome", "achternaam", "nazwisko", "etternavn", "efternavn", "efternamn", "sukunimi",
    ]),
    (Field::FullName, &[
        "fullname", "candidatename", "applicantname", "displayname", "vollstandigername", "vorundnachname",
        "nomcomplet", "prenometnom", "prenomnom", "nometprenom", "nomprenom", "nombrecompleto", "nomecompleto",
        "volledigenaam", "bewerbername", "bewerbendenname", "name", "nom", "naam", "candidate", "applicant", "bewerber",
        "bewerberin", "kandidat", "candidat",
    ]),
    (Field::Email, &[
        "email", "emails", "emailaddress", "emailaddresses", "mail", "mailaddress", "personalemail", "privateemail",
        "workemail", "businessemail", "otheremail", "secondaryemail", "emailadresse", "emailadressen", "mailadresse",
        "emailprivat", "privateemailadresse", "courriel", "adresseemail", "adressemail", "adressecourriel",
        "correoelectronico", "correo", "indirizzoemail", "emailadres", "adresemail", "sahkoposti", "epost",
    ]),
    (Field::Phone, &[
        "phone", "phones", "phonenumber", "phonenumbers", "telephone", "telephonenumber", "tel", "mobile",
        "mobilephone", "mobilenumber", "mobilephonenumber", "cell", "cellphone", "homephone", "workphone", "telefon",
        "telefonnummer", "telefonnummern", "rufnummer", "handy", "handynummer", "mobil", "mobilnummer", "mobiltelefon",
        "telefonmobil", "telefonprivat", "numerodetelephone", "telephonemobile", "portable", "telefono",
        "telefonomovil", "movil", "telefoonnummer", "telefoon", "cellulare", "numertelefonu", "puhelin", "puhelinnumero",
    ]),
    (Field::Location, &[
        "location", "currentlocation", "candidatelocation", "homelocation", "city", "province", "country", "address",
        "wohnort", "ort", "stadt", "land", "adresse", "ville", "pays", "lieu", "lieuderesidence", "localisation",
        "residence", "region", "bundesland", "ciudad", "ubicacion", "citta", "paese", "woonplaats", "stad", "miasto",
    ]),
    (Field::LinkedIn, &[
        "linkedin", "linkedinurl", "linkedinprofile", "linkedinprofileurl", "linkedinlink", "linkedinprofil",
        "profillinkedin",
    ]),
    (Field::Website, &[
        "website", "websites", "websiteurl", "websiteaddresses", "personalwebsite", "otherwebsite", "portfolio",
        "portfoliourl", "portfoliowebsite", "websiteblogorportfolio", "link", "links", "github", "githuburl",
        "githubprofile", "xing", "xingprofil", "socialprofile", "socialprofiles", "socialmedia", "homepage", "blog",
        "webseite", "internetseite", "siteweb", "sitio",
    ]),
    (Field::AppliedAt, &[
        "appliedat", "appliedon", "applieddate", "dateapplied", "applicationdate", "dateofapplication", "applied",
        "applydate", "submittedat", "submittedon", "submissiondate", "datesubmitted", "applicationsubmitted",
        "bewerbungsdatum", "beworbenam", "datumderbewerbung", "bewerbungseingang", "eingangsdatum", "eingegangenam",
        "datedecandidature", "datecandidature", "postulele", "fechadesolicitud", "fechadecandidatura",
        "datadicandidatura", "sollicitatiedatum", "applicationcreatedat", "createdat", "createdon", "datecreated",
        "creationdate", "createddate", "created", "addedat", "addedon", "dateadded", "erstelltam", "angelegtam",
        "datedecreation", "creele",
    ]),
    (Field::Source, &[
        "source", "sources", "candidatesource", "applicationsource", "sourcename", "recruitingchannel",
        "applicationchannel", "channel", "origin", "recruitingkanal", "bewerbungskanal", "kanal", "quelle", "herkunft",
        "provenance", "canal", "fuente", "fonte", "bron",
    ]),
    (Field::Status, &[
        "status", "applicationstatus", "candidatestatus", "currentstatus", "finalstatus", "bewerbungsstatus",
        "bewerberstatus", "statut", "estado", "stato",
    ]),
    (Field::Stage, &[
        "currentstage", "stage", "stagename", "currentinterviewstage", "interviewstage", "pipelinestage", "hiringstage",
        "hiringstep", "applicationstage", "candidatestage", "workflowstep", "finalphase", "phase", "aktuellephase",
        "recruitingphase", "bewerbungsphase", "prozessschritt", "etape", "etapeactuelle", "etapa", "fase",
    ]),
    (Field::Skills, &[
        "skills", "skill", "keyskills", "competencies", "kenntnisse", "fahigkeiten", "kompetenzen", "competences",
        "habilidades", "competenze", "vaardigheden",
    ]),
    (Field::Languages, &[
        "languages", "language", "spokenlanguages", "sprachen", "sprachkenntnisse", "langues", "idiomas", "lingue",
        "talen",
    ]),
    (Field::Tags, &[
        "tags", "tag", "labels", "candidatetags", "bewerbertags", "bewerbendentags", "schlagworte", "schlagworter",
        "etiquettes", "motscles", "etiquetas",
    ]),
    (Field::Company, &[
        "currentcompany", "company", "currentemployer", "employer", "companyname", "mostrecentcompany", "latestcompany",
        "organization", "organisation", "arbeitgeber", "aktuellerarbeitgeber", "unternehmen", "firma", "entreprise",
        "entrepriseactuelle", "employeur", "empresa", "azienda", "bedrijf",
    ]),
    (Field::Title, &[
        "currenttitle", "currentjobtitle", "currentposition", "currentrole", "mostrecenttitle", "latesttitle", "title",
        "headline", "occupation", "aktuelleposition", "berufsbezeichnung", "beruf", "posteactuel", "profession",
    ]),
    (Field::Qualification, &[
        "qualification", "qualifications", "degree", "highestdegree", "education", "educationlevel", "abschluss",
        "hochsterabschluss", "bildungsabschluss", "ausbildung", "studium", "diplome", "formation", "titulacion",
        "opleiding",
    ]),
    (Field::Institution, &[
        "institution", "school", "schoolname", "university", "college", "almamater", "hochschule", "universitat",
        "schule", "ecole", "universite", "universidad", "universita", "universiteit",
    ]),
    (Field::Rating, &[
        "rating", "ratings", "overallrating", "averagerating", "candidaterating", "score", "overallscore",
        "averagescore", "stars", "bewertung", "gesamtbewertung", "sterne", "evaluation", "puntuacion",
    ]),
];

/// Words before a name that say only whose it is.
#[rustfmt::skip]
const OWNERS: &[&str] = &[
    "candidate", "applicant", "bewerbenden", "bewerber", "kandidaten", "kandidat", "candidat", "contact", "person",
    "primary", "application",
];

/// The field a column's name tells, and how far down its list the name stands.
pub(super) fn field_of(name: &str) -> Option<(Field, usize)> {
    if name.len() > MAX_NAME_LEN {
        return None;
    }
    let bare = name.split(['(', '[']).next().unwrap_or(name);
    let whole = || super::facts::last_name_first(bare).then_some((Field::FullName, 0));
    let listed = [name, bare].into_iter().find_map(|name| {
        let normal = normal(name);
        let single = normal.trim_end_matches(|c: char| c.is_ascii_digit());
        let owned = OWNERS.iter().find_map(|owner| single.strip_prefix(owner));
        [Some(normal.as_str()), Some(single), owned].into_iter().flatten().find_map(listed)
    });
    listed.or_else(whole)
}

/// Which of the two parts of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NamePart {
    First,
    Last,
}

/// Which part of a name a word of a column's name tells; a plain `Name` beside `Vorname` is the last.
pub(super) fn name_part(normal: &str) -> Option<NamePart> {
    match listed(normal) {
        Some((Field::FirstName, _)) => Some(NamePart::First),
        Some((Field::LastName, _)) => Some(NamePart::Last),
        _ if matches!(normal, "name" | "nom" | "naam") => Some(NamePart::Last),
        _ => None,
    }
}

/// Whether a cell of the first row is a column's name that is known.
pub(super) fn is_known(name: &str) -> bool {
    field_of(name).is_some()
}

/// Whether a name is that of a whole name alone, and of the last name beside a first name: `Vorname;Name`,
/// `Prénom;Nom`.
pub(super) fn is_plain_name(name: &str) -> bool {
    matches!(normal(name).as_str(), "name" | "nom" | "naam")
}

/// Whether a column's name is a question of an application form.
pub(super) fn is_question(name: &str) -> bool {
    name.trim_end().ends_with('?') && name.split_whitespace().count() >= 4
}

/// Whether a name is that of a state, which is a part of a place or how an application stands.
pub(super) fn is_state(name: &str) -> bool {
    matches!(normal(name).as_str(), "state" | "stateprovince" | "stateregion")
}

/// The column that says what is wrong, in files that were downloaded here.
pub const WHAT_IS_WRONG: &str = "What is wrong";

/// Whether a column's name is known as one that holds nothing of a candidate.
pub fn is_our_remark(name: &str) -> bool {
    name == WHAT_IS_WRONG
}

fn listed(name: &str) -> Option<(Field, usize)> {
    let found =
        |(field, names): &(Field, &[&str])| names.iter().position(|known| *known == name).map(|at| (*field, at));
    NAMES.iter().find_map(found)
}

/// Lower-case letters and digits only, without accents: `E-Mail`, `e_mail` and `EMAIL` are one.
pub(super) fn normal(name: &str) -> String {
    letters(name).collect()
}

/// Whether [`normal`] makes `normal` of a name.
pub(super) fn is_normally(name: &str, normal: &str) -> bool {
    letters(name).eq(normal.chars())
}

fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars().flat_map(char::to_lowercase).map(without_accent).filter(|c| c.is_alphanumeric())
}

fn without_accent(c: char) -> char {
    match c {
        'à'..='å' | 'ą' => 'a',
        'ç' | 'ć' => 'c',
        'è'..='ë' | 'ę' => 'e',
        'ì'..='ï' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' => 'n',
        'ò'..='ö' | 'ø' => 'o',
        'ù'..='ü' => 'u',
        other => other,
    }
}
