//! What a node may take from its rounds, and a writer from what it sees of nodes.

use super::*;

const LENGTH: Duration = Duration::from_secs(1);

/// So many milliseconds after the machine started.
fn at(milliseconds: u64) -> Moment {
    Moment::from_nanoseconds(milliseconds * 1_000_000)
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A node that has not confirmed.
fn lagging(silence: u64) -> Seen {
    Seen { confirms: false, silence: ms(silence), lease: LENGTH }
}

const CONFIRMED: Seen = Seen { confirms: true, silence: Duration::ZERO, lease: LENGTH };

#[test]
fn the_first_round_makes_visible_and_the_second_is_a_proof() {
    let mut lease = Lease::new(LENGTH);
    assert!(!lease.is_visible(at(0)));
    assert_eq!(lease.round(at(0), at(10)), Standing::Visible);
    assert_eq!(lease.round(at(20), at(90)), Standing::Proof { until: at(1_020) });
}

#[test]
fn a_node_is_visible_up_to_a_lease_after_its_round_began_and_not_at_its_end() {
    let mut lease = Lease::new(LENGTH);
    lease.round(at(100), at(300));
    assert!(lease.is_visible(at(1_099)));
    assert!(!lease.is_visible(at(1_100)));
}

#[test]
fn a_round_that_ends_after_the_lease_before_it_proves_nothing() {
    let mut lease = Lease::new(LENGTH);
    lease.round(at(0), at(10));
    assert_eq!(lease.round(at(900), at(1_000)), Standing::Visible);
    assert_eq!(lease.round(at(1_001), at(1_010)), Standing::Proof { until: at(2_001) });
}

#[test]
fn nobody_and_everyone_confirmed_are_grounds_at_once() {
    assert_eq!(Grounds::of(at(0), at(0), &[]), Some(Grounds::Nobody));
    assert_eq!(Grounds::of(at(0), at(0), &[CONFIRMED, CONFIRMED]), Some(Grounds::Confirmed));
    assert_eq!(Grounds::of(at(0), at(0), &[CONFIRMED, lagging(0)]), None);
}

#[test]
fn silence_counts_from_a_lease_and_the_margin_on() {
    assert_eq!(Grounds::of(at(0), at(5), &[lagging(1_099)]), None);
    assert_eq!(Grounds::of(at(0), at(5), &[CONFIRMED, lagging(1_100)]), Some(Grounds::Silence));
    assert_eq!(Grounds::of(at(0), at(5), &[lagging(1_100), lagging(1_099)]), None);
}

#[test]
fn a_change_that_is_older_than_any_lease_waits_for_nobody() {
    let nodes = [lagging(3), CONFIRMED];
    assert_eq!(Grounds::of(at(50), at(1_149), &nodes), None);
    assert_eq!(Grounds::of(at(50), at(1_150), &nodes), Some(Grounds::Time));
    let longer = Seen { lease: ms(3_000), ..lagging(3) };
    assert_eq!(Grounds::of(at(50), at(1_150), &[longer, lagging(3)]), None);
    assert_eq!(Grounds::of(at(50), at(3_150), &[longer, lagging(3)]), Some(Grounds::Time));
}

#[test]
fn the_silence_of_one_node_and_the_age_of_the_change_are_grounds_together() {
    let longer = Seen { lease: ms(3_000), ..lagging(3_100) };
    assert_eq!(Grounds::of(at(0), at(1_099), &[longer, lagging(0)]), None);
    assert_eq!(Grounds::of(at(0), at(1_100), &[longer, lagging(0)]), Some(Grounds::Time));
}

#[test]
fn silence_lasts_from_the_end_of_the_first_call_to_the_beginning_of_the_latest() {
    let mut roll = Roll::default();
    assert_eq!(roll.call(at(0), at(10), &[("a", 1)]), [ms(0)]);
    assert_eq!(roll.call(at(200), at(210), &[("a", 1)]), [ms(190)]);
    assert_eq!(roll.call(at(300), at(310), &[("a", 2)]), [ms(0)], "it has renewed");
    assert_eq!(roll.call(at(400), at(410), &[("b", 7), ("a", 2)]), [ms(0), ms(90)]);
}

#[test]
fn a_node_that_was_gone_is_not_silent_since_before() {
    let mut roll = Roll::default();
    roll.call(at(0), at(10), &[("a", 1)]);
    roll.call(at(100), at(110), &[]);
    assert_eq!(roll.call(at(200), at(210), &[("a", 1)]), [ms(0)]);
    assert_eq!(roll.call(at(300), at(310), &[("a", 1)]), [ms(90)]);
}

#[test]
fn what_is_yet_to_come_was_no_time_ago() {
    assert_eq!(at(5).since(at(7)), Duration::ZERO);
    assert_eq!(at(5).plus(ms(2)), at(7));
    assert_eq!(Moment::from_nanoseconds(u64::MAX).plus(LENGTH).nanoseconds(), u64::MAX);
}
