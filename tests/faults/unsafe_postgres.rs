//! A PostgreSQL that would lose what was acknowledged is refused at the start.

use tests::postgres::{Cluster, Shutdown};
use tests::{Database, Server, Settings, TestApp};

/// Expects that a server refuses this database with these words.
async fn assert_refused(database: &Database, words: &[&str]) {
    let ended = match Server::try_start(database, &Settings::new()).await {
        Ok(server) => panic!("it serves: {}", server.stdout()),
        Err(ended) => ended,
    };
    assert!(!ended.status.success(), "{ended:?}");
    assert!(!ended.stdout.contains("Listening"), "{ended:?}");
    for words in words {
        assert!(ended.stderr.contains(words), "{words} is missing in {ended:?}");
    }
}

#[tokio::test]
async fn a_postgres_without_fsync_is_refused_and_one_that_has_it_again_is_not() {
    let cluster = Cluster::new(&[("fsync", "off")]);
    let database = Database::on(&cluster).await;
    assert_refused(&database, &["fsync=off", "set fsync=on"]).await;
    cluster.restart(Shutdown::Fast);
    TestApp::with(database, Settings::new()).await;
}

#[tokio::test]
async fn a_standby_is_refused_until_it_is_promoted() {
    let primary = Cluster::new(&[]);
    let name = primary.create_database().await;
    TestApp::with(Database::at(primary.url(&name)), Settings::new()).await;
    let standby = primary.standby();
    let database = Database::at(standby.url(&name));
    assert_refused(&database, &["standby", "connect to the primary"]).await;
    primary.stop(Shutdown::Fast);
    standby.promote();
    Server::start(&database, &Settings::new()).await;
}
