//! Who asks: the API key of a request, checked before anything else is done (T11, T13).

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use chrono::TimeDelta;

use super::error::ApiError;
use super::limit::Limits;
use crate::actions::Context;
use crate::domain::api_key::{ApiKey, hash};
use crate::store::{self, StoreError};

/// How exactly "last used" is kept: writing it down for each request would cost more than the request.
const USE_PRECISION: TimeDelta = TimeDelta::minutes(1);

/// A key that works, of an organisation that is not suspended and within its rate limit.
#[derive(Debug, Clone)]
pub struct Caller(pub ApiKey);

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let context = request.app_data::<web::Data<Context>>().cloned();
        let limits = request.app_data::<web::Data<Limits>>().cloned();
        let presented = bearer(request).map(str::to_owned);
        Box::pin(async move {
            let (Some(context), Some(limits)) = (context, limits) else { return Err(ApiError::NotFound) };
            let presented = presented.ok_or(ApiError::Unauthorised(
                "Send your API key in the header Authorization: Bearer sk_live_… or sk_test_….",
            ))?;
            caller(&context, &limits, &presented).await
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
    let found = context
        .store
        .read(move |conn| {
            let Some(key) = store::api_key::find_by_hash(conn, &hash)? else { return Ok(None) };
            let organisation = store::organisation::find(conn, &key.organisation_id)?;
            Ok::<_, StoreError>(organisation.map(|organisation| (key, organisation)))
        })
        .await?;
    let (key, organisation) = found.ok_or(ApiError::Unauthorised("This API key does not exist."))?;
    if key.revoked_at.is_some() {
        return Err(ApiError::Unauthorised("This API key has been revoked."));
    }
    if organisation.suspended_at.is_some() {
        return Err(ApiError::Inactive);
    }
    limits.admit(&organisation.id).map_err(ApiError::RateLimited)?;
    let now = context.clock.now();
    if key.last_used_at.is_none_or(|last| now - last >= USE_PRECISION) {
        let id = key.id.clone();
        context.store.write(move |conn| store::api_key::touch(conn, &id, now)).await?;
    }
    Ok(Caller(key))
}
