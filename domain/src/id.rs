//! Opaque identifiers, one type per thing, so that an account's can never stand where a user's belongs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps an identifier that was made elsewhere.
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The identifier as a UUID.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(text).map(Self)
            }
        }
    };
}

id!(
    /// A person. Also the id of that person's [`Token`](crate::Token) aggregate: one token per user.
    UserId
);
id!(
    /// A customer's account, in which users are members.
    AccountId
);
id!(
    /// One issued token, live or dead. Public: it names a token without revealing it.
    TokenId
);
id!(
    /// A voice assistant of an account: what makes calls.
    AssistantId
);
id!(
    /// One call that was triggered.
    CallId
);
id!(
    /// A campaign of an account. Also the id of its [`Webhook`](crate::Webhook) aggregate: one secret
    /// URL per campaign.
    CampaignId
);
id!(
    /// One prospect of a campaign.
    ProspectId
);
id!(
    /// One issued webhook URL, live or dead. Public: it names the URL without revealing it.
    WebhookId
);
id!(
    /// One attempt to change something. Stored beside its events, it tells whether a commit whose
    /// answer was lost happened.
    CommandId
);
