//! The tries of a delivery as evidence: when, how long each step took, as sent and as received (B6).

use std::borrow::Cow;
use std::time::Duration;

use actix_web::http::StatusCode;

use super::charset::in_utf8;
use super::detail::Detail;
use super::words;
use crate::domain::attempt::{Attempt, ErrorClass, Proof, Request, Response, Trigger};
use crate::domain::header_lines::HeaderLines;
use crate::domain::mask;
use crate::domain::rotation::Side;
use crate::web::prelude::*;
use crate::web::time;

/// How many tries are read at the most.
const SHOWN: usize = 100;

/// Every try, newest first.
pub fn list(detail: &Detail, time: LocalTime) -> Markup {
    html! {
        @if detail.attempts.is_empty() {
            p.soft { "There has been no try yet." }
        } @else {
            ol.tries reversed {
                @for (at, (attempt, number)) in detail.attempts.iter().zip(numbers(detail)).enumerate() {
                    (one(detail, attempt, number, at == 0, time))
                }
            }
            @if detail.attempts.len() == SHOWN { p.small.soft { "Earlier tries are not shown." } }
        }
    }
}

/// Which try each attempt belongs to, newest first, counted as everywhere: one with the other secret belongs to the one before
/// it.
fn numbers(detail: &Detail) -> impl Iterator<Item = u32> {
    let mut number = detail.delivery.tries.counted();
    detail.attempts.iter().map(move |attempt| {
        let its = number;
        if !matches!(attempt.trigger, Trigger::Rotation(_)) {
            number = number.saturating_sub(1);
        }
        its
    })
}

fn one(detail: &Detail, attempt: &Attempt, number: u32, is_open: bool, time: LocalTime) -> Markup {
    let outcome = &attempt.outcome;
    let (colour, sign) = match (outcome.is_success(), outcome.status) {
        (true, _) => ("ok", "ok"),
        (false, Some(_)) => ("bad", "bad"),
        (false, None) => ("warn", "off"),
    };
    let other = if matches!(attempt.trigger, Trigger::Rotation(_)) { ", other secret" } else { "" };
    let name = format!("of try {number}{other}");
    html! {
        li class=(colour) {
            (icon(sign))
            details id={ "try-" (attempt.number) } open[is_open] {
                summary {
                    strong { "Try " (number) (other) ": " (status_words(outcome.status)) } " "
                    span.soft {
                        (words::clock_or_day(attempt.started_at, time)) ", " (duration(attempt)) ", " (cause(detail, attempt))
                        @if let (None, Some(class)) = (outcome.status, outcome.class) { ", " (class.as_str()) }
                    }
                }
                div.stack {
                    (split(attempt))
                    p.small.soft { (steps(attempt)) }
                    (proof(&attempt.proof))
                    @if let Some(words) = &outcome.detail { p.small { (words) } }
                    div.pair {
                        @match &attempt.request {
                            Some(request) => (request_figure(detail, attempt, request, &name)),
                            None => p.small.soft { "It never came to sending a request." },
                        }
                        @if let Some(response) = &attempt.response { (response_figure(detail, response, &name)) }
                    }
                }
            }
        }
    }
}

/// `401 Unauthorized`, or that there was no answer.
fn status_words(status: Option<u16>) -> String {
    status.map_or_else(|| "no answer".into(), |status| format!("{status} {}", reason(status)).trim_end().to_owned())
}

fn reason(status: u16) -> &'static str {
    StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default()
}

/// `202 ms`, or for a try without an answer what happened after how long.
fn duration(attempt: &Attempt) -> String {
    let total = time::span(attempt.timings.total);
    match (attempt.outcome.status, attempt.outcome.class) {
        (None, Some(class)) => format!("{} after {total}", class.brief()),
        _ => total,
    }
}

fn cause(detail: &Detail, attempt: &Attempt) -> Markup {
    let prompt = attempt.started_at - detail.delivery.created_at < chrono::TimeDelta::seconds(1);
    html! {
        @match attempt.trigger {
            Trigger::Automatic if attempt.number == 1 => { @if prompt { "at once" } @else { "first" } },
            Trigger::Automatic => "automatic",
            Trigger::Manual => {
                "manual"
                @if let Some(who) = detail.retried_by(attempt.started_at) { ", " bdi { (who) } }
            },
            Trigger::Rotation(Side::New) => "rotation, with the new one",
            Trigger::Rotation(Side::Old) => "rotation, with the old one",
        }
    }
}

/// Which key and secret it carried where there is room for one.
fn proof(proof: &Proof) -> Markup {
    let each = [("secret", &proof.secret), ("key", &proof.key)];
    let carried = || each.iter().filter_map(|(name, end)| end.as_ref().map(|end| (*name, end)));
    html! {
        @if carried().next().is_some() {
            p.small.soft {
                "signed with the "
                @for (at, (name, end)) in carried().enumerate() { @if at > 0 { " and the " } (name) " ending in " code { (end) } }
            }
        }
    }
}

/// Whether the try went over a connection of an earlier one.
fn is_reused(attempt: &Attempt) -> bool {
    let made = attempt.timings.dns.is_some() || attempt.timings.connect.is_some();
    let connected = matches!(
        attempt.outcome.class,
        Some(
            ErrorClass::ResponseTimeout
                | ErrorClass::ConnectionReset
                | ErrorClass::ProtocolError
                | ErrorClass::ResponseTooLarge
        )
    );
    !made && (attempt.outcome.status.is_some() || connected)
}

/// Where the time went, in words.
pub(in crate::web) fn steps(attempt: &Attempt) -> String {
    let timings = &attempt.timings;
    let mut steps = Vec::new();
    if is_reused(attempt) {
        steps.push("connection reused".to_owned());
    }
    for (name, step) in
        [("DNS", timings.dns), ("connect with TLS", timings.connect), ("first byte", timings.first_byte)]
    {
        steps.extend(step.map(|step| format!("{name} {}", time::span(step))));
    }
    match (timings.first_byte, attempt.outcome.class) {
        (Some(_), _) => steps.push(format!("rest {}", time::span(rest(attempt)))),
        (None, Some(class)) if !steps.is_empty() => steps.push(format!("then {}", class.brief())),
        _ => {}
    }
    steps.push(format!("total {}", time::span(timings.total)));
    if let Some(remote) = attempt.remote {
        let address = if remote.port() == 443 { remote.ip().to_string() } else { remote.to_string() };
        steps.push(format!("to {address}"));
    }
    steps.join(", ")
}

fn rest(attempt: &Attempt) -> Duration {
    let timings = &attempt.timings;
    let known: Duration = [timings.dns, timings.connect, timings.first_byte].into_iter().flatten().sum();
    timings.total.saturating_sub(known)
}

/// The same as a bar: DNS, connecting, waiting for the first byte, the rest; always four pieces, some of no width.
fn split(attempt: &Attempt) -> Markup {
    let timings = &attempt.timings;
    let pieces = [timings.dns, timings.connect, timings.first_byte, Some(rest(attempt))].map(Option::unwrap_or_default);
    let sum = pieces.iter().sum::<Duration>().as_secs_f64();
    if sum == 0.0 {
        return html! {};
    }
    let rooms = pieces.map(|piece| piece.as_secs_f64() / sum * 400.0);
    let starts = (0..rooms.len()).map(|at| rooms[..at].iter().fold(0.0, |sum, room| sum + room));
    let width = |room: f64| if room > 0.0 { (room - 1.5).max(0.5) } else { 0.0 };
    html! {
        svg.split viewBox="0 0 400 8" preserveAspectRatio="none" aria-hidden="true" {
            @for (start, room) in starts.zip(rooms) {
                rect x=(format!("{start:.1}")) width=(format!("{:.1}", width(room))) height="8" {}
            }
        }
    }
}

fn request_figure(detail: &Detail, attempt: &Attempt, request: &Request, name: &str) -> Markup {
    let never_connected = matches!(
        attempt.outcome.class,
        Some(ErrorClass::DnsFailed | ErrorClass::ConnectRefused | ErrorClass::ConnectTimeout | ErrorClass::TlsFailed)
    );
    let mut text = format!("POST {} HTTP/1.1\n", request.target);
    text.push_str(request.headers.as_str());
    let caption = html! {
        strong { "Request" }
        " " (words::bytes(detail.sent_bytes))
        @if never_connected { ", not sent: there was no connection" }
    };
    code::figure(&format!("Request {name}"), caption, html! { (text.trim_end()) }, true)
}

fn response_figure(detail: &Detail, response: &Response, name: &str) -> Markup {
    let mut text = format!("HTTP/1.1 {}\n", status_words(Some(response.status)));
    if detail.is_masked {
        let masked = response.headers.iter().map(|(name, value)| (name, mask::json::header(name, value)));
        text.push_str(masked.collect::<HeaderLines>().as_str());
    } else {
        text.push_str(response.headers.as_str());
    }
    let body = body(response, detail.is_masked);
    let caption = html! {
        strong { "Response" }
        " " @if response.body_cut { "the first " } (words::bytes(response.body.len()))
        @for note in &body.notes { ", " (note) }
        @if response.headers_cut { ", header lines cut" }
    };
    let content = html! { (legible(text.as_bytes()).trim_end()) @if !body.text.is_empty() { "\n\n" (body.text) } };
    code::figure(&format!("Response {name}"), caption, content, true)
}

/// A body as it is shown, and what must be said about it.
struct ShownBody {
    text: String,
    notes: Vec<Cow<'static, str>>,
}

fn body(response: &Response, is_masked: bool) -> ShownBody {
    let (bytes, charset) = in_utf8(response);
    let bytes = bytes.as_ref();
    let mut notes: Vec<Cow<'static, str>> = Vec::new();
    if response.body_cut {
        notes.push("the rest was not kept".into());
    }
    let encoding =
        response.headers.get("content-encoding").filter(|encoding| !encoding.eq_ignore_ascii_case("identity"));
    match (charset, encoding) {
        (Some(charset), _) => notes.push(format!("read as {charset}").into()),
        (None, Some(encoding)) if !bytes.is_empty() => {
            notes.push(format!("compressed with {encoding}, not unpacked").into());
        }
        _ if !is_text(bytes, response.body_cut) => notes.push("not UTF-8 text".into()),
        _ => {}
    }
    let text = match (is_masked && !bytes.is_empty(), mask::json::answer(bytes)) {
        (false, _) => legible(bytes),
        (true, Some(masked)) => {
            notes.push("personal data masked".into());
            legible(&masked)
        }
        (true, None) => {
            notes.push("hidden for Support".into());
            "The body is not JSON. It may hold personal data, so it is hidden for Support.".into()
        }
    };
    ShownBody { text, notes }
}

/// Whether bytes are UTF-8; a character that was cut in two at the end does not count.
fn is_text(bytes: &[u8], is_cut: bool) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => is_cut && error.error_len().is_none(),
    }
}

/// Bytes as text that a page can hold: what is no character or controls a terminal becomes a replacement sign.
pub fn legible(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attempt::Outcome;
    use crate::web::logs::sample;

    fn page(detail: &Detail) -> String {
        list(detail, sample::time()).into_string()
    }

    #[test]
    fn a_try_shows_its_steps_and_both_messages_as_text() {
        let page = page(&sample::detail());
        for part in [
            "<details id=\"try-4\" open>",
            "Try 4: 401 Unauthorized",
            "202 ms, automatic",
            "DNS 11 ms, connect with TLS 58 ms, first byte 131 ms, rest 2 ms, total 202 ms, to 203.0.113.41",
            "POST /hooks?tenant=acme HTTP/1.1\nHost: hris.example",
            "v1=••••••••",
            "<strong>Request</strong> 47 bytes",
            "HTTP/1.1 401 Unauthorized\ncontent-type: text/plain\n\n&lt;b&gt;no key&lt;/b",
            "<rect x=\"0.0\"",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
    }

    #[test]
    fn the_extra_try_of_a_rotation_says_so_and_each_which_secret_it_carried() {
        let mut detail = sample::detail();
        detail.attempts[0].trigger = Trigger::Rotation(Side::New);
        detail.attempts[0].proof = Proof { secret: Some("new1".into()), key: Some("key1".into()) };
        let page = page(&detail);
        assert!(page.contains("202 ms, rotation, with the new one"), "{page}");
        assert!(page.contains("Try 4, other secret: 401 Unauthorized"), "{page}");
        let carried = "signed with the secret ending in <code>new1</code> and the key ending in <code>key1</code>";
        assert!(page.contains(carried), "{page}");
        detail.attempts[0].proof = Proof::default();
        assert!(!super::list(&detail, sample::time()).into_string().contains("signed with the"));
    }

    #[test]
    fn a_try_without_an_answer_says_how_far_it_came() {
        let mut detail = sample::detail();
        let attempt = &mut detail.attempts[0];
        attempt.outcome = Outcome::failed(ErrorClass::ConnectionReset, "the connection broke & was gone");
        attempt.response = None;
        attempt.timings.first_byte = None;
        attempt.timings.total = Duration::from_millis(74);
        let shown = page(&detail);
        assert!(shown.contains("Try 4: no answer"), "{shown}");
        assert!(shown.contains("connection broke after 74 ms, automatic, connection_reset"), "{shown}");
        assert!(shown.contains("DNS 11 ms, connect with TLS 58 ms, then connection broke, total 74 ms"), "{shown}");
        assert!(shown.contains("broke &amp; was gone"), "{shown}");
        detail.attempts[0].outcome = Outcome::failed(ErrorClass::BlockedAddress, "10.0.0.1 is private");
        detail.attempts[0].request = None;
        assert!(page(&detail).contains("It never came to sending a request."));
        detail.attempts.clear();
        assert!(page(&detail).contains("There has been no try yet."));
    }

    #[test]
    fn a_reused_connection_is_said_to_be_one() {
        let mut detail = sample::detail();
        detail.attempts[0].timings.dns = None;
        detail.attempts[0].timings.connect = None;
        let page = page(&detail);
        assert!(page.contains("connection reused, first byte 131 ms, rest 71 ms, total 202 ms"), "{page}");
    }

    #[test]
    fn a_binary_body_is_shown_with_replacement_signs_and_said_to_be_none() {
        let mut detail = sample::detail();
        let response = detail.attempts[0].response.as_mut().expect("an answer");
        response.body = b"\x00\xff<script>\x1b[31m".to_vec();
        let shown = page(&detail);
        assert!(
            shown.contains("\u{fffd}\u{fffd}&lt;script&gt;\u{fffd}[31m") && shown.contains("not UTF-8 text"),
            "{shown}"
        );
        assert!(is_text("é".as_bytes().split_at(1).0, true) && !is_text(b"\xff", true));
    }

    #[test]
    fn support_sees_json_answers_masked_and_others_not_at_all() {
        let mut detail = sample::detail();
        detail.is_masked = true;
        assert!(page(&detail).contains("hidden for Support") && !page(&detail).contains("no key"));
        let response = detail.attempts[0].response.as_mut().expect("an answer");
        response.body = br#"{"email":"a@b.example","code":7}"#.to_vec();
        response.headers.push("X-Saved-As", "anna@mail.example");
        let shown = page(&detail);
        assert!(
            shown.contains("personal data masked") && shown.contains("&quot;code&quot;:7") && !shown.contains("a@b"),
            "{shown}"
        );
        assert!(shown.contains("X-Saved-As: ") && !shown.contains("anna@mail"), "{shown}");
        detail.is_masked = false;
        assert!(page(&detail).contains("X-Saved-As: anna@mail.example"));
    }
}
