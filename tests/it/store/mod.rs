//! What the store promises, once for both databases.

mod corrupt;
mod deliveries;
mod hiring;
mod log;
mod once;
mod people;
mod samples;
mod schema;
mod transactions;
