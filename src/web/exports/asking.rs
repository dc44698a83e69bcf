//! The page that asks whether an export is to be sent.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::names::{MAX_NAMES, Names};
use crate::domain::candidate::Applicant;
use crate::domain::export::{Exclusion, Selection};
use crate::domain::hook::{Hook, HookState};
use crate::domain::policy::Policy;
use crate::domain::vacancy::Vacancy;
use crate::store::export::ExportView;
use crate::web::bidi::isolated;
use crate::web::form::wrong;
use crate::web::prelude::*;
use crate::web::words::{count, first, size};

/// The names of so many candidates are shown at once; those of more are folded.
const MAX_OPEN: usize = 30;

/// What the page shows.
pub struct ConfirmExport {
    /// Candidates of what.
    pub vacancy: Vacancy,
    /// Who was ticked.
    pub selection: Selection,
    /// Whom the webhook has already or is being sent, by candidate.
    pub sent: HashMap<String, ExportView>,
    /// Whether those are sent again.
    pub resend: bool,
    /// Whether the page is shown once more because something else was chosen than it had been drawn for.
    pub changed: bool,
    /// To whom it can go.
    pub hooks: Vec<Hook>,
    /// To whom it would go; `None` when there is nobody.
    pub to: Option<ToHook>,
    /// Names this filling of the form.
    pub token: String,
    /// What is wrong with it.
    pub errors: Errors,
    /// The time.
    pub time: LocalTime,
}

/// What a hook would be sent.
pub struct ToHook {
    /// The hook.
    pub hook: Hook,
    /// Whether its deliveries are signed.
    pub signed: bool,
    /// How many bytes it would be sent.
    pub size: usize,
    /// These bytes, with the first candidate alone.
    pub sample: Vec<u8>,
}

/// For what a page was drawn: the webhook, and whether those it has already were to be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Drawn<'a> {
    pub(super) hook: &'a str,
    pub(super) resend: bool,
}

impl<'a> Drawn<'a> {
    /// Reads what [`Drawn::word`] wrote; `None` for a form that says nothing of it.
    pub(super) fn read(word: &'a str) -> Option<Self> {
        let (hook, resend) = word.split_once('/')?;
        Some(Self { hook, resend: resend == "again" })
    }

    /// As a hidden field carries it.
    fn word(self) -> String {
        format!("{}/{}", self.hook, if self.resend { "again" } else { "new" })
    }
}

impl ConfirmExport {
    /// The title of the page.
    pub fn title(&self) -> String {
        match self.selection.included.len() {
            0 => "Export nobody".to_owned(),
            many => format!("Export {}", count(many, "candidate")),
        }
    }

    /// The page.
    pub fn render(&self, viewer: &Viewer) -> Markup {
        let vacancy = paths::vacancy(&self.vacancy.id);
        let head = Head::below(Nav::Vacancies, html! { (self.title()) "?" }).under(&self.vacancy.title, &vacancy);
        let Some(to) = &self.to else {
            return html! { (self.errors.summary()) (head) (self.no_hook(viewer, &vacancy)) };
        };
        let nobody = self.selection.included.is_empty();
        // Where nobody has been sent before there is no box, and none is posted.
        let drawn = Drawn { hook: to.hook.id.as_str(), resend: self.resend && self.any_sent_before() };
        html! {
            (self.errors.summary())
            (head)
            p.says { (self.says(to)) }
            @if self.changed {
                p.notice.info role="status" { "You made another choice, and nothing has been sent. This is what it leads to: check it, and confirm again." }
            }
            @if self.resend && !nobody { (self.warning()) }
            form.choosing method="post" action=(paths::vacancy_export(&self.vacancy.id)) {
                input type="hidden" name="step" value="confirm";
                input type="hidden" name="drawn" value=(drawn.word());
                (token_field(&self.token))
                (part("To", html! {}, self.to(to, viewer.role)))
                @if !nobody { (self.people(viewer)) }
                @if !self.selection.excluded.is_empty() { (self.left_out(viewer)) }
                @if !nobody { (self.sent_before(viewer)) (self.payload(to)) }
                div.part {
                    header {}
                    div.row {
                        @if !nobody && to.hook.state != HookState::Disabled { button.btn.main { "Confirm export" } }
                        a.btn href=(vacancy) { "Back to the selection" }
                    }
                }
            }
        }
    }

    fn says(&self, to: &ToHook) -> Markup {
        let (included, excluded) = (self.selection.included.len(), self.selection.excluded.len());
        let ticked = included + excluded;
        let people = if included == 1 { "1 person".to_owned() } else { format!("{included} people") };
        let known = self.selection.excluded.iter().filter(|(_, reason)| *reason == Exclusion::AlreadySent).count();
        html! {
            @if included == 0 && known == ticked {
                @if ticked == 1 { "The candidate you ticked was sent" } @else { "All " (ticked) " were sent" }
                @if let Some(at) = self.last_sent() { " " (self.time.near(at)) }
                " and " (if ticked == 1 { "has" } else { "have" }) " not changed since. Tick the box below to send "
                (if ticked == 1 { "this candidate" } else { "them" }) " again."
            } @else if included == 0 {
                "Nothing can be sent: "
                @if ticked == 1 { "the candidate you ticked stays out." } @else { "all " (ticked) " you ticked stay out." }
            } @else {
                "One request with " (people) " goes to " (to.hook.url.host()) "."
                @if excluded > 0 {
                    " " (first(excluded)) " of the " (ticked) " you ticked " (if excluded == 1 { "stays" } else { "stay" }) " out."
                }
            }
        }
    }

    /// When the latest export began that carried one of those who were ticked.
    fn last_sent(&self) -> Option<DateTime<Utc>> {
        self.sent.values().map(|view| view.export.created_at).max()
    }

    /// How many of those who are sent were sent before.
    fn repeated(&self) -> usize {
        self.selection.included.iter().filter(|one| self.sent.contains_key(one.candidate.id.as_str())).count()
    }

    /// What the ticked box leads to.
    fn warning(&self) -> Markup {
        let included = self.selection.included.len();
        html! {
            @match self.repeated() {
                0 => {}
                1 if included == 1 => p.notice.warn { "This candidate has been sent to this webhook before, and will be sent again." },
                many if many == included => p.notice.warn { "All " (many) " have been sent to this webhook before, and will be sent again." },
                many => p.notice.warn {
                    (first(many)) " of the " (included) (if many == 1 { " has" } else { " have" })
                    " been sent to this webhook before, and will be sent again."
                },
            }
        }
    }

    /// Everybody who is sent; folded when they are many.
    fn people(&self, viewer: &Viewer) -> Markup {
        let included = &self.selection.included;
        let stage = |one: &Applicant| html! { bdi { (one.application.stage) } };
        let rows: Vec<_> = included.iter().map(|one| (one, stage(one))).collect();
        let content = html! {
            details #people open[included.len() <= MAX_OPEN] {
                summary.small { "Who is in it" @if rows.len() > MAX_NAMES { ": the first " (MAX_NAMES) } }
                (Names { column: "Stage", rows: &rows, viewer })
            }
        };
        part("Candidates", html! { (included.len()) " in this export" }, content)
    }

    fn to(&self, to: &ToHook, role: Role) -> Markup {
        let error = self.errors.of("hook");
        let signed = if to.signed { "signed" } else { "unsigned" };
        html! {
            div.field {
                label for="hook" { "Webhook" }
                (wrong("hook", error))
                select #hook name="hook" aria-invalid=[error.map(|_| "true")] aria-describedby=[error.map(|_| "hook-error")] {
                    @for hook in &self.hooks {
                        option value=(hook.id) selected[hook.id == to.hook.id] disabled[hook.state == HookState::Disabled] {
                            (isolated(&hook.name)) " (" (self.address(hook, role)) ")" (standing(hook.state))
                        }
                    }
                }
            }
            @if self.hooks.len() > 1 {
                p.row.small {
                    (update_preview())
                    span.soft { "Below is what " bdi { (to.hook.name) } " gets." }
                }
            }
            @if to.hook.state == HookState::Paused {
                p.notice { "This webhook is paused. The export is held, and sent as soon as an Organisation Admin resumes it." }
            }
            @if to.hook.state == HookState::Disabled {
                p.notice.bad { "This webhook is disabled: nothing is sent to it until an Organisation Admin enables it." }
            }
            dl.facts {
                div { dt { "Sent as" } dd { "one request, " (size(to.size)) ", " (signed) } }
                div { dt { "Field set" } dd { (to.hook.field_set.label()) " " span.soft { (to.hook.field_set.explanation()) } } }
                div { dt { "If it fails" } dd { (if_it_fails(to.hook.policy)) "; the next page follows it live" } }
            }
        }
    }

    /// What tells a webhook from others in the list: its host, and where another has the same name there, its path for whoever
    /// may see it, or its id.
    fn address(&self, hook: &Hook, role: Role) -> String {
        let same = |other: &&Hook| other.name == hook.name && other.url.host() == hook.url.host();
        let twins: Vec<_> = self.hooks.iter().filter(same).collect();
        let sees_path = role.may(Permission::ManageHooks);
        let shown = if sees_path { hook.url.as_str().trim_start_matches("https://") } else { &hook.url.host() };
        match twins.iter().filter(|other| other.url == hook.url).count() {
            _ if twins.len() < 2 => hook.url.host(),
            1 if sees_path => shown.to_owned(),
            _ => format!("{shown}, {}", hook.id),
        }
    }

    fn left_out(&self, viewer: &Viewer) -> Markup {
        let excluded = &self.selection.excluded;
        let ticked = excluded.len() + self.selection.included.len();
        let rows: Vec<_> =
            excluded.iter().map(|(applicant, reason)| (applicant, self.reason(applicant, *reason))).collect();
        let known = excluded.iter().any(|(_, reason)| *reason == Exclusion::AlreadySent);
        let content = html! {
            (Names { column: "Reason", rows: &rows, viewer })
            @if known { (self.send_again()) }
        };
        part("Left out", html! { (excluded.len()) " of the " (ticked) " you ticked" }, content)
    }

    /// The box that has those sent whom the webhook has already.
    fn send_again(&self) -> Markup {
        html! {
            div.row.apart {
                label.tick {
                    input #resend type="checkbox" name="resend" value="1" checked[self.resend];
                    span { "Include those already sent" }
                }
                (update_preview())
            }
        }
    }

    fn reason(&self, applicant: &Applicant, reason: Exclusion) -> Markup {
        let since = applicant.candidate.consent_withdrawn_at;
        match (reason, self.sent.get(applicant.candidate.id.as_str())) {
            (Exclusion::AlreadySent, Some(view)) => html! {
                (self.sent_at(view)) @if arrived(view) { ", unchanged since" }
            },
            _ => html! {
                span.st {
                    (icon("off"))
                    span { (reason.label()) @if let Some(since) = since { " on " (self.time.day(since)) } }
                }
            },
        }
    }

    /// “Already sent at 14:02”, or that it is on its way.
    fn sent_at(&self, view: &ExportView) -> Markup {
        let (class, sign, word) =
            if arrived(view) { ("st ok", "ok", "Already sent ") } else { ("st", "wait", "On its way since ") };
        html! {
            a href=(paths::export(&view.export.id)) {
                span class=(class) { (icon(sign)) span { (word) (self.time.near(view.export.created_at)) } }
            }
        }
    }

    fn any_sent_before(&self) -> bool {
        self.selection.included.iter().any(|one| self.sent.contains_key(one.candidate.id.as_str()))
    }

    fn sent_before(&self, viewer: &Viewer) -> Markup {
        let included = &self.selection.included;
        let before = included.iter().filter_map(|one| Some((one, self.sent.get(one.candidate.id.as_str())?)));
        let rows: Vec<_> = before.map(|(one, view)| (one, self.sent_at(view))).collect();
        if rows.is_empty() {
            return html! {};
        }
        // Without the box, whoever is sent again has changed.
        let hint = html! {
            (rows.len()) " of the " (included.len())
            @if self.resend { ". They will be sent again." } @else { ". They have changed since, and will be sent again." }
        };
        let content = html! {
            (Names { column: "Last export", rows: &rows, viewer })
            @if self.resend { (self.send_again()) }
        };
        part("Sent before", hint, content)
    }

    fn payload(&self, to: &ToHook) -> Markup {
        let included = self.selection.included.len();
        let (hint, caption) = match included {
            1 => ("Exactly what is sent, formatted for reading.", "The whole body".to_owned()),
            many => (
                "Exactly what is sent for one candidate, formatted for reading. The others have the same fields.",
                format!("First of {many}"),
            ),
        };
        let caption = html! { strong { (caption) } " application/json" };
        part("What is sent", html! { (hint) }, code::figure("Payload preview", caption, code::json(&to.sample), false))
    }

    fn no_hook(&self, viewer: &Viewer, vacancy: &str) -> Markup {
        let admin = viewer.role.may(Permission::ManageHooks);
        let other = viewer.mode != self.vacancy.mode;
        html! {
            section.empty {
                h2 { "No webhook in " (self.vacancy.mode) " mode yet." }
                p {
                    "An export goes to a webhook: an address of another system of yours, such as the one that keeps the people you hire. "
                    @if admin { "Create one, then export again." }
                    @else { "An Organisation Admin of yours can create one." }
                }
                @if admin && other { p.small.soft { "Switch to " (self.vacancy.mode.label()) " mode in the bar above first." } }
                p.row {
                    @if admin { a.btn.main href=(paths::NEW_WEBHOOK) { "Create Webhook" } }
                    a.btn href=(vacancy) { "Back to the selection" }
                }
            }
        }
    }
}

/// What is said after the name of a webhook that does not send at once.
fn standing(state: HookState) -> &'static str {
    match state {
        HookState::Paused => ", paused",
        HookState::Disabled => ", disabled",
        HookState::Active | HookState::Deleted => "",
    }
}

fn if_it_fails(policy: Policy) -> &'static str {
    match policy {
        Policy::Quick => "retried after 200, 400 and 800 ms",
        Policy::Patient => "retried for three days",
        Policy::Single => "not retried: its policy sends once",
    }
}

/// Whether an export has reached its webhook, be it that it is sent there again.
fn arrived(view: &ExportView) -> bool {
    !view.delivery.state.is_owed() || view.delivery.is_resent()
}

/// The button that shows this page again for what is chosen now; the script does it at once.
fn update_preview() -> Markup {
    html! { button.btn name="look" value="1" { "Update preview" } }
}

#[cfg(test)]
mod tests;
