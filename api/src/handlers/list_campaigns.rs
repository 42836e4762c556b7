//! `GET /v1/campaigns`: the campaigns of the account.

use axum::Json;
use axum::extract::State;

use super::campaign_reply::CampaignReply;
use crate::app::App;
use crate::auth::permissions::CampaignViewer;
use crate::error::ApiError;
use crate::extract::{List, Paging};

/// Lists the campaigns of the account, newest first.
///
/// # Errors
/// `ValidationError` for a limit or cursor that cannot be used.
#[utoipa::path(
    get,
    path = "/v1/campaigns",
    tag = "Campaigns",
    security(("bearer" = []), ("session" = [])),
    params(CampaignViewer, Paging),
    responses((status = 200, description = "A page of campaigns.", body = List<CampaignReply>), CampaignViewer),
)]
pub async fn list_campaigns(
    State(app): State<App>,
    CampaignViewer { account_id }: CampaignViewer,
    Paging(request): Paging,
) -> Result<Json<List<CampaignReply>>, ApiError> {
    let page = app.store.list_campaigns(account_id, &request).await?;
    Ok(Json(page.map(CampaignReply::from).into()))
}
