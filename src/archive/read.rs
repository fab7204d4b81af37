//! Reads an archive back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::format::RunRecord;
use super::series::Series;

/// An archive that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("archive {path} cannot be read: name a run's folder or its file", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file is of another version, or of none.
    #[error("archive {path} has schema {found}, this program reads {wanted}: use the version that wrote it", path = path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// What it says.
        found: String,
        /// What this program reads.
        wanted: &'static str,
    },
    /// The file does not hold what its version says.
    #[error("archive {path} is damaged: {source}", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong where.
        source: serde_json::Error,
    },
}

/// Reads `run.json`; `path` is that file or the folder that holds it.
///
/// # Errors
/// When there is none, it is of another version, or damaged.
pub fn read_run(path: &Path) -> Result<RunRecord, ReadError> {
    read(path, "run.json", "highwater.run/1")
}

/// Reads `series.json`; `path` is that file or the folder that holds it.
///
/// # Errors
/// When there is none, it is of another version, or damaged.
pub fn read_series(path: &Path) -> Result<Series, ReadError> {
    read(path, "series.json", "highwater.series/1")
}

fn read<T: DeserializeOwned>(
    path: &Path,
    name: &str,
    wanted: &'static str,
) -> Result<T, ReadError> {
    let path = if path.is_dir() {
        path.join(name)
    } else {
        path.to_owned()
    };
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(source) => return Err(ReadError::Io { path, source }),
    };
    match serde_json::from_slice(&bytes) {
        Ok(value) => Ok(value),
        Err(source) => Err(explain(path, &bytes, wanted, source)),
    }
}

/// Tells a file of another version from a damaged one.
fn explain(
    path: PathBuf,
    bytes: &[u8],
    wanted: &'static str,
    source: serde_json::Error,
) -> ReadError {
    match serde_json::from_slice::<Value>(bytes) {
        Ok(value) if value["schema"] != wanted => ReadError::Schema {
            path,
            found: value["schema"].as_str().unwrap_or("none").to_owned(),
            wanted,
        },
        _ => ReadError::Damaged { path, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::sample;

    #[test]
    fn reads_what_is_there_and_says_what_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.json");
        assert!(matches!(read_run(folder.path()), Err(ReadError::Io { .. })));

        let record = sample::passing();
        let text = serde_json::to_string(&record).unwrap();
        fs::write(&path, &text).unwrap();
        assert_eq!(read_run(folder.path()).unwrap(), record);
        assert_eq!(read_run(&path).unwrap(), record);

        fs::write(&path, text.replace("highwater.run/1", "highwater.run/7")).unwrap();
        let error = read_run(&path).unwrap_err().to_string();
        assert!(error.contains("highwater.run/7") && error.contains("highwater.run/1"));

        fs::write(&path, &text[..text.len() / 2]).unwrap();
        assert!(matches!(read_run(&path), Err(ReadError::Damaged { .. })));
    }
}
