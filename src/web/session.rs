//! Sign-in sessions, kept in the database (`actix-session` reads and writes them here).
//!
//! The cookie holds a random key; the table holds its hash, so that reading the table signs nobody in. Logging out or
//! resetting a password removes the row, and the cookie is worth nothing.

use std::collections::HashMap;
use std::sync::Arc;

use actix_session::Session;
use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_web::cookie::time::Duration;
use chrono::{DateTime, TimeDelta, Utc};
use rand::distr::{Alphanumeric, SampleString};

use crate::clock::Clock;
use crate::config::SessionLimits;
use crate::domain::api_key::hash;
use crate::domain::member::PasswordMark;
use crate::store::time::{from_micros, micros};
use crate::store::web_session::{self, WebSession};
use crate::store::{Store, StoreError, member};
use crate::web::error::WebError;

/// Under which name a session remembers its member's id.
pub const MEMBER: &str = "member";
/// Under which name it remembers the mark of the password that it was opened with.
pub const PASSWORD: &str = "password";
/// Under which name it remembers the organisation last chosen.
pub const ORGANISATION: &str = "organisation";
/// Under which name it remembers the mode last chosen.
pub const MODE: &str = "mode";
/// Under which name it remembers its own name: what may be seen once belongs to it.
pub const NAME: &str = "name";
/// Under which name it remembers the kind of browser it began in, in words.
pub const BROWSER: &str = "browser";
/// Under which name it remembers in which [`slot`] of time it was last used.
pub const SLOT: &str = "hour";

/// A member has so many sessions at most: with one more the oldest ends.
pub const MAX_SESSIONS: usize = 20;

/// The name of a cookie: browsers hold `__Host-` cookies to this very host, over https.
pub fn cookie_name(name: &str, https: bool) -> String {
    if https { format!("__Host-hirewire-{name}") } else { format!("hirewire-{name}") }
}

/// Keeps sessions in the database.
#[derive(Clone)]
pub struct Sessions {
    store: Store,
    clock: Arc<dyn Clock>,
    limits: SessionLimits,
}

type State = HashMap<String, String>;

impl Sessions {
    /// Sessions of this database.
    pub fn new(store: Store, clock: Arc<dyn Clock>, limits: SessionLimits) -> Self {
        Self { store, clock, limits }
    }

    fn expiry(&self, ttl: &Duration) -> DateTime<Utc> {
        self.clock.now() + TimeDelta::seconds(ttl.whole_seconds())
    }

    fn row(&self, key: &SessionKey, state: &State, ttl: &Duration) -> WebSession {
        WebSession {
            id: hash(key.as_ref()),
            member_id: text(state, MEMBER),
            name: text(state, NAME),
            browser: text(state, BROWSER),
            state: serde_json::to_string(state).unwrap_or_default(),
            created_at: micros(self.clock.now()),
            expires_at: micros(self.expiry(ttl)),
        }
    }
}

/// actix-session keeps each value as JSON: a member's id stands there in quotes.
fn text(state: &State, name: &str) -> Option<String> {
    state.get(name).and_then(|json| serde_json::from_str(json).ok())
}

/// Writes something into a session.
pub fn remember(session: &Session, name: &str, value: &str) -> Result<(), WebError> {
    session.insert(name, value).map_err(|error| WebError::Session(error.to_string()))
}

/// In which slot of time something is used: to use it again in the same one is not worth writing down. An hour, or less
/// where sessions end sooner.
pub fn slot(now: DateTime<Utc>, limits: &SessionLimits) -> i64 {
    let length = (limits.idle.num_seconds() / 12).clamp(1, 3_600);
    now.timestamp() / length
}

/// When a session was last used, to the [`slot`].
pub fn last_used(
    session: &WebSession,
    limits: &SessionLimits,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, StoreError> {
    let ends = from_micros("web_sessions", &session.id, session.expires_at)?;
    // The operator may have set another time since.
    Ok((ends - limits.idle).min(now))
}

fn fresh_key() -> Result<SessionKey, anyhow::Error> {
    SessionKey::try_from(Alphanumeric.sample_string(&mut rand::rng(), 64)).map_err(anyhow::Error::from)
}

impl SessionStore for Sessions {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let (id, now) = (hash(key.as_ref()), self.clock.now());
        let born = now - self.limits.life;
        let found = self.store.read(move |conn| {
            let Some(row) = web_session::find(conn, &id, now, born)? else { return Ok(None) };
            let member = row.member_id.as_ref().and_then(|id| id.parse().ok());
            let hash = member.map(|member| member::password_hash(conn, &member)).transpose()?.flatten();
            Ok::<_, StoreError>(Some((row, hash)))
        });
        let Some((row, hash)) = found.await.map_err(|error| LoadError::Other(error.into()))? else { return Ok(None) };
        let state: State =
            serde_json::from_str(&row.state).map_err(|error| LoadError::Deserialization(error.into()))?;
        // One from before sessions had a mark ends by itself.
        let is_stale = |mark: String| hash.is_some_and(|hash| PasswordMark::of(&hash).as_str() != mark);
        Ok((!text(&state, PASSWORD).is_some_and(is_stale)).then_some(state))
    }

    async fn save(&self, state: State, ttl: &Duration) -> Result<SessionKey, SaveError> {
        let key = fresh_key().map_err(SaveError::Other)?;
        let row = self.row(&key, &state, ttl);
        let saved = self.store.write(move |conn| {
            web_session::insert(conn, &row)?;
            match &row.member_id {
                Some(member) => web_session::end_oldest(conn, member, &row.id, MAX_SESSIONS),
                None => Ok(()),
            }
        });
        let saved = saved.await;
        saved.map_err(|error| SaveError::Other(error.into()))?;
        Ok(key)
    }

    async fn update(&self, key: SessionKey, state: State, ttl: &Duration) -> Result<SessionKey, UpdateError> {
        let row = self.row(&key, &state, ttl);
        let (organisation, now) = (text(&state, ORGANISATION), self.clock.now());
        let updated = self.store.write(move |conn| {
            if let (Some(member), Some(organisation)) = (&row.member_id, &organisation) {
                member::seen(conn, organisation, member, now)?;
            }
            web_session::update(conn, &row)
        });
        let updated = updated.await;
        // One that ended while the page was made is not brought back, and that is no fault: the next request has none.
        updated.map_err(|error| UpdateError::Other(error.into()))?;
        Ok(key)
    }

    async fn update_ttl(&self, key: &SessionKey, ttl: &Duration) -> Result<(), anyhow::Error> {
        let (id, expires) = (hash(key.as_ref()), self.expiry(ttl));
        self.store.write(move |conn| web_session::extend(conn, &id, expires)).await.map_err(anyhow::Error::from)
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        let id = hash(key.as_ref());
        self.store.write(move |conn| web_session::delete(conn, &id)).await.map_err(anyhow::Error::from)
    }
}
