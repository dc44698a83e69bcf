//! What many pages are made of.

mod confirm;
mod one_time;
mod pager;
mod table;
mod tabs;

pub use confirm::{Confirm, stays, stops};
pub use one_time::one_time_value;
pub use pager::Pager;
pub use table::Table;
pub use tabs::Tabs;
