//! Instances that are restarted one after the other behind nginx, as an upgrade does it: nobody who reports notices.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::account::Account;
use crate::database::Kind;
use crate::load::{Load, Mix, Partner};
use crate::process::{Child, Server, bound, client, folder, free_address};
use crate::receiver::Manner;
use crate::scene::{DEADLINE, Scene, long, soon};

/// The block that the documentation gives for nginx.
const BLOCK: &str = include_str!("../../docs/packaging/nginx.conf");

const MIX: Mix = &[(Manner::Well, 1)];

const PER_SECOND: u32 = 100;

/// The documented block with these instances, at an address of the test's and without TLS.
fn block(at: SocketAddr, instances: &[&Server]) -> String {
    let (before, _) = BLOCK.split_once("    listen 80;").expect("the block for browsers that come by http");
    let before = before.rsplit_once("server {").expect("its beginning").0;
    let servers: String = instances
        .iter()
        .map(|server| format!("    server {} max_fails=0;\n", server.url().trim_start_matches("http://")))
        .collect();
    let mut lines: Vec<String> = Vec::new();
    for line in before.lines() {
        match line.trim() {
            "server 127.0.0.1:8080 max_fails=0;" => lines.push(servers.clone()),
            "listen 443 ssl;" => lines.push(format!("    listen {at};")),
            line if line.starts_with("listen ") || line.starts_with("ssl_") => {}
            _ => lines.push(line.to_owned()),
        }
    }
    let text = lines.join("\n");
    assert!(
        text.contains(&servers) && text.contains(&at.to_string()) && text.contains("client_max_body_size 11m"),
        "{text}"
    );
    text
}

/// A whole configuration around a block, everything in one folder and in one process, so that ending it leaves nothing behind.
fn configuration(folder: &Path, block: &str) -> String {
    let folder = folder.display();
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("    {what}_temp_path {folder}/{what};\n"))
        .concat();
    let user = if rustix::process::getuid().is_root() { "user root;\n" } else { "" };
    format!(
        "{user}daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log info;\n\
         events {{ worker_connections 1024; }}\nhttp {{\n{paths}    access_log {folder}/access.log;\n{block}\n}}\n"
    )
}

fn nginx(folder: &Path, flags: &[&str]) -> std::process::Command {
    let program = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"]
        .into_iter()
        .find(|path| Path::new(path).exists());
    let mut command = bound(program.expect("nginx, which tests/packages installs"), "QUIT", &[]);
    command.args(["-p"]).arg(folder).args(["-e", "error.log", "-c"]).arg(folder.join("nginx.conf")).args(flags);
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restarts_behind_nginx_lose_no_report_and_double_none() {
    let (restarts, reports, grace) = if long() { (20, 20_000, 5) } else { (2, 1_200, 2) };
    let (mut scene, first) = Scene::set(Kind::Postgres, &[(Manner::Well, "quick")]).await;
    assert!(first.terminate().await.expect("an end").success());
    scene.installation = scene.installation.clone().with("HIREWIRE_SHUTDOWN_GRACE_SECONDS", grace);
    let places = [scene.installation.clone(), scene.installation.beside().expect("an address")];
    let mut instances = [places[0].serve().await.expect("it serves"), places[1].serve().await.expect("it serves")];

    let (own, at) = (folder().expect("a folder"), free_address().expect("an address"));
    let text = configuration(own.path(), &block(at, &instances.each_ref()));
    std::fs::write(own.path().join("nginx.conf"), text).expect("a file");
    let tested = Child::start("nginx-test", nginx(own.path(), &["-t"]), own.path()).expect("a process");
    tested.finished(DEADLINE).await.expect("nginx takes the documented block");
    let proxy = Child::start("nginx", nginx(own.path(), &[]), own.path()).expect("a process");
    let (base, asking) = (format!("http://{at}"), client().expect("a client"));
    soon("nginx to pass on", async || {
        asking.get(format!("{base}/readyz")).send().await.is_ok_and(|answer| answer.status() == 200)
    })
    .await;

    let load = Load::start(Partner::new(&[&base], &scene.key), PER_SECOND, MIX);
    for restart in 0..restarts {
        let begun = Instant::now();
        soon("reports between two restarts", async || load.accepted_after(begun) >= 100).await;
        let one = &mut instances[restart % 2];
        one.ask_to_stop().expect("it runs");
        assert_eq!(one.end(DEADLINE).await.expect("an end").code(), Some(0), "{}", one.last_words());
        *one = places[restart % 2].serve().await.expect("it serves again");
    }
    let enough = Instant::now() + Duration::from_secs(600);
    while load.so_far().len() < reports && Instant::now() < enough {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let reported = load.stopped().await;
    assert!(reported.len() >= reports, "{} reports only", reported.len());
    let refused: Vec<_> = reported.iter().filter(|one| one.id().is_none()).collect();
    let said = std::fs::read_to_string(own.path().join("error.log")).unwrap_or_default();
    assert!(
        refused.is_empty(),
        "{} of {} were not accepted, such as {:?}\n{said}",
        refused.len(),
        reported.len(),
        refused[0]
    );
    let access = std::fs::read_to_string(own.path().join("access.log")).expect("what nginx answered");
    assert!(!access.contains("\" 502 ") && access.matches("\" 202 ").count() >= reports, "{said}");

    scene.all_is_done(&reported).await;
    for one in instances {
        assert!(one.terminate().await.expect("an end").success());
    }
    drop(proxy);
    let lines = scene.log().await.lines().await;
    let (arrivals, count) = (scene.receiver.arrivals(), reported.len());
    assert_eq!(arrivals.len(), count, "each report goes out once");
    Account::new(reported, arrivals, lines, Vec::new()).adds_up();
}
