//! Which parameters each call uses, and their defaults.

use super::call::Call;
use super::{Parameters, defaults};
use crate::scenario::{Draw, WindowEnd};

/// A key of `[operations."name"]` that is a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// The length of the time range.
    Window,
    /// Rows at most.
    Limit,
    /// Rows to skip.
    Offset,
    /// The text to search for.
    Search,
    /// The width of a bucket.
    Bucket,
    /// Where in the data the window ends.
    At,
    /// How ids, services and series are drawn.
    Draw,
    /// The share of drawn ids that do not exist.
    UnknownShare,
}

impl Parameter {
    /// The key in a scenario.
    pub fn key(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Limit => "limit",
            Self::Offset => "offset",
            Self::Search => "search",
            Self::Bucket => "bucket",
            Self::At => "at",
            Self::Draw => "draw",
            Self::UnknownShare => "unknown_share",
        }
    }
}

impl Call {
    /// The parameters that this call uses; a scenario may give no other.
    pub fn parameters(self) -> &'static [Parameter] {
        use Parameter::{At, Bucket, Draw, Limit, Offset, Search, UnknownShare, Window};
        match self {
            Self::TraceGetById
            | Self::TraceGetByTraceId
            | Self::TraceGetTraceById
            | Self::TraceContext
            | Self::LogGetLogsByTrace => &[Draw, UnknownShare],
            Self::TraceGetTraces | Self::LogGetErrors => &[Window, At, Limit],
            Self::TraceSearchErrors => &[Window, At, Limit, Offset],
            Self::TraceList | Self::LogList => &[Window, At, Draw, Limit, Offset],
            Self::TraceListAfter => &[Window, At, Draw, Limit],
            Self::TraceSearchByService | Self::MetricGetLatencyPercentiles => &[Window, At, Draw],
            Self::MetricQueryTimeSeries => &[Window, At, Bucket, Draw],
            Self::MetricGetLatestDataPoint => &[Window, Draw],
            Self::LogSearchLogs => &[Window, At, Search, Limit],
        }
    }

    /// Whether this call uses `parameter`.
    pub fn uses(self, parameter: Parameter) -> bool {
        self.parameters().contains(&parameter)
    }

    /// The parameters of a call whose scenario gives none.
    ///
    /// Ids and series are drawn uniformly, so that the working set is the data set; services by
    /// their popularity, as users ask for them; windows end anywhere, so that no run reads one hot
    /// hour by accident.
    pub fn default_parameters(self) -> Parameters {
        let draw = match self {
            Self::TraceList
            | Self::TraceListAfter
            | Self::TraceSearchByService
            | Self::MetricGetLatencyPercentiles
            | Self::LogList => Draw::Zipf,
            _ => Draw::Uniform,
        };
        Parameters {
            window: defaults::WINDOW,
            limit: defaults::LIMIT,
            offset: 0,
            search: defaults::SEARCH.to_owned(),
            bucket: defaults::BUCKET,
            at: WindowEnd::Uniform,
            draw,
            unknown_share: 0.0,
        }
    }
}
