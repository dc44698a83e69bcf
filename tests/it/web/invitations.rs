//! Inviting people, and becoming a member with the link.

use hirewire::actions;
use hirewire::domain::role::Role;
use hirewire::domain::secret::Plain;
use hirewire::store;

use crate::support::{Browser, PASSWORD, Page, TestApp, token};

on_both_databases!(
    an_invitation_makes_somebody_with_a_strange_name_a_member_with_the_role_it_names,
    a_link_is_shown_to_the_admin_once_and_stored_nowhere,
    a_link_works_once,
    of_many_who_open_one_link_at_once_one_becomes_a_member,
    somebody_with_an_account_accepts_with_its_password_and_nothing_else,
    somebody_who_is_logged_in_accepts_with_a_button,
    a_link_that_expired_was_revoked_or_replaced_opens_nothing_and_says_so,
    a_refused_form_keeps_what_was_typed_and_takes_nothing,
    pressing_invite_twice_makes_one_invitation,
    whoever_is_a_member_already_is_not_invited,
    whoever_stops_being_an_admin_takes_the_links_they_saw_with_them,
    another_organisations_invitations_are_left_alone,
);

const EMAIL: &str = "anh@new.example";

/// Has an admin invite somebody; the page that shows the link, and the link's path.
pub(super) async fn invited(app: &TestApp, admin: &mut Browser, email: &str, role: &str) -> (Page, String) {
    let own = token();
    let fields = [("name", "Nguyễn Thị Ánh"), ("email", email), ("role", role), ("token", own.as_str())];
    let page = admin.post("/settings/members/new", &fields).await;
    assert_eq!(page.status, 303, "{}", page.body);
    let page = admin.follow(&page).await;
    let link = link(app, &page);
    (page, link)
}

fn link(app: &TestApp, page: &Page) -> String {
    let shown = page.shown_once();
    assert_eq!(shown.len(), 1, "{}", page.body);
    shown[0].strip_prefix(&app.url()).expect("an address of the console").to_owned()
}

async fn an_invitation_makes_somebody_with_a_strange_name_a_member_with_the_role_it_names(app: TestApp) {
    let admin = app.an_admin().await;
    let mut admins = app.browser().logged_in(&admin.member.email).await;
    assert!(admins.get("/settings/members").await.body.contains("Nobody is invited at the moment."));
    let (_, link) = invited(&app, &mut admins, " Anh@New.example ", "recruiter").await;
    let list = admins.get("/settings/members").await;
    assert!(list.body.contains("<bdi>Nguyễn Thị Ánh</bdi>") && list.body.contains(EMAIL), "{}", list.body);

    let mut newcomer = app.browser();
    let page = newcomer.get(&link).await;
    assert_eq!((page.status, page.set_cookies()), (200, vec![]));
    assert!(page.body.contains("a Recruiter") && page.body.contains(&admin.organisation.name), "{}", page.body);
    assert!(page.body.contains("value=\"Nguyễn Thị Ánh\""), "the name the admin gave stands there already");
    let name = "محمد O'Brien 🧶 <script>";
    let page = newcomer.post(&link, &[("name", name), ("password", "a password of my own")]).await;
    assert_eq!((page.status, page.location()), (303, Some("/")), "{}", page.body);
    assert!(newcomer.is_signed_in().await);
    assert_eq!(newcomer.get("/vacancies/new").await.status, 200, "a recruiter may");
    assert_eq!(newcomer.get("/settings/members").await.status, 403, "a recruiter may not");

    let list = admins.get("/settings/members").await;
    assert!(list.body.contains("<bdi>محمد O'Brien 🧶 &lt;script&gt;</bdi>"), "{}", list.body);
    assert!(list.body.contains("Nobody is invited at the moment."));
    let mut again = app.browser();
    let page = again.post("/login", &[("email", EMAIL), ("password", "a password of my own")]).await;
    assert_eq!(page.status, 303);
    assert!(again.is_signed_in().await);
    let acts: Vec<_> = app.read(store::audit::all_details).await.into_iter().map(|(act, _)| act).collect();
    assert!(acts.contains(&"invitation.created".to_owned()) && acts.contains(&"member.joined".to_owned()), "{acts:?}");
}

async fn a_link_is_shown_to_the_admin_once_and_stored_nowhere(app: TestApp) {
    let admin = app.an_admin().await;
    let mut admins = app.browser().logged_in(&admin.member.email).await;
    let own = token();
    let fields = [("email", EMAIL), ("role", "support"), ("token", own.as_str())];
    let made = admins.post("/settings/members/new", &fields).await;
    let mut colleague =
        app.browser().logged_in(&app.a_member(&admin.organisation.id, Role::Admin).await.member.email).await;
    assert!(colleague.follow(&made).await.shown_once().is_empty(), "another admin does not see it");
    let page = admins.follow(&made).await;
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let secret = link(&app, &page).rsplit_once('/').expect("a path").1.to_owned();
    assert!(!made.location().expect("a target").contains(&secret), "no token in the address");
    let again = admins.follow(&made).await;
    assert!(again.shown_once().is_empty() && !again.body.contains(&secret));
    assert!(again.body.contains("This link has been shown."), "{}", again.body);
    let written = app.read(store::audit::all_details).await;
    assert!(written.iter().all(|(_, detail)| !detail.contains(&secret)));
    let organisation = admin.organisation.id.clone();
    let stored = app.read(move |conn| store::invitation::pending(conn, &organisation)).await;
    assert!(!format!("{stored:?}").contains(&secret));
}

async fn a_link_works_once(app: TestApp) {
    let admin = app.an_admin().await;
    let mut admins = app.browser().logged_in(&admin.member.email).await;
    let (_, link) = invited(&app, &mut admins, EMAIL, "support").await;
    let fields = [("name", "Ánh"), ("password", "a password of my own")];
    assert_eq!(app.browser().post(&link, &fields).await.status, 303);
    let mut second = app.browser();
    for page in
        [second.get(&link).await, second.post(&link, &[("name", "Eve"), ("password", "another password")]).await]
    {
        assert_eq!((page.status, page.set_cookies()), (410, vec![]));
        assert!(page.body.contains("This invitation has been accepted."), "{}", page.body);
    }
    assert!(!second.is_signed_in().await);
    let page = second.post("/login", &[("email", EMAIL), ("password", "another password")]).await;
    assert_eq!(page.status, 422);
}

async fn of_many_who_open_one_link_at_once_one_becomes_a_member(app: TestApp) {
    let admin = app.an_admin().await;
    let mut admins = app.browser().logged_in(&admin.member.email).await;
    for round in 0..5 {
        let email = format!("anh-{round}@new.example");
        let (_, link) = invited(&app, &mut admins, &email, "recruiter").await;
        let comers =
            (0..4).map(|number| {
                let (mut browser, link, name) = (app.browser(), link.clone(), format!("Comer {number}"));
                async move {
                    browser.post(&link, &[("name", name.as_str()), ("password", "a password of my own")]).await.status
                }
            });
        let mut answers = futures_util::future::join_all(comers).await;
        answers.sort();
        assert_eq!(answers[0], 303, "{answers:?}");
        assert!(answers[1..].iter().all(|status| *status == 410), "the others read that it was accepted: {answers:?}");
        let organisation = admin.organisation.id.clone();
        let members = app.read(move |conn| store::member::list(conn, &organisation)).await;
        assert_eq!(members.iter().filter(|known| known.member.email == email).count(), 1);
    }
    let guest = app.an_admin().await;
    let (_, link) = invited(&app, &mut admins, &guest.member.email, "recruiter").await;
    let mut windows = Vec::new();
    for _ in 0..4 {
        windows.push(app.browser().logged_in(&guest.member.email).await);
    }
    let pressed = windows.into_iter().map(|mut window| {
        let link = link.clone();
        async move { window.post(&link, &[]).await.status }
    });
    let mut answers = futures_util::future::join_all(pressed).await;
    answers.sort();
    assert_eq!(answers, [303, 410, 410, 410], "one button counts");
}

async fn somebody_with_an_account_accepts_with_its_password_and_nothing_else(app: TestApp) {
    let (ours, theirs) = (app.an_organisation().await, app.an_organisation().await);
    let guest = app.a_member(&theirs.id, Role::Support).await;
    let mut admins = app.browser().logged_in(&ours.admin.member.email).await;
    let (_, link) = invited(&app, &mut admins, &guest.member.email, "admin").await;
    let mut browser = app.browser();
    let page = browser.post(&link, &[("name", "Eve"), ("password", "a new password, perhaps")]).await;
    assert_eq!((page.status, page.set_cookies()), (422, vec![]));
    assert!(page.body.contains("This address has an account already, and this is not its password"), "{}", page.body);
    assert!(page.body.contains("<title>Error: Join "));
    let page = browser.post(&link, &[("password", PASSWORD)]).await;
    assert_eq!(page.status, 303, "{}", page.body);
    // They stand in the organisation they have just joined, and may go back to the other.
    let page = browser.get("/settings/members").await;
    assert_eq!(page.status, 200, "an admin here");
    assert!(page.body.contains(&format!("<bdi>{}</bdi>", guest.member.name)), "their name is their own");
    browser.post("/organisation", &[("organisation", theirs.id.as_str())]).await;
    assert_eq!(browser.get("/settings/members").await.status, 403, "support there as before");
    // Guessing the password through the link is throttled like logging in.
    let (_, link) = invited(&app, &mut admins, &theirs.admin.member.email, "admin").await;
    let mut guesser = app.browser();
    for _ in 0..10 {
        assert_eq!(guesser.post(&link, &[("password", "a guess")]).await.status, 422);
    }
    assert_eq!(guesser.post(&link, &[("password", PASSWORD)]).await.status, 429);
}

async fn somebody_who_is_logged_in_accepts_with_a_button(app: TestApp) {
    let (ours, theirs) = (app.an_organisation().await, app.an_organisation().await);
    let (guest, other) = (app.a_member(&theirs.id, Role::Support).await, app.a_member(&theirs.id, Role::Admin).await);
    let mut admins = app.browser().logged_in(&ours.admin.member.email).await;
    let (_, link) = invited(&app, &mut admins, &guest.member.email, "recruiter").await;
    let mut others = app.browser().logged_in(&other.member.email).await;
    let page = others.get(&link).await;
    assert!(page.body.contains("You are logged in as") && page.body.contains("name=\"password\""), "{}", page.body);
    assert_eq!(others.post(&link, &[]).await.status, 422, "it is not theirs");
    let mut guests = app.browser().logged_in(&guest.member.email).await;
    let page = guests.get(&link).await;
    assert!(!page.body.contains("name=\"password\""), "{}", page.body);
    assert_eq!(guests.post(&link, &[]).await.status, 303);
    assert_eq!(guests.get("/vacancies/new").await.status, 200, "a recruiter of ours");
}

async fn a_link_that_expired_was_revoked_or_replaced_opens_nothing_and_says_so(app: TestApp) {
    let admin = app.an_admin().await;
    let mut admins = app.browser().logged_in(&admin.member.email).await;
    let told = async |link: &str| {
        let mut nobody = app.browser();
        let (shown, posted) =
            (nobody.get(link).await, nobody.post(link, &[("name", "Eve"), ("password", "a password of Eve's")]).await);
        assert_eq!((shown.status, posted.status), (410, 410), "{}", shown.body);
        assert_eq!(shown.body, posted.body);
        assert!(!nobody.is_signed_in().await);
        shown.body
    };
    let (_, first) = invited(&app, &mut admins, EMAIL, "support").await;
    let (_, second) = invited(&app, &mut admins, EMAIL, "recruiter").await;
    assert!(told(&first).await.contains("A newer invitation has taken the place of this one."));

    let list = admins.get("/settings/members").await;
    let id =
        list.body.split("/settings/invitations/").nth(1).expect("a pending one").split('/').next().expect("its id");
    let own = token();
    let page = admins.post(&format!("/settings/invitations/{id}/renewal"), &[("token", own.as_str())]).await;
    let third = link(&app, &admins.follow(&page).await);
    assert!(told(&second).await.contains("A newer invitation has taken the place of this one."));
    assert!(app.browser().get(&third).await.body.contains("a Recruiter"), "it is for the same role");

    app.advance_ms(7 * 24 * 3_600_000 - 1);
    assert_eq!(app.browser().get(&third).await.status, 200);
    app.advance_ms(1);
    let words = told(&third).await;
    assert!(words.contains("This invitation has expired.") && words.contains(&admin.member.name), "{words}");
    let mut admins = app.browser().logged_in(&admin.member.email).await;
    assert!(admins.get("/settings/members").await.body.contains("expired "));

    let (_, fourth) = invited(&app, &mut admins, "other@new.example", "support").await;
    let list = admins.get("/settings/members").await;
    let id =
        list.body.split("/settings/invitations/").nth(1).expect("a pending one").split('/').next().expect("its id");
    let revocation = format!("/settings/invitations/{id}/revocation");
    assert!(admins.get(&revocation).await.body.contains("Its link stops working at once."));
    assert_eq!(admins.post(&revocation, &[]).await.location(), Some("/settings/members"));
    assert!(told(&fourth).await.contains("This invitation was taken back."));
    assert_eq!(admins.post(&revocation, &[]).await.status, 409, "it has ended");
    assert!(!admins.get("/settings/members").await.body.contains("other@new.example"));

    let page = app.browser().get("/invitations/nothing").await;
    assert_eq!(page.status, 404);
    assert!(page.body.contains("This invitation link is not valid."), "{}", page.body);
}

async fn a_refused_form_keeps_what_was_typed_and_takes_nothing(app: TestApp) {
    let admin = app.an_admin().await;
    let mut admins = app.browser().logged_in(&admin.member.email).await;
    let page =
        admins.post("/settings/members/new", &[("name", "O'Brien <b>"), ("email", "nowhere"), ("role", "king")]).await;
    assert_eq!(page.status, 422);
    assert!(page.body.contains("<title>Error: Invite a member"), "{}", page.body);
    for part in ["value=\"O'Brien &lt;b&gt;\"", "value=\"nowhere\"", "href=\"#email\"", "href=\"#role\""] {
        assert!(page.body.contains(part), "{part} is missing in {}", page.body);
    }
    let (_, link) = invited(&app, &mut admins, EMAIL, "support").await;
    let mut newcomer = app.browser();
    let page = newcomer.post(&link, &[("name", "O'Brien <b>"), ("password", "too short")]).await;
    assert_eq!((page.status, page.set_cookies()), (422, vec![]));
    assert!(page.body.contains("value=\"O'Brien &lt;b&gt;\"") && !page.body.contains("too short"), "{}", page.body);
    assert!(page.body.contains("href=\"#password\"") && page.body.contains("<title>Error: Join "));
    let page = newcomer.post(&link, &[("name", " "), ("password", "a password of my own")]).await;
    assert!(page.status == 422 && page.body.contains("href=\"#name\""), "{}", page.body);
    assert_eq!(newcomer.get(&link).await.status, 200, "the link is as good as before");
}

async fn pressing_invite_twice_makes_one_invitation(app: TestApp) {
    let admin = app.an_admin().await;
    let mut admins = app.browser().logged_in(&admin.member.email).await;
    let own = token();
    let fields = [("email", EMAIL), ("role", "support"), ("token", own.as_str())];
    let (first, second) =
        (admins.post("/settings/members/new", &fields).await, admins.post("/settings/members/new", &fields).await);
    assert_eq!(first.location(), second.location());
    assert_eq!(admins.follow(&second).await.shown_once().len(), 1, "the link of the first press is still to be seen");
}

async fn whoever_is_a_member_already_is_not_invited(app: TestApp) {
    let admin = app.an_admin().await;
    let mut admins = app.browser().logged_in(&admin.member.email).await;
    let page = admins
        .post("/settings/members/new", &[("email", &admin.member.email.to_uppercase()), ("role", "support")])
        .await;
    assert_eq!(page.status, 422);
    assert!(page.body.contains("is already a member"), "{}", page.body);
    // Whoever became one meanwhile keeps the role they have.
    let (_, link) = invited(&app, &mut admins, EMAIL, "admin").await;
    let new = actions::organisation::NewMember {
        organisation: admin.organisation.id.clone(),
        email: EMAIL.into(),
        name: "Ánh".into(),
        role: Role::Support,
        password: Plain::new(PASSWORD.into()),
        is_printed: false,
    };
    actions::organisation::create_member(&app.context, new).await.expect("a member");
    let mut newcomer = app.browser();
    assert_eq!(newcomer.post(&link, &[("password", PASSWORD)]).await.status, 303);
    assert_eq!(newcomer.get("/settings/members").await.status, 403);
}

async fn whoever_stops_being_an_admin_takes_the_links_they_saw_with_them(app: TestApp) {
    let admin = app.an_admin().await;
    let mut admins = app.browser().logged_in(&admin.member.email).await;
    for (act, fields) in [("role", &[("role", "support")][..]), ("removal", &[])] {
        let other = app.a_member(&admin.organisation.id, Role::Admin).await;
        let mut others = app.browser().logged_in(&other.member.email).await;
        let (_, theirs) = invited(&app, &mut others, "back-door@new.example", "admin").await;
        let (_, ours) = invited(&app, &mut admins, EMAIL, "support").await;
        let page = admins.post(&format!("/settings/members/{}/{act}", other.member.id), fields).await;
        assert_eq!(page.status, 303, "{}", page.body);
        let page = app.browser().get(&theirs).await;
        assert_eq!(page.status, 410);
        assert!(page.body.contains("This invitation was taken back."), "{}", page.body);
        assert_eq!(app.browser().get(&ours).await.status, 200, "others' links go on");
    }
}

async fn another_organisations_invitations_are_left_alone(app: TestApp) {
    let (ours, theirs) = (app.an_admin().await, app.an_admin().await);
    let (mut our_admin, mut their_admin) =
        (app.browser().logged_in(&ours.member.email).await, app.browser().logged_in(&theirs.member.email).await);
    let (_, link) = invited(&app, &mut their_admin, EMAIL, "support").await;
    // The same person, invited by both: neither ends what the other began.
    let (_, own) = invited(&app, &mut our_admin, EMAIL, "recruiter").await;
    assert_eq!(app.browser().get(&link).await.status, 200);
    assert!(!our_admin.get("/settings/members").await.body.contains("Support"));
    let fields = [("name", "Ánh"), ("password", PASSWORD)];
    assert_eq!(app.browser().post(&own, &fields).await.status, 303);
    // Both links were seen, so the account stays where it was made until its holder has shown that it is theirs.
    let page = app.browser().post(&link, &[("password", PASSWORD)]).await;
    assert!(page.status == 422 && page.body.contains("of use in one organisation only"), "{}", page.body);
}
