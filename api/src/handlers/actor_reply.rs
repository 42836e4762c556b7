//! Who did something, as clients are told.

use domain::UserId;
use projections::{Actor, Deed};
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::values;

/// Who did something, and by what right.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Actor)]
pub struct ActorReply {
    /// The user; null for nobody in particular, as through a webhook URL.
    #[schema(value_type = Option<Uuid>, required)]
    user_id: Option<UserId>,
    /// By what right.
    #[schema(value_type = values::Via)]
    via: String,
    /// Exactly which token or webhook URL; null for any other right.
    #[schema(value_type = Option<Uuid>, required)]
    credential_id: Option<String>,
}

impl From<&Actor> for ActorReply {
    fn from(actor: &Actor) -> Self {
        Self {
            user_id: actor.user_id,
            via: actor.via.as_str().to_owned(),
            credential_id: actor.via.credential_id(),
        }
    }
}

impl From<Deed> for ActorReply {
    fn from(deed: Deed) -> Self {
        Self { user_id: deed.user_id, via: deed.via, credential_id: deed.credential_id }
    }
}
