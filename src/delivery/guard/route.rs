//! Which addresses this machine has a way to.
//!
//! Many machines have no IPv6 although receivers do. The connector tries both families and reports whichever failed last:
//! "no route" over IPv6 would then hide that IPv4 was refused, and read as trouble of our own. So such addresses never
//! reach it.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, UdpSocket};

/// Leaves out the IPv6 addresses without a route, as long as an IPv4 address remains.
pub(super) fn usable(addresses: Vec<IpAddr>, routes: impl Fn(&[IpAddr]) -> Vec<bool>) -> Vec<IpAddr> {
    let (v4, v6): (Vec<_>, Vec<_>) = addresses.iter().partition(|ip| ip.is_ipv4());
    if v4.is_empty() || v6.is_empty() {
        return addresses;
    }
    let mut known = routes(&v6).into_iter();
    addresses.into_iter().filter(|ip| ip.is_ipv4() || known.next().unwrap_or(true)).collect()
}

/// Whether the machine has a route to each of these IPv6 addresses. Connecting a UDP socket asks the routing table alone:
/// it sends nothing and waits for nothing.
pub(super) fn known(addresses: &[IpAddr]) -> Vec<bool> {
    match UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)) {
        Ok(socket) => {
            let asked = addresses.iter().map(|ip| socket.connect(SocketAddr::new(*ip, 9)));
            asked.map(|answer| !answer.is_err_and(|error| says_no_route(&error))).collect()
        }
        Err(error) => vec![!says_no_route(&error); addresses.len()],
    }
}

/// Anything else, a lack of descriptors say, tells nothing about routes.
fn says_no_route(error: &io::Error) -> bool {
    const EAFNOSUPPORT: i32 = 97;
    error.raw_os_error() == Some(EAFNOSUPPORT)
        || matches!(
            error.kind(),
            ErrorKind::AddrNotAvailable
                | ErrorKind::NetworkUnreachable
                | ErrorKind::NetworkDown
                | ErrorKind::HostUnreachable
                | ErrorKind::PermissionDenied
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ips(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().expect("an address")).collect()
    }

    #[test]
    fn addresses_without_a_route_are_left_out_only_while_others_remain() {
        let nowhere = |asked: &[IpAddr]| vec![false; asked.len()];
        let both = ips(&["2001:db8::1", "192.0.2.1", "2001:db8::2"]);
        assert_eq!(usable(both.clone(), nowhere), ips(&["192.0.2.1"]));
        assert_eq!(usable(both, |_| vec![false, true]), ips(&["192.0.2.1", "2001:db8::2"]));
        assert_eq!(
            usable(ips(&["2001:db8::1"]), nowhere),
            ips(&["2001:db8::1"]),
            "the error has to come from somewhere"
        );
    }

    #[test]
    fn too_few_descriptors_are_no_missing_route() {
        assert!(!says_no_route(&io::Error::from_raw_os_error(24)));
        for missing in [97, 99, 101, 113] {
            assert!(says_no_route(&io::Error::from_raw_os_error(missing)), "{missing}");
        }
    }
}
