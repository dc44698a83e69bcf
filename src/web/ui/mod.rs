//! What many pages are made of.

mod confirm;
mod pager;
mod table;
mod tabs;

pub use confirm::{Confirm, stays, stops};
pub use pager::Pager;
pub use table::{Column, Table};
pub use tabs::Tabs;
