//! How long set-up codes live, to the second, on the whole service under a clock that tests move.

use std::time::Duration;

use api::enrolment::{self, Invitation};
use api::request_context::RequestContext;
use http::StatusCode;
use projections::Via;
use secrecy::ExposeSecret;
use serde_json::json;
use tests::{Store, on_both_stores};

use crate::stopped::{Told, stopped};

const SECOND: Duration = Duration::from_secs(1);
const A_SECOND_LESS: Duration = Duration::from_secs(7 * 24 * 60 * 60 - 1);

on_both_stores!(
    at_14_59_the_first_users_code_works,
    at_15_00_the_first_users_code_is_refused,
    a_refused_code_leaves_a_new_one_usable,
    an_invitation_works_for_a_week,
);

#[track_caller]
fn assert_forbidden((status, _, body): Told) {
    let message = "You do not have permission to access this resource";
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(body, json!({ "error": "Forbidden", "message": message }));
}

async fn at_14_59_the_first_users_code_works(store: Store) {
    let stopped = stopped(store).await;
    let code = stopped.first_users_code().await;
    stopped.clock.forward(Duration::from_secs(14 * 60 + 59));
    let (status, _, body) = stopped.found(&code).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    stopped.service.stop().await;
}

async fn at_15_00_the_first_users_code_is_refused(store: Store) {
    let stopped = stopped(store).await;
    let code = stopped.first_users_code().await;
    stopped.clock.forward(Duration::from_mins(15));
    assert_forbidden(stopped.found(&code).await);
    assert!(!stopped.service.app.store.has_users().await.unwrap());
    stopped.service.stop().await;
}

async fn a_refused_code_leaves_a_new_one_usable(store: Store) {
    let stopped = stopped(store).await;
    let late = stopped.first_users_code().await;
    stopped.clock.forward(Duration::from_mins(15));
    let fresh = stopped.first_users_code().await;
    assert_forbidden(stopped.found(&late).await);
    assert_eq!(stopped.found(&fresh).await.0, StatusCode::CREATED);
    stopped.service.stop().await;
}

async fn an_invitation_works_for_a_week(store: Store) {
    let stopped = stopped(store).await;
    let app = &stopped.service.app;
    let invite = async |name: &str| {
        let (email, name) = (format!("{name}@example.test"), name.to_owned());
        let invitation = Invitation { email, name, roles: [].into() };
        let context = RequestContext::local(Via::CommandLine);
        let (_, issued) = enrolment::invite(app, invitation, &context).await.unwrap();
        issued.code.expose_secret().to_owned()
    };
    let (alices, bobs) = (invite("alice").await, invite("bob").await);
    let accept =
        |code: String| stopped.set_up(json!({ "code": code, "password": "horse battery" }));
    stopped.clock.forward(A_SECOND_LESS);
    assert_eq!(accept(alices).await.0, StatusCode::CREATED);
    stopped.clock.forward(SECOND);
    assert_forbidden(accept(bobs).await);
    stopped.service.stop().await;
}
