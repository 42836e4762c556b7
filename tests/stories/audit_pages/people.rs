//! What happened to the tokens of one person, and what was so at a moment.

use super::*;

pub(crate) async fn the_history_of_a_user_is_told_one_token_after_the_other(store: Store) {
    let app = TestApp::new(store).await;
    let (audrey, alice) = (app.auditor().await, app.user("alice").await);
    let path = format!("/audit/users/{}", alice.id);
    let before = page(&audrey, &path).await;
    assert!(before.text().contains("This user never had a token."));

    let first = alice.generate_token().await;
    let second = alice.regenerate_token().await;
    app.with_token(&second).delete("/v1/token").send().await.assert_status(204);
    let third = alice.generate_token().await;
    app.admin()
        .delete(&format!("/v1/admin/users/{}/api-token", alice.id))
        .send()
        .await
        .assert_status(204);
    let fourth = alice.generate_token().await;
    let history = page(&audrey, &path).await;
    let text = history.text();
    assert!(text.contains("<h1>alice@example.test</h1>"));
    let order =
        [4, 3, 2, 1].map(|it| text.find(&format!("data-test-generation=\"{it}\"")).unwrap());
    assert!(order.is_sorted(), "the newest first");
    for (generation, token, state, ended) in [
        (1, &first, "Replaced", "Replaced by token 2, by its owner in the browser"),
        (2, &second, "Revoked", "Revoked: killed with the token itself, by its owner with a token"),
        (3, &third, "Revoked", "Revoked: by an administrator, by root@example.test in the browser"),
        (4, &fourth, "Live", ""),
    ] {
        let told = told(&history, generation);
        assert!(
            told.starts_with(&format!("Token {generation} …{} {state}", hint(token))),
            "{told}"
        );
        assert!(told.contains(ended), "{told}");
        assert!(told.contains("by its owner in the browser, 127.0.0.1"), "{told}");
        assert_eq!(told.contains("Ended"), generation != 4, "{told}");
    }
    let now = plain(between(&text, "data-test-now>", "</section>"));
    assert!(now.contains(&format!("Token 4 …{} , issued ", hint(&fourth))), "{now}");
    assert!(now.contains("User active Access Main member"), "{now}");
}

pub(crate) async fn a_page_says_what_was_so_at_any_moment(store: Store) {
    let app = TestApp::new(store).await;
    let (audrey, alice) = (app.auditor().await, app.user("alice").await);
    let path = format!("/audit/users/{}", alice.id);
    let first = alice.generate_token().await;
    let second = alice.regenerate_token().await;
    app.admin().lock(&alice.id).await;
    let history = page(&audrey, &path).await;
    let then = async |link: &str| {
        let shown = page(&audrey, link.split('#').next().unwrap()).await;
        plain(between(&shown.text(), "data-test-then>", "</section>"))
    };
    // The links of the history lead to the moments themselves.
    let moments: Vec<_> =
        links(&history).into_iter().filter(|link| link.contains("?at=")).collect();
    let [issued_second, locked, issued_first, replaced] = moments.as_slice() else {
        panic!("{moments:?}")
    };
    let told = then(issued_first).await;
    assert!(told.contains(&format!("Token 1 …{}", hint(&first))), "{told}");
    assert!(told.contains("Requests with this token were let in."), "{told}");
    assert!(told.contains("Access Main member"), "{told}");
    for moment in [issued_second, replaced] {
        assert!(then(moment).await.contains(&format!("Token 2 …{}", hint(&second))));
    }
    let told = then(locked).await;
    assert!(told.contains("No token of this user was live."), "{told}");
    assert!(told.contains("User locked"), "{told}");
    let told = then(&format!("{path}?at=2020-01-01T00:00")).await;
    assert!(told.contains("1 January 2020, 00:00:00 UTC The user was not known yet."), "{told}");
    for (at, alert) in [
        ("2999-01-01T00:00", "This moment has not come yet."),
        ("soon", "Enter a date and a time, like 2026-05-03T14:05."),
    ] {
        assert!(then(&format!("{path}?at={at}")).await.contains(alert));
    }
}

pub(crate) async fn an_address_is_text_and_never_markup(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    let name = "o'<b>&\"x";
    let invited = app.admin().invite_with_roles("plain", &[]).await;
    let mallory = app.accept(&invited).await;
    let agent = "<script>alert(1)</script>";
    let session = (*mallory).clone().with_header("user-agent", agent);
    session.post("/v1/user/api-token").send().await.assert_status(201);
    let answer =
        audrey.post("/audit/tokens").form(&[("user", name)]).send().await.assert_status(400);
    assert!(!answer.text().contains("<b>"), "{answer:?}");
    for path in ["/audit/tokens", &format!("/audit/users/{}", mallory.id), "/audit"] {
        let shown = page(&audrey, path).await.text();
        assert!(!shown.contains(agent), "{path}");
    }
    let history = page(&audrey, &format!("/audit/users/{}", mallory.id)).await;
    assert!(history.text().contains("&#60;script&#62;alert(1)&#60;/script&#62;"));
    let odd = page(&audrey, &format!("/audit/users/{}?at=%22%3E%3Cb%3E", mallory.id)).await;
    assert!(!odd.text().contains("<b>"));
}

pub(crate) async fn nobody_is_named_by_address_in_any_link(store: Store) {
    let app = TestApp::new(store).await;
    let (audrey, alice) = (app.auditor().await, app.user("alice").await);
    alice.generate_token().await;
    alice.regenerate_token().await;
    let list = find(&audrey, &[("user", &alice.email), ("status", "live")]).await;
    let user = page(&audrey, &format!("/audit/users/{}", alice.id)).await;
    for shown in [page(&audrey, "/audit").await, list, user] {
        for link in links(&shown) {
            assert!(!link.contains('@') && !link.contains("%40"), "{link}");
        }
    }
}
