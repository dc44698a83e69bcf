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
mod page_data;
pub mod pause;
pub mod preview;
pub mod replace;
pub mod reveal;
mod rotation;
pub mod show;
pub mod test;
pub mod unresolved;
mod unused;

use maud::Render;

use crate::domain::hook::Hook;
use crate::web::layout::{Head, Nav};
use crate::web::paths;

/// The head of a page below a hook's own.
fn head(hook: &Hook, title: impl Render) -> Head {
    Head::below(Nav::Webhooks, title).under(&hook.name, paths::webhook(&hook.id))
}
