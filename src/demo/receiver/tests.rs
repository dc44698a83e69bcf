use std::io::{Read as _, Write as _};
use std::net::Ipv6Addr;
use std::os::unix::fs::PermissionsExt as _;

use chrono::{DateTime, TimeDelta};
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::clock::{ManualClock, SystemClock};

type Tls = StreamOwned<ClientConnection, std::net::TcpStream>;

const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

fn start(dir: &TempDir) -> Receiver {
    Receiver::start(dir.path(), LOOPBACK, Arc::new(SystemClock)).expect("a receiver")
}

/// A client that trusts nothing but the authority in the receiver's file.
fn connect(receiver: &Receiver, name: &'static str) -> Tls {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(receiver.ca_path()).expect("a PEM file")).expect("an authority");
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let session =
        ClientConnection::new(Arc::new(config), ServerName::try_from(name).expect("a name")).expect("a session");
    let stream = std::net::TcpStream::connect(receiver.address()).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    StreamOwned::new(session, stream)
}

fn request(line: &str, headers: &str, body: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// The head and the body of one answer.
fn exchange(stream: &mut Tls, request: &str) -> io::Result<(String, String)> {
    stream.write_all(request.as_bytes())?;
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        seen.push(byte[0]);
    }
    let head = String::from_utf8(seen).expect("a head in ASCII");
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().expect("a length"));
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((head, String::from_utf8(body).expect("a body in UTF-8")))
}

fn post(receiver: &Receiver, path: &str) -> io::Result<(String, String)> {
    let headers = "webhook-id: evt_1\r\n";
    exchange(&mut connect(receiver, "127.0.0.1"), &request(&format!("POST {path}"), headers, "{}"))
}

fn status_of(receiver: &Receiver, path: &str) -> String {
    post(receiver, path).expect("an answer").0[9..12].to_owned()
}

fn wait_for(receiver: &Receiver, answer: Answer) {
    for _ in 0..2000 {
        if receiver.requests().first().is_some_and(|request| request.answer == answer) {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("never {answer:?}: {:?}", receiver.requests());
}

#[test]
fn a_second_start_keeps_the_authority_and_the_port() {
    let dir = TempDir::new().expect("a folder");
    let first = start(&dir);
    let (port, ca) = (first.address().port(), first.ca_der().clone());
    assert_eq!(first.base_url(), format!("https://127.0.0.1:{port}"));
    first.stop();

    let second = start(&dir);
    assert_eq!((second.address().port(), second.ca_der()), (port, &ca));
    assert_eq!(CertificateDer::from_pem_file(second.ca_path()).expect("a PEM file"), ca);
    assert_eq!(status_of(&second, "/ok"), "200");
    let key = std::fs::metadata(dir.path().join("receiver-ca.key")).expect("a key file");
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_taken_port_gives_way_to_a_free_one() {
    let (one, other) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let first = start(&one);
    std::fs::copy(one.path().join(PORT_FILE), other.path().join(PORT_FILE)).expect("a copy");
    let second = start(&other);
    assert_ne!(first.address(), second.address());
    assert!(
        Receiver::start(one.path(), first.address(), Arc::new(SystemClock)).is_err(),
        "a port that was named is kept"
    );
}

#[test]
fn every_name_of_this_machine_is_vouched_for_and_no_other() {
    let dir = TempDir::new().expect("a folder");
    let receiver = start(&dir);
    for name in ["127.0.0.1", "::1", "localhost"] {
        let answer = exchange(&mut connect(&receiver, name), &request("GET /", "", ""));
        assert!(answer.expect("an answer").1.contains("/slow?ms=3000"), "{name}");
    }
    assert!(exchange(&mut connect(&receiver, "example.com"), &request("GET /", "", "")).is_err());
}

#[test]
fn it_listens_on_ipv6_too() {
    let dir = TempDir::new().expect("a folder");
    let listen = SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 0);
    // Machines without IPv6 have nothing to listen on.
    let Ok(receiver) = Receiver::start(dir.path(), listen, Arc::new(SystemClock)) else { return };
    assert_eq!(receiver.base_url(), format!("https://[::1]:{}", receiver.address().port()));
    assert_eq!(status_of(&receiver, "/ok"), "200");
}

#[test]
fn each_path_answers_as_it_says() {
    let dir = TempDir::new().expect("a folder");
    let receiver = start(&dir);
    let (head, body) = post(&receiver, "/ok").expect("an answer");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("content-type: application/json\r\n"), "{head}");
    assert_eq!(body, "{\"received\":true,\"id\":\"evt_1\",\"event\":null,\"bytes\":2}\n");
    assert_eq!(status_of(&receiver, "/slow?ms=1"), "200");
    assert_eq!(status_of(&receiver, "/status/204"), "204");
    let (head, body) = post(&receiver, "/status/429?retry-after=7").expect("an answer");
    assert!(head.starts_with("HTTP/1.1 429") && head.contains("retry-after: 7\r\n"), "{head}");
    assert_eq!(body, "{\"error\":{\"status\":429,\"message\":\"Too Many Requests\"}}\n");
    assert!(post(&receiver, "/status/302").expect("an answer").0.contains("location: /ok\r\n"));
    assert_eq!(status_of(&receiver, "/status/999"), "400");
    let (head, body) = post(&receiver, "/nothing").expect("an answer");
    assert!(
        head.starts_with("HTTP/1.1 404") && body.starts_with("There is nothing at /nothing.") && body.contains("/hang")
    );
    let (head, _) = exchange(&mut connect(&receiver, "localhost"), &request("PUT /ok", "", "")).expect("an answer");
    assert!(head.starts_with("HTTP/1.1 405") && head.contains("allow: POST\r\n"), "{head}");
}

#[test]
fn a_flaky_path_fails_each_id_so_many_times() {
    let dir = TempDir::new().expect("a folder");
    let receiver = start(&dir);
    let mut stream = connect(&receiver, "localhost");
    let mut try_with = |id: &str| {
        let answer = exchange(&mut stream, &request("POST /flaky?fail=2", &format!("Webhook-Id: {id}\r\n"), "{}"));
        answer.expect("an answer").0[9..12].to_owned()
    };
    assert_eq!(
        [try_with("evt_a"), try_with("evt_a"), try_with("evt_b"), try_with("evt_a")],
        ["503", "503", "503", "200"]
    );
}

#[test]
fn a_reset_is_seen_as_one() {
    let dir = TempDir::new().expect("a folder");
    let receiver = start(&dir);
    let error = post(&receiver, "/reset").expect_err("no answer");
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset, "{error}");
    assert_eq!(receiver.requests()[0].answer, Answer::Closed);
}

#[test]
fn slow_answers_come_when_the_clock_says_so() {
    let dir = TempDir::new().expect("a folder");
    let clock = Arc::new(ManualClock::new(DateTime::UNIX_EPOCH));
    let receiver = Receiver::start(dir.path(), LOOPBACK, Arc::clone(&clock) as Arc<dyn Clock>).expect("a receiver");
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| status_of(&receiver, "/slow?ms=60000"));
        wait_for(&receiver, Answer::Waiting);
        clock.advance(TimeDelta::seconds(60));
        assert_eq!(slow.join().expect("a client"), "200");
        let hanging = scope.spawn(|| post(&receiver, "/hang"));
        wait_for(&receiver, Answer::Waiting);
        clock.advance(TimeDelta::seconds(120));
        assert!(hanging.join().expect("a client").is_err());
    });
    assert_eq!(receiver.requests()[0].answer, Answer::Closed);
}

#[test]
fn a_client_that_gives_up_is_noticed() {
    let dir = TempDir::new().expect("a folder");
    let receiver = start(&dir);
    let mut stream = connect(&receiver, "localhost");
    stream.write_all(request("POST /hang", "", "{}").as_bytes()).expect("a request");
    wait_for(&receiver, Answer::Waiting);
    drop(stream);
    wait_for(&receiver, Answer::ClientLeft);
}

#[test]
fn stopping_ends_the_requests_that_hang() {
    let dir = TempDir::new().expect("a folder");
    let receiver = start(&dir);
    let mut stream = connect(&receiver, "localhost");
    stream.write_all(request("POST /hang", "", "{}").as_bytes()).expect("a request");
    wait_for(&receiver, Answer::Waiting);
    receiver.stop();
    assert!(matches!(stream.read(&mut [0]), Err(_) | Ok(0)));
}

#[test]
fn what_came_is_shown_as_it_was_written() {
    let dir = TempDir::new().expect("a folder");
    let receiver = start(&dir);
    let mut stream = connect(&receiver, "localhost");
    let headers = "X-Webhook-Event: job.created\r\nwebhook-ID:  evt_9 \r\n";
    exchange(&mut stream, &request("POST /ok?a=1", headers, "{\"name\":\"Zoë\"}")).expect("an answer");
    exchange(&mut stream, &request("POST /status/500", "X-B: 2\r\nX-a: 1\r\n", "{}")).expect("an answer");

    let (_, body) = exchange(&mut stream, &request("GET /requests", "", "")).expect("an answer");
    let seen: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((&seen["requests"][0]["status"], &seen["requests"][1]["status"]), (&500.into(), &200.into()));
    let names = |n: usize| {
        let headers = seen["requests"][n]["headers"].as_array().expect("headers").iter();
        headers.map(|header| header["name"].as_str().expect("a name")).collect::<Vec<_>>()
    };
    assert_eq!(names(1), ["Host", "X-Webhook-Event", "webhook-ID", "Content-Length"]);
    assert_eq!(names(0), ["Host", "X-B", "X-a", "Content-Length"]);
    let first = &seen["requests"][1];
    assert_eq!(first["headers"][2]["value"], "evt_9");
    assert_eq!(first["path"], "/ok?a=1");
    assert_eq!(first["bodyText"], "{\"name\":\"Zoë\"}");
    assert_eq!(first["bodyBase64"], "eyJuYW1lIjoiWm/DqyJ9");

    let (head, _) = exchange(&mut stream, &request("DELETE /requests", "", "")).expect("an answer");
    assert!(head.starts_with("HTTP/1.1 204") && receiver.requests().is_empty());
}

#[test]
fn of_a_large_body_the_first_mebibyte_is_kept() {
    let dir = TempDir::new().expect("a folder");
    let receiver = start(&dir);
    let body = "x".repeat(3 * 1024 * 1024);
    exchange(&mut connect(&receiver, "localhost"), &request("POST /ok", "", &body)).expect("an answer");
    let received = &receiver.requests()[0];
    assert_eq!((received.body.len(), received.body_len), (1024 * 1024, 3 * 1024 * 1024));
}
