//! The console as browsers meet it.

mod account;
mod cookies;
mod cross_site;
mod developers;
mod done;
mod exports;
mod first_run;
mod headers;
mod health;
mod hook_settings;
mod imports;
mod interviews;
mod invitations;
mod logs;
mod mail;
mod members;
mod nul;
mod proven;
mod replacement;
mod rotation;
mod send_test;
mod sign_in;
mod snippets;
mod strangers;
mod walk;
mod webhooks;
