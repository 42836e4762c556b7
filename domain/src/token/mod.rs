//! The token of one user: at most one is live, and every new one names the one it killed.
//!
//! **Invariant:** generations count 1, 2, 3 … and never restart, so "the token of generation 7" means
//! the same token for ever.

mod command;
mod digest;
mod event;
mod generation;
mod secret;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

pub use command::{FreshToken, TokenCommand, TokenError};
pub use digest::{InvalidDigest, TokenDigest, TokenHint};
pub use event::{RevocationReason, TokenEvent};
pub use generation::{Generation, InvalidGeneration};
pub use secret::{InvalidPrefix, Prefix, TokenSecret};

use crate::{Recall, Recalls, TokenId};

/// The aggregate. Its id is the user's id.
///
/// **Invariant:** every event says all that is kept here, so the latest one is enough to recall it by.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Token {
    /// Of the latest token, live or dead; `None` before the first.
    generation: Option<Generation>,
    live: Option<TokenId>,
}

impl Token {
    fn next_generation(&self) -> Generation {
        self.generation.map_or(Generation::FIRST, Generation::next)
    }

    /// The live token with its generation.
    fn current(&self) -> Option<(TokenId, Generation)> {
        self.live.zip(self.generation)
    }

    fn generate(
        &self,
        replace: bool,
        fresh: FreshToken,
        at: DateTime<Utc>,
    ) -> Result<TokenEvent, TokenError> {
        match self.current() {
            Some((_, current)) if !replace => Err(TokenError::AlreadyGenerated { current }),
            Some((invalidated, _)) => Ok(self.replaced(invalidated, fresh, at)),
            None => Ok(TokenEvent::TokenGenerated {
                token_id: fresh.id,
                generation: self.next_generation(),
                digest: fresh.digest,
                hint: fresh.hint,
                at,
            }),
        }
    }

    fn regenerate(
        &self,
        expected: Option<Generation>,
        fresh: FreshToken,
        at: DateTime<Utc>,
    ) -> Result<TokenEvent, TokenError> {
        let (invalidated, current) = self.current().ok_or(TokenError::NotGenerated)?;
        expect_generation(expected, current)?;
        Ok(self.replaced(invalidated, fresh, at))
    }

    fn replaced(&self, invalidated: TokenId, fresh: FreshToken, at: DateTime<Utc>) -> TokenEvent {
        TokenEvent::TokenRegenerated {
            token_id: fresh.id,
            generation: self.next_generation(),
            digest: fresh.digest,
            hint: fresh.hint,
            invalidated_token_id: invalidated,
            at,
        }
    }

    /// Revoking what is already dead is no error and no event: the state asked for holds.
    fn revoke(
        &self,
        expected: Option<Generation>,
        reason: RevocationReason,
        at: DateTime<Utc>,
    ) -> Result<Option<TokenEvent>, TokenError> {
        let Some((token_id, generation)) = self.current() else { return Ok(None) };
        expect_generation(expected, generation)?;
        Ok(Some(TokenEvent::TokenRevoked { token_id, generation, reason, at }))
    }

    fn decide(&self, command: TokenCommand) -> Result<Option<TokenEvent>, TokenError> {
        match command {
            TokenCommand::Generate { replace, fresh, at } => {
                self.generate(replace, fresh, at).map(Some)
            }
            TokenCommand::Regenerate { expected_generation, fresh, at } => {
                self.regenerate(expected_generation, fresh, at).map(Some)
            }
            TokenCommand::Revoke { expected_generation, reason, at } => {
                self.revoke(expected_generation, reason, at)
            }
        }
    }
}

fn expect_generation(expected: Option<Generation>, current: Generation) -> Result<(), TokenError> {
    match expected {
        Some(expected) if expected != current => Err(TokenError::StaleGeneration { current }),
        Some(_) | None => Ok(()),
    }
}

impl Recalls for Token {
    const RECALL: Recall = Recall::Latest;
}

impl Aggregate for Token {
    const TYPE: &'static str = "token";
    type Command = TokenCommand;
    type Event = TokenEvent;
    type Error = TokenError;
    type Services = ();

    async fn handle(
        &mut self,
        command: Self::Command,
        (): &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        if let Some(event) = self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        match event {
            TokenEvent::TokenGenerated { token_id, generation, .. }
            | TokenEvent::TokenRegenerated { token_id, generation, .. } => {
                self.live = Some(token_id);
                self.generation = Some(generation);
            }
            TokenEvent::TokenRevoked { generation, .. } => {
                self.live = None;
                self.generation = Some(generation);
            }
        }
    }
}
