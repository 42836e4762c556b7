//! What the service promises when processes, connections, disks and databases fail, and when many want
//! the same at once.

mod balancer;
mod crashes;
mod crew;
mod database_crashes;
mod deliveries;
mod full_disk;
mod hang_ups;
mod interrupted_lock;
mod lost_commit;
mod lost_database;
mod names;
mod proxy;
mod races;
mod rebuilds;
mod second_server;
mod standbys;
mod unsafe_postgres;
