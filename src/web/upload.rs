//! Forms with a file in them (`multipart/form-data`), read up to a bound.

use actix_multipart::{Field, Multipart, MultipartError};
use futures_util::StreamExt as _;

use super::error::WebError;
use super::form::Fields;
use crate::body::NotRead;

/// A text beside the file is at most this long; a longer one is cut.
const MAX_TEXT_BYTES: usize = 4 * 1024;
/// All texts together may be this long.
const MAX_TEXTS_BYTES: usize = 64 * 1024;
/// A form has at most so many fields.
const MAX_FIELDS: usize = 20;
/// A form that is too large is read on, and thrown away, up to so many times the bound: browsers show an answer only
/// once they have sent what they have.
const READ_ON: usize = 4;

/// A form with a file in it.
#[derive(Debug, Default)]
pub struct Uploaded {
    /// Its other fields.
    pub fields: Fields,
    /// What the file is called.
    pub file_name: String,
    /// What is in it; empty when none was chosen.
    pub bytes: Vec<u8>,
    /// Whether it, or the form around it, is larger than the bound; nothing of the file is kept then.
    pub too_large: bool,
    /// Whether it broke off before its end; nothing of the file is kept then.
    pub broken_off: bool,
}

/// Reads a form whose file has this name, and is at most so many bytes long. What is no such form is an empty one.
///
/// What did not come in time, or found no room, is an error; a form that is too large, or broke off, is told on its page.
pub async fn read(mut form: Multipart, file: &str, largest: usize) -> Result<Uploaded, WebError> {
    let mut uploaded = Uploaded::default();
    let mut left = largest.saturating_mul(READ_ON);
    let (mut fields, mut texts, mut files) = (0, 0_usize, 0_usize);
    while let Some(field) = form.next().await {
        let field = match field {
            Ok(field) => field,
            Err(error) => {
                uploaded.ends_with(&error)?;
                break;
            }
        };
        fields += 1;
        let name = field.name().unwrap_or_default().to_owned();
        if name == file {
            let told = field.content_disposition().and_then(|told| told.get_filename());
            uploaded.file_name = told.unwrap_or_default().to_owned();
            let (bytes, seen, end) = take(field, largest, &mut left).await;
            end.or_else(|error| uploaded.ends_with(&error))?;
            files += seen;
            uploaded.bytes = bytes;
        } else {
            let (text, seen, end) = take(field, MAX_TEXT_BYTES, &mut left).await;
            end.or_else(|error| uploaded.ends_with(&error))?;
            texts += seen;
            uploaded.fields.push(name, String::from_utf8_lossy(&text));
        }
        uploaded.too_large |= files > largest || texts > MAX_TEXTS_BYTES || fields > MAX_FIELDS;
        if left == 0 || fields > MAX_FIELDS {
            break;
        }
    }
    if uploaded.too_large || uploaded.broken_off {
        uploaded.bytes = Vec::new();
    }
    Ok(uploaded)
}

impl Uploaded {
    /// Remembers why the form ended early, when its page can tell.
    fn ends_with(&mut self, error: &MultipartError) -> Result<(), WebError> {
        let MultipartError::Payload(error) = error else {
            self.broken_off = true;
            return Ok(());
        };
        match NotRead::from(error) {
            NotRead::TooLarge => self.too_large = true,
            NotRead::BrokenOff => self.broken_off = true,
            why @ (NotRead::TooSlow | NotRead::NoRoom) => return Err(WebError::not_read(why, 0)),
        }
        Ok(())
    }
}

/// At most so many bytes of a field, how many were read of it, and whether they were all; reading ends when nothing is `left` of what the form
/// may take in all.
async fn take(mut field: Field, most: usize, left: &mut usize) -> (Vec<u8>, usize, Result<(), MultipartError>) {
    let (mut bytes, mut seen) = (Vec::new(), 0);
    while let Some(chunk) = field.next().await {
        let chunk = match chunk {
            Ok(chunk) => chunk,
            Err(error) => return (bytes, seen, Err(error)),
        };
        let room = most.saturating_sub(bytes.len());
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
        seen += chunk.len();
        *left = left.saturating_sub(chunk.len());
        if *left == 0 {
            break;
        }
    }
    (bytes, seen, Ok(()))
}

#[cfg(test)]
mod tests {
    use actix_web::error::PayloadError;
    use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
    use actix_web::web::Bytes;

    use super::*;

    const MAX_FILE_BYTES: usize = 1024 * 1024;

    async fn sent(fields: impl IntoIterator<Item = (String, usize)>) -> Uploaded {
        let mut body = String::new();
        for (name, length) in fields {
            let text = "x".repeat(length);
            body += &format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
        }
        body += "--b--\r\n";
        let chunks: Vec<_> = body
            .as_bytes()
            .chunks(8 * 1024)
            .map(|chunk| Ok::<_, PayloadError>(Bytes::copy_from_slice(chunk)))
            .collect();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("multipart/form-data; boundary=b"));
        read(Multipart::new(&headers, futures_util::stream::iter(chunks)), "file", MAX_FILE_BYTES)
            .await
            .expect("in time")
    }

    fn named(name: &str, length: usize) -> (String, usize) {
        (name.to_owned(), length)
    }

    #[actix_web::test]
    async fn a_file_that_breaks_off_is_not_taken_for_a_whole_one() {
        let body = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.csv\"\r\n\r\nName\r\nbob@comp";
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("multipart/form-data; boundary=b"));
        let chunks = [Ok::<_, PayloadError>(Bytes::from_static(body.as_bytes()))];
        let uploaded = read(Multipart::new(&headers, futures_util::stream::iter(chunks)), "file", MAX_FILE_BYTES)
            .await
            .expect("in time");
        assert!(uploaded.broken_off && uploaded.bytes.is_empty());
    }

    #[actix_web::test]
    async fn a_form_within_its_bounds_is_read_whole() {
        let uploaded =
            sent([named("token", 24), named("file", MAX_FILE_BYTES), named("long", 2 * MAX_TEXT_BYTES)]).await;
        assert!(!uploaded.too_large);
        assert_eq!(uploaded.bytes.len(), MAX_FILE_BYTES);
        assert_eq!((uploaded.fields.one("token").len(), uploaded.fields.one("long").len()), (24, MAX_TEXT_BYTES));
    }

    #[actix_web::test]
    async fn a_form_that_is_too_large_in_any_way_leaves_nothing_of_its_file() {
        let many = (0..=MAX_FIELDS).map(|number| named(&format!("field-{number}"), 1));
        let small = named("file", 1);
        for fields in [
            vec![named("file", MAX_FILE_BYTES + 1)],
            vec![named("file", MAX_FILE_BYTES), small.clone()],
            vec![small.clone(), named("text", MAX_TEXTS_BYTES), named("text", 1)],
            std::iter::once(small).chain(many).collect(),
        ] {
            let uploaded = sent(fields).await;
            assert!(uploaded.too_large);
            assert!(uploaded.bytes.is_empty());
        }
    }

    #[actix_web::test]
    async fn what_never_ends_is_not_read_to_its_end() {
        let uploaded = sent((0..10).map(|_| named("text", MAX_FILE_BYTES)).chain([named("last", 1)])).await;
        assert!(uploaded.too_large);
        assert_eq!(uploaded.fields.pairs().count(), READ_ON);
    }
}
