//! The engine against real receivers, with time moved by hand.

mod durability;
mod faults;
mod holding;
mod policies;
mod quick;
mod routing;
mod running;
mod sweeping;
