//! The secret URL of a campaign: at most one is live, and every new one names the one it killed. The
//! same rules as a user's token.

use chrono::{DateTime, Utc};
use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};

use crate::token::{Generation, TokenDigest, TokenHint};
use crate::{Recall, Recalls, WebhookId};

/// The aggregate. Its id is the campaign's id.
///
/// **Invariant:** every event says all that is kept here, so the latest one is enough to recall it by.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Webhook {
    /// Of the latest URL, live or dead; `None` before the first.
    generation: Option<Generation>,
    live: Option<WebhookId>,
}

/// A URL that was just made: everything about it except its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreshWebhook {
    /// Names the URL in public.
    pub id: WebhookId,
    /// What is stored instead of the secret.
    pub digest: TokenDigest,
    /// The last four characters of the secret.
    pub hint: TokenHint,
}

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookCommand {
    /// Make `fresh` the live URL, whether or not there is one.
    Rotate {
        /// The generation the asker believes to be live; `None` replaces whichever is.
        expected_generation: Option<Generation>,
        /// The new URL.
        fresh: FreshWebhook,
        /// When it was asked.
        at: DateTime<Utc>,
    },
    /// Kill the live URL and leave none.
    Revoke {
        /// When it was asked.
        at: DateTime<Utc>,
    },
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WebhookEvent {
    /// A URL became live.
    WebhookIssued {
        /// The new URL.
        webhook_id: WebhookId,
        /// Its generation.
        generation: Generation,
        /// Its digest.
        digest: TokenDigest,
        /// Its last four characters.
        hint: TokenHint,
        /// The URL this one killed, if one was live.
        invalidated_webhook_id: Option<WebhookId>,
        /// When.
        at: DateTime<Utc>,
    },
    /// The live URL died and none took its place.
    WebhookRevoked {
        /// The dead URL.
        webhook_id: WebhookId,
        /// Its generation.
        generation: Generation,
        /// When.
        at: DateTime<Utc>,
    },
}

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// Someone else replaced or revoked the URL first.
    #[error("the webhook URL was changed in the meantime")]
    StaleGeneration,
}

impl Webhook {
    fn rotate(
        &self,
        expected: Option<Generation>,
        fresh: FreshWebhook,
        at: DateTime<Utc>,
    ) -> Result<WebhookEvent, WebhookError> {
        let current = self.live.and(self.generation);
        if expected.is_some() && expected != current {
            return Err(WebhookError::StaleGeneration);
        }
        Ok(WebhookEvent::WebhookIssued {
            webhook_id: fresh.id,
            generation: self.generation.map_or(Generation::FIRST, Generation::next),
            digest: fresh.digest,
            hint: fresh.hint,
            invalidated_webhook_id: self.live,
            at,
        })
    }

    /// Revoking what is already dead is no error and no event: the state asked for holds.
    fn revoke(&self, at: DateTime<Utc>) -> Option<WebhookEvent> {
        let (webhook_id, generation) = self.live.zip(self.generation)?;
        Some(WebhookEvent::WebhookRevoked { webhook_id, generation, at })
    }
}

impl Recalls for Webhook {
    const RECALL: Recall = Recall::Latest;
}

impl Aggregate for Webhook {
    const TYPE: &'static str = "webhook";
    type Command = WebhookCommand;
    type Event = WebhookEvent;
    type Error = WebhookError;
    type Services = ();

    async fn handle(
        &mut self,
        command: Self::Command,
        (): &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        let event = match command {
            WebhookCommand::Rotate { expected_generation, fresh, at } => {
                Some(self.rotate(expected_generation, fresh, at)?)
            }
            WebhookCommand::Revoke { at } => self.revoke(at),
        };
        if let Some(event) = event {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        match event {
            WebhookEvent::WebhookIssued { webhook_id, generation, .. } => {
                self.live = Some(webhook_id);
                self.generation = Some(generation);
            }
            WebhookEvent::WebhookRevoked { generation, .. } => {
                self.live = None;
                self.generation = Some(generation);
            }
        }
    }
}

impl DomainEvent for WebhookEvent {
    fn event_type(&self) -> String {
        match self {
            Self::WebhookIssued { .. } => "WebhookIssued",
            Self::WebhookRevoked { .. } => "WebhookRevoked",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
