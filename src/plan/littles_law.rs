//! Little's law: how many connections the objectives imply.
//!
//! L = lambda x W (J. D. C. Little, "A proof for the queuing formula L = lambda W", Operations
//! Research 9(3), 1961): the mean number of calls in the system is their rate times their mean
//! response time. Where each call holds one connection, that is the mean number of busy
//! connections. An objective gives no mean; its P50 stands in for it, and since response times
//! have a long right tail, the mean is seldom below the median.

use super::{Metric, Plan};
use crate::units::{Quantile, Rate, Span};

/// The connections that a plan's rates and objectives imply.
#[derive(Debug, Clone, PartialEq)]
pub struct BusyConnections {
    /// One row for each operation that has both a rate and a P50 objective.
    pub rows: Vec<Busy>,
    /// Operations with a rate but without a P50 objective: they need connections too, unknown how
    /// many.
    pub unknown: Vec<String>,
    /// Connections that the plan has.
    pub connections: usize,
}

/// One operation's share.
#[derive(Debug, Clone, PartialEq)]
pub struct Busy {
    /// The operation.
    pub operation: String,
    /// Its rate.
    pub rate: Rate,
    /// Its P50 objective.
    pub p50: Span,
}

impl Busy {
    /// Busy connections on average if the P50 objective is just met.
    pub fn connections(&self) -> f64 {
        self.rate.per_second() * self.p50.0.as_secs_f64()
    }
}

impl BusyConnections {
    /// What `plan` implies; no rows in the closed model, which has no rates.
    pub fn of(plan: &Plan) -> Self {
        let mut busy = Self {
            rows: Vec::new(),
            unknown: Vec::new(),
            connections: plan.drive.connections,
        };
        for operation in &plan.operations {
            let Some(rate) = operation.rate else { continue };
            match p50(plan, &operation.name) {
                Some(p50) => busy.rows.push(Busy {
                    operation: operation.name.clone(),
                    rate,
                    p50,
                }),
                None => busy.unknown.push(operation.name.clone()),
            }
        }
        busy
    }

    /// Busy connections of all rows together.
    pub fn total(&self) -> f64 {
        self.rows.iter().map(Busy::connections).sum()
    }

    /// Whether the rows fit the connections.
    pub fn fits(&self) -> bool {
        self.total() <= self.connections as f64
    }
}

fn p50(plan: &Plan, operation: &str) -> Option<Span> {
    plan.objectives
        .iter()
        .find_map(|objective| match objective.metric {
            Metric::Response { quantile, limit }
                if objective.operation == operation && quantile == Quantile::P50 =>
            {
                Some(limit)
            }
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_calls_of_100_ms_keep_ten_busy() {
        let row = |rate, p50| Busy {
            operation: String::new(),
            rate: Rate::new(rate).unwrap(),
            p50: Span::from_millis(p50),
        };
        let mut busy = BusyConnections {
            rows: vec![row(100.0, 100), row(1000.0, 5)],
            unknown: Vec::new(),
            connections: 15,
        };
        assert!((busy.total() - 15.0).abs() < 1e-9);
        assert!(busy.fits());
        busy.connections = 14;
        assert!(!busy.fits());
    }
}
