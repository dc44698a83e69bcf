//! For those who build receivers: what comes, how to take it, what became of it.
//!
//! [`catalogue`] shows every type of event with its fields and a sample. [`receiving`] is the guide: how a delivery is
//! verified ([`snippets`], run by tests in their own languages), what it carries ([`wire`]), what each failure asks for
//! ([`trouble`]). [`recipes`] lead through it in the tools that people have. [`events`] lists what happened, whether or not
//! a webhook wanted it, and [`event`] is one of them. [`api`] is for the other direction: how systems report events.

pub mod api;
pub mod catalogue;
pub mod event;
pub mod events;
pub mod filter;
pub mod receiving;
pub mod recipes;
pub mod snippets;
pub mod trouble;
pub mod wire;
