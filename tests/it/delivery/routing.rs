//! Who gets an event (T1, T13): by mode, by subscription, by default, or by being chosen.

use hirewire::actions::export::{self, Confirmed};
use hirewire::actions::hook::NewHook;
use hirewire::domain::candidate::Applicant;
use hirewire::domain::delivery::Status;
use hirewire::domain::export::Selection;
use hirewire::domain::mode::Mode;
use hirewire::store;

use crate::support::{Receiver, TestApp, in_mode, token};

on_both_databases!(
    an_event_reaches_the_default_hook_and_those_that_subscribed,
    a_default_hook_with_ticked_events_gets_those_alone,
    test_and_live_never_mix,
    organisations_never_mix,
    an_export_goes_to_the_chosen_hook_alone,
    an_export_is_sent_once_however_often_it_is_confirmed,
    the_preview_of_an_export_is_what_is_sent,
    an_export_to_a_hook_of_the_other_mode_or_another_organisation_is_refused,
    two_people_who_make_the_first_hook_at_once_make_two_and_one_default,
);

fn only(events: &[&str]) -> NewHook {
    NewHook { events: events.iter().map(|name| (*name).to_owned()).collect(), ..NewHook::default() }
}

async fn an_event_reaches_the_default_hook_and_those_that_subscribed(app: TestApp) {
    let team = app.an_organisation().await;
    let [first, jobs, interviews, everything] = [
        Receiver::answering([200]).await,
        Receiver::answering([200]).await,
        Receiver::answering([200]).await,
        Receiver::answering([200]).await,
    ];
    // The first one is the mode's default: it gets every event, because nothing was ticked.
    let default = app.a_hook(&team.admin, &first.url()).await;
    app.a_hook_with(&team.admin, &jobs.url(), only(&["job.created", "job.updated"])).await;
    app.a_hook_with(&team.admin, &interviews.url(), only(&["interview.completed"])).await;
    let last = app.a_hook(&team.admin, &everything.url()).await;
    assert!(default.is_default && !last.is_default);
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    for kind in ["job.created", "interview.completed", "candidate.created"] {
        app.report(&key, kind).await;
    }
    app.tick().await;
    let kinds = |receiver: &Receiver| {
        let mut kinds: Vec<_> =
            receiver.requests().iter().map(|request| request.must("x-webhook-event").to_owned()).collect();
        kinds.sort();
        kinds
    };
    let all = ["candidate.created", "interview.completed", "job.created"];
    assert_eq!(kinds(&first), all);
    assert_eq!(kinds(&jobs), ["job.created"]);
    assert_eq!(kinds(&interviews), ["interview.completed"]);
    assert_eq!(kinds(&everything), all);
}

async fn a_default_hook_with_ticked_events_gets_those_alone(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    let hook = app.a_hook_with(&team.admin, &receiver.url(), only(&["job.updated"])).await;
    assert!(hook.is_default);
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    for kind in ["job.created", "job.updated"] {
        app.report(&key, kind).await;
    }
    app.tick().await;
    assert_eq!(receiver.the_request().must("x-webhook-event"), "job.updated");
}

async fn test_and_live_never_mix(app: TestApp) {
    let team = app.an_organisation().await;
    let (live, test) = (Receiver::answering([200]).await, Receiver::answering([200]).await);
    app.a_hook(&team.admin, &live.url()).await;
    app.a_hook(&in_mode(&team.admin, Mode::Test), &test.url()).await;
    let (test_key, text) = app.an_api_key(&team.admin, Mode::Test).await;
    assert!(text.starts_with("sk_test_"));
    app.report(&test_key, "job.created").await;
    app.tick().await;
    assert_eq!((live.count(), test.count()), (0, 1));
    assert_eq!(test.the_request().json()["test"], true);

    let (live_key, text) = app.an_api_key(&team.admin, Mode::Live).await;
    assert!(text.starts_with("sk_live_"));
    app.report(&live_key, "job.created").await;
    app.tick().await;
    assert_eq!((live.count(), test.count()), (1, 1));
    let body = live.the_request().json();
    assert_eq!((&body["test"], &body["clientId"]), (&false.into(), &live_key.id.as_str().into()));
    assert_eq!(body["companyId"], team.id.as_str());
}

async fn organisations_never_mix(app: TestApp) {
    let (ours, theirs) = (app.an_organisation().await, app.an_organisation().await);
    let (our_receiver, their_receiver) = (Receiver::answering([200]).await, Receiver::answering([200]).await);
    app.a_hook(&ours.admin, &our_receiver.url()).await;
    app.a_hook(&theirs.admin, &their_receiver.url()).await;
    let (key, _) = app.an_api_key(&ours.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    app.tick().await;
    assert_eq!((our_receiver.count(), their_receiver.count()), (1, 0));
    assert!(app.deliveries(&theirs.id, Mode::Live).await.is_empty());
}

async fn an_export_goes_to_the_chosen_hook_alone(app: TestApp) {
    let team = app.an_organisation().await;
    let (default, chosen) = (Receiver::answering([200]).await, Receiver::answering([200]).await);
    app.a_hook(&team.admin, &default.url()).await;
    let hook = app.a_hook_with(&team.admin, &chosen.url(), only(&["job.created"])).await;
    let (vacancy, candidates) = app.a_vacancy_with(&team.admin, 3).await;
    let confirmed = Confirmed { vacancy, candidates: candidates.clone(), hook: hook.id, token: token() };
    export::confirm(&app.context, &team.admin, confirmed).await.expect("it is confirmed");
    app.tick().await;
    assert_eq!(default.count(), 0);
    let request = chosen.the_request();
    assert_eq!(request.must("x-webhook-event"), "candidates.exported");
    let body = request.json();
    let mut sent: Vec<_> = body["data"]["candidates"].as_array().expect("a list").iter().collect();
    sent.sort_by_key(|candidate| candidate["id"].as_str());
    let mut ticked: Vec<_> = candidates.iter().map(|id| id.as_str()).collect();
    ticked.sort_unstable();
    assert_eq!(sent.iter().map(|candidate| candidate["id"].as_str().expect("an id")).collect::<Vec<_>>(), ticked);
    assert_eq!(body["clientId"], team.admin.member.id.as_str());
}

async fn an_export_is_sent_once_however_often_it_is_confirmed(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await;
    let (vacancy, candidates) = app.a_vacancy_with(&team.admin, 2).await;
    let confirmed = Confirmed { vacancy, candidates, hook: hook.id, token: token() };
    // A double click, then Back and once more.
    let (one, two) = tokio::join!(
        export::confirm(&app.context, &team.admin, confirmed.clone()),
        export::confirm(&app.context, &team.admin, confirmed.clone()),
    );
    let three = export::confirm(&app.context, &team.admin, confirmed.clone()).await.expect("the same again");
    assert_eq!((one.expect("it is confirmed"), two.expect("it is confirmed")), (three.clone(), three.clone()));
    app.tick().await;
    assert_eq!((receiver.count(), app.deliveries(&team.id, Mode::Live).await.len()), (1, 1));
    // Another filling of the form is another export.
    let again = Confirmed { token: token(), ..confirmed };
    assert_ne!(export::confirm(&app.context, &team.admin, again).await.expect("a second one"), three);
}

async fn the_preview_of_an_export_is_what_is_sent(app: TestApp) {
    let team = app.an_organisation().await;
    let testing = in_mode(&team.admin, Mode::Test);
    let receiver = Receiver::answering([200]).await;
    let hook = app.a_hook(&testing, &receiver.url()).await;
    let (id, candidates) = app.a_vacancy_with(&testing, 2).await;
    let (organisation, wanted, ticked) = (team.id.clone(), id.clone(), candidates.clone());
    let (vacancy, applicants): (_, Vec<Applicant>) = app
        .read(move |conn| {
            let vacancy = store::vacancy::find(conn, &organisation, &wanted)?.expect("theirs");
            Ok::<_, store::StoreError>((vacancy, store::candidate::applicants_by_ids(conn, &wanted, &ticked)?))
        })
        .await;
    // Whoever looks may have switched to the other mode in another tab; a record has the mode of what made it.
    let preview = export::preview(&team.admin, &vacancy, &Selection::of(applicants), &hook, app.now());
    let confirmed = Confirmed { vacancy: id, candidates, hook: hook.id, token: token() };
    export::confirm(&app.context, &team.admin, confirmed).await.expect("it is confirmed");
    app.tick().await;
    let (mut preview, mut sent): (serde_json::Value, _) =
        (serde_json::from_slice(&preview).expect("JSON"), receiver.the_request().json());
    for body in [&mut preview, &mut sent] {
        body["id"].take();
        body["data"]["export"]["id"].take();
    }
    assert_eq!(preview, sent);
}

async fn an_export_to_a_hook_of_the_other_mode_or_another_organisation_is_refused(app: TestApp) {
    let (team, others) = (app.an_organisation().await, app.an_organisation().await);
    let receiver = Receiver::answering([200]).await;
    let testing = in_mode(&team.admin, Mode::Test);
    let wrong_mode = app.a_hook(&testing, &receiver.url()).await;
    let foreign = app.a_hook(&others.admin, &receiver.url()).await;
    let own = app.a_hook(&team.admin, &receiver.url()).await;
    let (vacancy, candidates) = app.a_vacancy_with(&team.admin, 1).await;
    let (foreign_vacancy, foreign_candidates) = app.a_vacancy_with(&others.admin, 1).await;
    for (vacancy, candidates, hook) in [
        (&vacancy, &candidates, &wrong_mode.id),
        (&vacancy, &candidates, &foreign.id),
        (&foreign_vacancy, &foreign_candidates, &own.id),
        (&vacancy, &foreign_candidates, &own.id),
    ] {
        let (vacancy, candidates, hook) = (vacancy.clone(), candidates.clone(), hook.clone());
        let confirmed = Confirmed { vacancy, candidates, hook, token: token() };
        export::confirm(&app.context, &team.admin, confirmed).await.expect_err("nothing of it is theirs");
    }
    app.tick().await;
    assert_eq!(receiver.count(), 0);
    for organisation in [&team.id, &others.id] {
        for mode in [Mode::Live, Mode::Test] {
            assert!(app.deliveries(organisation, mode).await.is_empty());
        }
    }
}

async fn two_people_who_make_the_first_hook_at_once_make_two_and_one_default(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    let url = receiver.url();
    let making = (0..4).map(|_| app.a_hook(&team.admin, &url));
    let made = futures_util::future::join_all(making).await;
    assert_eq!(made.iter().filter(|hook| hook.is_default).count(), 1, "{made:?}");
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    assert_eq!(app.tick().await.succeeded, 4);
    let deliveries = app.deliveries(&team.id, Mode::Live).await;
    assert!(deliveries.iter().all(|delivery| delivery.state.status() == Status::Success));
}
