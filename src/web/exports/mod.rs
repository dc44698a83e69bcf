//! Exports: confirmed, followed, listed.

pub mod confirm;
pub mod list;
pub mod show;
pub(super) mod table;
