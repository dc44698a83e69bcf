//! The command line as somebody uses it who has no console at hand.

use crate::database::{Database, Kind};
use crate::process::{Child, Installation, folder};
use crate::scene::{DEADLINE, THIS};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn organisations_and_members_are_listed_and_a_suspension_says_what_it_does() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (database, folder) = (Database::create(kind), folder().expect("a folder"));
        let installation = Installation::on(THIS, folder.path(), &database.url).expect("an address");
        let id = installation.create_organisation("Acme Hiring").await.expect("an organisation");
        installation.create_member(&id, "ada@acme.example", "recruiter").await.expect("a member");
        let run = async |arguments: &[&str]| installation.run(arguments).await.expect("it is done");

        let listed = run(&["organisation", "list"]).await;
        assert!(listed.starts_with("id ") && listed.contains(&id) && listed.contains("Acme Hiring"), "{listed}");
        let listed: serde_json::Value =
            serde_json::from_str(&run(&["organisation", "list", "--json"]).await).expect("JSON");
        assert_eq!((&listed[0]["name"], &listed[0]["suspended_since"]), (&"Acme Hiring".into(), &().into()));
        let members = run(&["member", "list", "--json", "--organisation", &id]).await;
        let members: serde_json::Value = serde_json::from_str(&members).expect("JSON");
        assert_eq!((&members[0]["email"], &members[0]["role"]), (&"ada@acme.example".into(), &"recruiter".into()));
        assert!(run(&["member", "list"]).await.contains("ada@acme.example"));

        let told = run(&["organisation", "suspend", &id]).await;
        assert!(told.contains("“Acme Hiring” is suspended: its API keys answer ACCOUNT_INACTIVE"), "{told}");
        assert!(run(&["organisation", "suspend", &id]).await.contains("was suspended already"));
        assert!(run(&["organisation", "list"]).await.contains("Z"), "since when");
        assert!(run(&["organisation", "resume", &id]).await.contains("is active again"));
        assert!(run(&["organisation", "resume", &id]).await.contains("was not suspended"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_zone_that_is_none_is_told_with_those_that_were_meant() {
    let folder = folder().expect("a folder");
    let installation = Installation::on_sqlite(THIS, folder.path()).expect("an address");
    let create = ["organisation", "create", "--name", "Acme", "--time-zone", "Berlin"];
    let told = installation.run(&create).await.expect_err("no zone").to_string();
    assert!(told.contains("did you mean Europe/Berlin?") && !told.contains("failed to parse"), "{told}");
    let create = ["organisation", "create", "--name", "Acme", "--time-zone", "europe/berlin"];
    assert!(installation.run(&create).await.expect("an organisation").starts_with("org_"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_help_of_a_command_lists_what_concerns_it_alone() {
    let folder = folder().expect("a folder");
    let installation = Installation::on_sqlite(THIS, folder.path()).expect("an address");
    for command in [
        &["organisation", "list"][..],
        &["organisation", "suspend"],
        &["member", "reset-password"],
        &["member", "list"],
        &["migrate"],
        &["backup"],
        &["restore"],
        &["release"],
        &["rotate-sealing-key"],
        &["forget-secrets"],
    ] {
        let help = installation.run(&[command, &["--help"]].concat()).await.expect("help");
        assert!(help.contains("HIREWIRE_DATABASE_URL"), "{command:?}: {help}");
        for other in ["HIREWIRE_LISTEN", "HIREWIRE_RATE_LIMIT", "HIREWIRE_SMTP_URL", "HIREWIRE_METRICS_LISTEN"] {
            assert!(!help.contains(other), "{command:?} lists {other}");
        }
    }
    let help = installation.run(&["serve", "--help"]).await.expect("help");
    assert!(help.contains("HIREWIRE_RATE_LIMIT") && help.contains("--held"));
}

/// A signal twice: the second one ends it, whatever is under way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_it_at_once() {
    let folder = folder().expect("a folder");
    let installation = Installation::on_sqlite(THIS, folder.path()).expect("an address");
    let installation =
        installation.with("HIREWIRE_SHUTDOWN_GRACE_SECONDS", 600).with("HIREWIRE_SHUTDOWN_SECONDS", 3_600);
    let mut server = installation.serve().await.expect("it serves");
    server.ask_to_stop().expect("it runs");
    crate::scene::soon("the first to be heard", async || server.log().contains("a second signal ends it")).await;
    server.ask_to_stop().expect("it runs");
    assert_eq!(server.end(DEADLINE).await.expect("an end").code(), Some(1));
    assert!(server.log().contains("Ended at once by a second signal"), "{}", server.last_words());
}

/// What `serve` refuses rather than find out later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serve_refuses_what_would_break_later() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder().expect("a folder");
    let installation = Installation::on_sqlite(THIS, folder.path()).expect("an address");
    assert!(installation.serve().await.expect("it serves").terminate().await.expect("an end").success());
    let key = folder.path().join("hirewire.key");
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o644)).expect("rights");
    for (installation, told) in [
        (installation.clone(), "which everybody on this machine can read (644): chmod 600"),
        (
            installation.clone().with("HIREWIRE_PUBLIC_URL", "https://acme.example/hooks"),
            "write only https://acme.example",
        ),
    ] {
        let mut server = installation.start().expect("a process");
        assert!(!server.end(DEADLINE).await.expect("an end").success());
        assert!(server.log().contains(told), "{told}: {}", server.last_words());
        let _ = std::fs::remove_file(
            folder.path().join(format!("serve-{}.log", server.url().rsplit(':').next().unwrap_or_default())),
        );
    }
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).expect("rights");
    let warned = installation
        .with("HIREWIRE_SMTP_URL", "smtp://mail.example.com")
        .with("HIREWIRE_MAIL_FROM", "hooks@example.com");
    let server = warned.serve().await.expect("it serves");
    assert!(server.log().contains("HIREWIRE_SMTP_URL leads to another machine without TLS"), "{}", server.last_words());
    assert!(server.terminate().await.expect("an end").success());
}

/// No part of an address with credentials in anything that is said, whatever is wrong with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_part_of_an_address_with_credentials_is_ever_said() {
    let folder = folder().expect("a folder");
    let place = Installation::on_sqlite(THIS, folder.path()).expect("an address");
    let key = folder.path().join("hirewire.key");
    std::fs::write(&key, "nothing").expect("a file");
    for (variable, value) in [
        ("HIREWIRE_DATABASE_URL", "postgres://u:top%hush@127.0.0.1:1/x"),
        ("HIREWIRE_DATABASE_URL", "postgres://u:hush@127.0.0.1:1/x"),
        ("HIREWIRE_DATABASE_URL", "postgres://u:hush/hush@127.0.0.1:1/x"),
        ("HIREWIRE_DATABASE_URL", "postgres://u@127.0.0.1:1/x?password=hush"),
        ("HIREWIRE_DATABASE_URL", "postgres:/u:hush@127.0.0.1/x"),
        ("HIREWIRE_DATABASE_URL", "mysql://u:hush@127.0.0.1/x"),
        ("HIREWIRE_SMTP_URL", "smtp://u:hush@mail.example.com"),
        ("HIREWIRE_SMTP_URL", "smtps://u:hu sh%@:x"),
        ("HIREWIRE_PUBLIC_URL", "https://u:hush@hooks.example.com"),
        ("HIREWIRE_PUBLIC_URL", "https://u:hush@hooks.example.com/path"),
    ] {
        let installation = place.clone().with(variable, value).with("HIREWIRE_MAIL_FROM", "a@b.example");
        for command in [&["doctor"][..], &["migrate"], &["serve"], &["backup", "x.db"], &["rotate-sealing-key"]] {
            let child = installation.begin(command, std::process::Stdio::null()).expect("a process");
            let said = said(child).await;
            assert!(!said.contains("hush"), "{variable}={value} {command:?}: {said}");
        }
    }
}

async fn said(mut child: Child) -> String {
    child.end(DEADLINE).await.expect("an end");
    format!("{}{}", child.output(), child.log())
}
