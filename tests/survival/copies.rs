//! Copies of a SQLite database: made while it is in use, put back elsewhere, and silent until somebody has looked.

use std::path::Path;
use std::time::Instant;

use crate::database::{Database, Kind};
use crate::load::{Load, Partner};
use crate::process::{Console, Installation, folder};
use crate::receiver::Manner;
use crate::scene::{AT_ONCE, Scene, THIS, soon};

/// More than is under way at once, so that the copy owes some that were never sent.
const OWED: usize = AT_ONCE + 8;

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The same settings on another file.
fn elsewhere(scene: &Scene, folder: &Path) -> Installation {
    let installation = scene.installation.clone();
    installation
        .with("HIREWIRE_DATABASE_URL", format!("sqlite://{}", folder.join("restored.db").display()))
        .with("HIREWIRE_SECRET_KEY_FILE", folder.join("restored.key").display())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_made_under_load_is_whole_and_restored_it_sends_nothing_before_it_is_released() {
    let (scene, server) = Scene::set(Kind::Sqlite, &[(Manner::Gated, "single"), (Manner::Well, "quick")]).await;
    let owed = scene.partner(&[&server]).report_all(OWED, Manner::Gated).await;
    let load = Load::start(scene.partner(&[&server]), 100, &[(Manner::Well, 1)]);
    soon("the load to run", async || load.so_far().len() >= 100).await;
    let apart = folder().expect("a folder");
    let (copy, key) = (scene.installation.folder().join("copy.db"), apart.path().join("copy.key"));
    let before = load.so_far();
    let arguments = ["backup", copy.to_str().expect("a path"), "--key-to", key.to_str().expect("a path")];
    let told = scene.installation.run(&arguments).await.expect("a copy");
    assert!(told.contains("whole, checked") && told.contains("Keep the two apart"), "{told}");
    load.stopped().await;
    assert!(server.kill().is_ok());

    let place = folder().expect("a folder");
    let restored = elsewhere(&scene, place.path());
    let arguments = ["restore", copy.to_str().expect("a path"), "--key", key.to_str().expect("a path")];
    let told = restored.run(&arguments).await.expect("it is restored");
    assert!(told.contains("sends nothing"), "{told}");
    scene.receiver.open_the_gate();
    let sent_before = scene.receiver.arrivals().len();
    let server = restored.serve().await.expect("it serves");
    assert!(server.log().contains("nothing is sent: this is a restored copy"), "{}", server.last_words());
    let reported = Partner::new(&[server.url()], &scene.key).report(1, Manner::Well).await;
    assert!(reported.id().is_some(), "what happens meanwhile is recorded: {reported:?}");
    let mut console = scene.console().await;
    let home = console.page("/").await.expect("Home");
    assert!(home.contains("Nothing is sent: this is a restored copy") && home.contains("Release"), "{home}");
    assert_eq!(scene.receiver.arrivals().len(), sent_before, "something was sent before anybody looked");
    let released = Instant::now();
    assert_eq!(console.act("/settings/release", &[]).await.expect("a release"), "/");
    let wanted = owed.into_iter().chain([reported]).collect::<Vec<_>>();
    soon("what was owed", async || {
        let arrivals = scene.receiver.arrivals();
        let again: Vec<_> = arrivals.iter().filter(|one| one.at > released).map(|one| one.id.as_str()).collect();
        wanted.iter().all(|one| again.contains(&one.id().expect("an id")))
    })
    .await;
    assert!(!console.page("/").await.expect("Home").contains("restored copy"));
    assert!(server.terminate().await.expect("an end").success());

    // Everything that was accepted before the copy was begun stands in it.
    let log = scene.log_in(&format!("sqlite://{}", place.path().join("restored.db").display())).await;
    let lines = log.lines().await;
    let known: Vec<&str> = lines.iter().map(|line| line.event()).collect();
    let lost: Vec<_> = before.iter().filter_map(|one| one.id()).filter(|id| !known.contains(id)).collect();
    assert!(lost.is_empty(), "{} are not in the copy", lost.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_clean_stop_nothing_is_left_beside_the_file() {
    let (scene, server) = Scene::set(Kind::Sqlite, &[(Manner::Well, "quick")]).await;
    let reported = scene.partner(&[&server]).report_all(20, Manner::Well).await;
    soon("their arrival", async || scene.receiver.arrivals().len() == reported.len()).await;
    scene.console().await.page("/").await.expect("Home");
    assert!(server.terminate().await.expect("an end").success());
    let names = names(scene.installation.folder());
    let beside: Vec<_> = names.iter().filter(|name| name.starts_with("hirewire.db")).collect();
    assert!(!names.iter().any(|name| name.ends_with(".lock")), "{names:?}");
    let file = scene.file();
    let file = file.file_name().expect("a name").to_string_lossy();
    let folder = scene.file().parent().expect("a folder").to_owned();
    let beside_file: Vec<String> = self::names(&folder).into_iter().filter(|name| name.starts_with(&*file)).collect();
    assert_eq!(beside_file, [file.as_ref()], "{beside:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_never_written_over_anything_and_never_restored_without_its_key() {
    let (scene, server) = Scene::set(Kind::Sqlite, &[]).await;
    let apart = folder().expect("a folder");
    let path = |name: &str| apart.path().join(name).to_str().expect("a path").to_owned();
    let refused = async |installation: &Installation, arguments: &[&str]| {
        installation.run(arguments).await.expect_err("a refusal").to_string()
    };
    scene.installation.run(&["backup", &path("copy.db")]).await.expect("a copy");
    let twice = refused(&scene.installation, &["backup", &path("copy.db")]).await;
    assert!(twice.contains("something is there already"), "{twice}");
    let together = refused(&scene.installation, &["backup", &path("other.db"), "--key-to", &path("its.key")]).await;
    assert!(together.contains("keep the key apart"), "{together}");
    assert_eq!(names(apart.path()), ["copy.db"]);

    let there = refused(&scene.installation, &["restore", &path("copy.db")]).await;
    assert!(there.contains("is there already"), "{there}");
    let place = folder().expect("a folder");
    let restored = elsewhere(&scene, place.path());
    let keyless = refused(&restored, &["restore", &path("copy.db")]).await;
    assert!(keyless.contains("its sealing key is missing"), "{keyless}");
    std::fs::write(apart.path().join("text"), "no database").expect("a file");
    let text = refused(&restored, &["restore", &path("text")]).await;
    assert!(text.contains("Nothing was restored"), "{text}");
    let missing = refused(&restored, &["restore", &path("nowhere")]).await;
    assert!(missing.contains("there is no such file"), "{missing}");
    assert!(!names(place.path()).iter().any(|name| name.starts_with("restored")), "{:?}", names(place.path()));
    assert!(server.terminate().await.expect("an end").success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_the_way_to_a_backup_is_told_and_a_restored_one_is_served_held() {
    let database = Database::create(Kind::Postgres);
    let folder = folder().expect("a folder");
    let installation = Installation::on(THIS, folder.path(), &database.url).expect("an address");
    let server = installation.serve().await.expect("it serves");
    let told = installation.run(&["backup", "/tmp/nowhere.db"]).await.expect_err("a way").to_string();
    assert!(told.contains("pg_dump") && told.contains("serve --held") && told.contains("hirewire.key"), "{told}");
    let organisation = installation.create_organisation("Team").await.expect("an organisation");
    installation.create_member(&organisation, "admin@team.example", "admin").await.expect("an admin");
    assert!(server.terminate().await.expect("an end").success());

    let server = installation.serve_with(&["--held"]).await.expect("it serves");
    let mut console = Console::log_in(server.url(), "admin@team.example").await.expect("a session");
    assert!(console.page("/").await.expect("Home").contains("Nothing is sent: this is a restored copy"));
    let told = installation.run(&["release"]).await.expect("a release");
    assert!(told.contains("Released"), "{told}");
    assert!(installation.run(&["release"]).await.expect("none").contains("Nothing was held"));
    assert!(!console.page("/").await.expect("Home").contains("restored copy"));
    assert!(server.terminate().await.expect("an end").success());
}
