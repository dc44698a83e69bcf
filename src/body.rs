//! Bodies of requests: read whole, or not at all.
//!
//! How large a body may be and how long it may take is held by the stream that the server puts in the place of each body
//! (`server::bodies`); here stands how it is read and what a body that was not read is called.

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_LENGTH, HeaderMap};
use actix_web::web::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use std::io::ErrorKind;

/// Up to this many bytes a body is small: kept and parsed without further ado.
pub const SMALL_BODY: usize = 64 * 1024;

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotRead {
    /// It is larger than its route takes.
    TooLarge,
    /// It was not complete by its deadline.
    TooSlow,
    /// Other large bodies take all the memory that there is for them.
    NoRoom,
    /// The connection ended before it.
    BrokenOff,
}

impl From<&PayloadError> for NotRead {
    fn from(error: &PayloadError) -> Self {
        match error {
            PayloadError::Overflow => NotRead::TooLarge,
            PayloadError::Io(error) if error.kind() == ErrorKind::TimedOut => NotRead::TooSlow,
            PayloadError::Io(error) if error.kind() == ErrorKind::ResourceBusy => NotRead::NoRoom,
            _ => NotRead::BrokenOff,
        }
    }
}

impl From<NotRead> for PayloadError {
    fn from(why: NotRead) -> Self {
        match why {
            NotRead::TooLarge => PayloadError::Overflow,
            NotRead::TooSlow => PayloadError::Io(ErrorKind::TimedOut.into()),
            NotRead::NoRoom => PayloadError::Io(ErrorKind::ResourceBusy.into()),
            NotRead::BrokenOff => PayloadError::Incomplete(None),
        }
    }
}

/// How long a request says that its body is; `None` when it says nothing that can be read.
pub fn declared(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

/// Reads a body whole that says it is so long, when it says so; more than `largest` is never set aside for it.
pub async fn read(mut payload: Payload, declared: Option<usize>, largest: usize) -> Result<Bytes, NotRead> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| NotRead::from(&error))?;
        if body.is_empty() {
            // At once, because growing to it would take twice as much.
            body.reserve(declared.unwrap_or(0).min(largest).max(chunk.len()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
