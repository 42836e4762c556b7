//! The limits of accounts in front of routes, to the millisecond, under a clock that tests move.

use std::time::Duration;

use api::auth::{AccountInForce, Caller, Credential};
use api::limits::layers::limit_prospects;
use axum::extract::Request;
use axum::middleware::from_fn_with_state;
use axum::routing::post;
use axum::{Extension, Router};
use domain::{AccountId, AccountRole, UserId};
use http::{HeaderMap, StatusCode, header};
use http_body_util::Full;
use hyper::body::Bytes;
use projections::{Access, Memberships};
use tests::{Store, on_both_stores};
use tower::ServiceExt;

use crate::stopped::{LIMITS, Stopped, stopped};

on_both_stores!(
    a_full_minute_opens_when_its_oldest_request_is_a_minute_old,
    adding_prospects_has_a_limit_of_its_own_within_the_accounts,
);

/// What the fields say, or nothing.
fn fields(headers: &HeaderMap) -> [Option<&str>; 3] {
    ["ratelimit-policy", "ratelimit", "retry-after"]
        .map(|name| headers.get(name).map(|value| value.to_str().unwrap()))
}

async fn a_full_minute_opens_when_its_oldest_request_is_a_minute_old(store: Store) {
    let stopped = stopped(store).await;
    let code = stopped.first_users_code().await;
    let (_, headers, _) = stopped.found(&code).await;
    let cookie = headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap();
    let ask = async || {
        let request = Request::get("/v1/account").header(header::COOKIE, cookie);
        let (status, headers, _) = stopped.send(request.body(Full::default()).unwrap()).await;
        assert!(headers.contains_key("x-account-id"), "{headers:?}");
        assert_eq!(fields(&headers)[0], Some("\"account\";q=5;w=60"));
        let [_, state, wait] = fields(&headers).map(|text| text.map(str::to_owned));
        (status.as_u16(), state.unwrap(), wait)
    };
    let forward = |milliseconds| stopped.clock.forward(Duration::from_millis(milliseconds));
    let admitted = |state: &str| (200, state.to_owned(), None);
    let refused = |state: &str, wait: &str| (429, state.to_owned(), Some(wait.to_owned()));

    assert_eq!(ask().await, admitted("\"account\";r=4;t=60"));
    forward(20_500);
    for remaining in (0..LIMITS.0 - 1).rev() {
        assert_eq!(ask().await, admitted(&format!("\"account\";r={remaining};t=40")));
    }
    assert_eq!(ask().await, refused("\"account\";r=0;t=40", "40"));
    forward(39_499);
    assert_eq!(ask().await, refused("\"account\";r=0;t=1", "1"));
    forward(1);
    assert_eq!(ask().await, admitted("\"account\";r=0;t=21"));
    assert_eq!(ask().await, refused("\"account\";r=0;t=21", "21"));
    forward(20_500);
    assert_eq!(ask().await, admitted("\"account\";r=3;t=40"));
    stopped.service.stop().await;
}

async fn adding_prospects_has_a_limit_of_its_own_within_the_accounts(store: Store) {
    let stopped = stopped(store).await;
    let route = route_that_adds_prospects(&stopped);
    let ask = async || {
        let request = Request::post("/prospects").body(Full::<Bytes>::default()).unwrap();
        let answer = route.clone().oneshot(request.map(axum::body::Body::new)).await.unwrap();
        let policy = "\"account\";q=5;w=60, \"prospects\";q=2;w=60";
        assert_eq!(fields(answer.headers())[0], Some(policy));
        let [_, state, wait] = fields(answer.headers()).map(|text| text.map(str::to_owned));
        (answer.status(), state.unwrap(), wait)
    };
    // Whoever may not is told so, and it counts.
    let state = "\"account\";r=4;t=60, \"prospects\";r=1;t=60";
    assert_eq!(ask().await, (StatusCode::FORBIDDEN, state.to_owned(), None));
    let state = "\"account\";r=3;t=60, \"prospects\";r=0;t=60";
    assert_eq!(ask().await, (StatusCode::FORBIDDEN, state.to_owned(), None));
    for _ in 0..LIMITS.0 {
        let wait = Some("60".to_owned());
        assert_eq!(ask().await, (StatusCode::TOO_MANY_REQUESTS, state.to_owned(), wait));
    }
    stopped.service.stop().await;
}

/// Behind the layer, for a caller whose account is settled; nobody has the permission.
fn route_that_adds_prospects(stopped: &Stopped) -> Router {
    let app = stopped.service.app.clone();
    let caller = Caller {
        credential: Credential::Session,
        access: Access {
            user_id: UserId::new(app.new_uuid()),
            is_admin: false,
            is_auditor: false,
            memberships: Memberships::new(),
        },
        account: Some(AccountInForce {
            account_id: AccountId::new(app.new_uuid()),
            role: AccountRole::Viewer,
        }),
    };
    Router::new()
        .route("/prospects", post(async || StatusCode::FORBIDDEN))
        .route_layer(from_fn_with_state(app.clone(), limit_prospects))
        .layer(Extension(caller))
        .with_state(app)
}
