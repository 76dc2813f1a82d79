//! What every adapter of the live views must do, run over both: Redis and memory.

mod folder;
mod presence;
mod rooms;

use engine::domain::{Epoch, Offset, Partition};
use engine::live::{MemoryLive, Reader, RedisConfig, RedisLive, Writer};
use presence::presence_merges_edges_and_forgets_what_is_not_repeated;
use rooms::{
    a_batch_counts_under_its_watermark_alone, a_flush_is_found_out, a_refill_ends_where_another_begins,
    a_refill_makes_the_folded_rooms, a_room_of_many_people_is_put_whole,
    a_room_of_unknown_rules_is_kept_standing_still, batches_make_the_folded_rooms,
};
use std::sync::Arc;
use uuid::Uuid;

const P: Partition = Partition::new(3);

const FORGET_AFTER_MS: i64 = 1_000;

struct Store {
    reader: Arc<dyn Reader>,
    writer: Arc<dyn Writer>,
    epoch: Epoch,
    flush: Flush,
}

enum Flush {
    Memory(Arc<MemoryLive>),
    Redis(Box<redis::Client>, String),
}

impl Store {
    fn memory() -> Self {
        let live = Arc::new(MemoryLive::new(FORGET_AFTER_MS));
        Self {
            reader: live.clone(),
            writer: live.clone(),
            epoch: Epoch::new(Uuid::new_v4()),
            flush: Flush::Memory(live),
        }
    }

    fn redis() -> Self {
        let url = std::env::var("ROOMLOG_TEST_REDIS").expect("run `make test`, or scripts/services up");
        let epoch = Epoch::new(Uuid::new_v4());
        let config = RedisConfig {
            url: url.clone(),
            prefix: format!("test-{}:", Uuid::new_v4()),
            presence_forget_after_ms: FORGET_AFTER_MS,
            ..RedisConfig::default()
        };
        let live = Arc::new(RedisLive::new(&config, epoch).unwrap());
        Self {
            reader: live.clone(),
            writer: live,
            epoch,
            flush: Flush::Redis(Box::new(redis::Client::open(url).unwrap()), config.prefix),
        }
    }

    /// Everything is gone, as after FLUSHALL (of this test's keys alone).
    async fn flush(&self) {
        match &self.flush {
            Flush::Memory(live) => live.flush(),
            Flush::Redis(client, prefix) => {
                let mut connection = client.get_multiplexed_async_connection().await.unwrap();
                let keys: Vec<String> = redis::cmd("KEYS")
                    .arg(format!("{prefix}*"))
                    .query_async(&mut connection)
                    .await
                    .unwrap();
                let _: u64 = redis::cmd("DEL").arg(keys).query_async(&mut connection).await.unwrap();
            }
        }
    }

    /// One key of the partition is gone; of Redis alone.
    async fn evict(&self, key: &str) {
        let Flush::Redis(client, prefix) = &self.flush else {
            unreachable!("it is Redis")
        };
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let key = format!("{prefix}{{p:{P}}}{key}");
        let gone: u64 = redis::cmd("DEL").arg(key).query_async(&mut connection).await.unwrap();
        assert_eq!(gone, 1);
    }

    /// An empty partition, refilled from nothing at offset 0.
    async fn begin(&self) {
        let filling = self.writer.reset(self.epoch, P, Offset::ZERO).await.unwrap();
        self.writer.refilled(&filling).await.unwrap();
    }

    async fn watermark(&self) -> Option<Offset> {
        self.writer.watermark(self.epoch, P).await.unwrap()
    }
}

macro_rules! over_both {
    ($($case:ident),+ $(,)?) => {
        mod memory {
            $(#[tokio::test] async fn $case() { super::$case(super::Store::memory()).await; })+
        }
        mod redis_server {
            $(#[tokio::test] async fn $case() { super::$case(super::Store::redis()).await; })+
        }
    };
}

over_both!(
    batches_make_the_folded_rooms,
    a_refill_makes_the_folded_rooms,
    a_refill_ends_where_another_begins,
    a_room_of_many_people_is_put_whole,
    a_batch_counts_under_its_watermark_alone,
    a_flush_is_found_out,
    a_room_of_unknown_rules_is_kept_standing_still,
    presence_merges_edges_and_forgets_what_is_not_repeated,
);

/// Nobody listens there: an answer comes at once, and it says that later it may work.
#[tokio::test]
async fn a_redis_that_is_away_is_unavailable() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let config = RedisConfig {
        url: format!("redis://127.0.0.1:{port}"),
        ..RedisConfig::default()
    };
    let live = RedisLive::new(&config, Epoch::new(Uuid::new_v4())).unwrap();
    for _ in 0..2 {
        let error = live.ping().await.unwrap_err();
        assert!(error.retryable(), "{error}");
    }
}
