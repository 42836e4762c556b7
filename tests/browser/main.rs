//! The pages in a real browser: Debian's Chromium against the real server, on both stores where that may matter.
//!
//! Each test starts a server that nobody has set up and hands its link to a script on Node, which
//! plays the people, judges what they see, and fails when anything is not as it says. Screenshots
//! stay in `target/screenshots/<store>/`.

mod node;

use std::path::{Path, PathBuf};

use tests::reaper::Scratch;
use tests::receiver::Behaviour;
use tests::{Database, EndpointsFile, Receiver, Server, Settings, Store, on_both_stores};

// What people do whose traces are in the database.
on_both_stores!(
    a_token_is_generated_copied_used_and_regenerated,
    nothing_happens_twice,
    who_still_sends_the_old_token_is_seen_and_hidden,
    no_trace_of_a_token_is_left_behind,
    what_was_given_up_is_seen_and_sent_again,
    an_auditor_finds_out_and_takes_the_proof_home,
);

async fn a_token_is_generated_copied_used_and_regenerated(store: Store) {
    tell("whole_flow.mjs", store).await;
}

async fn who_still_sends_the_old_token_is_seen_and_hidden(store: Store) {
    tell("stragglers.mjs", store).await;
}

async fn nothing_happens_twice(store: Store) {
    tell("once.mjs", store).await;
}

async fn no_trace_of_a_token_is_left_behind(store: Store) {
    tell("traces.mjs", store).await;
}

async fn an_auditor_finds_out_and_takes_the_proof_home(store: Store) {
    tell("audit.mjs", store).await;
}

async fn what_was_given_up_is_seen_and_sent_again(store: Store) {
    let [crm, slow] = [Receiver::start().await, Receiver::start().await];
    crm.behave(|_, count| Behaviour::Answer(if count <= 2 { 500 } else { 200 }));
    slow.behave(|_, _| Behaviour::Hang);
    let file = EndpointsFile::with_schedule(&[1]);
    let file = file.endpoint("crm", &crm, "").endpoint("slow", &slow, "");
    tell_with("deliveries.mjs", store, &file.settings_on_this_machine()).await;
}

// What pages do by themselves, whatever is behind them.

#[tokio::test]
async fn the_back_button_brings_no_secret_back() {
    tell("back_button.mjs", Store::Sqlite).await;
}

#[tokio::test]
async fn everything_but_copying_works_without_a_script() {
    tell("without_script.mjs", Store::Sqlite).await;
}

#[tokio::test]
async fn other_sites_can_do_nothing() {
    tell("other_sites.mjs", Store::Sqlite).await;
}

#[tokio::test]
async fn sessions_end_and_lead_back() {
    tell("sessions.mjs", Store::Sqlite).await;
}

#[tokio::test]
async fn access_is_given_and_taken_on_the_admin_page() {
    tell("administration.mjs", Store::Sqlite).await;
}

#[tokio::test]
async fn a_person_sees_what_the_integration_did() {
    tell("account_pages.mjs", Store::Sqlite).await;
}

#[tokio::test]
async fn every_page_is_accessible() {
    tell("accessibility.mjs", Store::Sqlite).await;
}

#[tokio::test]
async fn the_keyboard_is_enough() {
    tell("keyboard.mjs", Store::Sqlite).await;
}

#[tokio::test]
async fn the_api_is_read_and_tried_at_docs() {
    tell("documentation.mjs", Store::Sqlite).await;
}

async fn tell(script: &str, store: Store) {
    tell_with(script, store, &Settings::new()).await;
}

async fn tell_with(script: &str, store: Store, settings: &Settings) {
    let database = Database::new(store).await;
    let mut server = Server::start(&database, settings).await;
    let link = server.setup_link().await;
    // Chromium keeps profiles and sockets below these two.
    let home = Scratch::new("browser");
    let mut command = node::script(&Path::new("browser").join(script));
    command
        .env("SERVER", format!("http://{}", server.address()))
        .env("SETUP_LINK", link)
        .env("SCREENSHOTS", screenshots(store))
        .env("HOME", home.path())
        .env("TMPDIR", home.path());
    if let Err(told) = node::run(command).await {
        panic!("{script}\n{told}\nThe server said:\n{}", server.stderr());
    }
}

fn screenshots(store: Store) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("below target/");
    target.join("screenshots").join(match store {
        Store::Sqlite => "sqlite",
        Store::Postgres => "postgres",
    })
}
