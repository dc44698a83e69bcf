//! What the engine must survive: processes that are killed, frozen and stopped, a database that goes away or falls silent,
//! a disk that is full. Each story runs the program as its operator does, and drives it through its own doors alone: HTTP, command line,
//! signals, the receiver.
//!
//! The cast: a [`scene`] is an installation with a [`receiver`] whose paths answer well, badly, slowly and never; a [`load`]
//! reports events and remembers what it was told; in the end an [`account`] holds what was accepted, what the receiver saw
//! and what the [`log`] says side by side.
//!
//! `HIREWIRE_TEST_LONG=1` makes the loops longer.

mod account;
mod clocks;
mod commands;
mod copies;
mod crash_points;
mod cuts;
#[allow(dead_code, reason = "the integration tests use more of it")]
#[path = "../it/support/database.rs"]
mod database;
mod doctor;
mod earlier;
mod failover;
mod first_run;
mod frozen;
mod full_disk;
mod instances;
mod kills;
mod load;
mod log;
mod neighbours;
mod packaging;
mod postgres;
#[path = "../process/mod.rs"]
mod process;
mod receiver;
mod rolling;
mod scene;
mod sealing;
mod silence;
mod stopping;
mod strangers;
mod unread;
