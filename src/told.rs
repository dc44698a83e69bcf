//! Errors as people are told of them: on pages, by the API, on the command line. Systems and libraries put numbers and names of
//! their own into theirs, which nobody there has a use for.

use std::error::Error;
use std::io::{self, ErrorKind};

/// What a system puts before its number of an error.
const NUMBER: &str = " (os error ";

/// The error and what caused it. An I/O error's own `source` skips the error it was made of, so that one is asked for.
pub fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        inside.map(|inside| inside as &(dyn Error + 'static)).or_else(|| error.source())
    })
}

/// The first of an error's causes that is of this kind.
pub fn cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// What a file, a socket or the system refused.
pub fn io(error: &io::Error) -> String {
    let words = match error.kind() {
        ErrorKind::ConnectionRefused => "nothing listens there",
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            "the other side broke the connection"
        }
        ErrorKind::UnexpectedEof => "the other side hung up",
        ErrorKind::TimedOut => "no answer came in time",
        ErrorKind::HostUnreachable => "that machine cannot be reached from here",
        ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => "that network cannot be reached from here",
        ErrorKind::AddrInUse => "another program listens there",
        ErrorKind::AddrNotAvailable => "that is no address of this machine",
        ErrorKind::NotFound => "there is no such file or folder",
        ErrorKind::PermissionDenied => "the user that this runs as may not do that",
        ErrorKind::AlreadyExists => "it is there already",
        ErrorKind::IsADirectory => "that is a folder",
        ErrorKind::NotADirectory => "a part of the path is no folder",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "there is no room left on the disk",
        ErrorKind::ReadOnlyFilesystem => "the disk can only be read",
        _ => return without_numbers(&error.to_string()),
    };
    words.to_owned()
}

/// An error with what stands behind it.
pub fn error(error: &(dyn Error + 'static)) -> String {
    let mut told = String::new();
    for cause in causes(error) {
        let (own, words) = match cause.downcast_ref::<io::Error>() {
            Some(cause) if cause.get_ref().is_none() => (cause.to_string(), io(cause)),
            _ => (cause.to_string(), without_numbers(&cause.to_string())),
        };
        if told.is_empty() {
            told = words;
        } else if told.contains(&without_numbers(&own)) {
            // The one before repeats it, in the words of the system.
            told = told.replace(&without_numbers(&own), &words);
        } else {
            told = format!("{told}: {words}");
        }
    }
    told
}

/// A text of somebody else's without the system's numbers of errors.
pub fn without_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(NUMBER) {
        out.push_str(before);
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the server cannot be used")]
    struct Wrapped(#[source] io::Error);

    #[test]
    fn no_number_of_the_system_is_told() {
        let refused = || io::Error::from_raw_os_error(111);
        assert_eq!(io(&refused()), "nothing listens there");
        for code in 1..134 {
            let told = io(&io::Error::from_raw_os_error(code));
            assert!(!told.is_empty() && !told.contains("os error"), "{code}: {told}");
        }
        assert_eq!(error(&Wrapped(refused())), "the server cannot be used: nothing listens there");
        assert_eq!(error(&io::Error::other(refused())), "nothing listens there");
        assert_eq!(without_numbers("a (os error 2): b (os error 13)."), "a: b.");
    }
}
