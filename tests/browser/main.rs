//! The pages in a real browser: Debian's Chromium against the real server, on both stores.
//!
//! Each test starts a server that nobody has set up and hands its link to a script on Node, which
//! plays the people, judges what they see, and fails when anything is not as it says. Screenshots
//! stay in `target/screenshots/<store>/`.

mod node;

use std::path::{Path, PathBuf};

use tests::reaper::Scratch;
use tests::receiver::Behaviour;
use tests::{Database, EndpointsFile, Receiver, Server, Settings, Store, on_both_stores};

on_both_stores!(
    a_token_is_generated_copied_used_and_regenerated,
    nothing_happens_twice,
    who_still_sends_the_old_token_is_seen_and_hidden,
    the_back_button_brings_no_secret_back,
    everything_but_copying_works_without_a_script,
    other_sites_can_do_nothing,
    sessions_end_and_lead_back,
    access_is_given_and_taken_on_the_admin_page,
    a_person_sees_what_the_integration_did,
    every_page_is_accessible,
    the_keyboard_is_enough,
    no_trace_of_a_token_is_left_behind,
    the_api_is_read_and_tried_at_docs,
    what_was_given_up_is_seen_and_sent_again,
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

async fn the_back_button_brings_no_secret_back(store: Store) {
    tell("back_button.mjs", store).await;
}

async fn everything_but_copying_works_without_a_script(store: Store) {
    tell("without_script.mjs", store).await;
}

async fn other_sites_can_do_nothing(store: Store) {
    tell("other_sites.mjs", store).await;
}

async fn sessions_end_and_lead_back(store: Store) {
    tell("sessions.mjs", store).await;
}

async fn access_is_given_and_taken_on_the_admin_page(store: Store) {
    tell("administration.mjs", store).await;
}

async fn a_person_sees_what_the_integration_did(store: Store) {
    tell("account_pages.mjs", store).await;
}

async fn every_page_is_accessible(store: Store) {
    tell("accessibility.mjs", store).await;
}

async fn the_keyboard_is_enough(store: Store) {
    tell("keyboard.mjs", store).await;
}

async fn no_trace_of_a_token_is_left_behind(store: Store) {
    tell("traces.mjs", store).await;
}

async fn the_api_is_read_and_tried_at_docs(store: Store) {
    tell("documentation.mjs", store).await;
}

async fn what_was_given_up_is_seen_and_sent_again(store: Store) {
    let [crm, slow] = [Receiver::start().await, Receiver::start().await];
    crm.behave(|_, count| Behaviour::Answer(if count <= 2 { 500 } else { 200 }));
    slow.behave(|_, _| Behaviour::Hang);
    let file = EndpointsFile::with_schedule(&[1]);
    let file = file.endpoint("crm", &crm, "").endpoint("slow", &slow, "");
    tell_with("deliveries.mjs", store, &file.settings_on_this_machine()).await;
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
