//! A member of a consumer group: two consumers on a thread of their own, and a bounded buffer before the async side.
//!
//! One consumer takes part in the group and never fetches; the other reads what the reader has given a start,
//! by plain assignment. So positions are the reader's alone, going back is an assignment like any other, and a
//! reader that waits for its database stays a member.
//! What must hold: nothing of a partition comes after its `Revoked`, nothing before its `start_at`, and nothing
//! of an older start after a newer one.

use super::Shared;
use super::comeback::Comeback;
use super::native::{Consumer, Seen};
use super::stalls::{self, Retired, Stalls};
use crate::domain::{Offset, Partition};
use crate::log::{Error, Group, Record, Topic, Turn, metrics};
use async_trait::async_trait;
use parking_lot::Mutex;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaResult, RDKafkaErrorCode};
use rdkafka::{Offset as KafkaOffset, TopicPartitionList};
use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, oneshot};

/// How long the broker holds a fetch that finds nothing, and so how long a partition that was just given may wait.
const FETCH_WAIT_MS: u32 = 100;
/// How long one look at the records' consumer waits; the group's is looked at as often.
const POLL: Duration = Duration::from_millis(20);
/// Most records taken between two looks at the group.
const BURST: usize = 512;

pub(super) struct Member {
    shared: Arc<Shared>,
    buffer: Arc<Buffer>,
    ended: oneshot::Receiver<()>,
}

/// What the thread and the async side share.
#[derive(Default)]
struct Buffer {
    inner: Mutex<Inner>,
    /// Something came for the reader.
    filled: Notify,
}

#[derive(Default)]
struct Inner {
    /// What the reader must hear before any record.
    turns: VecDeque<Result<Turn, Error>>,
    held: BTreeMap<Partition, Held>,
    /// Records and bytes in all queues.
    records: usize,
    bytes: usize,
    /// A start was given: the thread must assign anew.
    moved: bool,
    /// Who was served last, so that each has its turn.
    last: Option<Partition>,
    leaving: bool,
}

/// A partition that is ours.
#[derive(Default)]
struct Held {
    /// The next offset to take from the log; `None` until the reader has said.
    next: Option<Offset>,
    queue: VecDeque<Record>,
}

#[async_trait]
impl Group for Member {
    async fn next(&mut self, max_records: usize, max_wait_ms: u64) -> Result<Turn, Error> {
        let wait = tokio::time::sleep(Duration::from_millis(max_wait_ms));
        tokio::pin!(wait);
        loop {
            self.shared.alive()?;
            let filled = self.buffer.filled.notified();
            if let Some(turn) = self.buffer.inner.lock().take(max_records.max(1)) {
                return turn;
            }
            tokio::select! {
                () = filled => {}
                _ = &mut self.ended => return Err(Error::Unavailable("the group's thread has ended".into())),
                () = &mut wait => return Ok(Turn::Idle),
            }
        }
    }

    async fn start_at(&mut self, partition: Partition, next: Offset) -> Result<(), Error> {
        let mut inner = self.buffer.inner.lock();
        inner.clear(partition);
        // Not ours any more: its `Revoked` is on its way to the reader.
        if let Some(held) = inner.held.get_mut(&partition) {
            held.next = Some(next);
            inner.moved = true;
        }
        Ok(())
    }

    async fn leave(mut self: Box<Self>) {
        self.buffer.inner.lock().leaving = true;
        let _ = (&mut self.ended).await;
    }
}

impl Member {
    /// Who reads what the worker brings, and what lives as long as that runs.
    pub(super) fn of(worker: &Worker) -> (Self, oneshot::Sender<()>) {
        let (running, ended) = oneshot::channel();
        let member = Self {
            shared: worker.shared.clone(),
            buffer: worker.buffer.clone(),
            ended,
        };
        (member, running)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.buffer.inner.lock().leaving = true;
    }
}

impl Inner {
    fn take(&mut self, max_records: usize) -> Option<Result<Turn, Error>> {
        if let Some(turn) = self.turns.pop_front() {
            return Some(turn);
        }
        let full = |(partition, held): (&Partition, &Held)| (!held.queue.is_empty()).then_some(*partition);
        let after = self.last.and_then(|last| {
            let rest = (std::ops::Bound::Excluded(last), std::ops::Bound::Unbounded);
            self.held.range(rest).find_map(full)
        });
        let partition = after.or_else(|| self.held.iter().find_map(full))?;
        self.last = Some(partition);
        let queue = &mut self.held.get_mut(&partition)?.queue;
        let records: Vec<Record> = queue.drain(..queue.len().min(max_records)).collect();
        self.records -= records.len();
        self.bytes -= records.iter().map(size).sum::<usize>();
        Some(Ok(Turn::Records { partition, records }))
    }

    /// Throws away what waits of a partition.
    fn clear(&mut self, partition: Partition) {
        if let Some(held) = self.held.get_mut(&partition) {
            let thrown: Vec<Record> = held.queue.drain(..).collect();
            self.records -= thrown.len();
            self.bytes -= thrown.iter().map(size).sum::<usize>();
        }
    }

    fn push(&mut self, record: Record) {
        let Some(held) = self.held.get_mut(&record.position.partition) else {
            return;
        };
        if held.next.is_none_or(|next| record.position.offset < next) {
            return;
        }
        held.next = Some(record.position.offset.next());
        self.records += 1;
        self.bytes += size(&record);
        held.queue.push_back(record);
    }
}

fn size(record: &Record) -> usize {
    record.value.as_ref().map_or(0, bytes::Bytes::len)
}

pub(super) fn join(shared: Arc<Shared>, topic: Topic, name: &str) -> Result<Member, Error> {
    let mut worker = Worker::new(shared, topic, name)?;
    let (member, running) = Member::of(&worker);
    std::thread::Builder::new()
        .name("log-group".into())
        .spawn(move || {
            while worker.turn() {}
            drop(worker); // Both consumers: this leaves the group.
            drop(running);
        })
        .map_err(|error| Error::Unavailable(format!("no thread for a group: {error}")))?;
    Ok(member)
}

/// What reads the records of the partitions that it is given.
fn reader(shared: &Shared) -> Result<Consumer, Error> {
    let reader: BaseConsumer = shared
        .config
        .tail(FETCH_WAIT_MS)?
        .create()
        .map_err(super::misconfigured)?;
    Consumer::new(reader).map_err(super::unavailable)
}

pub(super) struct Worker {
    shared: Arc<Shared>,
    topic: Topic,
    /// The topic's full name.
    name: String,
    group: String,
    member: Consumer,
    pub(super) reader: Consumer,
    buffer: Arc<Buffer>,
    /// When it was said last that reading fails, until a record comes: not at every try.
    failing: Cell<Option<Instant>>,
    /// Whether the next records may be of another life of the log: the first, or the first after a failure.
    doubt: Cell<bool>,
    /// Of the one that takes part, and of the one that reads.
    comebacks: [Cell<Comeback>; 2],
    stalls: Stalls,
    retired: Retired,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>, topic: Topic, name: &str) -> Result<Self, Error> {
        let group = format!("{}.{name}", shared.config.prefix);
        let member: BaseConsumer = shared.config.member(&group)?.create().map_err(super::misconfigured)?;
        member
            .subscribe(&[shared.names.of(topic)])
            .map_err(super::unavailable)?;
        Ok(Self {
            name: shared.names.of(topic).to_owned(),
            group: name.to_owned(),
            topic,
            member: Consumer::new(member).map_err(super::unavailable)?,
            reader: reader(&shared)?,
            shared,
            buffer: Arc::default(),
            failing: Cell::new(None),
            doubt: Cell::new(true),
            comebacks: Default::default(),
            stalls: Stalls::default(),
            retired: Retired::default(),
        })
    }

    /// Does what there is to do, or waits a moment for it; whether that goes on.
    pub(super) fn turn(&mut self) -> bool {
        self.look_at_group();
        self.find_brokers();
        let (leaving, moved, full) = {
            let mut inner = self.buffer.inner.lock();
            let full = inner.records >= self.shared.config.group_buffer_records
                || inner.bytes >= self.shared.config.group_buffer_kilobytes * 1024;
            (inner.leaving, std::mem::take(&mut inner.moved), full)
        };
        if leaving {
            return false;
        }
        if self.shared.alive().is_err() {
            // Whoever reads is told at its next turn, and at each that follows.
            self.buffer.filled.notify_one();
            std::thread::sleep(POLL);
            return true;
        }
        if moved {
            self.or_report(self.assign());
        }
        if full {
            // What is not polled waits in the library's own bounded queue.
            std::thread::sleep(POLL);
        } else {
            self.read();
            self.go_on();
        }
        true
    }

    fn find_brokers(&self) {
        for (consumer, kept) in [&self.member, &self.reader].into_iter().zip(&self.comebacks) {
            let mut comeback = kept.get();
            comeback.help(consumer.inner().client(), &self.shared.config.brokers);
            kept.set(comeback);
        }
    }

    /// Begins anew where it stands still.
    fn go_on(&mut self) {
        let inner = self.buffer.inner.lock();
        let stands = inner
            .held
            .iter()
            .filter_map(|(partition, held)| Some(((self.topic, *partition), held.next?)));
        let stalled = self.stalls.look(&self.shared.ends, stands);
        drop(inner);
        if stalled.is_empty() {
            return;
        }
        stalls::told(&self.group, &stalled);
        match reader(&self.shared) {
            Ok(fresh) => {
                self.doubt.set(true);
                self.retired.take(std::mem::replace(&mut self.reader, fresh));
                self.or_report(self.assign());
            }
            Err(error) => tracing::error!(group = self.group, %error, "a member of a group could not be begun anew"),
        }
    }

    fn look_at_group(&self) {
        loop {
            let Some(mut event) = self.member.poll(Duration::ZERO) else {
                return;
            };
            match event.look() {
                Seen::Assigned(partitions) => {
                    self.found(0);
                    let done = self.take_on(&partitions);
                    self.or_report(done);
                    self.tell(partitions, true);
                }
                Seen::Revoked(partitions) => {
                    self.tell(partitions.clone(), false);
                    self.or_report(self.assign());
                    let done = self
                        .list(&partitions)
                        .and_then(|list| self.member.inner().incremental_unassign(&list));
                    self.or_report(done);
                }
                Seen::Failed { code, text, fatal, .. } => self.failed(0, code, &text, fatal),
                Seen::Record { .. } | Seen::End { .. } | Seen::Other => {}
            }
        }
    }

    /// Acknowledges what the group gave us, and keeps the group's consumer from ever fetching it.
    fn take_on(&self, partitions: &[Partition]) -> KafkaResult<()> {
        let list = self.list(partitions)?;
        self.member.inner().incremental_assign(&list)?;
        self.member.inner().pause(&list)
    }

    fn tell(&self, partitions: Vec<Partition>, ours: bool) {
        let mut inner = self.buffer.inner.lock();
        for &partition in &partitions {
            inner.clear(partition);
            if ours {
                inner.held.insert(partition, Held::default());
            } else {
                inner.held.remove(&partition);
            }
        }
        tracing::info!(
            topic = self.name,
            group = self.group,
            ?partitions,
            ours,
            "the group's partitions changed"
        );
        metrics::rebalanced(self.topic, &self.group, inner.held.len());
        let turn = if ours {
            Turn::Assigned(partitions)
        } else {
            Turn::Revoked(partitions)
        };
        inner.turns.push_back(Ok(turn));
        drop(inner);
        self.buffer.filled.notify_one();
    }

    /// Reads every partition that has a start on from where the buffer stands.
    fn assign(&self) -> KafkaResult<()> {
        let mut list = TopicPartitionList::new();
        for (partition, held) in &self.buffer.inner.lock().held {
            if let Some(next) = held.next {
                list.add_partition_offset(&self.name, partition.get().into(), super::start_offset(next))?;
            }
        }
        self.reader.inner().assign(&list)
    }

    fn read(&mut self) {
        let mut burst = Vec::new();
        let mut gone = Vec::new();
        let mut wait = POLL;
        while burst.len() < BURST {
            let Some(mut event) = self.reader.poll(wait) else { break };
            wait = Duration::ZERO;
            match event.look() {
                Seen::Record { record, .. } => burst.push(record.to_record()),
                Seen::Failed {
                    place: Some((_, partition)),
                    code,
                    ..
                } if super::offset_is_gone(code) => {
                    gone.push(partition);
                }
                Seen::Failed { code, text, fatal, .. } => {
                    self.failed(1, code, &text, fatal);
                }
                Seen::Assigned(_) | Seen::Revoked(_) | Seen::End { .. } | Seen::Other => {}
            }
        }
        if burst.is_empty() && gone.is_empty() {
            self.stalls.nothing_came();
            return;
        }
        let leaving = || self.buffer.inner.lock().leaving;
        if self.doubt.get() && !burst.is_empty() {
            self.doubt.set(!self.shared.surely_alive(leaving));
        }
        if self.doubt.get() && !burst.is_empty() || self.shared.alive().is_err() {
            return;
        }
        let mut inner = self.buffer.inner.lock();
        // A start given since the last assignment makes what was read of that partition an older start's.
        let moved = inner.moved;
        if !moved {
            self.failing.set(None);
            self.found(1);
            burst.into_iter().for_each(|record| inner.push(record));
        }
        drop(inner);
        if moved {
            self.buffer.inner.lock().moved = true;
        }
        for partition in gone {
            self.lost(partition);
        }
        self.buffer.filled.notify_one();
    }

    /// The checkpoint is not on this log: whoever reads must be told, and nothing more comes until it says where.
    fn lost(&self, partition: Partition) {
        let next = self.buffer.inner.lock().held.get(&partition).and_then(|held| held.next);
        let Some(next) = next else { return };
        let error = self.shared.out_of_range(&self.name, partition, next);
        tracing::error!(topic = self.name, group = self.group, %error, "the log does not hold what comes next");
        let mut inner = self.buffer.inner.lock();
        if let Some(held) = inner.held.get_mut(&partition).filter(|held| held.next == Some(next)) {
            held.next = None;
            inner.turns.push_back(Err(error));
        }
    }

    fn found(&self, consumer: usize) {
        let mut comeback = self.comebacks[consumer].get();
        comeback.found();
        self.comebacks[consumer].set(comeback);
    }

    fn failed(&self, consumer: usize, code: RDKafkaErrorCode, text: &str, fatal: bool) {
        let mut comeback = self.comebacks[consumer].get();
        comeback.failed(code, Instant::now());
        self.comebacks[consumer].set(comeback);
        self.doubt.set(true);
        metrics::read_failed();
        let told = self.failing.get();
        if told.is_none_or(|told| told.elapsed() >= super::TELL_AGAIN) || fatal {
            self.failing.set(Some(Instant::now()));
            tracing::warn!(
                group = self.group,
                ?code,
                text,
                fatal,
                "a member of a group can't read for now"
            );
        }
    }

    fn or_report(&self, done: KafkaResult<()>) {
        if let Err(error) = done {
            tracing::error!(group = self.group, %error, "a group's assignment failed");
        }
    }

    fn list(&self, partitions: &[Partition]) -> KafkaResult<TopicPartitionList> {
        let mut list = TopicPartitionList::new();
        for partition in partitions {
            list.add_partition_offset(&self.name, partition.get().into(), KafkaOffset::End)?;
        }
        Ok(list)
    }
}
