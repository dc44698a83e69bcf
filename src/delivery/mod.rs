//! The delivery engine: from an event that is recorded to an answer that is settled.
//!
//! [`intake`] writes what is owed, [`queue`] keeps it in order, [`prepare`]
//! takes the last look, [`sender`] makes one request under the eye of the
//! [`guard`], [`settle`] writes down how it went, [`recover`] takes over from the dead, and [`engine`] turns the wheel.

pub mod engine;
pub mod guard;
pub mod intake;
pub mod prepare;
pub mod queue;
pub mod recover;
pub mod sender;
pub mod settle;
