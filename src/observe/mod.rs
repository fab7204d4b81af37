//! The server and the host during a run.
//!
//! So far: CPU of the generator and of the server, memory of the generator. Knows nothing of load.

pub mod cpu;

pub use cpu::{CpuMeter, CpuUse, peak_memory_bytes};
