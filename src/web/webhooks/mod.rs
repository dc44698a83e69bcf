//! Webhooks: Settings > Access Management > Webhooks.

pub mod credential;
pub mod delete;
pub mod edit;
pub mod enable;
mod form;
pub(super) mod health;
pub mod list;
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
