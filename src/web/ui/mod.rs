//! What many pages are made of.

mod table;

pub use table::{Column, Table};
