//! A call, as clients see it.

use chrono::{DateTime, Utc};
use domain::{AssistantId, CallId};
use projections::calls::CallDetailsEntry;
use projections::{CallDetails, CallEntry};
use serde::Serialize;
use utoipa::ToSchema;

use super::actor_reply::ActorReply;
use super::call_body::CallTransfer;
use crate::openapi::values;

/// A call that was triggered. Everything about the person called is null once it was erased.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Call)]
pub struct CallReply {
    /// Names the call.
    #[schema(value_type = Uuid)]
    id: CallId,
    /// What this is.
    #[schema(pattern = "^call$")]
    object_type: &'static str,
    /// Which way.
    #[schema(value_type = values::CallType)]
    call_type: &'static str,
    /// How far it is.
    #[schema(value_type = values::CallStatus)]
    status: &'static str,
    /// Who makes it.
    #[schema(value_type = Uuid)]
    assistant_id: AssistantId,
    /// The assistant's number at that moment.
    #[schema(value_type = Option<values::PhoneNumber>, required)]
    from: Option<String>,
    /// Whom to call.
    #[schema(value_type = Option<values::PhoneNumber>, required)]
    to: Option<String>,
    /// Of the person called.
    #[schema(required)]
    name: Option<String>,
    /// Of the person called.
    #[schema(required)]
    email: Option<String>,
    /// Where the person is.
    #[schema(required)]
    timezone: Option<String>,
    /// What the assistant should know.
    #[schema(value_type = Option<Object>, required)]
    data: Option<serde_json::Value>,
    /// To whom the assistant may hand over, and how.
    #[schema(value_type = Option<CallTransfer>, required)]
    call_transfer: Option<serde_json::Value>,
    /// Who triggered it.
    actor: ActorReply,
    /// When it was triggered.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

impl CallReply {
    /// A call that was triggered just now, or by an earlier copy of the same request.
    pub fn triggered(
        id: CallId,
        assistant_id: AssistantId,
        at: DateTime<Utc>,
        details: CallDetails,
        actor: ActorReply,
    ) -> Self {
        let details = CallDetailsEntry {
            name: details.name,
            phone_number: details.phone_number.as_str().to_owned(),
            from_number: details.from_number.as_str().to_owned(),
            email: details.email.map(|email| email.as_str().to_owned()),
            timezone: details.timezone,
            data: details.data,
            call_transfer: details.call_transfer,
        };
        Self::new(id, assistant_id, at, Some(&details), actor)
    }

    fn new(
        id: CallId,
        assistant_id: AssistantId,
        at: DateTime<Utc>,
        details: Option<&CallDetailsEntry>,
        actor: ActorReply,
    ) -> Self {
        Self {
            id,
            object_type: "call",
            call_type: "outbound",
            status: "registered",
            assistant_id,
            from: details.map(|details| details.from_number.clone()),
            to: details.map(|details| details.phone_number.clone()),
            name: details.map(|details| details.name.clone()),
            email: details.and_then(|details| details.email.clone()),
            timezone: details.and_then(|details| details.timezone.clone()),
            data: details.and_then(|details| details.data.clone()),
            call_transfer: details.and_then(|details| details.call_transfer.clone()),
            actor,
            created_at: at,
            updated_at: at,
        }
    }
}

impl From<CallEntry> for CallReply {
    fn from(call: CallEntry) -> Self {
        let at = call.triggered.at;
        let actor = call.triggered.into();
        Self::new(call.call_id, call.assistant_id, at, call.details.as_ref(), actor)
    }
}
