//! What `hirewire demo` shows: the organisation *Acme Hiring*, a day of history, and a receiver that misbehaves on request.
//!
//! Test mode has hooks and a day of history; live mode has vacancies and candidates but no hook, as on the first day.
//! Started again on the same database, everything made earlier still stands; only the password is new.

pub mod receiver;

mod history;
mod interviews;
mod people;
mod seed;

use crate::actions::api_key::new_key;
use crate::actions::{Context, Result, password};
use crate::domain::api_key::ApiKeySecret;
use crate::domain::ids::OrganisationId;
use crate::domain::mode::Mode;
use crate::domain::secret::Plain;
use crate::store::{self, StoreError};

/// The demo's Organisation Admin.
pub const ADMIN: &str = "admin@demo.example";
/// The demo's recruiter.
pub const RECRUITER: &str = "recruiter@demo.example";
/// The demo's support member.
pub const SUPPORT: &str = "support@demo.example";

/// Under which setting the database remembers the demo's organisation.
const SETTING: &str = "demo organisation";

/// What opens the demo; new each start.
pub struct Access {
    /// The password of all three members.
    pub password: Plain,
    /// An API key of test mode.
    pub test_key: ApiKeySecret,
    /// An API key of live mode.
    pub live_key: ApiKeySecret,
}

/// Fills an empty database, and makes a new password and new API keys.
pub async fn prepare(context: &Context, receiver: &str) -> Result<Access> {
    let known = context.store.read(|conn| store::setting::get(conn, SETTING)).await?;
    let known = known.and_then(|id| String::from_utf8(id).ok()).and_then(|id| id.parse::<OrganisationId>().ok());
    let password = password::generate();
    let hash = context.passwords.hash(&password).await?;
    let organisation = match known {
        Some(organisation) => organisation,
        None => seed::fill(context, receiver, &hash).await?,
    };
    let (test_key, live_key) = (ApiKeySecret::generate(Mode::Test), ApiKeySecret::generate(Mode::Live));
    let now = context.clock.now();
    let keys = [(Mode::Test, &test_key), (Mode::Live, &live_key)].map(|(mode, secret)| {
        let name = format!("Demo, {mode}, of {}", now.format("%-d %B %Y, %H:%M UTC"));
        (new_key(&organisation, mode, name, secret, None, now), secret.hash())
    });
    context
        .store
        .write(move |conn| {
            for email in [ADMIN, RECRUITER, SUPPORT] {
                if let Some((member, _)) = store::member::find_by_email(conn, email)? {
                    store::member::set_password(conn, &member.id, &hash, None)?;
                }
            }
            for (key, hash) in &keys {
                store::api_key::insert(conn, key, hash)?;
            }
            Ok::<_, StoreError>(())
        })
        .await?;
    Ok(Access { password, test_key, live_key })
}
