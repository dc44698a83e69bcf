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
pub struct Asking {
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

impl Asking {
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
mod tests {
    use super::*;
    use crate::actions::FieldError;
    use crate::domain::delivery::DeliveryState;
    use crate::web::samples::{applicant, export, hook, now, time, vacancy, viewer};

    fn asking(names: &[&str], hooks: Vec<Hook>) -> Asking {
        let people = names.iter().map(|name| applicant(name, "a@mail.example")).collect();
        let to = hooks.first().cloned();
        Asking {
            vacancy: vacancy("Engineer"),
            selection: Selection::of(people),
            sent: HashMap::new(),
            resend: false,
            changed: false,
            hooks,
            to: to.map(|hook| ToHook { hook, signed: true, size: 18_400, sample: br#"{"a":"<b>"}"#.to_vec() }),
            token: "t0ken".into(),
            errors: Errors::default(),
            time: time(),
        }
    }

    #[test]
    fn it_says_how_many_go_where_and_carries_their_ids_and_the_token() {
        let asking = asking(&["Anna", "<script>"], vec![hook("Candidate warehouse"), hook("Payroll <bridge>")]);
        let page = asking.render(&viewer(Role::Recruiter)).0;
        assert!(page.contains("<h1>Export 2 candidates?</h1>"));
        assert!(page.contains("One request with 2 people goes to hooks.northwind-data.example."));
        assert!(page.contains("one request, 18.4 kB, signed") && page.contains("retried for three days"));
        assert!(page.contains(r#"name="token" value="t0ken""#) && page.contains("<strong>First of 2</strong>"));
        assert!(page.contains("Payroll &lt;bridge&gt; (hooks.northwind-data.example)") && page.contains("&lt;b&gt;"));
        assert!(page.contains("Confirm export") && page.contains("Back to the selection"));
    }

    #[test]
    fn whoever_stays_out_is_named_with_the_reason_and_whoever_was_sent_before_with_the_time() {
        let mut asking = asking(&["Łukasz", "محمد العتيبي"], vec![hook("Warehouse")]);
        let mut gone = applicant("<b>Zoë", "z@mail.example");
        gone.candidate.consent_withdrawn_at = Some(now());
        asking.selection.excluded.push((gone, Exclusion::ConsentWithdrawn));
        let viewer = viewer(Role::Recruiter);
        let view = export(&viewer, &asking.vacancy, &asking.hooks[0], DeliveryState::Success { at: now() });
        asking.sent.insert(asking.selection.included[1].candidate.id.to_string(), view);
        let page = asking.render(&viewer).0;
        assert!(page.contains("One of the 3 you ticked stays out.") && page.contains("1 of the 3 you ticked"));
        assert!(page.contains("<bdi>&lt;b&gt;Zoë</bdi>") && page.contains("Consent withdrawn on"));
        assert!(page.contains("Already sent <time") && page.contains("today at 14:41"));
        assert!(page.contains("They have changed since, and will be sent again."), "{page}");
    }

    #[test]
    fn whoever_the_webhook_has_already_stays_out_until_the_box_is_ticked() {
        let viewer = viewer(Role::Recruiter);
        let mut asking = asking(&["Siobhán O'Brien"], vec![hook("Warehouse")]);
        let known = applicant("Nguyễn Thị Ánh", "a@mail.example");
        let state = DeliveryState::Retrying { due: Some(now()) };
        asking.sent.insert(known.candidate.id.to_string(), export(&viewer, &asking.vacancy, &asking.hooks[0], state));
        asking.selection.excluded.push((known.clone(), Exclusion::AlreadySent));
        let page = asking.render(&viewer).0;
        assert!(page.contains("On its way since <time") && !page.contains(", unchanged since"), "{page}");
        assert!(page.contains(r#"name="resend" value="1">"#) && page.contains("Update preview"));
        // Alone they leave nobody, and the box stays as it is.
        asking.selection.included.clear();
        let page = asking.render(&viewer).0;
        assert!(
            page.contains("The candidate you ticked was sent <time") && page.contains("to send this candidate again.")
        );
        assert!(page.contains(r#"name="resend" value="1">"#) && !page.contains("Confirm export"), "{page}");
        asking.selection = Selection::of(vec![known]);
        asking.resend = true;
        let page = asking.render(&viewer).0;
        assert!(page.contains(r#"name="resend" value="1" checked>"#) && page.contains("They will be sent again."));
        let warning = "notice warn\">This candidate has been sent to this webhook before, and will be sent again.";
        assert!(page.contains(warning) && page.contains("/again\""), "{page}");
    }

    #[test]
    fn who_goes_is_named_and_folded_when_they_are_many() {
        let names: Vec<String> = (0..31).map(|at| format!("Candidate {at}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let page = |names: &[&str]| asking(names, vec![hook("Warehouse")]).render(&viewer(Role::Recruiter)).0;
        assert!(
            page(&names[..30]).contains("<details id=\"people\" open>") && page(&names[..30]).contains("Candidate 29")
        );
        assert!(page(&names).contains("<details id=\"people\">") && page(&names).contains("31 in this export"));
    }

    #[test]
    fn webhooks_of_one_name_are_told_apart_by_path_and_id() {
        let at =
            |url: &str| Hook { url: crate::domain::hook_url::HookUrl::parse(url).expect("an address"), ..hook("HRIS") };
        let asking =
            asking(&["Anna"], vec![at("a.example/x"), at("a.example/y"), at("a.example/y"), at("b.example/z")]);
        let page = asking.render(&viewer(Role::Admin)).0;
        assert!(page.contains("HRIS (a.example/x)") && page.contains("HRIS (b.example)"), "{page}");
        assert_eq!(page.matches("HRIS (a.example/y, hk_").count(), 2, "{page}");
        // Whoever may not see the path tells them apart by their ids.
        let page = asking.render(&viewer(Role::Recruiter)).0;
        assert!(!page.contains("a.example/") && page.contains("HRIS (b.example)"), "{page}");
        assert_eq!(page.matches("HRIS (a.example, hk_").count(), 3, "{page}");
    }

    #[test]
    fn who_was_sent_and_has_not_changed_since_stays_out_and_who_has_changed_is_sent() {
        let people = ["Siobhán O'Brien", "محمد", "Sam ✨ Rivera"].map(|name| applicant(name, "a@mail.example"));
        let [same, mut changed, new] = people;
        changed.application.updated_at = now() + chrono::TimeDelta::minutes(5);
        let sent = [same.candidate.id.clone(), changed.candidate.id.clone()];
        let kept = [changed.clone(), new.clone()];
        let selection = Selection::of(vec![same.clone(), changed, new])
            .without_those_sent(|id| sent.contains(id).then(|| now() + chrono::TimeDelta::minutes(1)));
        assert_eq!(selection.included, kept);
        assert_eq!(selection.excluded, [(same, Exclusion::AlreadySent)]);
    }

    #[test]
    fn nobody_to_send_has_no_button() {
        let mut asking = asking(&[], vec![hook("Warehouse")]);
        asking.selection.excluded.push((applicant("Zoë", "z@mail.example"), Exclusion::ConsentWithdrawn));
        let page = asking.render(&viewer(Role::Recruiter)).0;
        assert!(page.contains("Nothing can be sent") && !page.contains("Confirm export"));
    }

    #[test]
    fn without_a_webhook_it_says_who_can_create_one() {
        let asking = asking(&["Anna"], Vec::new());
        let admin = asking.render(&viewer(Role::Admin)).0;
        assert!(admin.contains("No webhook in live mode yet.") && admin.contains(paths::NEW_WEBHOOK));
        let recruiter = asking.render(&viewer(Role::Recruiter)).0;
        assert!(recruiter.contains("An Organisation Admin of yours") && !recruiter.contains(paths::NEW_WEBHOOK));
    }

    #[test]
    fn a_disabled_webhook_cannot_be_chosen() {
        let off = Hook { state: HookState::Disabled, ..hook("Gone") };
        let page = asking(&["Anna"], vec![hook("Warehouse"), off.clone()]).render(&viewer(Role::Recruiter)).0;
        assert!(
            page.contains(&format!(r#"<option value="{}" disabled>"#, off.id)) && page.contains("), disabled</option>")
        );
        assert!(page.contains("Confirm export"));
        let page = asking(&["Anna"], vec![off]).render(&viewer(Role::Recruiter)).0;
        assert!(page.contains("This webhook is disabled:") && !page.contains("Confirm export"), "{page}");
    }

    #[test]
    fn a_paused_webhook_and_a_refused_one_are_said_beside_the_field() {
        let mut asking = asking(&["Anna"], vec![Hook { state: HookState::Paused, ..hook("Slow") }]);
        asking.errors = Errors(vec![FieldError::new("hook", "Choose one of the webhooks")]);
        let page = asking.render(&viewer(Role::Recruiter)).0;
        assert!(page.contains("), paused</option>") && page.contains("This webhook is paused."));
        assert!(page.contains(r##"href="#hook""##) && page.contains(r#"aria-describedby="hook-error""#));
    }
}
