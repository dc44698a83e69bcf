//! Programs that the bench builds: cargo as anybody would call it.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::process::bound;

/// Builds a package with its own settings and its own lock file, in release, into a target folder.
pub fn build_release(package: &Path, target: &Path, programs: &[&str], settings: &[(&str, &str)]) -> Result<()> {
    let mut command = bound(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), "TERM", &[]);
    command.current_dir(package).args(["build", "--release", "--locked", "--target-dir"]).arg(target);
    for program in programs {
        command.args(["--bin", program]);
    }
    // What cargo says of this package would make its build scripts run anew: they would believe it is about theirs. What its
    // settings say of SQLite is not for others.
    let ours = |name: &str| ["CARGO_PKG_", "CARGO_MANIFEST_", "LIBSQLITE3_"].iter().any(|ours| name.starts_with(ours));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(ours)) {
        command.env_remove(name);
    }
    command.envs(settings.iter().copied());
    let built = command.status().context("cargo could not be started")?;
    if !built.success() {
        bail!("{} could not be built ({built})", package.display());
    }
    Ok(())
}
