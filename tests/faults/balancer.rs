//! Nodes behind `HAProxy`, as `docs/samples/haproxy.cfg` has it: nobody notices that a node is stopped, and a node
//! that dies takes along what it was doing, which nobody does a second time.

use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::time::Duration;

use tests::client::neighbour;
use tests::reaper::Scratch;
use tests::server::Process;
use tests::{Actor, Answer, Client, Database, Ledger, Server, Settings, Store, TestApp, until};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const SAMPLE: &str = include_str!("../../docs/samples/haproxy.cfg");
const USERS: usize = 4;

/// Two nodes and a balancer.
struct Stage {
    app: TestApp,
    other: Server,
    address: SocketAddr,
    _balancer: Process,
    _folder: Scratch,
}

impl Stage {
    async fn new() -> Self {
        // What a node answers while it has no lease on a busy machine is another story.
        let settings = Settings::new()
            .flag("--verifier", "direct")
            .unlimited()
            .flag("--gateway-cidrs", "127.0.0.1/32")
            .flag("--drain-seconds", "5");
        let app = TestApp::with(Database::new(Store::Postgres).await, settings.clone()).await;
        let other = Server::start(app.database(), &settings).await;
        let address = free_address();
        let nodes = [app.server().address(), other.address()];
        let folder = Scratch::new("haproxy");
        let file = folder.path().join("haproxy.cfg");
        std::fs::write(&file, configuration(address, nodes)).unwrap();
        let mut command = Command::new("haproxy");
        command.arg("-db").arg("-f").arg(&file);
        let stage =
            Self { app, other, address, _balancer: Process::spawn(command), _folder: folder };
        stage.until_it_answers().await;
        stage
    }

    async fn until_it_answers(&self) {
        let answers = async || {
            self.client().get("/v1/token").try_send().await.is_ok_and(|it| it.status == 401)
        };
        until("the balancer does not answer", Duration::from_secs(10), answers).await;
    }

    /// Someone who comes from elsewhere, by way of the balancer.
    fn client(&self) -> Client {
        Client::at(self.address).connecting_from(neighbour(9))
    }

    /// Who lets a user in, and one browser of theirs at the balancer.
    async fn rotator(&self, name: &str) -> (Actor, Client) {
        let user = self.app.user(name).await;
        let browser = self.client().with_cookies();
        let body = serde_json::json!({ "email": user.email, "password": user.password });
        browser.post("/v1/session").json(body).send().await.assert_status(200);
        browser.post("/v1/user/api-token").send().await.assert_status(201);
        (user, browser)
    }
}

/// The sample, with the addresses of this machine. Every replacement must find something.
fn configuration(address: SocketAddr, [first, second]: [SocketAddr; 2]) -> String {
    let mut text = SAMPLE.to_owned();
    for (sample, here) in [
        ("bind :443 ssl crt /etc/haproxy/symbolon.pem alpn h2,http/1.1", format!("bind {address}")),
        ("10.0.0.11:8080", first.to_string()),
        ("10.0.0.12:8080", second.to_string()),
        ("server node3 10.0.0.13:8080", String::new()),
    ] {
        assert!(text.contains(sample), "the sample has no {sample}");
        text = text.replace(sample, &here);
    }
    text
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// What became of one user's requests.
#[derive(Debug, Default)]
struct Books {
    replaced: u64,
    verified: u64,
    /// Whatever else was answered.
    lost: Vec<String>,
}

impl Books {
    fn miss(&mut self, answer: &Answer) {
        assert!(answer.status.is_server_error(), "{answer:?}");
        self.lost.push(format!("{answer:?}"));
    }
}

/// Users who replace and use tokens until they are told to stop.
struct Crew {
    users: Vec<Actor>,
    working: JoinSet<(usize, Books)>,
    stop: CancellationToken,
}

impl Crew {
    async fn of(stage: &Stage) -> Self {
        let (mut users, mut working) = (Vec::new(), JoinSet::new());
        let stop = CancellationToken::new();
        for number in 0..USERS {
            let (user, browser) = stage.rotator(&format!("rotator{number}")).await;
            let (client, stop) = (stage.client(), stop.clone());
            working.spawn(async move { (number, rotate(browser, client, stop).await) });
            users.push(user);
        }
        Self { users, working, stop }
    }

    /// Stops them, and hands over each one's books and the generation that their token has come to, which began with 1.
    async fn stop(mut self) -> Vec<(Books, u64)> {
        self.stop.cancel();
        let mut all = Vec::new();
        while let Some(ended) = self.working.join_next().await {
            let (number, books) = ended.expect("nobody was answered wrongly");
            let state = self.users[number].token_state().await.json();
            all.push((books, state["generation"].as_u64().unwrap()));
        }
        println!("{all:?}");
        all
    }
}

async fn rotate(browser: Client, client: Client, stop: CancellationToken) -> Books {
    let mut books = Books::default();
    while !stop.is_cancelled() {
        let answer = browser.post("/v1/user/api-token/regenerate").send().await;
        if answer.status != 200 {
            books.miss(&answer);
            continue;
        }
        books.replaced += 1;
        let answer = client.clone().with_token(&answer.string("token")).whoami().await;
        if answer.status == 200 {
            books.verified += 1;
        } else {
            books.miss(&answer);
        }
    }
    books
}

/// Some requests go by.
async fn let_them_work() {
    tokio::time::sleep(Duration::from_millis(500)).await;
}

#[tokio::test]
async fn nobody_notices_that_a_node_is_stopped() {
    let mut stage = Stage::new().await;
    let crew = Crew::of(&stage).await;
    let_them_work().await;
    let ended = stage.other.stop().await;
    assert!(ended.status.success(), "{ended:?}");
    let_them_work().await;
    for (books, generation) in crew.stop().await {
        assert!(books.lost.is_empty(), "{books:?}");
        assert!(books.replaced > 5 && books.verified == books.replaced, "{books:?}");
        assert_eq!(generation, 1 + books.replaced);
    }
}

#[tokio::test]
async fn what_a_killed_node_was_doing_is_done_once_or_not_at_all() {
    let mut stage = Stage::new().await;
    let crew = Crew::of(&stage).await;
    let_them_work().await;
    stage.other.kill();
    // The balancer finds out.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let mut replaced = 0;
    for (books, generation) in crew.stop().await {
        replaced += books.replaced;
        let most = 1 + books.replaced + books.lost.len() as u64;
        assert!((1 + books.replaced..=most).contains(&generation), "{generation}: {books:?}");
        assert!(books.lost.len() <= 2, "{books:?}");
    }
    assert!(replaced > 20, "{replaced}");
    Ledger::read(stage.app.database()).await.assert_tables_follow_from_events();
}

#[tokio::test]
async fn the_public_sees_no_metrics_and_nodes_see_the_client() {
    let stage = Stage::new().await;
    for path in ["/metrics", "/metrics?x=1", "/readyz", "/livez"] {
        let answer = stage.client().get(path).send().await.assert_status(404);
        assert!(!answer.text().contains("symbolon_"), "{answer:?}");
    }
    stage.app.anonymous().get("/metrics").send().await.assert_status(200);

    let (alice, browser) = stage.rotator("alice").await;
    // What the client claims is not believed.
    let claim = browser.post("/v1/user/api-token/regenerate");
    claim.header("x-forwarded-for", "192.0.2.1").send().await.assert_status(200);
    let newest = &alice.history().await[0];
    assert_eq!(newest["address"], neighbour(9).to_string());
}
