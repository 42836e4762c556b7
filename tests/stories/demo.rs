//! The guided tour keeps working.

use tests::binary::{self, finish};
use tests::reaper::Scratch;

#[test]
fn the_demo_shows_every_step_and_succeeds() {
    let folder = Scratch::new("demo");
    let mut command = binary::command();
    command.args(["demo", "--exit"]).current_dir(folder.path());
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
