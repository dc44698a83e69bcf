//! The console as browsers meet it.

mod cookies;
mod cross_site;
mod headers;
mod sign_in;
mod walk;
