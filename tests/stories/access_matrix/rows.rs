//! The matrix: of what kind each route is.

/// Whom a route lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Everyone.
    Open,
    /// Whoever holds a live token.
    Bearer,
    /// A person in a browser; a token is not enough.
    Browser,
    /// The instance role `admin`, by token or session.
    Admin,
    /// The instance role `auditor`, by token or session.
    Auditor,
    /// The instance role `auditor`, by token or session; anyone else in a browser, about themself.
    Inquirer,
    /// Any member of the account in force.
    Member,
    /// A member who may see campaigns.
    Viewer,
    /// A member who may change campaigns.
    Editor,
    /// A member who may trigger calls.
    Caller,
    /// Whoever holds a campaign's webhook URL. To others there is nothing.
    UrlHolder,
    /// Someone signed in. Others are sent to sign in.
    Page,
    /// Someone signed in with the instance role `admin`.
    AdminPage,
    /// Someone signed in with the instance role `auditor`.
    AuditorPage,
    /// Someone signed in who is a member of the account in the path. To others there is no such page.
    MemberPage,
}
use Kind::{
    Admin, AdminPage, Auditor, AuditorPage, Bearer, Browser, Caller, Editor, Inquirer, Member,
    MemberPage, Open, Page, UrlHolder, Viewer,
};

/// What ends the caller's own credential, and so comes last.
pub(super) const ENDS: &[(&str, &str)] = &[
    ("DELETE", "/v1/session"),
    ("POST", "/sign-out"),
    ("POST", "/sign-out-everywhere"),
    ("DELETE", "/v1/token"),
];

pub(super) const ROWS: &[(&str, &str, Kind)] = &[
    ("GET", "/livez", Open),
    ("GET", "/readyz", Open),
    ("GET", "/metrics", Open),
    ("GET", "/openapi.json", Open),
    ("GET", "/docs", Open),
    ("GET", "/assets/{name}", Open),
    ("GET", "/", Open),
    ("GET", "/setup", Open),
    ("POST", "/setup", Open),
    ("GET", "/sign-in", Open),
    ("POST", "/sign-in", Open),
    ("GET", "/sign-in/oidc", Open),
    ("GET", "/sign-in/oidc/callback", Open),
    ("POST", "/sign-out", Open),
    ("POST", "/v1/setup", Open),
    ("POST", "/v1/session", Open),
    ("DELETE", "/v1/session", Open),
    ("GET", "/v1/token", Bearer),
    ("DELETE", "/v1/token", Bearer),
    ("GET", "/v1/user/api-token", Browser),
    ("POST", "/v1/user/api-token", Browser),
    ("DELETE", "/v1/user/api-token", Browser),
    ("POST", "/v1/user/api-token/regenerate", Browser),
    ("GET", "/v1/user/api-token/history", Browser),
    ("POST", "/v1/admin/users", Admin),
    ("GET", "/v1/admin/users", Admin),
    ("PUT", "/v1/admin/users/{id}/lock", Admin),
    ("DELETE", "/v1/admin/users/{id}/lock", Admin),
    ("DELETE", "/v1/admin/users/{id}/api-token", Admin),
    ("DELETE", "/v1/admin/users/{id}/personal-data", Admin),
    ("POST", "/v1/admin/accounts", Admin),
    ("GET", "/v1/admin/accounts", Admin),
    ("PUT", "/v1/admin/accounts/{id}/members/{userId}", Admin),
    ("DELETE", "/v1/admin/accounts/{id}/members/{userId}", Admin),
    ("POST", "/v1/admin/accounts/{id}/assistants", Admin),
    ("GET", "/v1/admin/accounts/{id}/assistants", Admin),
    ("DELETE", "/v1/admin/accounts/{id}/assistants/{assistantId}", Admin),
    ("GET", "/v1/admin/endpoints", Admin),
    ("GET", "/v1/admin/deliveries", Admin),
    ("POST", "/v1/admin/deliveries/{id}/replay", Admin),
    ("GET", "/v1/audit/tokens", Inquirer),
    ("GET", "/v1/audit/tokens/as-of", Inquirer),
    ("GET", "/v1/audit/tokens/lineage", Inquirer),
    ("POST", "/v1/audit/identify", Inquirer),
    ("GET", "/v1/audit/actions", Inquirer),
    ("GET", "/v1/audit/leavers", Auditor),
    ("GET", "/v1/audit/stale", Auditor),
    ("GET", "/v1/audit/reads", Auditor),
    ("GET", "/v1/audit/checkpoint", Auditor),
    ("GET", "/v1/audit/events", Auditor),
    ("GET", "/v1/audit/export", Auditor),
    ("GET", "/v1/audit/key", Auditor),
    ("GET", "/v1/audit/proofs/inclusion", Auditor),
    ("GET", "/v1/audit/proofs/consistency", Auditor),
    ("GET", "/v1/account", Member),
    ("GET", "/v1/assistants", Member),
    ("GET", "/v1/calls", Member),
    ("GET", "/v1/calls/{id}", Member),
    ("POST", "/v1/assistant/calls", Caller),
    ("GET", "/v1/campaigns", Viewer),
    ("GET", "/v1/campaigns/{id}", Viewer),
    ("GET", "/v1/campaigns/{id}/prospects", Viewer),
    ("POST", "/v1/campaigns", Editor),
    ("POST", "/v1/campaigns/{id}/prospects", Editor),
    ("POST", "/v1/campaigns/{id}/archive", Editor),
    ("GET", "/v1/campaigns/{id}/webhook", Editor),
    ("POST", "/v1/campaigns/{id}/webhook", Editor),
    ("DELETE", "/v1/campaigns/{id}/webhook", Editor),
    ("POST", "/v1/webhooks/{secret}/prospects", UrlHolder),
    ("GET", "/user/settings/api-tokens", Page),
    ("POST", "/user/settings/api-tokens/generate", Page),
    ("GET", "/user/settings/api-tokens/regenerate", Page),
    ("POST", "/user/settings/api-tokens/regenerate", Page),
    ("GET", "/user/settings/api-tokens/delete", Page),
    ("POST", "/user/settings/api-tokens/delete", Page),
    ("POST", "/user/settings/api-tokens/stragglers/hide", Page),
    ("POST", "/sign-out-everywhere", Page),
    ("GET", "/accounts", Page),
    ("GET", "/accounts/{id}", MemberPage),
    ("GET", "/accounts/{id}/campaigns/{campaignId}", MemberPage),
    ("GET", "/admin", AdminPage),
    ("POST", "/admin/users", AdminPage),
    ("POST", "/admin/users/{id}/lock", AdminPage),
    ("POST", "/admin/users/{id}/unlock", AdminPage),
    ("POST", "/admin/users/{id}/revoke-token", AdminPage),
    ("GET", "/admin/users/{id}/erase", AdminPage),
    ("POST", "/admin/users/{id}/erase", AdminPage),
    ("POST", "/admin/accounts", AdminPage),
    ("POST", "/admin/accounts/{id}/members", AdminPage),
    ("POST", "/admin/accounts/{id}/members/{userId}/remove", AdminPage),
    ("POST", "/admin/accounts/{id}/assistants", AdminPage),
    ("POST", "/admin/accounts/{id}/assistants/{assistantId}/remove", AdminPage),
    ("GET", "/admin/deliveries", AdminPage),
    ("POST", "/admin/deliveries/{id}/replay", AdminPage),
    ("GET", "/audit", AuditorPage),
    ("POST", "/audit/checkpoint", AuditorPage),
    ("POST", "/audit/identify", AuditorPage),
    ("GET", "/audit/tokens", AuditorPage),
    ("POST", "/audit/tokens", AuditorPage),
    ("GET", "/audit/users/{id}", AuditorPage),
];
