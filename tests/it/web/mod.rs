//! The console as browsers meet it.

mod cookies;
mod cross_site;
mod developers;
mod headers;
mod health;
mod logs;
mod nul;
mod sign_in;
mod snippets;
mod walk;
mod webhooks;
