//! Vacancies and their candidates.

pub mod import;
pub mod list;
pub mod new;
pub mod show;
