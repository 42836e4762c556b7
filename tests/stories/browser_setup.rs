//! The setup link as a browser follows it, with nothing but a form.

use tests::{Client, Store, TestApp, UnclaimedApp, on_both_stores};

on_both_stores!(
    following_the_setup_link_makes_the_first_administrator,
    following_an_invitation_signs_the_user_in,
    a_form_that_is_refused_leaves_the_code_usable,
);

pub(crate) async fn following_the_setup_link_makes_the_first_administrator(store: Store) {
    let app = UnclaimedApp::new(store).await;
    let browser = app.browser();
    let page = browser.get(&format!("/setup?code={}", app.code())).send().await.assert_status(200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"), "{page:?}");
    for field in ["code", "email", "name", "password", "account"] {
        assert!(page.text().contains(&format!("name=\"{field}\"")), "{field} in {}", page.text());
    }
    let fields = [
        ("code", app.code()),
        ("email", "ada@example.test"),
        ("name", "Ada"),
        ("password", "a horse + a battery & a staple"),
        ("account", "Analytical Engines"),
    ];
    browser.post("/setup").form(&fields).send().await.assert_status(303);

    let account = browser.account().await.assert_status(200).json();
    assert_eq!(account["name"], "Analytical Engines");
    assert_eq!(account["role"], "admin");
    browser.get("/v1/admin/users").send().await.assert_status(200);
}

pub(crate) async fn following_an_invitation_signs_the_user_in(store: Store) {
    let app = TestApp::new(store).await;
    let invitation = app.admin().invite("alice").await;
    let browser = app.browser();
    let page = browser.get(&format!("/setup?code={}", invitation.code)).send().await;
    let page = page.assert_status(200);
    assert!(page.text().contains("name=\"password\""), "{}", page.text());
    browser.post("/setup").form(&form(&invitation.code)).send().await.assert_status(303);
    browser.get("/v1/user/api-token").send().await.assert_status(200);
}

pub(crate) async fn a_form_that_is_refused_leaves_the_code_usable(store: Store) {
    let app = TestApp::new(store).await;
    let invitation = app.admin().invite("alice").await;
    let short = [("code", &*invitation.code), ("password", "short")];
    let refused = app.browser().post("/setup").form(&short).send().await;
    assert!(refused.status.is_client_error(), "{refused:?}");
    assert_eq!(refused.header("set-cookie"), None);

    let wrong = app.browser().post("/setup").form(&form("wrong")).send().await;
    assert!(wrong.status.is_client_error(), "{wrong:?}");
    signs_in_by(&app.browser(), &invitation.code).await;
}

async fn signs_in_by(browser: &Client, code: &str) {
    browser.post("/setup").form(&form(code)).send().await.assert_status(303);
    browser.get("/v1/user/api-token").send().await.assert_status(200);
}

fn form(code: &str) -> [(&str, &str); 2] {
    [("code", code), ("password", "a horse + a battery & a staple")]
}
