//! The delivery engine: from an event that is recorded to an answer that is settled.
//!
//! - [`engine`] wires the parts below and runs the loop.
//! - [`intake`] turns an event into what is owed, and records what partner systems report.
//! - `dispatcher` holds what this instance will send in a [`queue`] and keeps it true: it looks for changes, claims and gives
//!   back. `freshness` says how old what it knows may be.
//! - `attempts` sends one delivery: [`hook_cache`] knows its webhook ([`prepare`] reads it), [`proof`] its key and secret,
//!   [`sender`] makes the request under the eye of the [`guard`].
//! - `settler` writes the answers down in batches; [`settle`] is one batch, and [`health`] disables webhooks that keep failing.
//! - [`mend`] brings what is owed to a webhook in line with how that stands.
//! - [`membership`] knows which instances live, and frees what dead ones held.
//! - [`interviews`] ends a session and records its event.
//! - [`meters`] counts. `group_commit`, `repeats`, `waiters` and [`crash_point`] serve the others.
//!
//! What has to be done from time to time stands in [`crate::maintenance`].

mod attempts;
pub mod crash_point;
mod dispatcher;
pub mod engine;
mod freshness;
mod group_commit;
pub mod guard;
pub mod health;
pub mod hook_cache;
pub mod intake;
pub mod interviews;
pub mod membership;
pub mod mend;
pub mod meters;
pub mod prepare;
pub mod proof;
pub mod queue;
mod repeats;
pub mod sender;
pub mod settle;
mod settler;
mod waiters;
