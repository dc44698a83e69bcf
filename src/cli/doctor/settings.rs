//! What the settings say, one by one and together.

use ipnet::IpNet;

use super::{Finding, note, ok, wrong};
use crate::config::{self, Config};

/// Variables of the environment that look like ours and are none.
pub(super) fn misspelt() -> Vec<Finding> {
    let told = |(name, meant): (String, Option<String>)| {
        let advice = meant.map_or_else(
            || "remove it, or look it up in the README".to_owned(),
            |meant| format!("did you mean {meant}?"),
        );
        wrong("environment", format!("has {name}, which is no setting of Hirewire's: {advice}"))
    };
    config::unknown_variables().into_iter().map(told).collect()
}

pub(super) fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = vec![public_url(config)];
    findings.extend(proxies(config));
    if config.allow_targets.lets_everything() {
        findings.push(wrong(
            "HIREWIRE_ALLOW_TARGETS",
            "lets webhooks reach every address, those of this machine and network included: name the few that are meant",
        ));
    }
    if config.mail.is_some() && config.console_address().is_none() {
        let told =
            "is set, but no invitation is mailed, because nothing says where the console is: set HIREWIRE_PUBLIC_URL";
        findings.push(note("HIREWIRE_SMTP_URL", told));
    }
    findings
}

fn public_url(config: &Config) -> Finding {
    const ABOUT: &str = "HIREWIRE_PUBLIC_URL";
    match &config.public_url {
        Some(url) if config.is_https() => ok(ABOUT, format!("is {url}, so cookies are Secure")),
        Some(url) => note(ABOUT, format!("is {url}, so cookies are not Secure: use an https address in production")),
        None => {
            note(ABOUT, "is not set, so cookies are not Secure and links in mail have no address: set it in production")
        }
    }
}

fn proxies(config: &Config) -> Vec<Finding> {
    const ABOUT: &str = "HIREWIRE_TRUSTED_PROXIES";
    let is_everything = |network: &IpNet| network.prefix_len() == 0;
    if config.trusted_proxies.iter().any(is_everything) {
        return vec![wrong(
            ABOUT,
            "trusts every address, so anybody can pretend to be anybody: name the proxy's address",
        )];
    }
    if config.has_unnamed_proxy() {
        let told = "is not set, and the console is reached by https, so through a proxy: all visitors look like one, and a few \
             wrong log-ins of one lock out all; name the proxy's address, or say `none`";
        return vec![wrong(ABOUT, told)];
    }
    Vec::new()
}
