//! What comes back: well-formed, endless, broken, hostile.

use super::receiver::Receiver;
use super::*;

#[tokio::test]
async fn the_status_line_alone_decides() {
    use ErrorClass::*;
    for (line, status, class) in [
        ("200 OK", 200, None),
        ("299", 299, None),
        ("204 No Content", 204, None),
        ("304 Not Modified", 304, Some(RedirectRefused)),
        ("404 Not Found", 404, Some(ClientError)),
        ("410 Gone", 410, Some(ClientError)),
        ("503 Service Unavailable", 503, Some(ServerError)),
        ("799 Odd", 799, Some(ServerError)),
    ] {
        let receiver = Receiver::answering(format!("HTTP/1.1 {line}\r\nContent-Length: 0\r\n\r\n")).await;
        let sent = send(&receiver).await;
        assert_answered(&sent, status);
        assert_eq!((sent.outcome.class, sent.remote), (class, Some(receiver.address)), "{line}");
    }
}

#[tokio::test]
async fn an_answer_is_kept_with_its_headers() {
    let receiver = Receiver::answering(
        "HTTP/1.0 202 Accepted\r\nX-One: 1\r\nX-Caf\u{e9}: no\r\nX-Two: caf\u{e9}\r\nContent-Length: 5\r\n\r\nhello",
    )
    .await;
    let sent = send(&receiver).await;
    let answer = assert_answered(&sent, 202);
    let lines: Vec<_> = answer.headers.iter().collect();
    assert_eq!(lines, [("x-one", "1"), ("x-two", "café"), ("content-length", "5")]);
    assert_eq!((answer.body.as_slice(), answer.body_cut, answer.headers_cut), (&b"hello"[..], false, false));
    assert!(sent.timings.dns.is_none() && sent.timings.connect.is_some() && sent.timings.first_byte.is_some());
    assert!(sent.timings.total >= sent.timings.connect.unwrap_or_default());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Receiver::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let location = format!("https://{}/", elsewhere.address);
    let receiver =
        Receiver::answering(format!("HTTP/1.1 307 Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")).await;
    let sent = send(&receiver).await;
    assert_eq!(sent.outcome.class, Some(ErrorClass::RedirectRefused));
    assert_eq!(elsewhere.accepted(), 0);
}

#[tokio::test]
async fn compressed_bytes_are_kept_as_they_came() {
    let mut answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\n".to_vec();
    answer.extend(b"\x1f\x8b\x08\0\0\0\0\0\0\x03bo");
    let sent = send(&Receiver::answering(answer).await).await;
    assert_eq!(assert_answered(&sent, 200).body, b"\x1f\x8b\x08\0\0\0\0\0\0\x03bo");
}

#[tokio::test]
async fn a_long_body_is_cut_at_64_kib() {
    for (size, cut) in [(65_536, false), (65_537, true), (300_000, true), (50_000_000, true)] {
        let receiver = Receiver::that(move |mut talk| async move {
            talk.hear().await;
            talk.say(format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n").as_bytes()).await;
            talk.say(&vec![b'x'; size]).await;
        })
        .await;
        let sent = send(&receiver).await;
        let answer = assert_answered(&sent, 200);
        assert_eq!((answer.body.len(), answer.body_cut), (65_536, cut), "{size}");
        assert_eq!((sent.outcome.class, sent.outcome.detail), (None, None));
    }
}

#[tokio::test]
async fn an_endless_body_is_cut_long_before_the_deadline() {
    let receiver = Receiver::that(|mut talk| async move {
        talk.hear().await;
        talk.say(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while talk.say(&[b'x'; 8_192]).await {}
    })
    .await;
    let sent = send(&receiver).await;
    let answer = assert_answered(&sent, 200);
    assert_eq!((answer.body.len(), answer.body_cut), (65_536, true));
    assert!(sent.outcome.is_success() && sent.timings.total < AMPLE / 2);
}

#[tokio::test]
async fn a_body_that_drips_past_the_deadline_does_not_undo_a_success() {
    let receiver = Receiver::that(|mut talk| async move {
        talk.hear().await;
        talk.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n").await;
        talk.drip(b'x').await;
    })
    .await;
    let sent = send_within(&receiver, SHORT).await;
    assert!(assert_answered(&sent, 200).body_cut && sent.outcome.is_success());
    assert!(sent.outcome.detail.is_some_and(|detail| detail.contains("deadline")));
    assert!(sent.timings.total >= SHORT && sent.timings.total < AMPLE / 2);
}

#[tokio::test]
async fn a_body_that_breaks_does_not_undo_a_success() {
    let receiver = Receiver::that(|mut talk| async move {
        talk.hear().await;
        talk.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").await;
        talk.reset();
    })
    .await;
    let sent = send(&receiver).await;
    assert!(assert_answered(&sent, 200).body_cut && sent.outcome.is_success());
    assert!(sent.outcome.detail.is_some_and(|detail| detail.contains("broke")));
}

#[tokio::test]
async fn headers_that_drip_past_the_deadline_are_no_answer() {
    let receiver = Receiver::that(|mut talk| async move {
        talk.hear().await;
        talk.say(b"HTTP/1.1 200 OK\r\nX-Slow: ").await;
        talk.drip(b'x').await;
    })
    .await;
    let sent = send_within(&receiver, SHORT).await;
    assert_failed(&sent, ErrorClass::ResponseTimeout);
    assert_eq!(sent.remote, Some(receiver.address));
}

#[tokio::test]
async fn no_answer_is_a_timeout_after_the_request() {
    let receiver = Receiver::that(|mut talk| async move { talk.fall_silent().await }).await;
    let sent = send_within(&receiver, SHORT).await;
    assert_failed(&sent, ErrorClass::ResponseTimeout);
    assert_eq!(sent.outcome.detail.as_deref(), Some("no complete answer headers within 250 ms"));
    assert!(sent.request.is_some() && sent.timings.connect.is_some());
}

#[tokio::test]
async fn many_headers_are_cut_at_16_kib_and_the_answer_counts() {
    let mut answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n".to_owned();
    for line in 0..200 {
        answer += &format!("X-Line-{line}: {}\r\n", "v".repeat(200));
    }
    let sent = send(&Receiver::answering(answer + "\r\n").await).await;
    let kept = assert_answered(&sent, 200);
    let bytes: usize = kept.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    assert!(kept.headers_cut && bytes <= 16 * 1024 && bytes > 15 * 1024, "{bytes}");
}

#[tokio::test]
async fn headers_beyond_measure_are_refused() {
    let receiver = Receiver::that(|mut talk| async move {
        talk.hear().await;
        talk.say(b"HTTP/1.1 200 OK\r\n").await;
        while talk.say(format!("X-Line: {}\r\n", "v".repeat(4_000)).as_bytes()).await {}
    })
    .await;
    assert_failed(&send(&receiver).await, ErrorClass::ResponseTooLarge);
}

#[tokio::test]
async fn what_is_not_http_is_a_protocol_error() {
    for garbage in
        ["SSH-2.0-OpenSSH_9.6\r\n\r\n", "{\"ok\":true}\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 abc\r\n\r\n"]
    {
        let sent = send(&Receiver::answering(garbage).await).await;
        assert_failed(&sent, ErrorClass::ProtocolError);
    }
}

#[tokio::test]
async fn retry_after_counts_from_the_end_of_the_try() {
    for (value, pause) in
        [("120", Some(120)), ("99999999999", Some(86_400)), ("Fri, 20 Nov 2026 10:00:10 GMT", Some(9)), ("soon", None)]
    {
        let answer = format!("HTTP/1.1 503 Busy\r\nRetry-After: {value}\r\nContent-Length: 0\r\n\r\n");
        let sent = send(&Receiver::answering(answer).await).await;
        let got = sent.outcome.retry_after.map(|pause| pause.as_secs());
        // The date lies 9.25 s after the order's start; the try takes its part of that.
        assert!(got == pause || (pause == Some(9) && got < pause), "{value}: {got:?}");
    }
}
