//! Names to addresses, asynchronously.
//!
//! `getaddrinfo` would take one of the blocking threads for as long as a slow name server likes, and those are what pages
//! need; it also cannot be cancelled at a deadline. So names are looked up by a resolver library that is configured as the
//! system is: `/etc/hosts` first, as almost every system has it, then the name servers of `/etc/resolv.conf`.
//!
//! Not like the system: the search list is never used (`hooks.acme.com` must not become `hooks.acme.com.internal`), nor
//! are sources other than files and DNS (mDNS, LDAP). Both files are read once, at the start.
//!
//! A name server that is silent about a name may be dead, which is our trouble, or may itself be waiting for the servers
//! of the receiver's zone, which is the receiver's. So it is asked something else meanwhile: whoever answers that is alive.

use std::net::IpAddr;
use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Either, select};
use hickory_resolver::config::{LookupIpStrategy, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::{Hosts, TokioResolver};
use tokio::time::{sleep, timeout};

use crate::told;

/// Looks up the addresses of a host name.
pub trait Resolver: Send + Sync + 'static {
    /// Every address of the name, at least one. The caller sets the deadline, by dropping the future.
    fn lookup(&self, name: &str) -> BoxFuture<'static, Result<Vec<IpAddr>, LookupError>>;
}

/// Why a name gave no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// The name's own fault, or that of whoever runs its zone.
    #[error("{0}")]
    NoAddress(String),
    /// Ours: no name server can be asked.
    #[error("{0}")]
    Unavailable(String),
}

/// The resolver of the machine.
pub struct SystemResolver {
    hosts: Hosts,
    dns: Option<Dns>,
}

/// Name servers, asked in two ways.
#[derive(Clone)]
struct Dns {
    names: TokioResolver,
    /// Without a memory, or it would go on saying that a dead server lives.
    alive: TokioResolver,
    /// How long a server may be silent before it is asked whether it is alive, and then before it is taken for dead.
    patience: Duration,
}

/// A name server that does not answer must not use up the whole of *Quick*'s five seconds: finding out that it is dead has
/// to fit, and so has a second question.
const SERVER_TIMEOUT: Duration = Duration::from_secs(2);
/// Whoever has just created the missing record should not wait for an old answer to fade.
const NEGATIVE_TTL: Duration = Duration::from_secs(10);
/// A receiver that moves is followed within minutes, whatever its zone says.
const POSITIVE_TTL: Duration = Duration::from_secs(300);

impl SystemResolver {
    /// Reads the system's configuration. What is missing or unreadable is logged and left out: without name servers, only
    /// the names of `/etc/hosts` are found.
    pub fn new() -> Self {
        let hosts = Hosts::from_system().unwrap_or_else(|error| {
            tracing::warn!(%error, "the hosts file cannot be read, its names are not known");
            Hosts::default()
        });
        let dns = Self::from_system()
            .inspect_err(|error| tracing::warn!(%error, "no name server is configured, host names cannot be resolved"));
        Self { hosts, dns: dns.ok() }
    }

    fn from_system() -> Result<Dns, NetError> {
        let (config, options) = hickory_resolver::system_conf::read_system_conf()?;
        Dns::build(config, options, SERVER_TIMEOUT)
    }

    fn in_hosts_file(&self, name: &Name) -> Vec<IpAddr> {
        let of = |kind| self.hosts.lookup_static_host(&Query::query(name.clone(), kind));
        let lookups = [of(RecordType::A), of(RecordType::AAAA)];
        lookups
            .iter()
            .flatten()
            .flat_map(|lookup| lookup.answers())
            .filter_map(|record| record.data.ip_addr())
            .collect()
    }
}

impl Dns {
    fn build(config: ResolverConfig, mut options: ResolverOpts, patience: Duration) -> Result<Self, NetError> {
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        options.timeout = options.timeout.min(patience);
        options.negative_max_ttl = Some(NEGATIVE_TTL);
        options.positive_max_ttl = Some(POSITIVE_TTL);
        let mut forgetful = options.clone();
        forgetful.cache_size = 0;
        let build = |options| {
            let mut builder = TokioResolver::builder_with_config(config.clone(), TokioRuntimeProvider::default());
            *builder.options_mut() = options;
            builder.build()
        };
        Ok(Self { names: build(options)?, alive: build(forgetful)?, patience })
    }

    async fn lookup(&self, name: Name) -> Result<Vec<IpAddr>, LookupError> {
        let dead = || LookupError::Unavailable("the name server of this machine does not answer".into());
        let alive = async {
            sleep(self.patience).await;
            self.is_alive().await
        };
        let answer = match select(pin!(self.names.lookup_ip(name)), pin!(alive)).await {
            Either::Left((Err(NetError::Timeout), alive)) => {
                if !alive.await {
                    return Err(dead());
                }
                Err(NetError::Timeout)
            }
            Either::Left((answer, _)) => answer,
            Either::Right((true, asked)) => asked.await,
            Either::Right((false, _)) => return Err(dead()),
        };
        let lookup = answer.map_err(|error| explained(&error))?;
        let mut addresses: Vec<IpAddr> = lookup.iter().collect();
        // Many machines have IPv6 addresses and no IPv6 route; the connector tries the first one's family first.
        addresses.sort_by_key(IpAddr::is_ipv6);
        Ok(addresses)
    }

    /// Whether a name server answers anything at all; every one knows something about the root.
    async fn is_alive(&self) -> bool {
        let answer = timeout(self.patience, self.alive.lookup(Name::root(), RecordType::NS)).await;
        matches!(answer, Ok(Ok(_) | Err(NetError::Dns(_))))
    }
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self::new()
    }
}

impl Resolver for SystemResolver {
    fn lookup(&self, name: &str) -> BoxFuture<'static, Result<Vec<IpAddr>, LookupError>> {
        // A full name: without the dot at its end, the search list would be tried.
        let Ok(mut full) = Name::from_ascii(name) else {
            let error = LookupError::NoAddress("this host name cannot stand in the DNS".into());
            return std::future::ready(Err(error)).boxed();
        };
        full.set_fqdn(true);
        let known = self.in_hosts_file(&full);
        if !known.is_empty() {
            return std::future::ready(Ok(known)).boxed();
        }
        let Some(dns) = self.dns.clone() else {
            let error = LookupError::Unavailable("no name server is configured on this machine".into());
            return std::future::ready(Err(error)).boxed();
        };
        async move { dns.lookup(full).await }.boxed()
    }
}

fn explained(error: &NetError) -> LookupError {
    match error {
        error if error.is_nx_domain() => LookupError::NoAddress("the name does not exist".into()),
        error if error.is_no_records_found() => LookupError::NoAddress("the name exists and has no address".into()),
        NetError::Dns(DnsError::ResponseCode(code)) => {
            LookupError::NoAddress(format!("the name server answered {code}"))
        }
        // Whoever asks has made sure that the server is alive.
        NetError::Timeout => LookupError::NoAddress("the name servers of this name did not answer in time".into()),
        NetError::Io(_) | NetError::NoConnections | NetError::Busy => {
            LookupError::Unavailable(format!("the name server of this machine cannot be asked: {}", told::error(error)))
        }
        other => LookupError::NoAddress(other.to_string()),
    }
}

/// A resolver made of a function, for tests and for names that are known beforehand.
impl<F> Resolver for F
where
    F: Fn(&str) -> Result<Vec<IpAddr>, LookupError> + Send + Sync + 'static,
{
    fn lookup(&self, name: &str) -> BoxFuture<'static, Result<Vec<IpAddr>, LookupError>> {
        std::future::ready(self(name)).boxed()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::net::SocketAddr;

    use hickory_resolver::config::NameServerConfig;
    use hickory_resolver::proto::rr::{RData, Record};

    use super::*;

    fn without_dns(hosts: Hosts) -> SystemResolver {
        SystemResolver { hosts, dns: None }
    }

    #[tokio::test]
    async fn without_a_name_server_the_fault_is_ours_and_nothing_panics() {
        let answer = without_dns(Hosts::default()).lookup("hooks.acme.com").await;
        assert!(matches!(answer, Err(LookupError::Unavailable(_))), "{answer:?}");
        let config = ResolverConfig::from_parts(None, vec![], vec![]);
        let nobody = Dns::build(config, ResolverOpts::default(), SERVER_TIMEOUT);
        let resolver = SystemResolver { hosts: Hosts::default(), dns: Some(nobody.expect("a resolver")) };
        let answer = resolver.lookup("hooks.acme.com").await;
        assert!(matches!(answer, Err(LookupError::Unavailable(_))), "{answer:?}");
    }

    /// A resolver whose name server says that nothing is there when asked about the root, if it lives, and else nothing.
    async fn silent_about_names(alive: bool) -> SystemResolver {
        let socket = tokio::net::UdpSocket::bind(("127.0.0.1", 0)).await.expect("a socket");
        let address = socket.local_addr().expect("its address");
        tokio::spawn(async move {
            let mut question = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut question).await {
                // The name stands behind the header's twelve bytes: a root is the one that ends at once.
                if alive && question[12] == 0 {
                    question[2] |= 0x80;
                    let _ = socket.send_to(&question[..length], from).await;
                }
            }
        });
        asking(address, Duration::from_millis(200))
    }

    /// A resolver that knows this name server alone.
    pub(in super::super) fn asking(address: SocketAddr, patience: Duration) -> SystemResolver {
        let mut server = NameServerConfig::udp(address.ip());
        server.connections.iter_mut().for_each(|connection| connection.port = address.port());
        let config = ResolverConfig::from_parts(None, vec![], vec![server]);
        let dns = Dns::build(config, ResolverOpts::default(), patience).expect("a resolver");
        SystemResolver { hosts: Hosts::default(), dns: Some(dns) }
    }

    #[tokio::test]
    async fn a_name_server_that_is_silent_about_everything_is_our_trouble() {
        let answer = silent_about_names(false).await.lookup("hooks.acme.com").await;
        assert!(matches!(answer, Err(LookupError::Unavailable(_))), "{answer:?}");
    }

    #[tokio::test]
    async fn a_name_server_that_is_silent_about_one_name_is_the_trouble_of_that_name() {
        let answer = silent_about_names(true).await.lookup("hooks.acme.com").await;
        assert!(matches!(answer, Err(LookupError::NoAddress(_))), "{answer:?}");
    }

    #[tokio::test]
    async fn the_hosts_file_answers_before_any_name_server_is_asked() {
        let name = Name::from_ascii("receiver.acme.com.").expect("a name");
        let mut hosts = Hosts::default();
        let record = Record::from_rdata(name.clone(), 60, RData::A(std::net::Ipv4Addr::new(127, 0, 0, 9).into()));
        let query = Query::query(name.clone(), RecordType::A);
        let lookup = hickory_resolver::lookup::Lookup::new_with_max_ttl(query, [record]);
        hosts.insert(name, RecordType::A, lookup);
        assert_eq!(without_dns(hosts).lookup("Receiver.acme.com").await, Ok(vec![[127, 0, 0, 9].into()]));
    }

    #[tokio::test]
    async fn a_name_that_no_dns_can_hold_has_no_address() {
        let answer = without_dns(Hosts::default()).lookup(&"a".repeat(70)).await;
        assert!(matches!(answer, Err(LookupError::NoAddress(_))), "{answer:?}");
    }
}
