//! The console as browsers meet it.

mod cookies;
mod cross_site;
mod exports;
mod headers;
mod health;
mod logs;
mod nul;
mod sign_in;
mod walk;
mod webhooks;
