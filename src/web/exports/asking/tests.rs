//! The page that asks, as people of each role read it.

use super::*;
use crate::actions::FieldError;
use crate::domain::delivery::DeliveryState;
use crate::web::samples::{applicant, export, hook, now, time, vacancy, viewer};

fn asking(names: &[&str], hooks: Vec<Hook>) -> ConfirmExport {
    let people = names.iter().map(|name| applicant(name, "a@mail.example")).collect();
    let to = hooks.first().cloned();
    ConfirmExport {
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
    assert!(page.contains("The candidate you ticked was sent <time") && page.contains("to send this candidate again."));
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
    assert!(page(&names[..30]).contains("<details id=\"people\" open>") && page(&names[..30]).contains("Candidate 29"));
    assert!(page(&names).contains("<details id=\"people\">") && page(&names).contains("31 in this export"));
}

#[test]
fn webhooks_of_one_name_are_told_apart_by_path_and_id() {
    let at =
        |url: &str| Hook { url: crate::domain::hook_url::HookUrl::parse(url).expect("an address"), ..hook("HRIS") };
    let asking = asking(&["Anna"], vec![at("a.example/x"), at("a.example/y"), at("a.example/y"), at("b.example/z")]);
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
