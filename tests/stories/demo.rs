//! The guided tour keeps working.

use tests::Client;
use tests::binary::{self, finish};
use tests::reaper::Scratch;
use tests::server::Process;

#[test]
fn the_demo_shows_every_step_and_succeeds() {
    let folder = Scratch::new("demo");
    let mut command = binary::command();
    command.args(["demo", "--exit", "--listen", "127.0.0.1:0"]).current_dir(folder.path());
    let ended = finish(command, "");
    assert!(ended.status.success(), "{ended:?}");
    for expected in [
        "curl",
        "/v1/user/api-token",
        "/v1/user/api-token/regenerate",
        "/v1/user/api-token/history",
        "/v1/token",
        "/v1/account",
        "Authorization: Bearer alta_pat_",
        "x-account-id",
        "200",
        "201",
        "204",
        "400",
        "401",
        "403",
        "API token created successfully.",
        "API token regenerated successfully.",
        "Invalid API token",
        "AccountRequired",
        "TokenRevoked",
        "user_locked",
    ] {
        assert!(ended.stdout.contains(expected), "{expected} in\n{}", ended.stdout);
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn the_demo_serves_on_until_it_is_stopped() {
    let folder = Scratch::new("demo");
    let mut command = binary::command();
    command.args(["demo", "--listen", "127.0.0.1:0"]).current_dir(folder.path());
    let mut tour = Process::spawn(command);
    // A link outside the dialogue of requests and answers.
    let link = |line: &str| {
        let mut words = (!line.starts_with(['$', '{'])).then(|| line.split_whitespace())?;
        words.find_map(|word| word.strip_prefix("http://")?.parse().ok())
    };
    let address = tour.line(link).await.expect("a link at the end of the tour");
    Client::at(address).get("/livez").send().await.assert_status(200);
    tour.signal("TERM");
    let ended = tour.ended().await;
    assert!(ended.status.success(), "{ended:?}");
}
