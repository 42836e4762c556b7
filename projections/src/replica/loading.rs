//! The live set as the tables have it, read in bulk.

use std::str::FromStr;

use domain::role::UnknownRole;
use domain::token::TokenDigest;

use super::LiveSet;
use crate::StoreError;
use crate::verifier::generation;

/// One of the questions that a live set is made from. Rows of dead tokens and former members are left out: whatever
/// happens later has a higher sequence.
pub(crate) struct Question {
    columns: &'static str,
    table: &'static str,
    /// And the order: users come as memory keeps them, the rest as it is stored, which is quickest.
    condition: &'static str,
    about: About,
}

/// What a row says.
enum About {
    Account,
    User,
    Token,
    Membership,
}

/// All of them, in this order.
pub(crate) const QUESTIONS: [Question; 4] = [
    Question {
        columns: "account_id, is_closed, sequence",
        table: "accounts",
        condition: "true",
        about: About::Account,
    },
    Question {
        columns: "user_id, is_admin, is_auditor, is_locked, registered_sequence, lock_sequence",
        table: "users",
        condition: "true ORDER BY user_id",
        about: About::User,
    },
    Question {
        columns: "user_id, token_id, generation, sequence, token_digest",
        table: "token_lookup",
        condition: "token_digest IS NOT NULL",
        about: About::Token,
    },
    Question {
        columns: "account_id, user_id, role, sequence",
        table: "memberships",
        condition: "role IS NOT NULL",
        about: About::Membership,
    },
];

/// How many users and accounts there are.
pub(crate) const SIZES: &str =
    "SELECT (SELECT COUNT(*) FROM users), (SELECT COUNT(*) FROM accounts)";

/// An empty live set, with room for what [`SIZES`] says.
pub(crate) fn with_room((users, accounts): (i64, i64)) -> LiveSet {
    let [users, accounts] = [users, accounts].map(|it| usize::try_from(it).unwrap_or_default());
    let mut live = LiveSet::default();
    live.reserve(users, accounts);
    live
}

/// The fields of a row, one after the other, in the form that costs its database and this process least.
pub(crate) trait Fields {
    fn text(&mut self) -> Result<&str, StoreError>;
    fn number(&mut self) -> Result<i64, StoreError>;
    fn flag(&mut self) -> Result<bool, StoreError>;
    fn bytes(&mut self) -> Result<&[u8], StoreError>;
}

impl Question {
    /// As it is asked.
    pub(crate) fn text(&self) -> String {
        let Self { columns, table, condition, .. } = self;
        format!("SELECT {columns} FROM {table} WHERE {condition}")
    }

    /// Adds what a row says.
    pub(crate) fn add(&self, row: &mut impl Fields, live: &mut LiveSet) -> Result<(), StoreError> {
        match self.about {
            About::Account => live.put_account(id(row)?, row.flag()?, sequence(row)?),
            About::User => {
                let user_id = id(row)?;
                let (is_admin, is_auditor, is_locked) = (row.flag()?, row.flag()?, row.flag()?);
                live.put_user(user_id, is_admin, is_auditor, sequence(row)?);
                // A lock without an event is no less a lock to the database.
                let lock = sequence(row)?.max(is_locked.into());
                if lock > 0 {
                    live.put_lock(user_id, is_locked, lock);
                }
            }
            About::Token => {
                let (user_id, token_id) = (id(row)?, id(row)?);
                let (generation, sequence) = (generation(row.number()?)?, sequence(row)?);
                let digest = row.bytes()?.try_into().map_err(StoreError::corrupt)?;
                let digest = TokenDigest::new(digest);
                live.put_token(user_id, token_id, generation, Some(&digest), sequence);
            }
            About::Membership => {
                let (account_id, user_id) = (id(row)?, id(row)?);
                let role = row.text()?.parse();
                let role = role.map_err(|error: UnknownRole| StoreError::corrupt(error))?;
                live.put_membership(account_id, user_id, Some(role), sequence(row)?);
            }
        }
        Ok(())
    }
}

fn id<T>(row: &mut impl Fields) -> Result<T, StoreError>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    row.text()?.parse().map_err(StoreError::corrupt)
}

fn sequence(row: &mut impl Fields) -> Result<u32, StoreError> {
    u32::try_from(row.number()?).map_err(StoreError::corrupt)
}
