//! Answers in the letters of their own charset, as far as a page can show them.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

use crate::domain::attempt::Response;

/// The body of an answer as UTF-8: as it is when it is that already, else read in the charset that its `Content-Type` names,
/// which is told beside it. Only charsets that keep ASCII are read: what was masked in the body stays masked.
pub fn in_utf8(response: &Response) -> (Cow<'_, [u8]>, Option<&'static str>) {
    let bytes = response.body.as_slice();
    let named = response
        .headers
        .get("content-type")
        .and_then(charset)
        .filter(|named| *named != UTF_8 && named.is_ascii_compatible());
    match named {
        Some(named) if std::str::from_utf8(bytes).is_err() => {
            let (text, _) = named.decode_without_bom_handling(bytes);
            (Cow::Owned(text.into_owned().into_bytes()), Some(named.name()))
        }
        _ => (Cow::Borrowed(bytes), None),
    }
}

/// The charset that a content type names, if it is one that is known.
fn charset(content_type: &str) -> Option<&'static Encoding> {
    let parameters = content_type.split(';').skip(1);
    let mut named = parameters.filter_map(|parameter| parameter.split_once('='));
    let (_, label) = named.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Encoding::for_label(label.trim().trim_matches('"').as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::header_lines::HeaderLines;

    fn shown(content_type: &str, body: &[u8]) -> (Vec<u8>, Option<&'static str>) {
        let headers = HeaderLines::from_iter([("content-type", content_type)]);
        let response = Response { status: 400, headers, headers_cut: false, body: body.to_vec(), body_cut: false };
        let (text, charset) = in_utf8(&response);
        (text.into_owned(), charset)
    }

    #[test]
    fn an_answer_in_another_charset_is_read_and_one_that_is_utf8_stays() {
        let latin = shown("text/plain; charset=ISO-8859-1", b"ung\xfcltig!");
        assert_eq!(latin, ("ungültig!".into(), Some("windows-1252")));
        assert_eq!(shown("text/plain; charset=ISO-8859-1", "ungültig!".as_bytes()), ("ungültig!".into(), None));
        for kind in ["text/plain", "text/plain; charset=utf-8", "text/plain; charset=utf-16", "text/plain; charset=x"] {
            assert_eq!(shown(kind, b"\xfc"), (b"\xfc".to_vec(), None), "{kind}");
        }
    }
}
