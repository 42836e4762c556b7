//! A secret exists in the one answer that created it, and nowhere else.
//!
//! Everything that can be done is done, right and wrong, at the most talkative log level, and then
//! everything that was written or answered is searched for every secret that was ever in play.

mod webhook_urls;

use std::path::PathBuf;

use http::Method;
use serde_json::json;
use tests::actors::password_of;
use tests::postgres::Cluster;
use tests::reaper::Scratch;
use tests::receiver::Behaviour;
use tests::scanner::{Scanner, secret_part};
use tests::{
    Actor, Client, Database, EndpointsFile, Receiver, Settings, Store, TestApp, UnclaimedApp,
    on_both_stores,
};

on_both_stores!(no_secret_is_found_outside_the_answer_that_created_it);

const MISTYPED_PASSWORD: &str = "a mistyped password";
const NUMERIC_PASSWORD: u64 = 831_290_775_523_194;

/// What must not be found.
#[derive(Default)]
struct Secrets {
    tokens: Vec<String>,
    urls: Vec<String>,
    first_code: String,
    invited_codes: Vec<String>,
    passwords: Vec<String>,
    cookies: Vec<String>,
    /// Of an endpoint: its path and its key.
    endpoint: Vec<String>,
}

pub(crate) async fn no_secret_is_found_outside_the_answer_that_created_it(store: Store) {
    let cluster = match store {
        Store::Sqlite => None,
        Store::Postgres => Some(Cluster::new(&[("log_statement", "all")])),
    };
    let database = match &cluster {
        None => Database::new(store).await,
        Some(cluster) => Database::on(cluster).await,
    };
    let mut written: Vec<PathBuf> = vec![database.data_directory().to_owned()];
    written.extend(cluster.iter().flat_map(|it| [it.data_directory(), it.log_file()]));

    let receiver = Receiver::start().await;
    let file = EndpointsFile::new("").endpoint("crm", &receiver, "");
    let settings = file.settings_on_this_machine().flag("--log", "trace").unlimited();
    let (mut app, alice, mut secrets) = arrive(database, settings).await;
    secrets.endpoint = receiver.path().split('?').map(str::to_owned).collect();
    secrets.endpoint.push(receiver.secret()["whsec_".len()..].to_owned());
    live(&app, &alice, &mut secrets).await;
    deliver(&app, &receiver).await;
    let first_run = (app.server().stdout(), app.server().stderr());
    let mut hits = search_files(&secrets.everywhere(), &written);
    app.kill();
    app.start().await;
    let token = alice.regenerate_token().await;
    app.with_token(&token).whoami().await.assert_user("alice");
    secrets.tokens.push(token);
    hits.extend(search_files(&secrets.everywhere(), &written));
    let second_run = app.stop().await;
    hits.extend(search_files(&secrets.everywhere(), &written));

    for log in [&first_run.1, &second_run.stderr] {
        assert!(log.contains("TRACE") && log.contains("sqlx"), "the log is not talkative:\n{log}");
        hits.extend(secrets.in_logs().search(log.as_bytes()));
    }
    for printed in [&first_run.0, &second_run.stdout] {
        hits.extend(secrets.in_print().search(printed.as_bytes()));
    }
    hits.splice(0..0, secrets.shown_too_often(&app));
    let shown = hits.iter().take(40).cloned().collect::<Vec<_>>().join("\n");
    assert!(hits.is_empty(), "{} leaks, the first of them:\n{shown}", hits.len());

    // The search looks where things are written: what may be found there is found.
    let known = Scanner::new(&[("address", &alice.email)]);
    for place in written
        .iter()
        .filter(|place| cluster.is_none() || place.as_path() != app.database().data_directory())
    {
        assert!(!known.search_files(place).is_empty(), "nothing is written to {}", place.display());
    }
}

fn search_files(scanner: &Scanner, places: &[PathBuf]) -> Vec<String> {
    places.iter().flat_map(|place| scanner.search_files(place)).collect()
}

#[test]
fn the_search_finds_a_secret_that_was_planted_in_a_file() {
    let folder = Scratch::new("planted");
    let token = crate::credentials::well_formed("alta_pat");
    let scanner = Scanner::new(&[("token", secret_part(&token))]);
    std::fs::create_dir(folder.path().join("below")).unwrap();
    let file = folder.path().join("below/wal");
    for written in [
        token.clone(),
        hex::encode(&token),
        format!("{{\"authorization\":\"Bearer {token}\"}}"),
        format!("GET /v1/token?access_token={token} HTTP/1.1"),
        // Basic credentials with the token as password, as an encoder would write them.
        "QWxhZGRpbjo".to_owned() + &base64_of(&token),
    ] {
        std::fs::write(&file, [&[0; 1000], written.as_bytes(), &[255; 1000]].concat()).unwrap();
        assert_eq!(scanner.search_files(folder.path()).len(), 1, "{written}");
    }
    std::fs::write(&file, &token[token.len() - 4..]).unwrap();
    assert_eq!(scanner.search_files(folder.path()).len(), 0, "the hint is no secret");
}

fn base64_of(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(format!("x{text}"))
}

/// The first user and two more come in, by page and by API.
async fn arrive(database: Database, settings: Settings) -> (TestApp, Actor, Secrets) {
    let app = UnclaimedApp::start(database, settings).await;
    let first_code = app.code().to_owned();
    app.browser().get(&format!("/setup?code={first_code}")).send().await.assert_status(200);
    let app = app.claim().await;

    let by_page = app.admin().invite("bob").await;
    let browser = app.browser();
    browser.get(&format!("/setup?code={}", by_page.code)).send().await.assert_status(200);
    let fields = [("code", &*by_page.code), ("password", &*password_of("bob"))];
    browser.post("/setup").form(&fields).send().await.assert_status(303);
    browser.post("/setup").form(&fields).send().await;

    let by_api = app.admin().invite("alice").await;
    let alice = app.accept(&by_api).await;
    app.admin().put_member(app.account_id(), &alice.id, "admin").await;
    let used = json!({ "code": by_api.code, "password": password_of("eve") });
    app.browser().post("/v1/setup").json(used).send().await.assert_forbidden();

    let secrets = Secrets {
        first_code,
        invited_codes: vec![by_page.code, by_api.code, app.admin().invite("carol").await.code],
        passwords: ["root", "alice", "bob", "eve"].map(password_of).to_vec(),
        ..Secrets::default()
    };
    (app, alice, secrets)
}

/// Everything that a user does, rightly and wrongly.
async fn live(app: &TestApp, alice: &Actor, secrets: &mut Secrets) {
    secrets.cookies.extend([alice, app.admin()].map(session_id));
    sign_in_wrongly(app, alice, secrets).await;

    secrets.tokens.push(alice.generate_token().await);
    secrets.tokens.push(alice.post("/v1/user/api-token").send().await.string("token"));
    let token = alice.regenerate_token().await;
    secrets.tokens.push(token.clone());
    let stale = alice.post("/v1/user/api-token/regenerate").header("if-match", "\"1\"");
    stale.send().await.assert_status(412);
    app.with_token(&token).whoami().await.assert_user("alice");
    app.with_token(&token).account().await.assert_status(200);
    webhook_urls::use_webhook_urls(app, alice, secrets).await;
    app.with_token(&secrets.tokens[0]).whoami().await.assert_invalid_api_token();
    send_wrongly(app, alice, &token).await;

    alice.token_state().await;
    alice.history().await;
    app.admin().get("/v1/admin/users").send().await.assert_status(200);
    app.with_token(&token).delete("/v1/token").send().await.assert_status(204);
    secrets.tokens.push(alice.generate_token().await);
    app.admin().lock(&alice.id).await;
    app.admin().unlock(&alice.id).await;
    alice.sign_in().await.assert_status(200);
    secrets.cookies.push(session_id(alice));
    secrets.tokens.push(alice.generate_token().await);
}

/// What was told, what failed, and all that is said about it.
async fn deliver(app: &TestApp, receiver: &Receiver) {
    let told = receiver.messages().len();
    assert!(told > 3, "{told}");
    receiver.behave(|_, _| Behaviour::Answer(500));
    app.admin().generate_token().await;
    receiver.wait_until(|messages| messages.iter().any(|it| it.id.contains(&app.admin().id))).await;
    for target in ["/v1/admin/endpoints", "/v1/admin/deliveries", "/admin/deliveries", "/metrics"] {
        app.admin().get(target).send().await.assert_status(200);
    }
}

async fn sign_in_wrongly(app: &TestApp, alice: &Actor, secrets: &mut Secrets) {
    for (email, password) in [
        (json!(alice.email), json!(MISTYPED_PASSWORD)),
        (json!("nobody@example.test"), json!(alice.password)),
        (json!(alice.email), json!(NUMERIC_PASSWORD)),
        (json!(7), json!(alice.password)),
        (json!(alice.email), json!([alice.password])),
        (json!(alice.email), json!({ "password": alice.password })),
    ] {
        let body = json!({ "email": email, "password": password });
        app.browser().post("/v1/session").json(body).send().await;
    }
    let broken = format!(r#"{{"password":"{}","email":"#, alice.password);
    app.browser().post("/v1/session").body("application/json", broken).send().await;
    secrets.passwords.extend([MISTYPED_PASSWORD.to_owned(), NUMERIC_PASSWORD.to_string()]);
}

/// A token in all the places where people put it by mistake.
async fn send_wrongly(app: &TestApp, alice: &Actor, token: &str) {
    let nobody = app.anonymous();
    for target in [
        format!("/v1/token?access_token={token}"),
        format!("/v1/token?token={token}"),
        format!("/v1/account?key={token}"),
        format!("/v1/token/{token}"),
        format!("/{token}"),
        format!("/setup?code={token}"),
        format!("/livez?access_token={token}"),
        format!("/v1/user/api-token/history?cursor={token}"),
        format!("/v1/user/api-token/history?limit={token}"),
        format!("/v1/admin/users/{token}/lock"),
        format!("/v1/admin/accounts/{token}/members/{token}"),
    ] {
        for client in [&nobody, &**alice, &**app.admin()] {
            for method in [Method::GET, Method::PUT, Method::DELETE] {
                client.request(method, &target).send().await;
            }
        }
    }
    let with = |name: &str, value: &str| app.anonymous().with_header(name, value);
    for client in [
        with("authorization", token),
        with("authorization", &format!("Basic {}", base64_of(token))),
        with("authorization", &format!("Bearer  {token}")),
        with("x-api-key", token),
        with("cookie", &format!("symbolon_session={token}")),
        with("x-account-id", token),
        app.with_token(token).with_token(token),
        app.with_token(token).in_account(token),
        (**alice).clone().with_header("if-match", token),
    ] {
        ask_everything(&client).await;
    }
    let member = format!("/v1/admin/accounts/{}/members/{}", app.account_id(), alice.id);
    app.admin().put(&member).json(json!({ "role": token })).send().await.assert_status(400);
    let body = json!({ "code": token, "password": "a password for a token" });
    nobody.post("/v1/setup").json(body).send().await.assert_forbidden();
}

async fn ask_everything(client: &Client) {
    client.whoami().await;
    client.account().await;
    client.get("/v1/admin/users").send().await;
    let answer = client.post("/v1/user/api-token/regenerate").send().await;
    assert!(answer.status.is_client_error(), "{answer:?}");
}

fn session_id(actor: &Actor) -> String {
    let cookie = actor.cookie_header().expect("a session");
    cookie.split_once('=').expect("name=value").1.to_owned()
}

impl Secrets {
    fn scanner(&self, first_code: bool, cookies: bool) -> Scanner {
        let mut all: Vec<(&str, &str)> = Vec::new();
        all.extend(self.tokens.iter().map(|token| ("a token", secret_part(token))));
        all.extend(self.urls.iter().map(|secret| ("a webhook URL", secret_part(secret))));
        all.extend(self.invited_codes.iter().map(|code| ("a setup code", &**code)));
        all.extend(self.passwords.iter().map(|password| ("a password", &**password)));
        all.extend(self.endpoint.iter().map(|secret| ("an endpoint's secret", &**secret)));
        if first_code {
            all.push(("the first setup code", &self.first_code));
        }
        if cookies {
            all.extend(self.cookies.iter().map(|cookie| ("a session", &**cookie)));
        }
        Scanner::new(&all)
    }

    /// Browser sessions are kept in the database as they are.
    fn everywhere(&self) -> Scanner {
        self.scanner(true, false)
    }

    fn in_logs(&self) -> Scanner {
        self.scanner(true, true)
    }

    /// The link for the first user is printed.
    fn in_print(&self) -> Scanner {
        self.scanner(false, true)
    }

    /// The answers that contain a secret, beyond the one that created it. The setup page gives back
    /// the code that it was opened with.
    fn shown_too_often(&self, app: &TestApp) -> Vec<String> {
        let answers = app.answers();
        let tokens = self.tokens.iter().chain(&self.urls);
        let tokens = tokens.map(|token| (secret_part(token), 1));
        let codes = self.invited_codes.iter().map(|code| (&**code, 1));
        let rest = self.passwords.iter().chain(&self.endpoint).map(|secret| (&**secret, 0));
        let mut complaints = Vec::new();
        for (secret, allowed) in tokens.chain(codes).chain(rest).chain([(&*self.first_code, 0)]) {
            let scanner = Scanner::new(&[("a secret", secret)]);
            let showing: Vec<_> = answers
                .iter()
                .filter(|answer| !answer.question.starts_with("GET /setup?code="))
                .filter(|answer| !scanner.search(&answer.everything()).is_empty())
                .collect();
            if showing.len() != allowed {
                complaints.push(format!(
                    "{} answers instead of {allowed} show {secret}: {showing:?}",
                    showing.len()
                ));
            }
        }
        complaints
    }
}
