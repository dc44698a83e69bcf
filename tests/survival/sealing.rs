//! The sealing key is changed, or lost: through the command line, on both databases.

use std::path::PathBuf;

use crate::database::Kind;
use crate::load::Partner;
use crate::process::{Console, NewHook};
use crate::receiver::Manner;
use crate::scene::{Scene, soon};

struct Story {
    scene: Scene,
    server: Option<crate::process::Server>,
    hook: String,
    key: PathBuf,
}

/// A webhook that signs.
async fn begin(kind: Kind) -> Story {
    let (scene, server) = Scene::set(kind, &[]).await;
    let mut console = scene.console().await;
    let (url, events) = (scene.receiver.url(Manner::Well), [Manner::Well.event()]);
    let hook = NewHook { url: &url, policy: "quick", events: &events, sign: true };
    let (hook, secret) = console.create_hook(&hook).await.expect("a hook");
    assert!(secret.expect("it signs").starts_with("whsec_"));
    let key = scene.installation.folder().join("hirewire.key");
    Story { scene, server: Some(server), hook, key }
}

impl Story {
    async fn stop(&mut self) {
        let server = self.server.take().expect("it runs");
        assert!(server.terminate().await.expect("an end").success());
    }

    async fn start(&mut self) {
        self.server = Some(self.scene.installation.serve().await.expect("it serves"));
    }

    async fn run(&self, arguments: &[&str]) -> Result<String, String> {
        self.scene.installation.run(arguments).await.map_err(|error| error.to_string())
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.key).expect("a key")
    }

    async fn report(&self) -> String {
        let server = self.server.as_ref().expect("it runs");
        let reported = Partner::new(&[server.url()], &self.scene.key).report(1, Manner::Well).await;
        reported.id().expect("it is accepted").to_owned()
    }

    async fn has_arrived(&self, id: &str) {
        soon("its arrival", async || self.scene.receiver.arrivals().iter().any(|one| one.id == id)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sealing_key_is_changed_and_everything_opens_with_the_new_one_on_sqlite() {
    the_key_is_changed(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sealing_key_is_changed_and_everything_opens_with_the_new_one_on_postgres() {
    the_key_is_changed(Kind::Postgres).await;
}

async fn the_key_is_changed(kind: Kind) {
    let mut story = begin(kind).await;
    let old = story.text();
    let refused = story.run(&["rotate-sealing-key"]).await.expect_err("it runs");
    assert!(refused.contains("another Hirewire serves this file") || refused.contains("A Hirewire runs"), "{refused}");
    assert_eq!(story.text(), old);
    story.stop().await;
    let told = story.run(&["rotate-sealing-key"]).await.expect("a new key");
    assert!(told.contains("values sealed with it: 1."), "{told}");
    let new = story.text();
    assert!(new != old && new.lines().count() == 1);
    story.start().await;
    let id = story.report().await;
    story.has_arrived(&id).await;
    story.stop().await;

    // Interrupted at any point: the file holds both keys, and some values are sealed with each.
    for (newest, former) in [(&old, &new), (&new, &old)] {
        std::fs::write(&story.key, format!("{newest}{former}")).expect("a file");
        story.start().await;
        let id = story.report().await;
        story.has_arrived(&id).await;
        story.stop().await;
        story.run(&["rotate-sealing-key"]).await.expect("it goes on");
        assert_eq!(story.text(), *newest, "it goes on with the key that was new already");
    }
    let told = story.run(&["doctor"]).await.expect("nothing is wrong");
    assert!(told.contains("stored secrets can be opened"), "{told}");
    std::fs::write(&story.key, &old).expect("a file");
    let refused = story.scene.installation.run(&["doctor"]).await.expect_err("the old key").to_string();
    assert!(refused.contains("not the key this database was sealed with"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_sealing_key_costs_the_secrets_and_nothing_else_on_sqlite() {
    the_key_is_lost(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_sealing_key_costs_the_secrets_and_nothing_else_on_postgres() {
    the_key_is_lost(Kind::Postgres).await;
}

async fn the_key_is_lost(kind: Kind) {
    let mut story = begin(kind).await;
    story.stop().await;
    let refused = story.run(&["forget-secrets", "--yes"]).await.expect_err("the key fits");
    assert!(refused.contains("nothing is lost"), "{refused}");
    std::fs::remove_file(&story.key).expect("a key");
    let mut server = story.scene.installation.start().expect("a process");
    let end = server.end(std::time::Duration::from_secs(30)).await.expect("an end");
    assert!(!end.success() && server.log().contains("forget-secrets"), "{}", server.last_words());
    let refused = story.run(&["forget-secrets"]).await.expect_err("it asks first");
    assert!(refused.contains("Nothing was done") && !story.key.exists(), "{refused}");
    let told = story.run(&["forget-secrets", "--yes"]).await.expect("a new key");
    assert!(told.contains("keys and secrets: 1,") && told.contains("webhooks paused for it: 1."), "{told}");

    story.start().await;
    let id = story.report().await;
    let mut console: Console = story.scene.console().await;
    let home = console.page("/").await.expect("Home");
    assert!(home.contains("has lost its signing secret") && home.contains("Generate new ones"), "{home}");
    assert!(!home.contains("Review and resume"), "it is told of once: {home}");
    let page = console.page(&format!("/settings/webhooks/{}", story.hook)).await.expect("its page");
    assert!(page.contains("This webhook has lost its signing secret") && page.contains("Generate a new one"), "{page}");
    let refused = console.resume(&story.hook).await.expect_err("nothing to sign with").to_string();
    assert!(refused.contains("make a new one first"), "{refused}");
    let test = format!("/settings/webhooks/{}/tests", story.hook);
    let refused = console.act(&test, &[]).await.expect_err("nothing to sign with").to_string();
    assert!(refused.contains("make a new one first") && !page.contains("Send Test</button>"), "{refused}");
    let form = format!("/settings/webhooks/{}/secret", story.hook);
    console.act(&form, &[("token", "a-form-of-its-own")]).await.expect("a new secret");
    console.resume(&story.hook).await.expect("it goes on");
    story.has_arrived(&id).await;
    let home = console.page("/").await.expect("Home");
    assert!(!home.contains("has lost"), "{home}");
    story.stop().await;
}
