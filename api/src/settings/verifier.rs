//! Who says whose a token is.

use std::sync::Arc;
use std::time::Duration;

use projections::replica::{LiveSet, Memory};
use projections::{Replica, Terms, Verifier};

use super::SettingsError;

/// Where verifications are answered from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifierSettings {
    /// The database, each time.
    Direct,
    /// Memory, under leases of these terms where there are several nodes.
    Replica(Terms),
}

impl VerifierSettings {
    /// Reads the settings.
    ///
    /// # Errors
    /// For an unknown kind, and for terms under which a lease could not be kept.
    pub(super) fn parse(kind: &str, lease_ms: u32, renewal_ms: u32) -> Result<Self, SettingsError> {
        if !(300..=3000).contains(&lease_ms) {
            let reason = "it must be between 300 and 3000";
            return Err(refused("lease_ms", lease_ms.to_string(), reason));
        }
        if !(20..=lease_ms / 3).contains(&renewal_ms) {
            let reason = "it must be at least 20 and at most a third of lease_ms";
            return Err(refused("lease_renewal_ms", renewal_ms.to_string(), reason));
        }
        match kind {
            "direct" => Ok(Self::Direct),
            "replica" => Ok(Self::Replica(Terms {
                length: Duration::from_millis(lease_ms.into()),
                renewal: Duration::from_millis(renewal_ms.into()),
            })),
            _ => Err(refused("verifier", kind.to_owned(), "it must be replica or direct")),
        }
    }

    /// As the setting says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Replica(_) => "replica",
        }
    }

    /// The verifier over a database whose live set is kept in `memory`.
    pub fn on(
        self,
        memory: Arc<Memory<LiveSet>>,
        database: &(impl Verifier + Clone + 'static),
    ) -> Arc<dyn Verifier> {
        let database = Arc::new(database.clone());
        match self {
            Self::Direct => database,
            Self::Replica(_) => Arc::new(Replica::new(memory, database)),
        }
    }
}

/// Longest wait for the database.
///
/// # Errors
/// For one that no database keeps, or that no gateway waits for.
pub(super) fn timeout(milliseconds: u32) -> Result<Duration, SettingsError> {
    if !(20..=5000).contains(&milliseconds) {
        let reason = "it must be between 20 and 5000";
        return Err(refused("verify_timeout_ms", milliseconds.to_string(), reason));
    }
    Ok(Duration::from_millis(milliseconds.into()))
}

fn refused(name: &'static str, value: String, reason: &str) -> SettingsError {
    SettingsError::Value { name, value, reason: reason.to_owned() }
}
