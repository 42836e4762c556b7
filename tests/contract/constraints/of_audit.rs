//! Rules about the record of reads: it says by what right, and nothing is taken back.

use super::attempt::{Attempt, POSTGRES, SQLITE};

/// Right, token, status.
macro_rules! read {
    ($via:literal, $token:literal, $status:literal) => {
        concat!(
            "INSERT INTO audit_reads (read_at, request_id, reader_id, via, token_id, address, ",
            "method, route, parameters, status) VALUES ('2026-01-01T00:00:00+00:00', 'r', 'a', ",
            $via,
            ", ",
            $token,
            ", '192.0.2.1', 'GET', '/v1/audit/tokens', '[]', ",
            $status,
            ")"
        )
    };
}

const READ: &[&str] = &[read!("'session'", "NULL", "200")];

/// Under a number of one's own, which PostgreSQL has to be told of.
const SAME_ID_ON_SQLITE: &str = "INSERT INTO audit_reads SELECT * FROM audit_reads";
const SAME_ID_ON_POSTGRES: &str =
    "INSERT INTO audit_reads OVERRIDING SYSTEM VALUE SELECT * FROM audit_reads";

pub(super) const ATTEMPTS: &[Attempt] = &[
    Attempt::twice("audit_reads_pkey", "audit_reads.id", SAME_ID_ON_SQLITE).on(SQLITE).given(READ),
    Attempt::twice("audit_reads_pkey", "audit_reads.id", SAME_ID_ON_POSTGRES)
        .on(POSTGRES)
        .given(READ),
    Attempt::value("audit_reads_via_known", read!("'rumour'", "NULL", "200")).but(READ),
    Attempt::value("audit_reads_token_when_by_token", read!("'token'", "NULL", "200"))
        .but(&[read!("'token'", "'t'", "200")]),
    Attempt::value("audit_reads_token_when_by_token", read!("'session'", "'t'", "200")),
    Attempt::value("audit_reads_status_of_http", read!("'session'", "NULL", "99"))
        .but(&[read!("'session'", "NULL", "100"), read!("'session'", "NULL", "599")]),
    Attempt::value("audit_reads_status_of_http", read!("'session'", "NULL", "600")),
    Attempt::change_read("audit_reads_are_kept_update", "UPDATE audit_reads SET reader_id = 'b'")
        .on(SQLITE)
        .given(READ)
        .but(&["UPDATE audit_reads SET address = NULL, user_agent = NULL"]),
    Attempt::change_read("audit_reads_are_kept_update", "UPDATE audit_reads SET status = 404")
        .on(SQLITE)
        .given(READ),
    Attempt::change_read("audit_reads_are_kept_delete", "DELETE FROM audit_reads")
        .on(SQLITE)
        .given(READ),
    Attempt::change_read("audit_reads_are_kept", "UPDATE audit_reads SET reader_id = 'b'")
        .on(POSTGRES)
        .given(READ)
        .but(&["UPDATE audit_reads SET address = NULL, user_agent = NULL"]),
    Attempt::change_read("audit_reads_are_kept", "UPDATE audit_reads SET status = 404")
        .on(POSTGRES)
        .given(READ),
    Attempt::change_read("audit_reads_are_kept", "DELETE FROM audit_reads")
        .on(POSTGRES)
        .given(READ),
    Attempt::change_read("audit_reads_are_kept", "TRUNCATE audit_reads").on(POSTGRES).given(READ),
];
