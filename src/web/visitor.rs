//! Who asks: from which address (the connection's own word, or that of a proxy the operator trusts), with which browser, and
//! under which name they know us.

use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;
use ipnet::IpNet;

use crate::config::Config;

/// The address of whoever sent a request.
pub fn address(request: &HttpRequest, config: &Config) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.ip());
    let lines = request.headers().get_all("x-forwarded-for").map(|line| line.to_str().unwrap_or("?"));
    behind(peer, &lines.collect::<Vec<_>>().join(","), &config.trusted_proxies)
}

/// Where this visitor reaches the console: as the operator says, or as the browser says.
pub fn base(request: &HttpRequest, config: &Config) -> String {
    if let Some(url) = &config.public_url {
        return url.origin().ascii_serialization();
    }
    let host = request.headers().get("host").and_then(|host| host.to_str().ok()).filter(|host| !host.is_empty());
    host.map_or_else(|| format!("http://{}", config.listen), |host| format!("http://{host}"))
}

/// The kind of browser, coarsely: enough to tell one's own apart, and no fingerprint.
pub fn browser(request: &HttpRequest) -> String {
    let agent = request.headers().get("user-agent").and_then(|agent| agent.to_str().ok());
    kind(agent.unwrap_or_default())
}

/// The first mark that fits: browsers claim to be those that came before them.
fn kind(agent: &str) -> String {
    const BROWSERS: [(&str, &str); 8] = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 8] = [
        ("iPhone", "an iPhone"),
        ("iPad", "an iPad"),
        ("Android", "Android"),
        ("CrOS", "ChromeOS"),
        ("Windows", "Windows"),
        ("Macintosh", "a Mac"),
        ("Linux", "Linux"),
        ("BSD", "BSD"),
    ];
    let first =
        |marks: &[(&str, &'static str)]| marks.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    match (first(&BROWSERS), first(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) => one.to_owned(),
        (None, Some(system)) => format!("A browser on {system}"),
        (None, None) => "An unknown browser".to_owned(),
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
    fn browsers_are_told_apart_coarsely() {
        for (agent, told) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile Safari/604.1",
                "Safari on an iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            ("curl/8.5", "An unknown browser"),
        ] {
            assert_eq!(kind(agent), told);
        }
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
