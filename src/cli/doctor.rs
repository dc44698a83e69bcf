//! `hirewire doctor`: what would keep this installation from working, in sentences.

use crate::actions::Context;
use crate::config::Settings;
use crate::delivery::prepare::place;
use crate::server::CannotStart;
use crate::store::{self, DatabaseUrl};

pub(super) async fn run(settings: Settings) -> Result<(), CannotStart> {
    let public = settings.public_url.clone();
    // Opening checks the settings, the database, its schema, the sealing key and the extra authorities.
    let (context, config) = super::context_and_config(settings).await?;
    println!("ok: the settings can be used");
    println!("ok: the database {} answers and its schema is up to date", context.store.url());
    if let DatabaseUrl::Postgres(url) = context.store.url() {
        let server = store::server::check(url).map_err(|error| CannotStart(format!("{error}.")))?;
        println!(
            "ok: the server is PostgreSQL {}, keeps text as {}, and no pooler shares its sessions",
            server.version, server.encoding
        );
    }
    println!("ok: the sealing key fits the database");
    check_credentials(&context).await?;
    if config.mail.is_some() && config.console_address().is_none() {
        println!("note: no invitation is mailed, because nothing says where the console is; set HIREWIRE_PUBLIC_URL");
    }
    match public {
        Some(url) if url.starts_with("https://") => {
            println!("ok: cookies are Secure, because HIREWIRE_PUBLIC_URL is https")
        }
        _ => println!(
            "note: HIREWIRE_PUBLIC_URL is not an https address, so cookies are not Secure; set it in production"
        ),
    }
    Ok(())
}

async fn check_credentials(context: &Context) -> Result<(), CannotStart> {
    let found = context.store.read(store::credential::any).await;
    let found = found.map_err(|error| CannotStart(format!("{error}.")))?;
    if let Some(sealed) = found {
        let place = place(&sealed.credential.hook_id, sealed.credential.id.as_str());
        let opened = context.sealing.open(&sealed.sealed, &place);
        opened
            .map_err(|error| CannotStart(format!("The secret {} cannot be opened: {error}.", sealed.credential.id)))?;
        println!("ok: stored secrets can be opened");
    }
    Ok(())
}
