//! Errors of the console, turned into pages in one place.

use std::borrow::Cow;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use maud::html;

use crate::actions::ActionError;
use crate::body::NotRead;
use crate::store::StoreError;
use crate::web::layout::door;
use crate::web::paths;

const MIB: usize = 1024 * 1024;

/// What a handler answers.
pub type Answer = Result<HttpResponse, WebError>;

/// Why a page cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// There is no such page, or it is another organisation's.
    #[error("not found")]
    NotFound,
    /// What was asked cannot be done now; a sentence for the visitor.
    #[error("{0}")]
    Refused(String),
    /// More was sent than this route takes, which is so many bytes.
    #[error("the request is larger than {0} bytes")]
    TooLarge(usize),
    /// A form had more fields than any form has.
    #[error("the form has too many fields")]
    TooManyFields,
    /// What was sent was not complete by its deadline.
    #[error("the request was too slow")]
    TooSlow,
    /// There is no room for a large form or file just now.
    #[error("too many large requests at once")]
    NoRoom,
    /// What was sent ended before its end.
    #[error("the request broke off")]
    BrokenOff,
    /// The visitor's session could not be read or written.
    #[error("a session could not be read or written: {0}")]
    Session(String),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ActionError> for WebError {
    fn from(error: ActionError) -> Self {
        match error {
            ActionError::NotFound => WebError::NotFound,
            ActionError::Refused(why) => WebError::Refused(why),
            error @ (ActionError::ChangedMeanwhile | ActionError::NotSignedIn(_)) => {
                WebError::Refused(error.to_string())
            }
            ActionError::Store(error) => WebError::Store(error),
            // A form's own page shows its errors; what arrives here was no form of ours.
            invalid @ ActionError::Invalid(_) => WebError::Refused(invalid.to_string()),
        }
    }
}

impl ResponseError for WebError {
    fn status_code(&self) -> StatusCode {
        match self {
            WebError::NotFound => StatusCode::NOT_FOUND,
            WebError::Refused(_) => StatusCode::CONFLICT,
            WebError::TooLarge(_) | WebError::TooManyFields => StatusCode::PAYLOAD_TOO_LARGE,
            WebError::TooSlow => StatusCode::REQUEST_TIMEOUT,
            WebError::BrokenOff => StatusCode::BAD_REQUEST,
            // Sessions are kept in the database: whoever cannot read or write one cannot reach it.
            WebError::NoRoom | WebError::Session(_) => StatusCode::SERVICE_UNAVAILABLE,
            WebError::Store(error) if error.is_away() || matches!(error, StoreError::Unclear(_)) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            WebError::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        const SHOWN: &str = "a page could not be shown";
        match self {
            WebError::Session(why) => StoreError::Unavailable(why.clone()).log(SHOWN),
            WebError::Store(error) => error.log(SHOWN),
            _ => {}
        }
        let (title, text) = self.words();
        let body = html! {
            h1 { (title) }
            p { (text.trim_end_matches('.')) "." }
            p { a.btn.main href=(paths::HOME) { "Go to Home" } }
        };
        door(title, body, self.status_code())
    }
}

impl WebError {
    /// Whether the same page may well be there in a few seconds.
    pub fn is_passing(&self) -> bool {
        matches!(self, WebError::Session(_) | WebError::Store(StoreError::Unavailable(_)))
    }

    /// Why a body that may have so many bytes was not read.
    pub fn not_read(why: NotRead, largest: usize) -> Self {
        match why {
            NotRead::TooLarge => WebError::TooLarge(largest),
            NotRead::TooSlow => WebError::TooSlow,
            NotRead::NoRoom => WebError::NoRoom,
            NotRead::BrokenOff => WebError::BrokenOff,
        }
    }

    /// The title and the text of its page.
    pub fn words(&self) -> (&'static str, Cow<'_, str>) {
        if let WebError::TooLarge(most) = self {
            let most = if *most < MIB { format!("{} KiB", most / 1024) } else { format!("{} MiB", most / MIB) };
            return ("That was too much.", format!("This page takes at most {most} at once.").into());
        }
        let (title, text) = self.fixed_words();
        (title, text.into())
    }

    fn fixed_words(&self) -> (&'static str, &str) {
        match self {
            WebError::NotFound => (
                "There is nothing here.",
                "The address may be misspelt, the thing may be gone, or it belongs to an organisation you are not signed in to.",
            ),
            WebError::Refused(why) => ("This cannot be done now.", why),
            WebError::TooLarge(_) => ("That was too much.", "It is larger than this page takes."),
            WebError::TooManyFields => ("That was too much.", "A form may have at most 2,000 fields."),
            WebError::TooSlow => (
                "That took too long.",
                "What you sent did not arrive whole in time, and nothing of it was taken. Go back and send it again.",
            ),
            WebError::BrokenOff => ("That broke off.", "What you sent did not arrive whole; nothing of it was taken."),
            WebError::NoRoom => (
                "Hirewire is busy for a moment.",
                "Others are sending large forms or files. Nothing of yours was taken; send it again shortly.",
            ),
            WebError::Session(_) | WebError::Store(StoreError::Unavailable(_)) => (
                "The database is away.",
                "Nothing is lost, and nothing you sent was half-done. This page tries again in a few seconds; a form has to be sent again.",
            ),
            WebError::Store(StoreError::TimedOut) => (
                "This took longer than three seconds.",
                "So it was stopped, and nothing was changed. Narrow the filter, for example to a shorter time, or try again when less is going on.",
            ),
            WebError::Store(StoreError::Unclear(_)) => (
                "It is not known whether this was done.",
                "The database went away while it wrote it down. Look first whether it happened; if it did not, do it again.",
            ),
            WebError::Store(_) => (
                "Something went wrong on our side.",
                "It has been written to the server's log for the operator. Nothing you sent was half-done.",
            ),
        }
    }
}
