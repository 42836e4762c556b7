//! What no number of runs on a clock can show: leases in every order in which things can happen, and the reading of
//! memory under very many schedules of threads.
//!
//! A package of its own, because it is compiled with optimisation: a checker is made of generic code.

mod leases;
mod readers;
