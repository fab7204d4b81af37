//! `series.json`, schema `highwater.series/1`: what each operation did in each second.
//!
//! Input: one [`Second`] after the other. Output: the file, written as the seconds pass, and
//! [`Columns`], at most [`Columns::MOST`] of them however long the run, from which a page is drawn.

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::record::Part;

/// The version of `series.json`. Any other text is refused when it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum SeriesSchema {
    /// The first.
    #[default]
    #[serde(rename = "highwater.series/1")]
    V1,
}

/// The whole of `series.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Series {
    /// The version of this format.
    pub schema: SeriesSchema,
    /// The start of second 0.
    pub started_at: DateTime<Utc>,
    /// The operations' names, in the order of each second's list.
    pub operations: Vec<String>,
    /// What the numbers of a part are, in nanoseconds but for the count.
    pub columns: [String; 5],
    /// One entry a second, in order; a second may be missing.
    pub seconds: Vec<Second>,
}

/// What happened in one second.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Second {
    /// Counted from the start of the measuring.
    pub second: u64,
    /// In the order of the head's names.
    pub operations: Vec<OperationSecond>,
}

/// What one operation did in one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct OperationSecond {
    /// Calls scheduled in this second.
    pub offered: u64,
    /// Calls that ended `ok` in this second.
    pub achieved: u64,
    /// Scheduled start to rows decoded.
    pub response: PartSecond,
    /// Scheduled start to handed over.
    pub lag: PartSecond,
    /// Handed over to connection in hand.
    pub wait: PartSecond,
    /// Connection in hand to rows decoded.
    pub service: PartSecond,
}

impl OperationSecond {
    /// The numbers of `part`.
    pub fn part(&self, part: Part) -> PartSecond {
        match part {
            Part::Response => self.response,
            Part::Lag => self.lag,
            Part::Wait => self.wait,
            Part::Service => self.service,
        }
    }

    /// Both taken as one stretch of time: counts add up, of each quantile the larger stays.
    fn joined(self, other: Self) -> Self {
        Self {
            offered: self.offered + other.offered,
            achieved: self.achieved + other.achieved,
            response: self.response.joined(other.response),
            lag: self.lag.joined(other.lag),
            wait: self.wait.joined(other.wait),
            service: self.service.joined(other.service),
        }
    }
}

/// One part of one operation in one second, written as `[count, p50, p95, p99, max]`; nanoseconds,
/// null without samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Numbers", into = "Numbers")]
#[schemars(with = "Numbers")]
pub struct PartSecond {
    /// Samples.
    pub count: u64,
    /// The median.
    pub p50: Option<u64>,
    /// The 95th percentile.
    pub p95: Option<u64>,
    /// The 99th percentile.
    pub p99: Option<u64>,
    /// The longest.
    pub max: Option<u64>,
}

type Numbers = (u64, Option<u64>, Option<u64>, Option<u64>, Option<u64>);

impl From<Numbers> for PartSecond {
    fn from((count, p50, p95, p99, max): Numbers) -> Self {
        Self {
            count,
            p50,
            p95,
            p99,
            max,
        }
    }
}

impl From<PartSecond> for Numbers {
    fn from(part: PartSecond) -> Self {
        (part.count, part.p50, part.p95, part.p99, part.max)
    }
}

impl PartSecond {
    /// Reads the numbers of a second's histogram of nanoseconds.
    pub fn of<C: hdrhistogram::Counter>(histogram: &hdrhistogram::Histogram<C>) -> Self {
        let some = !histogram.is_empty();
        let at = |quantile| some.then(|| histogram.value_at_quantile(quantile));
        Self {
            count: histogram.len(),
            p50: at(0.50),
            p95: at(0.95),
            p99: at(0.99),
            max: some.then(|| histogram.max()),
        }
    }

    /// Of each quantile the larger: an upper bound of the joined one, never an average.
    fn joined(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            p50: self.p50.max(other.p50),
            p95: self.p95.max(other.p95),
            p99: self.p99.max(other.p99),
            max: self.max.max(other.max),
        }
    }
}

/// What a chart over time is drawn from: seconds joined into at most [`Columns::MOST`] columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// Seconds that one column covers: a power of two.
    pub width_s: u64,
    /// Seconds that all columns cover; the last column may cover fewer than the others.
    pub seconds: u64,
    /// In the order of the names that [`Columns::new`] was given.
    pub operations: Vec<OperationColumns>,
}

/// One operation's columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationColumns {
    /// The operation's name.
    pub name: String,
    /// In order of time; `None` where no second was recorded.
    pub columns: Vec<Option<OperationSecond>>,
}

impl Columns {
    /// The largest number of columns: a pixel or two each on a page.
    pub const MOST: usize = 600;

    /// No seconds yet.
    pub fn new<S: Into<String>>(operations: impl IntoIterator<Item = S>) -> Self {
        let operations = operations
            .into_iter()
            .map(|name| OperationColumns {
                name: name.into(),
                columns: Vec::new(),
            })
            .collect();
        Self {
            width_s: 1,
            seconds: 0,
            operations,
        }
    }

    /// The columns of a `series.json`.
    pub fn of(series: &Series) -> Self {
        let mut columns = Self::new(&series.operations);
        for second in &series.seconds {
            columns.push(second);
        }
        columns
    }

    /// Adds one second; joins pairs of columns first when it lies beyond the last that fits.
    pub fn push(&mut self, second: &Second) {
        while second.second / self.width_s >= Self::MOST as u64 {
            self.halve();
        }
        self.seconds = self.seconds.max(second.second + 1);
        let at = (second.second / self.width_s) as usize;
        for (operation, new) in self.operations.iter_mut().zip(&second.operations) {
            let columns = &mut operation.columns;
            if columns.len() <= at {
                columns.resize(at + 1, None);
            }
            columns[at] = Some(columns[at].map_or(*new, |old| old.joined(*new)));
        }
    }

    /// The operation of this name.
    pub fn operation(&self, name: &str) -> Option<&OperationColumns> {
        self.operations
            .iter()
            .find(|operation| operation.name == name)
    }

    fn halve(&mut self) {
        self.width_s *= 2;
        for operation in &mut self.operations {
            operation.columns = operation
                .columns
                .chunks(2)
                .map(|pair| match *pair {
                    [Some(a), Some(b)] => Some(a.joined(b)),
                    [one, other] => one.or(other),
                    _ => pair[0],
                })
                .collect();
        }
    }
}

/// Writes `series.json` as the seconds pass, a line each, and keeps the columns of the page.
pub struct SeriesWriter<W> {
    writer: W,
    columns: Columns,
    first: bool,
}

impl<W: Write> SeriesWriter<W> {
    /// Writes the head.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn begin(
        mut writer: W,
        started_at: DateTime<Utc>,
        operations: &[String],
    ) -> io::Result<Self> {
        let head = Series {
            schema: SeriesSchema::V1,
            started_at,
            operations: operations.to_vec(),
            columns: ["count", "p50", "p95", "p99", "max"].map(str::to_owned),
            seconds: Vec::new(),
        };
        let head = serde_json::to_string(&head)?;
        // The head ends in `[]}`; what follows fills that list.
        writer.write_all(&head.as_bytes()[..head.len() - 2])?;
        Ok(Self {
            writer,
            columns: Columns::new(operations),
            first: true,
        })
    }

    /// Writes one second.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn write(&mut self, second: &Second) -> io::Result<()> {
        self.columns.push(second);
        let line = serde_json::to_string(second)?;
        let before: &[u8] = if self.first { b"\n" } else { b",\n" };
        self.first = false;
        self.writer.write_all(before)?;
        self.writer.write_all(line.as_bytes())
    }

    /// The columns so far.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Closes the file and gives the writer and the page's columns back.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn finish(mut self) -> io::Result<(W, Columns)> {
        self.writer.write_all(b"\n]}\n")?;
        self.writer.flush()?;
        Ok((self.writer, self.columns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn second(second: u64, max: u64) -> Second {
        let response = PartSecond::from((2, Some(max / 2), Some(max), Some(max), Some(max)));
        let operation = OperationSecond {
            offered: 3,
            achieved: 2,
            response,
            ..OperationSecond::default()
        };
        Second {
            second,
            operations: vec![operation],
        }
    }

    #[test]
    fn what_was_streamed_reads_back_whole() {
        let names = ["trace.list".to_owned()];
        for count in [0, 1, 3] {
            let mut writer = SeriesWriter::begin(Vec::new(), DateTime::default(), &names).unwrap();
            let seconds: Vec<Second> = (0..count).map(|i| second(i, 10 + i)).collect();
            for second in &seconds {
                writer.write(second).unwrap();
            }
            let (bytes, columns) = writer.finish().unwrap();
            let series: Series = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(series.seconds, seconds);
            assert_eq!(series.operations, names);
            assert_eq!(Columns::of(&series), columns);
        }
    }

    #[test]
    fn a_part_is_written_as_five_numbers() {
        let empty = serde_json::to_string(&PartSecond::default()).unwrap();
        assert_eq!(empty, "[0,null,null,null,null]");
    }

    proptest! {
        #[test]
        fn joining_keeps_the_peaks_and_the_counts(peaks in prop::collection::vec(2_u64..1_000_000, 1..3000)) {
            let mut columns = Columns::new(["a"]);
            for (i, peak) in peaks.iter().enumerate() {
                columns.push(&second(i as u64, *peak));
            }
            let kept = &columns.operations[0].columns;
            prop_assert!(kept.len() <= Columns::MOST);
            prop_assert!(kept.len() as u64 * columns.width_s >= peaks.len() as u64);
            let offered: u64 = kept.iter().flatten().map(|c| c.offered).sum();
            prop_assert_eq!(offered, 3 * peaks.len() as u64);
            for (i, column) in kept.iter().enumerate() {
                let from = i * columns.width_s as usize;
                let to = (from + columns.width_s as usize).min(peaks.len());
                prop_assert_eq!(
                    column.unwrap().response.max,
                    peaks[from..to].iter().max().copied()
                );
            }
        }
    }
}
