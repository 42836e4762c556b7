//! `/audit`: the history of tokens, for auditors. What happened when, every token, the tokens of one user, whose a
//! token is, and how far the history is proved.
//!
//! **Invariant: no address and no secret of anyone is in a path or a query.**
//! **Invariant: every look here is recorded, like every read under `/v1/audit`.**

pub mod actions;
mod filters;
pub mod overview;
mod picture;
pub mod reader;
mod span;
mod telling;
pub mod tokens;
pub mod user;
