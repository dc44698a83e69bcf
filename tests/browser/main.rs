//! The main job in a real browser, against the real program: `hirewire demo` in headless Chromium, on both databases.
//!
//! `tests/run` starts what these tests need and says where it is.

mod browser;
mod demo;
mod rotating;
mod story;
mod verifiers;
