//! The tests that need a database, a server or a receiver, in one binary so that it is linked once.
//!
//! [`support`] holds the cast: a [`TestApp`](support::TestApp) is the program as it runs, with a clock that tests move, on a
//! database of its own; a [`Receiver`](support::Receiver) keeps every byte it is sent; a [`Browser`](support::Browser) keeps
//! its cookies by hand. `on_both_databases!` makes two tests of each story: `story::sqlite` and `story::postgres`.
//!
//! Nothing here waits a fixed time. Whoever waits waits for something, and says what when it does not come.

#[macro_use]
mod support;

mod api;
mod delivery;
mod house;
mod store;
mod web;
