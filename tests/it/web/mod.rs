//! The console as browsers meet it.

mod account;
mod cookies;
mod cross_site;
mod first_run;
mod headers;
mod health;
mod invitations;
mod logs;
mod mail;
mod members;
mod nul;
mod sign_in;
mod walk;
mod webhooks;
