//! How long a log-in lasts, how many there are, and who ends them.

use chrono::TimeDelta;
use hirewire::domain::act::ActKind;
use hirewire::domain::role::Role;
use hirewire::store;

use crate::support::{Browser, TestApp};

on_both_databases!(
    a_session_ends_by_itself_when_it_is_not_used,
    a_session_ends_a_week_after_it_began_however_much_it_is_used,
    the_operator_says_how_long_sessions_last,
    a_member_has_twenty_sessions_and_the_oldest_goes_for_another,
    a_session_of_an_earlier_password_is_worth_nothing,
    an_admin_ends_the_sessions_of_a_member_and_each_of_their_organisations_sees_it,
);

const HOUR: i64 = 3_600_000;

async fn a_session_ends_by_itself_when_it_is_not_used(app: TestApp) {
    let admin = app.an_admin().await;
    let mut browser = app.browser().logged_in(&admin.member.email).await;
    // Used every few hours it lives on, for days.
    for _ in 0..10 {
        app.advance_ms(10 * HOUR);
        assert!(browser.is_signed_in().await);
    }
    app.advance_ms(12 * HOUR);
    assert!(!browser.is_signed_in().await);
}

async fn a_session_ends_a_week_after_it_began_however_much_it_is_used(app: TestApp) {
    let admin = app.an_admin().await;
    let mut browser = app.browser().logged_in(&admin.member.email).await;
    for _ in 0..27 {
        app.advance_ms(6 * HOUR);
        assert!(browser.is_signed_in().await);
    }
    app.advance_ms(6 * HOUR);
    assert!(!browser.is_signed_in().await, "seven days are over");
}

async fn the_operator_says_how_long_sessions_last(app: TestApp) {
    let app = app
        .crashed_and_started_again(|config| {
            config.sessions.idle = TimeDelta::minutes(10);
            config.sessions.life = TimeDelta::hours(1);
        })
        .await;
    let admin = app.an_admin().await;
    let mut browser = app.browser().logged_in(&admin.member.email).await;
    let page = browser.get("/account").await.body;
    assert!(page.contains("after 10 minutes without use, and 1 hour after it began"), "{page}");
    for _ in 0..6 {
        app.advance_ms(HOUR * 9 / 60);
        assert!(browser.is_signed_in().await);
    }
    app.advance_ms(HOUR * 9 / 60);
    assert!(!browser.is_signed_in().await, "an hour is over");
    let mut browser = app.browser().logged_in(&admin.member.email).await;
    app.advance_ms(HOUR * 10 / 60);
    assert!(!browser.is_signed_in().await, "ten minutes without use");
}

async fn a_session_of_an_earlier_password_is_worth_nothing(app: TestApp) {
    let (admin, other) = (app.an_admin().await, app.an_admin().await);
    let mut browser = app.browser().logged_in(&admin.member.email).await;
    let mut others = app.browser().logged_in(&other.member.email).await;
    // As a log-in leaves it whose account went over to another password, and lost its sessions, while it was under way.
    app.sql(format!("UPDATE members SET password_hash = 'another' WHERE id = '{}'", admin.member.id)).await;
    assert!(!browser.is_signed_in().await);
    assert!(others.is_signed_in().await);
}

async fn a_member_has_twenty_sessions_and_the_oldest_goes_for_another(app: TestApp) {
    let admin = app.an_admin().await;
    let mut first = app.browser().logged_in(&admin.member.email).await;
    let mut others: Vec<Browser> = Vec::new();
    for _ in 0..20 {
        app.advance_ms(1_000);
        others.push(app.browser().logged_in(&admin.member.email).await);
    }
    assert!(!first.is_signed_in().await, "it was the oldest of 21");
    assert!(others[0].is_signed_in().await && others[19].is_signed_in().await);
    let page = others[19].get("/account").await.body;
    assert_eq!(page.matches("An unknown browser</th>").count() + page.matches("This one").count(), 20, "{page}");
}

async fn an_admin_ends_the_sessions_of_a_member_and_each_of_their_organisations_sees_it(app: TestApp) {
    let (team, elsewhere) = (app.an_organisation().await, app.an_organisation().await);
    let member = app.a_member(&team.id, Role::Recruiter).await;
    app.joins(&member, &elsewhere.id, Role::Support).await;
    let mut admin = app.browser().logged_in(&team.admin.member.email).await;
    let mut laptop = app.browser().logged_in(&member.member.email).await;
    let mut phone = app.browser().logged_in(&member.member.email).await;
    let path = format!("/settings/members/{}", member.member.id);
    let page = admin.get(&path).await.body;
    assert!(page.contains("2 sessions") && page.contains("End sessions"), "{page}");

    let page = admin.post(&format!("{path}/sessions"), &[]).await;
    assert_eq!((page.status, page.location()), (303, Some(path.as_str())));
    assert!(admin.follow(&page).await.body.contains("2 sessions of"));
    assert!(!laptop.is_signed_in().await && !phone.is_signed_in().await);
    let id = member.member.id.to_string();
    for organisation in [team.id.clone(), elsewhere.id.clone()] {
        let id = id.clone();
        let done = app.read(move |conn| store::audit::of_object(conn, &organisation, &id, Default::default())).await;
        let ended = done.iter().filter(|done| done.act.is(ActKind::MemberSessionsEnded));
        assert_eq!(ended.map(|done| done.by.clone()).collect::<Vec<_>>(), [Some(team.admin.member.name.clone())]);
    }
    // One's own, but for the one at hand.
    let mut other = app.browser().logged_in(&team.admin.member.email).await;
    admin.post(&format!("/settings/members/{}/sessions", team.admin.member.id), &[]).await;
    assert!(admin.is_signed_in().await && !other.is_signed_in().await);
    // Nobody of another organisation.
    let mut stranger = app.browser().logged_in(&app.an_admin().await.member.email).await;
    assert_eq!(stranger.post(&format!("{path}/sessions"), &[]).await.status, 404);
}
