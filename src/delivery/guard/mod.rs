//! The guard: where Hirewire may connect to. One policy for saving a hook, for Send Test and for every delivery (B15).
//!
//! A hook's address is typed by a customer, and the machine it is called from stands inside the operator's network. So the
//! guard lets only public addresses through ([`crate::domain::address`] says which those are), except what the operator's
//! [`AllowList`] names.
//!
//! - [`Guard::check`] is asked when a hook is saved. It answers early and kindly, and decides nothing for later.
//! - [`Guard::judge_url`] and [`Guard::resolve`] stand in the sender's way on *every* try. The connector is handed exactly
//!   the addresses that were judged: between check and use there is no second lookup, so a name that answers differently
//!   the next time (DNS rebinding) gains nothing.
//!
//! Literal addresses never meet a resolver (the HTTP client connects to them as they are), so [`Guard::judge_url`] judges
//! them in whatever spelling they were typed: by the time it is asked, the address has been parsed the way the client will
//! parse it. Names are judged twice: by themselves (`localhost`, `printer.local`, what the DNS cannot hold), and by where
//! they lead.
//!
//! *Every* address of a name must pass, or the name is refused. A name with one public and one private address is not a
//! receiver's; and taking only the public one would let the attacker learn by timing which of ours exist.
//!
//! The [`AllowList`] is judged on the same addresses, in the form they are connected to: `10.0.0.0/8` does not let
//! `::ffff:10.0.0.1` through.
//!
//! What is **not** guaranteed: a public address may still lead back inside (a load balancer of the operator's with a public
//! address, a NAT, a NAT64 prefix that the operator took from addresses of their own). Only a firewall knows that. And an
//! allow-listed *name* is trusted wherever it leads: whoever owns its zone chooses the address.

mod allow;
mod resolver;
mod route;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use crate::domain::address::{is_bad_port, name_flaw, name_refusal, refusal};
use crate::domain::hook_url::HookUrl;

pub use allow::{AllowList, AllowListError};
pub use resolver::{LookupError, Resolver, SystemResolver};

/// How long saving a hook waits for its name to resolve.
const CHECK_DEADLINE: Duration = Duration::from_secs(3);

/// Judges targets, and resolves names to judged addresses.
pub struct Guard {
    allow: AllowList,
    /// Ports that are called though they belong to other protocols.
    ports: Vec<u16>,
    resolver: Arc<dyn Resolver>,
    routes: fn(&[IpAddr]) -> Vec<bool>,
}

/// A target the guard refuses; its sentence is for the admin: "127.0.0.1 is a loopback address".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct Blocked {
    sentence: String,
    /// What the operator alone is told.
    detail: Option<String>,
}

impl Blocked {
    fn because(sentence: String) -> Self {
        Self { sentence, detail: None }
    }

    /// What the operator alone is told: where a name leads.
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }
}

/// What is said of a name that gives no address to call, whether it has none or one that is not public: which of them it is
/// would tell a customer what the operator's own name servers know.
pub fn leads_nowhere(name: &str) -> String {
    format!("{name} does not lead to a public address")
}

/// What [`Guard::check`] found about an address it does not refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// It leads to addresses that may be called, as of now.
    Resolved,
    /// Its name does not resolve (yet): the hook is saved, with a warning.
    Unresolved,
}

/// Why a name gave no addresses that may be connected to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// It gave one that may not be.
    #[error(transparent)]
    Blocked(#[from] Blocked),
    /// It gave none.
    #[error(transparent)]
    Lookup(#[from] LookupError),
}

impl Guard {
    /// A guard with these exceptions that asks this resolver.
    pub fn new(allow: AllowList, resolver: impl Resolver) -> Self {
        Self { allow, ports: Vec::new(), resolver: Arc::new(resolver), routes: route::known }
    }

    /// The same, but these ports are called though they belong to other protocols.
    pub fn with_ports(self, ports: Vec<u16>) -> Self {
        Self { ports, ..self }
    }

    /// A guard that asks the machine's resolver.
    pub fn system(allow: AllowList) -> Self {
        Self::new(allow, SystemResolver::new())
    }

    /// Judges one address; `host` is the name that led to it, `None` when the address itself stands in the hook's.
    pub fn judge_address(&self, ip: IpAddr, port: u16, host: Option<&str>) -> Result<(), Blocked> {
        if self.allow.lets_address(ip, port) || host.is_some_and(|name| self.allow.lets_name(name, port)) {
            return Ok(());
        }
        match (refusal(ip), host) {
            (Some(kind), Some(name)) => {
                let detail = Some(format!("{name} leads to {ip}, {kind}"));
                Err(Blocked { sentence: leads_nowhere(name), detail })
            }
            (Some(kind), None) => Err(Blocked::because(format!("{ip} is {kind}"))),
            (None, _) if is_bad_port(port) && !self.ports.contains(&port) => {
                Err(Blocked::because(format!("port {port} belongs to another protocol than HTTP")))
            }
            (None, _) => Ok(()),
        }
    }

    /// Judges a name by itself, before anyone is asked for its addresses.
    pub fn judge_name(&self, name: &str, port: u16) -> Result<(), Blocked> {
        if let Some(flaw) = name_flaw(name) {
            return Err(Blocked::because(format!("{name} is no host name: {flaw}")));
        }
        if self.allow.lets_name(name, port) {
            return Ok(());
        }
        name_refusal(name).map_or(Ok(()), |kind| Err(Blocked::because(format!("{name} is {kind}"))))
    }

    /// Judges all of an address that can be judged without asking the DNS: a literal wholly, a name by itself.
    pub fn judge_url(&self, url: &HookUrl) -> Result<(), Blocked> {
        match (url.literal(), url.host_name()) {
            (Some(ip), _) => self.judge_address(ip, url.port(), None),
            (None, Some(name)) => self.judge_name(name, url.port()),
            (None, None) => Err(Blocked::because("the address has no host".into())),
        }
    }

    /// The addresses of a name, each of them judged. There is no other way from a name to a connection. IPv6 addresses that
    /// this machine has no route to are left out as long as IPv4 ones remain.
    ///
    /// No deadline of its own: whoever calls has one.
    pub async fn resolve(&self, name: &str, port: u16) -> Result<Vec<SocketAddr>, ResolveError> {
        self.judge_name(name, port)?;
        let addresses = self.resolver.lookup(name).await?;
        if addresses.is_empty() {
            return Err(LookupError::NoAddress("the name exists and has no address".into()).into());
        }
        for ip in &addresses {
            self.judge_address(*ip, port, Some(name))?;
        }
        let addresses = route::usable(addresses, self.routes);
        Ok(addresses.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
    }

    /// Checks the address of a hook that is about to be saved. Waits at most three seconds for its name.
    pub async fn check(&self, url: &HookUrl) -> Result<Checked, Blocked> {
        let checked = self.check_within(url, CHECK_DEADLINE).await;
        if let Some(detail) = checked.as_ref().err().and_then(Blocked::detail) {
            tracing::info!(detail, "the address of a webhook was refused");
        }
        checked
    }

    async fn check_within(&self, url: &HookUrl, deadline: Duration) -> Result<Checked, Blocked> {
        self.judge_url(url)?;
        let Some(name) = url.host_name() else { return Ok(Checked::Resolved) };
        match tokio::time::timeout(deadline, self.resolve(name, url.port())).await {
            Ok(Ok(_)) => Ok(Checked::Resolved),
            Ok(Err(ResolveError::Blocked(blocked))) => Err(blocked),
            Ok(Err(ResolveError::Lookup(_))) | Err(_) => Ok(Checked::Unresolved),
        }
    }
}
