//! The settings of an interview, as people of each role read them.

use super::*;
use crate::actions::FieldError;
use crate::domain::hook_url::HookUrl;
use crate::domain::ids::{CredentialId, HookId};
use crate::domain::interview::payload::sample;
use crate::web::samples::{hook, time, viewer};

fn known(own: bool, default: bool) -> Known {
    let (interview, ..) = sample::parts();
    let now = sample::morning();
    let kind = HookKind::Interview { interview: interview.id.clone(), own_policy: false };
    let url = HookUrl::parse("own.example/in").expect("an address");
    let own = own.then(|| Hook {
        id: HookId::new(now + chrono::TimeDelta::days(1)),
        kind,
        url,
        is_default: false,
        ..hook("First interview")
    });
    let default = default.then(|| hook("Candidate <warehouse>"));
    let secret = default.as_ref().map(|default| Credential {
        id: CredentialId::new(now),
        hook_id: default.id.clone(),
        kind: CredentialKind::Secret,
        ends_in: "3f9K".into(),
        created_by: None,
        created_at: now,
        ends_at: None,
        is_known: true,
        last_used_at: None,
    });
    let credentials = secret.into_iter().collect();
    Known { interview, sessions: 2, own, default, others: vec![hook("Insights")], credentials, test: None }
}

fn page(known: &Known, role: Role) -> String {
    View { known, viewer: &viewer(role), time: time(), typed: &Typed::of(known) }.render().0
}

#[test]
fn without_one_of_its_own_the_default_webhook_is_named_and_without_that_what_to_do() {
    let told = page(&known(false, true), Role::Admin);
    assert!(told.contains("It is the default webhook of live mode, <a href"), "{told}");
    assert!(told.contains("Candidate &lt;warehouse&gt;") && told.contains("Send Test"), "{told}");
    assert!(told.contains("Leave it empty to use the default webhook.") && told.contains("Save changes"), "{told}");
    assert!(told.contains("get them as well: <a") && told.contains("Insights"), "{told}");
    let told = page(&known(false, false), Role::Admin);
    assert!(told.contains("sent to nobody") && told.contains(paths::NEW_WEBHOOK) && !told.contains("Send Test"));
}

#[test]
fn its_own_webhook_says_what_it_has_of_the_default_one() {
    let told = page(&known(true, true), Role::Admin);
    assert!(told.contains("https://own.example/in") && told.contains("this interview’s own webhook"), "{told}");
    assert!(told.contains("ends in 3f9K") && told.contains("that of the default webhook"), "{told}");
    assert!(told.contains("Give it a secret of its own") && told.contains("Give it a key of its own"), "{told}");
    assert!(told.contains("That of the default webhook (Patient)"), "{told}");
    let alone = page(&known(true, false), Role::Admin);
    assert!(alone.contains("neither it nor the default webhook has one"), "{alone}");
}

#[test]
fn recruiters_see_host_and_name_and_change_title_and_times_support_changes_nothing() {
    let told = page(&known(true, true), Role::Recruiter);
    assert!(
        told.contains("own.example") && !told.contains("own.example/in") && told.contains("Save details"),
        "{told}"
    );
    assert!(!told.contains("Save changes") && !told.contains("/settings/webhooks/") && !told.contains("3f9K"));
    let told = page(&known(true, true), Role::Support);
    assert!(!told.contains("own.example/in") && told.contains("3f9K") && !told.contains("<form"), "{told}");
}

#[test]
fn a_refused_address_is_kept_as_it_was_typed() {
    let known = known(false, true);
    let hook = OwnHookForm { url: "http://own.example/<b>".into(), policy: "single".into() };
    let errors = Errors(vec![FieldError::new("url", "Use the https address")]);
    let typed = Typed { hook, errors, ..Typed::of(&known) };
    let page = View { known: &known, viewer: &viewer(Role::Admin), time: time(), typed: &typed }.render().0;
    assert!(page.contains(r#"value="http://own.example/&lt;b&gt;""#), "{page}");
    assert!(page.contains(r##"<a href="#url">Use the https address</a>"##), "{page}");
    assert!(page.contains(r#"value="single" selected"#), "{page}");
}
