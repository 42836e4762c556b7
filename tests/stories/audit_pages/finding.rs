//! Tokens are found: from the picture, by the form, and by what is left of them.

use super::*;

pub(crate) async fn the_picture_counts_what_happened_and_leads_to_it(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
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
        (app.auditor().await, app.user("alice").await, app.user("bob").await);
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
    let audrey = app.auditor().await;
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
        (app.auditor().await, app.user("alice").await, app.user("bob").await);
    for _ in 0..28 {
        alice.generate_token().await;
    }
    bob.generate_token().await;
    // Whose, which and its last four characters.
    let names = |page: &Answer| -> Vec<Vec<String>> {
        let words = |row: String| row.split(' ').take(3).map(str::to_owned).collect();
        rows(page).into_iter().map(words).collect()
    };
    let first = find(&audrey, &[("user", &alice.email)]).await;
    assert_eq!(rows(&first).len(), 25);
    assert_eq!(link(&first, "Newer tokens"), None);
    let older = link(&first, "Older tokens").unwrap();
    alice.regenerate_token().await;
    let target = |link: &str| format!("/audit/tokens{}", link.split('#').next().unwrap());
    let second = page(&audrey, &target(&older)).await;
    assert_eq!(rows(&second).len(), 3, "of alice, without what came meanwhile");
    let back = page(&audrey, &target(&link(&second, "Newer tokens").unwrap())).await;
    assert_eq!(names(&back), names(&first), "though the newest of them ended meanwhile");

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

pub(crate) async fn a_token_is_found_by_its_last_four_characters(store: Store) {
    let app = TestApp::new(store).await;
    let (audrey, alice) = (app.auditor().await, app.user("alice").await);
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
    let (audrey, alice) = (app.auditor().await, app.user("alice").await);
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
