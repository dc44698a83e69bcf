//! What a request's body is: JSON in UTF-8, as it is or compressed with gzip. Whatever else comes is called by its name.

use std::io::Read as _;

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use actix_web::web::Bytes;
use flate2::read::MultiGzDecoder;

use super::error::ApiError;

/// Of a type or an encoding that is not taken, at most so many characters are repeated.
const MAX_SHOWN_LEN: usize = 80;

/// The mark of UTF-8 that some programs write first.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What a request says of its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Whether it is compressed with gzip.
    is_gzip: bool,
    /// The type that it names, in small letters and without parameters, when that is not JSON: it was not chosen with care,
    /// and the body decides.
    other_type: Option<String>,
}

/// What a request says of its body, before anything of it is read.
///
/// # Errors
/// [`ApiError::UnsupportedType`] or [`ApiError::UnsupportedEncoding`] when that is nothing we take.
pub fn said(headers: &HeaderMap) -> Result<Said, ApiError> {
    let text = |name| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_lowercase());
    let encoding = text(CONTENT_ENCODING).unwrap_or_default();
    let is_gzip = match encoding.as_str() {
        "" | "identity" => false,
        "gzip" | "x-gzip" => true,
        other => {
            let other: String = other.chars().take(MAX_SHOWN_LEN).collect();
            let message = format!("The body is compressed with “{other}”. Send it as it is, or compressed with gzip.");
            return Err(ApiError::UnsupportedEncoding(message));
        }
    };
    let kind = text(CONTENT_TYPE).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let other_type = match kind {
        "" | "application/json" | "text/json" => None,
        kind if kind.ends_with("+json") => None,
        // What clients say unasked, curl's -d and fetch among them: only the body tells.
        "application/x-www-form-urlencoded" | "text/plain" | "application/octet-stream" => Some(kind.to_owned()),
        other => return Err(not_json(other)),
    };
    Ok(Said { is_gzip, other_type })
}

impl Said {
    /// The JSON of a body that was read: unpacked, without the mark of UTF-8. It may be `largest` bytes long.
    ///
    /// # Errors
    /// [`ApiError::UnsupportedType`] when neither the request nor the body says JSON, [`ApiError::Invalid`] when the body is
    /// something else than was said; `too_large` when more than `largest` bytes come out of it.
    pub fn json(&self, body: Bytes, largest: usize, too_large: fn() -> ApiError) -> Result<Bytes, ApiError> {
        let body = if self.is_gzip { unpacked(&body, largest, too_large)? } else { body };
        let body = if body.starts_with(BYTE_ORDER_MARK) { body.slice(BYTE_ORDER_MARK.len()..) } else { body };
        let is_json = matches!(body.trim_ascii_start().first(), Some(b'{' | b'['));
        match (&self.other_type, otherwise(&body)) {
            (Some(kind), _) if !is_json => Err(not_json(kind)),
            (_, Some(problem)) => Err(ApiError::field("body", problem)),
            _ => Ok(body),
        }
    }
}

fn not_json(kind: &str) -> ApiError {
    let what = match kind {
        "application/x-www-form-urlencoded" => ", a form",
        "multipart/form-data" => ", a form with files",
        "text/html" => ", a web page",
        kind if kind.ends_with("/xml") || kind.ends_with("+xml") => ", XML",
        _ => "",
    };
    let kind: String = kind.chars().take(MAX_SHOWN_LEN).collect();
    ApiError::UnsupportedType(format!(
        "The body was sent as {kind}{what}. Send JSON, with the header Content-Type: application/json."
    ))
}

fn unpacked(body: &[u8], largest: usize, too_large: fn() -> ApiError) -> Result<Bytes, ApiError> {
    let mut out = Vec::new();
    let limit = u64::try_from(largest).unwrap_or(u64::MAX).saturating_add(1);
    match MultiGzDecoder::new(body).take(limit).read_to_end(&mut out) {
        Ok(length) if length > largest => Err(too_large()),
        Ok(_) => Ok(out.into()),
        Err(_) => Err(ApiError::field("body", "cannot be unpacked, though Content-Encoding says gzip")),
    }
}

/// What a body is that cannot be JSON, as far as its first bytes tell.
fn otherwise(body: &[u8]) -> Option<&'static str> {
    let start = body.trim_ascii_start();
    Some(match start {
        [] => "is empty; send a JSON object",
        [0x1f, 0x8b, ..] => "is compressed with gzip, which the header Content-Encoding has to say",
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [_, 0, ..] | [0, _, ..] => "is UTF-16; send UTF-8",
        [b'<', ..] => "is XML or HTML; send JSON",
        [b'-', b'-', ..] => "is a multipart form; send JSON",
        _ if is_form(start) => "is a form; send JSON",
        _ => return None,
    })
}

/// Whether it reads `event=job.created&…`.
fn is_form(body: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-%+[]".contains(byte);
    let name = body.iter().take_while(|byte| is_name(byte)).count();
    name > 0 && body.get(name) == Some(&b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: &'static [u8]) -> Option<String> {
        let said = Said { is_gzip: false, other_type: None };
        match said.json(Bytes::from_static(body), 1_000, || ApiError::NotFound) {
            Ok(_) => None,
            Err(ApiError::Invalid(errors)) => Some(errors[0].message.clone()),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_no_json_is_called_by_its_name() {
        for (body, name) in [
            (&b" "[..], "empty"),
            (b"<?xml version=\"1.0\"?><event/>", "XML"),
            (b"event=job.created&data%5Bid%5D=1", "a form"),
            (b"--x\r\nContent-Disposition: form-data", "multipart"),
            (b"\x1f\x8b\x08\0", "gzip"),
            (b"{\0\"\0", "UTF-16"),
            (b"\xff\xfe{\0", "UTF-16"),
        ] {
            let told = told(body).unwrap_or_else(|| panic!("{body:?} is taken for JSON"));
            assert!(told.contains(name), "{told}");
        }
        // The reader of JSON says better what is wrong with these.
        for body in [&b"{"[..], b"nul", b"\xef\xbb\xbf{}", b"'x'", b"-1", b"12"] {
            assert_eq!(told(body), None, "{body:?}");
        }
    }
}
