//! Vacancies and their candidates.

mod columns;
pub mod data;
pub mod import;
pub mod list;
pub mod new;
mod people;
mod report;
mod rules;
pub mod show;
