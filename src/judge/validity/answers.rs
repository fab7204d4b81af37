//! Whether the answers were those that the data set implies.

use super::{ValidityCheck, ValidityVerdict, made, percent, unchecked, unless};
use crate::plan::Limits;
use crate::summary::Summary;

pub(super) fn wrong_answers(summary: &Summary) -> ValidityCheck {
    let counts = || {
        summary
            .operations
            .iter()
            .map(|operation| operation.total.record.counts)
    };
    let (wrong, checked): (u64, u64) = counts().fold((0, 0), |(wrong, checked), counts| {
        (wrong + counts.wrong, checked + counts.checked)
    });
    if checked == 0 {
        return unchecked(
            "wrong_answers",
            Some("0".to_owned()),
            "no answer was held against the data set",
        );
    }
    let says = if wrong > 0 {
        "answers contradict the data set: a fast wrong answer is no answer"
    } else {
        "answers held against what the data set implies"
    };
    let value = format!("{wrong} of {checked} checked");
    made(
        "wrong_answers",
        unless(wrong > 0, ValidityVerdict::Invalid),
        value,
        Some("0".into()),
        says,
    )
}

pub(super) fn empty_answers(summary: &Summary, limits: &Limits) -> ValidityCheck {
    let counts = || {
        summary
            .operations
            .iter()
            .map(|operation| operation.total.record.counts)
    };
    let empty: u64 = counts().map(|counts| counts.empty).sum();
    let answered: u64 = counts()
        .map(|counts| counts.ok + counts.wrong + counts.empty)
        .sum();
    let share = empty as f64 / answered.max(1) as f64;
    let high = share > limits.empty_share_max;
    let says = if high {
        "answers had no rows where the data set has some: the target does not hold the data that is asked for"
    } else {
        "answers without rows where rows must be"
    };
    made(
        "empty_answers",
        unless(high, ValidityVerdict::Invalid),
        format!("{empty} ({})", percent(share)),
        Some(format!("<= {}", percent(limits.empty_share_max))),
        says,
    )
}
