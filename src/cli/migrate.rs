//! `hirewire migrate`: the schema brought up to date without serving, or what that would do.

use std::io::Write as _;

use clap::Args;

use crate::config::DatabaseSettings;
use crate::server::CannotStart;
use crate::store::plan::{self, Plan};
use crate::store::{StoreError, migrate};

#[derive(Debug, Args)]
pub(super) struct Migrate {
    /// Only print which migrations and backfills are missing, and how many rows there are.
    #[arg(long)]
    plan: bool,
    #[command(flatten)]
    settings: DatabaseSettings,
}

impl Migrate {
    pub(super) async fn run(self) -> Result<(), CannotStart> {
        let config = super::config(self.settings)?;
        let database = &config.database;
        let told = |error: StoreError| CannotStart(format!("HIREWIRE_DATABASE_URL is {database}: {error}."));
        if self.plan {
            let plan = plan::plan(database).map_err(told)?;
            // A reader that has gone away is no reason to fail.
            let _ = print(&plan);
            return Ok(());
        }
        migrate::migrate(database, None).map_err(told)?;
        println!("The schema of {database} is up to date.");
        Ok(())
    }
}

fn print(plan: &Plan) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match &plan.schema {
        Some(schema) => writeln!(out, "schema: {schema}; this program knows {}", plan.known)?,
        None => writeln!(out, "schema: none yet; this program knows {}", plan.known)?,
    }
    for migration in &plan.migrations {
        writeln!(out, "migration: {migration}")?;
    }
    for (name, left) in &plan.backfills {
        writeln!(out, "backfill: {name}, {left} rows")?;
    }
    for (table, rows) in &plan.rows {
        writeln!(out, "rows: {table} {rows}")?;
    }
    if plan.migrations.is_empty() && plan.backfills.is_empty() {
        writeln!(out, "nothing to do")?;
    }
    out.flush()
}
