//! The console as browsers meet it.

mod cookies;
mod cross_site;
mod headers;
mod health;
mod interviews;
mod logs;
mod nul;
mod replacement;
mod rotation;
mod sign_in;
mod walk;
mod webhooks;
