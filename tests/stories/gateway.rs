//! Behind a gateway, a client is whom the gateway speaks for. From anywhere else the header means nothing.

use std::net::{IpAddr, Ipv4Addr};

use serde_json::json;
use tests::reaper::Scratch;
use tests::{Actor, Client, Database, Settings, Store, TestApp, on_both_stores};

const FORWARDED_FOR: &str = "x-forwarded-for";
/// Where stories connect from unless they say otherwise; a listed gateway here.
const GATEWAY: &str = "127.0.0.1";
/// Another machine in front of that one, listed too.
const OUTER_GATEWAY: &str = "10.1.2.3";
/// An address of this machine that is not listed.
const UNLISTED: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
/// More tries than one address has in the time that they take.
const ENOUGH_TRIES: usize = 600;

on_both_stores!(
    the_history_shows_for_whom_the_gateway_speaks,
    what_a_client_claims_itself_is_not_believed,
    tries_are_counted_per_client_behind_the_gateway,
);

pub(crate) async fn the_history_shows_for_whom_the_gateway_speaks(store: Store) {
    let app = behind_gateway(store).await;
    let alice = app.user("alice").await;
    for (lines, client) in [
        (&["203.0.113.9"][..], "203.0.113.9"),
        (&["203.0.113.10:4711"], "203.0.113.10"),
        (&["::ffff:203.0.113.11"], "203.0.113.11"),
        (&["2001:DB8::7"], "2001:db8::7"),
        (&["203.0.113.12, 10.1.2.3"], "203.0.113.12"),
        (&["203.0.113.13", "10.1.2.3"], "203.0.113.13"),
        (&[OUTER_GATEWAY], OUTER_GATEWAY),
        (&[], GATEWAY),
    ] {
        assert_eq!(address_told(&alice, (*alice).clone(), lines).await, client, "{lines:?}");
    }
}

pub(crate) async fn what_a_client_claims_itself_is_not_believed(store: Store) {
    let app = behind_gateway(store).await;
    let alice = app.user("alice").await;
    for (lines, client) in [
        (&["198.51.100.1, 203.0.113.9"][..], "203.0.113.9"),
        (&["198.51.100.1", "203.0.113.9, 10.1.2.3"], "203.0.113.9"),
        (&["127.0.0.1, 203.0.113.9"], "203.0.113.9"),
        (&["203.0.113.9, unknown"], GATEWAY),
        (&["203.0.113.9, unknown, 10.1.2.3"], OUTER_GATEWAY),
        (&[""], GATEWAY),
    ] {
        assert_eq!(address_told(&alice, (*alice).clone(), lines).await, client, "{lines:?}");
    }
    // Whoever does not come through the gateway is who connects, whatever the header says.
    for lines in [&["203.0.113.9"][..], &["203.0.113.9, 127.0.0.1"], &["127.0.0.1"]] {
        let around = (*alice).clone().connecting_from(UNLISTED);
        assert_eq!(address_told(&alice, around, lines).await, "127.0.0.2", "{lines:?}");
    }
}

pub(crate) async fn tries_are_counted_per_client_behind_the_gateway(store: Store) {
    let app = behind_gateway(store).await;
    let body = json!({ "code": "nonsense", "password": "a long password" });
    let attempt = async |lines: &str| {
        let browser = app.browser().with_header(FORWARDED_FOR, lines);
        browser.post("/v1/setup").json(body.clone()).send().await
    };
    let mut tries = 0;
    // A guesser changes what can be changed: what stands further left, and the own half of an address.
    while attempt(&format!("198.51.100.{}, 2001:db8::{tries:x}", tries % 250)).await.status != 429 {
        tries += 1;
        assert!(tries < ENOUGH_TRIES, "{tries} tries were judged");
    }
    assert!(tries >= 120, "only {tries} tries were judged");
    attempt("2001:db8:0:1::1").await.assert_forbidden();
    attempt("203.0.113.9").await.assert_forbidden();
    // The guesser has what has come back meanwhile, and not the tries of a newcomer.
    let mut more = 0;
    while attempt("2001:db8::ffff").await.status != 429 {
        more += 1;
        assert!(more < 60, "{more} more tries were judged");
    }
}

#[tokio::test]
async fn the_gateways_can_come_from_file_and_environment() {
    let folder = Scratch::new("config");
    let file = folder.path().join("symbolon.toml");
    std::fs::write(&file, "gateway_cidrs = [\"10.0.0.0/8\", \"127.0.0.1\"]\n").unwrap();
    let from_file = Settings::new().flag("--config", &file.display().to_string());
    let from_environment =
        Settings::new().environment("SYMBOLON_GATEWAY_CIDRS", "10.0.0.0/8, ::ffff:127.0.0.1");
    for settings in [from_file, from_environment] {
        let app = TestApp::with(Database::new(Store::Sqlite).await, settings).await;
        let root = app.admin();
        assert_eq!(address_told(root, (**root).clone(), &["203.0.113.9"]).await, "203.0.113.9");
    }
}

async fn behind_gateway(store: Store) -> TestApp {
    let settings = Settings::new().flag("--gateway-cidrs", "127.0.0.1/32,10.0.0.0/8");
    TestApp::with(Database::new(store).await, settings).await
}

/// The address in the newest line of the history after this client of the user did something.
async fn address_told(user: &Actor, client: Client, lines: &[&str]) -> String {
    let client = lines.iter().fold(client, |client, line| client.with_header(FORWARDED_FOR, line));
    client.post("/v1/user/api-token").send().await.assert_status(201);
    user.history().await[0]["address"].as_str().expect("an address").to_owned()
}
