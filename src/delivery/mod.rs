//! The delivery engine.

pub mod guard;
pub mod sender;
