//! Members of an organisation: their roles, and their end.

use hirewire::actions::{self, Viewer};
use hirewire::domain::ids::OrganisationId;
use hirewire::domain::role::Role;
use hirewire::store;

use crate::support::TestApp;

on_both_databases!(
    a_new_role_counts_from_the_next_page_on,
    a_member_who_is_removed_is_out_at_once_and_their_traces_stay,
    a_member_who_is_removed_stays_in_their_other_organisation,
    the_only_admin_is_neither_demoted_nor_removed,
    of_two_admins_who_demote_or_remove_each_other_at_once_one_remains,
    an_admin_may_step_back_while_another_one_stays,
    the_list_says_who_was_seen_when_in_this_organisation,
);

async fn admins_of(app: &TestApp, organisation: &OrganisationId) -> Vec<String> {
    let organisation = organisation.clone();
    let admins = app.read(move |conn| store::member::with_role(conn, &organisation, Role::Admin)).await;
    admins.into_iter().map(|admin| admin.name).collect()
}

async fn a_new_role_counts_from_the_next_page_on(app: TestApp) {
    let admin = app.an_admin().await;
    let member = app.a_member(&admin.organisation.id, Role::Support).await;
    let mut admins = app.browser().logged_in(&admin.member.email).await;
    let mut members = app.browser().logged_in(&member.member.email).await;
    assert_eq!(members.get("/developers/api-keys").await.status, 403);
    let page = admins.get(&format!("/settings/members/{}", member.member.id)).await;
    assert!(page.body.contains("value=\"support\" checked"), "{}", page.body);
    let role = format!("/settings/members/{}/role", member.member.id);
    assert_eq!(admins.post(&role, &[("role", "admin")]).await.location(), Some("/settings/members"));
    assert_eq!(members.get("/developers/api-keys").await.status, 200);
    assert_eq!(admins.post(&role, &[("role", "recruiter")]).await.status, 303);
    assert_eq!(members.get("/developers/api-keys").await.status, 403);
    let page = admins.post(&role, &[("role", "king")]).await;
    assert!(page.status == 422 && page.body.contains("Choose a role"), "{}", page.body);
    assert!(page.body.contains("<title>Error: "));
    let written = app.read(store::audit::all_details).await;
    let changes: Vec<_> = written.iter().filter(|(act, _)| act == "member.role_changed").collect();
    assert_eq!(changes.len(), 2);
    assert!(changes.iter().any(|(_, told)| told.contains("from Support to Organisation Admin")), "{changes:?}");
}

async fn a_member_who_is_removed_is_out_at_once_and_their_traces_stay(app: TestApp) {
    let admin = app.an_admin().await;
    let member = app.a_member(&admin.organisation.id, Role::Recruiter).await;
    let (vacancy, _) = app.a_vacancy_with(&member, 1).await;
    let mut admins = app.browser().logged_in(&admin.member.email).await;
    let mut members = app.browser().logged_in(&member.member.email).await;
    let removal = format!("/settings/members/{}/removal", member.member.id);
    let page = admins.get(&removal).await;
    assert!(page.body.contains("What ends") && page.body.contains("What stays"), "{}", page.body);
    assert!(members.is_signed_in().await, "asking removes nobody");
    assert_eq!(admins.post(&removal, &[]).await.location(), Some("/settings/members"));
    assert!(members.get("/vacancies").await.leads_to_login());
    assert!(!admins.get("/settings/members").await.body.contains(&member.member.email));
    assert_eq!(admins.post(&removal, &[]).await.status, 404, "they are no member any more");
    assert_eq!(admins.get(&format!("/vacancies/{vacancy}")).await.status, 200);
    let mut again = app.browser();
    let page = again.log_in(&member.member.email).await;
    assert_eq!((page.status, page.set_cookies()), (403, vec![]));
    assert!(page.body.contains("This account belongs to no organisation any more."), "{}", page.body);
    assert!(!again.is_signed_in().await, "the account opens nothing here");
    let written = app.read(store::audit::all_details).await;
    assert!(written.iter().any(|(act, detail)| act == "member.removed" && detail.contains(&member.member.name)));
}

async fn a_member_who_is_removed_stays_in_their_other_organisation(app: TestApp) {
    let (ours, theirs) = (app.an_organisation().await, app.an_organisation().await);
    let member = app.a_member(&ours.id, Role::Recruiter).await;
    app.joins(&member, &theirs.id, Role::Support).await;
    let mut members = app.browser().logged_in(&member.member.email).await;
    members.post("/organisation", &[("organisation", ours.id.as_str())]).await;
    assert_eq!(members.get("/vacancies/new").await.status, 200, "a recruiter of ours");
    let mut admins = app.browser().logged_in(&ours.admin.member.email).await;
    let removal = format!("/settings/members/{}/removal", member.member.id);
    assert_eq!(admins.post(&removal, &[]).await.status, 303);
    assert_eq!(members.get("/vacancies/new").await.status, 403, "support of theirs, without another log-in");
    let page = members.post("/organisation", &[("organisation", ours.id.as_str())]).await;
    assert_eq!(page.status, 404);
    let mut their_admins = app.browser().logged_in(&theirs.admin.member.email).await;
    assert!(their_admins.get("/settings/members").await.body.contains(&member.member.email));
}

async fn the_only_admin_is_neither_demoted_nor_removed(app: TestApp) {
    let admin = app.an_admin().await;
    app.a_member(&admin.organisation.id, Role::Recruiter).await;
    let mut admins = app.browser().logged_in(&admin.member.email).await;
    let own = format!("/settings/members/{}", admin.member.id);
    for (act, fields) in [("role", &[("role", "support")][..]), ("removal", &[])] {
        let page = admins.post(&format!("{own}/{act}"), fields).await;
        assert_eq!(page.status, 422);
        assert!(page.body.contains("is the only Organisation Admin here"), "{}", page.body);
        assert_eq!(admins.get("/settings/members").await.status, 200, "still an admin");
    }
    let page = admins.get(&format!("{own}/removal")).await;
    assert!(page.body.contains("Not yet: ") && !page.body.contains("btn stop"), "{}", page.body);
}

async fn of_two_admins_who_demote_or_remove_each_other_at_once_one_remains(app: TestApp) {
    for round in 0..12 {
        let one = app.an_admin().await;
        let other = app.a_member(&one.organisation.id, Role::Admin).await;
        let (mine, theirs) = (other.member.id.clone(), one.member.id.clone());
        let refused = if round % 2 == 0 {
            let demote = |viewer: Viewer, id| {
                let context = app.context.clone();
                tokio::spawn(async move {
                    actions::member::change_role(&context, &viewer, id, Some(Role::Support)).await.is_err()
                })
            };
            let (first, second) = (demote(one.clone(), mine), demote(other.clone(), theirs));
            [first.await.expect("no panic"), second.await.expect("no panic")]
        } else {
            let remove = |viewer: Viewer, id| {
                let context = app.context.clone();
                tokio::spawn(async move { actions::member::remove(&context, &viewer, id).await.is_err() })
            };
            let (first, second) = (remove(one.clone(), mine), remove(other.clone(), theirs));
            [first.await.expect("no panic"), second.await.expect("no panic")]
        };
        assert_eq!(refused.iter().filter(|refused| **refused).count(), 1, "round {round}");
        assert_eq!(admins_of(&app, &one.organisation.id).await.len(), 1, "round {round}");
    }
}

async fn an_admin_may_step_back_while_another_one_stays(app: TestApp) {
    let admin = app.an_admin().await;
    let other = app.a_member(&admin.organisation.id, Role::Admin).await;
    let third = app.a_member(&admin.organisation.id, Role::Admin).await;
    let mut browser = app.browser().logged_in(&other.member.email).await;
    let page = browser.post(&format!("/settings/members/{}/role", other.member.id), &[("role", "support")]).await;
    assert_eq!((page.status, page.location()), (303, Some("/")), "led where they still may go");
    assert_eq!(browser.get("/settings/members").await.status, 403);
    let mut browser = app.browser().logged_in(&third.member.email).await;
    let page = browser.post(&format!("/settings/members/{}/removal", third.member.id), &[]).await;
    assert_eq!((page.status, page.location()), (303, Some("/")));
    assert!(browser.get("/").await.leads_to_login());
    assert_eq!(admins_of(&app, &admin.organisation.id).await, [admin.member.name]);
}

async fn the_list_says_who_was_seen_when_in_this_organisation(app: TestApp) {
    let (ours, theirs) = (app.an_organisation().await, app.an_organisation().await);
    let member = app.a_member(&ours.id, Role::Recruiter).await;
    app.joins(&member, &theirs.id, Role::Support).await;
    let seen = async |organisation: &OrganisationId| {
        let (organisation, id) = (organisation.clone(), member.member.id.clone());
        let found = app.read(move |conn| store::member::find_in(conn, &organisation, &id)).await;
        found.expect("a member").last_seen_at
    };
    assert_eq!(seen(&ours.id).await, None);
    let mut browser = app.browser().logged_in(&member.member.email).await;
    browser.post("/organisation", &[("organisation", ours.id.as_str())]).await;
    app.advance_ms(2 * 3_600_000);
    let at = app.now();
    browser.get("/vacancies").await;
    assert_eq!(seen(&ours.id).await, Some(at));
    assert_ne!(seen(&theirs.id).await, Some(at), "where they work elsewhere is nobody's business");
    let mut admins = app.browser().logged_in(&ours.admin.member.email).await;
    assert!(admins.get("/settings/members").await.body.contains("today at 11:30"), "in the organisation's time zone");
}
