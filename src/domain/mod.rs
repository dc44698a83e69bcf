//! What is true without any I/O: the nouns of the product, their states and their rules.
//!
//! Nothing here knows a database, a socket, a clock or a page. Functions that need the time or randomness are given it.

pub mod act;
pub mod address;
pub mod api_key;
pub mod attempt;
pub mod candidate;
pub mod catalogue;
pub mod delivery;
pub mod email;
pub mod event;
pub mod export;
pub mod header_lines;
pub mod health;
pub mod hook;
pub mod hook_header;
pub mod hook_url;
pub mod ids;
pub mod import;
pub mod interview;
pub mod invitation;
pub mod json;
pub mod key_ring;
pub mod mask;
pub mod member;
pub mod mode;
pub mod organisation;
pub mod password;
pub mod payload;
pub mod policy;
pub mod rate;
pub mod role;
pub mod rotation;
pub mod routes;
pub mod sealing;
pub mod secret;
pub mod sha256;
pub mod signing;
pub mod support;
pub mod time_zone;
pub mod unseen;
pub mod vacancy;
pub(crate) mod words;
