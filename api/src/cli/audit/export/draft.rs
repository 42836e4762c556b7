//! A file in the making: under another name until it is whole, and gone if it does not become so.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A file that only its owner can read, and that counts once it is kept.
pub(super) struct Draft {
    file: File,
    path: PathBuf,
    output: PathBuf,
    is_kept: bool,
}

impl Draft {
    /// Begins one beside the file that it is to become.
    ///
    /// # Errors
    /// When it cannot be made there; the text says where.
    pub(super) fn begin(output: &Path) -> Result<Self, String> {
        let path = output.with_added_extension(format!("{}.draft", std::process::id()));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        Ok(Self { file, path, output: output.to_owned(), is_kept: false })
    }

    /// Where it is meanwhile.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds to it.
    pub(super) fn write(&self, bytes: &[u8]) -> Result<(), String> {
        (&self.file).write_all(bytes).map_err(|error| self.failed(&error))
    }

    /// Gives it its name, once it is on the disk.
    pub(super) fn keep(mut self) -> Result<(), String> {
        let kept = self.file.sync_all().and_then(|()| fs::rename(&self.path, &self.output));
        kept.map_err(|error| self.failed(&error))?;
        self.is_kept = true;
        Ok(())
    }

    fn failed(&self, error: &io::Error) -> String {
        format!("cannot write {}: {error}", self.output.display())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.is_kept {
            drop(fs::remove_file(&self.path));
        }
    }
}
