//! What a user may do: across the instance, and inside one account.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that names no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown role {0:?}")]
pub struct UnknownRole(pub String);

macro_rules! role {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant),+
        }

        impl $name {
            /// Every one there is.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name used in events, tables and JSON.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownRole;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(UnknownRole(text.to_owned())),
                }
            }
        }
    };
}

role!(
    /// A role that holds everywhere in this installation.
    InstanceRole {
        /// Manages users, accounts and members, and revokes tokens.
        Admin = "admin",
        /// Reads everyone's token history.
        Auditor = "auditor",
    }
);

role!(
    /// A role inside one account.
    AccountRole {
        /// Runs the account.
        Admin = "admin",
        /// Works in the account.
        Member = "member",
        /// Looks, and changes nothing.
        Viewer = "viewer",
    }
);

role!(
    /// One thing that a role allows in the account in force.
    Permission {
        /// Trigger a call.
        TriggerCall = "Call.Trigger",
        /// See campaigns and their prospects.
        ViewCampaign = "Campaign.View",
        /// Add prospects to a campaign.
        EditCampaign = "Campaign.EditCampaign",
    }
);

impl AccountRole {
    /// What the role allows.
    pub const fn permissions(self) -> &'static [Permission] {
        match self {
            Self::Admin | Self::Member => {
                &[Permission::TriggerCall, Permission::ViewCampaign, Permission::EditCampaign]
            }
            Self::Viewer => &[Permission::ViewCampaign],
        }
    }

    /// Whether the role allows `permission`.
    pub fn allows(self, permission: Permission) -> bool {
        self.permissions().contains(&permission)
    }
}
