//! `POST /v1/partner/events`: a partner system reports that something happened.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::content;
use super::error::ApiError;
use super::key::Caller;
use crate::actions::{Context, FieldError, event};
use crate::body::{self, NotRead};
use crate::domain::event::EventType;
use crate::domain::ids::InterviewId;
use crate::domain::{json as strict, payload};
use crate::store::StoreError;

/// The whole request may take this many bytes: the data and a little around it.
pub const MAX_BODY_BYTES: usize = event::MAX_DATA_BYTES + 16 * 1024;

/// Records the event; 202 once it is durable. The body is read once the key is known.
pub async fn report(
    context: web::Data<Context>,
    caller: Caller,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let said = content::said(request.headers())?;
    let body =
        body::read(body.into_inner(), body::declared(request.headers()), MAX_BODY_BYTES).await.map_err(not_read)?;
    let (kind, interview, data) = read(&said.json(body, MAX_BODY_BYTES, too_large)?)?;
    let event = event::report_printed(&context, caller.0, kind, interview, &data).await?;
    Ok(HttpResponse::Accepted().insert_header(("Cache-Control", "no-store")).json(Recorded {
        id: event.id.as_str(),
        event: event.kind.as_str(),
        timestamp: payload::timestamp(event.occurred_at),
        company_id: event.organisation_id.as_str(),
        client_id: event.cause.client_id(),
        test: event.is_test(),
    }))
}

/// What the caller is told of an event that was recorded.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Recorded<'a> {
    id: &'a str,
    event: &'a str,
    timestamp: String,
    company_id: &'a str,
    client_id: Option<&'a str>,
    test: bool,
}

fn too_large() -> ApiError {
    ApiError::TooLarge(format!("data may take at most {} KiB.", event::MAX_DATA_BYTES / 1024))
}

fn not_read(why: NotRead) -> ApiError {
    match why {
        NotRead::TooLarge => too_large(),
        NotRead::TooSlow => ApiError::TooSlow,
        NotRead::NoRoom => ApiError::Store(StoreError::Unavailable("too many large requests at once".into())),
        NotRead::BrokenOff => ApiError::field("body", "broke off before its end"),
    }
}

/// The event's type, the interview it is of, and its printed data.
fn read(body: &[u8]) -> Result<(EventType, Option<InterviewId>, Vec<u8>), ApiError> {
    let request = strict::reprint(body, "body").map_err(|error| {
        // Paths start at the request's own fields: data.items[3].id.
        let path = error.path.strip_prefix("body.").unwrap_or(&error.path).to_owned();
        ApiError::field(path, error.problem)
    })?;
    let Some(members) = request.members() else {
        return Err(ApiError::field("body", "must be a JSON object with event and data"));
    };
    let (mut event, mut data, mut unknown) = (None, None, Vec::new());
    for (name, value) in members {
        match name.as_str() {
            "event" => event = Some(value),
            "data" => data = Some(value),
            _ => unknown.push(name),
        }
    }
    let mut errors = Vec::new();
    let kind = reported_kind(event).map_err(|problem| errors.push(FieldError::new("event", problem)));
    let data = data.filter(|data| data.starts_with(b"{"));
    if data.is_none() {
        errors.push(FieldError::new("data", "must be a JSON object"));
    }
    for unknown in unknown {
        errors.push(FieldError::new(unknown, "is not a field of this request; it takes event and data"));
    }
    match (kind, data) {
        (Ok(kind), Some(data)) if errors.is_empty() => match data.len() {
            ..=event::MAX_DATA_BYTES => Ok((kind, event::interview_of(kind, data), data.to_vec())),
            _ => Err(too_large()),
        },
        _ => Err(ApiError::Invalid(errors)),
    }
}

/// The type that the request names, or what is wrong with it.
fn reported_kind(printed: Option<&[u8]>) -> Result<EventType, String> {
    let printed = printed.ok_or("is missing; name an event such as job.created")?;
    let name: String = serde_json::from_slice(printed).map_err(|_| "must be a string such as job.created")?;
    match EventType::parse(&name) {
        Some(kind) if kind.is_addressed() => Err(format!("{name} is made by Hirewire itself and cannot be reported")),
        Some(kind) => Ok(kind),
        None => {
            let shown: String = name.chars().take(80).collect();
            Err(format!("“{shown}” is no event of the catalogue"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str) -> Vec<String> {
        match read(body.as_bytes()) {
            Err(ApiError::Invalid(errors)) => errors.into_iter().map(|error| error.field).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_cannot_be_taken_is_named_by_its_path() {
        assert_eq!(refused("[]"), ["body"]);
        assert_eq!(refused("{}"), ["event", "data"]);
        assert_eq!(refused(r#"{"event":"job.made","data":[]}"#), ["event", "data"]);
        assert_eq!(refused(r#"{"event":"candidates.exported","data":{}}"#), ["event"]);
        assert_eq!(refused(r#"{"event":"job.created","data":{"a":{"a":1,"a":2}}}"#), ["data.a.a"]);
        assert_eq!(refused(r#"{"event":"job.created","data":{},"when":1}"#), ["when"]);
    }
}
