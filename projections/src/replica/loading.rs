//! The live set as the tables have it, read in bulk: as lines of text, which is what takes both databases and this process
//! the least time for each row.

use std::str::FromStr;

use domain::role::UnknownRole;
use domain::token::TokenDigest;

use super::LiveSet;
use crate::StoreError;
use crate::verifier::generation;

/// One of the questions that a live set is made from. Rows of dead tokens and former members are left out: whatever
/// happens later has a higher sequence.
pub(crate) struct Question {
    pub(crate) columns: &'static [&'static str],
    pub(crate) table: &'static str,
    pub(crate) condition: &'static str,
    /// What rows come in the order of.
    pub(crate) key: Key,
    add: fn(&mut Fields<'_>, &mut LiveSet) -> Result<(), StoreError>,
}

/// What rows come in the order of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// Where they are stored: the quickest.
    Storage,
    /// This column: users come in the order in which memory keeps them.
    Column(&'static str),
}

/// All of them, in this order.
pub(crate) const QUESTIONS: [Question; 4] = [
    Question {
        columns: &["account_id", "is_closed", "sequence"],
        table: "accounts",
        condition: "true",
        key: Key::Storage,
        add: account,
    },
    Question {
        columns: &[
            "user_id",
            "is_admin",
            "is_auditor",
            "is_locked",
            "registered_sequence",
            "lock_sequence",
        ],
        table: "users",
        condition: "true",
        key: Key::Column("user_id"),
        add: user,
    },
    Question {
        columns: &["user_id", "token_id", "generation", "sequence", TOKEN_DIGEST],
        table: "token_lookup",
        condition: "token_digest IS NOT NULL",
        key: Key::Storage,
        add: token,
    },
    Question {
        columns: &["account_id", "user_id", "role", "sequence"],
        table: "memberships",
        condition: "role IS NOT NULL",
        key: Key::Storage,
        add: membership,
    },
];

/// The column of bytes, which lines have in hexadecimal.
pub(crate) const TOKEN_DIGEST: &str = "token_digest";

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

impl Question {
    /// Adds what lines of fields between tabs say.
    pub(crate) fn add_to(&self, live: &mut LiveSet, lines: &[u8]) -> Result<(), StoreError> {
        let lines = str::from_utf8(lines).map_err(StoreError::corrupt)?;
        for line in lines.lines() {
            (self.add)(&mut Fields(Some(line)), live)?;
        }
        Ok(())
    }
}

fn account(fields: &mut Fields<'_>, live: &mut LiveSet) -> Result<(), StoreError> {
    live.put_account(fields.value()?, fields.flag()?, fields.value()?);
    Ok(())
}

fn user(fields: &mut Fields<'_>, live: &mut LiveSet) -> Result<(), StoreError> {
    let user_id = fields.value()?;
    let (is_admin, is_auditor, is_locked) = (fields.flag()?, fields.flag()?, fields.flag()?);
    live.put_user(user_id, is_admin, is_auditor, fields.value()?);
    // A lock without an event is no less a lock to the database.
    let lock = fields.value::<u32>()?.max(is_locked.into());
    if lock > 0 {
        live.put_lock(user_id, is_locked, lock);
    }
    Ok(())
}

fn token(fields: &mut Fields<'_>, live: &mut LiveSet) -> Result<(), StoreError> {
    let (user_id, token_id) = (fields.value()?, fields.value()?);
    let (generation, sequence) = (generation(fields.value()?)?, fields.value()?);
    live.put_token(user_id, token_id, generation, Some(&fields.digest()?), sequence);
    Ok(())
}

fn membership(fields: &mut Fields<'_>, live: &mut LiveSet) -> Result<(), StoreError> {
    let (account_id, user_id) = (fields.value()?, fields.value()?);
    let role = fields.text()?.parse().map_err(|error: UnknownRole| StoreError::corrupt(error))?;
    live.put_membership(account_id, user_id, Some(role), fields.value()?);
    Ok(())
}

/// The fields of a line, one after the other.
struct Fields<'a>(Option<&'a str>);

impl<'a> Fields<'a> {
    fn text(&mut self) -> Result<&'a str, StoreError> {
        let line = self.0.ok_or_else(|| StoreError::corrupt("a line ends early"))?;
        // Fields are short: a search that has to be set up takes longer than looking at each byte.
        let end = line.bytes().position(|byte| byte == b'\t').unwrap_or(line.len());
        let (field, rest) = line.split_at(end);
        self.0 = rest.strip_prefix('\t');
        Ok(field)
    }

    fn value<T>(&mut self) -> Result<T, StoreError>
    where
        T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
    {
        self.text()?.parse().map_err(StoreError::corrupt)
    }

    /// As either database writes it.
    fn flag(&mut self) -> Result<bool, StoreError> {
        match self.text()? {
            "t" | "1" => Ok(true),
            "f" | "0" => Ok(false),
            other => Err(StoreError::corrupt(format!("{other:?} for a boolean"))),
        }
    }

    fn digest(&mut self) -> Result<TokenDigest, StoreError> {
        let text = self.text()?;
        let mut digest = [0; 32];
        // PostgreSQL says that it is hexadecimal.
        let digits = text.strip_prefix(r"\\x").unwrap_or(text);
        // Not `hex`, whose decoding was a seventh of what this thread did while much was loaded.
        let decoded = base16ct::mixed::decode(digits, &mut digest).map_err(StoreError::corrupt)?;
        if decoded.len() < digest.len() {
            return Err(StoreError::corrupt("a digest ends early"));
        }
        Ok(TokenDigest::new(digest))
    }
}

#[cfg(test)]
mod tests {
    use domain::UserId;

    use super::*;
    use crate::replica::Verdict;

    const USER: &str = "01970000-0000-7000-8000-000000000001";

    fn load(lines: [&str; 4]) -> Result<LiveSet, StoreError> {
        let mut live = LiveSet::default();
        for (question, lines) in QUESTIONS.iter().zip(lines) {
            question.add_to(&mut live, lines.as_bytes())?;
        }
        Ok(live)
    }

    #[test]
    fn lines_of_both_databases_say_the_same() {
        let digest = "ab".repeat(32);
        let live = [["0", "f", &digest.to_uppercase()], ["1", "t", &format!(r"\\x{digest}")]].map(
            |[is_admin, is_locked, digest]| {
                load([
                    &format!("{USER}\t0\t1\n"),
                    &format!("{USER}\t{is_admin}\tf\t{is_locked}\t1\t0"),
                    &format!("{USER}\t{USER}\t1\t1\t{digest}\n"),
                    &format!("{USER}\t{USER}\tviewer\t2\n"),
                ])
                .unwrap()
            },
        );
        let [found, locked] = live.map(|live| live.find_live_token(&TokenDigest::new([0xab; 32])));
        let Verdict::Live(found) = found else { panic!("{found:?}") };
        assert_eq!(found.access.user_id, USER.parse::<UserId>().unwrap());
        assert_eq!((found.access.is_admin, found.access.memberships.len()), (false, 1));
        assert_eq!(locked, Verdict::Nothing);
    }

    #[test]
    fn what_cannot_be_read_is_not_left_out() {
        for lines in [
            [USER, "", "", ""],
            ["", "user\tf\tf\tf\t1\t0", "", ""],
            ["", &format!("{USER}\tf\tf\tmaybe\t1\t0"), "", ""],
            ["", "", &format!("{USER}\t{USER}\t1\t1\tabcd"), ""],
            ["", "", "", &format!("{USER}\t{USER}\towner\t2")],
            ["", "", "", &format!("{USER}\t{USER}\tviewer\t-2")],
        ] {
            assert!(load(lines).is_err(), "{lines:?}");
        }
    }
}
