//! The engine against real receivers, with time moved by hand.

mod durability;
mod faults;
mod guard;
mod health;
mod holding;
mod hostile;
mod metrics;
mod policies;
mod quick;
mod rate_limits;
mod routing;
mod running;
mod sweeping;
