//! The pool of connections that an application shares among its repositories.

use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Postgres};

use super::error::StorageError;
use super::patience;

/// Settings of a pool. The default is the profile of one application instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoragePoolConfig {
    /// Connections at most; 1 at least.
    pub max_connections: u32,
    /// Connections kept open, so that the first calls find one; at most the maximum.
    pub min_connections: u32,
    /// How long a caller may wait for a connection.
    pub acquire_timeout: Duration,
    /// When a connection that nobody uses is closed; `None` is never.
    pub idle_timeout: Option<Duration>,
    /// When any connection is closed on its return; `None` is never.
    pub max_lifetime: Option<Duration>,
    /// Whether a connection is pinged before it is handed out: one round trip for each acquire.
    pub test_before_acquire: bool,
}

impl Default for StoragePoolConfig {
    fn default() -> Self {
        Self {
            max_connections: 20,
            min_connections: 5,
            acquire_timeout: Duration::from_secs(30),
            idle_timeout: Some(Duration::from_mins(10)),
            max_lifetime: Some(Duration::from_mins(30)),
            test_before_acquire: true,
        }
    }
}

impl StoragePoolConfig {
    fn check(&self) -> Result<(), StorageError> {
        if self.max_connections == 0 {
            return Err(StorageError::Argument {
                what: "max_connections",
                value: 0,
                wanted: "1 or more",
            });
        }
        if self.min_connections > self.max_connections {
            return Err(StorageError::Argument {
                what: "min_connections",
                value: i64::from(self.min_connections),
                wanted: "at most max_connections",
            });
        }
        Ok(())
    }

    fn options(&self) -> PgPoolOptions {
        PgPoolOptions::new()
            .max_connections(self.max_connections)
            .min_connections(self.min_connections)
            .acquire_timeout(self.acquire_timeout)
            .idle_timeout(self.idle_timeout)
            .max_lifetime(self.max_lifetime)
            .test_before_acquire(self.test_before_acquire)
    }
}

/// A pool; a clone is another handle of the same one.
#[derive(Debug, Clone)]
pub struct StoragePool {
    pool: PgPool,
    config: StoragePoolConfig,
}

/// A pool's connections at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolStats {
    /// Open connections.
    pub size: u32,
    /// Open connections that nobody uses.
    pub idle: u32,
    /// Connections in use.
    pub active: u32,
    /// Connections at most.
    pub max: u32,
    /// Connections kept open.
    pub min: u32,
}

impl PoolStats {
    /// Connections in use over the maximum, 0-100 percent.
    pub fn utilization_percent(&self) -> f64 {
        100.0 * f64::from(self.active) / f64::from(self.max.max(1))
    }
}

impl StoragePool {
    /// Opens a pool on the server of a `postgres://` URL, with its minimum of connections.
    ///
    /// # Errors
    /// Where the URL or the settings make no sense, or the server does not answer.
    pub async fn new(url: &str, config: StoragePoolConfig) -> Result<Self, StorageError> {
        let options = url.parse().map_err(StorageError::Connection)?;
        Self::from_options(options, config).await
    }

    /// Opens a pool with connections of `options`, with its minimum of connections.
    ///
    /// # Errors
    /// Where the settings make no sense, or the server does not answer.
    pub async fn from_options(
        options: PgConnectOptions,
        config: StoragePoolConfig,
    ) -> Result<Self, StorageError> {
        config.check()?;
        let pool = config.options().connect_with(options).await?;
        Ok(Self { pool, config })
    }

    /// Takes a connection; waits for one as long as the acquire timeout.
    ///
    /// # Errors
    /// [`StorageError::PoolTimeout`] where the wait was in vain, and a connection error where a
    /// new one could not be opened.
    pub async fn acquire(&self) -> Result<PoolConnection<Postgres>, StorageError> {
        let patience = self.config.acquire_timeout;
        Ok(patience::while_full(patience, || self.pool.acquire()).await?)
    }

    /// The pool's connections now. The counters are read one after the other while others change
    /// them; `active` is never negative and never above `size`.
    pub fn stats(&self) -> PoolStats {
        let size = self.pool.size();
        let idle = u32::try_from(self.pool.num_idle())
            .unwrap_or(u32::MAX)
            .min(size);
        PoolStats {
            size,
            idle,
            active: size - idle,
            max: self.config.max_connections,
            min: self.config.min_connections,
        }
    }

    /// The settings that it was opened with.
    pub fn config(&self) -> StoragePoolConfig {
        self.config
    }

    /// Closes every connection, after their callers gave them back.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utilisation_is_of_the_maximum() {
        let stats = PoolStats {
            size: 10,
            idle: 5,
            active: 5,
            max: 20,
            min: 5,
        };
        assert!((stats.utilization_percent() - 25.0).abs() < 1e-12);
    }

    #[test]
    fn settings_that_contradict_each_other_are_refused() {
        let config = StoragePoolConfig {
            max_connections: 4,
            ..StoragePoolConfig::default()
        };
        let error = config.check().unwrap_err().to_string();
        assert_eq!(
            error,
            "min_connections is 5; it must be at most max_connections"
        );
        assert!(StoragePoolConfig::default().check().is_ok());
    }
}
