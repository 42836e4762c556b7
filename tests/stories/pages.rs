//! The pages as a browser without scripts uses them: forms in, redirects and HTML out.

use tests::actors::{Actor, email_of, password_of};
use tests::answer::Answer;
use tests::client::Client;
use tests::{Store, TestApp, UnclaimedApp, on_both_stores};

on_both_stores!(
    guessing_a_password_on_the_page_is_slowed_down,
    the_front_page_leads_on,
    signing_in_leads_to_where_one_was_going_and_nowhere_else,
    the_card_works_without_scripts_and_a_form_counts_once,
    signing_out_ends_this_session_or_all,
    the_administration_page_does_what_the_api_does,
    the_administration_page_is_for_administrators,
    styles_and_scripts_keep_for_ever_under_names_of_their_content,
);

const CARD: &str = "/user/settings/api-tokens";

fn path(answer: &Answer) -> &str {
    answer.header("location").unwrap_or("")
}

/// The value of a hidden field of the page.
fn hidden(page: &Answer, name: &str) -> String {
    let text = page.text();
    let start = format!("name=\"{name}\" value=\"");
    let from =
        text.find(&start).unwrap_or_else(|| panic!("no field {name} in {text}")) + start.len();
    text[from..].split('"').next().unwrap().to_owned()
}

async fn press(client: &Client, form: &str, tag: &str) -> Answer {
    client.post(form).form(&[("tag", tag)]).send().await
}

/// The token on the one page that shows it.
fn shown(page: &Answer) -> String {
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let text = page.text();
    let (_, rest) = text.split_once("<code data-test-token>").unwrap_or_else(|| panic!("{text}"));
    rest.split('<').next().unwrap().to_owned()
}

async fn rotations(alice: &Actor) -> usize {
    alice.history().await.len()
}

pub(crate) async fn the_front_page_leads_on(store: Store) {
    let app = UnclaimedApp::new(store).await;
    app.browser().get("/").send().await.assert_status(200);
    let app = app.claim().await;
    let stranger = app.anonymous().get("/").send().await.assert_status(303);
    assert_eq!(path(&stranger), "/sign-in");
    let admin = app.admin().get("/").send().await.assert_status(303);
    assert_eq!(path(&admin), CARD);
}

pub(crate) async fn signing_in_leads_to_where_one_was_going_and_nowhere_else(store: Store) {
    let app = TestApp::new(store).await;
    app.user("alice").await;
    let (email, password) = (email_of("alice"), password_of("alice"));
    let asked = app.browser().get(CARD).send().await.assert_status(303);
    assert_eq!(path(&asked), format!("/sign-in?next={CARD}"));
    for (next, lands) in [
        (CARD, CARD),
        ("", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\t/evil.example", "/"),
    ] {
        let browser = app.browser();
        let form = [("next", next), ("email", &*email), ("password", &*password)];
        let answer = browser.post("/sign-in").form(&form).send().await.assert_status(303);
        assert_eq!(path(&answer), lands, "next={next:?}");
    }
    let form = [("next", CARD), ("email", &*email), ("password", "not the password")];
    let refused = app.browser().post("/sign-in").form(&form).send().await.assert_status(401);
    assert!(refused.text().contains("Invalid e-mail or password"));
    assert_eq!(hidden(&refused, "next"), CARD);
    let form_again = app.browser().get("/sign-in").send().await.assert_status(200);
    assert!(form_again.text().contains("type=\"password\""));
}

pub(crate) async fn guessing_a_password_on_the_page_is_slowed_down(store: Store) {
    let app = TestApp::new(store).await;
    app.user("alice").await;
    let form = [("email", "nobody@example.com"), ("password", "not the password")];
    let mut guesses = 0;
    let refused = loop {
        let guess = app.browser().post("/sign-in").form(&form).header("accept", "text/html");
        let answer = guess.send().await;
        if answer.status != 401 {
            break answer.assert_status(429);
        }
        guesses += 1;
        // By then a refill during the guesses does not help any more.
        assert!(guesses < 40, "{guesses} guesses were judged");
    };
    assert!(guesses >= 10, "{guesses} guesses were judged");
    assert!(refused.header("retry-after").is_some());
    assert!(refused.text().contains("Too many tries"), "{refused:?}");
}

pub(crate) async fn the_card_works_without_scripts_and_a_form_counts_once(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let card = alice.get(CARD).send().await.assert_status(200);
    assert_eq!(card.header("cache-control"), Some("private, no-cache"));

    let tag = hidden(&card, "tag");
    let generate = format!("{CARD}/generate");
    let first = shown(&press(&alice, &generate, &tag).await.assert_status(200));
    app.with_token(&first).whoami().await.assert_user("alice");
    press(&alice, &generate, &tag).await.assert_status(412);

    let regenerate = format!("{CARD}/regenerate");
    let question = alice.get(&regenerate).send().await.assert_status(200);
    assert!(question.text().contains("Are you Sure?"));
    let tag = hidden(&question, "tag");
    let second = shown(&press(&alice, &regenerate, &tag).await.assert_status(200));
    app.with_token(&first).whoami().await.assert_invalid_api_token();
    app.with_token(&second).whoami().await.assert_user("alice");
    press(&alice, &regenerate, &tag).await.assert_status(412);
    assert_eq!(rotations(&alice).await, 2);

    let delete = format!("{CARD}/delete");
    let question = alice.get(&delete).send().await.assert_status(200);
    let tag = hidden(&question, "tag");
    press(&alice, &delete, &tag).await.assert_status(303);
    app.with_token(&second).whoami().await.assert_invalid_api_token();
    let nothing_to_ask = alice.get(&delete).send().await.assert_status(303);
    assert_eq!(path(&nothing_to_ask), CARD);
    let card = alice.get(CARD).send().await.assert_status(200).text();
    assert!(!card.contains(&first) && !card.contains(&second));
}

pub(crate) async fn signing_out_ends_this_session_or_all(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let (email, password) = (email_of("alice"), password_of("alice"));
    let form = [("email", &*email), ("password", &*password)];
    let (here, there) = (app.browser(), app.browser());
    for browser in [&here, &there] {
        browser.post("/sign-in").form(&form).send().await.assert_status(303);
    }
    here.post("/sign-out").send().await.assert_status(303);
    here.get(CARD).send().await.assert_status(303);
    there.get(CARD).send().await.assert_status(200);
    let token = alice.generate_token().await;
    alice.post("/sign-out-everywhere").send().await.assert_status(303);
    for browser in [&here, &there, &*alice] {
        browser.get(CARD).send().await.assert_status(303);
    }
    app.with_token(&token).whoami().await.assert_user("alice");
    here.post("/sign-out-everywhere").send().await.assert_status(303);
}

pub(crate) async fn the_administration_page_does_what_the_api_does(store: Store) {
    let app = TestApp::new(store).await;
    let (admin, alice) = (app.admin(), app.user_in_no_account("alice").await);
    let page = admin.get("/admin").send().await.assert_status(200);
    assert!(page.text().contains(&email_of("alice")));

    let form = [("email", "bob@example.com"), ("name", "Bob"), ("auditor", "on")];
    let invited = admin.post("/admin/users").form(&form).send().await.assert_status(200);
    assert!(invited.text().contains("/setup?code="));
    let again = admin.post("/admin/users").form(&form).send().await.assert_status(400);
    assert!(again.text().contains("The e-mail address is in use."));

    admin.post("/admin/accounts").form(&[("name", "Harbour")]).send().await.assert_status(303);
    let accounts = admin.get("/v1/admin/accounts").send().await.json();
    let account = accounts["data"][1]["id"].as_str().unwrap().to_owned();
    let members = format!("/admin/accounts/{account}/members");
    let email = email_of("alice");
    let form = [("email", &*email), ("role", "viewer")];
    admin.post(&members).form(&form).send().await.assert_status(303);
    let token = alice.generate_token().await;
    app.with_token(&token).get("/v1/account").send().await.assert_status(200);
    let form = [("user", &*alice.id), ("role", "member")];
    admin.post(&members).form(&form).send().await.assert_status(303);
    let in_force = app.with_token(&token).get("/v1/account").send().await.assert_status(200);
    assert_eq!(in_force.string("role"), "member");
    let remove = format!("{members}/{}/remove", alice.id);
    admin.post(&remove).send().await.assert_status(303);
    app.with_token(&token).get("/v1/account").send().await.assert_forbidden();
    admin.post(&remove).send().await.assert_status(400);

    let user = |action: &str| format!("/admin/users/{}/{action}", alice.id);
    admin.post(&user("revoke-token")).send().await.assert_status(303);
    app.with_token(&token).whoami().await.assert_invalid_api_token();
    admin.post(&user("lock")).send().await.assert_status(303);
    alice.get(CARD).send().await.assert_status(303);
    admin.post(&user("unlock")).send().await.assert_status(303);
    alice.sign_in().await.assert_status(200);
}

pub(crate) async fn the_administration_page_is_for_administrators(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let stranger = app.browser();
    let id = alice.id.clone();
    for form in [
        "/admin/users".to_owned(),
        format!("/admin/users/{id}/lock"),
        format!("/admin/users/{id}/unlock"),
        format!("/admin/users/{id}/revoke-token"),
        "/admin/accounts".to_owned(),
        format!("/admin/accounts/{}/members", app.account_id()),
        format!("/admin/accounts/{}/members/{id}/remove", app.account_id()),
        format!("/admin/accounts/{}/assistants", app.account_id()),
        format!("/admin/accounts/{}/assistants/{id}/remove", app.account_id()),
    ] {
        let number = ("phoneNumber", "+14155552671");
        let body = [("email", "x@example.com"), ("name", "x"), ("role", "admin"), number];
        alice.post(&form).form(&body).send().await.assert_status(403);
        stranger.post(&form).form(&body).send().await.assert_status(303);
    }
    alice.get("/admin").send().await.assert_status(403);
    let html = alice.get("/admin").header("accept", "text/html").send().await.assert_status(403);
    assert!(html.header("content-type").unwrap().starts_with("text/html"));
    assert!(html.text().contains("href=\"/\""), "a way back");
    alice.token_state().await.assert_status(200);
}

pub(crate) async fn styles_and_scripts_keep_for_ever_under_names_of_their_content(store: Store) {
    let app = TestApp::new(store).await;
    let page = app.anonymous().get("/sign-in").send().await.text();
    let (_, rest) = page.split_once("href=\"/assets/").unwrap();
    let asset = format!("/assets/{}", rest.split('"').next().unwrap());
    let style = app.anonymous().get(&asset).send().await.assert_status(200);
    assert!(style.header("cache-control").unwrap().contains("immutable"));
    app.anonymous().get("/assets/style.css").send().await.assert_not_found();
}
