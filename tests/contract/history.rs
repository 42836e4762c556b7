//! The history lists everything that happened to a user's token, in pages.

use projections::audit::history::TokenHistoryKind;
use projections::{Cursor, Page, PageRequest, TokenHistoryEntry};
use tests::sql::Connection;

use crate::stage::{Stage, TestStore, contract_tests};

contract_tests!(
    pages_forth_and_back_hold_every_entry_once_newest_first,
    a_page_stays_where_it_is_while_new_entries_come,
    a_page_that_takes_all_has_no_neighbours,
    the_history_of_nobody_is_empty,
    entries_say_what_happened_who_did_it_and_from_where,
    erasing_where_a_command_came_from_leaves_the_entry,
);

async fn page<S: TestStore>(
    stage: &Stage<S>,
    user: domain::UserId,
    limit: u32,
    cursor: Option<Cursor>,
) -> Page<TokenHistoryEntry> {
    let request = PageRequest { limit, cursor };
    stage.store.list_token_history(user, &request).await.unwrap()
}

fn sequences(page: &Page<TokenHistoryEntry>) -> Vec<i64> {
    page.data.iter().map(|entry| entry.sequence).collect()
}

async fn pages_forth_and_back_hold_every_entry_once_newest_first<S: TestStore>(stage: Stage<S>) {
    let (alice, bob) = (stage.user().await, stage.user().await);
    for _ in 0..23 {
        stage.generate(alice).await;
        stage.generate(bob).await;
    }
    let mut pages = vec![page(&stage, alice, 5, None).await];
    while let Some(cursor) = pages.last().unwrap().next.clone() {
        pages.push(page(&stage, alice, 5, Some(cursor)).await);
    }
    let lengths: Vec<_> = pages.iter().map(|page| page.data.len()).collect();
    assert_eq!(lengths, [5, 5, 5, 5, 3]);
    let forth: Vec<_> = pages.iter().flat_map(sequences).collect();
    assert_eq!(forth, (1..=23).rev().collect::<Vec<_>>());
    assert_eq!(pages[0].previous, None);

    for index in (1..pages.len()).rev() {
        let back = pages[index].previous.clone().expect("there is a page before");
        let back = page(&stage, alice, 5, Some(back)).await;
        assert_eq!(back.data, pages[index - 1].data);
    }
}

async fn a_page_stays_where_it_is_while_new_entries_come<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    for _ in 0..6 {
        stage.generate(alice).await;
    }
    let first = page(&stage, alice, 3, None).await;
    for _ in 0..4 {
        stage.generate(alice).await;
    }
    let second = page(&stage, alice, 3, first.next).await;
    assert_eq!((sequences(&second), &second.next), (vec![3, 2, 1], &None));
    let back = page(&stage, alice, 3, second.previous).await;
    assert_eq!(sequences(&back), [6, 5, 4]);
    let newer = page(&stage, alice, 3, back.previous).await;
    assert_eq!(sequences(&newer), [9, 8, 7]);
}

async fn a_page_that_takes_all_has_no_neighbours<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    for _ in 0..3 {
        stage.generate(alice).await;
    }
    for limit in [3, 100] {
        let page = page(&stage, alice, limit, None).await;
        assert_eq!((page.data.len(), page.next, page.previous), (3, None, None));
    }
}

async fn the_history_of_nobody_is_empty<S: TestStore>(stage: Stage<S>) {
    stage.generate(stage.user().await).await;
    let page = page(&stage, stage.user_id(), 10, None).await;
    assert_eq!(page, Page { data: vec![], next: None, previous: None });
}

async fn entries_say_what_happened_who_did_it_and_from_where<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let (first, second) = (stage.generate(alice).await, stage.generate(alice).await);
    stage.revoke(alice).await;
    let third = stage.generate(alice).await;
    let entries = page(&stage, alice, 10, None).await.data;

    let what: Vec<_> = entries
        .iter()
        .map(|entry| (entry.kind, entry.token_id, entry.generation.get(), &entry.hint))
        .collect();
    assert_eq!(
        what,
        [
            (TokenHistoryKind::Generated, third.id, 3, &Some(third.hint)),
            (TokenHistoryKind::Revoked, second.id, 2, &None),
            (TokenHistoryKind::Regenerated, second.id, 2, &Some(second.hint)),
            (TokenHistoryKind::Generated, first.id, 1, &Some(first.hint)),
        ]
    );
    let killed: Vec<_> = entries.iter().map(|entry| entry.invalidated_token_id).collect();
    assert_eq!(killed, [None, None, Some(first.id), None]);
    let reasons: Vec<_> = entries.iter().map(|entry| entry.reason.as_deref()).collect();
    assert_eq!(reasons, [None, Some("owner"), None, None]);
    for entry in entries {
        assert_eq!((entry.actor_id, &*entry.actor_via), (Some(alice), "session"));
        assert!(entry.address.unwrap().starts_with("198.51.100."));
        assert!(entry.user_agent.unwrap().starts_with("Netscape/"));
    }
}

async fn erasing_where_a_command_came_from_leaves_the_entry<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    stage.generate(alice).await;
    let mut connection = Connection::open(&stage.database).await;
    connection.execute("DELETE FROM event_context").await.unwrap();
    let entries = page(&stage, alice, 10, None).await.data;
    assert_eq!(entries.len(), 1);
    assert_eq!((&entries[0].address, &entries[0].user_agent), (&None, &None));
    assert_eq!(entries[0].actor_id, Some(alice));
}
