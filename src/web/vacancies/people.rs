//! The candidates of a vacancy: a table to tick, and the tray with what can be done with those who are ticked.

use super::data::{PAGE, VacancyData, VacancyQuery};
use crate::domain::candidate::Applicant;
use crate::domain::export::MAX_CANDIDATES;
use crate::domain::mask;
use crate::web::bidi::isolated;
use crate::web::prelude::*;
use crate::web::words::grouped;

/// The table, the tray and the way to other pages.
pub struct People<'a> {
    /// What is shown.
    pub shown: &'a VacancyData,
    /// To whom.
    pub viewer: &'a Viewer,
}

impl Render for People<'_> {
    fn render(&self) -> Markup {
        let wanted = &self.shown.wanted;
        if self.shown.applicants.is_empty() {
            let all = VacancyQuery { stage: None, page: 1 }.address(&self.shown.vacancy.id);
            return html! {
                section.empty {
                    h2 { "Nobody is in this stage." }
                    p { "Those who were have moved on. " a href=(all) { "Show all stages" } }
                }
            };
        }
        if !self.may_export() {
            return html! { (self.table()) (self.pages()) };
        }
        html! {
            form.pickable #people method="post" action=(paths::vacancy_export(&self.shown.vacancy.id)) {
                input type="hidden" name="step" value="choose";
                input type="hidden" name="page" value=(wanted.page);
                @if let Some(stage) = &wanted.stage { input type="hidden" name="stage" value=(stage); }
                @for applicant in &self.shown.applicants { input type="hidden" name="shown" value=(applicant.candidate.id); }
                (self.table())
                (self.tray())
            }
            (self.pages())
        }
    }
}

impl People<'_> {
    fn may_export(&self) -> bool {
        self.viewer.role.may(Permission::Export)
    }

    /// How many there are, as a word.
    fn all(&self) -> String {
        grouped(self.shown.total())
    }

    fn range(&self) -> String {
        let (first, count) = ((self.shown.wanted.page - 1) * PAGE + 1, self.shown.applicants.len() as i64);
        format!("{} to {} of {}", grouped(first), grouped(first + count - 1), self.all())
    }

    fn table(&self) -> Markup {
        let tickable = self.may_export();
        let count = self.shown.applicants.len();
        let all = html! {
            @if tickable {
                th scope="col" { input type="checkbox" hidden aria-label={ "Select all " (count) " on this page" }; }
            }
        };
        Table::of(if tickable { "cards people" } else { "cards pairs" }, [])
            .head(all)
            .columns(["Candidate", "Stage", "Applied"])
            .numbers("Rating")
            .columns(["Source", "Exported"])
            .captioned(html! { "Candidates " (self.range()) ", newest change first" })
            .rows(html! {
                @for (at, applicant) in self.shown.applicants.iter().enumerate() { (self.row(at, applicant, tickable)) }
            })
    }

    fn row(&self, at: usize, applicant: &Applicant, tickable: bool) -> Markup {
        let Applicant { candidate, application } = applicant;
        let id = &candidate.id;
        let (name, email) = self.who(applicant);
        let sent = self.shown.sent.get(id.as_str());
        html! {
            tr {
                @if tickable {
                    td {
                        // The link of the error summary leads to the first box.
                        input type="checkbox" id=[(at == 0).then_some("candidate")] name="candidate" value=(id)
                            aria-label={ "Select " (isolated(&name)) } checked[self.shown.ticked.contains_key(id)];
                    }
                }
                th scope="row" {
                    bdi { (name) }
                    @if candidate.consent_withdrawn_at.is_some() { " " span.tag { "Consent withdrawn" } }
                    @if let Some(email) = email { span.sub { (email) } }
                }
                td { bdi { (application.stage) } }
                td data-l="Applied" { (self.shown.time.day(application.applied_at)) }
                td.num data-l="Rating" {
                    @match application.review.mean_rating() { Some(mean) => { (format!("{mean:.1}")) } None => "–" }
                }
                td { @if let Some(source) = &application.source { bdi { (source) } } }
                td class=[(!tickable).then_some("whole")] data-l=[sent.map(|_| "Exported to")] {
                    @if let Some(sent) = sent { bdi { (sent.hook_name) } ", " (self.shown.time.brief(sent.export.created_at)) }
                }
            }
        }
    }

    fn who(&self, applicant: &Applicant) -> (String, Option<String>) {
        let profile = &applicant.candidate.profile;
        if self.viewer.role.may(Permission::SeePersonalData) {
            (profile.full_name.clone(), profile.email().map(str::to_owned))
        } else {
            (mask::name(&profile.full_name), profile.email().map(mask::email))
        }
    }

    fn tray(&self) -> Markup {
        let (total, elsewhere) = (self.shown.total(), self.shown.ticked_elsewhere());
        html! {
            div.tray.row.apart {
                p.row.small {
                    strong {
                        span.picked {}
                        @if elsewhere == 0 { " of " (self.all()) " selected" }
                        @else { " selected here, " (grouped(elsewhere)) " on other pages or in other stages" }
                    }
                    @if total > MAX_CANDIDATES as i64 {
                        span.soft { "One export carries up to " (MAX_CANDIDATES) "." }
                    } @else {
                        button.btn name="go" value="all" { "Select all " (self.all()) }
                    }
                    @if !self.shown.ticked.is_empty() { button.btn name="go" value="none" { "Clear the selection" } }
                }
                details.menu.up.right {
                    summary.btn.main { "Export " (icon("more")) }
                    div { button name="to" value="webhook" { "Export to Webhook" } }
                }
            }
        }
    }

    fn pages(&self) -> Markup {
        let (wanted, total) = (&self.shown.wanted, self.shown.total());
        if total <= PAGE {
            return html! {};
        }
        let step = |page, name: &str, rel: &str, class: &str| {
            let to = VacancyQuery { page, ..wanted.clone() };
            html! {
                @if self.may_export() { button class=(class) form="people" name="go" value=(to.query()) { (name) } }
                @else { a class=(class) rel=(rel) href=(to.address(&self.shown.vacancy.id)) { (name) } }
            }
        };
        html! {
            nav.row.small aria-label="Pages" {
                span.soft {
                    (self.range()) "."
                    @if self.may_export() { " The selection is kept over stages and pages." }
                }
                @if wanted.page > 1 { (step(wanted.page - 1, "Previous", "prev", "btn end")) }
                @if wanted.page * PAGE < total {
                    (step(wanted.page + 1, "Next", "next", if wanted.page > 1 { "btn" } else { "btn end" }))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::actions::FieldError;
    use crate::domain::delivery::DeliveryState;
    use crate::web::form::Errors;
    use crate::web::samples::{applicant, export, hook, now, time, vacancy, viewer};

    fn shown(applicants: Vec<Applicant>, total: i64) -> VacancyData {
        VacancyData {
            vacancy: vacancy("Senior Backend Engineer"),
            stages: vec![("Technical interview".into(), total)],
            wanted: VacancyQuery { stage: None, page: 1 },
            applicants,
            sent: HashMap::new(),
            history: Vec::new(),
            ticked: HashMap::new(),
            errors: Errors::default(),
            time: time(),
        }
    }

    fn people(shown: &VacancyData, role: Role) -> String {
        People { shown, viewer: &viewer(role) }.render().0
    }

    #[test]
    fn names_in_any_script_stand_apart_and_markup_in_them_stays_text() {
        let names = ["محمد العتيبي", "Sam ✨ Rivera", "<script>alert(1)</script>"];
        let page = people(&shown(names.map(|name| applicant(name, "a@mail.example")).into(), 3), Role::Recruiter);
        assert!(page.contains("<bdi>محمد العتيبي</bdi>") && page.contains("<bdi>Sam ✨ Rivera</bdi>"));
        assert!(page.contains("<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>"));
        assert!(page.contains(r#"aria-label="Select &lt;script&gt;alert(1)&lt;/script&gt;""#));
        assert!(page.contains("<td class=\"num\" data-l=\"Rating\">4.6</td>") && page.contains(">18 Nov</time>"));
    }

    #[test]
    fn support_sees_first_letters_and_nothing_to_tick() {
        let page = people(&shown(vec![applicant("Siobhán O’Brien", "siobhan@mail.example")], 1), Role::Support);
        assert!(page.contains("<bdi>S••• O•••</bdi>") && page.contains("s•••@mail.example"));
        assert!(!page.contains("checkbox") && !page.contains("Export to Webhook") && !page.contains("Siobhán"));
    }

    #[test]
    fn who_was_sent_says_to_whom_and_when() {
        let mut shown = shown(vec![applicant("Anna", "a@mail.example")], 1);
        let state = DeliveryState::Success { at: now() };
        let view = export(&viewer(Role::Admin), &shown.vacancy, &hook("Candidate warehouse"), state);
        shown.sent.insert(shown.applicants[0].candidate.id.to_string(), view);
        let page = people(&shown, Role::Recruiter);
        assert!(
            page.contains(r#"<td data-l="Exported to"><bdi>Candidate warehouse</bdi>, <time"#)
                && page.contains(">14:41</time>")
        );
    }

    #[test]
    fn all_can_be_selected_up_to_what_one_export_carries() {
        let one = || vec![applicant("Anna", "a@mail.example")];
        let page = people(&shown(one(), 128), Role::Recruiter);
        assert!(
            page.contains(r#"value="all">Select all 128</button>"#) && page.contains(r#"value="page=2">Next"#),
            "{page}"
        );
        assert!(people(&shown(one(), 128), Role::Support).contains(r#"rel="next""#));
        let page = people(&shown(one(), 501), Role::Recruiter);
        assert!(page.contains("One export carries up to 500.") && !page.contains("Select all 501"));
        let mut kept = shown(one(), 128);
        let ids = [kept.applicants[0].candidate.id.clone(), crate::domain::ids::CandidateId::new(now())];
        kept.ticked = ids.into_iter().map(|id| (id, "Offer".to_owned())).collect();
        let page = people(&kept, Role::Recruiter);
        assert!(
            page.contains(" selected here, 1 on other pages or in other stages") && page.contains("checked"),
            "{page}"
        );
        assert!(page.contains(r#"name="shown""#) && page.contains("Clear the selection"), "{page}");
    }

    #[test]
    fn a_refused_selection_leads_to_the_first_box() {
        let mut shown = shown(vec![applicant("Anna", "a@mail.example")], 1);
        shown.errors = Errors(vec![FieldError::new("candidate", "Tick at least one candidate")]);
        assert!(shown.errors.summary().0.contains(r##"href="#candidate""##));
        assert!(people(&shown, Role::Recruiter).contains(r#"id="candidate" name="candidate""#));
    }

    #[test]
    fn an_empty_stage_leads_to_all_of_them() {
        let mut empty = shown(Vec::new(), 3);
        empty.wanted.stage = Some("Gone".into());
        assert!(people(&empty, Role::Recruiter).contains("Nobody is in this stage."));
    }
}
