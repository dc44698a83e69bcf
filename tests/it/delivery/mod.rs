//! The engine against real receivers, with time moved by hand.

mod durability;
mod faults;
mod health;
mod holding;
mod policies;
mod quick;
mod routing;
mod running;
mod sweeping;
