//! The doctor: it says what is wrong, and leaves everything as it is.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::database::{Database, Kind};
use crate::process::{Installation, folder};
use crate::scene::THIS;

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with("command-")).collect();
    names.sort();
    names
}

/// What it says, whether or not it is content.
async fn says(installation: &Installation) -> String {
    match installation.run(&["doctor"]).await {
        Ok(told) => told,
        Err(error) => error.to_string(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_makes_nothing_where_nothing_is_yet() {
    let folder = folder().expect("a folder");
    let installation = Installation::on_sqlite(THIS, folder.path()).expect("an address");
    let told = installation.run(&["doctor"]).await.expect("nothing is wrong");
    assert!(told.contains("which is empty: `hirewire migrate`") && told.contains("the first start makes it"), "{told}");
    assert!(installation.run(&["migrate", "--plan"]).await.expect("a plan").contains("schema: none yet"));
    assert_eq!(names(folder.path()), [] as [&str; 0]);

    let database = Database::create(Kind::Postgres);
    let on_server = Installation::on(THIS, folder.path(), &database.url).expect("an address");
    for _ in 0..2 {
        let told = on_server.run(&["doctor"]).await.expect("nothing is wrong");
        assert!(told.contains("leads to PostgreSQL") && told.contains("which is empty"), "{told}");
    }
    assert_eq!(names(folder.path()), [] as [&str; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_finds_a_sound_installation_sound_and_leaves_no_file_behind() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (database, folder) = (Database::create(kind), folder().expect("a folder"));
        let installation = Installation::on(THIS, folder.path(), &database.url).expect("an address");
        assert!(installation.serve().await.expect("it serves").terminate().await.expect("an end").success());
        let before = names(folder.path());
        let told = installation.run(&["doctor"]).await.expect("nothing is wrong");
        assert!(told.contains("its schema is up to date") && told.contains("fits the database"), "{told}");
        assert_eq!(names(folder.path()), before);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_names_what_is_wrong_and_what_to_do() {
    let folder = folder().expect("a folder");
    let sound = Installation::on_sqlite(THIS, folder.path()).expect("an address");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address");
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let dead = silent.local_addr().expect("an address");
    drop(silent);
    let key = folder.path().join("hirewire.key");
    std::fs::write(&key, "no key").expect("a file");
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o644)).expect("rights");
    for (variable, value, problem) in [
        ("HIREWIRE_LISTEN", port.to_string(), "which another program listens on"),
        ("HIREWIRE_LISTEN", "192.0.2.1:8080".into(), "no address of this machine"),
        ("HIREWIRE_METRICS_LISTEN", port.to_string(), "which another program listens on"),
        ("HIREWIRE_TRUSTED_PROXIES", "0.0.0.0/0".into(), "trusts every address"),
        ("HIREWIRE_PUBLIC_URL", "https://hooks.example.com".into(), "all visitors look like one"),
        ("HIREWIRE_ALLOW_TARGETS", "10.0.0.0/8, ::/0".into(), "lets webhooks reach every address"),
        ("HIREWIRE_PUBLICURL", "https://hooks.example.com".into(), "did you mean HIREWIRE_PUBLIC_URL?"),
        ("HIREWIRE_SMTP_URL", format!("smtp://{dead}"), "which cannot be used"),
        ("HIREWIRE_RATE_LIMIT", "many".into(), "no whole number"),
        ("HIREWIRE_SECRET_KEY_FILE", key.display().to_string(), "which everybody on this machine can read (644)"),
        ("HIREWIRE_DATABASE_URL", "postgres://nobody:s%ecret@127.0.0.1:1/x".into(), "HIREWIRE_DATABASE_URL"),
    ] {
        let mut installation = sound.clone().with(variable, value);
        if variable == "HIREWIRE_SMTP_URL" {
            installation = installation.with("HIREWIRE_MAIL_FROM", "hooks@example.com");
        }
        let told = says(&installation).await;
        assert!(told.contains("wrong: ") && told.contains(problem), "{variable}: {told}");
        assert!(told.contains("thing") && !told.contains("s%ecret"), "{variable}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_speaks_json() {
    let folder = folder().expect("a folder");
    let installation = Installation::on_sqlite(THIS, folder.path()).expect("an address");
    let told = installation.run(&["doctor", "--json"]).await.expect("nothing is wrong");
    let findings: Vec<serde_json::Value> = serde_json::from_str(&told).expect("JSON");
    let about = |finding: &serde_json::Value| finding["about"] == "HIREWIRE_LISTEN" && finding["level"] == "ok";
    assert!(findings.iter().any(about), "{told}");
}
