//! Set-up codes work once, until the moment they expire, and let one founder in.

use api::commands::CommandError;
use chrono::TimeDelta;
use domain::UserId;
use projections::particulars::SetupStep;
use projections::{Identity, NewUserProfile, SetupCode, StoreError};

use crate::stage::{Stage, TestStore, contract_tests, refusal};

contract_tests!(
    a_code_is_found_until_the_moment_it_expires,
    an_unknown_code_is_not_found,
    an_invitation_sets_one_password_once,
    two_people_with_one_invitation_set_one_password,
    an_invitation_is_for_its_user_only,
    an_invitation_links_one_identity_or_sets_one_password,
    an_identity_that_belongs_to_someone_uses_no_invitation_up,
    the_first_users_code_works_once,
    a_founder_comes_with_an_unexpired_code_or_not_at_all,
    an_invitation_founds_nothing,
    of_two_founders_at_once_one_is_let_in,
    expired_codes_are_forgotten_and_no_others,
);

fn code(number: u8, user_id: Option<UserId>, stage: &Stage<impl TestStore>) -> SetupCode {
    let expires_at = stage.now() + TimeDelta::minutes(15);
    SetupCode { digest: [number; 32], user_id, expires_at }
}

/// Someone who was invited with this code and has not come yet.
async fn invited<S: TestStore>(stage: &Stage<S>, number: u8) -> (UserId, String, SetupCode) {
    let user_id = stage.user_id();
    let code = code(number, Some(user_id), stage);
    let setup = SetupStep::Issue(code.clone());
    let profile = NewUserProfile { password_hash: None, setup, ..stage.profile(user_id) };
    let email = profile.email.clone();
    stage.register(profile).await.unwrap();
    (user_id, email, code)
}

async fn password<S: TestStore>(stage: &Stage<S>, email: &str) -> Option<String> {
    let found = stage.store.find_registration_by_email(email).await.unwrap();
    found.expect("the user is registered").password_hash
}

/// Lets a first user in with the code of this digest, at this moment before or after it expires.
async fn found<S: TestStore>(
    stage: &Stage<S>,
    code: &SetupCode,
    after_expiry: TimeDelta,
) -> Result<(), CommandError> {
    let setup = SetupStep::Redeem { digest: code.digest, at: code.expires_at + after_expiry };
    let profile = NewUserProfile { is_founder: true, setup, ..stage.profile(stage.user_id()) };
    stage.register(profile).await
}

async fn a_code_is_found_until_the_moment_it_expires<S: TestStore>(stage: Stage<S>) {
    for number in 0..3 {
        let mut code = code(number, None, &stage);
        // Whole seconds, thousandths, millionths: each is stored in its own length.
        code.expires_at += TimeDelta::microseconds([876_544, 1_000, 1][usize::from(number)]);
        stage.store.issue_setup_code(&code).await.unwrap();
        let find = async |later: TimeDelta| {
            stage.store.find_setup_code(code.digest, code.expires_at + later).await.unwrap()
        };
        assert_eq!(find(-TimeDelta::minutes(15)).await.as_ref(), Some(&code));
        assert_eq!(find(-TimeDelta::microseconds(1)).await.as_ref(), Some(&code));
        assert_eq!(find(TimeDelta::zero()).await, None);
        assert_eq!(find(TimeDelta::days(1)).await, None);
    }
}

async fn an_unknown_code_is_not_found<S: TestStore>(stage: Stage<S>) {
    stage.store.issue_setup_code(&code(1, None, &stage)).await.unwrap();
    assert_eq!(stage.store.find_setup_code([2; 32], stage.now()).await.unwrap(), None);
}

async fn an_invitation_sets_one_password_once<S: TestStore>(stage: Stage<S>) {
    let (_, email, code) = invited(&stage, 1).await;
    assert_eq!(password(&stage, &email).await, None);
    assert!(stage.store.redeem_invitation(&code, "first", stage.now()).await.unwrap());
    assert_eq!(password(&stage, &email).await.as_deref(), Some("first"));
    assert_eq!(stage.store.find_setup_code(code.digest, stage.now()).await.unwrap(), None);
    assert!(!stage.store.redeem_invitation(&code, "second", stage.now()).await.unwrap());
    assert_eq!(password(&stage, &email).await.as_deref(), Some("first"));
}

async fn two_people_with_one_invitation_set_one_password<S: TestStore>(stage: Stage<S>) {
    for number in 0..10 {
        let (_, email, code) = invited(&stage, number).await;
        let (a, b) = tokio::join!(
            stage.store.redeem_invitation(&code, "hers", stage.now()),
            stage.store.redeem_invitation(&code, "his", stage.now()),
        );
        let expected = match (a.unwrap(), b.unwrap()) {
            (true, false) => "hers",
            (false, true) => "his",
            both => panic!("{both:?}"),
        };
        assert_eq!(password(&stage, &email).await.as_deref(), Some(expected));
    }
}

async fn an_invitation_is_for_its_user_only<S: TestStore>(stage: Stage<S>) {
    let (_, alices, code) = invited(&stage, 1).await;
    let (bob, bobs, _) = invited(&stage, 2).await;
    let stolen = SetupCode { user_id: Some(bob), ..code.clone() };
    assert!(!stage.store.redeem_invitation(&stolen, "stolen", stage.now()).await.unwrap());
    let nobodys = SetupCode { user_id: None, ..code };
    assert!(!stage.store.redeem_invitation(&nobodys, "stolen", stage.now()).await.unwrap());
    assert_eq!((password(&stage, &alices).await, password(&stage, &bobs).await), (None, None));
}

fn identity(subject: &str) -> Identity {
    Identity { issuer: "https://id.example.test".to_owned(), subject: subject.to_owned() }
}

async fn an_invitation_links_one_identity_or_sets_one_password<S: TestStore>(stage: Stage<S>) {
    let (alice, email, code) = invited(&stage, 1).await;
    let by_identity = async |subject: &str| {
        let found = stage.store.find_registration_by_identity(&identity(subject)).await.unwrap();
        found.map(|registration| registration.user_id)
    };
    assert_eq!(by_identity("alice").await, None);
    assert!(stage.store.link_identity(&code, &identity("alice"), stage.now()).await.unwrap());
    assert_eq!(by_identity("alice").await, Some(alice));

    assert!(!stage.store.link_identity(&code, &identity("eve"), stage.now()).await.unwrap());
    assert!(!stage.store.redeem_invitation(&code, "eve's", stage.now()).await.unwrap());
    assert_eq!((by_identity("eve").await, password(&stage, &email).await), (None, None));

    stage.lock(alice).await;
    assert_eq!(by_identity("alice").await, None, "locked");
}

async fn an_identity_that_belongs_to_someone_uses_no_invitation_up<S: TestStore>(stage: Stage<S>) {
    let (alice, _, hers) = invited(&stage, 1).await;
    let (_, email, his) = invited(&stage, 2).await;
    assert!(stage.store.link_identity(&hers, &identity("alice"), stage.now()).await.unwrap());
    assert!(!stage.store.link_identity(&his, &identity("alice"), stage.now()).await.unwrap());
    let found = stage.store.find_registration_by_identity(&identity("alice")).await.unwrap();
    assert_eq!(found.unwrap().user_id, alice);
    assert!(stage.store.redeem_invitation(&his, "his", stage.now()).await.unwrap());
    assert_eq!(password(&stage, &email).await.as_deref(), Some("his"));
}

async fn the_first_users_code_works_once<S: TestStore>(stage: Stage<S>) {
    let code = code(1, None, &stage);
    stage.store.issue_setup_code(&code).await.unwrap();
    found(&stage, &code, -TimeDelta::seconds(1)).await.unwrap();
    assert_eq!(stage.store.find_setup_code(code.digest, stage.now()).await.unwrap(), None);
    let setup = SetupStep::Redeem { digest: code.digest, at: stage.now() };
    let second = NewUserProfile { setup, ..stage.profile(stage.user_id()) };
    let outcome = stage.register(second).await;
    assert!(matches!(refusal(outcome), StoreError::SetupCodeRefused));
}

async fn a_founder_comes_with_an_unexpired_code_or_not_at_all<S: TestStore>(stage: Stage<S>) {
    let code = code(1, None, &stage);
    stage.store.issue_setup_code(&code).await.unwrap();
    let outcome = found(&stage, &code, TimeDelta::zero()).await;
    assert!(matches!(refusal(outcome), StoreError::SetupCodeRefused));
    assert!(!stage.store.has_users().await.unwrap());
    found(&stage, &code, -TimeDelta::microseconds(1)).await.unwrap();
}

async fn an_invitation_founds_nothing<S: TestStore>(stage: Stage<S>) {
    let (_, _, code) = invited(&stage, 1).await;
    let outcome = found(&stage, &code, -TimeDelta::seconds(1)).await;
    assert!(matches!(refusal(outcome), StoreError::SetupCodeRefused));
}

async fn of_two_founders_at_once_one_is_let_in<S: TestStore>(stage: Stage<S>) {
    let (first, second) = (code(1, None, &stage), code(2, None, &stage));
    for code in [&first, &second] {
        stage.store.issue_setup_code(code).await.unwrap();
    }
    let early = -TimeDelta::seconds(1);
    let (a, b) = tokio::join!(found(&stage, &first, early), found(&stage, &second, early));
    let (refused, left_over) = match (a, b) {
        (Ok(()), refused) => (refused, second),
        (refused, Ok(())) => (refused, first),
        both => panic!("{both:?}"),
    };
    assert!(matches!(refusal(refused), StoreError::AlreadySetUp));
    let unused = stage.store.find_setup_code(left_over.digest, stage.now()).await.unwrap();
    assert_eq!(unused.as_ref(), Some(&left_over), "the loser's code was rolled back");
    let ledger = stage.ledger().await;
    assert_eq!((ledger.events.len(), ledger.rows("user_profiles").len()), (1, 1));
}

async fn expired_codes_are_forgotten_and_no_others<S: TestStore>(stage: Stage<S>) {
    let codes = [1, 2, 3].map(|number| {
        let code = code(number, None, &stage);
        SetupCode { expires_at: code.expires_at + TimeDelta::microseconds(number.into()), ..code }
    });
    for code in &codes {
        stage.store.issue_setup_code(code).await.unwrap();
    }
    let (.., invitation) = invited(&stage, 4).await;
    let forget = async |at| stage.store.forget_expired_codes(at).await.unwrap();
    assert_eq!(forget(codes[0].expires_at - TimeDelta::microseconds(1)).await, 0);
    assert_eq!(forget(codes[1].expires_at).await, 2);
    let ledger = stage.ledger().await;
    let left: Vec<_> = ledger.rows("setup_codes").iter().map(|row| row[0].clone()).collect();
    assert_eq!(left, [&codes[2], &invitation].map(|code| Some(hex::encode(code.digest))));
}
