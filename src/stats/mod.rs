//! Pure arithmetic: small functions with their sources. Knows nothing of the rest of the project.

pub mod draw;
