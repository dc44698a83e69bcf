//! Exports: confirmed, followed, listed.

pub mod confirm;
pub mod list;
pub mod show;

mod asking;
mod names;
mod outcome;
mod result;
mod says;
mod selection;
pub(super) mod table;
