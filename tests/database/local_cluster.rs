//! A PostgreSQL server of this machine's own binaries, without TimescaleDB and with TLS.

use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, ensure};
use tempfile::TempDir;

/// Directories of clusters, for an interruption, which drops nothing.
static DIRECTORIES: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Ends every server and removes its directory.
pub(crate) fn stop_all() {
    for directory in DIRECTORIES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .iter()
    {
        let pid = std::fs::read_to_string(directory.join("data/postmaster.pid"))
            .ok()
            .and_then(|text| text.lines().next()?.trim().parse().ok())
            .and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            // An immediate shutdown, which needs no data directory.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::QUIT);
        }
        let _ = std::fs::remove_dir_all(directory);
    }
}

/// A cluster in a directory of its own; it is stopped when dropped.
pub(crate) struct LocalCluster {
    bin: PathBuf,
    directory: TempDir,
    port: u16,
}

impl LocalCluster {
    /// Starts one; `None` where this machine has no server binaries or no openssl.
    pub(crate) fn start() -> anyhow::Result<Option<Self>> {
        let Some(bin) = binaries() else {
            return Ok(None);
        };
        let directory = tempfile::Builder::new()
            .prefix("highwater-cluster-")
            .tempdir_in("/tmp")?;
        DIRECTORIES
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(directory.path().to_owned());
        let free = std::net::TcpListener::bind("127.0.0.1:0")?;
        let port = free.local_addr()?.port();
        drop(free);
        let cluster = Self {
            bin,
            directory,
            port,
        };
        if !cluster.make_certificate() {
            return Ok(None);
        }
        cluster.create()?;
        Ok(Some(cluster))
    }

    /// The certificate of the authority, for `sslrootcert`.
    pub(crate) fn authority(&self) -> PathBuf {
        self.path("ca.crt")
    }

    /// A URL of the database `postgres`, with these parameters.
    pub(crate) fn url(&self, parameters: &str) -> String {
        format!(
            "postgres://ann:s3cret@127.0.0.1:{}/postgres{parameters}",
            self.port
        )
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// An authority, and the server's certificate that it signs.
    fn make_certificate(&self) -> bool {
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
        let name = std::fs::write(self.path("names"), "subjectAltName=IP:127.0.0.1\n");
        name.is_ok()
            && self.openssl(&format!(
                "req -x509 {key} -days 2 -subj /CN=authority -keyout ca.key -out ca.crt"
            ))
            && self.openssl(&format!(
                "req {key} -subj /CN=127.0.0.1 -keyout server.key -out server.csr"
            ))
            && self.openssl(
                "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 \
                 -extfile names -out server.crt",
            )
    }

    fn openssl(&self, arguments: &str) -> bool {
        Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(self.directory.path())
            .output()
            .is_ok_and(|output| output.status.success())
    }

    fn create(&self) -> anyhow::Result<()> {
        std::fs::write(self.path("password"), "s3cret\n")?;
        if let Some(user) = server_user() {
            for name in ["", "server.key", "server.crt", "password"] {
                chown(self.path(name), Some(user), None)?;
            }
        }
        let directory = self.directory.path().display();
        self.run(
            "initdb",
            &format!(
                "-D {directory}/data -U ann --auth=scram-sha-256 --pwfile={directory}/password -E UTF8 --locale=C"
            ),
        )?;
        let settings = format!(
            "ssl=on\nssl_cert_file='{directory}/server.crt'\nssl_key_file='{directory}/server.key'\n\
             port={}\nlisten_addresses='127.0.0.1'\nunix_socket_directories=''\nfsync=off\n",
            self.port
        );
        append(&self.path("data/postgresql.conf"), &settings)?;
        self.run(
            "pg_ctl",
            &format!("-D {directory}/data -w -l {directory}/log start"),
        )
    }

    /// A server refuses to run as root, so root becomes `postgres` for it.
    fn run(&self, program: &str, arguments: &str) -> anyhow::Result<()> {
        let words = arguments.split(' ');
        let program = self.bin.join(program);
        let mut command = if server_user().is_some() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        // Not `output`: a server that is started in the background would keep the pipe open.
        let status = command
            .args(words)
            .current_dir("/")
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .status()
            .context("starting a server binary")?;
        ensure!(status.success(), "{command:?} failed");
        Ok(())
    }
}

impl Drop for LocalCluster {
    fn drop(&mut self) {
        let directory = self.directory.path().display().to_string();
        // The directory goes with it; a server that stays notices and ends by itself.
        let _ = self.run(
            "pg_ctl",
            &format!("-D {directory}/data -w -m immediate stop"),
        );
    }
}

fn append(path: &Path, text: &str) -> anyhow::Result<()> {
    let before = std::fs::read_to_string(path)?;
    std::fs::write(path, before + text).context("writing postgresql.conf")
}

/// The user that runs the server; `None` stays who we are.
fn server_user() -> Option<u32> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    users
        .lines()
        .find_map(|line| line.strip_prefix("postgres:"))?
        .split(':')
        .nth(1)?
        .parse()
        .ok()
}

fn binaries() -> Option<PathBuf> {
    if rustix::process::geteuid().is_root() && server_user().is_none() {
        return None;
    }
    let mut found: Vec<_> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").exists() && !bin.join("../lib/timescaledb.so").exists())
        .collect();
    found.sort();
    found.pop()
}
