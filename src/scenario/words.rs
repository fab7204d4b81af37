//! The words that a scenario chooses among; the plan uses the same ones.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Who decides when the next call starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// A schedule that no response can delay.
    Open,
    /// Callers that wait for their answer before they ask again.
    Closed,
}

/// The law of the time from one arrival to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// Evenly spaced.
    Constant,
    /// Exponential gaps, as from many independent users.
    Poisson,
}

/// How calls reach a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Worker threads with connections of their own: the database alone.
    Pinned,
    /// One pool on one multi-thread runtime: the application's own shape.
    Pool,
}

/// Where in the data a window ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowEnd {
    /// At the data's end: "the last hour".
    Latest,
    /// Anywhere that leaves the whole window inside the data, to the minute.
    Uniform,
}

/// How ids, services and series are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Draw {
    /// Each as likely as any other.
    Uniform,
    /// By Zipf's law over rank.
    Zipf,
    /// The newest the likeliest.
    Latest,
}

macro_rules! shown_as {
    ($($kind:ident { $($variant:ident => $text:literal),* })*) => {$(
        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self { $(Self::$variant => $text),* })
            }
        }
    )*};
}

shown_as! {
    Model { Open => "open", Closed => "closed" }
    Arrivals { Constant => "constant", Poisson => "poisson" }
    Access { Pinned => "pinned", Pool => "pool" }
    WindowEnd { Latest => "latest", Uniform => "uniform" }
    Draw { Uniform => "uniform", Zipf => "zipf", Latest => "latest" }
}
