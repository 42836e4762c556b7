//! The judgement on one thing that changes in a known order and is read by many.
//!
//! The order of the states is known from the event log, so a history is linearizable exactly when every
//! read can be given a state such that nobody reads what was not begun, nobody reads what was replaced
//! before, and no read goes behind one that had ended before it began. One sweep over time decides that: it
//! gives each read the earliest state that fits, which leaves later reads the most.

use crate::record::{Span, Time};

/// A state, and when it can have come about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step<S> {
    pub(crate) state: S,
    /// Nobody had asked for it before.
    pub(crate) begun: Time,
    /// It holds for everyone from here on; [`Time::MAX`] when nobody was told so.
    pub(crate) acknowledged: Time,
}

/// What a read says about the state.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Says<S> {
    Is(S),
    IsNot(S),
}

impl<S: PartialEq> Says<S> {
    fn fits(&self, state: &S) -> bool {
        match self {
            Self::Is(expected) => state == expected,
            Self::IsNot(other) => state != other,
        }
    }
}

/// Somebody looked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Read<S> {
    pub(crate) span: Span,
    pub(crate) says: Says<S>,
}

/// How a read cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Breach {
    /// It is of a state that had been replaced, which had been acknowledged.
    Stale,
    /// It is of a state that had been replaced, which this earlier read had shown.
    WentBack(usize),
    /// It is of a state that nobody had asked for yet.
    Early,
    /// There was no such state.
    Never,
}

/// One thing: its states in order.
#[derive(Clone, Debug)]
pub(crate) struct Register<S>(Vec<Step<S>>);

impl<S: PartialEq> Register<S> {
    /// From a beginning that was so always, through these states. A state cannot have come about before an
    /// earlier one was asked for, and an acknowledgement holds for all before it.
    pub(crate) fn new(beginning: S, steps: impl IntoIterator<Item = Step<S>>) -> Self {
        let mut all = vec![Step { state: beginning, begun: 0, acknowledged: 0 }];
        all.extend(steps);
        for index in 1..all.len() {
            all[index].begun = all[index].begun.max(all[index - 1].begun);
        }
        for index in (1..all.len()).rev() {
            all[index - 1].acknowledged = all[index - 1].acknowledged.min(all[index].acknowledged);
        }
        Self(all)
    }

    /// What `choose` makes of the states, where it makes something, after another beginning. The bounds stay.
    pub(crate) fn only<T: PartialEq>(
        &self,
        beginning: T,
        choose: impl Fn(&S) -> Option<T>,
    ) -> Register<T> {
        let chosen = self.0.iter().filter_map(|step| {
            let state = choose(&step.state)?;
            Some(Step { state, begun: step.begun, acknowledged: step.acknowledged })
        });
        Register::new(beginning, chosen)
    }

    /// The first state that may still be seen by who begins to look at this time, as far as
    /// acknowledgements say.
    fn first(&self, start: Time) -> usize {
        self.0.partition_point(|step| step.acknowledged < start).max(1) - 1
    }

    /// The last state that may be seen by who ends to look at this time.
    fn last(&self, end: Time) -> usize {
        self.0.partition_point(|step| step.begun <= end).max(1) - 1
    }

    /// The states that may be seen in this time, as far as acknowledgements say.
    pub(crate) fn within(&self, span: Span) -> impl Iterator<Item = &S> {
        let (first, last) = (self.first(span.start), self.last(span.end));
        self.0.get(first..=last).unwrap_or_default().iter().map(|step| &step.state)
    }

    /// The reads that cannot be, by their index.
    pub(crate) fn breaches(&self, reads: &[Read<S>]) -> Vec<(usize, Breach)> {
        // Beginnings before ends: what ends at the same instant is no earlier.
        let mut moments: Vec<(Time, bool, usize)> = Vec::with_capacity(2 * reads.len());
        for (index, read) in reads.iter().enumerate() {
            moments.push((read.span.start, false, index));
            moments.push((read.span.end, true, index));
        }
        moments.sort_unstable();
        let mut seen: (usize, Option<usize>) = (0, None);
        let mut begun = vec![(0, None); reads.len()];
        let mut breaches = Vec::new();
        for (_, is_end, index) in moments {
            let read = &reads[index];
            if !is_end {
                begun[index] = seen;
                continue;
            }
            let acknowledged = self.first(read.span.start);
            let (shown, by) = begun[index];
            let last = self.last(read.span.end);
            let fits = |step: &Step<S>| read.says.fits(&step.state);
            let in_range =
                |first: usize| (first..=last).find(|index| self.0.get(*index).is_some_and(fits));
            if let Some(found) = in_range(acknowledged.max(shown)) {
                if found > seen.0 {
                    seen = (found, Some(index));
                }
                continue;
            }
            let breach = match by {
                Some(earlier) if in_range(acknowledged).is_some() => Breach::WentBack(earlier),
                _ if self.0[..acknowledged].iter().any(fits) => Breach::Stale,
                _ if self.0[last + 1..].iter().any(fits) => Breach::Early,
                _ => Breach::Never,
            };
            breaches.push((index, breach));
        }
        breaches
    }
}
