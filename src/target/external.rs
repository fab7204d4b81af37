//! A server that somebody else runs, by URL.
//!
//! Input: a URL with `sslmode`, `sslrootcert` and the other parameters of libpq that sqlx knows.
//! Output: how to connect, after a look at what is there: a database that holds anything but
//! Highwater's own tables is refused. Nothing is created or changed.

use std::io::ErrorKind;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use url::Url;

use super::TargetError;
use super::provision::Transport;
use crate::plan::TargetPlan;
use crate::store::Edition;

/// How long a server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Names that a refusal shows.
const EXAMPLES: usize = 3;

/// A server that was looked at.
pub(super) struct External {
    /// How to connect to it.
    pub(super) options: PgConnectOptions,
    /// By which way.
    pub(super) transport: Transport,
    /// What it can do.
    pub(super) edition: Edition,
    /// Host, port and database, without user and password.
    pub(super) server: String,
}

/// Connects, and refuses what cannot or must not be used.
pub(super) async fn open(url: &Url, plan: &TargetPlan) -> Result<External, TargetError> {
    let options = options(url)?;
    let server = describe(&options);
    let timeout = plan.start_timeout.0.min(CONNECT_TIMEOUT);
    let mut connection = match tokio::time::timeout(timeout, options.connect()).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => return Err(refusal(server, transport(&options), error)),
        Err(_) => {
            return Err(TargetError::Unreachable {
                server,
                cause: format!("no answer within {timeout:?}"),
            });
        }
    };
    let edition = timescaledb(&mut connection, &server).await?;
    if !plan.allow_existing {
        refuse_foreign(&mut connection, &server).await?;
    }
    // The look is over; that the server does not take leave properly changes nothing.
    let _ = connection.close().await;
    Ok(External {
        transport: transport(&options),
        options,
        edition,
        server,
    })
}

fn options(url: &Url) -> Result<PgConnectOptions, TargetError> {
    let invalid = |cause: String| TargetError::Url { cause };
    if !["postgres", "postgresql"].contains(&url.scheme()) {
        return Err(invalid(format!(
            "`{}` is no scheme of PostgreSQL",
            url.scheme()
        )));
    }
    // The parser's message can quote a value, which could be the password: only its kind is told.
    let options = PgConnectOptions::from_url(url)
        .map_err(|_| invalid("a parameter is malformed".to_owned()))?;
    Ok(match options.get_application_name() {
        Some(_) => options,
        None => options.application_name("highwater"),
    })
}

/// Host or socket, port and database.
fn describe(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or(options.get_username());
    match options.get_socket() {
        Some(socket) => format!("{}/{database}", socket.display()),
        None => format!("{}:{}/{database}", options.get_host(), options.get_port()),
    }
}

fn transport(options: &PgConnectOptions) -> Transport {
    let loopback = |host: &str| {
        let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    };
    match options.get_socket() {
        Some(_) => Transport::UnixSocket,
        None if options.get_host().starts_with('/') => Transport::UnixSocket,
        None if loopback(options.get_host()) => Transport::LoopbackPort,
        None => Transport::Network,
    }
}

/// Tells the reasons apart (SQLSTATE: PostgreSQL's manual, appendix A).
fn refusal(server: String, transport: Transport, error: sqlx::Error) -> TargetError {
    let cause = error.to_string();
    let code = error
        .as_database_error()
        .and_then(|error| error.code().map(std::borrow::Cow::into_owned));
    match (&error, code.as_deref()) {
        (sqlx::Error::Tls(_), _) => TargetError::Tls { server, cause },
        // A certificate that is not trusted ends the handshake as an input error, and one that
        // `sslrootcert` names in vain is a file that is not found.
        (sqlx::Error::Io(io), _)
            if io.kind() == ErrorKind::InvalidData
                || (io.kind() == ErrorKind::NotFound && transport != Transport::UnixSocket) =>
        {
            TargetError::Tls { server, cause }
        }
        (sqlx::Error::Io(_), _) => TargetError::Unreachable { server, cause },
        (_, Some("28P01" | "28000")) => TargetError::Refused { server, cause },
        (_, Some("3D000")) => TargetError::NoDatabase { server, cause },
        _ => TargetError::Query {
            action: "connect",
            server,
            source: error,
        },
    }
}

/// The edition, once TimescaleDB is there and loaded in this database.
async fn timescaledb(connection: &mut PgConnection, server: &str) -> Result<Edition, TargetError> {
    let query = |action| {
        move |source| TargetError::Query {
            action,
            server: server.to_owned(),
            source,
        }
    };
    let edition = Edition::detect(connection)
        .await
        .map_err(query("detect the edition"))?;
    if edition != Edition::Postgresql {
        return Ok(edition);
    }
    let available: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')",
    )
    .fetch_one(connection)
    .await
    .map_err(query("look for TimescaleDB"))?;
    let (found, advice) = if available {
        (
            "it is installed, but not in this database",
            "run `CREATE EXTENSION timescaledb` in it, with `timescaledb` in \
             shared_preload_libraries",
        )
    } else {
        (
            "it is not installed",
            "install it, or leave `--target` away to use a container",
        )
    };
    Err(TargetError::NoTimescaledb {
        server: server.to_owned(),
        found,
        advice,
    })
}

/// Relations outside Highwater's schema that belong to no extension. TimescaleDB's internal schemas
/// hold chunks, whose hypertables are seen themselves.
async fn refuse_foreign(connection: &mut PgConnection, server: &str) -> Result<(), TargetError> {
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT format('%I.%I', n.nspname, c.relname)
         FROM pg_class c
         JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
           AND n.nspname NOT IN ('information_schema', 'highwater')
           AND n.nspname !~ '^(pg_|_timescaledb_)'
           AND NOT EXISTS (
             SELECT FROM pg_depend d
             WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
         ORDER BY 1",
    )
    .fetch_all(connection)
    .await
    .map_err(|source| TargetError::Query {
        action: "look what the database holds",
        server: server.to_owned(),
        source,
    })?;
    if names.is_empty() {
        return Ok(());
    }
    let more = if names.len() > EXAMPLES { ", ..." } else { "" };
    Err(TargetError::NotEmpty {
        server: server.to_owned(),
        count: names.len(),
        examples: format!("{}{more}", names[..names.len().min(EXAMPLES)].join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> Result<PgConnectOptions, TargetError> {
        options(&Url::parse(url).unwrap())
    }

    #[test]
    fn the_description_has_neither_user_nor_password() {
        let options = parsed("postgres://ann:s3cret@db.example:5433/load?sslmode=require").unwrap();
        assert_eq!(describe(&options), "db.example:5433/load");
        assert_eq!(options.get_application_name(), Some("highwater"));
    }

    #[test]
    fn transports_are_told_apart() {
        for (url, wanted) in [
            ("postgres://a@localhost/x", Transport::LoopbackPort),
            ("postgres://a@[::1]/x", Transport::LoopbackPort),
            ("postgres://a@127.0.0.2/x", Transport::LoopbackPort),
            ("postgres://a@db.example/x", Transport::Network),
            ("postgres://a@%2Ftmp%2Fs/x", Transport::UnixSocket),
            ("postgres:///x?host=/tmp/s&user=a", Transport::UnixSocket),
        ] {
            assert_eq!(transport(&parsed(url).unwrap()), wanted, "{url}");
        }
    }

    #[test]
    fn a_malformed_url_does_not_give_its_password_away() {
        for url in [
            "mysql://ann:s3cret@db/x",
            "postgres://ann:s3cret@db/x?sslmode=s3cret",
            "postgres://ann:s3cret%ff@db/x",
        ] {
            let error = parsed(url).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn io_and_tls_errors_are_told_apart() {
        let refused = sqlx::Error::Io(std::io::ErrorKind::ConnectionRefused.into());
        assert!(matches!(
            refusal("db".into(), Transport::Network, refused),
            TargetError::Unreachable { .. }
        ));
        assert!(matches!(
            refusal(
                "db".into(),
                Transport::Network,
                sqlx::Error::Tls("no".into())
            ),
            TargetError::Tls { .. }
        ));
    }
}
