//! What `hirewire demo` shows: a receiver that misbehaves on request.

pub mod receiver;
