//! The endpoints file of a server under test.

use std::fmt::Write;
use std::path::PathBuf;

use crate::reaper::Scratch;
use crate::receiver::Receiver;
use crate::server::Settings;

/// A file that names receivers. It is gone when this is dropped; the server reads it when it starts.
#[derive(Debug)]
pub struct EndpointsFile {
    folder: Scratch,
    text: String,
}

impl EndpointsFile {
    /// A file that begins with this text.
    pub fn new(text: &str) -> Self {
        Self { folder: Scratch::new("endpoints"), text: format!("{text}\n") }
    }

    /// A file whose deliveries are given up after these waits.
    pub fn with_schedule(seconds: &[u32]) -> Self {
        Self::new(&format!("delivery_schedule_seconds = {seconds:?}"))
    }

    /// Adds a receiver under this name, with more lines about it.
    #[must_use]
    pub fn endpoint(self, name: &str, receiver: &Receiver, more: &str) -> Self {
        self.at(name, &receiver.url(), receiver.secret(), more)
    }

    /// Adds an endpoint at this URL.
    #[must_use]
    pub fn at(mut self, name: &str, url: &str, secret: &str, more: &str) -> Self {
        write!(
            self.text,
            "[[endpoint]]\nname = \"{name}\"\nurl = \"{url}\"\nsecret = \"{secret}\"\n{more}\n"
        )
        .expect("a string takes everything");
        self
    }

    /// Where it is.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("endpoints.toml")
    }

    /// Writes it, for a server that starts after this.
    pub fn write(&self) {
        std::fs::write(self.path(), &self.text).expect("the folder is ours");
    }

    /// Writes what is in this one where another is.
    pub fn write_over(&self, other: &Self) {
        std::fs::write(other.path(), &self.text).expect("the folder is ours");
    }

    /// Settings that lead to the file, which is written.
    pub fn settings(&self) -> Settings {
        self.write();
        Settings::new().flag("--endpoints-file", &self.path().display().to_string())
    }

    /// The same, with endpoints allowed on this machine.
    pub fn settings_on_this_machine(&self) -> Settings {
        self.settings().environment("SYMBOLON_ALLOW_PRIVATE_ENDPOINTS", "true")
    }
}
