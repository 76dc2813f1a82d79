//! All partitions of a rebuild, some of them at a time.
//!
//! What must hold: every task is awaited here, and gives its lane back, whatever ended it.

use super::lane::{Common, Lane};
use super::{Config, Error, Parts, Progress, Store};
use crate::Config as Projector;
use crate::backoff::Backoff;
use crate::halt::Halt;
use engine::beside::Old;
use engine::domain::{Offset, Partition, RoomId};
use engine::log::{Extent, Topic};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Where each partition of each topic is to be walked to.
pub(super) type Targets = HashMap<(Topic, Partition), Offset>;

/// See the module.
pub(super) struct Lanes {
    common: Arc<Common>,
    lanes: Vec<Lane>,
    turns: Arc<Semaphore>,
    shutdown: CancellationToken,
}

impl Lanes {
    /// One of each partition, where the store says it stands.
    pub(super) async fn open(
        (config, projector): (&Config, &Projector),
        parts: &Parts,
        progress: Progress,
        shutdown: &CancellationToken,
    ) -> Result<Self, Error> {
        let common = Arc::new(Common {
            log: parts.log.clone(),
            store: parts.store.clone(),
            config: config.clone(),
            projector: projector.clone(),
            progress,
        });
        let topics: &[Topic] = match parts.store {
            Store::History { .. } => &[Topic::Events, Topic::Reads],
            Store::Live { .. } => &[Topic::Events],
        };
        let mut lanes = Vec::new();
        for topic in topics {
            for partition in (0..parts.log.partitions()).map(Partition::new) {
                let mut lane = Lane::new(common.clone(), *topic, partition);
                lane.claim().await.map_err(|halt| stopped(halt, partition))?;
                lanes.push(lane);
            }
        }
        common
            .progress
            .begins_at(lanes.iter().map(|lane| lane.next.get()).sum());
        Ok(Self {
            common,
            lanes,
            turns: Arc::new(Semaphore::new(config.partitions_at_once.clamp(1, 1_024))),
            shutdown: shutdown.clone(),
        })
    }

    pub(super) fn progress(&self) -> &Progress {
        &self.common.progress
    }

    /// Where the old one stands, or where it can't be known, the log ends; and what is odd about that.
    pub(super) async fn targets(&self, old: &Old) -> Result<(Targets, Vec<String>), Error> {
        let mut ends: HashMap<(Topic, Partition), Extent> = HashMap::new();
        let mut topics: Vec<Topic> = self.lanes.iter().map(|lane| lane.topic).collect();
        topics.dedup();
        for topic in topics {
            let extents = self.common.log.extents(topic).await?;
            ends.extend(extents.into_iter().map(|extent| ((topic, extent.partition), extent)));
        }
        let (mut targets, mut odd) = (Targets::new(), Vec::new());
        for lane in &self.lanes {
            let at = (lane.topic, lane.partition);
            let end = ends.get(&at).map_or(Offset::ZERO, |extent| extent.high);
            let name = self.common.log.topic_name(lane.topic);
            let target = match old {
                Old::Stands(stands) => {
                    let stand = stands.iter().find(|stand| (stand.topic, stand.partition) == at);
                    match stand.map(|stand| stand.next) {
                        Some(next) if next > end => {
                            odd.push(format!(
                                "the old projection stands at offset {next} of {name}-{}, beyond the log's end {end}",
                                lane.partition
                            ));
                            end
                        }
                        Some(next) => next,
                        None => {
                            if end > Offset::ZERO {
                                odd.push(format!("the old projection never read {name}-{}", lane.partition));
                            }
                            end
                        }
                    }
                }
                Old::OtherEpoch(_) | Old::Unreadable(_) => end,
            };
            if lane.next > target {
                odd.push(format!(
                    "the new projection stands at offset {} of {name}-{}, the old one at {target}",
                    lane.next, lane.partition
                ));
            }
            targets.insert(at, target);
        }
        self.common
            .progress
            .goes_to(targets.values().map(|target| target.get()).sum());
        Ok((targets, odd))
    }

    /// Records that lie before the targets.
    pub(super) fn rest(&self, targets: &Targets) -> u64 {
        let rest = |lane: &Lane| {
            let target = targets.get(&(lane.topic, lane.partition)).copied().unwrap_or_default();
            target.get().saturating_sub(lane.next.get())
        };
        self.lanes.iter().map(rest).sum()
    }

    /// Walks all of them to their targets; says whether they came there in the time given.
    pub(super) async fn walk(&mut self, targets: &Targets, within: Option<Duration>) -> Result<bool, Error> {
        let over = self.shutdown.child_token();
        let mut walking = JoinSet::new();
        let mut done = Vec::with_capacity(self.lanes.len());
        for lane in self.lanes.drain(..) {
            let to = targets.get(&(lane.topic, lane.partition)).copied().unwrap_or_default();
            if lane.next >= to {
                done.push(lane);
            } else {
                walking.spawn(walk(lane, to, self.common.clone(), self.turns.clone(), over.clone()));
            }
        }
        let deadline = async {
            match within {
                Some(time) => tokio::time::sleep(time).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(deadline);
        let mut result = Ok(true);
        loop {
            let joined = tokio::select! {
                joined = walking.join_next() => joined,
                () = &mut deadline, if !over.is_cancelled() => {
                    over.cancel();
                    continue;
                }
            };
            let Some(joined) = joined else { break };
            match joined {
                Ok((lane, walked)) => {
                    done.push(lane);
                    match walked {
                        Ok(arrived) => result = result.map(|all| all && arrived),
                        Err(error) => {
                            over.cancel();
                            // The first that went wrong is the one to tell.
                            result = result.and(Err(error));
                        }
                    }
                }
                Err(broken) => {
                    over.cancel();
                    result = result.and(Err(Error::Projector(crate::Error::Broken {
                        projection: "rebuild",
                        why: broken.to_string(),
                    })));
                }
            }
        }
        self.lanes = done;
        self.common.progress.wait_for(None);
        if self.shutdown.is_cancelled() {
            return Err(Error::Stopped);
        }
        result
    }

    /// Rooms of the records that were walked since [`Lanes::forget_touched`].
    pub(super) fn touched(&self) -> BTreeSet<RoomId> {
        self.lanes
            .iter()
            .flat_map(|lane| lane.touched.iter().copied())
            .collect()
    }

    pub(super) fn forget_touched(&mut self) {
        self.lanes.iter_mut().for_each(|lane| lane.touched.clear());
    }
}

/// Walks one; what can pass is waited for. Says whether it arrived before it was `over`.
async fn walk(
    mut lane: Lane,
    to: Offset,
    common: Arc<Common>,
    turns: Arc<Semaphore>,
    over: CancellationToken,
) -> (Lane, Result<bool, Error>) {
    let mut backoff = Backoff::new(&common.projector);
    let Some(turn) = over.run_until_cancelled(turns.acquire_owned()).await else {
        return (lane, Ok(false));
    };
    let _turn = turn.expect("it is never closed");
    loop {
        let halt = match over.run_until_cancelled(lane.walk(to)).await {
            None => {
                lane.forget();
                return (lane, Ok(false));
            }
            Some(Ok(())) => return (lane, Ok(true)),
            Some(Err(halt)) => halt,
        };
        lane.forget();
        match halt {
            Halt::Away(why) => {
                tracing::warn!(partition = %lane.partition, why, "the rebuild waits");
                common.progress.wait_for(Some(why));
                if !backoff.wait(&over).await {
                    return (lane, Ok(false));
                }
                common.progress.wait_for(None);
            }
            halt => {
                let partition = lane.partition;
                return (lane, Err(stopped(halt, partition)));
            }
        }
    }
}

fn stopped(halt: Halt, partition: Partition) -> Error {
    match halt {
        Halt::Over => Error::Stopped,
        Halt::Away(why) => Error::Beside(engine::beside::Error::Away(why)),
        Halt::Fenced => Error::Fenced(partition),
        Halt::Fatal(error) => Error::Projector(error),
    }
}
