//! One process per database file, whatever path each used to find it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use super::OpenError;

/// An exclusive `flock` on the database file itself, so that a symbolic or hard link meets the same lock.
///
/// Taken on a descriptor opened before SQLite's own and kept until after them: closing any descriptor of
/// a file drops the process's POSIX locks on it, which are the ones SQLite works with.
#[derive(Debug)]
pub(super) struct DatabaseLock {
    /// Held, never read.
    _file: File,
}

impl DatabaseLock {
    pub(super) fn take(path: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::File { path: path.to_owned(), source };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => {
                // Closing it would drop the locks of this process, should it be the one in the way.
                std::mem::forget(file);
                Err(OpenError::InUse(path.to_owned()))
            }
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}
