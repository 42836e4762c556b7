//! The pages of auditors: what happened to tokens, whose they are, and how far that is proved; for auditors
//! and for nobody else.

mod finding;
mod people;
mod standing;

use serde_json::{Value, json};
use tests::answer::Answer;
use tests::client::Client;
use tests::{Store, TestApp, on_both_stores};

pub(crate) use finding::*;
pub(crate) use people::*;
pub(crate) use standing::*;

on_both_stores!(
    the_pages_are_for_auditors_and_nobody_else,
    the_picture_counts_what_happened_and_leads_to_it,
    tokens_are_found_by_what_the_form_says,
    what_the_form_cannot_mean_is_said_on_the_page,
    long_lists_of_tokens_come_in_parts_that_keep_the_filters,
    the_history_of_a_user_is_told_one_token_after_the_other,
    a_page_says_what_was_so_at_any_moment,
    a_token_is_found_by_its_last_four_characters,
    leavers_and_stale_tokens_are_counted,
    a_fresh_checkpoint_is_signed_by_a_button,
    every_look_is_recorded_without_what_a_form_said,
    an_address_is_text_and_never_markup,
    nobody_is_named_by_address_in_any_link,
);

const UNKNOWN: &str = "01980000-0000-7000-8000-000000000000";

async fn page(client: &Client, path: &str) -> Answer {
    let answer = client.get(path).header("accept", "text/html").send().await.assert_status(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    answer
}

fn plain(html: &str) -> String {
    let texts = html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    texts.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

/// What lies between the two, which are on the page.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("no {start:?} in {text}"));
    rest.split_once(end).unwrap_or_else(|| panic!("no {end:?} after {start:?}")).0
}

/// The rows of the list of tokens, without markup.
fn rows(page: &Answer) -> Vec<String> {
    let text = page.text();
    text.split("<tr data-test-token>")
        .skip(1)
        .map(|row| plain(row.split("</tr>").next().unwrap()))
        .collect()
}

/// What is told of one generation in the history of a user.
fn told(page: &Answer, generation: u32) -> String {
    plain(between(&page.text(), &format!("data-test-generation=\"{generation}\">"), "</li>"))
}

fn link(page: &Answer, text: &str) -> Option<String> {
    let html = page.text();
    let (before, _) = html.split_once(&format!(">{text}</a>"))?;
    let (_, href) = before.rsplit_once("href=\"")?;
    Some(href.split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&"))
}

/// Every address that the page leads to.
fn links(page: &Answer) -> Vec<String> {
    let html = page.text();
    let hrefs = html.split("href=\"").skip(1).map(|part| part.split('"').next().unwrap());
    hrefs.map(|href| href.replace("&amp;", "&").replace("&#38;", "&")).collect()
}

/// Sends the form and follows it to the list.
async fn find(audrey: &Client, form: &[(&str, &str)]) -> Answer {
    let answer = audrey.post("/audit/tokens").form(form).send().await.assert_status(303);
    let target = answer.header("location").unwrap().to_owned();
    page(audrey, target.split('#').next().unwrap()).await
}

fn hint(token: &str) -> &str {
    &token[token.len() - 4..]
}

fn today() -> String {
    chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now())
        .format("%Y-%m-%d")
        .to_string()
}

async fn reads(audrey: &Client) -> Vec<Value> {
    let answer = audrey.get("/v1/audit/reads?limit=100").send().await.assert_status(200);
    answer.json()["data"].as_array().unwrap().clone()
}
