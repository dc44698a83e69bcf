//! The delivery engine: from an event that is recorded to an answer that is settled.
//!
//! [`intake`] writes what is owed, [`queue`] keeps it in order and (`pace`) no faster than a hook takes it, [`directory`] knows
//! whom it is for, [`proof`] with which key and secret, [`sender`] makes one request under the eye of the [`guard`], [`settle`]
//! writes down how it went, [`health`] disables whom it goes badly with, [`recover`] takes over from the dead, and [`engine`]
//! turns the wheel, a try at a time (`tries`), with its housekeeping beside (`house`), [`interviews`] among it. What goes to the
//! database gathers in batches (`gathering`).

pub mod directory;
pub mod engine;
mod gathering;
pub mod guard;
pub mod health;
mod house;
pub mod intake;
pub mod interviews;
pub mod mend;
pub mod meters;
mod pace;
pub mod prepare;
pub mod proof;
pub mod queue;
pub mod recover;
pub mod sender;
pub mod settle;
pub mod step;
mod tries;
