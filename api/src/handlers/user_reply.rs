//! How people are shown.

use std::collections::BTreeSet;

use domain::{InstanceRole, UserId};
use projections::{Registration, UserEntry};
use serde::Serialize;

/// Someone who is signed in, as they see themselves.
#[derive(Clone, Debug, Serialize)]
pub struct MyselfReply {
    id: UserId,
    email: String,
    name: String,
    roles: BTreeSet<InstanceRole>,
}

impl From<Registration> for MyselfReply {
    fn from(person: Registration) -> Self {
        Self { id: person.user_id, email: person.email, name: person.name, roles: person.roles }
    }
}

/// A user, as an administrator sees one.
#[derive(Clone, Debug, Serialize)]
pub struct UserReply {
    id: UserId,
    email: String,
    name: String,
    roles: BTreeSet<InstanceRole>,
    locked: bool,
}

impl From<UserEntry> for UserReply {
    fn from(user: UserEntry) -> Self {
        Self {
            id: user.user_id,
            email: user.email,
            name: user.name,
            roles: user.roles,
            locked: user.is_locked,
        }
    }
}
