//! The rules of the note-taking, with a clock that the test turns and a store that counts.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::HeaderMap;
use domain::UserId;
use domain::token::Generation;
use projections::{Refusals, Straggler};
use uuid::Uuid;

use super::*;

/// Knows the tokens whose digests begin with 1, and keeps what it is told.
#[derive(Default)]
struct Store {
    is_away: AtomicBool,
    uses: Mutex<Vec<(TokenId, DateTime<Utc>)>>,
    refusals: Mutex<Vec<Refusals>>,
    asked: Mutex<Vec<usize>>,
}

impl Store {
    fn answer<T>(&self, answer: T) -> Result<T, StoreError> {
        if self.is_away.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable("away".into()));
        }
        Ok(answer)
    }

    fn uses(&self) -> Vec<(TokenId, DateTime<Utc>)> {
        std::mem::take(&mut self.uses.lock().unwrap())
    }

    fn refusals(&self) -> Vec<Refusals> {
        std::mem::take(&mut self.refusals.lock().unwrap())
    }
}

#[async_trait::async_trait]
impl Usage for Store {
    async fn record_uses(&self, uses: &[(TokenId, DateTime<Utc>)]) -> Result<(), StoreError> {
        self.answer(())?;
        self.uses.lock().unwrap().extend(uses);
        Ok(())
    }

    async fn find_tokens(
        &self,
        digests: &[TokenDigest],
    ) -> Result<Vec<(TokenDigest, TokenId)>, StoreError> {
        self.asked.lock().unwrap().push(digests.len());
        let known = digests.iter().filter(|digest| digest.as_bytes()[0] == 1);
        self.answer(known.map(|digest| (*digest, token(digest.as_bytes()[1]))).collect())
    }

    async fn record_refusals(&self, refusals: &[Refusals]) -> Result<(), StoreError> {
        self.answer(())?;
        self.refusals.lock().unwrap().extend_from_slice(refusals);
        Ok(())
    }

    async fn list_stragglers(&self, _: UserId) -> Result<Vec<Straggler>, StoreError> {
        Ok(vec![Straggler {
            token_id: token(0),
            generation: Generation::FIRST,
            address: None,
            user_agent: None,
            first_at: time(0),
            last_at: time(0),
            requests: 1,
        }])
    }

    async fn note_stragglers(&self, _: UserId, _: DateTime<Utc>) -> Result<(), StoreError> {
        Ok(())
    }
}

fn token(number: u8) -> TokenId {
    TokenId::new(Uuid::from_u128(number.into()))
}

/// Of a token that is dead, or that never was.
fn digest(is_known: bool, number: u16) -> TokenDigest {
    let mut bytes = [0; 32];
    bytes[0] = if is_known { 1 } else { 2 };
    bytes[1..3].copy_from_slice(&number.to_le_bytes());
    TokenDigest::new(bytes)
}

fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_777_000_000 + seconds, 0).unwrap()
}

fn client(number: u8) -> Client {
    let address: std::net::IpAddr = [192, 0, 2, number].into();
    Client::new(Some(address.into()), &HeaderMap::new())
}

/// A minute, and a nanosecond less.
const MINUTE: Duration = Duration::from_mins(1);
const ALMOST: Duration = Duration::from_nanos(59_999_999_999);

#[tokio::test]
async fn a_use_is_written_at_most_once_a_minute_and_none_is_lost() {
    let (recorder, store, begin) = (UsageRecorder::default(), Store::default(), Instant::now());
    let flush = async |after: Duration| recorder.flush(&store, begin + after, false).await.unwrap();
    recorder.used(token(1), time(0));
    flush(Duration::ZERO).await;
    assert_eq!(store.uses(), [(token(1), time(0))], "the first is written at once");
    for second in 1..60 {
        recorder.used(token(1), time(second));
        flush(Duration::from_secs(second.unsigned_abs())).await;
    }
    flush(ALMOST).await;
    assert_eq!(store.uses(), [], "it was written less than a minute ago");
    flush(MINUTE).await;
    assert_eq!(store.uses(), [(token(1), time(59))]);
    flush(MINUTE * 9).await;
    assert_eq!(store.uses(), [], "there is nothing new");
}

#[tokio::test]
async fn a_refusal_is_written_at_most_once_a_minute_and_each_is_counted() {
    let (recorder, store, begin) = (UsageRecorder::default(), Store::default(), Instant::now());
    let flush = async |after: Duration| recorder.flush(&store, begin + after, false).await.unwrap();
    let refused = |second| recorder.refused(&digest(true, 1), || client(7), time(second), false);
    refused(0);
    flush(Duration::ZERO).await;
    let [first] = &*store.refusals() else { panic!("it is written at once") };
    assert_eq!((first.token_id, first.requests), (token(1), 1));
    assert_eq!(first.address.as_deref(), Some("192.0.2.7"));
    for second in 1..60 {
        refused(second);
        flush(Duration::from_secs(second.unsigned_abs())).await;
    }
    flush(ALMOST).await;
    assert_eq!(store.refusals(), []);
    flush(MINUTE).await;
    let [later] = &*store.refusals() else { panic!("a minute has passed") };
    assert_eq!((later.first_at, later.last_at, later.requests), (time(1), time(59), 59));
    flush(MINUTE * 9).await;
    assert_eq!(store.refusals(), []);
    assert_eq!(*store.asked.lock().unwrap(), [1], "a dead token is looked up once");
}

#[tokio::test]
async fn everything_is_written_at_last() {
    let (recorder, store, now) = (UsageRecorder::default(), Store::default(), Instant::now());
    for second in [0, 1] {
        recorder.used(token(1), time(second));
        recorder.refused(&digest(true, 1), || client(7), time(second), false);
        recorder.flush(&store, now, second == 1).await.unwrap();
    }
    assert_eq!(store.uses(), [(token(1), time(0)), (token(1), time(1))]);
    assert_eq!(store.refusals().len(), 2);
}

#[tokio::test]
async fn an_earlier_use_that_is_noted_later_changes_nothing() {
    let (recorder, store, now) = (UsageRecorder::default(), Store::default(), Instant::now());
    recorder.used(token(1), time(5));
    recorder.used(token(1), time(3));
    recorder.flush(&store, now, false).await.unwrap();
    assert_eq!(store.uses(), [(token(1), time(5))]);
}

#[tokio::test]
async fn what_could_not_be_written_is_written_later() {
    let (recorder, store, now) = (UsageRecorder::default(), Store::default(), Instant::now());
    recorder.refused(&digest(true, 1), || client(7), time(0), false);
    recorder.flush(&store, now, false).await.unwrap();
    store.refusals();
    store.is_away.store(true, Ordering::Relaxed);
    for second in 1..=3 {
        recorder.used(token(1), time(second));
        recorder.refused(&digest(true, 1), || client(7), time(second), false);
        recorder.refused(&digest(true, 2), || client(7), time(second), false);
        recorder.flush(&store, now + MINUTE, false).await.unwrap_err();
    }
    store.is_away.store(false, Ordering::Relaxed);
    recorder.flush(&store, now + MINUTE, false).await.unwrap();
    assert_eq!(store.uses(), [(token(1), time(3))]);
    let written: Vec<_> = store.refusals().iter().map(|it| (it.first_at, it.requests)).collect();
    assert_eq!(written, [(time(1), 3), (time(1), 3)]);
}

/// Writing alone fails, after the look-up: what was taken out is put back.
#[tokio::test]
async fn refusals_that_could_not_be_written_are_put_back() {
    let (recorder, store, now) = (UsageRecorder::default(), Store::default(), Instant::now());
    recorder.refused(&digest(true, 1), || client(7), time(0), false);
    recorder.flush(&store, now, false).await.unwrap();
    store.refusals();
    recorder.refused(&digest(true, 1), || client(7), time(1), false);
    let taken = recorder.refusals().take(now + MINUTE, false);
    recorder.refused(&digest(true, 1), || client(7), time(2), false);
    recorder.refused(&digest(true, 1), || client(8), time(2), false);
    recorder.refusals().put_back(taken);
    recorder.flush(&store, now + MINUTE, false).await.unwrap();
    let mut written: Vec<_> =
        store.refusals().iter().map(|it| (it.requests, it.first_at, it.last_at)).collect();
    written.sort_unstable();
    assert_eq!(written, [(1, time(2), time(2)), (2, time(1), time(2))]);
}

#[tokio::test]
async fn tokens_that_never_were_cost_little_and_leave_nothing() {
    let (recorder, store, now) = (UsageRecorder::default(), Store::default(), Instant::now());
    for number in 0..u16::MAX {
        recorder.refused(&digest(false, number), || client(7), time(0), false);
    }
    recorder.flush(&store, now, true).await.unwrap();
    assert_eq!(*store.asked.lock().unwrap(), [500], "no more are looked up at once");
    assert_eq!(store.refusals(), []);
    assert_eq!(recorder.refusals().unknown(), [], "nothing is remembered of them");
    recorder.refused(&digest(true, 1), || client(7), time(0), false);
    recorder.flush(&store, now, false).await.unwrap();
    assert_eq!(store.refusals().len(), 1, "there is room for one that was");
}

#[tokio::test]
async fn whoever_was_told_to_slow_down_is_noted_with_known_tokens_only() {
    let (recorder, store, now) = (UsageRecorder::default(), Store::default(), Instant::now());
    recorder.refused(&digest(true, 1), || client(7), time(0), true);
    recorder.flush(&store, now, false).await.unwrap();
    assert_eq!(*store.asked.lock().unwrap(), [0; 0]);
    for limited in [false, true, true] {
        recorder.refused(&digest(true, 1), || client(7), time(0), limited);
    }
    recorder.flush(&store, now, false).await.unwrap();
    recorder.refused(&digest(true, 1), || client(7), time(0), true);
    recorder.flush(&store, now, true).await.unwrap();
    let counted: Vec<_> = store.refusals().iter().map(|it| it.requests).collect();
    assert_eq!(counted, [3, 1]);
}

#[tokio::test]
async fn of_one_token_twenty_clients_are_told_apart() {
    let (recorder, store, now) = (UsageRecorder::default(), Store::default(), Instant::now());
    for number in 0..=255 {
        recorder.refused(&digest(true, 1), || client(number), time(0), false);
    }
    recorder.flush(&store, now, false).await.unwrap();
    assert_eq!(store.refusals().len(), 20);
}

#[tokio::test]
async fn memory_for_tokens_is_bounded_and_is_for_those_of_the_last_minute() {
    let (recorder, store, begin) = (UsageRecorder::default(), Store::default(), Instant::now());
    let used = |number: u32| {
        recorder.used(TokenId::new(Uuid::from_u128(number.into())), time(0));
    };
    (0..150_000).for_each(used);
    recorder.flush(&store, begin, false).await.unwrap();
    assert_eq!(store.uses().len(), 131_072);
    for (after, written) in [(ALMOST, 0), (MINUTE, 1)] {
        recorder.flush(&store, begin + after, false).await.unwrap();
        used(200_000);
        recorder.flush(&store, begin + after, false).await.unwrap();
        assert_eq!(store.uses().len(), written, "older ones make room after {after:?}");
    }
}
