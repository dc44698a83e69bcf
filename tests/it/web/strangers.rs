//! What strangers may do with a connection: half-sent requests end, large ones are refused unread, and others are served.

use std::time::Duration;

use hirewire::config::Config;
use hirewire::domain::mode::Mode;
use hirewire::server::Patience;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::{TestApp, eventually, soon};

on_both_databases!(
    a_half_sent_request_is_ended_by_its_deadline_while_others_are_served,
    a_body_above_its_routes_limit_is_refused_before_it_is_read,
    a_client_that_takes_no_answers_is_dropped,
    a_body_that_keeps_its_pace_may_take_its_time,
);

/// So short that a test need not wait.
fn short(config: &mut Config) {
    config.patience = Patience { base: Duration::from_millis(400), pace: 1_000_000 };
}

/// A connection on which this was sent.
async fn sent(app: &TestApp, bytes: impl AsRef<[u8]>) -> TcpStream {
    let url = app.url();
    let mut stream = TcpStream::connect(url.strip_prefix("http://").expect("http")).await.expect("a connection");
    stream.write_all(bytes.as_ref()).await.expect("room");
    stream
}

/// All that comes until the other side ends the connection.
async fn rest(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    // One that is reset has ended, too.
    let _ = soon("the connection's end", stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// What comes until it ends with the text.
async fn answer(stream: &mut TcpStream, end: &str) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(end.as_bytes()) {
        let mut some = [0; 4096];
        let read = soon("an answer", stream.read(&mut some)).await.expect("an answer");
        assert!(read > 0, "it ends with {}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&some[..read]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

async fn a_half_sent_request_is_ended_by_its_deadline_while_others_are_served(app: TestApp) {
    let app = app.crashed_and_started_again(short).await;
    let admin = app.an_admin().await;
    let (_, key) = app.an_api_key(&admin, Mode::Live).await;
    let head = sent(&app, "GET /login HTTP/1.1\r\nHost: h").await;
    let mut second_head = sent(&app, "GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n").await;
    answer(&mut second_head, "ok\n").await;
    second_head.write_all(b"GET /hea").await.expect("room");
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let body = sent(&app, format!("POST /login HTTP/1.1\r\nHost: here\r\n{form}content-length: 100\r\n\r\ne")).await;
    let chunks = format!("POST /login HTTP/1.1\r\nHost: here\r\n{form}transfer-encoding: chunked\r\n\r\n1\r\ne\r\n");
    let chunks = sent(&app, chunks).await;
    let authorised = format!("Host: here\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n");
    let event =
        sent(&app, format!("POST /v1/partner/events HTTP/1.1\r\n{authorised}content-length: 9\r\n\r\n{{")).await;

    let mut others = app.browser();
    assert_eq!((others.get("/healthz").await.status, others.get("/login").await.status), (200, 200));
    for ended in [rest(head).await, rest(second_head).await] {
        assert!(!ended.contains("200 OK"), "{ended}");
    }
    for ended in [rest(body).await, rest(chunks).await] {
        assert!(ended.starts_with("HTTP/1.1 408 ") && ended.contains("connection: close"), "{ended}");
        assert!(ended.contains("That took too long."), "{ended}");
    }
    let ended = rest(event).await;
    assert!(ended.starts_with("HTTP/1.1 408 ") && ended.contains(r#""code":"REQUEST_TIMEOUT""#), "{ended}");
    assert_eq!(others.log_in(&admin.member.email).await.status, 303);
}

async fn a_body_above_its_routes_limit_is_refused_before_it_is_read(app: TestApp) {
    let team = app.an_organisation().await;
    let (_, key) = app.an_api_key(&team.admin, Mode::Live).await;
    let browser = app.browser().logged_in(&team.admin.member.email).await;
    let cookies: Vec<String> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let member = format!("cookie: {}\r\n", cookies.join("; "));
    let partner = format!("authorization: Bearer {key}\r\n");
    let (kib, mib) = (1024, 1024 * 1024);
    for (path, who, length, status, words) in [
        ("/login", "", 8 * kib + 1, 413, "at most 8 KiB"),
        ("/account/name", member.as_str(), 64 * kib + 1, 413, "at most 64 KiB"),
        ("/vacancies/none/export", &member, 2 * mib + 1, 413, "at most 2 MiB"),
        ("/v1/partner/events", &partner, mib, 413, "at most 256 KiB"),
        ("/v1/partner/events", "authorization: Bearer nothing\r\n", mib, 401, "UNAUTHORIZED"),
        ("/account/name", "", 64 * kib + 1, 303, "location: /login"),
    ] {
        // Nothing of the body is sent, so the answer waited for none of it.
        let head = format!("POST {path} HTTP/1.1\r\nHost: here\r\n{who}content-length: {length}\r\n\r\n");
        let told = rest(sent(&app, head).await).await;
        assert!(told.starts_with(&format!("HTTP/1.1 {status} ")) && told.contains(words), "{path}: {told}");
    }
}

async fn a_client_that_takes_no_answers_is_dropped(app: TestApp) {
    let app = app.crashed_and_started_again(short).await;
    let address = app.url().strip_prefix("http://").expect("http").parse().expect("an address");
    let socket = TcpSocket::new_v4().expect("a socket");
    // Soon full.
    socket.set_recv_buffer_size(4096).expect("a size");
    let mut greedy = soon("a connection", socket.connect(address)).await.expect("a connection");
    let asking = tokio::spawn(async move {
        // Until nothing more is taken from it; it never reads.
        while greedy.write_all(b"GET /login HTTP/1.1\r\nHost: here\r\n\r\n").await.is_ok() {}
    });
    soon("the connection's end", asking).await.expect("no panic");
    let metrics = eventually("the end to be counted", || async {
        let metrics = app.metrics().await;
        metrics.contains("hirewire_connections_dropped_total 1").then_some(metrics)
    });
    assert!(metrics.await.contains("hirewire_connections 0"));
}

async fn a_body_that_keeps_its_pace_may_take_its_time(app: TestApp) {
    let slow = |config: &mut Config| config.patience = Patience { base: Duration::from_millis(400), pace: 2 };
    let app = app.crashed_and_started_again(slow).await;
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let mut typing = sent(&app, format!("POST /login HTTP/1.1\r\nHost: here\r\n{form}content-length: 9\r\n\r\n")).await;
    let begun = std::time::Instant::now();
    for letter in "email=a@b".as_bytes() {
        typing.write_all(&[*letter]).await.expect("room");
        let until = begun.elapsed() + Duration::from_millis(100);
        eventually("a little later", || async { (begun.elapsed() >= until).then_some(()) }).await;
    }
    let told = answer(&mut typing, "</html>").await;
    assert!(told.starts_with("HTTP/1.1 422 "), "{told}");
}
