//! Interviews, their sessions, and where their events go.

pub mod all;
mod evaluation;
pub mod list;
pub mod new;
pub mod result;
pub mod session;
pub mod settings;
pub mod show;
pub mod withdrawal;

use crate::domain::candidate::Candidate;
use crate::domain::interview::Interview;
use crate::domain::mask;
use crate::web::prelude::*;
use crate::web::ui::Tabs;
use crate::web::words::grouped;

/// A candidate's name and main address as the viewer may see them.
fn who(viewer: &Viewer, candidate: &Candidate) -> (String, Option<String>) {
    let (name, email) = (&candidate.profile.full_name, candidate.profile.email());
    if viewer.role.may(Permission::SeePersonalData) {
        (name.clone(), email.map(str::to_owned))
    } else {
        (mask::name(name), email.map(mask::email))
    }
}

/// The two sides of an interview.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Sessions,
    Settings,
}

fn tabs(interview: &Interview, sessions: usize, current: Side) -> Markup {
    let sessions = html! { "Sessions " span { (grouped(sessions)) } };
    Tabs::by("Interview")
        .tab(sessions, paths::interview(&interview.id), current == Side::Sessions)
        .tab("Settings", paths::interview_settings(&interview.id), current == Side::Settings)
        .render()
}

/// Minutes as a person says them: `45 minutes`, `2 hours`, `3 days`.
fn minutes(count: u32) -> String {
    let (number, noun) = match count {
        count if count % (24 * 60) == 0 => (count / (24 * 60), "day"),
        count if count % 60 == 0 => (count / 60, "hour"),
        count => (count, "minute"),
    };
    super::words::count(number as usize, noun)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_in_the_largest_whole_unit() {
        assert_eq!([45, 60, 120, 4_320, 90].map(minutes), ["45 minutes", "1 hour", "2 hours", "3 days", "90 minutes"]);
    }
}
