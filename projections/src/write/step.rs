//! What a command writes, as data: statements, and what must come of them.

use crate::StoreError;
use crate::sql::Statement;

/// A part of what a command writes.
#[derive(Debug)]
pub(crate) struct Step {
    /// None of them sees or touches what another one writes, so they can be carried out as one, or in any order.
    pub(crate) statements: Vec<Statement>,
    /// What must come of the last of them.
    pub(crate) demand: Demand,
}

/// What must come of a statement; otherwise the command is refused, and with what.
#[derive(Debug)]
pub(crate) enum Demand {
    /// Anything.
    Nothing,
    /// It changes a row.
    Change(StoreError),
    /// It finds a row.
    Find(StoreError),
}

impl From<Statement> for Step {
    fn from(statement: Statement) -> Self {
        Self::apart(vec![statement])
    }
}

impl Step {
    /// Statements of which none sees or touches what another one writes.
    pub(super) fn apart(statements: Vec<Statement>) -> Self {
        Self { statements, demand: Demand::Nothing }
    }

    /// One after the other, each with what must come of it.
    pub(crate) fn each(self) -> impl Iterator<Item = (Statement, Demand)> {
        let nothing = std::iter::repeat_with(|| Demand::Nothing);
        let demands = nothing.take(self.statements.len().saturating_sub(1)).chain([self.demand]);
        self.statements.into_iter().zip(demands)
    }

    /// The step that is refused when it changes no row.
    pub(crate) fn must_change(statement: Statement, otherwise: StoreError) -> Self {
        Self { statements: vec![statement], demand: Demand::Change(otherwise) }
    }

    pub(crate) fn must_find(statement: Statement, otherwise: StoreError) -> Self {
        Self { statements: vec![statement], demand: Demand::Find(otherwise) }
    }
}

impl Demand {
    /// Whether so many rows, changed and found, are enough.
    pub(crate) const fn is_met(&self, changed: u64, found: u64) -> bool {
        match self {
            Self::Nothing => true,
            Self::Change(_) => changed > 0,
            Self::Find(_) => found > 0,
        }
    }

    /// What it means that it was not met.
    pub(crate) fn refuse(self) -> Result<(), StoreError> {
        match self {
            Self::Nothing => Ok(()),
            Self::Change(error) | Self::Find(error) => Err(error),
        }
    }
}
