//! Which addresses are public: the ranges a hook may never reach.
//!
//! One judgement serves the check when a hook is saved, the test and every delivery (B15). The list follows the
//! special-purpose registries of IANA for IPv4 and IPv6. An IPv6 address that carries an IPv4 address inside (mapped,
//! compatible, NAT64, 6to4, Teredo) is judged by both.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is refused: the kind of range it lies in, as a noun phrase.
pub fn refusal(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => refusal_v4(v4),
        IpAddr::V6(v6) => refusal_v6(v6),
    }
}

fn refusal_v4(address: Ipv4Addr) -> Option<&'static str> {
    let [a, b, c, d] = address.octets();
    Some(match (a, b, c, d) {
        (0, ..) => "an address of “this network”",
        (127, ..) => "a loopback address",
        (10, ..) | (192, 168, ..) => "a private address",
        (172, 16..=31, ..) => "a private address",
        (100, 64..=127, ..) => "a shared carrier address",
        (169, 254, ..) => "a link-local address",
        (168, 63, 129, 16) => "a cloud platform's internal address",
        (192, 0, 0, ..) => "an IETF protocol address",
        (192, 0, 2, _) | (198, 51, 100, _) | (203, 0, 113, _) => "a documentation address",
        (192, 31, 196, _) | (192, 52, 193, _) | (192, 175, 48, _) => "an AS112 or AMT address",
        (192, 88, 99, _) => "a 6to4 relay address",
        (198, 18..=19, ..) => "a benchmarking address",
        (224..=239, ..) => "a multicast address",
        (240..=255, ..) => "a reserved address",
        _ => return None,
    })
}

fn refusal_v6(address: Ipv6Addr) -> Option<&'static str> {
    let s = address.segments();
    let inner = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match s {
        [0, 0, 0, 0, 0, 0, 0, 0] => Some("the unspecified address"),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some("a loopback address"),
        // IPv4-mapped, IPv4-compatible and translated forms: the address inside decides, and none is public in itself.
        [0, 0, 0, 0, 0, 0xffff, high, low] => refusal_v4(inner(high, low)).or(Some("an IPv4-mapped address")),
        [0, 0, 0, 0, 0xffff, 0, high, low] => refusal_v4(inner(high, low)).or(Some("an IPv4-translated address")),
        [0, 0, 0, 0, 0, 0, high, low] => refusal_v4(inner(high, low)).or(Some("an IPv4-compatible address")),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => refusal_v4(inner(high, low)),
        [0x64, 0xff9b, 1, ..] => Some("a local NAT64 address"),
        [0x100, 0, 0, 0 | 1, ..] => Some("a discard-only address"),
        [0x2001, 0, _, _, _, _, high, low] => {
            // Teredo hides the client's address with its bits flipped.
            refusal_v4(inner(!high, !low)).or(Some("a Teredo address"))
        }
        [0x2001, 0..=0x1ff, ..] => Some("an IETF protocol address"),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Some("a documentation address"),
        [0x2002, high, low, ..] => refusal_v4(inner(high, low)).or(Some("a 6to4 address")),
        [0x2620, 0x4f, 0x8000, ..] => Some("an AS112 address"),
        [0x5f00, ..] => Some("a segment routing address"),
        [first, ..] if first & 0xfe00 == 0xfc00 => Some("a private address"),
        [first, ..] if first & 0xffc0 == 0xfe80 => Some("a link-local address"),
        [first, ..] if first & 0xffc0 == 0xfec0 => Some("a site-local address"),
        [first, ..] if first & 0xff00 == 0xff00 => Some("a multicast address"),
        // Only 2000::/3 is assigned to the public internet.
        [first, ..] if first & 0xe000 != 0x2000 => Some("a reserved address"),
        _ => None,
    }
}

/// Why a host name is refused whatever it resolves to: special-use names (RFC 6761, 6762, 7686, 8375, 9476 and the
/// clouds' metadata hosts) and names without a dot.
pub fn name_refusal(host: &str) -> Option<&'static str> {
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    if !name.contains('.') {
        return Some(if name == "localhost" { "this machine's own name" } else { "a name without a domain" });
    }
    const SPECIAL: [&str; 13] = [
        "localhost",
        "local",
        "internal",
        "intranet",
        "private",
        "corp",
        "home",
        "lan",
        "home.arpa",
        "test",
        "invalid",
        "onion",
        "alt",
    ];
    let ends_in = |suffix: &str| name.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.'));
    if SPECIAL.iter().any(|suffix| ends_in(suffix)) || ends_in("example") {
        return Some("a name reserved for private or special use");
    }
    (ends_in("arpa")).then_some("an infrastructure name")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(text: &str) -> bool {
        refusal(text.parse().expect("an address")).is_some()
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
            "64:ff9b:1::1",
            "2002:7f00:1::1",
            "2001:0:1:2:3:4:80ff:fffe",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "2001:db8::1",
            "100::1",
            "fec0::1",
            "4000::1",
            "fd00:ec2::254",
        ] {
            assert!(refused(text), "{text} must be refused");
        }
    }

    #[test]
    fn public_addresses_pass() {
        for text in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::808:808", "2a00:1450::1"] {
            assert!(!refused(text), "{text} must pass");
        }
    }

    #[test]
    fn special_names_and_single_labels_are_refused() {
        for name in [
            "localhost",
            "db",
            "printer.local",
            "x.internal",
            "a.test",
            "hooks.example",
            "1.0.0.127.in-addr.arpa",
            "A.LOCALHOST.",
        ] {
            assert!(name_refusal(name).is_some(), "{name}");
        }
        assert!(name_refusal("hooks.acme.com").is_none() && name_refusal("mylocal.dev").is_none());
    }

    proptest! {
        #[test]
        fn an_address_inside_another_is_never_more_public_than_itself(bits: u32) {
            let v4 = Ipv4Addr::from(bits);
            if refusal_v4(v4).is_some() {
                let mapped = v4.to_ipv6_mapped();
                let [a, b] = [(bits >> 16) as u16, bits as u16];
                prop_assert!(refusal_v6(mapped).is_some());
                prop_assert!(refusal_v6(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, a, b)).is_some());
                prop_assert!(refusal_v6(Ipv6Addr::new(0x2002, a, b, 0, 0, 0, 0, 1)).is_some());
            }
        }
    }
}
