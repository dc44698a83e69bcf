//! Escapes of HTML that programs leave in the values of a table, `O&#039;Brien`.

use serde_json::Value;

/// Names of letters and signs, without `&` and `;`.
#[rustfmt::skip]
const NAMES: [(&str, char); 78] = [
    ("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\''), ("nbsp", ' '), ("shy", '\u{ad}'), ("euro", '€'),
    ("ndash", '–'), ("mdash", '—'), ("lsquo", '‘'), ("rsquo", '’'), ("ldquo", '“'), ("rdquo", '”'), ("hellip", '…'),
    ("bull", '•'), ("middot", '·'), ("laquo", '«'), ("raquo", '»'), ("deg", '°'), ("szlig", 'ß'),
    ("Agrave", 'À'), ("Aacute", 'Á'), ("Acirc", 'Â'), ("Atilde", 'Ã'), ("Auml", 'Ä'), ("Aring", 'Å'), ("AElig", 'Æ'),
    ("Ccedil", 'Ç'), ("Egrave", 'È'), ("Eacute", 'É'), ("Ecirc", 'Ê'), ("Euml", 'Ë'), ("Iacute", 'Í'), ("Icirc", 'Î'),
    ("Iuml", 'Ï'), ("Ntilde", 'Ñ'), ("Ograve", 'Ò'), ("Oacute", 'Ó'), ("Ocirc", 'Ô'), ("Otilde", 'Õ'), ("Ouml", 'Ö'),
    ("Oslash", 'Ø'), ("Uacute", 'Ú'), ("Ucirc", 'Û'), ("Uuml", 'Ü'), ("Yacute", 'Ý'), ("agrave", 'à'), ("aacute", 'á'),
    ("acirc", 'â'), ("atilde", 'ã'), ("auml", 'ä'), ("aring", 'å'), ("aelig", 'æ'), ("ccedil", 'ç'), ("egrave", 'è'),
    ("eacute", 'é'), ("ecirc", 'ê'), ("euml", 'ë'), ("igrave", 'ì'), ("iacute", 'í'), ("icirc", 'î'), ("iuml", 'ï'),
    ("ntilde", 'ñ'), ("ograve", 'ò'), ("oacute", 'ó'), ("ocirc", 'ô'), ("otilde", 'õ'), ("ouml", 'ö'), ("oslash", 'ø'),
    ("ugrave", 'ù'), ("uacute", 'ú'), ("ucirc", 'û'), ("uuml", 'ü'), ("yacute", 'ý'), ("yuml", 'ÿ'), ("scaron", 'š'),
    ("oelig", 'œ'),
];
/// What is said where they were found.
pub(super) const NOTE: &str = "Escapes of HTML such as &amp; were read as the letters they stand for.";
/// No escape is longer.
const MAX_LEN: usize = 10;

/// A text with its escapes undone, once; `None` when it has none.
pub(super) fn undone(text: &str) -> Option<String> {
    let mut out = String::new();
    let (mut rest, mut any) = (text, false);
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let end = from.bytes().take(MAX_LEN + 2).position(|byte| byte == b';');
        match end.and_then(|end| Some((letter(&from[1..end])?, &from[end + 1..]))) {
            Some((letter, after)) => {
                out.push(letter);
                rest = after;
                any = true;
            }
            None => {
                out.push('&');
                rest = &from[1..];
            }
        }
    }
    out.push_str(rest);
    any.then_some(out)
}

/// What the inside of an escape stands for.
fn letter(name: &str) -> Option<char> {
    let Some(number) = name.strip_prefix('#') else {
        return NAMES.iter().find(|(known, _)| *known == name).map(|(_, letter)| *letter);
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    code.ok().and_then(char::from_u32).filter(|letter| !letter.is_control())
}

/// Undoes the escapes in every text of an item of JSON; whether there were any.
pub(super) fn undo_all(value: &mut Value) -> bool {
    match value {
        Value::String(text) => match undone(text) {
            Some(plain) => {
                *text = plain;
                true
            }
            None => false,
        },
        Value::Array(items) => items.iter_mut().fold(false, |any, item| undo_all(item) | any),
        Value::Object(members) => members.iter_mut().fold(false, |any, (_, member)| undo_all(member) | any),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_once_and_what_is_none_is_left() {
        assert_eq!(undone("Siobh&aacute;n O&#039;Brien &#x2764;").as_deref(), Some("Siobhán O'Brien ❤"));
        assert_eq!(undone("R&amp;D &amp;lt;b&amp;gt;").as_deref(), Some("R&D &lt;b&gt;"));
        for none in ["R&D", "AT&T; Bell", "a & b;", "&;", "&#0;", "&#xD800;", "&unknown;", "&éé;", "&"] {
            assert_eq!(undone(none), None, "{none}");
        }
    }
}
