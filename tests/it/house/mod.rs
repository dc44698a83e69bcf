//! The house rules that no compiler checks: which way dependencies point, that none of the console turn in a circle, and that each promise has its test.

mod architecture;
mod circles;
mod layers;
mod migrations;
mod names;
mod promises;
mod source;
