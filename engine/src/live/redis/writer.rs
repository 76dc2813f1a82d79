//! What the live projector writes: each call is one script under the partition's watermark.

use super::encoding::{self, Field};
use super::keys::Place;
use super::{RedisLive, failed, is, swapped, unsettled};
use crate::domain::{Epoch, Header, Offset, Partition, RoomId, Seq, WINDOW};
use crate::history::StoredRoom;
use crate::live::presence::Claim;
use crate::live::{Batch, Error, Filling, PresenceClaim, RoomDelta, Writer};
use ::redis::{RedisError, ScriptInvocation};
use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::time::{Duration, Instant};

/// Most fields or entries of one call that puts a room; a larger room comes in parts.
const PART: usize = 2_048;
/// Rooms that a refill has under way at once.
const PUTS_AT_ONCE: usize = 16;
/// Rooms thrown away by one call.
const SWEEP: usize = 256;
/// Presence claims of one pipeline.
const CLAIMS: usize = 256;
/// How long a writer waits for a rebuild that holds it, and how often it asks.
const HELD: Duration = Duration::from_secs(5);
const ASK_AGAIN: Duration = Duration::from_millis(10);

impl RedisLive {
    /// The writer hears that other views are shown, and where they stand.
    async fn told(&self, batch: &Batch) -> Result<Error, Error> {
        let name = self.look(batch.partition).await?;
        self.views.write_on(batch.partition, name);
        Ok(Error::Watermark {
            partition: batch.partition,
            expected: batch.from,
            found: self.watermark(batch.epoch, batch.partition).await?,
        })
    }

    /// Throws some rooms away; how many, or less than none when another refill has begun.
    async fn sweep(&self, place: &Place, generation: &str) -> Result<i64, RedisError> {
        let mut call = self.scripts.sweep.key(&place.shown);
        call.key(place.watermark())
            .key(place.rooms())
            .arg(&place.expected)
            .arg(generation)
            .arg(SWEEP)
            .arg(place.room_prefix());
        call.invoke_async(&mut self.connection.clone()).await
    }

    async fn put_room(&self, filling: &Filling, id: RoomId, room: &StoredRoom) -> Result<(), Error> {
        let (partition, at) = (filling.partition, filling.at);
        let fields = encoding::room_fields(room);
        let surplus = room
            .window
            .len()
            .saturating_sub(usize::try_from(WINDOW).unwrap_or(usize::MAX));
        let mut window = &room.window[surplus..];
        let mut parts = fields.chunks(PART).peekable();
        let place = self.views.writing(&self.keys, partition);
        let mut turn = "first";
        loop {
            let part = parts.next().unwrap_or_default();
            let (hash, list) = place.room(id);
            let mut call = self.scripts.put.prepare_invoke();
            call.key(&place.shown)
                .key(place.watermark())
                .key(place.rooms())
                .key(hash)
                .key(list)
                .arg(&place.expected)
                .arg(filling.epoch.to_string())
                .arg(at.get())
                .arg(generation_text(filling.generation))
                .arg(id.to_string())
                .arg(turn);
            push_fields(&mut call, part);
            call.arg(window.len());
            for entry in window {
                call.arg(encoding::entry(entry));
            }
            let last = parts.peek().is_none();
            if last {
                call.arg(room.header.head.get())
                    .arg(room.header.messages)
                    .arg(encoding::header(&room.header));
            }
            let answer = match call.invoke_async(&mut self.connection.clone()).await {
                Err(error) if swapped(&error) => return Err(filling.over()),
                answer => answer.map_err(failed)?,
            };
            judge(partition, at, answer)?;
            if last {
                return Ok(());
            }
            (turn, window) = ("more", &[]);
        }
    }
}

impl RedisLive {
    async fn write_claims(&self, claims: &[PresenceClaim]) -> Result<(), Error> {
        let mut connection = self.connection.clone();
        let mut clock = self.scripts.clock.prepare_invoke();
        clock.key(self.keys.presence_clock()).arg(self.presence_forget_after_ms);
        for said in claims {
            clock.arg(said.at.as_millis());
        }
        let times: Vec<i64> = clock.invoke_async(&mut connection).await.map_err(failed)?;
        let mut pipe = ::redis::pipe();
        pipe.load_script(&self.scripts.presence).ignore();
        for (said, at) in claims.iter().zip(times) {
            let kept = Claim {
                at,
                count: said.count,
                users: said.users.clone(),
            };
            let value = match said.count {
                0 => Vec::new(),
                _ => encoding::claim(&kept),
            };
            let mut call = self.scripts.presence.prepare_invoke();
            call.key(self.keys.presence(said.room_id))
                .arg(said.edge.to_string())
                .arg(value)
                .arg(at)
                .arg(self.presence_forget_after_ms)
                .arg(self.presence_ttl_s);
            pipe.invoke_script(&call).ignore();
        }
        pipe.query_async(&mut connection).await.map_err(failed)
    }
}

/// A generation as the scripts know it.
fn generation_text(generation: u64) -> String {
    format!("{generation:016x}")
}

type Answer = (String, Option<u64>);

/// What a script that looks at the watermark said.
fn judge(partition: Partition, expected: Offset, (word, next): Answer) -> Result<(), Error> {
    if word == "ok" {
        return Ok(());
    }
    Err(Error::Watermark {
        partition,
        expected,
        found: next.map(Offset::new),
    })
}

fn push_fields(call: &mut ScriptInvocation<'_>, fields: &[Field]) {
    call.arg(fields.len() * 2);
    for (field, value) in fields {
        call.arg(field.as_slice()).arg(value.as_slice());
    }
}

fn push_delta(call: &mut ScriptInvocation<'_>, delta: &RoomDelta) {
    let Header { head, messages, .. } = delta.header;
    let first = delta.window.first().map_or(head.next(), |entry| entry.seq);
    let expected = Seq::new(first.get().saturating_sub(1));
    call.arg(delta.room_id.to_string())
        .arg(expected.get())
        .arg(&expected.get().to_be_bytes()[..])
        .arg(head.get())
        .arg(messages)
        .arg(encoding::header(&delta.header));
    let (set, delete) = encoding::delta_fields(delta);
    push_fields(call, &set);
    call.arg(delete.len());
    for field in &delete {
        call.arg(field.as_slice());
    }
    call.arg(delta.window.len());
    for entry in &delta.window {
        call.arg(encoding::entry(entry));
    }
}

#[async_trait]
impl Writer for RedisLive {
    async fn watermark(&self, epoch: Epoch, partition: Partition) -> Result<Option<Offset>, Error> {
        for _ in 0..super::LOOKS {
            let place = self.views.reading(&self.keys, partition);
            let mut call = self.scripts.mark.key(&place.shown);
            call.key(place.watermark()).arg(&place.expected);
            let mark: Result<(Option<String>, Option<u64>, Option<String>), RedisError> =
                call.invoke_async(&mut self.connection.clone()).await;
            match mark {
                Err(error) if swapped(&error) => drop(self.look(partition).await?),
                mark => {
                    let (found, next, filling) = mark.map_err(failed)?;
                    let filled = found.is_some_and(|found| found == epoch.to_string()) && filling.is_none();
                    return Ok(next.filter(|_| filled).map(Offset::new));
                }
            }
        }
        Err(unsettled())
    }

    async fn reset(&self, epoch: Epoch, partition: Partition, next: Offset) -> Result<Filling, Error> {
        let filling = Filling {
            epoch,
            partition,
            at: next,
            generation: rand::random(),
        };
        let generation = generation_text(filling.generation);
        let mut connection = self.connection.clone();
        let name = self.look(partition).await?;
        self.views.write_on(partition, name);
        let place = self.views.writing(&self.keys, partition);
        let mut call = self.scripts.reset.key(&place.shown);
        call.key(place.watermark())
            .arg(&place.expected)
            .arg(epoch.to_string())
            .arg(next.get())
            .arg(&generation);
        let begun: Result<i64, RedisError> = call.invoke_async(&mut connection).await;
        match begun {
            Err(error) if swapped(&error) => return Err(filling.over()),
            begun => drop(begun.map_err(failed)?),
        }
        loop {
            match self.sweep(&place, &generation).await {
                Ok(0) => return Ok(filling),
                Ok(1..) => {}
                Ok(_) => return Err(filling.over()),
                Err(error) if swapped(&error) => return Err(filling.over()),
                Err(error) => return Err(failed(error)),
            }
        }
    }

    async fn put_rooms(&self, filling: &Filling, rooms: &[(RoomId, StoredRoom)]) -> Result<(), Error> {
        let puts: Vec<_> = rooms
            .iter()
            .map(|(id, room)| self.put_room(filling, *id, room))
            .collect();
        stream::iter(puts).buffer_unordered(PUTS_AT_ONCE).try_collect().await
    }

    async fn refilled(&self, filling: &Filling) -> Result<(), Error> {
        let place = self.views.writing(&self.keys, filling.partition);
        let answer = self
            .scripts
            .refilled
            .key(&place.shown)
            .key(place.watermark())
            .arg(&place.expected)
            .arg(filling.epoch.to_string())
            .arg(filling.at.get())
            .arg(generation_text(filling.generation))
            .invoke_async(&mut self.connection.clone())
            .await;
        match answer {
            Err(error) if swapped(&error) => Err(filling.over()),
            answer => judge(filling.partition, filling.at, answer.map_err(failed)?),
        }
    }

    async fn write(&self, batch: &Batch) -> Result<(), Error> {
        let place = self.views.writing(&self.keys, batch.partition);
        let mut call = self.scripts.write.prepare_invoke();
        call.key(&place.shown)
            .key(&place.held)
            .key(place.watermark())
            .key(place.rooms())
            .arg(&place.expected)
            .arg(batch.epoch.to_string())
            .arg(batch.from.get())
            .arg(batch.to.get());
        for delta in &batch.rooms {
            let (hash, window) = place.room(delta.room_id);
            call.key(hash).key(window);
            push_delta(&mut call, delta);
        }
        let asked = Instant::now();
        loop {
            match call.invoke_async(&mut self.connection.clone()).await {
                Err(error) if swapped(&error) => return Err(self.told(batch).await?),
                Err(error) if is(&error, "HELD") && asked.elapsed() < HELD => tokio::time::sleep(ASK_AGAIN).await,
                answer => return judge(batch.partition, batch.from, answer.map_err(failed)?),
            }
        }
    }

    async fn write_presence(&self, claims: &[PresenceClaim]) -> Result<(), Error> {
        for part in claims.chunks(CLAIMS) {
            self.write_claims(part).await?;
        }
        Ok(())
    }
}
