//! Webhooks: Settings > Access Management > Webhooks.

pub mod credential;
pub mod default;
pub mod delete;
pub mod edit;
pub mod enable;
mod form;
pub(super) mod health;
pub mod list;
pub mod lost;
pub mod missed;
pub mod new;
pub mod pause;
pub mod preview;
pub mod replace;
pub mod reveal;
mod rotation;
pub mod show;
pub mod test;
pub mod unresolved;
mod unused;

use super::paths;
use crate::domain::hook::Hook;

/// Where one is on a page below a hook's own.
fn crumbs(hook: &Hook) -> [(&str, Option<String>); 4] {
    [
        ("Settings", None),
        ("Access Management", None),
        ("Webhooks", Some(paths::WEBHOOKS.to_owned())),
        (hook.name.as_str(), Some(paths::webhook(&hook.id))),
    ]
}
