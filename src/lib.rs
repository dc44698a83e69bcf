//! Hirewire: the webhook console of a hiring team.
//!
//! # The map
//!
//! Dependencies point one way: `cli, demo → web | api → actions → delivery → store → domain`; a test reads the imports and
//! fails when one points back.

pub mod actions;
pub mod api;
pub mod cli;
pub mod clock;
pub mod config;
pub mod delivery;
pub mod demo;
pub mod domain;
pub mod server;
pub mod store;
pub mod web;
