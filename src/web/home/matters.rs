//! What needs someone, the worst first.

use super::known::{Failing, Known, Rotation, UNUSED};
use crate::domain::hook::Hook;
use crate::domain::secret::CredentialKind;
use crate::store::sealed::Lost;
use crate::web::prelude::*;
use crate::web::webhooks::lost::lost_things;
use crate::web::words::{count, list, up_to};

/// One thing that needs someone: what it is, why, and where it is mended.
pub struct Matter {
    colour: &'static str,
    icon: Markup,
    what: Markup,
    why: Markup,
    href: String,
    act: &'static str,
    /// Whether the act is done by its button, and not on the page it leads to.
    at_once: bool,
    /// Tells equal buttons apart for those who do not see what they stand beside.
    of: String,
}

impl Render for Matter {
    fn render(&self) -> Markup {
        html! {
            li class=[Some(self.colour).filter(|colour| !colour.is_empty())] {
                (self.icon)
                div { h2 { (self.what) } p { (self.why) } }
                div {
                    @if self.at_once { form method="post" action=(self.href) { button.btn { (self.act) span.hush { ": " (self.of) } } } }
                    @else { a.btn href=(self.href) { (self.act) span.hush { ": " (self.of) } } }
                }
            }
        }
    }
}

/// Everything that needs this viewer.
pub fn matters(known: &Known, viewer: &Viewer, time: LocalTime) -> Vec<Matter> {
    let mut all: Vec<Matter> = held_copy(known, viewer, time).into_iter().collect();
    let exports = exports(known, time);
    if !viewer.role.may(Permission::ViewHooks) {
        all.extend(exports);
        return all;
    }
    all.extend(lost_secrets(known, viewer));
    all.extend(broken_hooks(known, viewer, time));
    all.extend(exports);
    all.extend(rotations(known, time));
    all.extend(held(known, viewer, time));
    all.extend(unused_keys(known));
    all
}

/// A restored copy sends nothing before somebody has looked: most of what it owes was sent by the original.
fn held_copy(known: &Known, viewer: &Viewer, time: LocalTime) -> Option<Matter> {
    let (since, is_alone) = known.held_copy?;
    let may = viewer.role.may(Permission::ManageHooks) && is_alone;
    let owed = match known.owed {
        (0, _) => "nothing is owed".to_owned(),
        (1, false) => "1 delivery is owed; the original may have sent it since, and then it arrives twice".to_owned(),
        owed => format!(
            "{} deliveries are owed; the original may have sent them since, and then they arrive twice",
            up_to(owed)
        ),
    };
    Some(Matter {
        colour: "bad",
        icon: icon("hold"),
        what: html! { "Nothing is sent: this is a restored copy" },
        why: html! {
            "It shows how things were " (time.near(since)) ". In " (viewer.mode) " mode " (owed)
            ". What happens now is recorded and waits. "
            @if may { a href=(paths::LOGS) { "Look through what waits" } ", cancel what must not go out, then release it." }
            @else if is_alone { "An Organisation Admin releases it here." }
            @else { "Whoever runs this Hirewire releases it." }
        },
        href: match viewer.role {
            _ if may => paths::RELEASE,
            Role::Recruiter => paths::EXPORTS,
            Role::Admin | Role::Support => paths::LOGS,
        }
        .to_owned(),
        act: if may { "Release" } else { "See what waits" },
        at_once: may,
        of: "the restored copy".into(),
    })
}

/// Keys, secrets and headers whose sealing key is gone: nobody can read them, and nothing is sent without them.
fn lost_secrets(known: &Known, viewer: &Viewer) -> Vec<Matter> {
    let admin = viewer.role.may(Permission::ManageHooks);
    let matter = |(hook, lost): &(Hook, Lost)| Matter {
        colour: "bad",
        icon: icon("key"),
        what: html! { bdi { (hook.name) } " has lost " (lost_things(lost)) },
        why: html! {
            "The server lost its sealing key, so nobody can read what was sealed with it. Deliveries are held. "
            @if admin { "Generate new ones, give them to the receiver, then resume the webhook." }
        },
        href: paths::webhook(&hook.id),
        act: if admin { "Generate new ones" } else { "Review" },
        at_once: false,
        of: hook.name.clone(),
    };
    known.lost.iter().map(matter).collect()
}

fn broken_hooks(known: &Known, viewer: &Viewer, time: LocalTime) -> Vec<Matter> {
    let admin = viewer.role.may(Permission::ManageHooks);
    let disabled = known.disabled.iter().map(|(hook, standing)| Matter {
        colour: "bad",
        icon: State::of_hook(hook).icon(),
        what: html! { bdi { (hook.name) } " is disabled" },
        why: html! {
            (standing.reason(time)) " Nothing is sent to it"
            @if standing.missed.0 > 0 { "; " (standing.missed()) " missed so far" }
            "."
        },
        href: paths::webhook(&hook.id),
        act: match (admin, standing.is_gone()) {
            (true, true) => "Review and replace",
            (true, false) => "Review and enable",
            (false, _) => "Review",
        },
        at_once: false,
        of: hook.name.clone(),
    });
    let failing = known.failing.iter().map(|failing| failing_hook(failing, time));
    let unreadable = known.unreadable.iter().map(|hook| Matter {
        colour: "bad",
        icon: icon("bad"),
        what: html! { bdi { (hook.name) } " is unreadable: written by a newer version" },
        why: html! { "What happens is held for it until this server runs that version. Nothing is lost." },
        href: paths::WEBHOOKS.to_owned(),
        act: "See all webhooks",
        at_once: false,
        of: hook.name.clone(),
    });
    disabled.chain(failing).chain(unreadable).collect()
}

fn failing_hook(failing: &Failing, time: LocalTime) -> Matter {
    let Failing { hook, in_row, standing, last } = failing;
    let answer = last.as_ref().map(|last| (last.response_status, last.last_class));
    Matter {
        colour: State::FAILING.colour(),
        icon: State::FAILING.icon(),
        what: html! {
            bdi { (hook.name) } " is failing"
            @match answer {
                Some((Some(status), _)) => { ": its last answer was " (status) },
                Some((None, Some(class))) => { ": " (class.brief()) },
                _ => {},
            }
        },
        why: match standing.warning(hook, time) {
            Some(warning) => html! { (warning) },
            None => html! { "The last " (in_row) " deliveries failed." },
        },
        href: last.as_ref().map_or_else(|| paths::webhook(&hook.id), |last| paths::log(&last.id)),
        act: "See what it answered",
        at_once: false,
        of: hook.name.clone(),
    }
}

/// Rotations that end before anybody has seen the new secret at work: after that, everything may be refused.
fn rotations(known: &Known, time: LocalTime) -> Vec<Matter> {
    let matter = |Rotation { hook, old }: &Rotation| {
        let noun = match old.kind {
            CredentialKind::Secret => "secret",
            CredentialKind::Key => "key",
        };
        Matter {
            colour: "",
            icon: icon("key"),
            what: html! {
                "The old " (noun) " of " bdi { (hook.name) } " stops working "
                @if let Some(end) = old.ends_at { (time.ahead(end)) }
            },
            why: html! {
                @if let Some(at) = old.last_used_at { "The receiver accepted the old " (noun) " " (time.near(at)) ". " }
                "We have not seen it accept the new one."
            },
            href: paths::webhook(&hook.id),
            act: "Review the rotation",
            at_once: false,
            of: hook.name.clone(),
        }
    };
    known.rotations.iter().map(matter).collect()
}

fn exports(known: &Known, time: LocalTime) -> Vec<Matter> {
    let mut stuck = known.stuck(time.now);
    // What nobody tries any more waits for someone more than what is tried again.
    stuck.sort_by_key(|view| view.delivery.state.is_owed());
    let matter = |view: &crate::store::export::ExportView| {
        let state = State::of_delivery(&view.delivery);
        let owed = view.delivery.state.is_owed();
        Matter {
            colour: state.colour(),
            icon: state.icon(),
            what: html! {
                "An export of " (count(view.export.candidate_count as usize, "candidate")) " has not arrived" @if owed { " yet" }
            },
            why: html! {
                bdi { (view.vacancy_title) } " to " bdi { (view.hook_name) } ", " (time.near(view.export.created_at))
                @match (view.delivery.response_status, view.delivery.last_class) {
                    (Some(status), _) => { ": the receiver answered " (status) "." },
                    (None, Some(class)) => { ": " (class.brief()) "." },
                    (None, None) => ".",
                }
                @if let Some(due) = view.delivery.state.due() { " The next try is " (time.ahead(due)) "." }
            },
            href: paths::export(&view.export.id),
            act: "Open the export",
            at_once: false,
            of: view.vacancy_title.clone(),
        }
    };
    stuck.into_iter().map(matter).collect()
}

fn held(known: &Known, viewer: &Viewer, time: LocalTime) -> Vec<Matter> {
    let admin = viewer.role.may(Permission::ManageHooks);
    let matter = |(hook, held): &(crate::domain::hook::Hook, (usize, bool))| Matter {
        colour: "",
        icon: icon("hold"),
        what: html! {
            @match *held {
                (0, _) => { bdi { (hook.name) } " is paused" },
                (1, false) => { "1 delivery is held for " bdi { (hook.name) } },
                many => { (up_to(many)) " deliveries are held for " bdi { (hook.name) } },
            }
        },
        why: html! {
            "Paused " (time.near(hook.updated_at)) ". "
            @if held.0 == 0 { "Deliveries are held until it is resumed." } @else { "Deliveries are held, nothing is lost." }
        },
        href: paths::webhook(&hook.id),
        act: if admin { "Review and resume" } else { "Review" },
        at_once: false,
        of: hook.name.clone(),
    };
    // One that has lost something is paused for it, and told of already.
    let is_lost = |hook: &Hook| known.lost.iter().any(|(lost, _)| lost.id == hook.id);
    known.held.iter().filter(|(hook, _)| !is_lost(hook)).map(matter).collect()
}

fn unused_keys(known: &Known) -> Option<Matter> {
    let keys = &known.unused_keys;
    let many = keys.len() > 1;
    let names: Vec<String> = keys.iter().map(|key| format!("“{}”, which ends in {}", key.name, key.ends_in)).collect();
    (!keys.is_empty()).then(|| Matter {
        colour: "",
        icon: icon("wait"),
        what: html! {
            (count(keys.len(), "API key")) (if many { " have" } else { " has" }) " not been used for " (UNUSED.num_days()) " days"
        },
        why: html! { bdi { (list(&names)) } ". Revoke what no system uses any more." },
        href: paths::API_KEYS.to_owned(),
        act: "Review the keys",
        at_once: false,
        of: list(&names),
    })
}
