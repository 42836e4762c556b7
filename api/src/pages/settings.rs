//! `/user/settings/api-tokens`: the card, the dialog and the history.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use projections::audit::history::TokenHistoryKind;
use projections::{PageRequest, TokenHistoryEntry, TokenState};

use super::frame::{Frame, PageUser, page};
use super::member::{OwnAccount, accounts_of};
use super::stragglers::{StragglersView, stragglers_view};
use super::time::{last_used, moment};
use super::{assets, text};
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{HistoryPaging, encode};
use crate::handlers::token_reply::tag;

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    frame: Frame,
    tag: String,
    prefix: String,
    public_url: String,
    token: Option<TokenView>,
    accounts: Vec<AccountView>,
    stragglers: Option<StragglersView>,
    history: Vec<HistoryView>,
    newer: Option<String>,
    older: Option<String>,
}

struct TokenView {
    masked: String,
    created: String,
    created_iso: String,
    last_used: String,
}

struct AccountView {
    id: String,
    name: String,
}

struct HistoryView {
    what: String,
    hint: Option<String>,
    last_used: Option<String>,
    when: String,
    when_iso: String,
    from_where: String,
}

impl HistoryView {
    fn new(entry: TokenHistoryEntry, now: DateTime<Utc>) -> Self {
        let made = match entry.kind {
            TokenHistoryKind::Generated | TokenHistoryKind::Regenerated => true,
            TokenHistoryKind::Revoked => false,
        };
        let reason = entry.reason.as_deref().map_or("", why);
        Self {
            what: format!("Token {} {}{reason}", entry.generation, entry.kind.as_verb()),
            hint: entry.hint.map(|hint| hint.as_str().to_owned()),
            last_used: made.then(|| last_used(entry.last_used_at, now)),
            when: moment(entry.occurred_at),
            when_iso: entry.occurred_at.to_rfc3339(),
            from_where: from_where(entry.address, entry.user_agent),
        }
    }
}

fn from_where(address: Option<String>, agent: Option<String>) -> String {
    match (address, agent) {
        (None, None) => "–".to_owned(),
        (address, agent) => [address, agent].into_iter().flatten().collect::<Vec<_>>().join(" · "),
    }
}

/// Why a token was revoked, as the rest of a sentence.
fn why(reason: &str) -> &'static str {
    match reason {
        "owner" => " by you",
        "bearer" => " with the token itself",
        "administrator" => " by an administrator",
        "user_locked" => " because you were locked",
        _ => "",
    }
}

/// What is shown instead of a token.
pub(super) fn masked(app: &App, hint: &str) -> String {
    format!("{}_••••••••{hint}", app.token_prefix.as_str())
}

fn token_view(app: &App, state: &TokenState) -> Option<TokenView> {
    let live = state.live.as_ref()?;
    Some(TokenView {
        masked: masked(app, live.hint.as_str()),
        created: moment(live.created_at),
        created_iso: live.created_at.to_rfc3339(),
        last_used: last_used(live.last_used_at, app.now()),
    })
}

/// Answers 200. The page holds no secret, whatever happened before.
///
/// # Errors
/// `Validation` for a cursor that cannot be used; `Unavailable` when the store cannot be asked.
pub async fn show_settings(
    State(app): State<App>,
    PageUser(person): PageUser,
    HistoryPaging(request): HistoryPaging,
) -> Result<Response, ApiError> {
    render(&app, &person, &request).await
}

async fn render(
    app: &App,
    person: &projections::Registration,
    request: &PageRequest,
) -> Result<Response, ApiError> {
    let state = app.store.find_token(person.user_id).await?;
    let accounts = accounts_of(app, person).await?.into_iter();
    let stragglers = app.store.list_stragglers(person.user_id).await?;
    let history = app.store.list_token_history(person.user_id, request).await?;
    let now = app.now();
    page(&SettingsPage {
        frame: Frame::of(person),
        tag: tag(state.as_ref()),
        prefix: app.token_prefix.as_str().to_owned(),
        public_url: app.public_url.as_str().to_owned(),
        token: state.as_ref().and_then(|state| token_view(app, state)),
        accounts: accounts
            .map(|OwnAccount { account, .. }| AccountView {
                id: account.account_id.to_string(),
                name: account.name,
            })
            .collect(),
        stragglers: stragglers_view(stragglers),
        newer: history.previous.as_ref().map(encode),
        older: history.next.as_ref().map(encode),
        history: history.data.into_iter().map(|entry| HistoryView::new(entry, now)).collect(),
    })
}
