//! A reachable, described database, removed when it is no longer needed.
//!
//! Input: a [`TargetPlan`](crate::plan::TargetPlan). Output: a [`Target`]: how to connect to it, what
//! was found out about it ([`Facts`]), and its removal. Knows nothing of data and load.
//!
//! A container ([`container`]) is the default; [`external`] is a server that somebody else runs.
//! Everything that Highwater creates carries the label of its run, so that [`sweep()`] finds it on
//! every exit path and [`clean()`] finds what a killed run left.

pub mod commit;
mod container;
mod docker;
mod error;
mod external;
mod facts;
mod host;
mod image;
mod keep;
mod owner;
mod provision;
mod ready;
mod request;
mod socket_dir;
mod start;
mod sweep;

pub use error::TargetError;
pub use facts::{ContainerLimits, Facts, ImageFacts};
pub use host::{CgroupVersion, HostFacts};
pub use image::{BUILT_IMAGE, PUBLIC_IMAGE};
pub use keep::KeepKey;
pub use owner::RunLabel;
pub use provision::{Progress, Target, Transport};
pub use sweep::{Cleaned, clean, sweep};
