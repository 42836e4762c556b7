//! An assistant, as clients see it.

use domain::AssistantId;
use projections::AssistantEntry;
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::values;

/// An assistant that makes calls.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Assistant)]
pub struct AssistantReply {
    /// What calls are triggered with.
    #[schema(value_type = Uuid)]
    id: AssistantId,
    /// What this is.
    #[schema(pattern = "^assistant$")]
    object_type: &'static str,
    /// As people read it.
    name: String,
    /// Calls come from it, in E.164 form.
    #[schema(value_type = values::PhoneNumber)]
    phone_number: String,
}

impl From<AssistantEntry> for AssistantReply {
    fn from(assistant: AssistantEntry) -> Self {
        Self {
            id: assistant.assistant_id,
            object_type: "assistant",
            name: assistant.name,
            phone_number: assistant.phone_number.as_str().to_owned(),
        }
    }
}
