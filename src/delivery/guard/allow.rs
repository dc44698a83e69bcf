//! What the operator lets through although it is not public: `HIREWIRE_ALLOW_TARGETS`.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use url::Host;

use crate::domain::address::name_flaw;

/// The operator's exceptions: networks, addresses and host names, each for one port or for all. Empty by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowList(Vec<Entry>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    target: Target,
    /// `None` for every port.
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Net(IpNet),
    /// Lower case, without a dot at its end.
    Name(String),
}

/// An entry that is neither a network, an address nor a host name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "“{entry}” in HIREWIRE_ALLOW_TARGETS {reason}; write networks, addresses or host names, each with an optional port, such as 10.0.0.0/8, [fd00::/8]:443 or hooks.internal:8443"
)]
pub struct AllowListError {
    /// The entry as written.
    pub entry: String,
    /// What is wrong with it, to be read after the entry.
    pub reason: &'static str,
}

impl AllowList {
    /// Whether this address may be connected to on this port.
    pub fn lets_address(&self, address: IpAddr, port: u16) -> bool {
        self.0
            .iter()
            .any(|entry| entry.fits(port) && matches!(&entry.target, Target::Net(net) if net.contains(&address)))
    }

    /// Whether this host may be connected to on this port, wherever its name leads.
    pub fn lets_name(&self, name: &str, port: u16) -> bool {
        let name = without_last_dot(name);
        let is_it = |entry: &Entry| matches!(&entry.target, Target::Name(own) if own.eq_ignore_ascii_case(name));
        self.0.iter().any(|entry| entry.fits(port) && is_it(entry))
    }

    /// Whether an entry lets through whatever address there is.
    pub fn lets_everything(&self) -> bool {
        self.0.iter().any(|entry| matches!(&entry.target, Target::Net(net) if net.prefix_len() == 0))
    }
}

impl Entry {
    fn fits(&self, port: u16) -> bool {
        self.port.is_none_or(|own| own == port)
    }
}

impl FromStr for AllowList {
    type Err = AllowListError;

    fn from_str(list: &str) -> Result<Self, AllowListError> {
        let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries.map(read_entry).collect::<Result<_, _>>().map(Self)
    }
}

fn read_entry(entry: &str) -> Result<Entry, AllowListError> {
    let bad = |reason| AllowListError { entry: entry.to_owned(), reason };
    // A bare IPv6 address is full of colons, so whole networks are tried before a port is looked for.
    if let Some(net) = read_net(entry) {
        return Ok(Entry { target: Target::Net(net), port: None });
    }
    if let Some(rest) = entry.strip_prefix('[') {
        let (inside, after) = rest.split_once(']').ok_or_else(|| bad("has no closing bracket"))?;
        let net = read_net(inside).filter(|net| matches!(net, IpNet::V6(_)));
        let net = net.ok_or_else(|| bad("has no IPv6 address or network in its brackets"))?;
        let port = match after {
            "" => None,
            _ => Some(
                after.strip_prefix(':').and_then(read_port).ok_or_else(|| bad("ends in something that is no port"))?,
            ),
        };
        return Ok(Entry { target: Target::Net(net), port });
    }
    let (host, port) = match entry.split_once(':') {
        Some((host, port)) => (host, Some(read_port(port).ok_or_else(|| bad("ends in something that is no port"))?)),
        None => (entry, None),
    };
    let target = match read_net(host) {
        Some(net) => Target::Net(net),
        None => Target::Name(read_name(host).map_err(bad)?),
    };
    Ok(Entry { target, port })
}

fn read_net(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok()
}

fn read_port(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port != 0)
}

/// A host name in the form that addresses of hooks are parsed to (IDNA, lower case).
fn read_name(text: &str) -> Result<String, &'static str> {
    if text.contains('/') {
        return Err("is not a network in CIDR form");
    }
    if text.contains('*') {
        return Err("has a wildcard, which is not understood");
    }
    match Host::parse(text) {
        Ok(Host::Domain(name)) if name_flaw(&name).is_none() => Ok(without_last_dot(&name).to_owned()),
        Ok(Host::Ipv4(_)) => Err("is not an address in its usual form"),
        _ => Err("is neither a network, an address nor a host name"),
    }
}

fn without_last_dot(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> AllowList {
        text.parse().expect("a readable list")
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn networks_and_addresses_let_through_what_lies_inside_them() {
        let allow = list("10.0.0.0/8, 127.0.0.1:8443 ,[fd00::/8]:443,[::1]:8443,2001:db8::7,[fe80::1]");
        assert!(allow.lets_address(ip("10.9.8.7"), 1) && allow.lets_address(ip("127.0.0.1"), 8443));
        assert!(!allow.lets_address(ip("127.0.0.1"), 443) && !allow.lets_address(ip("127.0.0.2"), 8443));
        assert!(allow.lets_address(ip("fd12::1"), 443) && !allow.lets_address(ip("fd12::1"), 444));
        assert!(allow.lets_address(ip("::1"), 8443) && !allow.lets_address(ip("::1"), 443));
        assert!(allow.lets_address(ip("2001:db8::7"), 9) && allow.lets_address(ip("fe80::1"), 9));
        assert!(!allow.lets_address(ip("::ffff:10.0.0.1"), 1));
    }

    #[test]
    fn names_match_whole_in_any_case_with_or_without_the_last_dot() {
        let allow = list("Hooks.Internal, db:5433, bücher.test.");
        assert!(allow.lets_name("hooks.internal", 1) && allow.lets_name("HOOKS.internal.", 443));
        assert!(!allow.lets_name("a.hooks.internal", 1) && !allow.lets_name("internal", 1));
        assert!(allow.lets_name("db", 5433) && !allow.lets_name("db", 443));
        assert!(allow.lets_name("xn--bcher-kva.test", 443));
        assert!(!allow.lets_address(ip("10.0.0.1"), 443));
    }

    #[test]
    fn an_empty_list_lets_nothing_through() {
        assert_eq!(list(" , "), AllowList::default());
        assert!(!AllowList::default().lets_address(ip("127.0.0.1"), 443));
        assert!(!AllowList::default().lets_name("localhost", 443));
    }

    #[test]
    fn a_bad_entry_is_named_with_what_is_wrong() {
        for bad in [
            "10.0.0.0/33",
            "10.0.0.1:0",
            "10.0.0.1:http",
            "10.0.0.1:+80",
            "db:",
            "[::1",
            "[10.0.0.1]",
            "[::1]8443",
            "[::1]:",
            "*.acme.com",
            "https://acme.com",
            "10.1",
            "a b",
            "[db]:1",
            "acme.com/8",
            ".",
            "a..b",
            "1.2.3.4.5",
        ] {
            let error = format!("127.0.0.1,{bad}").parse::<AllowList>().expect_err(bad);
            assert_eq!(error.entry, bad);
            assert!(error.to_string().starts_with(&format!("“{bad}” in HIREWIRE_ALLOW_TARGETS ")), "{error}");
        }
    }
}
