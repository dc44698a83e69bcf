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
//! A name that leads to a private address and one that leads nowhere are told alike, in the same words and after the same
//! time, at every door ([`Nowhere`]): the difference would be a directory of the operator's network. Both may be saved, for
//! a record that is still to come; only the operator's log says which it was.
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

use tokio::time::Instant;

use crate::domain::address::{is_bad_port, name_flaw, name_refusal, refusal};
use crate::domain::hook_url::HookUrl;

pub use allow::{AllowList, AllowListError};
pub use resolver::{LookupError, Resolver, SystemResolver};

/// How long saving a hook waits for its name to resolve.
const CHECK_DEADLINE: Duration = Duration::from_secs(3);
/// A name of the operator's own network is known in a millisecond, a missing one after a while: both are told after this.
const NOWHERE_PAUSE: Duration = Duration::from_secs(1);

/// Judges targets, and resolves names to judged addresses.
pub struct Guard {
    allow: AllowList,
    /// Ports that are called though they belong to other protocols.
    ports: Vec<u16>,
    resolver: Arc<dyn Resolver>,
    routes: fn(&[IpAddr]) -> Vec<bool>,
    pause: Duration,
}

/// A target the guard refuses; its sentence is for the admin: "127.0.0.1 is a loopback address".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Blocked(String);

/// A name that gives no address to call. Whether it has none or one that is not public is not said: that would tell a
/// customer which names the operator's own name servers know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} does not lead to a public address")]
pub struct Nowhere {
    name: String,
    detail: String,
}

impl Nowhere {
    /// What the operator alone is told: where the name leads, or why nowhere.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

/// What [`Guard::check`] found about an address it does not refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// It leads to addresses that may be called, as of now.
    Resolved,
    /// Its name leads to no public address (yet): the hook is saved, with a warning.
    Unresolved,
}

/// Why a name gave no addresses that may be connected to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// The name by itself, or the port, is refused.
    #[error(transparent)]
    Blocked(#[from] Blocked),
    /// It gave none, or one that may not be connected to.
    #[error(transparent)]
    Nowhere(#[from] Nowhere),
    /// No name server could be asked: our own trouble.
    #[error("{0}")]
    Unavailable(String),
}

/// Why an address may not be connected to.
enum Objection {
    Address(&'static str),
    Port,
}

impl Guard {
    /// A guard with these exceptions that asks this resolver.
    pub fn new(allow: AllowList, resolver: impl Resolver) -> Self {
        let pause = Duration::ZERO;
        Self { allow, ports: Vec::new(), resolver: Arc::new(resolver), routes: route::known, pause }
    }

    /// The same, but a name that leads nowhere is told no sooner than this after it was asked for.
    pub fn pausing(self, pause: Duration) -> Self {
        Self { pause, ..self }
    }

    /// The same, but these ports are called though they belong to other protocols.
    pub fn with_ports(self, ports: Vec<u16>) -> Self {
        Self { ports, ..self }
    }

    /// A guard that asks the machine's resolver, and does not tell by its haste what that knows.
    pub fn system(allow: AllowList) -> Self {
        Self::new(allow, SystemResolver::new()).pausing(NOWHERE_PAUSE)
    }

    /// Judges an address that stands in a hook's.
    pub fn judge_address(&self, ip: IpAddr, port: u16) -> Result<(), Blocked> {
        match self.objection(ip, port, None) {
            Some(Objection::Address(kind)) => Err(Blocked(format!("{ip} is {kind}"))),
            Some(Objection::Port) => Err(bad_port(port)),
            None => Ok(()),
        }
    }

    /// `host` is the name that led to the address, if any.
    fn objection(&self, ip: IpAddr, port: u16, host: Option<&str>) -> Option<Objection> {
        if self.allow.lets_address(ip, port) || host.is_some_and(|name| self.allow.lets_name(name, port)) {
            return None;
        }
        let is_refused = || (is_bad_port(port) && !self.ports.contains(&port)).then_some(Objection::Port);
        refusal(ip).map(Objection::Address).or_else(is_refused)
    }

    /// Judges a name by itself, before anyone is asked for its addresses.
    pub fn judge_name(&self, name: &str, port: u16) -> Result<(), Blocked> {
        if let Some(flaw) = name_flaw(name) {
            return Err(Blocked(format!("{name} is no host name: {flaw}")));
        }
        if self.allow.lets_name(name, port) {
            return Ok(());
        }
        name_refusal(name).map_or(Ok(()), |kind| Err(Blocked(format!("{name} is {kind}"))))
    }

    /// Judges all of an address that can be judged without asking the DNS: a literal wholly, a name by itself.
    pub fn judge_url(&self, url: &HookUrl) -> Result<(), Blocked> {
        match (url.literal(), url.host_name()) {
            (Some(ip), _) => self.judge_address(ip, url.port()),
            (None, Some(name)) => self.judge_name(name, url.port()),
            (None, None) => Err(Blocked("the address has no host".into())),
        }
    }

    /// The addresses of a name, each of them judged. There is no other way from a name to a connection. IPv6 addresses that
    /// this machine has no route to are left out as long as IPv4 ones remain.
    ///
    /// No deadline of its own: whoever calls has one.
    pub async fn resolve(&self, name: &str, port: u16) -> Result<Vec<SocketAddr>, ResolveError> {
        self.judge_name(name, port)?;
        let asked = Instant::now();
        let found = self.addresses(name, port).await;
        if matches!(found, Err(ResolveError::Nowhere(_))) && !self.pause.is_zero() {
            tokio::time::sleep_until(asked + self.pause).await;
        }
        found
    }

    async fn addresses(&self, name: &str, port: u16) -> Result<Vec<SocketAddr>, ResolveError> {
        let nowhere = |detail: String| Nowhere { name: name.to_owned(), detail };
        let addresses = match self.resolver.lookup(name).await {
            Ok(addresses) if addresses.is_empty() => Err(LookupError::NoAddress("the name has no address".into())),
            answer => answer,
        };
        let addresses = addresses.map_err(|error| match error {
            LookupError::NoAddress(why) => nowhere(format!("{name}: {why}")).into(),
            LookupError::Unavailable(why) => ResolveError::Unavailable(why),
        })?;
        for ip in &addresses {
            match self.objection(*ip, port, Some(name)) {
                Some(Objection::Address(kind)) => return Err(nowhere(format!("{name} leads to {ip}, {kind}")).into()),
                Some(Objection::Port) => return Err(bad_port(port).into()),
                None => {}
            }
        }
        let addresses = route::usable(addresses, self.routes);
        Ok(addresses.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
    }

    /// Checks the address of a hook that is about to be saved. Waits at most three seconds for its name.
    pub async fn check(&self, url: &HookUrl) -> Result<Checked, Blocked> {
        self.check_within(url, CHECK_DEADLINE).await
    }

    async fn check_within(&self, url: &HookUrl, deadline: Duration) -> Result<Checked, Blocked> {
        self.judge_url(url)?;
        let Some(name) = url.host_name() else { return Ok(Checked::Resolved) };
        match tokio::time::timeout(deadline, self.resolve(name, url.port())).await {
            Ok(Ok(_)) => Ok(Checked::Resolved),
            Ok(Err(ResolveError::Blocked(blocked))) => Err(blocked),
            Ok(Err(ResolveError::Nowhere(nowhere))) => {
                let detail = nowhere.detail();
                tracing::info!(detail, "a webhook is saved whose name leads to no public address");
                Ok(Checked::Unresolved)
            }
            Ok(Err(ResolveError::Unavailable(_))) | Err(_) => Ok(Checked::Unresolved),
        }
    }
}

fn bad_port(port: u16) -> Blocked {
    Blocked(format!("port {port} belongs to another protocol than HTTP"))
}
