//! Strangers who hold connections without using them take nothing from those who do.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::database::Kind;
use crate::process::{Server, client};
use crate::receiver::Manner;
use crate::scene::{Scene, soon};

const MIB: u64 = 1024 * 1024;

/// What all that is held may take beside what the program takes at rest, in a build without optimisation: a sixth of what
/// was sent.
const ROOM: u64 = 112 * MIB;

/// What somebody waits for a page.
const PROMPT: Duration = Duration::from_secs(5);

/// So many connections on which this was sent, and no more comes; one that the server ends is counted as well.
async fn held(server: &Server, count: usize, head: &str, body: &[u8]) -> Vec<TcpStream> {
    let address = server.url().strip_prefix("http://").expect("http");
    let mut held = Vec::new();
    for _ in 0..count {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let _ = stream.write_all(head.as_bytes()).await;
        // Only what is taken at once.
        let _ = tokio::time::timeout(Duration::from_millis(20), stream.write_all(body)).await;
        held.push(stream);
    }
    held
}

async fn is_prompt(server: &Server, path: &str) {
    let asked = client().expect("a client").get(format!("{}{path}", server.url())).timeout(PROMPT).send().await;
    assert_eq!(asked.expect("an answer").status(), 200, "{path}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_sent_requests_that_would_take_every_descriptor_hold_up_nobody() {
    let (mut scene, server) = Scene::set(Kind::Sqlite, &[(Manner::Well, "quick")]).await;
    assert!(server.terminate().await.expect("an end").success());
    scene.installation = scene.installation.clone().with_descriptors(1_024).with("HIREWIRE_CONCURRENCY", 512);
    let server = scene.installation.serve().await.expect("it serves");
    let head = "POST /login HTTP/1.1\r\nHost: here\r\ncontent-length: 100\r\n\r\n";
    let held = held(&server, 1_100, head, b"e").await;
    is_prompt(&server, "/healthz").await;
    is_prompt(&server, "/login").await;
    let id = scene.partner(&[&server]).report(1, Manner::Well).await.id().expect("taken").to_owned();
    soon("the delivery", async || scene.receiver.arrivals().iter().any(|arrival| arrival.id == id)).await;
    let log = server.log();
    assert!(log.contains("HIREWIRE_CONCURRENCY is lowered from 512 to 384"), "{log}");
    assert!(log.lines().count() < 30, "{log}");
    drop(held);
    assert!(server.terminate().await.expect("an end").success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_forms_that_are_held_take_little_memory() {
    let (scene, server) = Scene::set(Kind::Sqlite, &[]).await;
    let email = "admin@team.example";
    let member = crate::process::Console::log_in(server.url(), email).await.expect("a session");
    let form = vec![b'a'; 2 * 1024 * 1024 - 4096];
    server.forget_peak().expect("it runs");
    let before = server.usage().expect("it runs").resident;
    for (path, cookies) in [("/login", String::new()), ("/vacancies/none/export", member.cookies())] {
        let length = 2 * 1024 * 1024;
        let head = format!("POST {path} HTTP/1.1\r\nHost: here\r\n{cookies}content-length: {length}\r\n\r\n");
        let held = held(&server, 300, &head, &form).await;
        is_prompt(&server, "/login").await;
        let peak = server.usage().expect("it runs").peak;
        assert!(peak < before + ROOM, "{path}: {} MiB after {} MiB", peak / MIB, before / MIB);
        drop(held);
    }
    drop(scene);
}
