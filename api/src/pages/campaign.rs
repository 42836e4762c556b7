//! `/accounts/{id}/campaigns/{campaignId}`: a campaign and its prospects.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use domain::{AccountId, CampaignId, Permission};
use projections::{AccountEntry, ProspectEntry, ReportedProspect, WebhookState};
use serde::Deserialize;

use super::byline::byline;
use super::frame::{Frame, secret_page};
use super::member::PageMember;
use super::time::Moment;
use super::turns::{Turns, page_of};
use super::{assets, text};
use crate::app::App;
use crate::error::ApiError;
use crate::extract::Ids;

#[derive(Template)]
#[template(path = "campaign.html")]
struct CampaignPage {
    frame: Frame,
    account: AccountEntry,
    id: CampaignId,
    name: String,
    created: Moment,
    archived: Option<Moment>,
    webhook: WebhookView,
    prospects: Vec<ProspectView>,
    turns: Turns,
}

/// What the visitor may know of the campaign's webhook URL.
enum WebhookView {
    /// Nothing.
    Hidden,
    /// None is live.
    None,
    /// This one is.
    Live { generation: String, hint: String, created: Moment },
}

impl From<Option<WebhookState>> for WebhookView {
    fn from(state: Option<WebhookState>) -> Self {
        let Some(state) = state else { return Self::None };
        Self::Live {
            generation: state.generation.to_string(),
            hint: state.hint.as_str().to_owned(),
            created: Moment::new(state.created_at),
        }
    }
}

struct ProspectView {
    name: Option<String>,
    work: Vec<String>,
    contacts: Vec<String>,
    added: Moment,
    byline: String,
}

impl From<ReportedProspect> for ProspectView {
    fn from(ReportedProspect { prospect, doer }: ReportedProspect) -> Self {
        let ProspectEntry { first_name, last_name, company, job_title, .. } = prospect;
        let ProspectEntry { email, phone, linkedin_url, added, .. } = prospect;
        let names: Vec<String> = [first_name, last_name].into_iter().flatten().collect();
        Self {
            name: (!names.is_empty()).then(|| names.join(" ")),
            work: [company, job_title].into_iter().flatten().collect(),
            contacts: [email, phone, linkedin_url].into_iter().flatten().collect(),
            added: Moment::new(added.at),
            byline: byline(&doer),
        }
    }
}

/// Which part of the prospects.
#[derive(Deserialize)]
pub struct CampaignQuery {
    prospects: Option<String>,
}

/// Answers 200.
///
/// # Errors
/// `NotFound` for everyone but members, and when the account has no such campaign; `Forbidden` for a role that
/// may not see campaigns; `Validation` for a cursor that cannot be used; `Unavailable` when the store cannot be
/// asked.
pub async fn show_campaign(
    State(app): State<App>,
    PageMember { person, account, role, .. }: PageMember,
    Ids((_, id)): Ids<(AccountId, CampaignId)>,
    Query(query): Query<CampaignQuery>,
) -> Result<Response, ApiError> {
    if !role.allows(Permission::ViewCampaign) {
        return Err(ApiError::Forbidden);
    }
    let campaign = app.store.find_campaign(account.account_id, id).await?;
    let campaign = campaign.ok_or(ApiError::NotFound)?;
    let request = page_of(query.prospects.as_deref())?;
    let prospects = app.store.list_reported_prospects(id, &request).await?;
    let webhook = if role.allows(Permission::EditCampaign) {
        app.store.find_webhook(id).await?.into()
    } else {
        WebhookView::Hidden
    };
    secret_page(&CampaignPage {
        frame: Frame::of(&person),
        account,
        id,
        name: campaign.name,
        created: Moment::new(campaign.created_at),
        archived: campaign.archived_at.map(Moment::new),
        webhook,
        turns: Turns::newest_first(&prospects),
        prospects: prospects.data.into_iter().map(ProspectView::from).collect(),
    })
}
