//! What can happen to a user, given what happened before.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use domain::{InstanceRole, User, UserCommand, UserError, UserEvent};

/// When everything before the command of a test happened.
const PAST: DateTime<Utc> = DateTime::from_timestamp_nanos(1_000_000_000_000_000_001);
/// When the command of a test is asked.
const NOW: DateTime<Utc> = DateTime::from_timestamp_nanos(1_770_000_000_123_456_789);

const LOCK: UserCommand = UserCommand::Lock { at: NOW };
const UNLOCK: UserCommand = UserCommand::Unlock { at: NOW };
const ERASE: UserCommand = UserCommand::Erase { at: NOW };

fn roles<const N: usize>(roles: [InstanceRole; N]) -> BTreeSet<InstanceRole> {
    roles.into()
}

fn register<const N: usize>(with: [InstanceRole; N]) -> UserCommand {
    UserCommand::Register { roles: roles(with), at: NOW }
}

fn nobody() -> AggregateTestExecutor<User> {
    TestFramework::with(()).given_no_previous_events()
}

fn registered() -> AggregateTestExecutor<User> {
    nobody().and(vec![UserEvent::UserRegistered { roles: roles([]), at: PAST }])
}

fn locked() -> AggregateTestExecutor<User> {
    registered().and(vec![UserEvent::UserLocked { at: PAST }])
}

fn unlocked_again() -> AggregateTestExecutor<User> {
    locked().and(vec![UserEvent::UserUnlocked { at: PAST }])
}

fn erased() -> AggregateTestExecutor<User> {
    locked().and(vec![UserEvent::PersonalDataErased { at: PAST }])
}

#[test]
fn registering_lets_the_user_exist_without_roles() {
    nobody()
        .when(register([]))
        .then_expect_events(vec![UserEvent::UserRegistered { roles: roles([]), at: NOW }]);
}

#[test]
fn registering_gives_each_role_that_was_asked_for() {
    for asked in [
        roles([InstanceRole::Admin]),
        roles([InstanceRole::Auditor]),
        roles([InstanceRole::Admin, InstanceRole::Auditor]),
    ] {
        nobody()
            .when(UserCommand::Register { roles: asked.clone(), at: NOW })
            .then_expect_events(vec![UserEvent::UserRegistered { roles: asked, at: NOW }]);
    }
}

#[test]
fn registering_a_second_time_is_refused_in_every_state() {
    for user in [registered(), locked(), unlocked_again(), erased()] {
        user.when(register([])).then_expect_error(UserError::AlreadyRegistered);
    }
}

#[test]
fn registering_a_second_time_cannot_add_a_role() {
    registered()
        .when(register([InstanceRole::Admin]))
        .then_expect_error(UserError::AlreadyRegistered);
}

#[test]
fn locking_shuts_the_user_out() {
    registered().when(LOCK).then_expect_events(vec![UserEvent::UserLocked { at: NOW }]);
}

#[test]
fn locking_a_locked_user_changes_nothing() {
    locked().when(LOCK).then_expect_events(vec![]);
}

#[test]
fn a_user_who_was_let_in_again_can_be_locked_again() {
    unlocked_again().when(LOCK).then_expect_events(vec![UserEvent::UserLocked { at: NOW }]);
}

#[test]
fn unlocking_lets_the_user_in_again() {
    locked().when(UNLOCK).then_expect_events(vec![UserEvent::UserUnlocked { at: NOW }]);
}

#[test]
fn unlocking_a_user_who_was_never_locked_changes_nothing() {
    registered().when(UNLOCK).then_expect_events(vec![]);
}

#[test]
fn unlocking_an_unlocked_user_changes_nothing() {
    unlocked_again().when(UNLOCK).then_expect_events(vec![]);
}

#[test]
fn a_user_who_does_not_exist_cannot_be_locked() {
    nobody().when(LOCK).then_expect_error(UserError::NotRegistered);
}

#[test]
fn a_user_who_does_not_exist_cannot_be_unlocked() {
    nobody().when(UNLOCK).then_expect_error(UserError::NotRegistered);
}

#[test]
fn a_locked_user_is_erased() {
    locked().when(ERASE).then_expect_events(vec![UserEvent::PersonalDataErased { at: NOW }]);
}

#[test]
fn a_user_who_can_sign_in_is_not_erased() {
    registered().when(ERASE).then_expect_error(UserError::NotLocked);
    unlocked_again().when(ERASE).then_expect_error(UserError::NotLocked);
}

#[test]
fn erasing_again_changes_nothing() {
    erased().when(ERASE).then_expect_events(vec![]);
}

#[test]
fn a_user_who_does_not_exist_cannot_be_erased() {
    nobody().when(ERASE).then_expect_error(UserError::NotRegistered);
}

#[test]
fn an_erased_user_stays_locked_for_ever() {
    erased().when(UNLOCK).then_expect_error(UserError::Erased);
    erased().when(LOCK).then_expect_events(vec![]);
}
