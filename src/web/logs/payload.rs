//! What was sent, and what was signed of it.

use super::curl;
use super::detail::Detail;
use super::words;
use crate::domain::hook::HookState;
use crate::domain::secret::CredentialKind;
use crate::web::prelude::*;

/// Bodies up to so many bytes stand on the page a second time, as sent; longer ones can be downloaded.
const MAX_SHOWN: usize = 8 * 1024;
/// How much of the body the signed text shows: the event's id and a little more.
const SIGNED_START: usize = 22;

/// The frozen body.
pub fn figure(detail: &Detail) -> Markup {
    let Some(body) = &detail.body else {
        return html! { p.soft { "The payload is no longer kept." } };
    };
    let caption = html! {
        strong { "Body" } " application/json, " (words::bytes(detail.sent_bytes))
        @if detail.is_masked { ", personal data masked" }
    };
    let is_short = body.len() <= MAX_SHOWN;
    let download = paths::log_payload(&detail.delivery.id);
    html! {
        @if is_short {
            figure.code {
                figcaption {
                    (caption)
                    // What is copied is what was sent, not what is laid out for reading.
                    span.end { button.copy type="button" hidden data-copy="sent" aria-label="Copy payload as sent" { (icon("copy")) } }
                }
                pre tabindex="0" role="region" aria-label="Payload" { (code::json(body)) }
            }
        } @else {
            (code::figure("Payload", caption, code::json(body), false))
        }
        p.small.soft {
            "The same bytes on every try. " a href=(download) download="" { "Download " @if detail.is_masked { "it, masked" } @else { "them as sent" } }
        }
        @if is_short { (as_sent(detail, body)) }
        @if detail.is_masked {
            p.small.soft {
                "Everything is masked for Support but ids, times, numbers and what is known to say nothing about a person. \
                 If a case cannot be solved without them, give an Organisation Admin the reason: they see the payload unmasked."
            }
        }
        (as_curl(&curl::command(detail), detail.is_masked))
    }
}

/// The bytes themselves, without a line break that was not sent: these were signed.
fn as_sent(detail: &Detail, body: &[u8]) -> Markup {
    let name = if detail.is_masked { "As sent, masked" } else { "As sent" };
    html! {
        details #as-sent class="small no-print" {
            summary { (name) }
            figure.code {
                figcaption {
                    strong { (name) }
                    @if detail.is_masked { " these are not the bytes that were signed" } @else { " the bytes that were signed" }
                    span.end { (code::copy("payload as sent")) }
                }
                pre.wrap #sent tabindex="0" role="region" aria-label=(name) { (code::text(body)) }
            }
        }
    }
}

/// The command that *Copy as cURL* copies; without script it is copied by hand.
fn as_curl(command: &str, is_masked: bool) -> Markup {
    let caption = if is_masked {
        "personal data is masked: do not send this to a live receiver"
    } else {
        "key and signatures are masked: put your own in"
    };
    html! {
        details #as-curl class="small no-print" {
            summary { "As a cURL command" }
            figure.code {
                figcaption { strong { "cURL" } " " (caption) span.end { (code::copy("cURL command")) } }
                pre.wrap #curl tabindex="0" role="region" aria-label="cURL command" { (command) }
            }
        }
    }
}

/// The signed text, the method, and the secrets there are now.
pub fn signature(detail: &Detail, viewer: &Viewer) -> Markup {
    let secrets: Vec<&str> = detail
        .credentials
        .iter()
        .filter(|(kind, _)| *kind == CredentialKind::Secret)
        .map(|(_, end)| end.as_str())
        .collect();
    let sent = detail.attempts.iter().find(|attempt| attempt.request.is_some());
    let signed = sent.filter(|attempt| {
        attempt.request.as_ref().is_some_and(|request| request.headers.get("webhook-signature").is_some())
    });
    if signed.is_none() && (sent.is_some() || secrets.is_empty()) {
        return html! {
            p.soft {
                @if sent.is_some() { "The last try was not signed" } @else { "It is not signed" }
                ": the webhook had no secret."
            }
        };
    }
    let start: String =
        detail.body.as_deref().map(String::from_utf8_lossy).unwrap_or_default().chars().take(SIGNED_START).collect();
    html! {
        dl.facts {
            (row("Signed text", html! {
                code.id {
                    @match signed { Some(attempt) => (attempt.started_at.timestamp()), None => "{time of the try}" }
                    "." (start) "…"
                }
                " " span.soft { "time, dot, body" }
            }))
            (row("Method", html! { "HMAC-SHA256, the whole secret as key" }))
            @if viewer.role.may(Permission::ViewHooks) {
                (row("Secrets", html! {
                    @if detail.hook.state == HookState::Deleted {
                        span.soft { "ended with the webhook" }
                    } @else if secrets.is_empty() {
                        span.soft { "none now: signing has been turned off since" }
                    } @else {
                        @for (at, end) in secrets.iter().enumerate() { @if at > 0 { ", " } "ends in " code { (end) } }
                    }
                }))
            }
        }
    }
}

fn row(name: &str, value: Markup) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::logs::sample;

    #[test]
    fn the_payload_is_the_frozen_body_as_text_with_its_size() {
        let mut detail = sample::detail();
        let page = figure(&detail).into_string();
        assert!(
            page.contains("application/json, 47 bytes")
                && page.contains("O&#39;&lt;script&gt;") | page.contains("O'&lt;script&gt;"),
            "{page}"
        );
        assert!(!page.contains("data masked"));
        detail.is_masked = true;
        assert!(
            page.contains("as sent\"")
                && page.contains("<pre class=\"wrap\" id=\"sent\"")
                && page.contains("/payload\""),
            "{page}"
        );
        assert!(page.contains("key and signatures are masked: put your own in"), "{page}");
        let masked = figure(&detail).into_string();
        assert!(masked.contains("masked for Support") && masked.contains("not the bytes that were signed"), "{masked}");
        assert!(masked.contains("personal data is masked: do not send this to a live receiver"), "{masked}");
        detail.body = Some(vec![b'1'; MAX_SHOWN + 1]);
        let long = figure(&detail).into_string();
        assert!(!long.contains("id=\"sent\"") && long.contains("/payload\""), "{long}");
        detail.body = None;
        assert!(figure(&detail).into_string().contains("no longer kept"));
    }

    #[test]
    fn the_signed_text_is_shown_where_there_was_a_signature() {
        let mut detail = sample::detail();
        let admin = sample::viewer(Role::Admin);
        assert!(signature(&detail, &admin).into_string().contains("was not signed"));
        let request = detail.attempts[0].request.as_mut().expect("a request");
        request.headers.push("Webhook-Signature", "v1,••••••••");
        let page = signature(&detail, &admin).into_string();
        assert!(
            page.contains("1795182133.{&quot;id&quot;:&quot;evt_1&quot;") && page.contains("ends in <code>3f9K</code>"),
            "{page}"
        );
        assert!(!signature(&detail, &sample::viewer(Role::Recruiter)).into_string().contains("3f9K"));
        detail.attempts.clear();
        assert!(signature(&detail, &admin).into_string().contains("{time of the try}"));
    }
}
