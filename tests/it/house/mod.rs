//! The house rules that no compiler checks: which way dependencies point, and that each promise has its test.

mod layers;
mod migrations;
mod names;
mod promises;
mod source;
