//! What is let through, by name, by address and by what names lead to.

mod dns;

use std::net::{Ipv4Addr, Ipv6Addr};

use futures_util::FutureExt as _;
use ipnet::IpNet;
use proptest::prelude::*;

use super::*;
use crate::domain::address::{self, tests::within};

fn guard(allow: &str, answer: &'static [&'static str]) -> Guard {
    let resolver = move |_: &str| match answer {
        [] => Err(LookupError::NoAddress("the name does not exist".into())),
        some => Ok(some.iter().map(|ip| ip.parse().expect("an address")).collect()),
    };
    Guard::new(allow.parse().expect("a list"), resolver)
}

fn nobody(_: &str) -> Result<Vec<IpAddr>, LookupError> {
    panic!("a resolver was asked")
}

async fn check(guard: &Guard, url: &str) -> Result<Checked, String> {
    let url = HookUrl::parse(url).expect("an address of a hook");
    guard.check(&url).await.map_err(|blocked| blocked.to_string())
}

#[tokio::test]
async fn literals_and_special_names_are_refused_with_a_sentence() {
    let guard = guard("", &["93.184.216.34"]);
    for (url, sentence) in [
        ("127.0.0.1", "127.0.0.1 is a loopback address"),
        ("0x7f.1", "127.0.0.1 is a loopback address"),
        ("[fd00::1]:8443", "fd00::1 is a private address"),
        ("printer.local", "printer.local is a name reserved for private or special use"),
        ("localhost:3000", "localhost is this machine's own name"),
        ("metadata.goog", "metadata.goog is a cloud platform's internal name"),
        ("168.63.129.16", "168.63.129.16 is a cloud platform's internal address"),
        ("[::ffff:10.0.0.1]", "::ffff:10.0.0.1 is a private address"),
        ("[64:ff9b::7f00:1]", "64:ff9b::7f00:1 is a loopback address"),
        ("127.0.0.1..", "127.0.0.1.. is no host name: a part of it is empty"),
    ] {
        assert_eq!(check(&guard, url).await, Err(sentence.to_owned()));
    }
    assert_eq!(check(&guard, "hooks.acme.com").await, Ok(Checked::Resolved));
    assert_eq!(check(&guard, "8.8.8.8").await, Ok(Checked::Resolved));
}

#[tokio::test]
async fn a_port_of_another_protocol_is_called_only_where_the_operator_says_so() {
    for (at, port) in [("hooks.acme.com:25", 25), ("8.8.8.8:6667", 6667), ("[2606:4700::1111]:6000", 6000)] {
        let told = format!("port {port} belongs to another protocol than HTTP");
        assert_eq!(check(&guard("", &["93.184.216.34"]), at).await, Err(told));
        let allowing = guard("", &["93.184.216.34"]).with_ports(vec![port]);
        assert_eq!(check(&allowing, at).await, Ok(Checked::Resolved), "{at}");
    }
    assert_eq!(check(&guard("10.0.0.7", &["10.0.0.7"]), "hooks.acme.com:25").await, Ok(Checked::Resolved));
    assert_eq!(check(&guard("", &["93.184.216.34"]), "hooks.acme.com:8443").await, Ok(Checked::Resolved));
}

/// What a name that leads nowhere is told as, and what the operator alone is told of it.
async fn nowhere(guard: &Guard, port: u16) -> (String, String) {
    match guard.resolve("hooks.acme.com", port).await {
        Err(ResolveError::Nowhere(nowhere)) => (nowhere.to_string(), nowhere.detail().to_owned()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn one_private_address_among_public_ones_refuses_the_name() {
    let (told, detail) = nowhere(&guard("", &["93.184.216.34", "10.0.0.7"]), 443).await;
    assert_eq!(told, "hooks.acme.com does not lead to a public address");
    assert_eq!(detail, "hooks.acme.com leads to 10.0.0.7, a private address");
}

/// A resolver that knows an internal name at once, and of any other after a while that it does not exist.
struct Inside;

impl Resolver for Inside {
    fn lookup(&self, name: &str) -> futures_util::future::BoxFuture<'static, Result<Vec<IpAddr>, LookupError>> {
        let is_known = name.starts_with("wiki.");
        Box::pin(async move {
            if is_known {
                return Ok(vec![IpAddr::from([10, 0, 0, 7])]);
            }
            tokio::time::sleep(Duration::from_millis(40)).await;
            Err(LookupError::NoAddress("the name does not exist".into()))
        })
    }
}

#[tokio::test]
async fn an_internal_name_is_told_as_a_missing_one_and_as_late() {
    let pause = Duration::from_millis(150);
    let guard = Guard::new(AllowList::default(), Inside).pausing(pause);
    let mut told = Vec::new();
    for name in ["wiki.acme.com", "none.acme.com"] {
        let began = Instant::now();
        let saved = check(&guard, name).await;
        assert!(began.elapsed() >= pause, "{name} is told after {:?}", began.elapsed());
        let began = Instant::now();
        let tried = guard.resolve(name, 443).await.expect_err(name).to_string();
        assert!(began.elapsed() >= pause, "{name} is told after {:?}", began.elapsed());
        told.push((saved, tried.replace(name, "NAME")));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0].0, Ok(Checked::Unresolved));
}

#[tokio::test]
async fn without_a_route_for_ipv6_only_the_ipv4_addresses_are_connected_to() {
    let mut guard = guard("", &["93.184.216.34", "2606:4700::6810:84e5"]);
    guard.routes = |addresses| addresses.iter().map(IpAddr::is_ipv4).collect();
    let only = vec![SocketAddr::from(([93, 184, 216, 34], 443))];
    assert_eq!(guard.resolve("hooks.acme.com", 443).await, Ok(only));
}

#[tokio::test]
async fn a_name_that_does_not_resolve_may_be_saved() {
    assert_eq!(check(&guard("", &[]), "hooks.acme.com").await, Ok(Checked::Unresolved));
}

#[tokio::test]
async fn a_name_server_that_never_answers_holds_saving_no_longer_than_the_deadline() {
    struct Silent;
    impl Resolver for Silent {
        fn lookup(&self, _: &str) -> futures_util::future::BoxFuture<'static, Result<Vec<IpAddr>, LookupError>> {
            Box::pin(std::future::pending())
        }
    }
    let guard = Guard::new(AllowList::default(), Silent);
    let url = HookUrl::parse("hooks.acme.com").expect("an address of a hook");
    assert_eq!(guard.check_within(&url, Duration::from_millis(5)).await, Ok(Checked::Unresolved));
}

#[tokio::test]
async fn the_allow_list_lets_through_by_network_and_by_name() {
    let by_network = guard("10.0.0.0/8:8443", &["10.0.0.7"]);
    assert_eq!(check(&by_network, "hooks.acme.com:8443").await, Ok(Checked::Resolved));
    assert_eq!(check(&by_network, "hooks.acme.com").await, Ok(Checked::Unresolved));
    let by_name = guard("ats.internal", &["10.0.0.7"]);
    assert_eq!(check(&by_name, "ats.internal").await, Ok(Checked::Resolved));
    assert!(check(&by_name, "other.internal").await.is_err());
    assert_eq!(check(&by_name, "hooks.acme.com").await, Ok(Checked::Unresolved));
    assert!(check(&by_name, "10.0.0.7").await.is_err());
}

#[tokio::test]
async fn a_private_address_in_an_ipv6_disguise_refuses_the_name() {
    for disguised in ["::ffff:10.0.0.7", "::10.0.0.7", "64:ff9b::a00:7", "64:ff9b:1::a00:7", "2002:a00:7::1", "fd00::7"]
    {
        let resolver = move |_: &str| Ok(vec![disguised.parse().expect("an address")]);
        let guard = Guard::new("10.0.0.0/8".parse().expect("a list"), resolver);
        let (_, detail) = nowhere(&guard, 443).await;
        let ip: IpAddr = disguised.parse().expect("an address");
        let kind = address::refusal(ip).expect("a refused one");
        assert_eq!(detail, format!("hooks.acme.com leads to {ip}, {kind}"));
    }
}

#[tokio::test]
async fn a_stored_address_whose_host_cannot_exist_is_refused_without_asking_anyone() {
    let guard = Guard::new(AllowList::default(), nobody);
    let answer = guard.resolve("acme..com", 443).await;
    assert!(matches!(answer, Err(ResolveError::Blocked(_))), "{answer:?}");
}

fn any_address() -> impl Strategy<Value = IpAddr> {
    let v4 = any::<u32>().prop_map(|bits| IpAddr::from(Ipv4Addr::from(bits)));
    let v6 = any::<u128>().prop_map(|bits| IpAddr::from(Ipv6Addr::from((bits >> 3) | (1 << 125))));
    let refused =
        prop::sample::select(vec!["10.0.0.7", "127.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:8.8.8.8"]);
    prop_oneof![v4, v6, refused.prop_map(|text| text.parse().expect("an address"))]
}

fn any_network() -> impl Strategy<Value = IpNet> {
    (any_address(), any::<prop::sample::Index>()).prop_map(|(ip, prefix)| {
        let longest = if ip.is_ipv4() { 32 } else { 128 };
        IpNet::new(ip, prefix.index(longest + 1) as u8).expect("a prefix that fits").trunc()
    })
}

proptest! {
    #[test]
    fn an_allowed_network_lets_exactly_its_own_through(
        net in any_network(), elsewhere in any_address(), bits: u128, port in 1u16.., other in 1u16.., with_port: bool,
    ) {
        let bracketed = |net: IpNet| if net.addr().is_ipv6() { format!("[{net}]") } else { net.to_string() };
        let entry = if with_port { format!("{}:{port}", bracketed(net)) } else { net.to_string() };
        let guard = Guard::new(entry.parse().expect("a list"), nobody);
        let own = within(net, bits);
        for ip in [own, elsewhere, net.network(), net.broadcast()] {
            for at in [port, other] {
                let allowed = net.contains(&ip) && (!with_port || at == port);
                let expected = allowed || address::refusal(ip).is_none() && !is_bad_port(at);
                prop_assert_eq!(guard.judge_address(ip, at).is_ok(), expected, "{} at {} by {}", ip, at, &entry);
            }
        }
    }

    #[test]
    fn a_name_is_let_through_exactly_when_all_its_addresses_are_and_to_those_alone(
        addresses in prop::collection::vec(any_address(), 1..6), port in 1u16..,
    ) {
        let answer = addresses.clone();
        let mut guard = Guard::new(AllowList::default(), move |_: &str| Ok(answer.clone()));
        guard.routes = |addresses| vec![true; addresses.len()];
        let expected = match addresses.iter().all(|ip| address::refusal(*ip).is_none()) && !is_bad_port(port) {
            true => Some(addresses.iter().map(|ip| SocketAddr::new(*ip, port)).collect()),
            false => None,
        };
        let resolved = guard.resolve("hooks.acme.com", port).now_or_never().expect("an answer at once");
        prop_assert_eq!(resolved.ok(), expected);
    }

    #[test]
    fn saving_testing_and_sending_judge_a_literal_alike(ip in any_address(), port in 1u16..) {
        let guard = Guard::new(AllowList::default(), nobody);
        let host = if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() };
        let url = HookUrl::parse(&format!("{host}:{port}")).expect("an address of a hook");
        let saved = guard.check(&url).now_or_never().expect("an answer at once").map(|_| ());
        prop_assert_eq!(&saved, &guard.judge_url(&url));
        prop_assert_eq!(&saved, &guard.judge_address(ip, port));
        prop_assert_eq!(saved.is_err(), address::refusal(ip).is_some() || is_bad_port(port));
    }
}
