//! A delivery as a cURL command, so that a receiver's developer can repeat it by hand.
//!
//! Key and signatures are masked, here as everywhere, and so are path and query for whoever may not manage webhooks; the command works as it is against receivers that check neither.

use super::detail::Detail;
use crate::domain::header_lines::HeaderLines;

/// The longest body that goes into one argument: Linux takes 128 KiB.
const MAX_ARGUMENT_BYTES: usize = 100 * 1024;

/// Headers that curl writes itself.
const OWN: [&str; 3] = ["host", "content-length", "accept"];

/// The command, for a POSIX shell.
pub fn command(detail: &Detail) -> String {
    let sent = detail.attempts.iter().find_map(|attempt| attempt.request.as_ref());
    let headers = sent.map(|request| request.headers.clone()).unwrap_or_else(|| planned(detail));
    let body = detail.body.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
    let mut out = String::new();
    let piped = body.len() > MAX_ARGUMENT_BYTES;
    if piped {
        // printf is built into the shell and takes what no program could be given.
        out += &format!("printf %s {} |\n", quoted(&body));
    }
    out += &format!("curl --globoff --request POST {}", quoted(&detail.address));
    for (name, value) in headers.iter().filter(|(name, _)| !OWN.contains(&name.to_ascii_lowercase().as_str())) {
        out += &format!(" \\\n  --header {}", quoted(&format!("{name}: {value}")));
    }
    let data = if piped { "@-".to_owned() } else { quoted(&body) };
    out + &format!(" \\\n  --data-binary {data}")
}

/// What can be said of the headers before the first try.
fn planned(detail: &Detail) -> HeaderLines {
    let lines = [
        ("Content-Type", "application/json"),
        ("X-Webhook-Event", detail.delivery.kind.as_str()),
        ("Webhook-Id", detail.delivery.event_id.as_str()),
    ];
    lines.into_iter().collect()
}

/// A text as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::logs::sample;

    #[test]
    fn it_repeats_the_request_with_every_quote_escaped() {
        assert_eq!(
            command(&sample::detail()),
            r#"curl --globoff --request POST 'https://hris.example/hooks?tenant=acme' \
  --header 'Content-Type: application/json' \
  --header 'X-Webhook-Event: candidate.stage_changed' \
  --header 'X-Webhook-Signature: t=1795182133,v1=••••••••' \
  --data-binary '{"id":"evt_1","data":{"fullName":"O'\''<script>"}}'"#
        );
    }

    #[test]
    fn the_shell_reads_back_what_was_quoted() {
        let text = "it's `$HOME` \"$(id)\" \\ \n!x é";
        let shell = std::process::Command::new("sh").arg("-c").arg(format!("printf %s {}", quoted(text))).output();
        assert_eq!(shell.expect("a shell").stdout, text.as_bytes());
    }

    #[test]
    fn a_body_too_long_for_an_argument_is_piped() {
        let mut detail = sample::detail();
        detail.body = Some(vec![b'x'; MAX_ARGUMENT_BYTES + 1]);
        let command = command(&detail);
        assert!(command.starts_with("printf %s 'xxx") && command.ends_with("--data-binary @-"));
    }
}
