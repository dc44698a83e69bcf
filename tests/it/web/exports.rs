//! Exports as a recruiter makes them: whom a webhook has already, more than one request carries, what was left out, and the list
//! (A4, A6, B8).

use hirewire::domain::delivery::Status;
use hirewire::domain::ids::{CandidateId, VacancyId};
use hirewire::domain::mode::Mode;
use hirewire::domain::role::Role;

use crate::support::{Browser, Page, Receiver, Team, TestApp, token};

on_both_databases!(
    whoever_a_webhook_has_already_stays_out_until_someone_says_otherwise,
    nothing_is_sent_that_the_page_has_not_shown,
    whoever_has_changed_since_is_sent_and_so_is_everybody_to_another_webhook,
    whoever_is_being_sent_is_not_sent_beside,
    more_than_one_request_carries_is_refused_and_nothing_is_sent,
    all_that_match_are_ticked_at_once_and_whoever_is_unticked_stays_out,
    ticks_are_kept_from_stage_to_stage_and_page_to_page_until_they_are_sent,
    those_left_out_and_those_of_an_earlier_export_are_exported_by_a_link,
    a_selection_of_somebody_else_is_nobodys,
    the_list_loses_and_repeats_nothing_and_a_recruiter_sees_a_vacancys_whole_history,
);

/// A recruiter at the vacancy of their organisation.
struct Recruiter {
    browser: Browser,
    vacancy: VacancyId,
    candidates: Vec<CandidateId>,
}

impl Recruiter {
    async fn of(app: &TestApp, team: &Team, candidates: usize) -> Self {
        let (vacancy, candidates) = app.a_vacancy_with(&team.admin, candidates).await;
        let member = app.a_member(&team.id, Role::Recruiter).await;
        let browser = app.browser().logged_in(&member.member.email).await;
        Self { browser, vacancy, candidates }
    }

    /// Posts ticks, and looks at the page that asks.
    async fn ask(&mut self, fields: &[(&str, &str)]) -> (String, Page) {
        let path = format!("/vacancies/{}/export", self.vacancy);
        let led = self.browser.post(&path, fields).await;
        let target = led.location().unwrap_or_else(|| panic!("{}: {}", led.status, led.body)).to_owned();
        let page = self.browser.get(&target).await;
        (target, page)
    }

    /// Ticks these, chooses the webhook, and confirms what the page asks; returns the answer.
    async fn send(&mut self, ticked: &[CandidateId], hook: &str, more: &[(&str, &str)]) -> Page {
        let fields: Vec<_> = ticked.iter().map(|id| ("candidate", id.as_str())).collect();
        let (target, _) = self.ask(&fields).await;
        self.confirm(&target, hook, more).await
    }

    async fn confirm(&mut self, asked: &str, hook: &str, more: &[(&str, &str)]) -> Page {
        let selection = form_urlencoded::parse(asked.split_once('?').expect("a query").1.as_bytes());
        let token = selection.into_iter().find(|(name, _)| name == "selection").expect("a selection").1.into_owned();
        let mut fields = vec![("step", "confirm"), ("token", token.as_str()), ("hook", hook)];
        fields.extend(more);
        self.browser.post(&format!("/vacancies/{}/export", self.vacancy), &fields).await
    }
}

/// Who was in the latest request, and who the request says was left out and why.
fn latest(receiver: &Receiver) -> (Vec<String>, Vec<(String, String)>) {
    let body = receiver.requests().pop().expect("a request").json();
    let id = |one: &serde_json::Value| one["id"].as_str().expect("an id").to_owned();
    let mut sent: Vec<_> = body["data"]["candidates"].as_array().expect("candidates").iter().map(id).collect();
    sent.sort();
    let excluded = body["data"]["export"]["excluded"].as_array().expect("a list").iter();
    (sent, excluded.map(|one| (id(one), one["reason"].as_str().expect("a reason").to_owned())).collect())
}

fn sorted(ids: &[CandidateId]) -> Vec<String> {
    let mut ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
    ids.sort();
    ids
}

async fn whoever_a_webhook_has_already_stays_out_until_someone_says_otherwise(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await.id;
    let mut recruiter = Recruiter::of(&app, &team, 3).await;
    let all = recruiter.candidates.clone();
    assert_eq!(recruiter.send(&all[..1], hook.as_str(), &[]).await.status, 303);
    app.tick().await;
    app.advance_ms(60_000);
    // Ticked with two new ones, the first stays out, and the page and the request say why.
    let fields: Vec<_> = all.iter().map(|id| ("candidate", id.as_str())).collect();
    let (asked, page) = recruiter.ask(&fields).await;
    assert!(page.body.contains("Export 2 candidates?") && page.body.contains("Already sent"), "{}", page.body);
    assert!(page.body.contains("unchanged since") && page.body.contains("today at 09:30"), "{}", page.body);
    assert_eq!(recruiter.confirm(&asked, hook.as_str(), &[]).await.status, 303);
    app.tick().await;
    assert_eq!(latest(&receiver), (sorted(&all[1..]), vec![(all[0].to_string(), "already_sent".to_owned())]));
    // That leaves nobody now: the box stays unticked, and there is nothing to confirm until someone ticks it.
    let (asked, page) = recruiter.ask(&fields).await;
    assert!(page.body.contains("All 3 were sent <time") && page.body.contains("to send them again."), "{}", page.body);
    assert!(
        page.body.contains("name=\"resend\" value=\"1\">") && !page.body.contains("Confirm export"),
        "{}",
        page.body
    );
    let page = recruiter.browser.get(&format!("{asked}&resend=1")).await;
    assert!(page.body.contains("Export 3 candidates?") && page.body.contains("All 3 have been sent"), "{}", page.body);
    let refused = recruiter.confirm(&asked, hook.as_str(), &[]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("<title>Error: ") && refused.body.contains("None of the ticked"), "{}", refused.body);
    assert_eq!(recruiter.confirm(&asked, hook.as_str(), &[("resend", "1")]).await.status, 303);
    app.tick().await;
    assert_eq!((receiver.count(), latest(&receiver)), (3, (sorted(&all), Vec::new())));
}

async fn nothing_is_sent_that_the_page_has_not_shown(app: TestApp) {
    let team = app.an_organisation().await;
    let (first, second) = (Receiver::answering([200]).await, Receiver::answering([200]).await);
    let hook = app.a_hook(&team.admin, &first.url()).await.id;
    let other = app.a_hook(&team.admin, &second.url()).await.id;
    let mut recruiter = Recruiter::of(&app, &team, 2).await;
    let all = recruiter.candidates.clone();
    recruiter.send(&all[..1], other.as_str(), &[]).await;
    app.tick().await;
    let fields: Vec<_> = all.iter().map(|id| ("candidate", id.as_str())).chain([("hook", hook.as_str())]).collect();
    let (asked, page) = recruiter.ask(&fields).await;
    let drawn = format!("{hook}/new");
    assert!(page.body.contains(&format!("name=\"drawn\" value=\"{drawn}\"")), "{}", page.body);
    // Another webhook, or the box, was chosen since: the page is shown once more and nothing is sent.
    for (to, more) in [(&other, vec![]), (&hook, vec![("resend", "1")])] {
        let shown = recruiter.confirm(&asked, to.as_str(), &[&more[..], &[("drawn", &drawn)]].concat()).await;
        let page = recruiter.browser.follow(&shown).await;
        assert!(page.body.contains("You made another choice, and nothing has been sent."), "{}", page.body);
        let count = if to == &other { "Export 1 candidate?" } else { "Export 2 candidates?" };
        assert!(page.body.contains(count), "{}", page.body);
    }
    app.tick().await;
    assert_eq!((first.count(), second.count()), (0, 1));
    let drawn = format!("{other}/new");
    let sent = recruiter.confirm(&asked, other.as_str(), &[("drawn", drawn.as_str())]).await;
    assert!(sent.location().is_some_and(|to| to.starts_with("/exports/")), "{:?}", sent.location());
    app.tick().await;
    assert_eq!((first.count(), second.count()), (0, 2));
}

async fn whoever_has_changed_since_is_sent_and_so_is_everybody_to_another_webhook(app: TestApp) {
    let team = app.an_organisation().await;
    let (first, second) = (Receiver::answering([200]).await, Receiver::answering([200]).await);
    let hook = app.a_hook(&team.admin, &first.url()).await.id;
    let other = app.a_hook(&team.admin, &second.url()).await.id;
    let mut recruiter = Recruiter::of(&app, &team, 2).await;
    let all = recruiter.candidates.clone();
    recruiter.send(&all, hook.as_str(), &[]).await;
    app.tick().await;
    app.advance_ms(60_000);
    let (changed, now) = (all[1].clone(), app.now().timestamp_micros());
    app.sql(format!("UPDATE applications SET updated_at = {now} WHERE candidate_id = '{changed}'")).await;
    assert_eq!(recruiter.send(&all, hook.as_str(), &[]).await.status, 303);
    app.tick().await;
    assert_eq!(latest(&first).0, sorted(&all[1..]));
    assert_eq!(recruiter.send(&all, other.as_str(), &[]).await.status, 303);
    app.tick().await;
    assert_eq!(latest(&second), (sorted(&all), Vec::new()));
}

async fn whoever_is_being_sent_is_not_sent_beside(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([500, 200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await.id;
    let mut recruiter = Recruiter::of(&app, &team, 2).await;
    let all = recruiter.candidates.clone();
    recruiter.send(&all[..1], hook.as_str(), &[]).await;
    app.tick().await;
    let fields: Vec<_> = all.iter().map(|id| ("candidate", id.as_str())).collect();
    let (_, page) = recruiter.ask(&fields).await;
    assert!(page.body.contains("Export 1 candidate?") && page.body.contains("On its way since"), "{}", page.body);
    // What failed has not arrived: nobody is left out for it.
    let delivery = app.deliveries(&team.id, team.admin.mode).await.pop().expect("one").id.clone();
    let mut admin = app.browser().logged_in(&team.admin.member.email).await;
    admin.post(&format!("/developers/logs/{delivery}/cancellation"), &[]).await;
    let (_, page) = recruiter.ask(&fields).await;
    assert!(page.body.contains("Export 2 candidates?"), "{}", page.body);
}

async fn more_than_one_request_carries_is_refused_and_nothing_is_sent(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await.id;
    let mut recruiter = Recruiter::of(&app, &team, 501).await;
    let path = format!("/vacancies/{}/export", recruiter.vacancy);
    let page = recruiter.browser.get(&format!("/vacancies/{}", recruiter.vacancy)).await;
    assert!(page.body.contains("One export carries up to 500.") && !page.body.contains("Select all 501"));
    let mut ticked: Vec<_> = recruiter.candidates.iter().map(|id| ("candidate", id.as_str())).collect();
    for fields in [vec![("step", "choose"), ("go", "all")], ticked.clone()] {
        let refused = recruiter.browser.post(&path, &fields).await;
        assert_eq!(refused.status, 422);
        assert!(refused.body.contains("One export carries at most 500 candidates"), "{}", refused.body);
    }
    let own = token();
    ticked.extend([("step", "confirm"), ("hook", hook.as_str()), ("token", own.as_str())]);
    let refused = recruiter.browser.post(&path, &ticked).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("One export carries at most 500 candidates; 501 are ticked"), "{}", refused.body);
    app.tick().await;
    assert_eq!(receiver.count(), 0);
}

async fn all_that_match_are_ticked_at_once_and_whoever_is_unticked_stays_out(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await.id;
    let mut recruiter = Recruiter::of(&app, &team, 120).await;
    let (_, page) = recruiter.ask(&[("step", "choose"), ("go", "all")]).await;
    assert!(page.body.contains("selected here, 70 on other pages") && page.body.len() < 60_000, "{}", page.body);
    // The page of fifty is posted with one of them unticked; the others are on pages that nobody saw.
    let shown: Vec<String> =
        page.body.split("name=\"shown\" value=\"").skip(1).map(|rest| rest[..30].to_owned()).collect();
    assert_eq!(shown.len(), 50);
    let mut fields = vec![("step", "choose")];
    fields.extend(shown.iter().map(|id| ("shown", id.as_str())));
    fields.extend(shown[1..].iter().map(|id| ("candidate", id.as_str())));
    let (asked, page) = recruiter.ask(&fields).await;
    assert!(page.body.contains("Export 119 candidates?") && page.body.len() < 60_000, "{} bytes", page.body.len());
    recruiter.confirm(&asked, hook.as_str(), &[]).await;
    app.tick().await;
    let mut wanted = sorted(&recruiter.candidates);
    wanted.retain(|id| *id != shown[0]);
    assert_eq!(latest(&receiver).0, wanted);
}

async fn ticks_are_kept_from_stage_to_stage_and_page_to_page_until_they_are_sent(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await.id;
    let mut recruiter = Recruiter::of(&app, &team, 3).await;
    let all = recruiter.candidates.clone();
    app.sql(format!("UPDATE applications SET stage = 'Offer' WHERE candidate_id = '{}'", all[2])).await;
    // One of the first stage is ticked, and a tab followed; there the other one, and back.
    let first = [("shown", all[0].as_str()), ("shown", all[1].as_str()), ("candidate", all[0].as_str())];
    let (there, page) = recruiter.ask(&[&first[..], &[("go", "stage=Offer")]].concat()).await;
    assert!(
        there.ends_with("?stage=Offer") && page.body.contains(" selected here, 1 on other pages"),
        "{there}: {}",
        page.body
    );
    assert!(page.body.contains("1 selected</span>"), "{}", page.body);
    let second = [("shown", all[2].as_str()), ("candidate", all[2].as_str())];
    let (_, page) = recruiter.ask(&[&second[..], &[("go", "stage=Interview")]].concat()).await;
    assert_eq!(page.body.matches(" checked>").count(), 1, "{}", page.body);
    // Somebody else's ticks are their own.
    let other = app.a_member(&team.id, Role::Recruiter).await;
    let mut other = app.browser().logged_in(&other.member.email).await;
    assert!(!other.get(&format!("/vacancies/{}", recruiter.vacancy)).await.body.contains(" checked>"));
    // The one that is shown is unticked, and the other one of its stage ticked.
    let third = [("shown", all[0].as_str()), ("shown", all[1].as_str()), ("candidate", all[1].as_str())];
    let (asked, page) = recruiter.ask(&third).await;
    assert!(page.body.contains("Export 2 candidates?"), "{}", page.body);
    assert_eq!(recruiter.confirm(&asked, hook.as_str(), &[]).await.status, 303);
    app.tick().await;
    assert_eq!(latest(&receiver).0, sorted(&all[1..]));
    let page = recruiter.browser.get(&format!("/vacancies/{}", recruiter.vacancy)).await;
    assert!(!page.body.contains(" checked>") && !page.body.contains("Clear the selection"), "{}", page.body);
}

async fn those_left_out_and_those_of_an_earlier_export_are_exported_by_a_link(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await.id;
    let mut recruiter = Recruiter::of(&app, &team, 3).await;
    let all = recruiter.candidates.clone();
    let (gone, now) = (all[2].clone(), app.now().timestamp_micros());
    app.sql(format!("UPDATE candidates SET consent_withdrawn_at = {now} WHERE id = '{gone}'")).await;
    let sent = recruiter.send(&all, hook.as_str(), &[]).await;
    let export = sent.location().expect("an export").to_owned();
    app.tick().await;
    let page = recruiter.browser.get(&export).await.body;
    assert!(page.contains("Consent withdrawn") && !page.contains("Export those left out"), "{page}");
    app.sql(format!("UPDATE candidates SET consent_withdrawn_at = NULL WHERE id = '{gone}'")).await;
    let page = recruiter.browser.get(&export).await.body;
    for (label, people) in [("Export those left out", &all[2..]), ("Export them again", &all[..2])] {
        let link = page.split(label).next().and_then(|before| before.rsplit("href=\"").next()).expect("a link");
        let link = link.split('"').next().expect("an address").replace("&amp;", "&");
        let asked = recruiter.browser.get(&link).await;
        let asked = asked.location().expect("the selection's page").to_owned();
        let count = if people.len() == 1 { "Export 1 candidate?" } else { "Export 2 candidates?" };
        assert!(recruiter.browser.get(&asked).await.body.contains(count), "{label}");
        assert_eq!(recruiter.confirm(&asked, hook.as_str(), &[("resend", "1")]).await.status, 303);
        app.tick().await;
        assert_eq!(latest(&receiver).0, sorted(people), "{label}");
    }
}

async fn a_selection_of_somebody_else_is_nobodys(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await.id;
    let mut recruiter = Recruiter::of(&app, &team, 1).await;
    let ticked = recruiter.candidates.clone();
    let (asked, _) = recruiter.ask(&[("candidate", ticked[0].as_str())]).await;
    let other = app.a_member(&team.id, Role::Recruiter).await;
    recruiter.browser = app.browser().logged_in(&other.member.email).await;
    let led = recruiter.browser.get(&asked).await;
    assert_eq!(led.location(), Some(format!("/vacancies/{}", recruiter.vacancy).as_str()));
    let refused = recruiter.confirm(&asked, hook.as_str(), &[]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("Tick at least one candidate"), "{}", refused.body);
    app.tick().await;
    assert_eq!(receiver.count(), 0);
}

async fn the_list_loses_and_repeats_nothing_and_a_recruiter_sees_a_vacancys_whole_history(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([200]).await;
    let hook = app.a_hook(&team.admin, &receiver.url()).await.id;
    let mut recruiter = Recruiter::of(&app, &team, 1).await;
    let all = recruiter.candidates.clone();
    let mut made = Vec::new();
    for _ in 0..53 {
        let sent = recruiter.send(&all, hook.as_str(), &[("resend", "1")]).await;
        made.push(sent.location().expect("an export").to_owned());
    }
    // A webhook gets so many at a time.
    for _ in 0..8 {
        app.tick().await;
    }
    let all = app.deliveries(&team.id, Mode::Live).await;
    let others: Vec<_> = all.into_iter().filter(|delivery| delivery.state.status() != Status::Success).collect();
    assert!(others.is_empty(), "{others:?}");
    made.sort();
    let listed = async |browser: &mut Browser, start: &str| {
        let (mut seen, mut next) = (Vec::new(), Some(start.to_owned()));
        while let Some(path) = next {
            let page = browser.get(&path).await;
            assert!(page.body.len() < 60_000, "{} bytes", page.body.len());
            let links = page.body.split("href=\"/exports/").skip(1).filter_map(|rest| rest.split('"').next());
            seen.extend(links.map(|id| format!("/exports/{id}")));
            let older = page.body.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
            next = older.map(|older| older.replace("&amp;", "&"));
        }
        seen.sort();
        seen
    };
    assert_eq!(listed(&mut recruiter.browser, "/exports").await, made);
    assert_eq!(listed(&mut recruiter.browser, "/exports?status=success").await, made);
    assert_eq!(listed(&mut recruiter.browser, "/exports?status=failed").await, Vec::<String>::new());
    let other = app.a_member(&team.id, Role::Recruiter).await;
    let mut other = app.browser().logged_in(&other.member.email).await;
    assert_eq!(listed(&mut other, "/exports").await, Vec::<String>::new(), "they are not theirs");
    let of_vacancy = format!("/exports?vacancy={}", recruiter.vacancy);
    assert_eq!(listed(&mut other, &of_vacancy).await, made);
    // Another organisation's vacancy is no filter at all.
    let foreign = app.an_admin().await;
    let mut foreign = app.browser().logged_in(&foreign.member.email).await;
    assert_eq!(listed(&mut foreign, &of_vacancy).await, Vec::<String>::new());
}
