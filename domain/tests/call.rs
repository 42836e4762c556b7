//! One call phones once.

use chrono::{DateTime, Utc};
use cqrs_es::test::TestFramework;
use domain::{AccountId, AssistantId, Call, CallCommand, CallError, CallEvent};
use uuid::Uuid;

/// When everything before the command of a test happened.
const PAST: DateTime<Utc> = DateTime::from_timestamp_nanos(1_000_000_000_000_000_001);
/// When the command of a test is asked.
const NOW: DateTime<Utc> = DateTime::from_timestamp_nanos(1_770_000_000_123_456_789);

const ACME: AccountId = AccountId::new(Uuid::from_u128(0xACE));
const GLOBEX: AccountId = AccountId::new(Uuid::from_u128(0x0061_0BE8));
const ROBIN: AssistantId = AssistantId::new(Uuid::from_u128(0x20B1));
const WREN: AssistantId = AssistantId::new(Uuid::from_u128(0x32E));

#[test]
fn triggering_states_the_account_the_assistant_and_when() {
    for (account_id, assistant_id) in [(ACME, ROBIN), (ACME, WREN), (GLOBEX, ROBIN)] {
        TestFramework::<Call>::with(())
            .given_no_previous_events()
            .when(CallCommand::Trigger { account_id, assistant_id, at: NOW })
            .then_expect_events(vec![CallEvent::CallTriggered {
                account_id,
                assistant_id,
                at: NOW,
            }]);
    }
}

#[test]
fn triggering_a_call_a_second_time_is_refused_whoever_asks_and_whenever() {
    for account_id in [ACME, GLOBEX] {
        for assistant_id in [ROBIN, WREN] {
            for at in [PAST, NOW] {
                TestFramework::<Call>::with(())
                    .given(vec![CallEvent::CallTriggered {
                        account_id: ACME,
                        assistant_id: ROBIN,
                        at: PAST,
                    }])
                    .when(CallCommand::Trigger { account_id, assistant_id, at })
                    .then_expect_error(CallError::AlreadyTriggered);
            }
        }
    }
}
