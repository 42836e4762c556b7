//! Live tokens that should not be: of people who left, and those that nobody needs.

use tests::answer::keys;
use tests::sql::Connection;
use tests::{Actor, Store, TestApp, on_both_stores};

use super::{column, list, page};

on_both_stores!(
    tokens_of_people_who_left_are_listed_with_the_reason,
    tokens_that_nobody_needs_are_listed,
    only_auditors_ask_about_the_whole,
);

pub(crate) async fn tokens_of_people_who_left_are_listed_with_the_reason(store: Store) {
    let app = TestApp::new(store).await;
    let (audrey, root) = (app.auditor().await, app.admin());
    let [alice, bob, carol] =
        [app.user("alice").await, app.user("bob").await, app.user("carol").await];
    for user in [&alice, &bob, &carol] {
        user.generate_token().await;
        user.regenerate_token().await;
    }
    assert!(list(&audrey, "/v1/audit/leavers").await.is_empty());
    // Locking ends the token: nothing is left.
    root.lock(&carol.id).await;
    assert!(list(&audrey, "/v1/audit/leavers").await.is_empty());
    root.remove_member(app.account_id(), &bob.id).await;
    let left = list(&audrey, "/v1/audit/leavers").await;
    assert_eq!(column(&left, "why"), ["noMembership"]);
    assert_eq!((&left[0]["user"], &left[0]["status"]), (&bob.email.clone().into(), &"live".into()));
    assert_eq!(keys(&left[0]).len(), 20);
    // Where a crash between the two steps of locking would leave it.
    let mut connection = Connection::open(app.database()).await;
    let lock =
        format!("UPDATE users SET is_locked = {} WHERE user_id = '{}'", truth(store), alice.id);
    connection.execute(&lock).await.unwrap();
    connection.close().await;
    let left = list(&audrey, "/v1/audit/leavers").await;
    assert_eq!(column(&left, "userId"), [&*bob.id, &*alice.id]);
    assert_eq!(column(&left, "why"), ["noMembership", "locked"]);
    let (first, next) = page(&audrey, "/v1/audit/leavers?limit=1", None).await;
    let (second, end) = page(&audrey, "/v1/audit/leavers?limit=1", next.as_deref()).await;
    assert_eq!(([first, second].concat(), end), (left, None));
    // A member again.
    root.put_member(app.account_id(), &bob.id, "viewer").await;
    assert_eq!(column(&list(&audrey, "/v1/audit/leavers").await, "userId"), [&*alice.id]);
}

fn truth(store: Store) -> &'static str {
    match store {
        Store::Sqlite => "1",
        Store::Postgres => "TRUE",
    }
}

/// As if the user's live token had been made and used so many days ago.
async fn age(app: &TestApp, owner: &Actor, made: i64, used: Option<i64>) {
    let days_ago = |days: i64| {
        let time = chrono::DateTime::UNIX_EPOCH
            + std::time::SystemTime::UNIX_EPOCH.elapsed().expect("it is past 1970")
            - chrono::TimeDelta::days(days);
        time.to_rfc3339()
    };
    let id = owner.token_state().await.string("tokenId");
    let mut connection = Connection::open(app.database()).await;
    let update = format!(
        "UPDATE token_history SET occurred_at = '{}' WHERE token_id = '{id}' AND kind <> 'revoked'",
        days_ago(made)
    );
    connection.execute(&update).await.unwrap();
    if let Some(used) = used {
        let insert = format!("INSERT INTO token_usage VALUES ('{id}', '{}')", days_ago(used));
        connection.execute(&insert).await.unwrap();
    }
    connection.close().await;
}

pub(crate) async fn tokens_that_nobody_needs_are_listed(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    for (name, made, last_use) in [
        ("alice", 100, None),
        ("bob", 100, Some(10)),
        ("carol", 100, Some(95)),
        ("dave", 80, None),
        ("erin", 0, None),
    ] {
        let user = app.user(name).await;
        user.generate_token().await;
        age(&app, &user, made, last_use).await;
    }
    let dead = app.user("frank").await;
    dead.generate_token().await;
    age(&app, &dead, 100, None).await;
    dead.revoke_token().await;
    for (query, expected) in [
        ("90d", vec!["carol", "alice"]),
        ("98d", vec!["alice"]),
        ("101d", vec![]),
        ("70d", vec!["dave", "carol", "alice"]),
        ("5d", vec!["dave", "carol", "bob", "alice"]),
        ("36500d", vec![]),
    ] {
        let stale = list(&audrey, &format!("/v1/audit/stale?olderThan={query}")).await;
        let expected: Vec<_> = expected.iter().map(|name| tests::actors::email_of(name)).collect();
        assert_eq!(column(&stale, "user"), expected, "{query}");
        assert!(stale.iter().all(|entry| entry["status"] == "live"));
    }
}

pub(crate) async fn only_auditors_ask_about_the_whole(store: Store) {
    let app = TestApp::new(store).await;
    let (audrey, alice) = (app.auditor().await, app.user("alice").await);
    for target in ["/v1/audit/leavers", "/v1/audit/stale?olderThan=90d", "/v1/audit/reads"] {
        audrey.get(target).send().await.assert_status(200);
        alice.get(target).send().await.assert_forbidden();
        app.admin().get(target).send().await.assert_forbidden();
        app.anonymous().get(target).send().await.assert_no_credential();
    }
}
