//! A database with a tiny data set in it.

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use highwater::dataset::{Dataset, Silent, ensure_filled};
use highwater::plan::{DatasetPlan, SchemaPlan};
use highwater::schema;
use highwater::store::{Edition, Repositories, TimeRange};
use highwater::units::Span;
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;

/// A filled database, and the data set that says what is in it.
pub(crate) struct Tiny {
    pub(crate) options: PgConnectOptions,
    pub(crate) edition: Edition,
    pub(crate) data: Dataset,
    /// Over one pinned connection.
    pub(crate) store: Repositories,
}

/// Two days of six services in chunks of six hours: nine chunks at most, so that ranges can leave
/// some out.
pub(crate) fn plan() -> DatasetPlan {
    DatasetPlan {
        seed: 7,
        days: 2,
        end: DateTime::from_timestamp(1_748_736_000, 0).unwrap_or_default(),
        services: 6,
        traces: 64 * 30,
        spans_per_trace: 5,
        logs_per_trace: 4,
        series: 12,
        point_interval: Span::from_secs(60),
        error_permille: 20,
        threads: 1,
    }
}

/// Migrates an empty database.
pub(crate) async fn migrated(
    options: &PgConnectOptions,
) -> anyhow::Result<(Repositories, Edition)> {
    let mut connection = options.connect().await?;
    let edition = Edition::detect(&mut connection).await?;
    let chunks = SchemaPlan {
        chunk_interval: Span::from_secs(6 * 3_600),
    };
    schema::migrate(options, edition, &chunks).await?;
    Ok((Repositories::connect(options, edition).await?, edition))
}

/// Migrates and fills an empty database.
pub(crate) async fn filled(options: PgConnectOptions) -> anyhow::Result<Tiny> {
    let (store, edition) = migrated(&options).await?;
    let data = Dataset::new(&plan());
    ensure_filled(&options, &data, edition, &CancellationToken::new(), &Silent)
        .await
        .context("filling the tiny data set")?;
    Ok(Tiny {
        options,
        edition,
        data,
        store,
    })
}

impl Tiny {
    pub(crate) fn start(&self) -> DateTime<Utc> {
        self.data.plan().start()
    }

    pub(crate) fn end(&self) -> DateTime<Utc> {
        self.data.plan().end
    }

    /// Everything.
    pub(crate) fn all(&self) -> anyhow::Result<TimeRange> {
        Ok(TimeRange::new(self.start(), self.end())?)
    }

    /// The last `hours` hours of the data.
    pub(crate) fn last_hours(&self, hours: i64) -> TimeRange {
        TimeRange::before(self.end(), TimeDelta::hours(hours))
    }

    /// A service's traces that start in `range`, newest first.
    pub(crate) fn traces_of(&self, rank: Option<u32>, range: TimeRange) -> Vec<u64> {
        let first = self.data.traces_before(range.start());
        let end = self.data.traces_before(range.end());
        let theirs = |i: &u64| rank.is_none_or(|rank| self.data.trace_service(*i) == rank);
        (first..end).rev().filter(theirs).collect()
    }
}
