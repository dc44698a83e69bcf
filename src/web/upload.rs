//! Forms with a file in them (`multipart/form-data`), read up to a bound.

use actix_multipart::{Field, Multipart};
use futures_util::StreamExt as _;

use super::form::Fields;

/// A text beside the file is at most this long; a longer one is cut.
const LONGEST_TEXT: usize = 4 * 1024;
/// A file that is too large is read on, and thrown away, up to so many times the bound: browsers show an answer only
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
    /// Whether it is larger than the bound; nothing of it is kept then.
    pub too_large: bool,
}

/// Reads a form whose file has this name, and is at most so many bytes long. What is no such form is an empty one.
pub async fn read(mut form: Multipart, file: &str, largest: usize) -> Uploaded {
    let mut uploaded = Uploaded::default();
    while let Some(Ok(field)) = form.next().await {
        let Some(name) = field.name().map(str::to_owned) else { continue };
        if name != file {
            let (text, _) = take(field, LONGEST_TEXT).await;
            uploaded.fields.push(name, String::from_utf8_lossy(&text));
            continue;
        }
        let told = field.content_disposition().and_then(|told| told.get_filename());
        uploaded.file_name = told.unwrap_or_default().to_owned();
        let (bytes, seen) = take(field, largest).await;
        uploaded.too_large = seen > largest;
        uploaded.bytes = if uploaded.too_large { Vec::new() } else { bytes };
        if seen > largest.saturating_mul(READ_ON) {
            break;
        }
    }
    uploaded
}

/// At most so many bytes of a field, and how many were read of it.
async fn take(mut field: Field, most: usize) -> (Vec<u8>, usize) {
    let (mut bytes, mut seen) = (Vec::new(), 0);
    while let Some(Ok(chunk)) = field.next().await {
        let room = most.saturating_sub(bytes.len());
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
        seen += chunk.len();
        if seen > most.saturating_mul(READ_ON) {
            break;
        }
    }
    (bytes, seen)
}
