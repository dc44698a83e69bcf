//! A log that nobody reads: a pipe that is full, as behind a log shipper that hangs.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::Command;

use rustix::fs::OFlags;

use crate::process::{Console, Installation, eventually, folder};
use crate::scene::{DEADLINE, THIS};

/// A pipe without room, held open by a reader that reads nothing.
fn full_pipe(path: &Path) -> File {
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).expect("a flag");
    let mut pipe = File::options().read(true).write(true).custom_flags(flags).open(path).expect("a pipe");
    for size in [4096, 1] {
        while pipe.write(&b"\n".repeat(size)).is_ok() {}
    }
    pipe
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_nobody_reads_holds_up_nobody() {
    let folder = folder().expect("a folder");
    let installation = Installation::on_sqlite(THIS, folder.path()).expect("an address");
    let organisation = installation.create_organisation("Acme").await.expect("an organisation");
    installation.create_member(&organisation, "ada@acme.example", "admin").await.expect("an admin");
    let port = installation.url().rsplit(':').next().expect("a port").to_owned();
    let _pipe = full_pipe(&folder.path().join(format!("serve-{port}.log")));

    let mut server = installation.start().expect("a process");
    let url = installation.url();
    let logging_in =
        eventually("a log-in", DEADLINE, async || Ok(Console::log_in(&url, "ada@acme.example").await.ok()));
    let mut console = logging_in.await.expect("it serves");
    // Each of these makes a line of its own.
    for name in ["Ada Quill", "Ada O’Brien"] {
        console.act("/account/name", &[("name", name)]).await.expect("it is renamed");
    }
    assert!(console.page("/account").await.expect("a page").contains("Ada O’Brien"));
    server.ask_to_stop().expect("it runs");
    assert!(server.end(DEADLINE).await.expect("an end").success());
}
