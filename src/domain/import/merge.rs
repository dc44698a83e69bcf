//! A second import: what a draft changes in what is known already.
//!
//! What the file says replaces what is known; what it does not say stays. Lists are joined without doubles, and what
//! people look at first (the main e-mail address, the present position) comes from the file. Nothing is ever removed.

use super::names::{Names, join};
use super::parts::same_word;
use super::{Draft, contacts, identity};
use crate::domain::candidate::{Application, Contact, Language, Profile};
use crate::domain::email::folded;

impl Draft {
    /// Whether this may not be the person that is known, though the two share an address: first and last name differ.
    pub fn contradicts(&self, known: &Profile) -> bool {
        identity::contradict(&self.profile, known)
    }

    /// Updates a candidate's profile. Doing it twice is doing it once.
    pub fn merge_into(&self, known: &mut Profile) {
        let new = &self.profile;
        self.merge_names(known);
        lead_contacts(&mut known.emails, &new.emails, folded);
        lead_contacts(&mut known.phones, &new.phones, |value| value.chars().filter(|c| c.is_numeric()).collect());
        lead_contacts(&mut known.links, &new.links, |value| value.trim_end_matches('/').to_lowercase());
        replace(&mut known.location, &new.location);
        let same = |a: &Option<String>, b: &Option<String>| match (a, b) {
            (Some(a), Some(b)) => same_word(a, b),
            (a, b) => a == b,
        };
        lead(&mut known.qualifications, &new.qualifications, |new, old| {
            let one = same_word(&new.title, &old.title) && same(&new.institution, &old.institution);
            if one {
                new.year = new.year.or(old.year);
            }
            one
        });
        lead(&mut known.experience, &new.experience, |new, old| {
            let one = same_word(&new.title, &old.title) && same(&new.company, &old.company);
            if one {
                new.from = new.from.take().or_else(|| old.from.clone());
                new.to = new.to.take().or_else(|| old.to.clone());
            }
            one
        });
        follow(&mut known.skills, &new.skills, |a, b| same_word(a, b), |_, _| {});
        follow(&mut known.tags, &new.tags, |a, b| same_word(a, b), |_, _| {});
        let same = |a: &Language, b: &Language| same_word(&a.language, &b.language);
        follow(&mut known.languages, &new.languages, same, |old, new| replace(&mut old.level, &new.level));
    }

    /// Updates an application to the vacancy of the import. When it last changed is the caller's to say.
    pub fn merge_application(&self, known: &mut Application) {
        known.applied_at = self.applied_at.unwrap_or(known.applied_at);
        replace(&mut known.source, &self.source);
        if let Some(status) = &self.status {
            known.status.clone_from(status);
        }
        if let Some(stage) = &self.stage {
            known.stage.clone_from(stage);
        }
        let (old, new) = (&mut known.review, &self.review);
        follow(&mut old.answers, &new.answers, |a, b| a.question == b.question, Clone::clone_from);
        follow(&mut old.ratings, &new.ratings, |a, b| same_word(&a.criterion, &b.criterion), Clone::clone_from);
        follow(&mut old.assessments, &new.assessments, |a, b| same_word(&a.name, &b.name), Clone::clone_from);
    }

    /// What was only derived gives way to what is known.
    fn merge_names(&self, known: &mut Profile) {
        let new = &self.profile;
        match self.names {
            Names::Given => {
                replace(&mut known.first_name, &new.first_name);
                replace(&mut known.last_name, &new.last_name);
                known.full_name.clone_from(&new.full_name);
            }
            Names::Split => {
                let unknown = known.first_name.is_none() && known.last_name.is_none();
                if unknown || known.full_name != new.full_name {
                    known.first_name.clone_from(&new.first_name);
                    known.last_name.clone_from(&new.last_name);
                }
                known.full_name.clone_from(&new.full_name);
            }
            Names::Joined => {
                let before = (known.first_name.clone(), known.last_name.clone());
                replace(&mut known.first_name, &new.first_name);
                replace(&mut known.last_name, &new.last_name);
                if before != (known.first_name.clone(), known.last_name.clone()) {
                    known.full_name = join(known.first_name.as_deref(), known.last_name.as_deref());
                }
            }
        }
    }
}

fn replace(known: &mut Option<String>, new: &Option<String>) {
    if new.is_some() {
        known.clone_from(new);
    }
}

/// New ones first. A kind that the file does not tell stays what it was.
fn lead_contacts(known: &mut Vec<Contact>, new: &[Contact], key: impl Fn(&str) -> String) {
    lead(known, new, |new, old| {
        let one = key(&new.value) == key(&old.value);
        if one && new.kind == contacts::OTHER {
            new.kind.clone_from(&old.kind);
        }
        one
    });
}

/// Puts the new ones first. `absorb` says whether an old one is a new one, and takes from it what the new one lacks.
fn lead<T: Clone>(known: &mut Vec<T>, new: &[T], absorb: impl Fn(&mut T, &T) -> bool) {
    let mut joined = new.to_vec();
    for old in known.drain(..) {
        if !joined[..new.len()].iter_mut().any(|new| absorb(new, &old)) {
            joined.push(old);
        }
    }
    *known = joined;
}

/// Puts the new ones last and updates those that are known, where they stand.
fn follow<T: Clone>(known: &mut Vec<T>, new: &[T], same: impl Fn(&T, &T) -> bool, update: impl Fn(&mut T, &T)) {
    for value in new {
        match known.iter_mut().find(|old| same(old, value)) {
            Some(old) => update(old, value),
            None => known.push(value.clone()),
        }
    }
}
