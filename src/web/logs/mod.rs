//! The delivery log.

pub mod act;
pub mod list;
pub mod show;
