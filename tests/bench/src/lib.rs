//! Measures what a verification costs: the product, the least that a server of its kind can do, and what people use
//! instead, one beside the other on one machine.
//!
//! The measure is processor time of the server's side per request. Requests per second follow from it and from
//! whatever else the machine does meanwhile, so they say less.

pub mod client;
pub mod cluster;
pub mod contender;
pub mod databases;
pub mod h2load;
pub mod lineup;
pub mod machine;
pub mod past;
pub mod peer;
pub mod picture;
pub mod process;
pub mod program;
pub mod report;
pub mod rounds;
pub mod scale;
pub mod seed;
pub mod statistics;
pub mod tokens;
pub mod wire;
pub mod writing;
