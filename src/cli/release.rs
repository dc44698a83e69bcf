//! `hirewire release`: what a restored copy owes may go out.

use clap::Args;

use super::context;
use super::organisation::told;
use crate::actions::hold;
use crate::config::DatabaseSettings;
use crate::server::CannotStart;

#[derive(Debug, Args)]
pub(super) struct Release {
    #[command(flatten)]
    settings: DatabaseSettings,
}

impl Release {
    pub(super) async fn run(self) -> Result<(), CannotStart> {
        let was_held = hold::release_by_operator(&context(self.settings).await?).await.map_err(told)?;
        println!("{}", if was_held { "Released: what is owed is sent from now on." } else { "Nothing was held." });
        Ok(())
    }
}
