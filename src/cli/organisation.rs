//! `hirewire organisation create|suspend|resume`.

use chrono_tz::Tz;
use clap::{Args, Subcommand};

use super::context;
use crate::actions::{ActionError, organisation};
use crate::config::Settings;
use crate::domain::ids::OrganisationId;
use crate::server::CannotStart;

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
        #[arg(long, default_value = "UTC")]
        time_zone: Tz,
        #[command(flatten)]
        settings: Settings,
    },
    /// Suspend an organisation: its API keys answer ACCOUNT_INACTIVE, its members see nothing, its deliveries are held.
    Suspend(Which),
    /// Resume a suspended organisation: what was held is sent.
    Resume(Which),
}

#[derive(Debug, Args)]
struct Which {
    /// Its id: org_….
    id: OrganisationId,
    #[command(flatten)]
    settings: Settings,
}

impl Organisation {
    pub(super) async fn run(self) -> Result<(), CannotStart> {
        match self.command {
            Command::Create { name, time_zone, settings } => {
                let id = organisation::create(&context(settings).await?, &name, time_zone).await.map_err(told)?;
                println!("{id}");
                Ok(())
            }
            Command::Suspend(which) => which.set(true).await,
            Command::Resume(which) => which.set(false).await,
        }
    }
}

impl Which {
    async fn set(self, suspended: bool) -> Result<(), CannotStart> {
        let context = context(self.settings).await?;
        organisation::set_suspended(&context, self.id, suspended).await.map_err(told)
    }
}

pub(super) fn told(error: ActionError) -> CannotStart {
    CannotStart(match error {
        ActionError::NotFound => "There is no such organisation or member.".into(),
        other => format!("{other}."),
    })
}
