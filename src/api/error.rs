//! The one shape of the partner API's errors: `{"error":{"code","type","message","details","requestId"},"code","message"}`.
//!
//! The code and message stand twice because the published sample of the API reads both places (T11).

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT, ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, ResponseError};
use rand::distr::{Alphanumeric, SampleString};
use serde_json::{Map, Value, json};

use super::key::{Caller, REVOKED};
use crate::actions::FieldError;
use crate::delivery::intake::NotRecorded;
use crate::store::StoreError;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("x-client-request-id");

/// A caller's own name for its request has at most so many characters.
const MAX_CLIENT_ID_LEN: usize = 128;

/// Of a path that is not there, at most so many characters are repeated.
const MAX_PATH_LEN: usize = 200;

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Something in the request cannot be taken: what, by field.
    #[error("the request cannot be taken")]
    Invalid(Vec<FieldError>),
    /// No API key, or none that works.
    #[error("{0}")]
    Unauthorised(&'static str),
    /// The organisation is suspended.
    #[error("the organisation is suspended")]
    Inactive,
    /// There is no such thing.
    #[error("There is no such thing in this organisation and mode.")]
    NotFound,
    /// The API has no such address; the method and path that were asked for.
    #[error("There is no {0}. This API has POST /v1/partner/events; the console describes it under Developers > API.")]
    NoSuchRoute(String),
    /// The address does not take this method; the method and path that were asked for, and the methods that it takes.
    #[error("There is no {0}; this path takes {1}.")]
    MethodNotAllowed(String, &'static str),
    /// The body is of another type than the address takes; a sentence.
    #[error("{0}")]
    UnsupportedType(String),
    /// The body is compressed in a way that is not unpacked; a sentence.
    #[error("{0}")]
    UnsupportedEncoding(String),
    /// More than is taken.
    #[error("{0}")]
    TooLarge(String),
    /// The body was not complete by its deadline.
    #[error("The request's body did not arrive whole in time. Send it at once.")]
    TooSlow,
    /// Too many requests; try again after so many seconds.
    #[error("too many requests")]
    RateLimited(u64),
    /// Too many requests of this address without a key that works; try again after so many seconds.
    #[error("too many requests without a key that works")]
    TooManyUnknown(u64),
    /// The database did not do it.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        ApiError::Store(error)
    }
}

impl From<NotRecorded> for ApiError {
    fn from(error: NotRecorded) -> Self {
        match error {
            NotRecorded::Revoked => ApiError::Unauthorised(REVOKED),
            NotRecorded::Suspended => ApiError::Inactive,
            NotRecorded::Store(error) => ApiError::Store(error),
        }
    }
}

impl ApiError {
    /// One field is wrong.
    pub fn field(field: impl Into<String>, message: impl std::fmt::Display) -> Self {
        ApiError::Invalid(vec![FieldError::new(field, message)])
    }

    fn parts(&self) -> (StatusCode, &'static str, &'static str, String) {
        let (status, code, kind) = match self {
            ApiError::Invalid(_) => (StatusCode::BAD_REQUEST, "INVALID_REQUEST", "validation_error"),
            ApiError::Unauthorised(_) => (StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "authentication_error"),
            ApiError::Inactive => (StatusCode::FORBIDDEN, "ACCOUNT_INACTIVE", "account_error"),
            ApiError::NotFound | ApiError::NoSuchRoute(_) => (StatusCode::NOT_FOUND, "NOT_FOUND", "not_found_error"),
            ApiError::MethodNotAllowed(..) => (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "method_error"),
            ApiError::UnsupportedType(_) | ApiError::UnsupportedEncoding(_) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", "validation_error")
            }
            ApiError::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", "validation_error"),
            ApiError::TooSlow => (StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", "validation_error"),
            ApiError::RateLimited(_) | ApiError::TooManyUnknown(_) => {
                (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", "rate_limit_error")
            }
            ApiError::Store(error) if error.is_away() || matches!(error, StoreError::Unclear(_)) => {
                (StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", "server_error")
            }
            ApiError::Store(_) => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", "server_error"),
        };
        let message = match self {
            ApiError::Invalid(errors) => match errors.as_slice() {
                [one] => format!("{} {}.", one.field, one.message),
                _ => "Several fields cannot be taken; details names each.".into(),
            },
            ApiError::Inactive => "The organisation of this key is suspended. Its operator can resume it.".into(),
            ApiError::RateLimited(seconds) => {
                format!("Too many requests for this organisation. Try again in {seconds} s.")
            }
            ApiError::TooManyUnknown(seconds) => format!(
                "Too many requests from your address without an API key that works. Try again in {seconds} s, with one that does."
            ),
            ApiError::Store(StoreError::Unclear(_)) => {
                "The service lost its database while it recorded this: it may or may \
                not have been recorded. Sent again, it may be recorded twice."
                    .into()
            }
            ApiError::Store(error) if error.is_away() => {
                "The service is busy. Try again shortly; nothing was recorded.".into()
            }
            ApiError::Store(_) => "Something went wrong on our side; it has been logged. Nothing was recorded.".into(),
            other => other.to_string(),
        };
        (status, code, kind, message)
    }

    fn details(&self) -> Value {
        match self {
            ApiError::Invalid(errors) => Value::Object(
                errors.iter().map(|error| (error.field.clone(), json!(error.message))).collect::<Map<_, _>>(),
            ),
            ApiError::Store(StoreError::Unclear(_)) => json!({"outcome": "unknown"}),
            _ => Value::Null,
        }
    }

    /// The answer, which names the request it belongs to.
    pub fn answer(&self, request_id: &str) -> HttpResponse<BoxBody> {
        let (status, code, kind, message) = self.parts();
        let mut answer = HttpResponse::build(status);
        match self {
            ApiError::RateLimited(seconds) | ApiError::TooManyUnknown(seconds) => {
                answer.insert_header((RETRY_AFTER, seconds.to_string()));
            }
            ApiError::Store(_) if status == StatusCode::SERVICE_UNAVAILABLE => {
                answer.insert_header((RETRY_AFTER, "1"));
            }
            ApiError::Unauthorised(_) => {
                answer.insert_header((WWW_AUTHENTICATE, "Bearer"));
            }
            ApiError::MethodNotAllowed(_, allowed) => {
                answer.insert_header((ALLOW, *allowed));
            }
            ApiError::UnsupportedType(_) => {
                answer.insert_header((ACCEPT, "application/json"));
            }
            ApiError::UnsupportedEncoding(_) => {
                answer.insert_header((ACCEPT_ENCODING, "gzip, identity"));
            }
            _ => {}
        }
        answer.insert_header((CACHE_CONTROL, "no-store")).json(json!({
            "error": {"code": code, "type": kind, "message": message, "details": self.details(), "requestId": request_id},
            "code": code,
            "message": message,
        }))
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.parts().0
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        // `with_request_id` answers again, with the request's id, and logs what has to be.
        self.answer("")
    }
}

/// The id of a request, given to it before anything else looks at it.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Gives each request its id, and each answer the header that names it. What the caller calls it itself comes back beside it.
pub async fn with_request_id<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let id = format!("req_{}", Alphanumeric.sample_string(&mut rand::rng(), 22));
    request.extensions_mut().insert(RequestId(id.clone()));
    let own_name = request.headers().get(REQUEST_ID).filter(|name| is_client_id(name.as_bytes())).cloned();
    let response = next.call(request).await?;
    let again = response.response().error().and_then(|error| error.as_error::<ApiError>()).map(|error| {
        if let ApiError::Store(error) = error {
            error.log(&format!("API request {id} could not be done"));
        }
        error.answer(&id)
    });
    let mut response = match again {
        Some(answer) => response.into_response(answer),
        None => response.map_into_boxed_body(),
    };
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    if let Some(name) = own_name {
        response.headers_mut().insert(CLIENT_REQUEST_ID, name);
    }
    Ok(response)
}

/// Whether a caller's own name for its request is one that is safe to repeat.
fn is_client_id(name: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
    (1..=MAX_CLIENT_ID_LEN).contains(&name.len()) && name.iter().all(is_plain)
}

/// The answer for an address the API does not have. Whoever has no key learns only that.
pub async fn no_such_route(_: Caller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    Err(ApiError::NoSuchRoute(asked(&request)))
}

/// The answer for a method that an address does not take; it takes those in `allowed`, as the header `Allow` lists them.
pub async fn no_such_method(request: HttpRequest, allowed: &'static str) -> Result<HttpResponse, ApiError> {
    Err(ApiError::MethodNotAllowed(asked(&request), allowed))
}

/// Method and path of a request, as they were written.
fn asked(request: &HttpRequest) -> String {
    let path = request.uri().path();
    let shown: String = path.chars().take(MAX_PATH_LEN).collect();
    format!("{} {shown}{}", request.method(), if shown.len() < path.len() { "…" } else { "" })
}

/// The id that [`with_request_id`] gave this request.
pub fn request_id(request: &HttpRequest) -> String {
    request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
}
