//! Members of a group share the partitions, hand them over, and go back.

use super::{P0, PARTITIONS, PATIENCE, append_texts};
use engine::domain::{Offset, Partition};
use engine::log::{Group, Log, Record, Topic, Turn};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A member of a group, and what it holds.
struct Reader {
    group: Box<dyn Group>,
    held: BTreeSet<u16>,
    read: Vec<Record>,
}

impl Reader {
    async fn join(log: &Arc<dyn Log>, name: &str) -> Self {
        let group = log.join(Topic::Events, name).await.expect("joined");
        Self {
            group,
            held: BTreeSet::new(),
            read: Vec::new(),
        }
    }

    /// One turn; what is assigned starts at `checkpoint` (else 0).
    async fn turn(&mut self, checkpoints: &mut BTreeMap<u16, Offset>) {
        match self.group.next(100, 20).await.expect("a turn") {
            Turn::Assigned(partitions) => {
                for partition in partitions {
                    self.held.insert(partition.get());
                    let next = *checkpoints.entry(partition.get()).or_default();
                    self.group.start_at(partition, next).await.expect("started");
                }
            }
            Turn::Revoked(partitions) => self.held.retain(|held| !partitions.contains(&Partition::new(*held))),
            Turn::Records { partition, records } => {
                assert!(
                    self.held.contains(&partition.get()),
                    "records of a partition that is not ours"
                );
                assert!(!records.is_empty() && records.len() <= 100);
                let next = checkpoints.get_mut(&partition.get()).expect("started");
                for record in records {
                    assert_eq!(record.position.partition, partition);
                    assert_eq!(record.position.offset, *next, "in order, without a gap");
                    *next = next.next();
                    self.read.push(record);
                }
            }
            Turn::Idle => {}
        }
    }
}

async fn append_everywhere(log: &Arc<dyn Log>, texts: std::ops::Range<usize>) {
    for partition in 0..PARTITIONS {
        append_texts(&**log, Partition::new(partition), texts.clone()).await;
    }
}

pub(crate) async fn two_members_share_the_partitions(log: &Arc<dyn Log>) {
    append_everywhere(log, 0..20).await;
    let mut at = BTreeMap::new();
    let (mut one, mut other) = (Reader::join(log, "share").await, Reader::join(log, "share").await);
    let everything = usize::from(PARTITIONS) * 20;
    let done = tokio::time::timeout(PATIENCE, async {
        while one.read.len() + other.read.len() < everything || one.held.len() != 2 || other.held.len() != 2 {
            one.turn(&mut at).await;
            other.turn(&mut at).await;
        }
    });
    done.await.expect("both have two partitions, and all is read");
    assert!(one.held.is_disjoint(&other.held));
    assert_eq!(one.read.len() + other.read.len(), everything, "each record once");
    one.group.leave().await;
    other.group.leave().await;
}

pub(crate) async fn a_member_that_leaves_hands_over(log: &Arc<dyn Log>) {
    let mut at = BTreeMap::new();
    let (mut one, mut other) = (
        Reader::join(log, "hand-over").await,
        Reader::join(log, "hand-over").await,
    );
    let mut separate = Reader::join(log, "separate").await;
    let mut separate_at = BTreeMap::new();
    let shared = tokio::time::timeout(PATIENCE, async {
        while one.held.len() != 2 || other.held.len() != 2 || separate.held.len() != 4 {
            one.turn(&mut at).await;
            other.turn(&mut at).await;
            separate.turn(&mut separate_at).await;
        }
    });
    shared.await.expect("two share, another group has all");
    append_everywhere(log, 0..10).await;
    let read = tokio::time::timeout(PATIENCE, async {
        while one.read.len() < 20 || other.read.len() < 20 {
            one.turn(&mut at).await;
            other.turn(&mut at).await;
        }
    });
    read.await.expect("each reads its half");
    one.group.leave().await;
    append_everywhere(log, 10..20).await;
    let taken_over = tokio::time::timeout(PATIENCE, async {
        while other.held.len() != 4 || other.read.len() < 20 + 40 {
            other.turn(&mut at).await;
        }
    });
    taken_over
        .await
        .expect("the one that stays has all, from where the other stood");
    other.group.leave().await;
    separate.group.leave().await;
}

pub(crate) async fn a_member_goes_back(log: &Arc<dyn Log>) {
    append_everywhere(log, 0..30).await;
    let mut at = BTreeMap::new();
    let mut reader = Reader::join(log, "back").await;
    let everything = usize::from(PARTITIONS) * 30;
    let read = tokio::time::timeout(PATIENCE, async {
        while reader.read.len() < everything {
            reader.turn(&mut at).await;
        }
    });
    read.await.expect("all is read");
    for round in 1..=5 {
        let back = Offset::new(30 - round);
        reader.read.clear();
        at.insert(0, back);
        reader.group.start_at(P0, back).await.expect("back");
        let again = tokio::time::timeout(PATIENCE, async {
            while at[&0] < Offset::new(30) {
                reader.turn(&mut at).await;
            }
        });
        again.await.expect("read again");
        assert_eq!(reader.read.len() as u64, round, "only that partition, only from there");
    }
    reader.group.leave().await;
}
