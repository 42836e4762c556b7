//! Who may look, how far the history is proved, and who looked.

use super::*;

pub(crate) async fn the_pages_are_for_auditors_and_nobody_else(store: Store) {
    let app = TestApp::new(store).await;
    let (audrey, alice) = (app.auditor().await, app.user("alice").await);
    for path in ["/audit", "/audit/tokens", &format!("/audit/users/{}", alice.id)] {
        let stranger = app.browser().get(path).send().await.assert_status(303);
        assert_eq!(stranger.header("location"), Some(&*format!("/sign-in?next={path}")));
        for actor in [&alice, app.admin()] {
            actor.get(path).send().await.assert_forbidden();
            let html = actor.get(path).header("accept", "text/html").send().await;
            assert!(html.assert_status(403).text().contains("You may not do that"));
        }
        page(&audrey, path).await;
    }
    let user = format!("/audit/users/{UNKNOWN}");
    audrey.get(&user).send().await.assert_not_found();
    assert_eq!(link(&page(&audrey, "/audit").await, "Audit").as_deref(), Some("/audit"));
    for other in [&alice, app.admin()] {
        let settings = other.get("/user/settings/api-tokens").send().await.assert_status(200);
        assert_eq!(link(&settings, "Audit"), None);
    }
}

pub(crate) async fn a_fresh_checkpoint_is_signed_by_a_button(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    let key = audrey.get("/v1/audit/key").send().await.assert_status(200).text();
    let sign = async || {
        let answer = audrey.post("/audit/checkpoint").form(&[]).send().await.assert_status(303);
        assert_eq!(answer.header("location"), Some("/audit#proof"));
    };
    sign().await;
    app.user("alice").await.generate_token().await;
    sign().await;
    let note = audrey.get("/v1/audit/checkpoint").send().await.assert_status(200).text();
    let [_, size, root, ..] = note.lines().collect::<Vec<_>>()[..] else { panic!("{note}") };
    let overview = page(&audrey, "/audit").await;
    let proof = plain(between(&overview.text(), "id=\"proof\"", "<details>"));
    assert!(proof.contains(&format!("Events covered {size} Signed ")), "{proof}");
    let shown = overview.text().replace("&#43;", "+").replace("&#x2f;", "/");
    assert!(shown.contains(root) && shown.contains(key.trim()), "{shown}");
    let command = plain(between(&shown, "data-test-verify>", "</code>"));
    assert!(
        command.starts_with(&format!("symbolon audit verify symbolon-log-1-{size}.ndjson ")),
        "{command}"
    );
    for format in ["ndjson", "csv", "ocsf"] {
        let target = format!("/v1/audit/export?format={format}");
        assert!(links(&overview).contains(&target));
        audrey.get(&target).send().await.assert_status(200);
    }
}

pub(crate) async fn every_look_is_recorded_without_what_a_form_said(store: Store) {
    let app = TestApp::new(store).await;
    let (audrey, alice) = (app.auditor().await, app.user("alice").await);
    let token = alice.generate_token().await;
    page(&audrey, "/audit?days=30").await;
    audrey.post("/audit/tokens").form(&[("user", &*alice.email)]).send().await.assert_status(303);
    page(&audrey, &format!("/audit/tokens?user={}", alice.id)).await;
    page(&audrey, &format!("/audit/users/{}?at=2020-01-01T00:00", alice.id)).await;
    audrey.post("/audit/identify").form(&[("hint", hint(&token))]).send().await.assert_status(200);
    audrey.post("/audit/checkpoint").form(&[]).send().await.assert_status(303);
    alice.get("/audit").send().await.assert_forbidden();
    let recorded: Vec<_> = reads(&audrey)
        .await
        .into_iter()
        .rev()
        .map(|it| json!([it["method"], it["route"], it["parameters"], it["status"], it["reader"]]))
        .collect();
    let (reader, other) = (&audrey.email, &alice.email);
    let pair = |name: &str, value: &str| json!([{ "name": name, "value": value }]);
    let moment = json!([
        { "name": "id", "value": alice.id },
        { "name": "at", "value": "2020-01-01T00:00" },
    ]);
    let expected = [
        json!(["GET", "/audit", pair("days", "30"), 200, reader]),
        json!(["POST", "/audit/tokens", [], 303, reader]),
        json!(["GET", "/audit/tokens", pair("user", &alice.id), 200, reader]),
        json!(["GET", "/audit/users/{id}", moment, 200, reader]),
        json!(["POST", "/audit/identify", pair("by", "hint"), 200, reader]),
        json!(["POST", "/audit/checkpoint", [], 303, reader]),
        json!(["GET", "/audit", [], 403, other]),
    ];
    assert_eq!(recorded, expected);
    let overview = page(&audrey, "/audit").await;
    let panel = plain(between(&overview.text(), "id=\"reads\"", "</section>"));
    let told = format!("GET /audit/users/{{id}} id={}, at=2020-01-01T00:00 200", alice.id);
    assert!(panel.contains(&told), "{panel}");
    assert!(panel.contains(&format!("{other} ")) && panel.contains(" 403"), "{panel}");
}
