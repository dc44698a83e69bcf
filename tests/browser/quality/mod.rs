//! Every page of the console held against what a page has to be.
//!
//! [`ways`] finds the pages: whatever stands in the table of routes is found by following links, as a visitor would, from a
//! console that [`scene`] has filled. A new route is walked as soon as a page links to it; one that nothing leads to fails the
//! walk. [`inspect`] says what is wrong with a page.

mod acts;
pub mod inspect;
mod pages;
mod scene;
mod ways;
