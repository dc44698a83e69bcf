//! Receivers that mean harm: each try ends by its deadline in one class, takes little, and holds up nobody else.

use std::pin::pin;

use futures_util::future::{Either, join_all, select};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::receiver::{Talk, certificate};
use super::*;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
/// More than is read of any answer, the buffers of the two sockets included.
const BOUND: usize = 16 * 1024 * 1024;

/// A receiver that says this and then pours that; and how much was taken of it, once the client hangs up.
async fn pouring(start: &'static str, flood: Vec<u8>) -> (Receiver, mpsc::UnboundedReceiver<usize>) {
    let (told, poured) = mpsc::unbounded_channel();
    let receiver = Receiver::that(move |mut talk: Talk| {
        let (told, flood) = (told.clone(), flood.clone());
        async move {
            talk.hear().await;
            talk.say(start.as_bytes()).await;
            // The test may have ended.
            let _ = told.send(talk.pour(&flood).await);
        }
    })
    .await;
    (receiver, poured)
}

#[tokio::test]
async fn little_is_taken_of_an_endless_body_however_it_is_framed() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let big_chunk = [b"10000\r\n".to_vec(), vec![b'x'; 65_536], b"\r\n".to_vec()].concat();
    for (start, flood) in [
        ("HTTP/1.1 200 OK\r\n\r\n", vec![b'x'; 65_536]),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", vec![b'x'; 65_536]),
        ("HTTP/1.0 200 OK\r\n\r\n", vec![b'x'; 65_536]),
        (chunked, big_chunk),
        (chunked, b"1\r\nx\r\n".repeat(10_000)),
        ("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", bomb()),
    ] {
        let (receiver, mut poured) = pouring(start, flood).await;
        let sent = send(&receiver).await;
        let answer = assert_answered(&sent, 200);
        assert_eq!((answer.body.len(), answer.body_cut), (65_536, true), "{start}");
        assert!(sent.outcome.is_success() && sent.timings.total < AMPLE / 2, "{start}");
        let poured = poured.recv().await.expect("the receiver runs");
        assert!(poured < BOUND, "{poured} bytes after {start}");
    }
}

#[tokio::test]
async fn little_is_taken_of_what_stands_around_the_bytes_of_a_chunked_body() {
    let extension = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=";
    let trailer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Trailer: ";
    for start in [extension, trailer] {
        let (receiver, mut poured) = pouring(start, vec![b'x'; 65_536]).await;
        let sent = send(&receiver).await;
        assert!(assert_answered(&sent, 200).body_cut && sent.outcome.is_success(), "{start}");
        assert_eq!(sent.outcome.detail.as_deref(), Some("the answer's body is not well-formed HTTP"), "{start}");
        assert!(poured.recv().await.expect("the receiver runs") < BOUND, "{start}");
    }
}

#[tokio::test]
async fn of_16_mib_of_headers_less_is_taken_and_they_are_too_large() {
    let line = format!("X-Line: {}\r\n", "v".repeat(4_000)).into_bytes();
    for (start, flood) in [
        ("HTTP/1.1 200 OK\r\n", line),
        ("HTTP/1.1 200 OK\r\n", b"a:\r\n".repeat(10_000)),
        ("HTTP/1.1 200 OK\r\nX-Long: ", vec![b'x'; 65_536]),
        ("HTTP/1.1 200 ", vec![b'x'; 65_536]),
    ] {
        let (receiver, mut poured) = pouring(start, flood).await;
        assert_failed(&send(&receiver).await, ErrorClass::ResponseTooLarge);
        let poured = poured.recv().await.expect("the receiver runs");
        assert!(poured < BOUND, "{poured} bytes after {start}");
    }
}

#[tokio::test]
async fn interim_answers_without_end_are_no_answer_in_time_and_a_few_of_them_are_skipped() {
    const INTERIM: &[u8] = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n";
    let receiver = Receiver::that(|mut talk| async move {
        talk.hear().await;
        while talk.say(&INTERIM.repeat(100)).await {}
    })
    .await;
    let sent = send_within(&receiver, SHORT).await;
    assert_failed(&sent, ErrorClass::ResponseTimeout);
    assert!(sent.timings.total < AMPLE / 2);

    let some = [b"HTTP/1.1 100 Continue\r\n\r\n".repeat(50), INTERIM.repeat(50), OK.into()].concat();
    let sent = send(&Receiver::answering(some).await).await;
    assert_eq!(assert_answered(&sent, 200).body, b"ok");
}

#[tokio::test]
async fn a_flood_stops_when_its_try_ends() {
    let (hung_up, mut ended) = mpsc::unbounded_channel();
    let receiver = Receiver::that(move |mut talk| {
        let hung_up = hung_up.clone();
        async move {
            talk.hear().await;
            while talk.say(&b"HTTP/1.1 102 Processing\r\n\r\n".repeat(100)).await {}
            let _ = hung_up.send(());
        }
    })
    .await;
    assert_failed(&send_within(&receiver, SHORT).await, ErrorClass::ResponseTimeout);
    tokio::time::timeout(AMPLE, ended.recv()).await.expect("the connection is closed");
}

#[tokio::test]
async fn a_switch_of_protocols_is_no_acknowledgement() {
    let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    let sent = send(&Receiver::answering(answer).await).await;
    assert_answered(&sent, 101);
    assert_eq!(sent.outcome.class, Some(ErrorClass::ServerError));
}

#[tokio::test]
async fn chunks_that_are_none_do_not_undo_what_the_status_line_said() {
    for (chunks, detail) in [
        ("zz\r\nok\r\n", "the answer's body is not well-formed HTTP"),
        ("-1\r\nok\r\n", "the answer's body is not well-formed HTTP"),
        ("fffffffffffffffff\r\nok\r\n", "the answer's body is not well-formed HTTP"),
        ("2\r\nokay\r\n0\r\n\r\n", "the answer's body is not well-formed HTTP"),
        ("2\r\nok\r\n", "the connection broke within the answer's body"),
        ("9\r\nok", "the connection broke within the answer's body"),
    ] {
        for (status, class) in [(200, None), (500, Some(ErrorClass::ServerError))] {
            let answer = format!("HTTP/1.1 {status} Told\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
            let receiver = Receiver::that(move |mut talk| {
                let answer = answer.clone();
                async move {
                    talk.hear().await;
                    talk.say(answer.as_bytes()).await;
                }
            })
            .await;
            let sender = sender(&receiver);
            for _ in 0..2 {
                let sent = sender.send(order(&receiver.url())).await;
                assert!(assert_answered(&sent, status).body_cut, "{chunks:?}");
                assert_eq!((sent.outcome.class, sent.outcome.detail.as_deref()), (class, Some(detail)), "{chunks:?}");
                assert!(sent.timings.total < AMPLE / 2, "{chunks:?}");
            }
        }
    }
}

#[tokio::test]
async fn an_answer_that_contradicts_itself_about_its_length_is_no_http() {
    for lines in [
        "HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    ] {
        assert_failed(&send(&Receiver::answering(lines).await).await, ErrorClass::ProtocolError);
    }
}

#[tokio::test]
async fn an_http_1_0_answer_ends_with_its_connection_and_counts() {
    let receiver = Receiver::that(|mut talk| async move {
        talk.hear().await;
        talk.say(b"HTTP/1.0 200 OK\r\n\r\nold but fine").await;
        talk.close().await;
    })
    .await;
    let sender = sender(&receiver);
    for connections in 1..=2 {
        let sent = sender.send(order(&receiver.url())).await;
        let answer = assert_answered(&sent, 200);
        assert_eq!((answer.body.as_slice(), answer.body_cut), (&b"old but fine"[..], false));
        assert_eq!((sent.outcome.detail, receiver.accepted()), (None, connections));
    }
}

#[tokio::test]
async fn a_reset_after_the_answer_harms_neither_it_nor_the_next_try() {
    let (gone, mut resets) = mpsc::unbounded_channel();
    let receiver = Receiver::that(move |mut talk| {
        let gone = gone.clone();
        async move {
            talk.hear().await;
            talk.say(OK.as_bytes()).await;
            talk.reset();
            let _ = gone.send(());
        }
    })
    .await;
    let sender = sender(&receiver);
    for connections in 1..=5 {
        let sent = sender.send(order(&receiver.url())).await;
        assert_eq!((&assert_answered(&sent, 200).body[..], &sent.outcome.detail), (&b"ok"[..], &None));
        assert_eq!(receiver.accepted(), connections);
        resets.recv().await.expect("the receiver runs");
    }
}

#[tokio::test]
async fn an_answer_that_nobody_asked_for_belongs_to_no_try() {
    let both = format!("{OK}HTTP/1.1 500 Nobody asked\r\nContent-Length: 0\r\n\r\n");
    let receiver = Receiver::answering(both).await;
    let sender = sender(&receiver);
    for _ in 0..5 {
        assert_answered(&sender.send(order(&receiver.url())).await, 200);
    }
}

/// A receiver below TLS.
async fn raw<F, Fut>(behave: F) -> String
where
    F: Fn(TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let url = format!("{}/in?token=hush", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            tokio::spawn(behave(tcp));
        }
    });
    url
}

fn trusting_nobody() -> Sender {
    sender_with(Guard::new("127.0.0.1".parse().expect("a list"), nowhere), &[])
}

#[tokio::test]
async fn a_connection_that_is_reset_before_or_in_the_handshake_fails_as_tls() {
    for hears in [false, true] {
        let url = raw(move |mut tcp| async move {
            if hears {
                let _ = tcp.read(&mut [0; 64]).await;
            }
            tcp.set_zero_linger().expect("a socket");
        })
        .await;
        assert_failed(&trusting_nobody().send(order(&url)).await, ErrorClass::TlsFailed);
    }
}

#[tokio::test]
async fn a_handshake_that_stalls_or_drips_is_no_connection_in_time() {
    // The start of a record that announces 16 KiB.
    let header = [22, 3, 3, 0x40, 0];
    for drips in [false, true] {
        let url = raw(move |mut tcp| async move {
            let _ = tcp.read(&mut [0; 4_096]).await;
            let _ = tcp.write_all(&header).await;
            let mut pace = tokio::time::interval(Duration::from_millis(5));
            while drips && tcp.write_all(&[2]).await.is_ok() {
                pace.tick().await;
            }
            let _ = tcp.read(&mut [0; 64]).await;
        })
        .await;
        let sent = trusting_nobody().send(order_within(&url, SHORT)).await;
        assert_failed(&sent, ErrorClass::ConnectTimeout);
        assert!(sent.timings.total >= SHORT && sent.timings.total < AMPLE / 2);
    }
}

#[tokio::test]
async fn a_certificate_that_is_expired_not_valid_yet_or_of_another_name_fails_and_nothing_is_sent() {
    let years = |from, to| {
        let mut params = certificate();
        (params.not_before, params.not_after) = (rcgen::date_time_ymd(from, 1, 1), rcgen::date_time_ymd(to, 1, 1));
        params
    };
    let another = rcgen::CertificateParams::new(["other.acme.com".to_owned()]).expect("a name");
    for (params, why) in [
        (years(2019, 2020), "expired on 1 January 2020"),
        (years(2090, 2091), "not valid before 1 January 2090"),
        (another, "it is for other.acme.com"),
    ] {
        let mut receiver = Receiver::certified(params, |mut talk| async move {
            talk.hear().await;
            talk.say(OK.as_bytes()).await;
        })
        .await;
        let sent = send(&receiver).await;
        assert_failed(&sent, ErrorClass::TlsFailed);
        let detail = sent.outcome.detail.unwrap_or_default();
        assert!(detail.contains(why) && receiver.is_without_request(), "{why}: {detail}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_are_served_while_hostile_ones_flood_drip_and_say_nothing() {
    let flooding = Receiver::that(|mut talk| async move {
        talk.hear().await;
        while talk.say(&b"HTTP/1.1 102 Processing\r\n\r\n".repeat(100)).await {}
    })
    .await;
    let dripping = Receiver::that(|mut talk| async move {
        talk.hear().await;
        talk.say(b"HTTP/1.1 200 OK\r\nX-Slow: ").await;
        talk.drip(b'x').await;
    })
    .await;
    let silent = Receiver::that(|mut talk| async move { talk.fall_silent().await }).await;
    let healthy = Receiver::answering(OK).await;
    let all = [&flooding, &dripping, &silent, &healthy];
    let trusted: Vec<_> = all.into_iter().flat_map(|one| one.trust().to_vec()).collect();
    let sender = sender_with(Guard::new("127.0.0.1".parse().expect("a list"), nowhere), &trusted);
    let hostile = [vec![&flooding], vec![&dripping; 16], vec![&silent; 16]].concat();
    let hostile = hostile.into_iter().map(|one| sender.send(order(&one.url())));
    let served = async {
        while [&flooding, &dripping, &silent].iter().any(|one| one.accepted() == 0) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        for _ in 0..20 {
            assert!(sender.send(order(&healthy.url())).await.outcome.is_success());
        }
    };
    let (hostile, served) = (pin!(join_all(hostile)), pin!(served));
    assert!(matches!(select(hostile, served).await, Either::Right(_)), "the healthy one waited for the others");
}

/// A gzip stream that grows to hundreds of times its size: zeros, each 258 of them thirteen bits.
fn bomb() -> Vec<u8> {
    let mut stream = b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec();
    // A last block of fixed codes (1, 01), a zero, and then over and over "258 bytes from one byte back".
    let again = [1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0];
    let zero = [0, 0, 1, 1, 0, 0, 0, 0];
    let bits = [1, 1, 0].into_iter().chain(zero).chain(std::iter::repeat_n(again, 40_000).flatten());
    let bits: Vec<u8> = bits.collect();
    stream.extend(bits.chunks(8).map(|eight| eight.iter().rev().fold(0, |byte, bit| byte << 1 | bit)));
    stream
}
