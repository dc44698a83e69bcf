//! Webhooks: Settings > Access Management > Webhooks.

pub mod credential;
pub mod delete;
pub mod list;
pub mod new;
pub mod pause;
pub mod reveal;
pub mod show;
pub mod test;
pub mod unresolved;
