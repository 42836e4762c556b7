//! Proofs from the hashes that are stored: the leaves, and every eighth level above them.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use domain::log::proof::{self, TreeHead};
use domain::log::tree::complete_subtrees;
use domain::log::{Subtree, SubtreeHashes, TreeHash};

use super::Proof;
use super::rows::{hash, unsigned};
use crate::StoreError;
use crate::sequencer::{HeadRow, STORED_LEVELS, position};
use crate::sql::{Sql, Statement};

const SELECT_HEAD: &str = "
SELECT size, frontier
FROM log_head";

const LIST_LEAVES: &str = "
SELECT position - 1 AS node_index, leaf_hash AS hash
FROM event_log
WHERE position > $1
  AND position <= $2";

const LIST_NODES: &str = "
SELECT node_index, hash
FROM log_nodes
WHERE node_index >= $1
  AND node_index < $2
  AND level = $3";

#[derive(sqlx::FromRow)]
struct HashRow {
    node_index: i64,
    hash: Vec<u8>,
}

/// The stored hashes that complete subtrees are computed from.
#[derive(Default)]
struct StoredHashes(HashMap<Subtree, TreeHash>);

impl SubtreeHashes for StoredHashes {
    fn hash_of(&self, subtree: Subtree) -> Option<TreeHash> {
        if let Some(hash) = self.0.get(&subtree) {
            return Some(*hash);
        }
        // Below a stored level, what is not here was not read.
        if subtree.level.is_multiple_of(STORED_LEVELS) {
            return None;
        }
        let (left, right) = subtree.halves()?;
        Some(TreeHash::node(&self.hash_of(left)?, &self.hash_of(right)?))
    }
}

/// A run of hashes that are stored side by side: all that are below one subtree of the next stored level.
fn tile(subtree: Subtree) -> Subtree {
    let above = subtree.level % STORED_LEVELS;
    Subtree { level: subtree.level - above, index: subtree.index >> (STORED_LEVELS - above) }
}

impl StoredHashes {
    async fn read(store: &impl Sql, ranges: &[Range<u64>]) -> Result<Self, StoreError> {
        let tiles: BTreeSet<Subtree> =
            ranges.iter().flat_map(|range| complete_subtrees(range.clone())).map(tile).collect();
        let mut hashes = HashMap::new();
        for Subtree { level, index } in tiles {
            let (from, to) = (index << STORED_LEVELS, (index + 1) << STORED_LEVELS);
            let question = if level == 0 {
                Statement::new(LIST_LEAVES).bind(position(from)?).bind(position(to)?)
            } else {
                let question = Statement::new(LIST_NODES);
                question.bind(position(from)?).bind(position(to)?).bind(i64::from(level))
            };
            for row in store.fetch::<HashRow>(question).await? {
                let subtree = Subtree { level, index: unsigned(row.node_index)? };
                hashes.insert(subtree, hash(&row.hash)?);
            }
        }
        Ok(Self(hashes))
    }
}

/// The proof over these runs of leaves in the tree of this size; `None` when it has never been that large.
pub(super) async fn prove(
    store: &impl Sql,
    ranges: Option<Vec<Range<u64>>>,
    size: u64,
) -> Result<Option<Proof>, StoreError> {
    let Some(mut ranges) = ranges else { return Ok(None) };
    if size > find_head(store).await?.size {
        return Ok(None);
    }
    ranges.push(0..size);
    let stored = StoredHashes::read(store, &ranges).await?;
    let hashes = proof::prove(&ranges, &stored);
    let mut hashes = hashes.ok_or_else(|| StoreError::corrupt("hashes of the log are missing"))?;
    let root = hashes.pop().unwrap_or_else(TreeHash::empty);
    Ok(Some(Proof { hashes, head: TreeHead { size, root } }))
}

pub(super) async fn find_head(store: &impl Sql) -> Result<TreeHead, StoreError> {
    let row = store.fetch::<HeadRow>(Statement::new(SELECT_HEAD)).await?.pop();
    let row = row.ok_or_else(|| StoreError::corrupt("the log has no head"))?;
    let frontier = row.frontier()?;
    Ok(TreeHead { size: frontier.size(), root: frontier.root() })
}
