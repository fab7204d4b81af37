//! Writes an archive so that a reader never sees half of one.
//!
//! Input: the bytes of each file. Output: `<out>/<UTC start>-<scenario>-<commit>/`. Everything is
//! written into a hidden folder beside it, which gets its name in one rename at the end.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::units::Bytes;

/// Files of a run that could not be archived.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The folder for archives cannot be used.
    #[error("archives cannot be written to {path}: {source}; name another folder with --out", path = path.display())]
    Out {
        /// What was given as `--out`.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// There is no room left.
    #[error(
        "disk full while archiving {path}: {needed} needed, {free} free; make room or name another folder with --out; what was measured until then is in {left}",
        path = path.display(), left = left.display(),
        needed = needed.map_or_else(|| "more".to_owned(), |needed| needed.to_string()),
        free = free.map_or_else(|| "unknown".to_owned(), |free| free.to_string()),
    )]
    Full {
        /// The file that did not fit.
        path: PathBuf,
        /// Its size, where it was known beforehand.
        needed: Option<Bytes>,
        /// What the file system had left; `None` when it did not say.
        free: Option<Bytes>,
        /// The folder that holds what was written before.
        left: PathBuf,
    },
    /// Anything else that a file system can refuse.
    #[error("archive file {path} cannot be written: {source}; what was measured until then is in {left}", path = path.display(), left = left.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
        /// The folder that holds what was written before.
        left: PathBuf,
    },
}

/// An archive that is being written.
///
/// Dropped unfinished, it removes itself, unless a write had failed or [`ArchiveWriter::keep`] was
/// called: then the hidden folder stays, and the error names it.
#[derive(Debug)]
pub struct ArchiveWriter {
    out: PathBuf,
    name: String,
    hidden: PathBuf,
    keep: bool,
}

impl ArchiveWriter {
    /// Makes the hidden folder, and so finds out before a run that `out` can be written to.
    ///
    /// `commit` is shortened to seven characters; without one the name ends at the scenario.
    ///
    /// # Errors
    /// [`ArchiveError::Out`] when `out` cannot be made or written to.
    pub fn create(
        out: &Path,
        started_at: DateTime<Utc>,
        scenario: &str,
        commit: Option<&str>,
    ) -> Result<Self, ArchiveError> {
        let make = || -> io::Result<Self> {
            fs::create_dir_all(out)?;
            let name = name(started_at, scenario, commit);
            let (name, hidden) = make_hidden(out, &name)?;
            Ok(Self {
                out: out.to_owned(),
                name,
                hidden,
                keep: false,
            })
        };
        make().map_err(|source| ArchiveError::Out {
            path: out.to_owned(),
            source,
        })
    }

    /// Where the archive will be.
    pub fn path(&self) -> PathBuf {
        self.out.join(&self.name)
    }

    /// The hidden folder that everything is written into until [`ArchiveWriter::finish`].
    pub fn hidden(&self) -> &Path {
        &self.hidden
    }

    /// Leaves the hidden folder where it is, also when this is dropped unfinished.
    pub fn keep(&mut self) {
        self.keep = true;
    }

    /// Opens a file that is written while the run goes on, such as `intervals.hlog`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn stream(&mut self, name: &str) -> Result<BufWriter<File>, ArchiveError> {
        match File::create(self.hidden.join(name)) {
            Ok(file) => Ok(BufWriter::with_capacity(1 << 16, file)),
            Err(source) => Err(self.failed(name, source, None)),
        }
    }

    /// Writes a whole file; it appears under its name when it is complete, or not at all.
    ///
    /// # Errors
    /// When there is no room or the file system refuses.
    pub fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), ArchiveError> {
        let half = self.hidden.join(format!(".{name}.half"));
        let write = || -> io::Result<()> {
            let mut file = File::create(&half)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&half, self.hidden.join(name))
        };
        write().map_err(|source| {
            // The half file is of no use; that it cannot be removed would hide the real reason.
            let _ = fs::remove_file(&half);
            self.failed(name, source, Some(bytes.len()))
        })
    }

    /// Turns an error of a stream into one that says what to do, and keeps what was written.
    pub fn failed(&mut self, name: &str, source: io::Error, needed: Option<usize>) -> ArchiveError {
        self.keep = true;
        let (path, left) = (self.path().join(name), self.hidden.clone());
        let full = matches!(
            source.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        );
        if full {
            ArchiveError::Full {
                path,
                needed: needed.map(|bytes| Bytes(bytes as u64)),
                free: free(&self.out),
                left,
            }
        } else {
            ArchiveError::Io { path, source, left }
        }
    }

    /// Gives the archive its name in one rename, and says where it is.
    ///
    /// # Errors
    /// When the file system refuses; the hidden folder then stays.
    pub fn finish(mut self) -> Result<PathBuf, ArchiveError> {
        let path = self.path();
        match fs::rename(&self.hidden, &path) {
            Ok(()) => {
                self.keep = true;
                Ok(path)
            }
            Err(source) => Err(self.failed("", source, None)),
        }
    }
}

impl Drop for ArchiveWriter {
    fn drop(&mut self) {
        if !self.keep {
            // Nothing was measured; there is nobody to tell that an empty folder is left.
            let _ = fs::remove_dir_all(&self.hidden);
        }
    }
}

/// `20260101T120000Z-expected-ab12cd3`.
fn name(started_at: DateTime<Utc>, scenario: &str, commit: Option<&str>) -> String {
    let plain = |text: &str| -> String {
        text.chars()
            .map(|c| match c {
                c if c.is_ascii_alphanumeric() || "-_.".contains(c) => c,
                _ => '_',
            })
            .collect()
    };
    let mut name = format!(
        "{}-{}",
        started_at.format("%Y%m%dT%H%M%SZ"),
        plain(scenario)
    );
    if let Some(commit) = commit.filter(|commit| !commit.is_empty()) {
        let short: String = commit.chars().take(7).collect();
        name.push('-');
        name.push_str(&plain(&short));
    }
    name
}

/// Makes the hidden folder of the first of `name`, `name-2`, `name-3`... that is not taken; making
/// it is what takes the name, so that two runs of the same second do not share one.
fn make_hidden(out: &Path, name: &str) -> io::Result<(String, PathBuf)> {
    for number in 1..1000 {
        let name = match number {
            1 => name.to_owned(),
            _ => format!("{name}-{number}"),
        };
        let hidden = out.join(format!(".{name}.partial"));
        match fs::create_dir(&hidden) {
            Ok(()) if out.join(&name).exists() => fs::remove_dir(&hidden)?,
            Ok(()) => return Ok((name, hidden)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// What an ordinary user may still write to the file system of `path`.
fn free(path: &Path) -> Option<Bytes> {
    let stat = rustix::fs::statvfs(path).ok()?;
    Some(Bytes(stat.f_bavail * stat.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn start() -> DateTime<Utc> {
        "2026-01-01T12:00:00Z".parse().unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn appears_whole_and_under_its_name() {
        let out = tempfile::tempdir().unwrap();
        let folder = out.path().join("deep/reports");
        let mut writer =
            ArchiveWriter::create(&folder, start(), "expected", Some("ab12cd3e4f")).unwrap();
        writer.write("run.json", b"{}").unwrap();
        let mut stream = writer.stream("intervals.hlog").unwrap();
        stream.write_all(b"#\n").unwrap();
        stream.flush().unwrap();
        assert_eq!(
            names(&folder),
            [".20260101T120000Z-expected-ab12cd3.partial"]
        );

        let path = writer.finish().unwrap();
        assert_eq!(names(&folder), ["20260101T120000Z-expected-ab12cd3"]);
        assert_eq!(names(&path), ["intervals.hlog", "run.json"]);
    }

    #[test]
    fn two_runs_of_the_same_second_do_not_share_a_folder() {
        let out = tempfile::tempdir().unwrap();
        let create = || ArchiveWriter::create(out.path(), start(), "a/b c", None).unwrap();
        let (first, second) = (create(), create());
        first.finish().unwrap();
        let third = create();
        second.finish().unwrap();
        third.finish().unwrap();
        assert_eq!(
            names(out.path()),
            [
                "20260101T120000Z-a_b_c",
                "20260101T120000Z-a_b_c-2",
                "20260101T120000Z-a_b_c-3"
            ]
        );
    }

    #[test]
    fn leaves_nothing_when_the_run_never_measured() {
        let out = tempfile::tempdir().unwrap();
        drop(ArchiveWriter::create(out.path(), start(), "expected", None).unwrap());
        assert_eq!(names(out.path()), Vec::<String>::new());
    }

    #[test]
    fn an_unusable_folder_is_found_before_the_run() {
        let out = tempfile::tempdir().unwrap();
        let file = out.path().join("file");
        fs::write(&file, "").unwrap();
        let error = ArchiveWriter::create(&file, start(), "expected", None).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("--out") && text.contains("file"), "{text}");
    }

    #[test]
    fn a_full_disk_is_named_and_leaves_no_half_file() {
        let out = tempfile::tempdir().unwrap();
        let mut writer = ArchiveWriter::create(out.path(), start(), "expected", None).unwrap();
        writer.write("series.json", b"{}").unwrap();
        symlink("/dev/full", writer.hidden().join(".run.json.half")).unwrap();
        let error = writer.write("run.json", &[b'x'; 2048]).unwrap_err();
        let text = error.to_string();
        let hidden = writer.hidden().to_owned();
        assert!(
            text.contains("disk full") && text.contains("2 KiB needed"),
            "{text}"
        );
        assert!(text.contains(hidden.to_str().unwrap()), "{text}");
        drop(writer);
        assert_eq!(names(&hidden), ["series.json"]);
        assert!(names(out.path()).iter().all(|name| name.starts_with('.')));
    }

    #[test]
    fn a_stream_that_fills_the_disk_keeps_what_was_measured() {
        let out = tempfile::tempdir().unwrap();
        let mut writer = ArchiveWriter::create(out.path(), start(), "expected", None).unwrap();
        symlink("/dev/full", writer.hidden().join("intervals.hlog")).unwrap();
        let mut stream = writer.stream("intervals.hlog").unwrap();
        stream.write_all(b"line").unwrap();
        let source = stream.flush().unwrap_err();
        let error = writer.failed("intervals.hlog", source, None);
        assert!(
            matches!(error, ArchiveError::Full { needed: None, .. }),
            "{error}"
        );
        let hidden = writer.hidden().to_owned();
        drop((stream, writer));
        assert!(hidden.exists());
    }
}
