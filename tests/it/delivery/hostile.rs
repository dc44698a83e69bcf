//! Receivers that mean harm, through the whole door: what the log says of each, and that nobody else notices.

use std::future::pending;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;
use hirewire::actions::hook::NewHook;
use hirewire::domain::attempt::{Attempt, ErrorClass};
use hirewire::domain::delivery::{Delivery, DeliveryState};
use hirewire::domain::hook::Hook;
use hirewire::domain::mode::Mode;
use hirewire::domain::policy::MAX_RETRY_AFTER;
use hirewire::domain::role::Role;
use hirewire::domain::secret::DOTS;
use hirewire::store::StoreError;
use rcgen::CertificateParams;
use tokio::io::AsyncReadExt as _;
use tokio::sync::watch;

use crate::support::{Answer, DRAIN, Hostile, Kind, Received, Receiver, Team, TestApp, eventually, soon};

on_both_databases!(
    each_hostile_receiver_ends_within_the_deadline_in_its_own_class,
    a_healthy_receiver_does_not_notice_hostile_ones_beside_it,
    what_a_receiver_echoes_of_the_secrets_it_was_sent_stands_nowhere_in_clear,
);

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
/// *Quick* waits five seconds; a busy machine may be late, and not by much.
const LATEST: std::time::Duration = std::time::Duration::from_secs(15);

/// What a hook's one try is to come to: the status of the answer if one counts, and the class.
type Expected = (Option<u16>, Option<ErrorClass>);

async fn a_hook_to(app: &TestApp, team: &Team, name: &str, receiver: &Hostile) -> Hook {
    let form = NewHook { name: name.to_owned(), ..NewHook::default() };
    app.a_hook_with(&team.admin, &receiver.url(), form).await
}

async fn the_try(app: &TestApp, delivery: &Delivery) -> Attempt {
    let mut attempts = app.attempts(&delivery.id).await;
    assert_eq!(attempts.len(), 1, "{attempts:?}");
    attempts.remove(0)
}

fn valid(from: i32, to: i32) -> CertificateParams {
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name");
    (params.not_before, params.not_after) = (rcgen::date_time_ymd(from, 1, 1), rcgen::date_time_ymd(to, 1, 1));
    params
}

/// Every kind, with what is to come of it.
async fn hostile_ones() -> Vec<(&'static str, Hostile, Expected)> {
    use ErrorClass::*;
    let (success, no_answer) = ((Some(200), None), |class| (None, Some(class)));
    let never = |_| async { pending().await };
    let another = CertificateParams::new(["other.acme.com".to_owned()]).expect("a name");
    let long_header = format!("X-Line: {}\r\n", "v".repeat(4_000));
    let body = vec![b'x'; 65_536];
    vec![
        ("headers dripped", Hostile::dripping("HTTP/1.1 200 OK\r\nX-Slow: ").await, no_answer(ResponseTimeout)),
        ("body dripped", Hostile::dripping("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n").await, success),
        (
            "no answer",
            Hostile::that(|talk| async move {
                pending::<()>().await;
                drop(talk);
            })
            .await,
            no_answer(ResponseTimeout),
        ),
        ("endless body", Hostile::flooding("HTTP/1.1 200 OK\r\n\r\n", body.clone()).await, success),
        ("gzip", Hostile::flooding("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\u{8}", body).await, success),
        (
            "interim answers",
            Hostile::flooding("", "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(20)).await,
            no_answer(ResponseTimeout),
        ),
        ("endless headers", Hostile::flooding("HTTP/1.1 200 OK\r\n", long_header).await, no_answer(ResponseTooLarge)),
        (
            "reset in the handshake",
            Hostile::below_tls(|tcp| async move { tcp.set_zero_linger().expect("a socket") }).await,
            no_answer(TlsFailed),
        ),
        (
            "reset before the answer",
            Hostile::that(|talk| async move { talk.reset() }).await,
            no_answer(ConnectionReset),
        ),
        ("reset in the headers", resetting("HTTP/1.1 200 OK\r\nX-Half").await, no_answer(ConnectionReset)),
        ("reset in the body", resetting("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").await, success),
        ("reset after the answer", resetting("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await, success),
        (
            "a handshake that stalls",
            Hostile::below_tls(|mut tcp| async move {
                let _ = tcp.read(&mut [0; 4_096]).await;
                pending::<()>().await;
            })
            .await,
            no_answer(ConnectTimeout),
        ),
        ("an expired certificate", Hostile::certified(valid(2019, 2020), never).await, no_answer(TlsFailed)),
        ("a certificate of another name", Hostile::certified(another, never).await, no_answer(TlsFailed)),
        (
            "a redirect inside",
            Hostile::saying(
                "HTTP/1.1 307 Moved\r\nLocation: https://169.254.169.254/latest/\r\nContent-Length: 0\r\n\r\n",
            )
            .await,
            (Some(307), Some(RedirectRefused)),
        ),
        (
            "a pause of three thousand years",
            Hostile::saying("HTTP/1.1 503 Busy\r\nRetry-After: 99999999999\r\nContent-Length: 0\r\n\r\n").await,
            (Some(503), Some(ServerError)),
        ),
        ("HTTP/1.0", Hostile::saying("HTTP/1.0 200 OK\r\n\r\nold but fine").await, success),
        ("chunks that are none", Hostile::saying(format!("{CHUNKED}zz\r\nok\r\n")).await, success),
        ("chunks without end", Hostile::saying(format!("{CHUNKED}2\r\nok\r\n")).await, success),
        ("another protocol", Hostile::saying("SSH-2.0-OpenSSH_9.6\r\n\r\n").await, no_answer(ProtocolError)),
    ]
}

async fn resetting(start: &'static str) -> Hostile {
    Hostile::that(move |mut talk| async move {
        talk.say(start.as_bytes()).await;
        talk.reset();
    })
    .await
}

async fn each_hostile_receiver_ends_within_the_deadline_in_its_own_class(app: TestApp) {
    let team = app.an_organisation().await;
    let mut hooks = Vec::new();
    for (name, receiver, expected) in hostile_ones().await {
        hooks.push((a_hook_to(&app, &team, name, &receiver).await, expected));
    }
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    app.report(&key, "job.created").await;
    assert_eq!(app.tick().await.sent, hooks.len());
    let deliveries = app.deliveries(&team.id, Mode::Live).await;
    for (hook, (status, class)) in &hooks {
        let delivery = deliveries.iter().find(|delivery| delivery.hook_id == hook.id).expect("one each");
        let outcome = the_try(&app, delivery).await;
        let (total, response) = (outcome.timings.total, &outcome.response);
        assert_eq!((outcome.outcome.status, outcome.outcome.class), (*status, *class), "{}: {outcome:?}", hook.name);
        assert!(total < LATEST, "{}: {total:?}", hook.name);
        assert!(response.as_ref().is_none_or(|kept| kept.body.len() <= 65_536), "{}", hook.name);
        let pause = delivery.state.due().map(|due| (due - app.now()).to_std().unwrap_or_default());
        assert!(pause.is_none_or(|pause| pause <= MAX_RETRY_AFTER), "{}: {pause:?}", hook.name);
        let arrived = matches!(delivery.state, DeliveryState::Success { .. });
        assert_eq!((arrived, delivery.last_class), (class.is_none(), *class), "{}", hook.name);
    }
}

async fn a_healthy_receiver_does_not_notice_hostile_ones_beside_it(app: TestApp) {
    let team = app.an_organisation().await;
    let (stop_them, stopped) = watch::channel(false);
    let until = |start: &'static str, every: u64| {
        let stopped = stopped.clone();
        Hostile::that(move |mut talk| {
            let mut stopped = stopped.clone();
            async move {
                talk.say(start.as_bytes()).await;
                let mut pace = tokio::time::interval(std::time::Duration::from_millis(every));
                while !*stopped.borrow_and_update() && talk.say(b"x").await {
                    pace.tick().await;
                }
            }
        })
    };
    let hostile = [until("HTTP/1.1 200 OK\r\nX-Slow: ", 5).await, until("HTTP/1.1 200 ", 50).await];
    // *Single* waits for half a minute: the healthy one is served long before, or waits for them.
    let patient = |name: &str| NewHook { name: name.into(), policy: "single".into(), ..NewHook::default() };
    for receiver in &hostile {
        app.a_hook_with(&team.admin, &receiver.url(), patient("Hostile")).await;
    }
    let healthy = Receiver::answering([200]).await;
    let hook = app.a_hook_with(&team.admin, &healthy.url(), patient("Healthy")).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let (stop, ending) = watch::channel(false);
    let running = tokio::spawn(app.context.engine.clone().run(ending, DRAIN));
    // More than the lanes of the hostile ones take at once.
    let events = app.config.caps.per_hook + 4;
    for _ in 0..events {
        app.report(&key, "job.created").await;
    }
    let arrived = |delivery: &Delivery| matches!(delivery.state, DeliveryState::Success { .. });
    let all = eventually("every delivery to the healthy receiver", || async {
        let all = app.deliveries(&team.id, Mode::Live).await;
        let done = all.iter().filter(|delivery| delivery.hook_id == hook.id && arrived(delivery)).count();
        (done == events).then_some(all)
    })
    .await;
    let waiting = all.iter().filter(|delivery| delivery.hook_id != hook.id);
    assert!(waiting.clone().all(|delivery| delivery.state.is_owed()), "the hostile ones ended first");
    assert_eq!((waiting.count(), healthy.count()), (2 * events, events));
    stop_them.send(true).expect("they listen");
    stop.send(true).expect("it runs");
    soon("the engine's end", running).await.expect("no panic");
}

/// Answers as request catchers and error pages do: with the headers that it was sent.
fn echo(number: usize, request: &Received) -> Answer {
    let json = |value: &str| serde_json::to_string(value).expect("a text");
    match number {
        1 => {
            let lines: Vec<_> =
                request.lines().map(|(name, value)| format!("{}: {}", json(name), json(value))).collect();
            Answer::of(200).saying(format!("{{\"headers\": {{{}}}}}", lines.join(", ")))
        }
        2 => Answer::of(400).saying(&request.head),
        3 => Answer::of(200).saying(BASE64.encode(&request.head)),
        4 => {
            let escaped: String = request.head.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
            Answer::of(200).saying(format!("{{\"request\": \"{escaped}\"}}"))
        }
        _ => {
            let form = form_urlencoded::byte_serialize(request.head.as_bytes()).collect::<String>();
            let (key, token) = (request.must("x-webhook-key"), request.must("authorization"));
            Answer::of(200).with("X-Echoed-Key", key).with("X-Token", token).saying(form)
        }
    }
}

/// What an echo may hold in clear of a request: everything that proves who sent it.
fn secrets_of(request: &Received, secret: &str) -> Vec<String> {
    let signatures = ["x-talentsprout-signature", "x-webhook-signature", "x-hub-signature-256", "webhook-signature"];
    let parts = signatures.iter().flat_map(|name| request.must(name).split([',', '=']));
    let mut secrets: Vec<String> = parts.filter(|part| part.len() > 40).map(str::to_owned).collect();
    assert_eq!(secrets.len(), 4);
    secrets.push(secret.trim_start_matches("whsec_").to_owned());
    secrets.push(request.must("x-webhook-key").trim_start_matches("whk_").to_owned());
    let (name, password) = ("aladdin", "open \"sesame\" &/+ now");
    let pair = format!("{name}:{password}");
    assert_eq!(request.must("authorization"), format!("Basic {}", BASE64.encode(&pair)));
    secrets.extend([password.to_owned(), BASE64.encode(&pair), pair, "tenant-42/blue".to_owned()]);
    secrets
}

/// Whatever the database holds of attempts, and with SQLite whatever stands in its files.
async fn everything_stored(app: &TestApp) -> Vec<u8> {
    let mut all = Vec::new();
    if app.kind() == Kind::Sqlite {
        let folder = app.config.secret_key_file.parent().expect("a folder");
        for file in std::fs::read_dir(folder).expect("a folder") {
            let path = file.expect("a file").path();
            if path.is_file() {
                all.extend(std::fs::read(path).expect("a file"));
            }
        }
    } else {
        let rows = "(SELECT string_agg(attempts::text || encode(response_body, 'escape'), ' ') FROM attempts)";
        let rows = diesel::select(sql::<Text>(rows));
        let text: String = app.read(move |conn| Ok::<_, StoreError>(rows.get_result(conn)?)).await;
        all.extend(text.into_bytes());
    }
    assert!(String::from_utf8_lossy(&all).contains("x-echoed-key"), "the attempts are not among what was read");
    all
}

async fn what_a_receiver_echoes_of_the_secrets_it_was_sent_stands_nowhere_in_clear(app: TestApp) {
    let team = app.an_organisation().await;
    let receiver = Receiver::judging(echo).await;
    let basic = format!("Basic {}", BASE64.encode("aladdin:open \"sesame\" &/+ now"));
    let headers = vec![("Authorization".to_owned(), basic), ("X-Tenant".to_owned(), "tenant-42/blue".to_owned())];
    let form = NewHook { sign: true, key: true, headers, policy: "single".into(), ..NewHook::default() };
    let hook = app.a_hook_with(&team.admin, &receiver.url(), form).await;
    let shown = app.what_is_shown_once(&team.admin, hook.id.as_str()).await;
    let secret = &shown.iter().find(|(kind, _)| kind == "secret").expect("a secret").1;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    for _ in 0..5 {
        app.report(&key, "job.created").await;
        app.tick().await;
        // What is recorded in one moment has no order in the log.
        app.advance_ms(1);
    }
    assert_eq!(receiver.count(), 5);
    let clear: Vec<String> = receiver.requests().iter().flat_map(|request| secrets_of(request, secret)).collect();
    let stored = everything_stored(&app).await;
    let mut pages = vec![("what is stored".to_owned(), String::from_utf8_lossy(&stored).into_owned())];
    let deliveries = app.deliveries(&team.id, Mode::Live).await;
    for role in [Role::Admin, Role::Recruiter, Role::Support] {
        let member = app.a_member(&team.id, role).await;
        let mut browser = app.browser().logged_in(&member.member.email).await;
        let details = deliveries.iter().map(|delivery| format!("/developers/logs/{}", delivery.id));
        for path in details.chain(["/developers/logs".to_owned()]) {
            pages.push((format!("{path} for {role:?}"), browser.get(&path).await.body));
        }
    }
    for (place, text) in &pages {
        let plain = text.replace("&quot;", "\"").replace("&amp;", "&");
        for secret in &clear {
            assert!(!plain.contains(secret.as_str()), "{secret} stands in {place}");
        }
    }
    let kept: Vec<Attempt> = deliveries_attempts(&app, &deliveries).await;
    let bodies: Vec<String> = kept.iter().map(body_of).collect();
    assert!(bodies[0].contains(&format!("\"X-Webhook-Key\": \"whk_{DOTS}\"")), "{}", bodies[0]);
    assert!(bodies[1].contains(&format!("Authorization: {DOTS}\r\nX-Tenant: {DOTS}\r\n")), "{}", bodies[1]);
    assert!(bodies.iter().all(|body| body.contains(DOTS)), "{bodies:?}");
    let lines = &kept[4].response.as_ref().expect("an answer").headers;
    assert_eq!((lines.get("x-echoed-key"), lines.get("x-token")), (Some(format!("whk_{DOTS}").as_str()), Some(DOTS)));
    admin_sees_the_rest(&app, &team, &deliveries[1]).await;
}

async fn deliveries_attempts(app: &TestApp, deliveries: &[Delivery]) -> Vec<Attempt> {
    let mut all = Vec::new();
    for delivery in deliveries {
        all.push(the_try(app, delivery).await);
    }
    all
}

fn body_of(attempt: &Attempt) -> String {
    let body = &attempt.response.as_ref().expect("an answer").body;
    String::from_utf8(body.clone()).expect("text")
}

/// What is no secret is still there to be read, the cURL command too.
async fn admin_sees_the_rest(app: &TestApp, team: &Team, delivery: &Delivery) {
    let mut browser = app.browser().logged_in(&team.admin.member.email).await;
    let page = browser.get(&format!("/developers/logs/{}", delivery.id)).await.body;
    for part in ["X-Webhook-Event: job.created", "curl --globoff", "400 Bad Request", DOTS] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}
