//! Reads an export of any length in pieces, and looks at several at once.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use domain::log::{Examined, Origin};

/// So much is read at once. A line that is longer is none of ours.
const PIECE_BYTES: usize = 1 << 20;

/// Whole lines, as far as there are any.
struct Pieces<R> {
    from: R,
    rest: Vec<u8>,
    is_at_end: bool,
}

impl<R: Read> Pieces<R> {
    /// The next piece; `None` at the end.
    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut piece = std::mem::take(&mut self.rest);
        while piece.len() < PIECE_BYTES && !self.is_at_end {
            let wanted = PIECE_BYTES - piece.len();
            let read = self.from.by_ref().take(wanted.try_into().unwrap_or(u64::MAX));
            self.is_at_end = { read }.read_to_end(&mut piece)? == 0;
        }
        if !self.is_at_end
            && let Some(end) = piece.iter().rposition(|byte| *byte == b'\n')
        {
            self.rest = piece.split_off(end + 1);
        }
        Ok((!piece.is_empty()).then_some(piece))
    }
}

/// Looks at every line, and hands over in order what each says by itself, until `take` has heard enough.
///
/// # Errors
/// When the export cannot be read, or what `take` says.
pub(super) fn examine<E: From<io::Error>>(
    from: impl Read,
    origin: &Origin,
    mut take: impl FnMut(Examined) -> Result<bool, E>,
) -> Result<(), E> {
    let mut pieces = Pieces { from, rest: Vec::new(), is_at_end: false };
    let hands = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..hands).map(|_| hire(scope, origin)).collect();
        // One piece under way for each worker, in turn.
        let (mut given, mut is_read) = (0, false);
        for turn in 0.. {
            while !is_read && given < turn + hands {
                match pieces.next()? {
                    None => is_read = true,
                    Some(piece) => {
                        if let Some((hand_over, _)) = workers.get(given % hands) {
                            drop(hand_over.send(piece));
                        }
                        given += 1;
                    }
                }
            }
            let done = (turn < given).then(|| workers.get(turn % hands)).flatten();
            let Some(lines) = done.and_then(|(_, done)| done.recv().ok()) else { break };
            for line in lines {
                if !take(line)? {
                    return Ok(());
                }
            }
        }
        Ok(())
    })
}

/// A thread that looks at the lines of pieces, for as long as it is given any.
fn hire<'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    origin: &'scope Origin,
) -> (SyncSender<Vec<u8>>, Receiver<Vec<Examined>>) {
    let (hand_over, given) = sync_channel::<Vec<u8>>(1);
    let (hand_back, done) = sync_channel(1);
    scope.spawn(move || {
        for piece in given {
            let lines = piece.split_inclusive(|byte| *byte == b'\n');
            if hand_back.send(lines.map(|line| Examined::of(line, origin)).collect()).is_err() {
                return;
            }
        }
    });
    (hand_over, done)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time.
    struct Dribble<'a>(&'a [u8], usize);

    impl Read for Dribble<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(buffer.len()).min(self.0.len());
            let (now, later) = self.0.split_at(length);
            buffer[..length].copy_from_slice(now);
            self.0 = later;
            Ok(length)
        }
    }

    fn positions(text: &[u8], at_once: usize) -> Vec<Option<u64>> {
        let mut positions = Vec::new();
        let origin = "log".parse().unwrap();
        examine::<io::Error>(Dribble(text, at_once), &origin, |line| {
            positions.push(match line {
                Examined::Broken { position } => position,
                Examined::Whole { .. } | Examined::Foreign { .. } | Examined::CutOff => None,
            });
            Ok(true)
        })
        .unwrap();
        positions
    }

    fn line(position: u64, padding: usize) -> String {
        let data = r#"{"aggregateType":"","aggregateId":"","sequence":1,"eventType":"","eventVersion":"","payload":{},"metadata":{}}"#;
        let padding = " ".repeat(padding);
        format!("{{\"position\":{position},\"leafhash\":\"\",\"data\":{data}}}{padding}\n")
    }

    #[test]
    fn every_line_is_handed_over_in_order_however_it_arrives() {
        let text: String = (1..=400).map(|position| line(position, 9_000)).collect();
        assert!(text.len() > 3 * PIECE_BYTES);
        for at_once in [70_001, PIECE_BYTES, usize::MAX] {
            let expected: Vec<_> = (1..=400).map(Some).collect();
            assert_eq!(positions(text.as_bytes(), at_once), expected);
        }
        assert_eq!(positions(line(1, 0).as_bytes(), 1), [Some(1)]);
        assert_eq!(positions(b"", 1), []);
        assert_eq!(positions(b"\n\n", 1), [None, None]);
    }

    #[test]
    fn a_line_that_never_ends_is_not_waited_for() {
        let text = vec![b'x'; 3 * PIECE_BYTES];
        assert_eq!(positions(&text, usize::MAX), [None, None, None]);
    }

    #[test]
    fn who_has_heard_enough_is_told_no_more() {
        let text: String = (1..=400).map(|position| line(position, 9_000)).collect();
        let mut heard = 0;
        examine::<io::Error>(text.as_bytes(), &"log".parse().unwrap(), |_| {
            heard += 1;
            Ok(heard < 3)
        })
        .unwrap();
        assert_eq!(heard, 3);
    }
}
