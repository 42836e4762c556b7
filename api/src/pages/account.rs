//! `/accounts/{id}`: who makes the account's calls, whom they were for, and its campaigns.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use domain::{AccountRole, Permission};
use projections::{AccountEntry, AssistantEntry, CampaignEntry, ReportedCall};
use serde::Deserialize;

use super::byline::byline;
use super::frame::{Frame, secret_page};
use super::member::PageMember;
use super::time::Moment;
use super::turns::{Turns, page_of};
use super::{assets, text};
use crate::app::App;
use crate::error::ApiError;

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    account: AccountEntry,
    role: AccountRole,
    has_others: bool,
    assistants: Vec<AssistantEntry>,
    assistant_turns: Turns,
    calls: Vec<CallView>,
    call_turns: Turns,
    campaigns: Option<CampaignsView>,
}

struct CallView {
    when: Moment,
    name: Option<String>,
    phone_number: Option<String>,
    assistant: String,
    byline: String,
}

impl From<ReportedCall> for CallView {
    fn from(call: ReportedCall) -> Self {
        Self {
            when: Moment::new(call.triggered_at),
            name: call.name,
            phone_number: call.phone_number,
            assistant: call.assistant_name.unwrap_or_else(|| text::ERASED.to_owned()),
            byline: byline(&call.doer),
        }
    }
}

struct CampaignsView {
    entries: Vec<CampaignView>,
    turns: Turns,
}

struct CampaignView {
    id: String,
    name: String,
    is_archived: bool,
    created: Moment,
}

impl From<CampaignEntry> for CampaignView {
    fn from(campaign: CampaignEntry) -> Self {
        Self {
            id: campaign.campaign_id.to_string(),
            name: campaign.name,
            is_archived: campaign.archived_at.is_some(),
            created: Moment::new(campaign.created_at),
        }
    }
}

/// Which part of each list.
#[derive(Deserialize)]
pub struct AccountQuery {
    assistants: Option<String>,
    calls: Option<String>,
    campaigns: Option<String>,
}

/// Answers 200.
///
/// # Errors
/// `NotFound` for everyone but members; `Validation` for a cursor that cannot be used; `Unavailable` when the
/// store cannot be asked.
pub async fn show_account(
    State(app): State<App>,
    member: PageMember,
    Query(query): Query<AccountQuery>,
) -> Result<Response, ApiError> {
    let PageMember { person, account, role, has_others } = member;
    let id = account.account_id;
    let assistants = page_of(query.assistants.as_deref())?;
    let assistants = app.store.list_assistants(id, &assistants).await?;
    let calls = page_of(query.calls.as_deref())?;
    let calls = app.store.list_reported_calls(id, &calls).await?;
    let campaigns = page_of(query.campaigns.as_deref())?;
    let campaigns = if role.allows(Permission::ViewCampaign) {
        Some(app.store.list_campaigns(id, &campaigns).await?)
    } else {
        None
    };
    secret_page(&AccountPage {
        frame: Frame::of(&person),
        account,
        role,
        has_others,
        assistant_turns: Turns::oldest_first(&assistants),
        assistants: assistants.data,
        call_turns: Turns::newest_first(&calls),
        calls: calls.data.into_iter().map(CallView::from).collect(),
        campaigns: campaigns.map(|campaigns| CampaignsView {
            turns: Turns::newest_first(&campaigns),
            entries: campaigns.data.into_iter().map(CampaignView::from).collect(),
        }),
    })
}
