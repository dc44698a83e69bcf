//! Judged against the registries, written down a second time as networks.

use ipnet::IpNet;
use proptest::prelude::*;

use super::*;

/// The special-purpose address registries of IANA, multicast, and the clouds' own. Of IPv6 nothing but `2000::/3` and the
/// well-known prefix of NAT64 is public besides.
const REFUSED: [&str; 35] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/96",
    "::ffff:0:0/96",
    "::ffff:0:0:0/96",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "2620:4f:8000::/48",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
];

fn networks() -> Vec<IpNet> {
    REFUSED.iter().map(|text| text.parse().expect("a network")).collect()
}

fn refused(text: &str) -> bool {
    refusal(text.parse().expect("an address")).is_some()
}

/// Every way an IPv4 address hides in an IPv6 one.
fn embedded(v4: Ipv4Addr) -> [Ipv6Addr; 8] {
    let bits = u32::from(v4);
    let [high, low] = [(bits >> 16) as u16, bits as u16];
    [
        v4.to_ipv6_mapped(),
        Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
        Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, low),
        Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
        Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, high, low),
        // The form of RFC 6052 for a prefix of 48 bits.
        Ipv6Addr::new(0x64, 0xff9b, 1, high, low >> 8, low << 8, 0, 0),
        Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
        Ipv6Addr::new(0x2001, 0, 0x4136, 0xe378, 0x8000, 0x63bf, !high, !low),
    ]
}

#[test]
fn every_special_purpose_form_is_refused() {
    for text in [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.100.100.200",
        "192.0.0.192",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "192.0.2.1",
        "203.0.113.9",
        "168.63.129.16",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::127.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b::168.63.129.16",
        "64:ff9b:1::1",
        "2002:7f00:1::1",
        "2001:0:1:2:3:4:80ff:fffe",
        "fe80::1",
        "fe80::a9fe:a9fe",
        "fc00::1",
        "fd12::1",
        "ff02::1",
        "2001:db8::1",
        "100::1",
        "fec0::1",
        "4000::1",
        "fd00:ec2::254",
        "2a02:1:2:3:0:5efe:127.0.0.1",
        "2a02:1:2:3:200:5efe:10.0.0.7",
        "2a02:1:2:3:0:5efe:8.8.8.8",
    ] {
        assert!(refused(text), "{text} must be refused");
    }
}

#[test]
fn public_addresses_pass() {
    for text in [
        "1.1.1.1",
        "8.8.8.8",
        "168.63.129.15",
        "172.32.0.1",
        "100.128.0.1",
        "192.0.1.1",
        "223.255.255.255",
        "2001:200::1",
        "2606:4700::1111",
        "64:ff9b::808:808",
        "2a00:1450::1",
        "3ffe:ffff::1",
    ] {
        assert!(!refused(text), "{text} must pass");
    }
}

#[test]
fn both_ends_of_every_refused_network_are_refused_and_its_neighbours_are_judged_by_themselves() {
    for net in &networks() {
        assert!(refusal(net.network()).is_some() && refusal(net.broadcast()).is_some(), "{net}");
        for beside in neighbours(net) {
            assert_eq!(refusal(beside).is_some(), registered(beside), "{beside} beside {net}");
        }
    }
}

fn neighbours(net: &IpNet) -> Vec<IpAddr> {
    match net {
        IpNet::V4(net) => {
            let (first, last) = (u32::from(net.network()), u32::from(net.broadcast()));
            let ends = [first.checked_sub(1), last.checked_add(1)];
            ends.into_iter().flatten().map(|bits| Ipv4Addr::from(bits).into()).collect()
        }
        IpNet::V6(net) => {
            let (first, last) = (u128::from(net.network()), u128::from(net.broadcast()));
            let ends = [first.checked_sub(1), last.checked_add(1)];
            ends.into_iter().flatten().map(|bits| Ipv6Addr::from(bits).into()).collect()
        }
    }
}

/// What the registries say of an address.
fn registered(ip: IpAddr) -> bool {
    let IpAddr::V6(v6) = ip else { return networks().iter().any(|net| net.contains(&ip)) };
    let [nat64, public] = ["64:ff9b::/96", "2000::/3"].map(|text| text.parse::<IpNet>().expect("a network"));
    if nat64.contains(&ip) {
        return registered(Ipv4Addr::from(u128::from(v6) as u32).into());
    }
    !public.contains(&ip) || networks().iter().any(|net| net.contains(&ip))
}

#[test]
fn special_names_and_single_labels_are_refused() {
    for name in [
        "localhost",
        "localhost.localdomain",
        "localhost6.localdomain6",
        "localhost4.localdomain4",
        "db",
        "printer.local",
        "x.internal",
        "metadata.google.internal",
        "metadata.goog",
        "metadata.tencentyun.com.",
        "nas.home.arpa",
        "home.arpa",
        "router.lan",
        "a.test",
        "hooks.example",
        "nobody.invalid",
        "abc.onion",
        "abc.alt",
        "1.0.0.127.in-addr.arpa",
        "A.LOCALHOST.",
    ] {
        assert!(name_refusal(name).is_some(), "{name}");
    }
    for name in ["hooks.acme.com", "hooks.acme.com.", "mylocal.dev", "internal.acme.com", "notmetadata.goog", "test.de"]
    {
        assert_eq!(name_refusal(name), None, "{name}");
    }
}

#[test]
fn what_no_dns_can_hold_is_no_host_name() {
    let (long, longer) = ("a".repeat(63), "a".repeat(64));
    let (most, more) = ([long.as_str(); 4].join(".")[..253].to_owned(), ["a.b"; 64].join("."));
    assert!(more.len() > 253);
    for sound in ["acme.com", "acme.com.", "a-b.acme.com", "db_1.acme.com", "xn--bcher-kva.de", "1password.com", "db"] {
        assert_eq!(name_flaw(sound), None, "{sound}");
    }
    assert_eq!((name_flaw(&format!("{long}.de")), name_flaw(&most)), (None, None));
    let empty = Some("a part of it is empty");
    for flawed in ["127.0.0.1..", "acme..com", ".acme.com", "..", ""] {
        assert_eq!(name_flaw(flawed), empty, "{flawed}");
    }
    assert_eq!(name_flaw(&format!("{longer}.com")), Some("a part of it has more than 63 characters"));
    assert_eq!(name_flaw(&more), Some("it has more than 253 characters"));
    for flawed in ["-acme.com", "acme-.com", "acme.-"] {
        assert_eq!(name_flaw(flawed), Some("a part of it begins or ends with a hyphen"), "{flawed}");
    }
    for flawed in ["ac*me.com", "acme.com!", "a b.com", "bücher.de"] {
        assert_eq!(name_flaw(flawed), Some("it has a character that is no letter, digit or hyphen"), "{flawed}");
    }
}

/// The address of a network that these bits choose.
pub(crate) fn within(net: IpNet, bits: u128) -> IpAddr {
    match net {
        IpNet::V4(net) => Ipv4Addr::from(u32::from(net.network()) | (bits as u32 & u32::from(net.hostmask()))).into(),
        IpNet::V6(net) => Ipv6Addr::from(u128::from(net.network()) | (bits & u128::from(net.hostmask()))).into(),
    }
}

fn any_v6() -> impl Strategy<Value = Ipv6Addr> {
    let anywhere = any::<u128>().prop_map(Ipv6Addr::from);
    let assigned = any::<u128>().prop_map(|bits| Ipv6Addr::from((bits >> 3) | (1 << 125)));
    let near_zero = any::<u64>().prop_map(|bits| Ipv6Addr::from(u128::from(bits)));
    let nat64 = any::<u32>().prop_map(|bits| Ipv6Addr::from((0x64_ff9b << 96) | u128::from(bits)));
    prop_oneof![anywhere, assigned, near_zero, nat64]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_096))]

    #[test]
    fn an_address_is_refused_exactly_when_the_registries_say_so(bits: u32, v6 in any_v6()) {
        for ip in [IpAddr::from(Ipv4Addr::from(bits)), IpAddr::from(v6)] {
            prop_assert_eq!(refusal(ip).is_some(), registered(ip), "{}", ip);
        }
    }

    #[test]
    fn an_address_in_a_refused_network_is_refused(which in 0..REFUSED.len(), bits: u128) {
        let ip = within(networks()[which], bits);
        prop_assert!(refusal(ip).is_some(), "{}", ip);
    }

    #[test]
    fn an_address_inside_another_is_never_more_public_than_itself(which in 0..REFUSED.len(), bits: u32) {
        // Random addresses are public for the most part, so those of the refused networks are asked as well.
        let inside = match within(networks()[which], bits.into()) {
            IpAddr::V4(inside) => inside,
            IpAddr::V6(_) => Ipv4Addr::from(bits),
        };
        for (form, v6) in embedded(inside).into_iter().enumerate() {
            let well_known_nat64 = form == 3;
            let expected = refusal_v4(inside).is_some() || !well_known_nat64;
            prop_assert_eq!(refusal_v6(v6).is_some(), expected, "{} in {}", inside, v6);
        }
    }

    #[test]
    fn a_host_name_without_flaw_is_one_that_a_certificate_can_name(name in "[a-z0-9_.-]{1,40}") {
        use rustls::pki_types::DnsName;
        let last = name.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
        // A name that ends in a number is an address, and never read as a name.
        let numeric = last.bytes().all(|byte| byte.is_ascii_digit());
        prop_assert!(numeric || name_flaw(&name).is_some() || DnsName::try_from(name.as_str()).is_ok(), "{}", name);
    }
}
