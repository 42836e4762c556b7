//! One endpoint per file: extract, command or query, reply.

pub mod create_account;
pub mod create_session;
pub mod create_user;
pub mod delete_session;
pub mod delete_token;
pub mod finish_oidc;
pub mod generate_token;
pub mod health;
pub mod list_accounts;
pub mod list_token_history;
pub mod list_users;
pub mod lock_user;
pub mod put_member;
pub mod regenerate_token;
pub mod remove_member;
pub mod revoke_own_token;
pub mod revoke_user_token;
pub mod set_up;
pub mod show_account;
pub mod show_caller;
pub mod show_openapi;
pub mod show_token;
pub mod start_oidc;
pub mod token_reply;
pub mod unlock_user;
pub mod user_reply;
