//! Who signs what the log is, and when.

use std::path::PathBuf;
use std::time::Duration;

use domain::log::Origin;

use super::SettingsError;

/// How checkpoints are made.
#[derive(Clone, Debug)]
pub struct CheckpointSettings {
    /// The file with the signing key; `None` = one beside the database, made when it is not there.
    pub key_file: Option<PathBuf>,
    /// What the log is called; `None` = as its key says, and a new key says the host of the public URL.
    pub origin: Option<Origin>,
    /// From one to the next.
    pub period: Duration,
    /// A file that they are appended to.
    pub file: Option<PathBuf>,
}

impl CheckpointSettings {
    pub(super) fn parse(
        key_file: Option<PathBuf>,
        origin: Option<String>,
        seconds: u32,
        file: Option<PathBuf>,
    ) -> Result<Self, SettingsError> {
        let refused = |name, value: String, reason: &dyn ToString| SettingsError::Value {
            name,
            value,
            reason: reason.to_string(),
        };
        if seconds == 0 {
            let reason = "it must be at least 1";
            return Err(refused("checkpoint_seconds", seconds.to_string(), &reason));
        }
        let parse = |text: String| {
            text.parse().map_err(|error| refused("log_origin", text.clone(), &error))
        };
        let origin = origin.map(parse).transpose()?;
        Ok(Self { key_file, origin, period: Duration::from_secs(seconds.into()), file })
    }
}
