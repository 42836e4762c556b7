//! The history checker: three nodes and PostgreSQL as real processes, faults, and a judgement over everything
//! that any client saw. `README.md` beside this file says what it checks and how to run it.

mod chaos;
mod checker;
mod driver;
mod failover;
mod fleet;
mod judged;
mod kills;
mod latency;
mod nemesis;
mod partitions;
mod paused;
mod power;
mod promise;
mod record;
mod register;
mod run;
mod wire;
mod world;
