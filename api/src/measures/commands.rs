//! Counts commands as they end.

use projections::StoreError;

use super::Stopwatch;
use super::table::{COMMAND_DURATION, COMMANDS};
use crate::commands::{CommandError, Receipt};

/// Counts a command on an aggregate of this type.
pub fn count<E>(
    aggregate: &'static str,
    watch: Stopwatch,
    outcome: &Result<Receipt<E>, CommandError>,
) {
    watch.stop(&metrics::histogram!(COMMAND_DURATION, "aggregate" => aggregate));
    let outcome = outcome_name(outcome);
    metrics::counter!(COMMANDS, "aggregate" => aggregate, "outcome" => outcome).increment(1);
}

const fn outcome_name<E>(outcome: &Result<Receipt<E>, CommandError>) -> &'static str {
    match outcome {
        Ok(Receipt { is_repeated: true, .. }) => "repeated",
        Ok(receipt) if receipt.events.is_empty() => "unchanged",
        Ok(_) => "done",
        Err(
            CommandError::Token(_)
            | CommandError::User(_)
            | CommandError::Account(_)
            | CommandError::Call(_)
            | CommandError::Campaign(_)
            | CommandError::Webhook(_)
            | CommandError::Store(
                StoreError::UserNotActive
                | StoreError::EmailTaken
                | StoreError::AlreadySetUp
                | StoreError::SetupCodeRefused
                | StoreError::Repeated
                | StoreError::KeyReused,
            ),
        ) => "refused",
        Err(CommandError::Store(StoreError::Conflict)) => "conflict",
        Err(CommandError::Store(StoreError::Unavailable(_))) => "unavailable",
        Err(CommandError::Store(StoreError::OutcomeUnknown(_))) => "unknown",
        Err(CommandError::Store(StoreError::Corrupt(_))) => "corrupt",
    }
}
