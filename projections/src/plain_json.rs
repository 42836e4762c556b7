//! JSON on its way into a database, as text that is kept as it is.
//!
//! Left to itself, sqlx sends it to PostgreSQL as `jsonb`, which refuses a text with U+0000 in it. The
//! columns are `json`, which does not.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgTypeInfo};
use sqlx::sqlite::{SqliteArgumentValue, SqliteTypeInfo};
use sqlx::{Encode, Postgres, Sqlite, Type};

/// PostgreSQL's number for its type `json`.
const JSON: Oid = Oid(114);

/// A value to bind to a column of JSON.
pub(crate) struct PlainJson(pub(crate) serde_json::Value);

impl Type<Postgres> for PlainJson {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(JSON)
    }
}

impl Encode<'_, Postgres> for PlainJson {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.extend(self.0.to_string().into_bytes());
        Ok(IsNull::No)
    }
}

impl Type<Sqlite> for PlainJson {
    fn type_info() -> SqliteTypeInfo {
        <String as Type<Sqlite>>::type_info()
    }
}

impl<'q> Encode<'q, Sqlite> for PlainJson {
    fn encode_by_ref(
        &self,
        values: &mut Vec<SqliteArgumentValue<'q>>,
    ) -> Result<IsNull, BoxDynError> {
        <String as Encode<'q, Sqlite>>::encode(self.0.to_string(), values)
    }
}
