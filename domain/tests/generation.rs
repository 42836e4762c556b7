//! The count of a user's tokens: from one, upwards, as a number.

use domain::token::Generation;

const THREE: Generation = Generation::FIRST.next().next();

#[test]
fn a_generation_is_one_or_more() {
    assert_eq!(Generation::new(0), None);
    assert_eq!(Generation::new(1), Some(Generation::FIRST));
    assert_eq!(Generation::new(3), Some(THREE));
    assert_eq!(THREE.get(), 3);
    for text in ["0", "-1", "", " 1", "1.0", "one", "4294967296"] {
        assert!(text.parse::<Generation>().is_err(), "{text:?}");
    }
}

#[test]
fn a_generation_is_written_as_its_number() {
    assert_eq!(THREE.to_string(), "3");
    assert_eq!("3".parse(), Ok(THREE));
}

#[test]
fn the_count_stops_at_its_end_rather_than_restart() {
    let last = Generation::new(u32::MAX).unwrap();
    assert_eq!(last.next(), last);
}
