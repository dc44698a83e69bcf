//! Beginning: what `serve` prints on an empty database, and what the command line waits for.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use crate::database::{Database, Kind};
use crate::process::{Console, Installation, PASSWORD, Server, folder};
use crate::scene::soon;

const PRINTED: &str = "first run: ";

/// The addresses of the first run that a server and its predecessors printed.
fn printed(server: &Server) -> Vec<String> {
    server.output().lines().filter_map(|line| line.strip_prefix(PRINTED)).map(str::to_owned).collect()
}

async fn begin(kind: Kind) {
    let database = Database::create(kind);
    let folder = folder().expect("a folder");
    let installation = Installation::on(env!("CARGO_BIN_EXE_hirewire"), folder.path(), &database.url).expect("a place");
    let first = installation.serve().await.expect("it serves");
    soon("the line", async || printed(&first).len() == 1).await;
    assert!(first.terminate().await.expect("an end").success());

    let second = installation.serve().await.expect("it serves");
    soon("another line", async || printed(&second).len() == 2).await;
    let addresses = printed(&second);
    let paths: Vec<_> =
        addresses.iter().map(|address| address.strip_prefix(second.url()).expect("where it serves")).collect();
    assert_ne!(paths[0], paths[1]);
    let mut console = Console::anonymous(second.url()).expect("a client");
    let fields = [
        ("organisation", "Acme Hiring"),
        ("time_zone", "Europe/Berlin"),
        ("name", "Nguyễn Thị Ánh"),
        ("email", "anh@acme.example"),
        ("password", PASSWORD),
    ];
    let refused = console.act(paths[0], &fields).await.expect_err("an earlier start's address");
    assert!(refused.to_string().contains("410"), "{refused:#}");
    assert_eq!(console.act(paths[1], &fields).await.expect("the address works"), "/");
    assert!(console.page("/settings/members").await.expect("an admin").contains("Nguyễn Thị Ánh"));
    assert!(second.terminate().await.expect("an end").success());

    let third = installation.serve().await.expect("it serves");
    assert_eq!(printed(&third).len(), 2, "with an organisation nothing is printed");
    Console::log_in(third.url(), "anh@acme.example").await.expect("the account is there");
    assert!(third.terminate().await.expect("an end").success());
}

/// What it says is read by programs where it goes to a file, and what it keeps is read by nobody else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_it_says_into_a_file_is_plain_text_and_what_it_keeps_is_its_owners_alone() {
    let folder = folder().expect("a folder");
    let path = folder.path().join("new.db");
    let url = format!("sqlite://{}", path.display());
    let installation = Installation::on(env!("CARGO_BIN_EXE_hirewire"), folder.path(), &url).expect("a place");
    let server = installation.serve().await.expect("it serves");
    soon("the line", async || printed(&server).len() == 1).await;
    let said = server.log();
    assert!(said.contains(" INFO ") && !said.contains('\u{1b}'), "{said:?}");
    for end in ["", "-wal", "-shm"] {
        let path = format!("{}{end}", path.display());
        let mode = std::fs::metadata(&path).unwrap_or_else(|error| panic!("{path}: {error}")).permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{path}");
    }
    assert!(server.terminate().await.expect("an end").success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serve_prints_where_to_begin_until_somebody_has_begun_on_sqlite() {
    begin(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serve_prints_where_to_begin_until_somebody_has_begun_on_postgres() {
    begin(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn member_create_says_what_it_waits_for_on_a_silent_pipe() {
    let folder = folder().expect("a folder");
    let installation = Installation::on_sqlite(env!("CARGO_BIN_EXE_hirewire"), folder.path()).expect("a place");
    let organisation = installation.create_organisation("Acme Hiring").await.expect("an organisation");
    let arguments = ["member", "create", "--email", "a@b.example", "--name", "Ada", "--role", "admin"];
    let arguments = [&arguments[..], &["--organisation", &organisation]].concat();
    let mut waiting = installation.begin(&arguments, Stdio::piped()).expect("it starts");
    soon("a word about what is awaited", async || waiting.log().contains("Waiting for the password")).await;
    assert!(waiting.ended().expect("a process").is_none(), "it goes on waiting");
    // With nothing to read it makes one.
    let made = installation.run(&arguments).await.expect("a member");
    assert!(made.contains("password: "), "{made}");
    // The same address elsewhere: it has an account, so its holder is invited, and no password is printed that is none.
    let second = installation.create_organisation("Nguyễn & Co").await.expect("another");
    let arguments = [&arguments[..arguments.len() - 1], &[second.as_str()]].concat();
    let invited = installation.run(&arguments).await.expect("an invitation");
    assert!(invited.contains("/invitations/") && !invited.contains("password"), "{invited}");
}
