//! Who watches a rebuild go on.

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Rows are made from events, beside those that are served.
    Fill,
    /// They are compared with what the events say when they are read in another order.
    Verify,
    /// They take the place of those that are served.
    Switch,
}

/// Is told how far it is.
pub trait Watch: Send {
    /// A step begins, at `done` of `total` events.
    fn begins(&mut self, step: Step, done: u64, total: u64);

    /// So many events of the step are done.
    fn reached(&mut self, done: u64);
}
