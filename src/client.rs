//! From which address a request comes: the connection's own word, or that of a proxy the operator trusts.

use std::net::{IpAddr, SocketAddr};
use std::sync::Once;

use actix_web::HttpRequest;
use ipnet::IpNet;

use crate::config::Config;
use crate::domain::address::refusal;

/// The address of whoever sent a request.
pub fn address(request: &HttpRequest, config: &Config) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.ip());
    let lines = request.headers().get_all("x-forwarded-for").map(|line| line.to_str().unwrap_or("?"));
    let forwarded = lines.collect::<Vec<_>>().join(",");
    if is_unnamed_proxy(peer, &forwarded, &config.trusted_proxies) {
        UNNAMED_PROXY.call_once(|| {
            tracing::warn!(
                %peer,
                "this address passes on X-Forwarded-For and is not in HIREWIRE_TRUSTED_PROXIES: if it is your proxy, name it, or all \
                 its visitors look like one, and a few wrong log-ins of one lock out all"
            );
        });
    }
    behind(peer, &forwarded, &config.trusted_proxies)
}

/// It is said once.
static UNNAMED_PROXY: Once = Once::new();

/// Whether a request comes through what looks like a proxy that nobody has named: from this machine or a private network, with
/// a header that says on whose behalf.
fn is_unnamed_proxy(peer: IpAddr, forwarded: &str, proxies: &[IpNet]) -> bool {
    let peer = peer.to_canonical();
    !forwarded.is_empty() && refusal(peer).is_some() && !proxies.iter().any(|network| network.contains(&peer))
}

/// The networks that an address belongs to, of these prefixes of IPv6: a household or machine has a whole /64, a provider's
/// customer perhaps a /56 or /48. An address of IPv4 stands for itself, with the prefix 32.
pub fn networks<const N: usize>(address: IpAddr, prefixes: [u32; N]) -> Vec<(IpAddr, u32)> {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let network = |prefix: u32| IpAddr::V6((v6.to_bits() & (u128::MAX << (128 - prefix))).into());
            prefixes.map(|prefix| (network(prefix), prefix)).to_vec()
        }
        v4 @ IpAddr::V4(_) => vec![(v4, 32)],
    }
}

/// The last hop that no proxy of ours wrote about itself. Whatever stands before it was written by the visitor, who may
/// write anything; so does a hop that cannot be read end the search at the proxy that wrote it.
fn behind(peer: IpAddr, forwarded: &str, proxies: &[IpNet]) -> IpAddr {
    // A server that listens on IPv6 sees IPv4 peers as ::ffff:10.0.0.1.
    let peer = peer.to_canonical();
    let trusted = |address: &IpAddr| proxies.iter().any(|network| network.contains(address));
    let mut nearest = peer;
    for hop in forwarded.rsplit(',') {
        if !trusted(&nearest) {
            break;
        }
        match hop_address(hop.trim()) {
            Some(address) => nearest = address,
            None => break,
        }
    }
    nearest
}

/// Some proxies write the port as well.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    let address: Option<IpAddr> = bare.parse().ok();
    address.or_else(|| hop.parse().ok().map(|address: SocketAddr| address.ip())).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitor(peer: &str, forwarded: &str) -> String {
        let proxies: Vec<IpNet> = ["10.0.0.0/8", "127.0.0.1/32"].map(|net| net.parse().expect("a network")).into();
        behind(peer.parse().expect("an address"), forwarded, &proxies).to_string()
    }

    #[test]
    fn an_address_of_ipv6_counts_for_the_networks_around_it() {
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        let around = networks(ip("2001:db8:1:2ff:3::4"), [64, 56, 48]);
        assert_eq!(around, [(ip("2001:db8:1:2ff::"), 64), (ip("2001:db8:1:200::"), 56), (ip("2001:db8:1::"), 48)]);
        assert_eq!(networks(ip("::ffff:192.0.2.1"), [64]), [(ip("192.0.2.1"), 32)]);
    }

    #[test]
    fn a_proxy_that_nobody_has_named_is_noticed() {
        let proxies: Vec<IpNet> = vec!["10.0.0.0/8".parse().expect("a network")];
        let noticed =
            |peer: &str, forwarded: &str| is_unnamed_proxy(peer.parse().expect("an address"), forwarded, &proxies);
        assert!(noticed("127.0.0.1", "198.51.100.1") && noticed("::ffff:172.17.0.1", "198.51.100.1"));
        assert!(!noticed("127.0.0.1", "") && !noticed("10.0.0.1", "198.51.100.1") && !noticed("8.8.8.8", "1.1.1.1"));
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        assert_eq!(visitor("192.0.2.9", "198.51.100.1"), "192.0.2.9");
        assert_eq!(visitor("10.0.0.1", "198.51.100.1"), "198.51.100.1");
        assert_eq!(visitor("10.0.0.1", ""), "10.0.0.1");
        assert_eq!(visitor("127.0.0.1", "198.51.100.1, 10.0.0.2,10.0.0.3"), "198.51.100.1");
    }

    #[test]
    fn an_ipv4_address_in_ipv6_clothes_is_itself() {
        assert_eq!(visitor("::ffff:10.0.0.1", "198.51.100.1"), "198.51.100.1");
        assert_eq!(visitor("10.0.0.1", "198.51.100.1, ::ffff:10.0.0.2"), "198.51.100.1");
        assert_eq!(visitor("10.0.0.1", "[::ffff:198.51.100.1]:4711"), "198.51.100.1");
    }

    #[test]
    fn what_the_visitor_wrote_in_front_counts_for_nothing() {
        assert_eq!(visitor("10.0.0.1", "1.1.1.1, 198.51.100.1"), "198.51.100.1");
        assert_eq!(visitor("10.0.0.1", "1.1.1.1, 198.51.100.1:4711"), "198.51.100.1");
        assert_eq!(visitor("10.0.0.1", "1.1.1.1,[2001:db8::1]:443"), "2001:db8::1");
        assert_eq!(visitor("10.0.0.1", "1.1.1.1,[2001:db8::1]"), "2001:db8::1");
        assert_eq!(visitor("10.0.0.1", "1.1.1.1, unknown, 10.0.0.2"), "10.0.0.2");
    }
}
