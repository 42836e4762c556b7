//! The pages of auditors: what happened to tokens, whose they are, and how far that is proved; for auditors
//! and for nobody else.

use serde_json::{Value, json};
use tests::answer::Answer;
use tests::client::Client;
use tests::{Actor, Store, TestApp, on_both_stores};

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

async fn auditor(app: &TestApp) -> Actor {
    let invitation = app.admin().invite_with_roles("audrey", &["auditor"]).await;
    app.accept(&invitation).await
}

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

pub(crate) async fn the_pages_are_for_auditors_and_nobody_else(store: Store) {
    let app = TestApp::new(store).await;
    let (audrey, alice) = (auditor(&app).await, app.user("alice").await);
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

pub(crate) async fn the_picture_counts_what_happened_and_leads_to_it(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = auditor(&app).await;
    let empty = page(&audrey, "/audit").await;
    assert!(empty.text().contains("Nothing happened to tokens in these days."));
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    alice.generate_token().await;
    alice.regenerate_token().await;
    alice.regenerate_token().await;
    bob.generate_token().await;
    bob.revoke_token().await;
    bob.generate_token().await;
    for days in [7, 30, 90, 365] {
        let overview = page(&audrey, &format!("/audit?days={days}")).await;
        let legend = plain(between(&overview.text(), "data-test-legend>", "</ul>"));
        assert_eq!(legend, "Issued 3 Rotated 2 Revoked 1", "{days} days");
        let table = between(&overview.text(), "data-test-counts>", "</table>").to_owned();
        assert!(plain(&table).ends_with(" 3 2 1"), "{table}");
        let mut counted = Vec::new();
        for href in table.split("href=\"").skip(1) {
            let list = page(&audrey, &href.split('"').next().unwrap().replace("&#38;", "&")).await;
            counted.push(rows(&list).len());
        }
        assert_eq!(counted, [3, 2, 1], "what a number leads to is what it counts");
    }
    for bad in ["days=8", "days=-7", "days=x", "reads=x"] {
        audrey.get(&format!("/audit?{bad}")).send().await.assert_validation_error();
    }
}

pub(crate) async fn tokens_are_found_by_what_the_form_says(store: Store) {
    let app = TestApp::new(store).await;
    let (audrey, alice, bob) =
        (auditor(&app).await, app.user("alice").await, app.user("bob").await);
    let first = alice.generate_token().await;
    let second = alice.regenerate_token().await;
    let third = bob.generate_token().await;
    app.admin().lock(&bob.id).await;
    let day = today();
    let hints = |page: &Answer| -> Vec<String> {
        let known = [&first, &second, &third];
        let in_row =
            |row: &String| known.into_iter().find(|it| row.contains(&format!("…{}", hint(it))));
        rows(page).iter().map(|row| hint(in_row(row).unwrap()).to_owned()).collect()
    };
    for (form, expected) in [
        (vec![], vec![&third, &second, &first]),
        (vec![("user", "alice@example.test")], vec![&second, &first]),
        (vec![("user", " ALICE@example.test ")], vec![&second, &first]),
        (vec![("user", "bob@example.test")], vec![&third]),
        (vec![("user", &*alice.id), ("status", "live")], vec![&second]),
        (vec![("status", "replaced")], vec![&first]),
        (vec![("status", "revoked")], vec![&third]),
        (vec![("reason", "user_locked")], vec![&third]),
        (vec![("reason", "owner")], vec![]),
        (vec![("made", "regenerated")], vec![&second]),
        (vec![("issuedFrom", &*day), ("issuedTo", &*day)], vec![&third, &second, &first]),
        (vec![("issuedTo", "2020-01-01")], vec![]),
        (vec![("endedFrom", &*day), ("endedTo", &*day)], vec![&third, &first]),
        (vec![("endedTo", "2020-01-01")], vec![]),
    ] {
        let list = find(&audrey, &form).await;
        let expected: Vec<_> = expected.into_iter().map(|token| hint(token)).collect();
        assert_eq!(hints(&list), expected, "{form:?}");
    }
    let list = find(&audrey, &[("user", "alice@example.test"), ("status", "replaced")]).await;
    assert!(list.text().contains("value=\"alice@example.test\""), "the form keeps what was said");
    assert!(list.text().contains("<option value=\"replaced\" selected>"));
    let row = &rows(&list)[0];
    assert!(row.starts_with(&format!("alice@example.test 1 …{} Replaced", hint(&first))), "{row}");
    assert!(row.contains("Replaced by token 2, by its owner in the browser"), "{row}");
    assert_eq!(link(&list, "alice@example.test"), Some(format!("/audit/users/{}", alice.id)));
    let locked = &rows(&find(&audrey, &[("user", &bob.id)]).await)[0];
    assert!(
        locked.contains("Revoked: its owner was locked, by root@example.test in the browser"),
        "{locked}"
    );
}

pub(crate) async fn what_the_form_cannot_mean_is_said_on_the_page(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = auditor(&app).await;
    for (form, alert) in [
        (("user", "nobody@example.test"), "No user has this e-mail address or id."),
        (("user", "somebody"), "No user has this e-mail address or id."),
        (("user", "a@b@c"), "email"),
        (("issuedFrom", "yesterday"), "a date must be written like 2026-05-03"),
        (("status", "dead"), "state is not one of the choices"),
    ] {
        let answer = audrey.post("/audit/tokens").form(&[form]).send().await.assert_status(400);
        let said = plain(between(&answer.text(), "role=\"alert\">", "</div>"));
        assert!(said.contains(alert), "{said}");
        assert!(answer.text().contains(&format!("value=\"{}\"", form.1)) || form.0 == "status");
    }
    for bad in ["user=alice@example.test", "status=dead", "issuedTo=x", "cursor=n1", "only=x"] {
        audrey.get(&format!("/audit/tokens?{bad}")).send().await.assert_validation_error();
    }
}

pub(crate) async fn long_lists_of_tokens_come_in_parts_that_keep_the_filters(store: Store) {
    let app = TestApp::new(store).await;
    let (audrey, alice, bob) =
        (auditor(&app).await, app.user("alice").await, app.user("bob").await);
    for _ in 0..28 {
        alice.generate_token().await;
    }
    bob.generate_token().await;
    let first = find(&audrey, &[("user", &alice.email)]).await;
    assert_eq!(rows(&first).len(), 25);
    assert_eq!(link(&first, "Newer tokens"), None);
    let older = link(&first, "Older tokens").unwrap();
    alice.regenerate_token().await;
    let target = |link: &str| format!("/audit/tokens{}", link.split('#').next().unwrap());
    let second = page(&audrey, &target(&older)).await;
    assert_eq!(rows(&second).len(), 3, "of alice, without what came meanwhile");
    let back = page(&audrey, &target(&link(&second, "Newer tokens").unwrap())).await;
    assert_eq!(rows(&back), rows(&first));

    let path = format!("/audit/users/{}", alice.id);
    let history = page(&audrey, &path).await;
    assert!(told(&history, 29).starts_with("Token 29 "));
    assert!(!history.text().contains("data-test-generation=\"4\""));
    assert_eq!(link(&history, "Newer tokens"), None, "it begins with the last");
    let older = link(&history, "Older tokens").unwrap();
    let older = page(&audrey, &format!("{path}{}", older.split('#').next().unwrap())).await;
    assert!(told(&older, 4).starts_with("Token 4 ") && told(&older, 1).starts_with("Token 1 "));
    assert!(link(&older, "Newer tokens").is_some());
    assert_eq!(link(&older, "Older tokens"), None);
}

pub(crate) async fn the_history_of_a_user_is_told_one_token_after_the_other(store: Store) {
    let app = TestApp::new(store).await;
    let (audrey, alice) = (auditor(&app).await, app.user("alice").await);
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
    assert!(now.contains(&format!("Token 4 …{}, issued ", hint(&fourth))), "{now}");
    assert!(now.contains("User active Access Main member"), "{now}");
}

pub(crate) async fn a_page_says_what_was_so_at_any_moment(store: Store) {
    let app = TestApp::new(store).await;
    let (audrey, alice) = (auditor(&app).await, app.user("alice").await);
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
    let [locked, issued_second, replaced, issued_first] = moments.as_slice() else {
        panic!("{moments:?}")
    };
    let told = then(issued_first).await;
    assert!(told.contains(&format!("Token 1 …{}", hint(&first))), "{told}");
    assert!(told.contains("A request with this token was let in."), "{told}");
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

pub(crate) async fn a_token_is_found_by_its_last_four_characters(store: Store) {
    let app = TestApp::new(store).await;
    let (audrey, alice) = (auditor(&app).await, app.user("alice").await);
    let token = alice.generate_token().await;
    alice.revoke_token().await;
    let by = async |text: &str| audrey.post("/audit/identify").form(&[("hint", text)]).send().await;
    let found = by(hint(&token)).await.assert_status(200);
    assert_eq!(rows(&found).len(), 1);
    assert!(
        rows(&found)[0].starts_with(&format!("alice@example.test 1 …{} Revoked", hint(&token)))
    );
    assert!(found.text().contains(&format!("Tokens that end in {}", hint(&token))));
    let none = by("0000").await.assert_status(200);
    assert!(none.text().contains("There are no such tokens."), "as good as certainly");
    for bad in ["", "abc", &token, "<b>x"] {
        let answer = by(bad).await.assert_status(400);
        let said = plain(between(&answer.text(), "role=\"alert\">", "</div>"));
        assert_eq!(said, "Enter the last four characters of a token, letters and digits.");
        assert!(!answer.text().contains(&token), "it is not said back");
    }
}

pub(crate) async fn leavers_and_stale_tokens_are_counted(store: Store) {
    let app = TestApp::new(store).await;
    let (audrey, alice) = (auditor(&app).await, app.user("alice").await);
    let panel = async |name: &str| {
        let overview = page(&audrey, "/audit").await;
        plain(between(&overview.text(), &format!("data-test-{name}>"), "</section>"))
    };
    alice.generate_token().await;
    assert!(panel("leavers").await.starts_with("Leavers None "));
    assert!(panel("stale").await.starts_with("Stale None "));
    app.admin().remove_member(app.account_id(), &alice.id).await;
    assert!(panel("leavers").await.starts_with("Leavers 1 "));
    let overview = page(&audrey, "/audit").await;
    let target = link(&overview, "Show them").unwrap();
    assert_eq!(target, "/audit/tokens?only=leavers");
    let list = page(&audrey, &target).await;
    assert_eq!(rows(&list).len(), 1);
    assert!(rows(&list)[0].contains("– Its owner belongs to no open account."));
    assert!(list.text().contains("<option value=\"leavers\" selected>"));
    let stale = page(&audrey, "/audit/tokens?only=stale").await;
    assert_eq!(rows(&stale).len(), 0, "it is new");
}

pub(crate) async fn a_fresh_checkpoint_is_signed_by_a_button(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = auditor(&app).await;
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
    let (audrey, alice) = (auditor(&app).await, app.user("alice").await);
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
    let expected = [
        json!(["GET", "/audit", pair("days", "30"), 200, reader]),
        json!(["POST", "/audit/tokens", [], 303, reader]),
        json!(["GET", "/audit/tokens", pair("user", &alice.id), 200, reader]),
        json!(["GET", "/audit/users/{id}", pair("at", "2020-01-01T00:00"), 200, reader]),
        json!(["POST", "/audit/identify", pair("by", "hint"), 200, reader]),
        json!(["POST", "/audit/checkpoint", [], 303, reader]),
        json!(["GET", "/audit", [], 403, other]),
    ];
    assert_eq!(recorded, expected);
    let overview = page(&audrey, "/audit").await;
    let panel = plain(between(&overview.text(), "id=\"reads\"", "</section>"));
    assert!(panel.contains("GET /audit/users/{id} at=2020-01-01T00:00 200"), "{panel}");
    assert!(panel.contains(&format!("{other} ")) && panel.contains(" 403"), "{panel}");
}

pub(crate) async fn an_address_is_text_and_never_markup(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = auditor(&app).await;
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
    let (audrey, alice) = (auditor(&app).await, app.user("alice").await);
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
