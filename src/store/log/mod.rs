//! Log records: of a trace, of a service, with a text.

pub mod queries;
mod repository;

pub use repository::LogRepository;
