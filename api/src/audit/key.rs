//! The file with the key that signs checkpoints. It is made when the service first starts, and says for ever
//! what the log is called.
//!
//! **Invariant:** the file is whole or absent, and only its owner can read one that was made here.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use domain::log::{InvalidKey, LogKey, Origin};
use rand::CryptoRng;

use crate::settings::{Database, Settings};

const FILE_NAME: &str = "symbolon-log.key";

/// Why there is no key. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum LogKeyError {
    /// The file cannot be read or made.
    #[error("cannot use the log's key {path}: {source}; `symbolon audit make-key` makes one")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{path} holds no signing key of a log: {source}")]
    Invalid {
        /// Which.
        path: PathBuf,
        /// Why.
        source: InvalidKey,
    },
    /// The log is called something else.
    #[error(
        "{path} holds the key of the log {name}, and log_origin is {wanted}; a log keeps its name: set \
         --log-origin {name}"
    )]
    OtherLog {
        /// Which.
        path: PathBuf,
        /// What the log is called.
        name: Origin,
        /// What the settings call it.
        wanted: Origin,
    },
}

/// Where the key is, and whether it is made when it is not there.
fn place(settings: &Settings) -> (PathBuf, bool) {
    match (&settings.checkpoints.key_file, &settings.database) {
        (Some(path), _) => (path.clone(), false),
        (None, Database::Sqlite(path)) => (path.with_file_name(FILE_NAME), true),
        (None, Database::Postgres(_)) => (settings.data_dir.join(FILE_NAME), true),
    }
}

/// The key, made first if the settings name no file and there is none beside the database.
///
/// # Errors
/// When it cannot be used.
pub fn load_or_make(
    settings: &Settings,
    default_name: &Origin,
    rng: &mut impl CryptoRng,
) -> Result<LogKey, LogKeyError> {
    let (path, may_make) = place(settings);
    match read(&path) {
        Err(LogKeyError::File { source, .. })
            if may_make && source.kind() == io::ErrorKind::NotFound =>
        {
            let name = settings.checkpoints.origin.as_ref().unwrap_or(default_name);
            make(&path, name.clone(), rng)?;
        }
        Err(error) => return Err(error),
        Ok(_) => {}
    }
    // Another process may have made it first: what counts is what is there.
    let key = read(&path)?;
    match &settings.checkpoints.origin {
        Some(wanted) if wanted != key.verifier().name() => Err(LogKeyError::OtherLog {
            path,
            name: key.verifier().name().clone(),
            wanted: wanted.clone(),
        }),
        Some(_) | None => Ok(key),
    }
}

/// The key as it is, and whether others can read the file; `None` when it is not there yet.
///
/// # Errors
/// When it cannot be read.
pub fn look(settings: &Settings) -> Result<Option<(LogKey, bool)>, LogKeyError> {
    let (path, may_make) = place(settings);
    match read(&path) {
        Ok(key) => {
            let mode = fs::metadata(&path).map(|file| file.permissions().mode());
            Ok(Some((key, mode.is_ok_and(|mode| mode & 0o077 != 0))))
        }
        Err(LogKeyError::File { source, .. })
            if may_make && source.kind() == io::ErrorKind::NotFound =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn read(path: &Path) -> Result<LogKey, LogKeyError> {
    let failed = |source| LogKeyError::File { path: path.to_owned(), source };
    let text = fs::read_to_string(path).map_err(failed)?;
    LogKey::parse(text.trim())
        .map_err(|source| LogKeyError::Invalid { path: path.to_owned(), source })
}

/// Makes a key and its file. One that is there stays.
///
/// # Errors
/// When the file cannot be made.
pub fn make(path: &Path, name: Origin, rng: &mut impl CryptoRng) -> Result<(), LogKeyError> {
    write(path, &LogKey::generate(name, rng))
        .map_err(|source| LogKeyError::File { path: path.to_owned(), source })
}

/// Under another name first, so that nobody ever sees half of it.
fn write(path: &Path, key: &LogKey) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let draft = path.with_extension(format!("{}.draft", std::process::id()));
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    let outcome = writeln!(file, "{}", key.expose())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&draft, path));
    fs::remove_file(&draft)?;
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}
