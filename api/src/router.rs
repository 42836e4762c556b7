//! Every route in one list, in the groups that say what each needs.

use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::sensitive_headers::{
    SetSensitiveRequestHeadersLayer, SetSensitiveResponseHeadersLayer,
};
use tower_http::trace::TraceLayer;
use tower_sessions::SessionStore;
use tracing::Level;

use crate::app::App;
use crate::audit::reading::record_read;
use crate::auth::middleware::{authenticate, select_account, session_store_fault};
use crate::auth::session;
use crate::auth::session::SignInBackend;
use crate::auth::trusted_proxy::take_header;
use crate::auth::webhook::authenticate_webhook;
use crate::client_address::find_client_address;
use crate::error::ApiError;
use crate::fixed_headers::with_fixed_headers;
use crate::idempotency::read_key;
use crate::limits::layers::{limit_account, limit_prospects, limit_webhook};
use crate::{handlers as h, measures, pages};

/// Names a request in the reply, in the logs and in events.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Bodies are small: the largest holds twenty prospects.
pub(crate) const BODY_LIMIT_BYTES: usize = 64 * 1024;

macro_rules! routes {
    ($($(#[$doc:meta])* $group:ident { $($method:ident $path:literal => $handler:expr;)+ })+) => {
        /// Method and path of every route, in the order of the list.
        pub const ROUTES: &[(&str, &str)] = &[$($((stringify!($method), $path),)+)+];

        /// The same with the handler of each, as it is written in the list.
        #[cfg(test)]
        pub(crate) const HANDLERS: &[(&str, &str, &str)] =
            &[$($((stringify!($method), $path, stringify!($handler)),)+)+];

        $(
            $(#[$doc])*
            fn $group() -> Router<App> {
                Router::new()$(.route($path, on(MethodFilter::$method, $handler)))+
            }
        )+
    };
}

routes! {
    /// Open to everyone.
    open {
        GET "/livez" => h::health::live;
        GET "/readyz" => h::health::ready;
        GET "/metrics" => h::show_metrics::show_metrics;
        GET "/openapi.json" => h::show_openapi::show_openapi;
        GET "/docs" => pages::docs::show_docs;
        GET "/assets/{name}" => pages::assets::show_asset;
    }

    /// Open to everyone; a browser session may begin or end here.
    sign_in {
        GET "/" => pages::home::show_home;
        GET "/setup" => pages::setup::show_setup;
        POST "/setup" => pages::setup::submit_setup;
        GET "/sign-in" => pages::sign_in::show_sign_in;
        POST "/sign-in" => pages::sign_in::submit_sign_in;
        POST "/sign-out" => pages::sign_out::sign_out;
        POST "/v1/setup" => h::set_up::set_up;
        POST "/v1/session" => h::create_session::create_session;
        DELETE "/v1/session" => h::delete_session::delete_session;
        GET "/sign-in/oidc" => h::start_oidc::start_oidc;
        GET "/sign-in/oidc/callback" => h::finish_oidc::finish_oidc;
    }

    /// Pages for someone who is signed in; anyone else is sent to sign in.
    settings {
        POST "/sign-out-everywhere" => pages::sign_out::sign_out_everywhere;
        GET "/user/settings/api-tokens" => pages::settings::show_settings;
        POST "/user/settings/api-tokens/generate" => pages::settings_actions::generate;
        GET "/user/settings/api-tokens/regenerate" => pages::settings_actions::confirm_regenerate;
        POST "/user/settings/api-tokens/regenerate" => pages::settings_actions::regenerate;
        GET "/user/settings/api-tokens/delete" => pages::settings_actions::confirm_delete;
        POST "/user/settings/api-tokens/delete" => pages::settings_actions::delete;
        POST "/user/settings/api-tokens/stragglers/hide" => pages::stragglers::hide;
        GET "/accounts" => pages::accounts::show_accounts;
        GET "/accounts/{id}" => pages::account::show_account;
        GET "/accounts/{id}/campaigns/{campaignId}" => pages::campaign::show_campaign;
        GET "/admin" => pages::admin::show_admin;
        POST "/admin/users" => pages::admin_actions::invite;
        POST "/admin/users/{id}/lock" => pages::admin_actions::lock;
        POST "/admin/users/{id}/unlock" => pages::admin_actions::unlock;
        POST "/admin/users/{id}/revoke-token" => pages::admin_actions::revoke_token;
        GET "/admin/users/{id}/erase" => pages::erasure::confirm_erase;
        POST "/admin/users/{id}/erase" => pages::erasure::erase;
        POST "/admin/accounts" => pages::admin_actions::open_account;
        POST "/admin/accounts/{id}/members" => pages::admin_actions::put_member;
        POST "/admin/accounts/{id}/members/{userId}/remove" => pages::admin_actions::remove_member;
        GET "/admin/deliveries" => pages::deliveries::show_deliveries;
        POST "/admin/deliveries/{id}/replay" => pages::deliveries::replay;
        POST "/admin/accounts/{id}/assistants" => pages::admin_actions::add_assistant;
        POST "/admin/accounts/{id}/assistants/{assistantId}/remove" => pages::admin_actions::remove_assistant;
    }

    /// Pages for auditors; whoever is not signed in is sent to sign in. Every look is recorded.
    audit_pages {
        GET "/audit" => pages::audit::overview::show_overview;
        POST "/audit/checkpoint" => pages::audit::actions::sign_checkpoint;
        POST "/audit/identify" => pages::audit::actions::identify;
        GET "/audit/tokens" => pages::audit::tokens::show_tokens;
        POST "/audit/tokens" => pages::audit::actions::filter_tokens;
        GET "/audit/users/{id}" => pages::audit::user::show_user;
    }

    /// For the holder of a token.
    token {
        GET "/v1/token" => h::show_caller::show_caller;
        DELETE "/v1/token" => h::revoke_own_token::revoke_own_token;
    }

    /// For a person in a browser.
    user {
        GET "/v1/user/api-token" => h::show_token::show_token;
        POST "/v1/user/api-token" => h::generate_token::generate_token;
        DELETE "/v1/user/api-token" => h::delete_token::delete_token;
        POST "/v1/user/api-token/regenerate" => h::regenerate_token::regenerate_token;
        GET "/v1/user/api-token/history" => h::list_token_history::list_token_history;
    }

    /// For administrators, by session or token.
    admin {
        POST "/v1/admin/users" => h::create_user::create_user;
        GET "/v1/admin/users" => h::list_users::list_users;
        PUT "/v1/admin/users/{id}/lock" => h::lock_user::lock_user;
        DELETE "/v1/admin/users/{id}/lock" => h::unlock_user::unlock_user;
        DELETE "/v1/admin/users/{id}/api-token" => h::revoke_user_token::revoke_user_token;
        DELETE "/v1/admin/users/{id}/personal-data" => h::erase_personal_data::erase_personal_data;
        POST "/v1/admin/accounts" => h::create_account::create_account;
        GET "/v1/admin/accounts" => h::list_accounts::list_accounts;
        PUT "/v1/admin/accounts/{id}/members/{userId}" => h::put_member::put_member;
        DELETE "/v1/admin/accounts/{id}/members/{userId}" => h::remove_member::remove_member;
        GET "/v1/admin/endpoints" => h::list_endpoints::list_endpoints;
        GET "/v1/admin/deliveries" => h::list_deliveries::list_deliveries;
        POST "/v1/admin/deliveries/{id}/replay" => h::replay_delivery::replay_delivery;
        POST "/v1/admin/accounts/{id}/assistants" => h::add_assistant::add_assistant;
        GET "/v1/admin/accounts/{id}/assistants" => h::list_account_assistants::list_account_assistants;
        DELETE "/v1/admin/accounts/{id}/assistants/{assistantId}" => h::remove_assistant::remove_assistant;
    }

    /// For auditors, by session or token; some for everyone about themself. Every read is recorded.
    audit {
        GET "/v1/audit/tokens" => h::list_audit_tokens::list_audit_tokens;
        GET "/v1/audit/tokens/as-of" => h::show_state_as_of::show_state_as_of;
        GET "/v1/audit/tokens/lineage" => h::list_token_lineage::list_token_lineage;
        POST "/v1/audit/identify" => h::identify_token::identify_token;
        GET "/v1/audit/actions" => h::list_token_actions::list_token_actions;
        GET "/v1/audit/leavers" => h::list_leavers::list_leavers;
        GET "/v1/audit/stale" => h::list_stale_tokens::list_stale_tokens;
        GET "/v1/audit/reads" => h::list_audit_reads::list_audit_reads;
        GET "/v1/audit/checkpoint" => h::show_checkpoint::show_checkpoint;
        GET "/v1/audit/events" => h::list_log_events::list_log_events;
        GET "/v1/audit/export" => h::export_log::export_log;
        GET "/v1/audit/key" => h::show_log_key::show_log_key;
        GET "/v1/audit/proofs/inclusion" => h::prove_inclusion::prove_inclusion;
        GET "/v1/audit/proofs/consistency" => h::prove_consistency::prove_consistency;
    }

    /// For members of the account in force, by session or token.
    account {
        GET "/v1/account" => h::show_account::show_account;
        GET "/v1/assistants" => h::list_assistants::list_assistants;
        POST "/v1/assistant/calls" => h::trigger_call::trigger_call;
        GET "/v1/calls" => h::list_calls::list_calls;
        GET "/v1/calls/{id}" => h::show_call::show_call;
        POST "/v1/campaigns" => h::create_campaign::create_campaign;
        GET "/v1/campaigns" => h::list_campaigns::list_campaigns;
        GET "/v1/campaigns/{id}" => h::show_campaign::show_campaign;
        POST "/v1/campaigns/{id}/archive" => h::archive_campaign::archive_campaign;
        GET "/v1/campaigns/{id}/prospects" => h::list_prospects::list_prospects;
        GET "/v1/campaigns/{id}/webhook" => h::show_webhook::show_webhook;
        POST "/v1/campaigns/{id}/webhook" => h::rotate_webhook::rotate_webhook;
        DELETE "/v1/campaigns/{id}/webhook" => h::revoke_webhook::revoke_webhook;
    }

    /// The same, with a limit of its own.
    prospects {
        POST "/v1/campaigns/{id}/prospects" => h::add_prospects::add_prospects;
    }

    /// For whoever holds a campaign's webhook URL.
    webhook {
        POST "/v1/webhooks/{secret}/prospects" => h::add_prospects_by_webhook::add_prospects_by_webhook;
    }
}

/// The whole service.
pub fn router<S: SessionStore + Clone>(app: App, sessions: S) -> Router {
    let backend = SignInBackend::new(app.store.clone(), app.passwords.clone());
    let session_layer = session::layer(sessions, backend, &app.public_url);
    let limited = from_fn_with_state(app.clone(), limit_account);
    let limited_prospects = from_fn_with_state(app.clone(), limit_prospects);
    let authenticated = || from_fn_with_state(app.clone(), authenticate);
    let recorded = || from_fn_with_state(app.clone(), record_read);
    let known_reader = from_fn_with_state(app.clone(), pages::audit::reader::know_reader);
    let idempotent = || from_fn_with_state(app.clone(), read_key);

    let with_session = Router::new()
        .merge(user().route_layer(idempotent()))
        .merge(admin().route_layer(idempotent()))
        .merge(audit().route_layer(recorded()))
        .merge(
            Router::new()
                .merge(account().route_layer(idempotent()).route_layer(limited))
                .merge(prospects().route_layer(idempotent()).route_layer(limited_prospects))
                .route_layer(from_fn(select_account)),
        )
        .route_layer(authenticated())
        .merge(sign_in())
        .merge(settings())
        .merge(audit_pages().route_layer(recorded()).route_layer(known_reader))
        .route_layer(session_layer)
        .route_layer(from_fn(session_store_fault))
        .route_layer(csrf(&app));

    Router::new()
        .merge(open())
        .merge(token().route_layer(authenticated()))
        .merge(
            webhook()
                .route_layer(idempotent())
                .route_layer(from_fn_with_state(app.clone(), limit_webhook))
                .route_layer(from_fn_with_state(app.clone(), authenticate_webhook)),
        )
        .merge(with_session)
        .fallback(async || ApiError::NotFound)
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(pages::error_page::for_browsers))
        .layer(map_response(with_fixed_headers))
        .layer(TraceLayer::new_for_http().make_span_with(span).on_failure(()))
        .layer(middleware::from_fn_with_state(app.clone(), name_request))
        .layer(middleware::from_fn_with_state(app.clone(), take_header))
        .layer(middleware::from_fn_with_state(app.clone(), find_client_address))
        .layer(SetSensitiveResponseHeadersLayer::new([header::SET_COOKIE]))
        .layer(SetSensitiveRequestHeadersLayer::new([header::AUTHORIZATION, header::COOKIE]))
        .layer(from_fn(measures::requests::count))
        .with_state(app)
}

/// Another site's page must not act with a visitor's session.
fn csrf(
    app: &App,
) -> CsrfLayer<impl Fn(tower_http::csrf::ProtectionError) -> Response + Clone + use<>> {
    let layer = CsrfLayer::new();
    let layer = layer.clone().add_trusted_origin(app.public_url.as_str()).unwrap_or(layer);
    layer.with_rejection_response(|_| ApiError::Forbidden.into_response())
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over like this")]
fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no text");
    ApiError::Internal(format!("a handler panicked: {text}").into()).into_response()
}

/// The route, not the path: a path is what the client likes, a misplaced token too.
fn span(request: &Request) -> tracing::Span {
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    tracing::span!(
        Level::INFO,
        "request",
        id,
        method = %request.method(),
        route,
    )
}

/// What a request is called: as the caller calls it, when that is short and plain; otherwise by a new name.
pub(crate) fn request_id(app: &App, headers: &HeaderMap) -> HeaderValue {
    let plain = |id: &&HeaderValue| {
        (1..=64).contains(&id.len())
            && id.as_bytes().iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
    };
    let mut id = headers.get(&REQUEST_ID).filter(plain).cloned().unwrap_or_else(|| {
        let mut text = uuid::Uuid::encode_buffer();
        let name = app.new_uuid().hyphenated().encode_lower(&mut text);
        HeaderValue::from_str(name).unwrap_or(HeaderValue::from_static("unknown"))
    });
    // It never comes again, so it is not to push out of HTTP/2's table of headers what does.
    id.set_sensitive(true);
    id
}

/// Says in the reply what the request is called.
async fn name_request(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = request_id(&app, request.headers());
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let mut response = next.run(request).await;
    response.headers_mut().insert(REQUEST_ID, id);
    response
}
