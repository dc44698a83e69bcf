//! Which addresses are public: the ranges a hook may never reach.
//!
//! One judgement serves the check when a hook is saved, the test and every delivery (B15). The list follows the
//! special-purpose registries of IANA for IPv4 and IPv6, whole: the few addresses in them that are reachable from everywhere
//! (anycast services) are no receivers either. Beside the registries stand multicast, what is not assigned, and the one
//! metadata address of a cloud that lies among public ones.
//!
//! An IPv6 address that carries an IPv4 address inside is never more public than that one. Only the well-known NAT64 prefix
//! (RFC 6052) can be public at all; mapped, compatible, translated, 6to4, Teredo, ISATAP and local-use NAT64 addresses never are,
//! and the sentence says what the address inside is. (The standard library unwraps the mapped form alone.)

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
        // ISATAP: a tunnel to the IPv4 address inside, below whatever prefix.
        [_, _, _, _, 0 | 0x200, 0x5efe, high, low] => refusal_v4(inner(high, low)).or(Some("an ISATAP address")),
        [first, ..] if first & 0xfe00 == 0xfc00 => Some("a private address"),
        [first, ..] if first & 0xffc0 == 0xfe80 => Some("a link-local address"),
        [first, ..] if first & 0xffc0 == 0xfec0 => Some("a site-local address"),
        [first, ..] if first & 0xff00 == 0xff00 => Some("a multicast address"),
        // Only 2000::/3 is assigned to the public internet.
        [first, ..] if first & 0xe000 != 0x2000 => Some("a reserved address"),
        _ => None,
    }
}

/// Names that say themselves that they are not public: the special-use ones (RFC 6761, 6762, 7686, 8375, 9476), those that
/// networks give themselves (RFC 6762, appendix G), and what stands below them.
const SPECIAL: [&str; 17] = [
    "localhost",
    "localdomain",
    "localdomain4",
    "localdomain6",
    "local",
    "internal",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
    "home.arpa",
    "test",
    "example",
    "invalid",
    "onion",
    "alt",
];

/// Where the machines of a cloud ask for their own credentials, by names that look public.
const METADATA: [&str; 4] =
    ["metadata.goog", "metadata.tencentyun.com", "metadata.packet.net", "metadata.platformequinix.com"];

/// Why a host name is refused whatever it resolves to: special-use names, the clouds' metadata hosts, and names without a
/// dot, which only a network's own search list could complete.
pub fn name_refusal(host: &str) -> Option<&'static str> {
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    if !name.contains('.') {
        return Some(if name == "localhost" { "this machine's own name" } else { "a name without a domain" });
    }
    let is_or_ends_in = |suffix: &str| {
        let rest = name.strip_suffix(suffix);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if SPECIAL.into_iter().any(is_or_ends_in) {
        return Some("a name reserved for private or special use");
    }
    if METADATA.into_iter().any(is_or_ends_in) {
        return Some("a cloud platform's internal name");
    }
    is_or_ends_in("arpa").then_some("an infrastructure name")
}

/// Why a text can be no host's name: neither the DNS nor a certificate can hold it. To be read after the name.
pub fn name_flaw(host: &str) -> Option<&'static str> {
    let name = host.strip_suffix('.').unwrap_or(host);
    if name.len() > 253 {
        return Some("it has more than 253 characters");
    }
    name.split('.').find_map(|label| {
        // Underscores are no letters of host names and stand in some all the same.
        let usual = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if label.is_empty() {
            Some("a part of it is empty")
        } else if label.len() > 63 {
            Some("a part of it has more than 63 characters")
        } else if label.starts_with('-') || label.ends_with('-') {
            Some("a part of it begins or ends with a hyphen")
        } else if !label.bytes().all(usual) {
            Some("it has a character that is no letter, digit or hyphen")
        } else {
            None
        }
    })
}

/// Ports that belong to other protocols than HTTP, as browsers have them (WHATWG, *port blocking*): a request to one of them can
/// read as a command there.
const BAD_PORTS: [u16; 83] = [
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
    110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531,
    532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060,
    5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

/// Whether a port belongs to another protocol than HTTP.
pub fn is_bad_port(port: u16) -> bool {
    BAD_PORTS.contains(&port)
}

#[cfg(test)]
pub(crate) mod tests;
