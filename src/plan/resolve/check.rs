//! Range checks that know the place of what they refuse.

use std::fmt::Display;
use std::ops::{Range, RangeInclusive};

use serde_spanned::Spanned;

use crate::plan::{PlanError, Refusal};
use crate::scenario::{Key, Place, Source};
use crate::units::Span;

/// A key's value, else its default.
pub(super) fn value<T: Clone>(key: Option<&Spanned<T>>, default: T) -> T {
    key.map_or(default, |written| written.get_ref().clone())
}

/// Checks against one source.
#[derive(Clone, Copy)]
pub(super) struct Checker<'a> {
    source: &'a Source,
}

impl<'a> Checker<'a> {
    pub(super) fn new(source: &'a Source) -> Self {
        Self { source }
    }

    pub(super) fn source(self) -> &'a Source {
        self.source
    }

    /// The error of `refusal` at `span`.
    pub(super) fn refuse(self, span: &Range<usize>, refusal: Refusal) -> PlanError {
        PlanError {
            place: Box::new(self.source.place(span)),
            refusal: Box::new(refusal),
        }
    }

    /// The error of `refusal` for the file as a whole.
    pub(super) fn refuse_whole(self, refusal: Refusal) -> PlanError {
        PlanError {
            place: Box::new(self.source.whole()),
            refusal: Box::new(refusal),
        }
    }

    /// A key's value within `range`, else its default.
    pub(super) fn within<T: PartialOrd + Display + Clone>(
        self,
        key: &'static str,
        written: &Key<T>,
        range: &RangeInclusive<T>,
        default: T,
    ) -> Result<T, PlanError> {
        let Some(written) = written else {
            return Ok(default);
        };
        if range.contains(written.get_ref()) {
            return Ok(written.get_ref().clone());
        }
        let refusal = out_of_range(key, written.get_ref(), range);
        Err(self.refuse(&written.span(), refusal))
    }

    /// As [`Self::within`], for counts that the plan keeps as `usize`.
    pub(super) fn count(
        self,
        key: &'static str,
        written: &Key<u64>,
        most: u64,
        default: usize,
    ) -> Result<usize, PlanError> {
        self.within(key, written, &(1..=most), default as u64)
            .map(|count| usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// A duration that is not zero and at most a year, else its default.
    pub(super) fn above_zero(
        self,
        key: &'static str,
        written: &Key<Span>,
        default: Span,
    ) -> Result<Span, PlanError> {
        self.within(key, written, &(MOMENT..=YEAR), default)
    }

    /// A share, 0-1, else its default.
    pub(super) fn share(
        self,
        key: &'static str,
        written: &Key<f64>,
        default: f64,
    ) -> Result<f64, PlanError> {
        self.within(key, written, &(0.0..=1.0), default)
    }
}

/// The shortest span above zero.
pub(super) const MOMENT: Span = Span(std::time::Duration::from_nanos(1));

/// The longest span that a scenario may name.
pub(super) const YEAR: Span = Span::from_secs(365 * 86_400);

/// The refusal of a value of a flag.
pub(super) fn refuse_flag(typed: String, refusal: Refusal) -> PlanError {
    PlanError {
        place: Box::new(Place::Typed(typed)),
        refusal: Box::new(refusal),
    }
}

/// The refusal of `value` for `key`.
pub(super) fn out_of_range<T: Display>(
    key: &'static str,
    value: &T,
    range: &RangeInclusive<T>,
) -> Refusal {
    Refusal::OutOfRange {
        key,
        value: value.to_string(),
        low: range.start().to_string(),
        high: range.end().to_string(),
    }
}
