//! An earlier program to compare with, built from its commit.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::cargo::build_release;
use super::plan::Plan;

pub struct Before {
    /// What it is called in the table.
    pub label: String,
    pub program: PathBuf,
}

impl Before {
    /// The one that the plan names, if it names one.
    pub fn of(plan: &Plan) -> Result<Option<Self>> {
        let label = plan.against.clone();
        match (&plan.against_program, label) {
            (None, None) => Ok(None),
            (None, Some(commit)) => Self::built_from(&commit).map(Some),
            (Some(program), label) => {
                let program = std::path::absolute(program)?;
                anyhow::ensure!(program.is_file(), "there is no program {}", program.display());
                Ok(Some(Self { label: label.unwrap_or_else(|| "before".into()), program }))
            }
        }
    }

    /// Builds a commit, unless an earlier run has done that. What it was built with is kept for the next commit.
    fn built_from(commit: &str) -> Result<Self> {
        let commit = git(&["rev-parse", "--verify", "--quiet", &format!("{commit}^{{commit}}")])
            .with_context(|| format!("there is no commit {commit}"))?;
        let label = git(&["rev-parse", "--short=7", &commit])?;
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().context("no target folder")?.join("against");
        let program = folder.join(format!("hirewire-{commit}"));
        if !program.is_file() {
            std::fs::create_dir_all(&folder)?;
            let tree = Tree::check_out(&commit, folder.join("tree"))?;
            let target = folder.join("build");
            build_release(&tree.0, &target, &["hirewire"], &[])?;
            // Whole or not at all, however this ends.
            let copy = folder.join("copy");
            std::fs::copy(target.join("release/hirewire"), &copy)?;
            std::fs::rename(copy, &program)?;
        }
        Ok(Self { label, program })
    }
}

/// A work tree of git; removed when dropped.
struct Tree(PathBuf);

impl Tree {
    fn check_out(commit: &str, folder: PathBuf) -> Result<Self> {
        // One that a killed run has left behind.
        drop(Self(folder.clone()));
        let path = folder.to_str().context("the target folder's name is no text")?;
        git(&["worktree", "add", "--quiet", "--force", "--detach", path, commit])?;
        Ok(Self(folder))
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        if self.0.exists() {
            let _ = std::fs::remove_dir_all(&self.0);
            let _ = git(&["worktree", "prune"]);
        }
    }
}

fn git(arguments: &[&str]) -> Result<String> {
    let mut command = Command::new("git");
    command.arg("-C").arg(env!("CARGO_MANIFEST_DIR")).args(arguments);
    let told = command.output().context("git could not be started")?;
    if !told.status.success() {
        bail!("git {}: {}", arguments.join(" "), String::from_utf8_lossy(&told.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&told.stdout).trim().to_owned())
}
