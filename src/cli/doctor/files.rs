//! Files and folders: whose they are, and whether they can be written.

use std::path::Path;

use super::{Finding, note, ok, wrong};
use crate::config::Config;
use crate::files;
use crate::server::sealing_key::is_open_to_all;
use crate::store::DatabaseUrl;
use crate::told;

pub(super) fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = vec![sealing_key(&config.secret_key_file)];
    if let DatabaseUrl::Sqlite(path) = &config.database {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !files::is_writable(folder) {
            let told =
                format!("is {}, and nothing can be written in its folder: SQLite keeps its log there", config.database);
            findings.push(wrong("HIREWIRE_DATABASE_URL", told));
        }
    }
    findings
}

fn sealing_key(path: &Path) -> Finding {
    const ABOUT: &str = "HIREWIRE_SECRET_KEY_FILE";
    let shown = path.display();
    let mode = match files::rights(path) {
        Ok(rights) => rights,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return note(ABOUT, format!("is {shown}, which is not there: the first start makes it; keep a copy of it"));
        }
        Err(error) => return wrong(ABOUT, format!("is {shown}, which cannot be read: {}", told::io(&error))),
    };
    if is_open_to_all(mode) {
        return wrong(
            ABOUT,
            format!("is {shown}, which everybody on this machine can read ({mode:03o}): chmod 600 {shown}"),
        );
    }
    if mode & 0o070 != 0 {
        return note(
            ABOUT,
            format!("is {shown}, which its group can read ({mode:03o}): chmod 600 {shown} unless that is meant"),
        );
    }
    ok(ABOUT, format!("is {shown}, which only its owner can read"))
}
