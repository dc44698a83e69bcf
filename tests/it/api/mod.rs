//! The partner API as its clients meet it (T11, T12, T13).

mod keys;
mod limits;
mod refusals;
mod shape;
