//! Who asks: the API key of a request, checked before anything else is done (T11, T13).

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use chrono::TimeDelta;

use super::error::ApiError;
use super::limit::{Limits, Strangers};
use crate::actions::Context;
use crate::client;
use crate::config::Config;
use crate::delivery::hook_cache::{AuthenticatedKey, KnownKey};
use crate::domain::api_key::hash;
use crate::store::{self, StoreError};

/// What a revoked key is told.
pub(super) const REVOKED: &str = "This API key has been revoked.";

/// How exactly "last used" is kept: writing it down for each request would cost more than the request.
const USE_PRECISION: TimeDelta = TimeDelta::minutes(1);

/// A key that works, of an organisation that is not suspended and within its rate limit.
#[derive(Debug, Clone)]
pub struct Caller(pub AuthenticatedKey);

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let context = request.app_data::<web::Data<Context>>().cloned();
        let limits = request.app_data::<web::Data<Limits>>().cloned();
        let strangers = request.app_data::<web::Data<Strangers>>().cloned();
        let address = request.app_data::<web::Data<Config>>().map(|config| client::address(request, config));
        let presented = bearer(request).map(str::to_owned);
        Box::pin(async move {
            let (Some(context), Some(limits)) = (context, limits) else { return Err(ApiError::NotFound) };
            let called = match presented {
                Some(presented) => caller(&context, &limits, &presented).await,
                None => Err(ApiError::Unauthorised(
                    "Send your API key in the header Authorization: Bearer sk_live_… or sk_test_….",
                )),
            };
            match (called, strangers, address) {
                // Whoever guesses learns nothing more for a while.
                (Err(error @ ApiError::Unauthorised(_)), Some(strangers), Some(address)) => {
                    strangers.admit(address).map_err(ApiError::TooManyUnknown)?;
                    Err(error)
                }
                (called, ..) => called,
            }
        })
    }
}

fn bearer(request: &HttpRequest) -> Option<&str> {
    let value = request.headers().get("authorization")?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}

async fn caller(context: &Context, limits: &Limits, presented: &str) -> Result<Caller, ApiError> {
    let hash = hash(presented);
    let known = context.engine.cache().key(context.store.generation(), &hash);
    let authenticated = match known {
        Some(authenticated) => authenticated,
        None => look_up(context, hash).await?,
    };
    limits.admit(&authenticated.key.organisation_id).map_err(ApiError::RateLimited)?;
    note_use(context, &authenticated);
    Ok(Caller(authenticated))
}

async fn look_up(context: &Context, hash: String) -> Result<AuthenticatedKey, ApiError> {
    let wanted = hash.clone();
    let found = context
        .store
        .for_api()
        .read(move |conn| {
            // First, so that what is read after it is at least as new.
            let head = store::changes::head(conn)?;
            let Some(key) = store::api_key::find_by_hash(conn, &wanted)? else { return Ok(None) };
            let organisation = store::organisation::find(conn, &key.organisation_id)?;
            Ok::<_, StoreError>(organisation.map(|organisation| (head, key, organisation)))
        })
        .await?;
    let (head, key, organisation) = found.ok_or(ApiError::Unauthorised("This API key does not exist."))?;
    if key.revoked_at.is_some() {
        return Err(ApiError::Unauthorised(REVOKED));
    }
    if organisation.suspended_at.is_some() {
        return Err(ApiError::Inactive);
    }
    context.store.seen(head);
    let key = Arc::new(KnownKey::new(key));
    context.engine.cache().keep_key(head, hash, key.clone());
    Ok(AuthenticatedKey { key, head })
}

/// Remembers that the key was used, beside the request.
fn note_use(context: &Context, caller: &AuthenticatedKey) {
    let now = context.clock.now();
    if caller.key.is_used(now, USE_PRECISION) {
        let id = caller.key.id.clone();
        context.store.for_api().submit(
            move |conn| store::api_key::touch(conn, &id, now),
            |noted: Result<(), StoreError>| {
                if let Err(error) = noted {
                    error.log("the last use of an API key could not be noted");
                }
            },
        );
    }
}
