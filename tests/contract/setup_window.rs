//! How long set-up codes live, to the second, on the whole service under a clock that tests move.

use std::sync::{Arc, Mutex};

use api::chance::SystemChance;
use api::clock::Clock;
use api::enrolment::{self, Invitation};
use api::request_context::RequestContext;
use api::settings::{self, Settings};
use api::startup::{Service, Surroundings};
use chrono::{DateTime, TimeDelta, Utc};
use domain::token::Prefix;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use projections::Via;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tests::{Database, Store, on_both_stores};
use tower::ServiceExt;

on_both_stores!(
    at_14_59_the_first_users_code_works,
    at_15_00_the_first_users_code_is_refused,
    a_refused_code_leaves_a_new_one_usable,
    an_invitation_works_for_a_week,
);

struct TestClock(Mutex<DateTime<Utc>>);

impl TestClock {
    fn forward(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

struct Stopped {
    service: Service,
    clock: Arc<TestClock>,
    /// Goes when the service has gone.
    _database: Database,
}

/// A service on an empty database whose clock stands still.
async fn stopped(store: Store) -> Stopped {
    let database = Database::new(store).await;
    let settings = Settings {
        listen: "127.0.0.1:0".parse().unwrap(),
        database: match database.url() {
            None => settings::Database::Sqlite(database.sqlite_file()),
            Some(url) => settings::Database::Postgres(url.to_owned()),
        },
        public_url: None,
        token_prefix: Prefix::default(),
        log: "info".to_owned(),
        oidc: None,
        trusted_proxy: None,
        endpoints: Arc::default(),
    };
    let start = "2026-02-28T23:50:00.654321Z".parse().unwrap();
    let clock = Arc::new(TestClock(Mutex::new(start)));
    let around = Surroundings { clock: clock.clone(), chance: Arc::new(SystemChance) };
    let service = Service::start(&settings, settings.listen, around).await.unwrap();
    Stopped { service, clock, _database: database }
}

impl Stopped {
    async fn first_users_code(&self) -> String {
        let issued = enrolment::first_user_link(&self.service.app).await.unwrap();
        issued.expect("nobody is there").code.expose_secret().to_owned()
    }

    async fn set_up(&self, body: Value) -> (StatusCode, Value) {
        let request = Request::post("/v1/setup")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::<Bytes>::from(body.to_string()))
            .unwrap();
        let answer = self.service.router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap())
    }

    async fn found(&self, code: &str) -> (StatusCode, Value) {
        self.set_up(json!({
            "code": code,
            "email": "ada@example.test",
            "name": "Ada",
            "password": "horse battery staple",
            "account": "Analytical Engines",
        }))
        .await
    }
}

fn forbidden() -> (StatusCode, Value) {
    let message = "You do not have permission to access this resource";
    (StatusCode::FORBIDDEN, json!({ "error": "Forbidden", "message": message }))
}

async fn at_14_59_the_first_users_code_works(store: Store) {
    let stopped = stopped(store).await;
    let code = stopped.first_users_code().await;
    stopped.clock.forward(TimeDelta::minutes(14) + TimeDelta::seconds(59));
    let (status, body) = stopped.found(&code).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    stopped.service.stop().await;
}

async fn at_15_00_the_first_users_code_is_refused(store: Store) {
    let stopped = stopped(store).await;
    let code = stopped.first_users_code().await;
    stopped.clock.forward(TimeDelta::minutes(15));
    assert_eq!(stopped.found(&code).await, forbidden());
    assert!(!stopped.service.app.store.has_users().await.unwrap());
    stopped.service.stop().await;
}

async fn a_refused_code_leaves_a_new_one_usable(store: Store) {
    let stopped = stopped(store).await;
    let late = stopped.first_users_code().await;
    stopped.clock.forward(TimeDelta::minutes(15));
    let fresh = stopped.first_users_code().await;
    assert_eq!(stopped.found(&late).await, forbidden());
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
    stopped.clock.forward(TimeDelta::days(7) - TimeDelta::seconds(1));
    assert_eq!(accept(alices).await.0, StatusCode::CREATED);
    stopped.clock.forward(TimeDelta::seconds(1));
    assert_eq!(accept(bobs).await, forbidden());
    stopped.service.stop().await;
}
