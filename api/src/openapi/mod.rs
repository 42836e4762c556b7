//! The API as an OpenAPI 3.1 document, made from the annotations of the handlers.
//!
//! **Invariant:** the document describes every route under `/v1` and the probes, and nothing else; a test
//! compares it with [`ROUTES`](crate::router::ROUTES).
//! **Invariant:** no text in it looks like a token.

mod finish;
mod parameters;
pub mod refusals;
pub mod values;

#[cfg(test)]
mod tests;

use utoipa::OpenApi;

use finish::Finish;

use crate::handlers as h;

/// The document without what is the same for all operations.
#[derive(OpenApi)]
#[openapi(
    info(title = "Symbolon", description = include_str!("about.md")),
    servers((url = "/", description = "This server")),
    tags(
        (name = "Coming in", description = "Set up, sign in, sign out."),
        (name = "One's own token", description = "What the settings page does. Browser sessions only: a token may not manage tokens."),
        (name = "With a token", description = "Who am I, and where may I act?"),
        (name = "Calls", description = "Have an assistant of the account call someone."),
        (name = "Campaigns", description = "Campaigns of the account, the prospects in them, and the URLs that add to them."),
        (name = "Administration", description = "Users, accounts and members, for the instance role `admin`."),
        (name = "Audit", description = "Questions about tokens and what was done with them, what the log is, and proofs about it. For the instance role `auditor`, where nothing else is said. Every read is recorded."),
        (name = "Deliveries", description = "What endpoints are told, and what became of it. For the instance role `admin`."),
        (name = "Health", description = "For operators and load balancers."),
    ),
    paths(
        h::set_up::set_up,
        h::create_session::create_session,
        h::delete_session::delete_session,
        h::show_token::show_token,
        h::generate_token::generate_token,
        h::delete_token::delete_token,
        h::regenerate_token::regenerate_token,
        h::list_token_history::list_token_history,
        h::show_caller::show_caller,
        h::revoke_own_token::revoke_own_token,
        h::show_account::show_account,
        h::list_assistants::list_assistants,
        h::trigger_call::trigger_call,
        h::list_calls::list_calls,
        h::show_call::show_call,
        h::create_campaign::create_campaign,
        h::list_campaigns::list_campaigns,
        h::show_campaign::show_campaign,
        h::archive_campaign::archive_campaign,
        h::add_prospects::add_prospects,
        h::list_prospects::list_prospects,
        h::show_webhook::show_webhook,
        h::rotate_webhook::rotate_webhook,
        h::revoke_webhook::revoke_webhook,
        h::add_prospects_by_webhook::add_prospects_by_webhook,
        h::create_user::create_user,
        h::list_users::list_users,
        h::lock_user::lock_user,
        h::unlock_user::unlock_user,
        h::revoke_user_token::revoke_user_token,
        h::erase_personal_data::erase_personal_data,
        h::create_account::create_account,
        h::list_accounts::list_accounts,
        h::add_assistant::add_assistant,
        h::list_account_assistants::list_account_assistants,
        h::remove_assistant::remove_assistant,
        h::put_member::put_member,
        h::remove_member::remove_member,
        h::list_audit_tokens::list_audit_tokens,
        h::show_state_as_of::show_state_as_of,
        h::list_token_lineage::list_token_lineage,
        h::identify_token::identify_token,
        h::list_token_actions::list_token_actions,
        h::list_leavers::list_leavers,
        h::list_stale_tokens::list_stale_tokens,
        h::list_audit_reads::list_audit_reads,
        h::show_checkpoint::show_checkpoint,
        h::list_log_events::list_log_events,
        h::export_log::export_log,
        h::show_log_key::show_log_key,
        h::prove_inclusion::prove_inclusion,
        h::prove_consistency::prove_consistency,
        h::list_endpoints::list_endpoints,
        h::list_deliveries::list_deliveries,
        h::replay_delivery::replay_delivery,
        h::health::live,
        h::health::ready,
        h::show_metrics::show_metrics,
    ),
    components(schemas(crate::error::ErrorBody, values::AuditRoute, values::Days)),
    modifiers(&Finish),
)]
struct Annotations;

/// The whole document.
pub fn document() -> utoipa::openapi::OpenApi {
    Annotations::openapi()
}
