//! What the store promises, once for both databases.

mod changes;
mod corrupt;
mod deliveries;
mod hiring;
mod log;
mod network;
mod once;
mod open;
mod people;
mod pools;
mod refusals;
mod samples;
mod schema;
mod transactions;
mod upgrades;
