//! `/admin`: users and accounts, plain and complete.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use domain::{AccountId, AccountRole, UserId};
use projections::{AccountEntry, AssistantEntry, PageRequest, Registration, UserEntry};
use serde::Deserialize;

use super::frame::{Frame, PageAdmin, secret_page};
use super::turns::page_of;
use super::{assets, text};
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{LIMIT, encode};

const ROLES: [AccountRole; 3] = [AccountRole::Admin, AccountRole::Member, AccountRole::Viewer];

#[derive(Template)]
#[template(path = "admin.html")]
struct AdminPage<'a> {
    frame: Frame,
    invited: Option<&'a str>,
    alert: Option<&'a str>,
    roles: [AccountRole; 3],
    users: Vec<UserView>,
    users_next: Option<String>,
    users_previous: Option<String>,
    accounts: Vec<AccountView>,
    accounts_next: Option<String>,
    accounts_previous: Option<String>,
}

struct UserView {
    id: String,
    name: String,
    email: String,
    roles: String,
    is_locked: bool,
    is_erased: bool,
    is_self: bool,
}

impl UserView {
    fn new(user: UserEntry, visitor: UserId) -> Self {
        let roles: Vec<&str> = user.roles.iter().map(|role| role.as_str()).collect();
        Self {
            id: user.user_id.to_string(),
            name: user.name.unwrap_or_else(|| text::ERASED_USER.to_owned()),
            email: user.email.unwrap_or_default(),
            roles: roles.join(", "),
            is_locked: user.is_locked,
            is_erased: user.erased_at.is_some(),
            is_self: user.user_id == visitor,
        }
    }
}

struct AccountView {
    id: String,
    name: String,
    is_closed: bool,
    members: Vec<MemberView>,
    assistants: Vec<AssistantEntry>,
}

struct MemberView {
    id: String,
    name: String,
    role: AccountRole,
}

/// Which page of each list.
#[derive(Default, Deserialize)]
pub struct AdminQuery {
    users: Option<String>,
    accounts: Option<String>,
}

/// What happened just before, for the head of the page.
#[derive(Default)]
pub(super) struct Outcome<'a> {
    pub(super) invited: Option<&'a str>,
    pub(super) alert: Option<&'a str>,
}

/// Answers 200.
///
/// # Errors
/// `Forbidden` without the role; `Validation` for a cursor that cannot be used.
pub async fn show_admin(
    State(app): State<App>,
    PageAdmin(person): PageAdmin,
    Query(query): Query<AdminQuery>,
) -> Result<Response, ApiError> {
    render(&app, &person, &query, &Outcome::default()).await
}

pub(super) async fn render(
    app: &App,
    person: &Registration,
    query: &AdminQuery,
    outcome: &Outcome<'_>,
) -> Result<Response, ApiError> {
    let users = app.store.list_users(&page_of(query.users.as_deref())?).await?;
    let accounts = app.store.list_accounts(&page_of(query.accounts.as_deref())?).await?;
    let (accounts_next, accounts_previous) =
        (accounts.next.as_ref().map(encode), accounts.previous.as_ref().map(encode));
    let mut views = Vec::with_capacity(accounts.data.len());
    for account in accounts.data {
        views.push(account_view(app, account).await?);
    }
    secret_page(&AdminPage {
        frame: Frame::of(person),
        invited: outcome.invited,
        alert: outcome.alert,
        roles: ROLES,
        users_next: users.next.as_ref().map(encode),
        users_previous: users.previous.as_ref().map(encode),
        users: users.data.into_iter().map(|user| UserView::new(user, person.user_id)).collect(),
        accounts: views,
        accounts_next,
        accounts_previous,
    })
}

async fn account_view(app: &App, account: AccountEntry) -> Result<AccountView, ApiError> {
    let members = app.store.list_members(account.account_id).await?;
    Ok(AccountView {
        id: account.account_id.to_string(),
        name: account.name,
        is_closed: account.is_closed,
        members: members
            .into_iter()
            .map(|member| MemberView {
                id: member.user_id.to_string(),
                name: member.name.unwrap_or_else(|| text::ERASED_USER.to_owned()),
                role: member.role,
            })
            .collect(),
        assistants: assistants_of(app, account.account_id).await?,
    })
}

/// All of them, as with members.
async fn assistants_of(app: &App, id: AccountId) -> Result<Vec<AssistantEntry>, ApiError> {
    let mut all = Vec::new();
    let mut request = PageRequest { limit: *LIMIT.end(), cursor: None };
    loop {
        let page = app.store.list_assistants(id, &request).await?;
        all.extend(page.data);
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok(all),
        }
    }
}
