//! The console as browsers meet it.

mod cookies;
mod cross_site;
mod headers;
mod health;
mod hook_settings;
mod interviews;
mod logs;
mod nul;
mod replacement;
mod rotation;
mod send_test;
mod sign_in;
mod walk;
mod webhooks;
