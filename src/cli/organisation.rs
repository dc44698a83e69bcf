//! `hirewire organisation create|list|suspend|resume`.

use chrono_tz::Tz;
use clap::{Args, Subcommand};

use super::{context, table};
use crate::actions::organisation::Suspension;
use crate::actions::{ActionError, organisation};
use crate::config::DatabaseSettings;
use crate::domain::ids::OrganisationId;
use crate::domain::time_zone;
use crate::server::CannotStart;
use crate::store;

#[derive(Debug, Args)]
pub(super) struct Organisation {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create an organisation; prints its id.
    Create {
        /// Its name.
        #[arg(long)]
        name: String,
        /// Its time zone, such as Europe/Berlin.
        #[arg(long, default_value = "UTC", value_parser = zone)]
        time_zone: Tz,
        #[command(flatten)]
        settings: DatabaseSettings,
    },
    /// List every organisation, the oldest first.
    List {
        /// Print one JSON array instead of columns.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        settings: DatabaseSettings,
    },
    /// Suspend an organisation: its API keys answer ACCOUNT_INACTIVE, its members see nothing, its deliveries are held.
    Suspend(Which),
    /// Resume a suspended organisation: what was held is sent.
    Resume(Which),
}

fn zone(text: &str) -> Result<Tz, String> {
    time_zone::parse(text).ok_or_else(|| time_zone::objection(text))
}

#[derive(Debug, Args)]
struct Which {
    /// Its id: org_…. `hirewire organisation list` shows it.
    id: OrganisationId,
    #[command(flatten)]
    settings: DatabaseSettings,
}

impl Organisation {
    pub(super) async fn run(self) -> Result<(), CannotStart> {
        match self.command {
            Command::Create { name, time_zone, settings } => {
                let id = organisation::create(&context(settings).await?, &name, time_zone).await.map_err(told)?;
                println!("{id}");
                Ok(())
            }
            Command::List { json, settings } => list(settings, json).await,
            Command::Suspend(which) => which.set(true).await,
            Command::Resume(which) => which.set(false).await,
        }
    }
}

async fn list(settings: DatabaseSettings, json: bool) -> Result<(), CannotStart> {
    let all = context(settings).await?.store.read(store::organisation::all).await;
    let rows: Vec<_> = all
        .map_err(|error| told(error.into()))?
        .into_iter()
        .map(|one| {
            let suspended = one.suspended_at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
            vec![Some(one.id.to_string()), Some(one.name), Some(one.time_zone.name().to_owned()), suspended]
        })
        .collect();
    table::print(&["id", "name", "time_zone", "suspended_since"], &rows, json);
    Ok(())
}

impl Which {
    async fn set(self, suspended: bool) -> Result<(), CannotStart> {
        let context = context(self.settings).await?;
        let Suspension { name, was_so, hooks } =
            organisation::set_suspended(&context, self.id, suspended).await.map_err(told)?;
        let webhooks = format!("{hooks} webhook{}", if hooks == 1 { "" } else { "s" });
        let told = match (suspended, was_so) {
            (true, true) => format!("“{name}” was suspended already."),
            (true, false) => format!(
                "“{name}” is suspended: its API keys answer ACCOUNT_INACTIVE, its members see a page that says so, and what is owed \
                 to {webhooks} is held."
            ),
            (false, true) => format!("“{name}” was not suspended."),
            (false, false) => format!("“{name}” is active again: what was held for {webhooks} is sent."),
        };
        println!("{told}");
        Ok(())
    }
}

pub(super) fn told(error: ActionError) -> CannotStart {
    CannotStart(match error {
        ActionError::NotFound => {
            "There is no such organisation or member: `hirewire organisation list` and `hirewire member list` show them.".into()
        }
        other => format!("{other}."),
    })
}
