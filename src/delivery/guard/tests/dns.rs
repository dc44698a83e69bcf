//! Against a name server of the test's own: what it answers is what is judged, each time anew.

use super::*;
use crate::delivery::guard::resolver::tests::asking;

/// A name server that answers each question with the next of its answers, and goes on with the last.
async fn answering(script: &'static [&'static [&'static str]]) -> SystemResolver {
    let socket = tokio::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a socket");
    let address = socket.local_addr().expect("its address");
    tokio::spawn(async move {
        let (mut packet, mut asked) = ([0; 512], [0, 0]);
        while let Ok((length, from)) = socket.recv_from(&mut packet).await {
            let question = question(&packet[..length]);
            let v6 = question[question.len() - 3] == 28;
            let turn: &mut usize = &mut asked[usize::from(v6)];
            let now = script[(*turn).min(script.len() - 1)];
            *turn += 1;
            let answer = answer(question, now.iter().map(|ip| ip.parse().expect("an address")), v6);
            // Nobody waits for it any more, perhaps.
            let _ = socket.send_to(&answer, from).await;
        }
    });
    asking(address, Duration::from_secs(20))
}

/// Header and question of a packet, without what follows.
fn question(packet: &[u8]) -> &[u8] {
    let mut at = 12;
    while packet[at] != 0 {
        at += 1 + usize::from(packet[at]);
    }
    &packet[..at + 5]
}

/// The addresses of one kind, not to be kept for a second.
fn answer(question: &[u8], addresses: impl Iterator<Item = IpAddr>, v6: bool) -> Vec<u8> {
    let mut packet = question.to_vec();
    // An answer, recursion available, no error; one question, and nothing after the answers.
    packet[2] |= 0x80;
    packet[3] = 0x80;
    packet[4..12].copy_from_slice(&[0, 1, 0, 0, 0, 0, 0, 0]);
    for ip in addresses.filter(|ip| ip.is_ipv6() == v6) {
        packet[7] += 1;
        packet.extend([0xc0, 12, 0, if v6 { 28 } else { 1 }, 0, 1, 0, 0, 0, 0]);
        match ip {
            IpAddr::V4(ip) => packet.extend([&[0, 4][..], &ip.octets()].concat()),
            IpAddr::V6(ip) => packet.extend([&[0, 16][..], &ip.octets()].concat()),
        }
    }
    packet
}

#[tokio::test]
async fn a_name_server_that_answers_differently_the_second_time_gains_nothing() {
    for turned in [&["127.0.0.1"][..], &["93.184.216.34", "10.0.0.7"], &["::ffff:127.0.0.1"], &["fd00:ec2::254"]] {
        let script: &'static [&'static [&'static str]] = Box::leak(Box::new([&["93.184.216.34"][..], turned]));
        let guard = Guard::new(AllowList::default(), answering(script).await);
        assert_eq!(check(&guard, "hooks.acme.com").await, Ok(Checked::Resolved));
        let answer = guard.resolve("hooks.acme.com", 443).await;
        assert!(matches!(answer, Err(ResolveError::Nowhere(_))), "{turned:?}: {answer:?}");
        assert_eq!(check(&guard, "hooks.acme.com").await, Ok(Checked::Unresolved), "{turned:?}");
    }
}

#[tokio::test]
async fn addresses_of_both_kinds_are_vetted() {
    let both: &[&str] = &["93.184.216.34", "2606:4700::6810:84e5"];
    let mut guard = Guard::new(AllowList::default(), answering(Box::leak(Box::new([both]))).await);
    guard.routes = |addresses| vec![true; addresses.len()];
    let expected = vec![
        SocketAddr::from((Ipv4Addr::new(93, 184, 216, 34), 443)),
        SocketAddr::from((Ipv6Addr::new(0x2606, 0x4700, 0, 0, 0, 0, 0x6810, 0x84e5), 443)),
    ];
    assert_eq!(guard.resolve("hooks.acme.com", 443).await, Ok(expected));
    for one in [&["93.184.216.34", "fe80::1"][..], &["192.168.1.1", "2606:4700::6810:84e5"]] {
        let guard = Guard::new(AllowList::default(), answering(Box::leak(Box::new([one]))).await);
        assert_eq!(check(&guard, "hooks.acme.com").await, Ok(Checked::Unresolved), "{one:?}");
    }
}

#[tokio::test]
async fn a_name_server_that_knows_no_address_leaves_the_name_unresolved() {
    let guard = Guard::new(AllowList::default(), answering(&[&[]]).await);
    assert_eq!(check(&guard, "hooks.acme.com").await, Ok(Checked::Unresolved));
}
