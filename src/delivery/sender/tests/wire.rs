//! What goes out, byte for byte.

use super::receiver::Receiver;
use super::*;
use crate::domain::secret::{DOTS, Plain};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[tokio::test]
async fn the_request_is_that_of_the_contract_in_title_case() {
    let mut receiver = Receiver::answering(OK).await;
    let order = order(&receiver.url());
    let event_id = order.event_id.clone();
    let sent = sender(&receiver).send(order).await;
    let came = receiver.request().await;
    let head = format!(
        "POST /in?token=hush HTTP/1.1\r\n\
         Host: {}\r\n\
         Content-Type: application/json\r\n\
         Content-Length: 14\r\n\
         User-Agent: Hirewire/{}\r\n\
         Accept: */*\r\n\
         X-Webhook-Event: webhook.test\r\n\
         X-Webhook-Timestamp: 2026-11-20T09:30:00Z\r\n\
         Webhook-Id: {event_id}\r\n\
         Webhook-Timestamp: 1795168800\r\n\r\n",
        receiver.address,
        env!("CARGO_PKG_VERSION"),
    );
    assert_eq!(came.head, head);
    assert_eq!(came.body, BODY);
    assert!(sent.outcome.is_success());
}

#[tokio::test]
async fn what_is_kept_of_the_request_is_what_went_out_without_key_and_signatures() {
    let mut receiver = Receiver::answering(OK).await;
    let secrets = ["whsec_bmV3ZXI", "whsec_b2xkZXI"].map(|text| Signer::new(&Plain::new(text.into()))).to_vec();
    let key = Plain::new("whk_opensesame".into());
    let order = Order { key: Some(key), secrets: Secrets { live: secrets, preferred: 1 }, ..order(&receiver.url()) };
    let sent = sender(&receiver).send(order).await;
    let came = receiver.request().await;
    let kept = sent.request.expect("a request");
    assert_eq!(kept.target, "/in?token=hush");
    let wire: Vec<_> = came.lines().into_iter().map(|(name, _)| name).collect();
    let names: Vec<_> = kept.headers.iter().map(|(name, _)| name).collect();
    assert_eq!(names, wire);
    assert_eq!(
        names[6..],
        [
            "X-Webhook-Timestamp",
            "X-Webhook-Key",
            "Webhook-Id",
            "Webhook-Timestamp",
            "X-Talentsprout-Signature",
            "X-Webhook-Signature",
            "X-Hub-Signature-256",
            "Webhook-Signature",
        ]
    );
    for ((name, value), (_, shown)) in came.lines().into_iter().zip(kept.headers.iter()) {
        let proof = name == "X-Webhook-Key" || name.contains("Signature");
        assert_eq!(shown.contains(DOTS), proof, "{name}");
        assert_eq!(shown == value, !proof, "{name}");
    }
    assert!(came.head.contains("\r\nX-Webhook-Key: whk_opensesame\r\n"));
}

#[tokio::test]
async fn a_body_of_any_size_has_a_length_and_is_never_chunked() {
    let mut receiver = Receiver::answering(OK).await;
    let body = Bytes::from(vec![b'x'; 1_000_000]);
    let sent = sender(&receiver).send(Order { body: body.clone(), ..order(&receiver.url()) }).await;
    let came = receiver.request().await;
    assert!(sent.outcome.is_success());
    assert!(came.body == body);
    let lower = came.head.to_ascii_lowercase();
    for unwanted in ["transfer-encoding", "accept-encoding", "expect", "cookie", "referer", "connection"] {
        assert!(!lower.contains(&format!("\r\n{unwanted}:")), "{unwanted}");
    }
}

#[tokio::test]
async fn a_key_that_no_header_can_hold_is_our_own_fault() {
    let receiver = Receiver::answering(OK).await;
    let key = Some(Plain::new("whk_\n".into()));
    let sent = sender(&receiver).send(Order { key, ..order(&receiver.url()) }).await;
    assert_eq!(sent.fault, Some(crate::delivery::sender::Fault::Request));
    assert_eq!((sent.request, receiver.accepted()), (None, 0));
}
