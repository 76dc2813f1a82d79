//! This process's share of a topic's partitions: a member of a group, and a task for each partition it is given.
//!
//! What must hold: every task is awaited here; a partition that is taken away is not read any more, and its task ends
//! without beginning another batch; the first task that can't go on stops all of them.

use crate::backoff::{Backoff, pause};
use crate::feed::{Common, Fed, Feed, Portion, Start, size};
use crate::halt::Halt;
use crate::{Config, Error, Status, lag, metrics};
use async_trait::async_trait;
use engine::domain::Partition;
use engine::log::{self, Group, Log, Record, Topic, Turn};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

/// How long one question to the group waits; everything else that happens is heard meanwhile.
const TURN_MS: u64 = 1_000;
/// Words of tasks that wait for the member's ear.
const STARTS: usize = 64;
/// `waiting_bytes` are counted in these.
const UNIT: usize = 1_024;

/// One projection of one topic.
#[async_trait]
pub(crate) trait Projection: Send + Sync + 'static {
    /// Its name: the group's, and the label of metrics.
    fn name(&self) -> &'static str;

    /// What it reads.
    fn topic(&self) -> Topic;

    /// Projects a partition from where the store says it stands, until something stops it. It is called again after
    /// everything but [`Halt::Over`] and [`Halt::Fatal`], and finds its state in the store alone.
    async fn project(&self, feed: &mut Feed) -> Result<(), Halt>;
}

/// Runs a projection until it is shut down, or can't go on.
pub(crate) async fn run(
    projection: Arc<dyn Projection>,
    config: Arc<Config>,
    log: Arc<dyn Log>,
    status: Status,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    let name = projection.name();
    let common = Arc::new(Common {
        projection: name,
        topic: projection.topic(),
        config: config.clone(),
        log: log.clone(),
        status: status.clone(),
        stands: Mutex::new(BTreeMap::new()),
    });
    let mut backoff = Backoff::new(&config);
    status.joining(name);
    while !shutdown.is_cancelled() {
        let why = match log.join(projection.topic(), name).await {
            Ok(group) => {
                status.joined(name);
                let member = Member::new(projection.clone(), common.clone(), shutdown.child_token());
                let began = Instant::now();
                let ended = member.run(group).await?;
                if began.elapsed() > Duration::from_millis(config.backoff_most_ms) {
                    backoff.reset();
                }
                ended
            }
            Err(error) => Some(error),
        };
        if let Some(why) = why {
            if !why.retryable() {
                return Err(Error::Log(why));
            }
            tracing::warn!(projection = name, error = %why, "not in its group: joining it again");
            status.joining(name);
            status.away(name, None, why.to_string());
            metrics::retried(name);
            backoff.wait(&shutdown).await;
        }
    }
    Ok(())
}

/// A member of the group, and its tasks.
struct Member {
    projection: Arc<dyn Projection>,
    common: Arc<Common>,
    stopping: CancellationToken,
    tasks: JoinSet<Result<(), Error>>,
    hands: BTreeMap<Partition, Hand>,
    /// Given to each task as it begins.
    tell: mpsc::Sender<Start>,
    told: mpsc::Receiver<Start>,
    /// What may wait: `waiting_bytes`.
    room: Arc<Semaphore>,
    units: u32,
    count: u64,
}

/// A partition that is ours.
struct Hand {
    task: u64,
    over: CancellationToken,
    /// `None` until the task has said where it begins.
    to: Option<mpsc::Sender<Fed>>,
}

/// Records that their task has no room for yet.
struct Pending {
    to: mpsc::Sender<Fed>,
    records: Vec<Record>,
    units: u32,
}

impl Pending {
    /// Waits until the task takes more. May be given up.
    async fn room(&self, room: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
        let waiting = room.clone().acquire_many_owned(self.units);
        let permit = waiting.await.expect("it is never closed");
        self.to.reserve().await.ok()?;
        Some(permit)
    }
}

impl Member {
    fn new(projection: Arc<dyn Projection>, common: Arc<Common>, stopping: CancellationToken) -> Self {
        let (tell, told) = mpsc::channel(STARTS);
        let most = Semaphore::MAX_PERMITS.min(u32::MAX as usize);
        let units = (common.config.waiting_bytes / UNIT).clamp(1, most);
        Self {
            projection,
            common,
            stopping,
            tasks: JoinSet::new(),
            hands: BTreeMap::new(),
            tell,
            told,
            room: Arc::new(Semaphore::new(units)),
            units: u32::try_from(units).unwrap_or(u32::MAX),
            count: 0,
        }
    }

    /// Until it is stopped (`None`), or the group fails.
    async fn run(mut self, mut group: Box<dyn Group>) -> Result<Option<log::Error>, Error> {
        self.tasks
            .spawn(lag::measure(self.common.clone(), self.stopping.clone()));
        let ended = self.take_turns(&mut *group).await;
        self.stopping.cancel();
        let mut ended = ended;
        while let Some(done) = self.tasks.join_next().await {
            let done = self.done(done);
            // The first that went wrong is the one to tell.
            ended = ended.and_then(|why| done.map(|()| why));
        }
        group.leave().await;
        self.common.stands.lock().clear();
        ended
    }

    async fn take_turns(&mut self, group: &mut dyn Group) -> Result<Option<log::Error>, Error> {
        let mut pending: Option<Pending> = None;
        loop {
            let wants = pending.as_ref();
            let room = async {
                match wants {
                    Some(pending) => pending.room(&self.room).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = self.stopping.cancelled() => return Ok(None),
                Some(done) = self.tasks.join_next() => self.done(done)?,
                Some(start) = self.told.recv() => {
                    if let Err(error) = self.start(group, start).await {
                        return Ok(Some(error));
                    }
                }
                permit = room => if let (Some(pending), Some(permit)) = (pending.take(), permit) {
                    // Its task reserved a place a moment ago; where it has begun anew since, nobody wants them.
                    let _ = pending.to.try_send(Ok(Portion { records: pending.records, permit }));
                },
                turn = group.next(self.common.config.batch_records.max(1), TURN_MS), if pending.is_none() => match turn {
                    Ok(turn) => pending = self.turn(turn),
                    Err(error) => {
                        if !self.lost(&error).await {
                            return Ok(Some(error));
                        }
                    }
                },
            }
        }
    }

    fn turn(&mut self, turn: Turn) -> Option<Pending> {
        match turn {
            Turn::Assigned(partitions) => partitions.into_iter().for_each(|partition| self.begin(partition)),
            Turn::Revoked(partitions) => partitions.into_iter().for_each(|partition| self.end(partition)),
            Turn::Records { partition, records } => {
                let to = self.hands.get(&partition)?.to.clone()?;
                let bytes: usize = records.iter().map(size).sum();
                let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX).min(self.units);
                return Some(Pending { to, records, units });
            }
            Turn::Idle => {}
        }
        None
    }

    fn begin(&mut self, partition: Partition) {
        self.end(partition);
        self.count += 1;
        let over = self.stopping.child_token();
        let hand = Hand {
            task: self.count,
            over: over.clone(),
            to: None,
        };
        self.hands.insert(partition, hand);
        let feed = Feed::new(self.common.clone(), partition, self.count, over, self.tell.clone());
        self.tasks.spawn(keep_projecting(self.projection.clone(), feed));
    }

    fn end(&mut self, partition: Partition) {
        if let Some(hand) = self.hands.remove(&partition) {
            hand.over.cancel();
            self.common.stands.lock().remove(&partition);
            self.common.status.back(self.common.projection, Some(partition));
        }
    }

    async fn start(&mut self, group: &mut dyn Group, start: Start) -> Result<(), log::Error> {
        let Some(hand) = self.hands.get_mut(&start.partition) else {
            return Ok(());
        };
        if hand.task == start.task {
            hand.to = Some(start.to);
            group.start_at(start.partition, start.next).await?;
        }
        Ok(())
    }

    /// Tells a task that the log does not hold what it needs; says whether the error was of that kind.
    async fn lost(&mut self, error: &log::Error) -> bool {
        let log::Error::OutOfRange { partition, .. } = error else {
            return false;
        };
        if let Some(to) = self.hands.get_mut(partition).and_then(|hand| hand.to.take()) {
            tokio::select! {
                // A task that has ended needs no telling.
                _ = to.send(Err(error.clone())) => {}
                () = self.stopping.cancelled() => {}
            }
        }
        true
    }

    fn done(&self, done: Result<Result<(), Error>, JoinError>) -> Result<(), Error> {
        done.unwrap_or_else(|broken| {
            Err(Error::Broken {
                projection: self.common.projection,
                why: broken.to_string(),
            })
        })
    }
}

/// A partition's task: begins again whenever what stopped it can pass.
async fn keep_projecting(projection: Arc<dyn Projection>, mut feed: Feed) -> Result<(), Error> {
    let (name, partition) = (projection.name(), feed.partition);
    loop {
        let halt = match projection.project(&mut feed).await {
            Ok(()) | Err(Halt::Over) => return Ok(()),
            Err(halt) => halt,
        };
        feed.stop();
        let goes_on = match halt {
            Halt::Fatal(error) => return if feed.over() { Ok(()) } else { Err(error) },
            Halt::Fenced => {
                metrics::fenced(name, partition);
                let wait = feed.common.config.fenced_wait_ms;
                pause(Duration::from_millis(wait), &feed.over).await
            }
            Halt::Away(why) => {
                tracing::warn!(projection = name, %partition, %why, "a partition waits");
                metrics::retried(name);
                if !feed.over() {
                    feed.common.status.away(name, Some(partition), why);
                }
                feed.backoff.wait(&feed.over).await
            }
            Halt::Over => false,
        };
        if !goes_on {
            return Ok(());
        }
    }
}

/// Runs two projections that stand and fall together.
pub(crate) async fn run_both(
    one: impl Future<Output = Result<(), Error>>,
    other: impl Future<Output = Result<(), Error>>,
    stopping: &CancellationToken,
) -> Result<(), Error> {
    let one = async {
        let ended = one.await;
        stopping.cancel();
        ended
    };
    let other = async {
        let ended = other.await;
        stopping.cancel();
        ended
    };
    let (one, other) = tokio::join!(one, other);
    one.and(other)
}
