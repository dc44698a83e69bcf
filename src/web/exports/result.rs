//! How an export went, said first in one sentence.

use super::names::{MAX_NAMES, Names};
use super::outcome::Outcome;
use super::says::advice;
use super::table::History;
use crate::domain::attempt::Trigger;
use crate::domain::candidate::Applicant;
use crate::domain::delivery::DeliveryState;
use crate::domain::export::Exclusion;
use crate::domain::hook::HookState;
use crate::web::prelude::*;
use crate::web::status::ladder;
use crate::web::words::with_both;

impl Outcome {
    /// The page.
    pub fn render(&self, viewer: &Viewer) -> Markup {
        let owed = self.delivery().state.is_owed();
        let vacancy = paths::vacancy(&self.view.export.vacancy_id);
        let head = Head::below(Nav::Exports, self.heading())
            .under(&self.view.vacancy_title, vacancy)
            .state(State::of_delivery(self.delivery()).pill());
        let history = History { exports: &self.history, current: Some(&self.view.export.id), time: self.time }.render();
        html! {
            div.stack #export data-live=[owed.then_some("1000")] {
                (head)
                p.says { (self.says()) }
                (advice(self, viewer))
                (self.acts(viewer))
                (part("Tries", html! { (self.tries()) }, self.ladder(owed)))
                @if owed { (part("What happens next", html! {}, self.next())) }
                (part("Facts", html! {}, self.facts()))
                @if !self.carried.is_empty() { (part("Candidates", html! {}, self.people(viewer))) }
                @if !self.left_out.is_empty() { (part("Left out", self.why_left_out(), self.those_left_out(viewer))) }
                (part("Exports of this vacancy", html! {}, history))
            }
        }
    }

    fn acts(&self, viewer: &Viewer) -> Markup {
        let delivery = self.delivery();
        let mine = self.may_act(viewer);
        let failed = matches!(delivery.state, DeliveryState::Failed { .. });
        let again = self.may_retry(viewer);
        let over = !delivery.state.is_owed() && viewer.role.may(Permission::Export);
        let elsewhere = failed && self.hook.state != HookState::Active;
        let anew =
            format!("{}?again={}&resend=1", paths::vacancy_export(&self.view.export.vacancy_id), self.view.export.id);
        let back = paths::export(&self.view.export.id);
        let form = |action: String, button: Markup| {
            html! { form method="post" action=(action) { input type="hidden" name="back" value=(back); (button) } }
        };
        html! {
            div.row {
                @if again {
                    (form(paths::log_retry(&delivery.id), html! { button.btn.main { (icon("again")) "Retry now" } }))
                }
                @if mine && delivery.state.is_owed() {
                    (form(paths::log_cancellation(&delivery.id), html! { button.btn.risk { "Cancel retries" } }))
                }
                @if over {
                    a class=(if elsewhere { "btn main" } else { "btn" }) href=(anew) {
                        @if elsewhere { "Export them to another webhook" } @else { "Export them again" }
                    }
                }
                @if mine { a.btn href=(paths::log(&delivery.id)) { "Open its delivery" } }
            }
        }
    }

    fn tries(&self) -> String {
        let (tries, most) = (self.delivery().tries, self.hook.policy.most_tries());
        let manual = if tries.manual > 0 { format!(", and {} manual", tries.manual) } else { String::new() };
        format!("{} of {most}{manual}{}", tries.automatic, with_both(tries))
    }

    fn ladder(&self, owed: bool) -> Markup {
        let next = owed && self.delivery().trigger == Trigger::Automatic;
        html! {
            (ladder(self.hook.policy, self.delivery().tries.automatic, next))
            p.small.soft {
                "The same request each time, with the same id, so the receiver can tell it from a new one."
                @if owed { " You can close this page; nothing depends on it." }
            }
        }
    }

    fn next(&self) -> Markup {
        let (people, most) = (self.view.export.candidate_count, self.hook.policy.most_tries());
        let marked = if people == 1 { "the candidate is".to_owned() } else { format!("the {people} are") };
        let fail = if most == 1 { "The one try fails:".to_owned() } else { format!("All {most} tries fail:") };
        let line = |class: &str, sign: &str, when: &str, then: Markup| {
            html! { li { span class={ "st " (class) } { (icon(sign)) (when) } " " (then) } }
        };
        html! {
            ul.stack.small {
                (line("ok", "ok", "The receiver answers 2xx:", html! { "this page turns to Success, and " (marked) " marked as exported on the vacancy." }))
                (line("bad", "bad", &fail, html! { "it is Failed, and one button sends it again." }))
                (line("", "off", "You cancel:", html! {
                    "nothing more is sent."
                    @if self.delivery().tries.all() > 0 { " What the receiver may have kept of the tries before stays there." }
                }))
            }
        }
    }

    fn facts(&self) -> Markup {
        let export = &self.view.export;
        let left_out = export.excluded.len();
        html! {
            dl.facts.two {
                div {
                    dt { "Webhook" }
                    dd {
                        bdi { (self.view.hook_name) } " " span.soft { (self.hook.url.host()) }
                        @match self.hook.state {
                            HookState::Active => {}
                            _ => { " " (State::of_hook(&self.hook).plain()) }
                        }
                    }
                }
                div {
                    dt { "Candidates" }
                    dd {
                        (export.candidate_count)
                        @if left_out > 0 { " " span.soft { (left_out) " left out" } }
                    }
                }
                div { dt { "Field set" } dd { (export.field_set.label()) " " span.soft { (export.field_set.explanation()) } } }
                div { dt { "Requested" } dd { (self.time.near(export.created_at)) " by " bdi { (self.view.requested_by_name) } } }
                div { dt { "Export id" } dd { (code::id("Export id", export.id.as_str())) } }
                div { dt { "Delivery id" } dd { (code::id("Delivery id", self.delivery().id.as_str())) } }
            }
        }
    }

    /// Everybody it carries; a fold, since one export may carry hundreds.
    fn people(&self, viewer: &Viewer) -> Markup {
        let stage = |one: &Applicant| html! { bdi { (one.application.stage) } };
        let rows: Vec<_> = self.carried.iter().map(|one| (one, stage(one))).collect();
        let more =
            self.view.export.candidate_count as usize - rows.len().min(self.view.export.candidate_count as usize);
        html! {
            details #people {
                summary.small { "Who was in it" @if more > 0 { ": the first " (MAX_NAMES) } }
                (Names { column: "Stage now", rows: &rows, viewer })
            }
        }
    }

    fn why_left_out(&self) -> Markup {
        html! { (self.left_out.len()) " of those ticked" }
    }

    fn those_left_out(&self, viewer: &Viewer) -> Markup {
        let reason = |why: &Exclusion| html! { span.st { (icon("off")) (why.label()) } };
        let rows: Vec<_> = self.left_out.iter().map(|(one, why)| (one, reason(why))).collect();
        // Whose consent is still withdrawn would be left out again.
        let free = self.left_out.iter().any(|(one, _)| Exclusion::of(&one.candidate).is_none());
        let export = &self.view.export;
        html! {
            (Names { column: "Reason", rows: &rows, viewer })
            @if free && viewer.role.may(Permission::Export) {
                p { a.btn href={ (paths::vacancy_export(&export.vacancy_id)) "?left_out=" (export.id) "&resend=1" } { "Export those left out" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::attempt::ErrorClass;
    use crate::domain::delivery::Tries;
    use crate::web::samples::{applicant, export, hook, now, time, vacancy, viewer};

    fn result(viewer: &Viewer, state: DeliveryState) -> Outcome {
        let hook = hook("Candidate <warehouse>");
        let view = export(viewer, &vacancy("<b>Engineer"), &hook, state);
        Outcome {
            history: vec![view.clone()],
            view,
            hook,
            proves: true,
            carried: Vec::new(),
            left_out: Vec::new(),
            time: time(),
        }
    }

    fn tried(mut result: Outcome, times: u32, status: Option<u16>, class: Option<ErrorClass>) -> Outcome {
        result.view.delivery.tries = Tries { automatic: times, ..Tries::default() };
        (result.view.delivery.response_status, result.view.delivery.last_class) = (status, class);
        result
    }

    #[test]
    fn what_is_owed_refetches_itself_and_says_when_it_is_tried_again() {
        let viewer = viewer(Role::Recruiter);
        let due = Some(now() + TimeDelta::minutes(4));
        let result =
            tried(result(&viewer, DeliveryState::Retrying { due }), 5, Some(503), Some(ErrorClass::ServerError));
        let page = result.render(&viewer).0;
        assert!(page.contains(r#"id="export" data-live="1000""#));
        assert!(page.contains("It has not arrived yet: the receiver answered 503 on try 5. We retry it "));
        assert!(page.contains("in 4 min, and then until") && page.contains(">23 Nov</time> at the latest."));
        assert!(page.contains("5 of 13") && page.contains("What happens next") && page.contains("All 13 tries fail:"));
        assert!(page.contains("Retry now") && page.contains("Cancel retries") && page.contains("Open its delivery"));
        assert!(page.contains(&format!(r#"name="back" value="{}""#, paths::export(&result.view.export.id))));
        assert!(page.contains("&lt;b&gt;Engineer") && page.contains("Candidate &lt;warehouse&gt;"));
        assert_eq!(result.title(), "Export of 12 candidates is retrying");
    }

    #[test]
    fn every_other_state_has_its_sentence() {
        let viewer = viewer(Role::Admin);
        let says = |result: Outcome| result.says().0;
        let one = |state| result(&viewer, state);
        assert!(says(one(DeliveryState::Pending { due: Some(now()) })).starts_with("It is on its way to hooks."));
        assert!(says(one(DeliveryState::Pending { due: None })).contains("is paused. It is sent as soon as"));
        let mut resent = one(DeliveryState::Success { at: now() });
        resent.view.delivery.tries.automatic = 1;
        resent.view.delivery = resent.view.delivery.again(now());
        assert_eq!(resent.title(), "Export of 12 candidates is being sent again");
        assert_eq!(says(resent), "It arrived before; it is being sent again.");
        let class = ErrorClass::ServerError;
        let sent_in_vain = tried(one(DeliveryState::Success { at: now() }), 2, Some(500), Some(class));
        assert!(
            says(sent_in_vain).ends_with("Sent again since, it was not taken: the receiver answered 500 on try 2.")
        );
        let success = tried(one(DeliveryState::Success { at: now() }), 3, Some(202), None);
        assert!(says(success).contains("answered 202 "));
        let refused = ErrorClass::ConnectRefused;
        let failed = tried(one(DeliveryState::Failed { at: now(), class: refused }), 4, None, Some(refused));
        assert!(failed.render(&viewer).0.contains("nothing listens on that port on all four tries."));
        let mut rotating = tried(one(DeliveryState::Failed { at: now(), class }), 4, Some(401), Some(class));
        rotating.view.delivery.tries.rotation = 4;
        let page = rotating.render(&viewer).0;
        assert!(page.contains("The receiver answered 401 on all four tries, with both secrets."), "{page}");
        assert!(page.contains("4 of 13, with both secrets"), "{page}");
        let cancelled = one(DeliveryState::Failed { at: now(), class: ErrorClass::Cancelled });
        assert!(says(cancelled).ends_with("Nothing was sent."));
    }

    #[test]
    fn what_is_done_no_longer_looks_again_and_offers_only_what_makes_sense() {
        let viewer = viewer(Role::Admin);
        let page = result(&viewer, DeliveryState::Success { at: now() }).render(&viewer).0;
        assert!(!page.contains("data-live") && !page.contains("Retry now") && !page.contains("Cancel retries"));
        assert!(page.contains("?again=exp_") && page.contains("Export them again"));
        let class = ErrorClass::ServerError;
        let mut failed = result(&viewer, DeliveryState::Failed { at: now(), class });
        assert!(failed.render(&viewer).0.contains("Retry now"));
        failed.hook.state = HookState::Deleted;
        let page = failed.render(&viewer).0;
        assert!(!page.contains("Retry now") && page.contains("Export them to another webhook"));
    }

    #[test]
    fn who_was_in_it_and_who_was_left_out_is_named_and_masked_for_support() {
        let admin = viewer(Role::Admin);
        let mut result = result(&admin, DeliveryState::Success { at: now() });
        result.carried = vec![applicant("Siobhán <O'Brien>", "s@mail.example")];
        let (mut gone, known) = (applicant("Sam ✨ Rivera", "r@mail.example"), applicant("محمد", "m@mail.example"));
        gone.candidate.consent_withdrawn_at = Some(now());
        result.left_out = vec![(gone, Exclusion::ConsentWithdrawn)];
        let page = result.render(&admin).0;
        assert!(page.contains("<bdi>Siobhán &lt;O'Brien&gt;</bdi>") && page.contains("<bdi>Sam ✨ Rivera</bdi>"));
        assert!(page.contains("Consent withdrawn</span>") && !page.contains("Export those left out"));
        result.left_out.push((known, Exclusion::AlreadySent));
        assert!(result.render(&admin).0.contains("?left_out=exp_"));
        let support = result.render(&viewer(Role::Support)).0;
        assert!(!support.contains("Siobhán") && !support.contains("Rivera") && !support.contains("Export those"));
    }

    #[test]
    fn what_a_disabled_webhook_missed_can_go_to_another() {
        let viewer = viewer(Role::Recruiter);
        let mut missed = result(&viewer, DeliveryState::Failed { at: now(), class: ErrorClass::Missed });
        missed.hook.state = HookState::Disabled;
        assert_eq!(missed.title(), "Export of 12 candidates was not sent");
        let page = missed.render(&viewer).0;
        assert!(page.contains("It was not sent: <bdi>Candidate &lt;warehouse&gt;</bdi> was disabled "), "{page}");
        assert!(page.contains("Once an Organisation Admin enables it") && !page.contains("Retry now"));
        assert!(page.contains("Export them to another webhook") && page.contains("Disabled</span>"));
    }

    #[test]
    fn a_recruiter_reads_the_exports_of_others_and_leaves_them_alone() {
        let result = result(&viewer(Role::Recruiter), DeliveryState::Retrying { due: Some(now()) });
        let page = result.render(&viewer(Role::Recruiter)).0;
        assert!(page.contains("It is being retried now.") && !page.contains("Retry now"));
        assert!(!page.contains("Open its delivery"));
    }
}
