//! Who did something, as clients are told.

use domain::UserId;
use projections::{Actor, Deed};
use serde::Serialize;

/// Who did something, and by what right.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ActorReply {
    /// The user; null for nobody in particular, as through a webhook URL.
    user_id: Option<UserId>,
    /// `session`, `token`, `webhook`, `setup`, `command_line` or `system`.
    via: String,
    /// Exactly which token or webhook URL; null for any other right.
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
