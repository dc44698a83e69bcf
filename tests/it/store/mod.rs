//! What the store promises, once for both databases.

mod changes;
mod corrupt;
mod deliveries;
mod hiring;
mod log;
mod once;
mod open;
mod people;
mod samples;
mod schema;
mod transactions;
