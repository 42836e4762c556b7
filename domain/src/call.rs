//! A call that someone asked an account's assistant to make. Whom it calls is not here: that is
//! personal, and lives in an ordinary table.

use chrono::{DateTime, Utc};
use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};

use crate::{AccountId, AssistantId, Recall, Recalls};

/// The aggregate.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Call {
    is_triggered: bool,
}

/// What can be asked of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallCommand {
    /// Make the call.
    Trigger {
        /// In which account.
        account_id: AccountId,
        /// Who makes it.
        assistant_id: AssistantId,
        /// When it was asked.
        at: DateTime<Utc>,
    },
}

/// What happened to a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallEvent {
    /// It was asked for, and is on its way.
    CallTriggered {
        /// In which account.
        account_id: AccountId,
        /// Who makes it.
        assistant_id: AssistantId,
        /// When.
        at: DateTime<Utc>,
    },
}

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// One call phones once.
    #[error("the call was triggered already")]
    AlreadyTriggered,
}

impl Recalls for Call {
    const RECALL: Recall = Recall::Every;
}

impl Aggregate for Call {
    const TYPE: &'static str = "call";
    type Command = CallCommand;
    type Event = CallEvent;
    type Error = CallError;
    type Services = ();

    async fn handle(
        &mut self,
        command: Self::Command,
        (): &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        let CallCommand::Trigger { account_id, assistant_id, at } = command;
        if self.is_triggered {
            return Err(CallError::AlreadyTriggered);
        }
        sink.write(CallEvent::CallTriggered { account_id, assistant_id, at }, self).await;
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        let CallEvent::CallTriggered { .. } = event;
        self.is_triggered = true;
    }
}

impl DomainEvent for CallEvent {
    fn event_type(&self) -> String {
        let Self::CallTriggered { .. } = self;
        "CallTriggered".to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
