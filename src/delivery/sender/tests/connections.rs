//! How connections come about, break, are reused and are refused.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::BoxFuture;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio::io::AsyncWriteExt;

use super::receiver::{NAME, Receiver};
use super::*;
use crate::delivery::guard::{Checked, Resolver};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A listener that notices whether anyone came.
fn untouched() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.set_nonblocking(true).expect("a socket");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

#[track_caller]
fn assert_untouched(listener: &TcpListener) {
    let kind = listener.accept().map(|_| ()).map_err(|error| error.kind());
    assert_eq!(kind, Err(std::io::ErrorKind::WouldBlock));
}

fn allowing(list: &str, resolver: impl Resolver) -> Guard {
    Guard::new(list.parse().expect("a list"), resolver)
}

#[tokio::test]
async fn a_port_where_nothing_listens_refuses() {
    // Bound and not listening: nobody else can take the port meanwhile.
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port");
    let address = socket.local_addr().expect("an address");
    let sender = sender_with(allowing("127.0.0.1", nowhere), &[]);
    let sent = sender.send(order(&format!("{address}/in?token=hush"))).await;
    assert_failed(&sent, ErrorClass::ConnectRefused);
    assert_eq!((sent.remote, sent.timings.connect), (None, None));
    assert!(sent.request.is_some());
}

#[tokio::test]
async fn an_untrusted_certificate_fails_and_nothing_is_sent() {
    let mut receiver = Receiver::answering(OK).await;
    let sender = sender_with(allowing("127.0.0.1", nowhere), &[]);
    let sent = sender.send(order(&receiver.url())).await;
    assert_failed(&sent, ErrorClass::TlsFailed);
    assert_eq!(
        sent.outcome.detail.as_deref(),
        Some("the certificate is signed by itself and by no authority, and HIREWIRE_EXTRA_CA does not hold it")
    );
    assert!(receiver.is_without_request());
}

/// As `openssl req -x509` makes it: a server's own certificate that calls itself an authority.
fn authority_for(names: &[&str]) -> CertificateParams {
    let names = names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let mut params = CertificateParams::new(names).expect("names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

async fn certified(params: CertificateParams) -> Receiver {
    Receiver::certified(params, |mut talk| async move { while talk.hear().await && talk.say(OK.as_bytes()).await {} })
        .await
}

#[tokio::test]
async fn a_certificate_that_the_operator_names_itself_is_accepted_for_its_names_and_time() {
    let receiver = certified(authority_for(&["127.0.0.1"])).await;
    assert_answered(&send(&receiver).await, 200);
    let stranger = sender_with(allowing("127.0.0.1", nowhere), &[]).send(order(&receiver.url())).await;
    assert!(stranger.outcome.detail.expect("why").contains("HIREWIRE_EXTRA_CA does not hold it"));

    let other = certified(authority_for(&["receiver.acme.com", "in.acme.com"])).await;
    let sent = send(&other).await;
    assert_failed(&sent, ErrorClass::TlsFailed);
    let told = sent.outcome.detail.expect("why");
    assert_eq!(told, "the certificate is not for 127.0.0.1: it is for receiver.acme.com and in.acme.com");

    let mut expired = authority_for(&["127.0.0.1"]);
    (expired.not_before, expired.not_after) = (date_time_ymd(2019, 1, 1), date_time_ymd(2020, 2, 29));
    let sent = send(&certified(expired).await).await;
    assert_failed(&sent, ErrorClass::TlsFailed);
    assert_eq!(sent.outcome.detail.as_deref(), Some("the certificate expired on 29 February 2020 at 00:00 UTC"));
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_says_which_one() {
    let (key, own) = (KeyPair::generate().expect("a key"), KeyPair::generate().expect("a key"));
    let mut authority = authority_for(&[]);
    authority.distinguished_name.push(DnType::CommonName, "Acme Internal CA");
    let issuer = Issuer::new(authority, key);
    let signed = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("names").signed_by(&own, &issuer);
    let receiver = Receiver::with_certificate(signed.expect("a certificate").der().clone(), &own).await;
    let sent = sender_with(allowing("127.0.0.1", nowhere), &[]).send(order(&receiver.url())).await;
    assert_failed(&sent, ErrorClass::TlsFailed);
    let told = sent.outcome.detail.expect("why");
    assert!(
        told.starts_with("the certificate is signed by “Acme Internal CA”, which the receiver did not send along"),
        "{told}"
    );
}

#[tokio::test]
async fn a_certificate_for_another_name_fails() {
    let receiver = Receiver::answering(OK).await;
    let sender = sender_with(allowing("other.acme.com", loopback), receiver.trust());
    let sent = sender.send(order(&format!("other.acme.com:{}", receiver.address.port()))).await;
    assert_failed(&sent, ErrorClass::TlsFailed);
    let told = sent.outcome.detail.expect("why");
    assert!(told.starts_with("the certificate is not for other.acme.com: it is for ") && told.contains(NAME), "{told}");
}

#[tokio::test]
async fn a_server_without_tls_fails_as_tls() {
    for speaks in [true, false] {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            while let Ok((mut tcp, _)) = listener.accept().await {
                if speaks {
                    let _ = tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
                }
            }
        });
        let sent = sender_with(allowing("127.0.0.1", nowhere), &[]).send(order(&address.to_string())).await;
        assert_failed(&sent, ErrorClass::TlsFailed);
        let told =
            if speaks { "that port does not speak TLS" } else { "the receiver hung up during the TLS handshake" };
        assert_eq!(sent.outcome.detail.as_deref(), Some(told));
    }
}

#[tokio::test]
async fn a_handshake_that_is_never_answered_is_no_connection_in_time() {
    // The backlog takes the connection; nobody ever speaks.
    let (_listener, address) = untouched();
    let sender = sender_with(allowing("127.0.0.1", nowhere), &[]);
    let sent = sender.send(order_within(&address.to_string(), SHORT)).await;
    assert_failed(&sent, ErrorClass::ConnectTimeout);
    assert!(sent.timings.total >= SHORT && sent.timings.total < AMPLE / 2);
}

#[tokio::test]
async fn a_connection_that_breaks_before_or_in_the_headers_is_a_reset() {
    for (start, clean) in [("", false), ("", true), ("HTTP/1.1 200 OK\r\nX-Half", false), ("HTTP/1.1 200", true)] {
        let receiver = Receiver::that(move |mut talk| async move {
            talk.hear().await;
            talk.say(start.as_bytes()).await;
            if !clean {
                talk.reset();
            }
        })
        .await;
        let sent = send(&receiver).await;
        assert_failed(&sent, ErrorClass::ConnectionReset);
        assert_eq!(sent.remote, Some(receiver.address), "{start}");
    }
}

#[tokio::test]
async fn a_connection_is_used_again_and_the_timings_say_so() {
    let long = format!("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{}", "x".repeat(100_000));
    for answer in [OK, &long] {
        let receiver = Receiver::answering(answer).await;
        let sender = sender(&receiver);
        let first = sender.send(order(&receiver.url())).await;
        assert!(first.timings.connect.is_some());
        // A connection comes back to the pool a moment after its answer was read.
        let mut sent = 1;
        let again = loop {
            tokio::task::yield_now().await;
            let again = sender.send(order(&receiver.url())).await;
            assert!(again.outcome.is_success());
            sent += 1;
            if again.timings.connect.is_none() || sent > 50 {
                break again;
            }
        };
        assert_eq!((again.timings.dns, again.timings.connect), (None, None));
        assert_eq!(again.remote, Some(receiver.address));
        assert!(again.timings.first_byte.is_some() && receiver.accepted() < sent);
    }
}

#[tokio::test]
async fn a_receiver_that_hangs_up_after_each_answer_is_called_anew() {
    let receiver = Receiver::that(|mut talk| async move {
        talk.hear().await;
        talk.say(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").await;
    })
    .await;
    let sender = sender(&receiver);
    for tries in 1..=3 {
        let sent = sender.send(order(&receiver.url())).await;
        assert!(sent.outcome.is_success() && sent.timings.connect.is_some());
        assert_eq!(receiver.accepted(), tries);
    }
}

#[tokio::test]
async fn whoever_tries_once_takes_no_connection_that_may_have_died() {
    // As a balancer does that has forgotten a connection: the second request on it is lost.
    let receiver = Receiver::that(|mut talk| async move {
        talk.hear().await;
        talk.say(OK.as_bytes()).await;
        talk.hear().await;
    })
    .await;
    let sender = sender(&receiver);
    for tries in 1..=3 {
        let sent = sender.send(Order { reuses: false, ..order(&receiver.url()) }).await;
        assert!(sent.outcome.is_success() && sent.timings.connect.is_some(), "{:?}", sent.outcome);
        assert_eq!(receiver.accepted(), tries);
    }
    assert!(sender.send(order(&receiver.url())).await.outcome.is_success());
    let lost = sender.send(order(&receiver.url())).await;
    assert_failed(&lost, ErrorClass::ConnectionReset);
}

#[tokio::test]
async fn a_literal_address_that_is_not_public_is_never_connected_to() {
    let (listener, address) = untouched();
    let sender = sender_with(allowing("10.0.0.0/8", nowhere), &[]);
    let sent = sender.send(order(&address.to_string())).await;
    assert_failed(&sent, ErrorClass::BlockedAddress);
    assert_eq!(sent.outcome.detail.as_deref(), Some("127.0.0.1 is a loopback address"));
    assert_eq!((sent.request, sent.remote), (None, None));
    assert_untouched(&listener);
}

#[tokio::test]
async fn a_name_that_turns_private_after_it_was_saved_is_blocked_at_the_next_try() {
    let (listener, address) = untouched();
    let asked = AtomicUsize::new(0);
    let rebinding = move |_: &str| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => Ok(vec![IpAddr::from([93, 184, 216, 34])]),
        _ => Ok(vec![IpAddr::from(Ipv4Addr::LOCALHOST)]),
    };
    let guard = Arc::new(allowing("", rebinding));
    let order = order(&format!("{NAME}:{}/in?token=hush", address.port()));
    assert_eq!(guard.check(&order.url).await, Ok(Checked::Resolved));
    let sent = Sender::new(guard, &[]).expect("a sender").send(order).await;
    assert_failed(&sent, ErrorClass::DnsFailed);
    let sentence = "receiver.acme.com does not lead to a public address";
    assert_eq!((sent.outcome.detail.as_deref(), sent.remote), (Some(sentence), None));
    assert_untouched(&listener);
}

#[tokio::test]
async fn each_connection_asks_the_name_once_and_takes_that_answer() {
    let receiver = Receiver::answering(OK).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    // Were there a second lookup between judging and connecting, it would lead to a port where nothing listens.
    let resolver = move |_: &str| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Ok(vec![IpAddr::from([127, 0, 0, 1])]),
        _ => Ok(vec![IpAddr::from([127, 0, 0, 2])]),
    };
    let sender = sender_with(allowing("127.0.0.1", resolver), receiver.trust());
    let sent = sender.send(order(&format!("{NAME}:{}", receiver.address.port()))).await;
    assert!(sent.outcome.is_success(), "{:?}", sent.outcome);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_allowed_name_is_called_on_its_port_alone() {
    let mut receiver = Receiver::answering(OK).await;
    let port = receiver.address.port();
    let guard = allowing(&format!("{NAME}:{port}"), loopback);
    let sender = sender_with(guard, receiver.trust());
    let sent = sender.send(order(&format!("{NAME}:{port}"))).await;
    assert!(sent.outcome.is_success(), "{:?}", sent.outcome);
    assert_eq!(sent.remote, Some(receiver.address));
    assert!(sent.timings.dns.is_some() && sent.timings.connect.is_some());
    assert!(receiver.request().await.head.contains(&format!("\r\nHost: {NAME}:{port}\r\n")));
    assert_failed(&sender.send(order(NAME)).await, ErrorClass::DnsFailed);
}

#[tokio::test]
async fn a_name_without_address_and_a_silent_name_server_are_dns_failures() {
    struct Silent;
    impl Resolver for Silent {
        fn lookup(&self, _: &str) -> BoxFuture<'static, Result<Vec<IpAddr>, LookupError>> {
            Box::pin(std::future::pending())
        }
    }
    let sent = sender_with(allowing("", nowhere), &[]).send(order("hooks.acme.com/?token=hush")).await;
    assert_failed(&sent, ErrorClass::DnsFailed);
    assert_eq!(sent.outcome.detail.as_deref(), Some("hooks.acme.com does not lead to a public address"));
    let sent = sender_with(allowing("", Silent), &[]).send(order_within("hooks.acme.com", SHORT)).await;
    assert_failed(&sent, ErrorClass::DnsFailed);
}

#[tokio::test]
async fn one_of_many_at_once_does_not_lend_its_timings_to_another() {
    let receiver = Receiver::answering(OK).await;
    let sender = sender(&receiver);
    let tries = (0..40).map(|_| sender.send(order(&receiver.url())));
    for sent in futures_util::future::join_all(tries).await {
        assert!(sent.outcome.is_success());
        assert!(sent.timings.connect.unwrap_or_default() <= sent.timings.total);
        assert!(sent.timings.first_byte.unwrap_or_default() <= sent.timings.total);
    }
}

/// Answers once so many requests have come; counts the connections that the client has closed.
async fn patient(wanted: usize) -> (Receiver, Arc<AtomicUsize>) {
    let (heard, closed) = (tokio::sync::watch::Sender::new(0_usize), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&closed);
    let receiver = Receiver::that(move |mut talk| {
        let (heard, count) = (heard.clone(), Arc::clone(&count));
        async move {
            while talk.hear().await {
                heard.send_modify(|heard| *heard += 1);
                let _ = heard.subscribe().wait_for(|heard: &usize| heard.is_multiple_of(wanted)).await;
                talk.say(OK.as_bytes()).await;
            }
            count.fetch_add(1, Ordering::SeqCst);
        }
    })
    .await;
    (receiver, closed)
}

#[tokio::test]
async fn a_hundred_hooks_on_one_host_share_its_connections_without_a_new_handshake() {
    let (receiver, _) = patient(100).await;
    let sender = sender(&receiver);
    let round = async || {
        let before = receiver.accepted();
        let tries = (0..100).map(|_| sender.send(order(&receiver.url())));
        for sent in futures_util::future::join_all(tries).await {
            assert!(sent.outcome.is_success(), "{:?}", sent.outcome);
        }
        receiver.accepted() - before
    };
    assert_eq!(round().await, 100);
    // A connection comes back to the pool a moment after its answer was read.
    for _ in 0..20 {
        if round().await == 0 {
            return;
        }
    }
    panic!("there are new handshakes in every round: {}", receiver.accepted());
}

#[tokio::test]
async fn more_idle_connections_than_there_is_room_for_are_closed_at_once() {
    let (receiver, closed) = patient(3).await;
    let sender = sender(&receiver).opening_at_most(2);
    let tries = (0..3).map(|_| sender.send(order(&receiver.url())));
    for sent in futures_util::future::join_all(tries).await {
        assert!(sent.outcome.is_success(), "{:?}", sent.outcome);
    }
    let all_closed = async {
        while closed.load(Ordering::SeqCst) < receiver.accepted() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    // By themselves they would end after four seconds.
    tokio::time::timeout(Duration::from_secs(3), all_closed).await.expect("they are closed");
}

#[tokio::test]
async fn connections_that_a_receiver_closes_itself_take_no_room() {
    let closing = Receiver::that(|mut talk| async move {
        talk.hear().await;
        talk.say(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").await;
    })
    .await;
    let sender = sender(&closing).opening_at_most(1);
    let pool = sender.pools.current();
    for _ in 0..5 {
        assert!(sender.send(order(&closing.url())).await.outcome.is_success());
    }
    assert!(Arc::ptr_eq(&pool, &sender.pools.current()), "the idle connections of others were closed for nothing");
}
