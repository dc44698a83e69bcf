//! `hirewire migrate`: the schema brought up to date without serving.

use crate::config::{Config, Settings};
use crate::server::CannotStart;
use crate::store::migrate;

pub(super) async fn run(settings: Settings) -> Result<(), CannotStart> {
    let config = Config::read(settings).map_err(|error| CannotStart(error.to_string()))?;
    migrate::migrate(&config.database).map_err(|error| CannotStart(format!("{error}.")))?;
    println!("The schema of {} is up to date.", config.database);
    Ok(())
}
