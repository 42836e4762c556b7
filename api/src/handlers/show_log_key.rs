//! `GET /v1/audit/key`: what checkpoints are checked with.

use axum::extract::State;

use crate::app::App;
use crate::auth::Auditor;

/// Shows the public key that checkpoints are checked with.
///
/// One line, as of c2sp.org/signed-note: the log's name, the key's id, the key. Keep it where nobody who can
/// change this service can change it.
#[utoipa::path(
    get,
    path = "/v1/audit/key",
    tag = "Audit",
    security(("bearer" = []), ("session" = [])),
    responses((status = 200, description = "The key.", body = String, content_type = "text/plain"), Auditor),
)]
pub async fn show_log_key(State(app): State<App>, _: Auditor) -> String {
    format!("{}\n", app.notary.verifier())
}
