//! A hook that this version cannot read, as a newer one may leave it: it stops nobody else.

use hirewire::domain::delivery::{DeliveryState, Status};
use hirewire::domain::hook::Hook;
use hirewire::domain::mode::Mode;

use crate::support::{Answer, Receiver, Team, TestApp};

on_both_databases!(
    an_event_is_held_for_a_hook_that_cannot_be_read_and_sent_as_soon_as_it_can_be,
    an_answer_of_a_hook_that_cannot_be_read_is_written_down_with_all_others,
    the_pages_show_a_hook_that_cannot_be_read_as_such,
);

struct Story {
    team: Team,
    broken: Receiver,
    sound: Receiver,
    hook: Hook,
}

async fn two_hooks(app: &TestApp, broken: impl Into<Answer>) -> Story {
    let team = app.an_organisation().await;
    let (broken, sound) = (Receiver::answering([broken.into()]).await, Receiver::answering([200]).await);
    let hook = app.a_hook(&team.admin, &broken.url()).await;
    app.a_hook(&team.admin, &sound.url()).await;
    Story { team, broken, sound, hook }
}

/// A word that only a newer version knows.
async fn unreadable(app: &TestApp, hook: &Hook) {
    app.sql(format!("UPDATE hooks SET policy = 'relentless' WHERE id = '{}'", hook.id)).await;
}

async fn readable_again(app: &TestApp, hook: &Hook) {
    app.sql(format!("UPDATE hooks SET policy = 'quick' WHERE id = '{}'", hook.id)).await;
}

async fn an_event_is_held_for_a_hook_that_cannot_be_read_and_sent_as_soon_as_it_can_be(app: TestApp) {
    let story = two_hooks(&app, 200).await;
    let (key, _) = app.an_api_key(&story.team.admin, Mode::Live).await;
    unreadable(&app, &story.hook).await;
    app.report(&key, "job.created").await;
    app.tick().await;
    app.sweep().await;
    app.tick().await;
    let delivery = app.the_delivery_to(&story.team.id, &story.hook.id).await;
    assert_eq!(delivery.state, DeliveryState::Pending { due: None });
    assert_eq!((story.broken.count(), story.sound.count()), (0, 1));

    readable_again(&app, &story.hook).await;
    app.sweep().await;
    app.tick().await;
    assert_eq!((story.broken.count(), story.sound.count()), (1, 1));
}

async fn an_answer_of_a_hook_that_cannot_be_read_is_written_down_with_all_others(app: TestApp) {
    // 410 has its hook judged.
    let (gone, gate) = Answer::of(410).behind_a_gate();
    let story = two_hooks(&app, gone).await;
    let (key, _) = app.an_api_key(&story.team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    let breaking = async {
        story.broken.has_been_asked(1).await;
        unreadable(&app, &story.hook).await;
        gate.open();
    };
    tokio::join!(app.tick(), breaking);
    let all = app.deliveries(&story.team.id, Mode::Live).await;
    let mut statuses: Vec<Status> = all.iter().map(|delivery| delivery.state.status()).collect();
    statuses.sort_by_key(|status| status.as_str());
    assert_eq!(statuses, [Status::Failed, Status::Success]);
    for delivery in all {
        assert_eq!(app.attempts(&delivery.id).await.len(), 1);
    }
}

async fn the_pages_show_a_hook_that_cannot_be_read_as_such(app: TestApp) {
    let story = two_hooks(&app, 200).await;
    let mut browser = app.browser().logged_in(&story.team.admin.member.email).await;
    unreadable(&app, &story.hook).await;
    for page in ["/", "/settings/webhooks"] {
        let page = browser.get(page).await;
        assert_eq!(page.status, 200, "{}", page.body);
        assert!(page.body.contains("unreadable: written by a newer version"), "{}", page.body);
    }
}
