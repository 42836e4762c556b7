//! How people are shown.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::{InstanceRole, UserId};
use projections::{Registration, UserEntry};
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::values;

/// Someone who is signed in, as they see themselves.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Myself)]
pub struct MyselfReply {
    #[schema(value_type = Uuid)]
    id: UserId,
    /// In lower case.
    #[schema(examples("ada@example.com"))]
    email: String,
    /// As people read it.
    #[schema(examples("Ada"))]
    name: String,
    /// Across the installation.
    #[schema(value_type = BTreeSet<values::InstanceRole>)]
    roles: BTreeSet<InstanceRole>,
}

impl From<Registration> for MyselfReply {
    fn from(person: Registration) -> Self {
        Self { id: person.user_id, email: person.email, name: person.name, roles: person.roles }
    }
}

/// A user, as an administrator sees one.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
pub struct UserReply {
    #[schema(value_type = Uuid)]
    id: UserId,
    /// In lower case; null when erased.
    #[schema(required, examples("ada@example.com"))]
    email: Option<String>,
    /// As people read it; null when erased.
    #[schema(required, examples("Ada"))]
    name: Option<String>,
    /// Across the installation.
    #[schema(value_type = BTreeSet<values::InstanceRole>)]
    roles: BTreeSet<InstanceRole>,
    /// Whether the user is shut out.
    locked: bool,
    /// When everything that told who this is was erased; null when it was not.
    #[schema(required)]
    erased_at: Option<DateTime<Utc>>,
}

impl From<UserEntry> for UserReply {
    fn from(user: UserEntry) -> Self {
        Self {
            id: user.user_id,
            email: user.email,
            name: user.name,
            roles: user.roles,
            locked: user.is_locked,
            erased_at: user.erased_at,
        }
    }
}
