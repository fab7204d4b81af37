//! The scenarios that come inside the binary.

/// A scenario inside the binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shipped {
    /// Its bare name.
    pub name: &'static str,
    /// Its text, as in `scenarios/`.
    pub text: &'static str,
}

/// Every shipped scenario, in the order of `highwater list`.
pub const ALL: [Shipped; 5] = [
    Shipped {
        name: "quickstart",
        text: include_str!("../../scenarios/quickstart.toml"),
    },
    Shipped {
        name: "expected",
        text: include_str!("../../scenarios/expected.toml"),
    },
    Shipped {
        name: "patterns",
        text: include_str!("../../scenarios/patterns.toml"),
    },
    Shipped {
        name: "concurrent",
        text: include_str!("../../scenarios/concurrent.toml"),
    },
    Shipped {
        name: "reference",
        text: include_str!("../../scenarios/reference.toml"),
    },
];

/// The shipped scenario of this name.
pub fn by_name(name: &str) -> Option<Shipped> {
    ALL.into_iter().find(|shipped| shipped.name == name)
}
