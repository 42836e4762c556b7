//! `POST /v1/campaigns/{id}/webhook`: make the campaign's webhook URL and show it, once.

use axum::extract::State;
use domain::token::{Prefix, TokenSecret};
use domain::webhook::FreshWebhook;
use domain::{CampaignId, WebhookCommand, WebhookEvent, WebhookId};
use projections::WebhookState;

use super::webhook_reply::{UrlShownOnce, WebhookWithSecret};
use crate::app::App;
use crate::auth::permissions::CampaignEditor;
use crate::error::ApiError;
use crate::extract::{Ids, IfMatchGeneration};
use crate::openapi::refusals::{Conflict, NotFound, PreconditionFailed};
use crate::openapi::values;
use crate::request_context::RequestContext;

/// Makes a campaign's webhook URL and shows it, once.
///
/// Whoever holds the URL can add prospects to the campaign. An earlier URL is dead before the answer is
/// sent.
///
/// # Errors
/// `NotFound` when the account has no such campaign; `PreconditionFailed` when another generation is live
/// than `If-Match` says; `Conflict` for a lost race.
#[utoipa::path(
    post,
    path = "/v1/campaigns/{id}/webhook",
    tag = "Campaigns",
    security(("bearer" = []), ("session" = [])),
    params(CampaignEditor, ("id" = Uuid, Path, description = "The campaign."), IfMatchGeneration),
    responses(
        (status = 201, description = "The URL, this once.", body = WebhookWithSecret, headers(
            ("ETag" = inline(values::TokenTag), description = "Names the state, for `If-Match`."),
        )),
        CampaignEditor,
        NotFound,
        Conflict,
        PreconditionFailed,
    ),
)]
pub async fn rotate_webhook(
    State(app): State<App>,
    CampaignEditor { account_id }: CampaignEditor,
    Ids(campaign_id): Ids<CampaignId>,
    IfMatchGeneration(expected_generation): IfMatchGeneration,
    context: RequestContext,
) -> Result<UrlShownOnce, ApiError> {
    app.store.find_campaign(account_id, campaign_id).await?.ok_or(ApiError::NotFound)?;
    let secret = TokenSecret::generate(&Prefix::webhook(), &mut app.chance.rng());
    let id = WebhookId::new(app.new_uuid());
    let fresh = FreshWebhook { id, digest: secret.digest(), hint: secret.hint() };
    let command = WebhookCommand::Rotate { expected_generation, fresh, at: app.now() };
    let receipt = app.commands.webhook(campaign_id, command, context.submission(&app)).await?;
    match receipt.expect_first()?.pop() {
        Some(WebhookEvent::WebhookIssued { webhook_id, generation, hint, at, .. }) => {
            let state = WebhookState { webhook_id, generation, hint, created_at: at };
            Ok(UrlShownOnce { public_url: app.public_url.as_str().to_owned(), secret, state })
        }
        Some(WebhookEvent::WebhookRevoked { .. }) | None => {
            Err(ApiError::Internal("the command put no URL in force".into()))
        }
    }
}
