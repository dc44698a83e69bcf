//! How other systems name and nest what candidates have.

use serde_json::{Map, Value};

use crate::domain::import::headers::normal;

/// Names for one thing, as [`normal`] leaves them, preferred ones first. What is not listed has one name.
#[rustfmt::skip]
const NAMES: &[(&str, &[&str])] = &[
    ("externalid", &["externalid", "candidateid", "applicantid", "id", "uuid"]),
    ("firstname", &["firstname", "givenname"]),
    ("lastname", &["lastname", "familyname", "surname"]),
    ("fullname", &["fullname", "displayname", "candidatename", "name"]),
    ("email", &["emails", "email", "emailaddresses", "emailaddress"]),
    ("phone", &["phones", "phone", "phonenumbers", "phonenumber", "telephone", "mobile"]),
    ("link", &["links", "link", "urls", "websiteaddresses", "websites", "website"]),
    ("moreLinks", &["socialmediaaddresses", "sociallinks", "socialprofiles", "linkedin", "linkedinurl"]),
    ("location", &["location", "addresses", "address", "city"]),
    ("qualification", &["qualifications", "qualification", "educations", "education"]),
    ("experience", &["experience", "experiences", "employments", "positions", "workexperience"]),
    ("skill", &["skills", "skill"]),
    ("language", &["languages", "language"]),
    ("tag", &["tags", "tag", "labels"]),
    ("answer", &["answers", "answer"]),
    ("rating", &["ratings", "rating"]),
    ("assessment", &["assessments", "assessment"]),
    ("company", &["company", "companyname", "currentcompany", "employer", "org"]),
    ("title", &["title", "jobtitle", "headline", "degree", "position"]),
    ("institution", &["institution", "schoolname", "school", "university"]),
    ("from", &["from", "startdate", "start"]),
    ("to", &["to", "enddate", "end"]),
    ("application", &["application", "applications"]),
    ("appliedat", &["appliedat", "applieddate", "submittedat", "createdat"]),
    ("source", &["source", "sources", "origin"]),
    ("stage", &["stage", "currentstage"]),
    ("status", &["status"]),
    ("value", &["value", "address", "number", "url"]),
    ("type", &["type", "kind", "label"]),
];
/// Names in an object that stand for it as a text: `{"id": 3, "name": "Offer"}`.
const TEXTS: &[&str] = &["name", "text", "value", "publicname", "label"];
/// What is known beside [`NAMES`], or holds nothing of a candidate.
const OTHERS: &[&str] = &["hirewireid", "whatiswrong", "updatedat"];

/// The names of a thing.
pub(super) fn names_of(name: &str) -> impl Iterator<Item = &str> {
    let listed = NAMES.iter().find(|(known, _)| *known == name).map(|(_, names)| *names);
    listed.unwrap_or_default().iter().copied().chain(listed.is_none().then_some(name))
}

/// Whether a member of a candidate is read.
pub(super) fn is_known(key: &str) -> bool {
    let name = normal(key);
    OTHERS.contains(&name.as_str()) || NAMES.iter().any(|(_, names)| names.contains(&name.as_str()))
}

/// What an object says as a text.
pub(super) fn text_in(object: &Map<String, Value>) -> Option<&Value> {
    TEXTS.iter().find_map(|name| {
        object
            .iter()
            .find(|(key, value)| normal(key) == *name && (value.is_string() || value.is_number()))
            .map(|(_, v)| v)
    })
}
