//! The real program in a real browser: `hirewire demo` in headless Chromium, the main job on both databases, and every page
//! held against what a page has to be.
//!
//! `tests/run` starts what these tests need and says where it is.

#[path = "../process/mod.rs"]
mod process;

mod browser;
mod demo;
mod devtools;
mod quality;
mod rotating;
mod stories;
mod story;
mod verifiers;
