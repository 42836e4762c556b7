//! What people who come in by identity see in a browser.

use std::net::{IpAddr, Ipv4Addr};

use http::{Method, StatusCode};
use tests::client::url_encoded;
use tests::{Store, TestApp};

use crate::provider::Provider;
use crate::proxy::{HEADER, LISTED, UNLISTED, ask, behind_proxy};
use crate::visitor::{NOT_LINKED, Visitor, assert_signed_in};

const SETTINGS: &str = "/user/settings/api-tokens";

#[tokio::test]
async fn the_sign_in_page_offers_the_provider_when_there_is_one() {
    let provider = Provider::shared();
    let app = provider.app(Store::Sqlite).await;
    let target = format!("/sign-in?next={}", url_encoded("/admin?a=b&c=\"d"));
    let page = app.browser().get(&target).send().await.assert_status(200).text();
    let link = "/sign-in/oidc?next=/admin%3Fa%3Db%26c%3D%22d";
    assert!(page.contains(&format!("href=\"{link}\"")), "{page}");
    app.browser().get(link).send().await.assert_status(303);

    let without = TestApp::new(Store::Sqlite).await;
    let page = without.browser().get("/sign-in").send().await.assert_status(200).text();
    assert!(!page.contains("oidc"), "{page}");
}

#[tokio::test]
async fn the_invited_can_follow_their_link_to_the_provider() {
    let provider = Provider::shared();
    let app = provider.app(Store::Sqlite).await;
    let invitation = app.admin().invite("alice").await;
    let visitor = Visitor::new(&app, provider);
    let target = format!("/setup?code={}", invitation.code);
    let page = visitor.here.get(&target).send().await.assert_status(200).text();
    let query = format!("?code={}", invitation.code);
    assert!(page.contains(&format!("href=\"/sign-in/oidc{query}\"")), "{page}");
    visitor.sign_in(&query, "alice").await.assert_status(303);
    assert_signed_in(&app, &visitor.here, "alice").await;
    visitor.here.get(SETTINGS).send().await.assert_status(200);
}

#[tokio::test]
async fn a_refusal_is_readable_in_a_browser() {
    let provider = Provider::shared();
    let app = provider.app(Store::Sqlite).await;
    let visitor = Visitor::new(&app, provider);
    let url = visitor.set_out("").await;
    let back = visitor.return_from(&url, "mallory").await;
    let request = visitor.here.get(&back).header("accept", "text/html,*/*;q=0.8");
    let answer = request.send().await.assert_status(403);
    assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
    assert!(answer.text().contains(NOT_LINKED), "{answer:?}");
}

#[tokio::test]
async fn pages_know_whom_the_proxy_names() {
    let app = behind_proxy(Store::Sqlite).await;
    app.user("alice").await;
    for (from, email, status) in [
        (LISTED, "alice@example.test", StatusCode::OK),
        (LISTED, "nobody@example.test", StatusCode::FORBIDDEN),
        (UNLISTED, "alice@example.test", StatusCode::SEE_OTHER),
    ] {
        let answer = ask(&app, from, Method::GET, SETTINGS, &[(HEADER, email)]).await;
        assert_eq!(answer.0, status, "{email} from {from}");
    }
    for (email, status) in
        [("root@example.test", StatusCode::OK), ("alice@example.test", StatusCode::FORBIDDEN)]
    {
        let answer = ask(&app, LISTED, Method::GET, "/admin", &[(HEADER, email)]).await;
        assert_eq!(answer.0, status, "{email}");
    }
    let foreign = [(HEADER, "alice@example.test"), ("sec-fetch-site", "cross-site")];
    let target = format!("{SETTINGS}/regenerate");
    let answer = ask(&app, LISTED, Method::POST, &target, &foreign).await;
    assert_eq!(answer.0, StatusCode::FORBIDDEN);
    let elsewhere = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3));
    let answer =
        ask(&app, elsewhere, Method::GET, "/admin", &[(HEADER, "root@example.test")]).await;
    assert_eq!(answer.0, StatusCode::SEE_OTHER);
}
