//! Where a server keeps its data: the two kinds, and one fresh place of either kind.

use std::path::{Path, PathBuf};

use crate::postgres::Cluster;
use crate::reaper::Scratch;

/// The two kinds of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// A file in the data directory.
    Sqlite,
    /// A database of the shared cluster.
    Postgres,
}

impl Store {
    /// The table of browser sessions.
    pub const fn sessions(self) -> &'static str {
        match self {
            Self::Sqlite => "tower_sessions",
            Self::Postgres => "tower_sessions.session",
        }
    }
}

/// A data directory and, on PostgreSQL, a database. It outlives the servers that run on it.
#[derive(Debug)]
pub struct Database {
    store: Store,
    data_directory: Scratch,
    url: Option<String>,
    is_among_many: bool,
}

impl Database {
    /// An empty one, beside those of many other tests.
    pub async fn new(store: Store) -> Self {
        match store {
            Store::Sqlite => {
                let data_directory = Scratch::new("data");
                Self { store, data_directory, url: None, is_among_many: true }
            }
            Store::Postgres => Self { is_among_many: true, ..Self::on(Cluster::shared()).await },
        }
    }

    /// An empty one on a cluster of the test's own.
    pub async fn on(cluster: &Cluster) -> Self {
        let name = cluster.create_database().await;
        Self::at(cluster.url(&name))
    }

    /// Whatever this URL leads to.
    pub fn at(url: String) -> Self {
        let data_directory = Scratch::new("data");
        Self { store: Store::Postgres, data_directory, url: Some(url), is_among_many: false }
    }

    /// Of which kind it is.
    pub fn store(&self) -> Store {
        self.store
    }

    /// What a server is told by its environment, unless its settings say otherwise: where many tests run at once, a database that
    /// does not answer for a moment is not away.
    pub(crate) fn environment(&self) -> Option<(&'static str, &'static str)> {
        self.is_among_many.then_some(("SYMBOLON_VERIFY_TIMEOUT_MS", "5000"))
    }

    /// The URL to give to `--database-url`; `None` when the data directory is all.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// The directory to give to `--data-dir`.
    pub fn data_directory(&self) -> &Path {
        self.data_directory.path()
    }

    /// The SQLite file that a server makes there by default.
    pub fn sqlite_file(&self) -> PathBuf {
        self.data_directory().join("symbolon.db")
    }

    /// The options that lead a `symbolon` command to this database.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments =
            vec!["--data-dir".to_owned(), self.data_directory().display().to_string()];
        if let Some(url) = &self.url {
            arguments.extend(["--database-url".to_owned(), url.clone()]);
        }
        arguments
    }
}
