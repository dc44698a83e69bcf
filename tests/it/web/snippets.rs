//! The code on *Receiving*, run in its own languages against deliveries as they came over the wire (B2, S6).
//!
//! Drivers in `tests/receivers/snippets` hand each snippet what a receiver has: the raw body, a header, the secret. Where a
//! language is not installed its test fails; `tests/run` installs all of them. The database plays no part here.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use chrono::TimeDelta;
use hirewire::actions;
use hirewire::clock::{Clock as _, SystemClock};
use hirewire::domain::event::EventType;
use hirewire::domain::mode::Mode;
use hirewire::domain::secret::Plain;
use hirewire::domain::signing::{self, Secrets, Signed, Signer};
use reqwest::Method;
use serde_json::json;

use crate::support::{Browser, DEADLINE, Kind, Receiver, TestApp, run};

#[path = "../../../assets/snippets/verify.rs"]
#[expect(clippy::disallowed_methods, reason = "a receiver has a clock of its own")]
mod verify;

/// A delivery as a receiver got it.
#[derive(Clone)]
struct Delivered {
    id: String,
    header: String,
    secret: String,
    body: Vec<u8>,
}

/// Judges a delivery: whether it is accepted.
type Judge = Box<dyn Fn(&Delivered) -> bool>;

/// What is tried of each snippet: three that are genuine, and everything it has to refuse.
fn holds(snippet: impl FnOnce(&Path) -> Judge + 'static) {
    run(Kind::Sqlite, |app| async move {
        let folder = tempfile::tempdir().expect("a folder");
        let accepts = snippet(folder.path());
        let [genuine, old, early] = delivered_at(&app, [0, -600, 600]).await;
        assert!(accepts(&genuine), "a genuine delivery is accepted");

        let other = Plain::new(format!("whsec_{}", "Q".repeat(44)));
        for secrets in [[other.reveal(), &genuine.secret], [&genuine.secret, other.reveal()]] {
            assert!(accepts(&signed_by(&genuine, &secrets)), "with the signatures of two secrets, either is enough");
        }

        let mut changed = genuine.clone();
        let at = changed.body.windows(4).position(|four| four == b"live").expect("a word of the data");
        changed.body[at] = b'L';
        let longer = Delivered { body: [&genuine.body[..], b"\n"].concat(), ..genuine.clone() };
        let empty = Delivered { body: Vec::new(), ..genuine.clone() };
        let (t, v1) = genuine.header.split_once(',').expect("t=…,v1=…");
        let with = |header: String| Delivered { header, ..genuine.clone() };
        let with_secret = |secret: &str| Delivered { secret: secret.to_owned(), ..genuine.clone() };
        let unix: i64 = t[2..].parse().expect("seconds");
        for (what, wrong) in [
            ("a body with one letter changed", changed),
            ("a body with a line end more", longer),
            ("no body", empty),
            ("another secret", with_secret(other.reveal())),
            ("the secret without its prefix", with_secret(&genuine.secret["whsec_".len()..])),
            ("ten minutes ago", old),
            ("ten minutes ahead", early),
            ("another time", with(format!("t={},{v1}", unix + 1))),
            ("no time", with(v1.to_owned())),
            ("no signature", with(t.to_owned())),
            ("an empty signature", with(format!("{t},v1="))),
            ("half a signature", with(format!("{t},{}", &v1[..35]))),
            ("a signature that is no hex", with(format!("{t},v1={}", "é".repeat(32)))),
            ("an unsigned delivery", with(String::new())),
            ("a signature under another name", with(format!("{t},v0={}", &v1[3..]))),
        ] {
            assert!(!accepts(&wrong), "accepted all the same: {what}");
        }
    });
}

/// The same delivery, signed now with these secrets.
fn signed_by(delivered: &Delivered, secrets: &[&str]) -> Delivered {
    let live = secrets.iter().map(|secret| Signer::new(&Plain::new((*secret).into()))).collect();
    let signed = Signed { id: &delivered.id, at: SystemClock.now(), body: &delivered.body };
    let headers = signing::headers(signed, &Secrets { live, preferred: 0 });
    let header = headers.into_iter().find(|(name, _)| *name == "x-webhook-signature").expect("signed").1;
    Delivered { header, ..delivered.clone() }
}

/// The same event type, delivered so many seconds from now.
async fn delivered_at<const N: usize>(app: &TestApp, seconds: [i64; N]) -> [Delivered; N] {
    let team = app.an_organisation().await;
    let receiver = Receiver::answering([204]).await;
    let (_, secret) = app.a_signed_hook(&team.admin, &receiver.url()).await;
    let (key, _) = app.an_api_key(&team.admin, Mode::Live).await;
    let names = ["Maeve O'Brien", "Nguyễn Thị Ánh", "محمد", "🧵", "<script>alert(1)</script>", "a \\ \"b\"\u{2028}"];
    for ahead in seconds {
        app.clock.advance(SystemClock.now() + TimeDelta::seconds(ahead) - app.now());
        let data = json!({"world": "live", "names": names});
        let kind = EventType::parse("candidate.updated").expect("of the catalogue");
        actions::event::report(&app.context, &key, kind, data).await.expect("it is recorded");
        app.tick().await;
    }
    let delivered = receiver.requests().into_iter().map(|request| Delivered {
        id: request.must("webhook-id").to_owned(),
        header: request.must("x-webhook-signature").to_owned(),
        secret: secret.clone(),
        body: request.body,
    });
    delivered.collect::<Vec<_>>().try_into().unwrap_or_else(|_| panic!("one request an event"))
}

fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn snippet(name: &str) -> PathBuf {
    file(&format!("assets/snippets/{name}"))
}

fn driver(name: &str) -> PathBuf {
    file(&format!("tests/receivers/snippets/{name}"))
}

fn started(command: &mut Command) -> Child {
    let child = command.spawn();
    child.unwrap_or_else(|error| panic!("{command:?} does not start ({error}); tests/run installs what is needed"))
}

/// Runs something that has to succeed.
fn succeeds(command: &mut Command) {
    let status = started(command).wait().expect("it ends");
    assert!(status.success(), "{command:?} ended with {status}");
}

/// Asks a driver; the arguments are followed by header and secret.
fn driven(program: &str, arguments: impl IntoIterator<Item = PathBuf>, current: &Path) -> Judge {
    let (program, arguments): (_, Vec<_>) = (program.to_owned(), arguments.into_iter().collect());
    let current = current.to_owned();
    Box::new(move |delivered| {
        let mut command = Command::new(&program);
        command.args(&arguments).args([&delivered.header, &delivered.secret]).current_dir(&current);
        let (_, said) = fed(&mut command, &delivered.body);
        match said.trim() {
            "accepted" => true,
            "refused" => false,
            other => panic!("{command:?} said neither accepted nor refused: {other}"),
        }
    })
}

/// Gives a program the body; its exit code and what it said.
fn fed(command: &mut Command, body: &[u8]) -> (Option<i32>, String) {
    let mut child = started(command.stdin(Stdio::piped()).stdout(Stdio::piped()));
    // One that refuses without reading hangs up early.
    let _ = child.stdin.take().expect("piped").write_all(body);
    let output = child.wait_with_output().expect("it ends");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn the_snippet_for_node_accepts_what_is_genuine_alone() {
    holds(|folder| driven("node", [driver("drive.mjs"), snippet("verify.mjs")], folder));
}

#[test]
fn the_snippet_for_python_accepts_what_is_genuine_alone() {
    holds(|folder| driven("python3", [driver("drive.py"), snippet("verify.py")], folder));
}

#[test]
fn the_snippet_for_ruby_accepts_what_is_genuine_alone() {
    holds(|folder| driven("ruby", [driver("drive.rb"), snippet("verify.rb")], folder));
}

#[test]
fn the_snippet_for_php_accepts_what_is_genuine_alone() {
    holds(|folder| driven("php", [driver("drive.php"), snippet("verify.php")], folder));
}

#[test]
fn the_snippet_for_go_accepts_what_is_genuine_alone() {
    holds(|folder| {
        std::fs::create_dir(folder.join("webhook")).expect("a folder");
        std::fs::write(folder.join("go.mod"), "module receiver\n\ngo 1.19\n").expect("a file");
        std::fs::copy(snippet("verify.go"), folder.join("webhook/verify.go")).expect("a copy");
        std::fs::copy(driver("drive.go"), folder.join("main.go")).expect("a copy");
        let mut build = Command::new("go");
        build.args(["build", "-o", "drive", "."]).current_dir(folder);
        let cache = folder.join("cache");
        succeeds(build.envs([("GOPROXY", "off"), ("CGO_ENABLED", "0")]).env("GOCACHE", cache));
        driven(&folder.join("drive").to_string_lossy(), [], folder)
    });
}

#[test]
fn the_snippet_for_java_accepts_what_is_genuine_alone() {
    holds(|folder| {
        succeeds(Command::new("javac").arg("-d").args([folder, &snippet("Verify.java"), &driver("Drive.java")]));
        let flags = ["-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp", ".", "Drive"];
        driven("java", flags.map(PathBuf::from), folder)
    });
}

#[test]
fn the_snippet_for_rust_accepts_what_is_genuine_alone() {
    holds(|_| Box::new(|delivered| verify::verify(&delivered.body, &delivered.header, &delivered.secret)));
    let manifest = include_str!("../../../Cargo.toml");
    for line in ["hmac = \"0.13\"", "sha2 = \"0.11\""] {
        assert!(manifest.contains(line) && include_str!("../../../assets/snippets/verify.rs").contains(line), "{line}");
    }
}

#[test]
fn the_snippet_for_a_shell_accepts_what_is_genuine_alone() {
    holds(|folder| {
        let folder = folder.to_owned();
        Box::new(move |delivered| {
            let mut command = Command::new("sh");
            command.arg(snippet("verify.sh")).arg(&delivered.header).current_dir(&folder);
            match fed(command.env("WEBHOOK_SECRET", &delivered.secret), &delivered.body).0 {
                Some(0) => true,
                Some(1) => false,
                other => panic!("{command:?} ended with {other:?}"),
            }
        })
    });
}

/// A program that is ended with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended by itself needs no end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a file of the recipe for a plain script, in a folder with all of them.
fn script(folder: &Path, name: &str, secret: &str) -> (Running, mpsc::Receiver<String>) {
    for file in ["verify.py", "receiver.py", "worker.py"] {
        std::fs::copy(snippet(file), folder.join(file)).expect("a copy");
    }
    let mut command = Command::new("python3");
    command
        .arg(name)
        .current_dir(folder)
        .env("WEBHOOK_SECRET", secret)
        .env("PORT", "0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = started(&mut command);
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let (says, said) = mpsc::channel();
    // Ends with the program, or when nobody listens any more.
    std::thread::spawn(move || lines.map_while(Result::ok).all(|line| says.send(line).is_ok()));
    (Running(child), said)
}

#[test]
fn the_plain_script_queues_what_is_genuine_once_and_answers_at_once() {
    run(Kind::Sqlite, |app| async move {
        let folder = tempfile::tempdir().expect("a folder");
        let [genuine, old] = delivered_at(&app, [0, -600]).await;
        let (_receiver, said) = script(folder.path(), "receiver.py", &genuine.secret);
        let port = said.recv_timeout(DEADLINE).expect("where it listens").replace("listening on ", "");
        let receiver = Browser::new(&format!("http://127.0.0.1:{port}"), &app.config);
        let posted = async |delivered: &Delivered| {
            let headers = [("X-Webhook-Signature", delivered.header.as_str()), ("Webhook-Id", &delivered.id)];
            receiver.clone().send(Method::POST, "/in", &headers, delivered.body.clone()).await.status
        };
        let forged = Delivered { body: b"{}".to_vec(), id: "evt_forged".into(), ..genuine.clone() };
        for (delivered, expected) in [(&genuine, 204), (&genuine, 204), (&old, 401), (&forged, 401)] {
            assert_eq!(posted(delivered).await, expected);
        }
        let (_worker, worked) = script(folder.path(), "worker.py", "");
        assert_eq!(worked.recv_timeout(DEADLINE), Ok(format!("candidate.updated {}", genuine.id)));
        // The repeat is not worked on again: what comes next is the next event.
        let [next] = delivered_at(&app, [0]).await;
        assert_eq!(posted(&signed_by(&next, &[&genuine.secret])).await, 204);
        assert_eq!(worked.recv_timeout(DEADLINE), Ok(format!("candidate.updated {}", next.id)));
    });
}
