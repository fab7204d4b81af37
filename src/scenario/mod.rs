//! The scenario: the file that says what to do, as written.
//!
//! Input: a path or the bare name of a shipped scenario, and the `--set` texts. Output:
//! [`Scenario`], every key with the place where it was written. Decides no default and judges no
//! value beyond its type: that is [`crate::plan`]'s part. Knows nothing of databases.

mod error;
mod load;
mod nearest;
mod overrides;
mod sections;
mod setting;
pub mod shipped;
mod source;
mod words;

pub use error::{Problem, ScenarioError};
pub use load::Scenario;
pub use nearest::Hint;
pub use sections::{
    DatasetSection, DriveSection, Key, ObjectiveSection, OperationSection, PoolSection,
    SchemaSection, Sections, TargetSection, ValiditySection,
};
pub use setting::Setting;
pub use shipped::Shipped;
pub use source::{Place, Source};
pub use words::{Access, Arrivals, Draw, Model, WindowEnd};

#[cfg(test)]
mod tests;
