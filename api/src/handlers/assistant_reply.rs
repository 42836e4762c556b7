//! An assistant, as clients see it.

use domain::AssistantId;
use projections::AssistantEntry;
use serde::Serialize;

/// An assistant that makes calls.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AssistantReply {
    id: AssistantId,
    object_type: &'static str,
    name: String,
    /// Calls come from it, in E.164 form.
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
