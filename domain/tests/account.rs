//! What can happen to an account, given what happened before.

use chrono::{DateTime, Utc};
use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use domain::{
    Account, AccountCommand, AccountError, AccountEvent, AccountRole, AssistantId, UserId,
};
use uuid::Uuid;

/// When everything before the command of a test happened.
const PAST: DateTime<Utc> = DateTime::from_timestamp_nanos(1_000_000_000_000_000_001);
/// When the command of a test is asked.
const NOW: DateTime<Utc> = DateTime::from_timestamp_nanos(1_770_000_000_123_456_789);

const ALICE: UserId = UserId::new(Uuid::from_u128(0xA11CE));
const BOB: UserId = UserId::new(Uuid::from_u128(0xB0B));

const ROBIN: AssistantId = AssistantId::new(Uuid::from_u128(0x20B1));
const WREN: AssistantId = AssistantId::new(Uuid::from_u128(0x32E));

const ROLES: [AccountRole; 3] = [AccountRole::Admin, AccountRole::Member, AccountRole::Viewer];

const CLOSE: AccountCommand = AccountCommand::Close { at: NOW };

fn open(first_admin: impl Into<Option<UserId>>) -> AccountCommand {
    AccountCommand::Open { first_admin: first_admin.into(), at: NOW }
}

fn put(user_id: UserId, role: AccountRole) -> AccountCommand {
    AccountCommand::PutMember { user_id, role, at: NOW }
}

fn remove(user_id: UserId) -> AccountCommand {
    AccountCommand::RemoveMember { user_id, at: NOW }
}

fn added(user_id: UserId, role: AccountRole) -> AccountEvent {
    AccountEvent::MemberAdded { user_id, role, at: NOW }
}

fn role_changed(user_id: UserId, role: AccountRole) -> AccountEvent {
    AccountEvent::MemberRoleChanged { user_id, role, at: NOW }
}

fn removed(user_id: UserId) -> AccountEvent {
    AccountEvent::MemberRemoved { user_id, at: NOW }
}

fn add_assistant(assistant_id: AssistantId) -> AccountCommand {
    AccountCommand::AddAssistant { assistant_id, at: NOW }
}

fn remove_assistant(assistant_id: AssistantId) -> AccountCommand {
    AccountCommand::RemoveAssistant { assistant_id, at: NOW }
}

fn assistant_added(assistant_id: AssistantId) -> AccountEvent {
    AccountEvent::AssistantAdded { assistant_id, at: NOW }
}

fn assistant_removed(assistant_id: AssistantId) -> AccountEvent {
    AccountEvent::AssistantRemoved { assistant_id, at: NOW }
}

fn nothing_opened() -> AggregateTestExecutor<Account> {
    TestFramework::with(()).given_no_previous_events()
}

fn opened() -> AggregateTestExecutor<Account> {
    nothing_opened().and(vec![AccountEvent::AccountOpened { at: PAST }])
}

fn opened_with(user_id: UserId, role: AccountRole) -> AggregateTestExecutor<Account> {
    opened().and(vec![AccountEvent::MemberAdded { user_id, role, at: PAST }])
}

/// Alice was a member, and is no more.
fn opened_and_left_by_alice() -> AggregateTestExecutor<Account> {
    opened_with(ALICE, AccountRole::Member)
        .and(vec![AccountEvent::MemberRemoved { user_id: ALICE, at: PAST }])
}

/// Robin makes its calls.
fn opened_with_robin() -> AggregateTestExecutor<Account> {
    opened().and(vec![AccountEvent::AssistantAdded { assistant_id: ROBIN, at: PAST }])
}

/// Robin made its calls, and makes no more.
fn opened_and_left_by_robin() -> AggregateTestExecutor<Account> {
    opened_with_robin().and(vec![AccountEvent::AssistantRemoved { assistant_id: ROBIN, at: PAST }])
}

/// Closed while Alice was an administrator and Robin made its calls.
fn closed() -> AggregateTestExecutor<Account> {
    opened_with(ALICE, AccountRole::Admin).and(vec![
        AccountEvent::AssistantAdded { assistant_id: ROBIN, at: PAST },
        AccountEvent::AccountClosed { at: PAST },
    ])
}

#[test]
fn opening_lets_the_account_exist_without_members() {
    nothing_opened()
        .when(open(None))
        .then_expect_events(vec![AccountEvent::AccountOpened { at: NOW }]);
}

#[test]
fn opening_makes_the_first_administrator_a_member() {
    nothing_opened().when(open(ALICE)).then_expect_events(vec![
        AccountEvent::AccountOpened { at: NOW },
        added(ALICE, AccountRole::Admin),
    ]);
}

#[test]
fn opening_a_second_time_is_refused_and_cannot_add_an_administrator() {
    for first_admin in [None, Some(ALICE), Some(BOB)] {
        opened_with(ALICE, AccountRole::Member)
            .when(open(first_admin))
            .then_expect_error(AccountError::AlreadyOpened);
    }
}

#[test]
fn putting_a_stranger_adds_a_member_with_that_role() {
    for role in ROLES {
        opened().when(put(ALICE, role)).then_expect_events(vec![added(ALICE, role)]);
    }
}

#[test]
fn putting_a_second_member_leaves_the_first_alone() {
    opened_with(ALICE, AccountRole::Admin)
        .when(put(BOB, AccountRole::Admin))
        .then_expect_events(vec![added(BOB, AccountRole::Admin)]);
}

#[test]
fn putting_a_member_with_another_role_changes_the_role() {
    for before in ROLES {
        for after in ROLES.into_iter().filter(|role| *role != before) {
            opened_with(ALICE, before)
                .when(put(ALICE, after))
                .then_expect_events(vec![role_changed(ALICE, after)]);
        }
    }
}

#[test]
fn putting_a_member_with_the_same_role_changes_nothing() {
    for role in ROLES {
        opened_with(ALICE, role).when(put(ALICE, role)).then_expect_events(vec![]);
    }
}

#[test]
fn the_role_that_counts_is_the_latest() {
    let promoted = || {
        opened_with(ALICE, AccountRole::Viewer).and(vec![AccountEvent::MemberRoleChanged {
            user_id: ALICE,
            role: AccountRole::Admin,
            at: PAST,
        }])
    };
    promoted().when(put(ALICE, AccountRole::Admin)).then_expect_events(vec![]);
    promoted()
        .when(put(ALICE, AccountRole::Viewer))
        .then_expect_events(vec![role_changed(ALICE, AccountRole::Viewer)]);
}

#[test]
fn a_member_who_left_is_added_again_not_changed() {
    for role in ROLES {
        opened_and_left_by_alice()
            .when(put(ALICE, role))
            .then_expect_events(vec![added(ALICE, role)]);
    }
}

#[test]
fn removing_ends_the_membership_whatever_the_role() {
    for role in ROLES {
        opened_with(ALICE, role).when(remove(ALICE)).then_expect_events(vec![removed(ALICE)]);
    }
}

#[test]
fn removing_someone_who_was_never_a_member_is_refused() {
    opened().when(remove(ALICE)).then_expect_error(AccountError::NotAMember);
    opened_with(ALICE, AccountRole::Admin)
        .when(remove(BOB))
        .then_expect_error(AccountError::NotAMember);
}

#[test]
fn removing_a_member_a_second_time_is_refused() {
    opened_and_left_by_alice().when(remove(ALICE)).then_expect_error(AccountError::NotAMember);
}

#[test]
fn removing_one_member_leaves_the_others() {
    opened_with(BOB, AccountRole::Viewer)
        .and(vec![
            AccountEvent::MemberAdded { user_id: ALICE, role: AccountRole::Admin, at: PAST },
            AccountEvent::MemberRemoved { user_id: ALICE, at: PAST },
        ])
        .when(remove(BOB))
        .then_expect_events(vec![removed(BOB)]);
}

#[test]
fn closing_ends_the_account() {
    for account in [opened(), opened_with(ALICE, AccountRole::Admin), opened_and_left_by_alice()] {
        account.when(CLOSE).then_expect_events(vec![AccountEvent::AccountClosed { at: NOW }]);
    }
}

#[test]
fn an_account_that_does_not_exist_takes_no_member() {
    for role in ROLES {
        nothing_opened().when(put(ALICE, role)).then_expect_error(AccountError::NotOpened);
    }
}

#[test]
fn an_account_that_does_not_exist_loses_no_member() {
    nothing_opened().when(remove(ALICE)).then_expect_error(AccountError::NotOpened);
}

#[test]
fn an_account_that_does_not_exist_cannot_be_closed() {
    nothing_opened().when(CLOSE).then_expect_error(AccountError::NotOpened);
}

#[test]
fn a_closed_account_cannot_be_opened_again() {
    for first_admin in [None, Some(ALICE), Some(BOB)] {
        closed().when(open(first_admin)).then_expect_error(AccountError::AlreadyOpened);
    }
}

#[test]
fn a_closed_account_takes_no_member_and_changes_none() {
    for user_id in [ALICE, BOB] {
        for role in ROLES {
            closed().when(put(user_id, role)).then_expect_error(AccountError::Closed);
        }
    }
}

#[test]
fn a_closed_account_loses_no_member() {
    for user_id in [ALICE, BOB] {
        closed().when(remove(user_id)).then_expect_error(AccountError::Closed);
    }
}

#[test]
fn a_closed_account_cannot_be_closed_again() {
    closed().when(CLOSE).then_expect_error(AccountError::Closed);
}

#[test]
fn adding_gives_the_account_an_assistant() {
    opened().when(add_assistant(ROBIN)).then_expect_events(vec![assistant_added(ROBIN)]);
}

#[test]
fn adding_a_second_assistant_leaves_the_first_alone() {
    opened_with_robin().when(add_assistant(WREN)).then_expect_events(vec![assistant_added(WREN)]);
    opened_with_robin()
        .and(vec![AccountEvent::AssistantAdded { assistant_id: WREN, at: PAST }])
        .when(remove_assistant(ROBIN))
        .then_expect_events(vec![assistant_removed(ROBIN)]);
}

#[test]
fn adding_an_assistant_that_is_there_is_refused() {
    opened_with_robin().when(add_assistant(ROBIN)).then_expect_error(AccountError::AssistantExists);
}

#[test]
fn an_assistant_that_was_removed_is_added_again() {
    opened_and_left_by_robin()
        .when(add_assistant(ROBIN))
        .then_expect_events(vec![assistant_added(ROBIN)]);
}

#[test]
fn removing_takes_the_assistant_away() {
    opened_with_robin()
        .when(remove_assistant(ROBIN))
        .then_expect_events(vec![assistant_removed(ROBIN)]);
}

#[test]
fn removing_an_assistant_that_was_never_there_is_refused() {
    opened().when(remove_assistant(ROBIN)).then_expect_error(AccountError::NoSuchAssistant);
    opened_with_robin()
        .when(remove_assistant(WREN))
        .then_expect_error(AccountError::NoSuchAssistant);
}

#[test]
fn removing_an_assistant_a_second_time_is_refused() {
    opened_and_left_by_robin()
        .when(remove_assistant(ROBIN))
        .then_expect_error(AccountError::NoSuchAssistant);
}

#[test]
fn removing_one_assistant_leaves_the_others() {
    opened_and_left_by_robin()
        .and(vec![AccountEvent::AssistantAdded { assistant_id: WREN, at: PAST }])
        .when(remove_assistant(WREN))
        .then_expect_events(vec![assistant_removed(WREN)]);
    opened_with_robin()
        .and(vec![
            AccountEvent::AssistantAdded { assistant_id: WREN, at: PAST },
            AccountEvent::AssistantRemoved { assistant_id: WREN, at: PAST },
        ])
        .when(remove_assistant(ROBIN))
        .then_expect_events(vec![assistant_removed(ROBIN)]);
}

#[test]
fn members_are_no_assistants_and_assistants_no_members() {
    let user_with_the_id_of_robin = UserId::new(ROBIN.as_uuid());
    opened_with_robin()
        .when(remove(user_with_the_id_of_robin))
        .then_expect_error(AccountError::NotAMember);
    opened_with(user_with_the_id_of_robin, AccountRole::Member)
        .when(remove_assistant(ROBIN))
        .then_expect_error(AccountError::NoSuchAssistant);
}

#[test]
fn an_account_that_does_not_exist_has_no_assistants() {
    for command in [add_assistant(ROBIN), remove_assistant(ROBIN)] {
        nothing_opened().when(command).then_expect_error(AccountError::NotOpened);
    }
}

#[test]
fn a_closed_account_takes_no_assistant_and_loses_none() {
    for assistant_id in [ROBIN, WREN] {
        for command in [add_assistant(assistant_id), remove_assistant(assistant_id)] {
            closed().when(command).then_expect_error(AccountError::Closed);
        }
    }
}
