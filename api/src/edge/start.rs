//! The beginning and the end of an edge.

use super::core::Core;
use super::replay::Replays;
use super::tail::Tail;
use super::{Config, Edge, Parts, StartError, closed, commands, delivery, presence, reads, rooms};
use crate::command::{Ask, Caller, Write};
use engine::domain::{Cid, Kind, Offset, Partition, PersonName, RoomId, RoomName, RoomTopic, Seq, Timestamp, UserId};
use engine::log::{Error, Log, Topic};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long a start waits for `general`; then it comes in its own time.
const PATIENCE: Duration = Duration::from_secs(3);
/// When to try again to create it.
const RETRY: Duration = Duration::from_secs(1);

pub(super) async fn start(config: Config, parts: Parts, draining: CancellationToken) -> Result<Arc<Edge>, StartError> {
    let events = ends(&*parts.log, Topic::Events).await?;
    let reads = ends(&*parts.log, Topic::Reads).await?;
    let signals = signals_since(&config, &parts).await?;
    let replays = Replays::new(&config, &parts)?;
    let core = Arc::new(Core::new(config, parts, replays, &events, draining));
    core.read_erasures().await;
    closed::read(&core).await;
    for lane in 0..core.deliveries.lanes() {
        core.tasks.spawn(delivery::serve(core.clone(), lane));
    }
    // Events have a tail of their own: whoever fetches names every partition it reads, each time, and of events there
    // are many.
    let tails = [
        tail(&core, &[(Topic::Events, &events)])?,
        tail(&core, &[(Topic::Reads, &reads), (Topic::Signals, &signals)])?,
    ];
    core.tasks.spawn(core.clone().sweep());
    core.tasks.spawn(core.clone().watch_erasures());
    core.tasks.spawn(presence::tell(core.clone()));
    core.tasks.spawn(presence::repeat(core.clone()));
    core.tasks.spawn(presence::push(core.clone()));
    core.tasks.spawn(reads::append_due(core.clone()));
    let general = core.tasks.spawn(see_to_general(core.clone()));
    // It goes on by itself when it takes longer.
    let _ = tokio::time::timeout(PATIENCE, general).await;
    Ok(Arc::new(Edge {
        core,
        tails: Mutex::new(tails.into()),
        sessions: AtomicU64::new(1),
    }))
}

pub(super) async fn stop(edge: &Edge) {
    let core = &edge.core;
    core.draining.cancel();
    // Told while the log is still there; what can't be told is forgotten by the others in time.
    let _ = tokio::time::timeout(PATIENCE, presence::tell_now(core)).await;
    core.stopping.cancel();
    core.tasks.close();
    core.tasks.wait().await;
    let tails = std::mem::take(&mut *edge.tails.lock());
    for tail in tails {
        tail.stop().await;
    }
}

fn tail(core: &Arc<Core>, topics: &[(Topic, &Vec<Offset>)]) -> Result<Box<dyn engine::log::Tail>, Error> {
    let starts = topics.iter().flat_map(|&(topic, offsets)| {
        let partitions = (0..).map(Partition::new);
        partitions
            .zip(offsets)
            .map(move |(partition, offset)| (topic, partition, *offset))
    });
    core.parts.log.tail(starts.collect(), Box::new(Tail::new(core.clone())))
}

async fn ends(log: &dyn Log, topic: Topic) -> Result<Vec<Offset>, Error> {
    let mut extents = log.extents(topic).await?;
    extents.sort_unstable_by_key(|extent| extent.partition);
    Ok(extents.into_iter().map(|extent| extent.high).collect())
}

/// Presence that is still good was told within the time after which it is forgotten.
async fn signals_since(config: &Config, parts: &Parts) -> Result<Vec<Offset>, Error> {
    let expiry = i64::try_from(config.presence_expiry_ms).unwrap_or(i64::MAX);
    let since = Timestamp::from_millis(parts.clock.now().as_millis().saturating_sub(expiry));
    let mut starts = ends(&*parts.log, Topic::Signals).await?;
    for (partition, start) in (0..).map(Partition::new).zip(&mut starts) {
        if let Some(offset) = parts.log.offset_at(Topic::Signals, partition, since).await? {
            *start = offset.min(*start);
        }
    }
    Ok(starts)
}

/// Creates `general`, unless it is there.
async fn see_to_general(core: Arc<Core>) {
    let somebody = Caller {
        user_id: UserId::new(Uuid::nil()),
        name: PersonName::new("Roomlog").expect("a name within bounds"),
    };
    let create = Write {
        room_id: RoomId::general(),
        cid: Cid::from_key("general"),
        since: Some(Seq::ZERO),
        ask: Ask::Create {
            kind: Kind::Open,
            name: RoomName::new("general").expect("a name within bounds"),
            topic: RoomTopic::new("").expect("a topic may be empty"),
            peer: None,
        },
        trace: None,
    };
    loop {
        let exists = match rooms::hold(&core, create.room_id).await {
            Ok(hold) => hold.open().room.exists(),
            Err(_) => false,
        };
        if exists || commands::write(&core, &somebody, &create).await.is_ok() {
            return;
        }
        if !core.pause(RETRY).await || core.draining.is_cancelled() {
            return;
        }
    }
}
