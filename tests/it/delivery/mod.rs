//! The engine against real receivers, with time moved by hand.

mod acts;
mod bursts;
mod clocks;
mod durability;
mod faults;
mod guard;
mod health;
mod holding;
mod hostile;
mod instances;
mod interviews;
mod looks;
mod metrics;
mod policies;
mod quick;
mod rate_limits;
mod replacing;
mod rotation;
mod routing;
mod running;
mod suspension;
mod sweeping;
mod unreadable;
