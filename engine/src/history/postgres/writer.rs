//! Writing: one transaction a batch, the checkpoint first. Its row is the fence and the lock of the partition.

use super::copy::{self, JOURNAL_ROW, Rows};
use super::lists::write_lists;
use super::spoken::write_messages;
use super::{EVENTS, Postgres, READS, messages, number, snapshots};
use crate::domain::{Epoch, Offset, Partition};
use crate::history::plan::{Lists, Messages, targets};
use crate::history::rows::kind_name;
use crate::history::{Batch, Error, Owner, ReadMark, RoomBatch, Writer};
use async_trait::async_trait;
use sqlx::postgres::PgConnection;
use sqlx::{query, query_scalar};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Where a batch begins and ends, and who writes it.
struct Step {
    epoch: Epoch,
    partition: Partition,
    owner: Owner,
    from: Offset,
    to: Offset,
}

impl Postgres {
    async fn take(&self, projection: &str, epoch: Epoch, partition: Partition) -> Result<(Owner, Offset), Error> {
        let claim = async {
            let mut transaction = Transaction::begin(&self.pool, "BEGIN").await?;
            // A claim that a crash forgets could be given twice.
            query!("SET LOCAL synchronous_commit = on")
                .execute(&mut *transaction)
                .await?;
            let claimed = query!(
                "INSERT INTO checkpoints (projection, partition, epoch, owner_epoch, next_offset)
                 VALUES ($1, $2, $3, 1, 0)
                 ON CONFLICT (projection, partition) DO UPDATE SET owner_epoch = checkpoints.owner_epoch + 1
                 WHERE checkpoints.epoch = EXCLUDED.epoch
                 RETURNING owner_epoch, next_offset",
                projection,
                number(partition),
                epoch.uuid(),
            )
            .fetch_optional(&mut *transaction)
            .await?;
            let stored = query_scalar!(
                "SELECT epoch FROM checkpoints WHERE projection = $1 AND partition = $2",
                projection,
                number(partition),
            )
            .fetch_one(&mut *transaction)
            .await?;
            transaction.commit().await?;
            Ok((claimed, stored))
        };
        let (claimed, stored) = self.within(claim).await?;
        let row = claimed.ok_or(Error::OtherEpoch {
            stored: Epoch::new(stored),
            found: epoch,
        })?;
        Ok((Owner(row.owner_epoch), Offset::new(row.next_offset.cast_unsigned())))
    }
}

impl Postgres {
    async fn is_owned(&self, projection: &str, partition: Partition, owner: Owner) -> Result<bool, Error> {
        self.within(
            query_scalar!(
                r#"SELECT EXISTS (
                       SELECT FROM checkpoints WHERE projection = $1 AND partition = $2 AND owner_epoch = $3
                   ) AS "owned!""#,
                projection,
                number(partition),
                owner.0,
            )
            .fetch_one(&self.pool),
        )
        .await
    }
}

/// Moves the checkpoint, if it is this owner's and where the batch begins: says whether it was.
async fn step(connection: &mut PgConnection, projection: &str, step: &Step) -> Result<bool, sqlx::Error> {
    let moved = query!(
        "UPDATE checkpoints SET next_offset = $6
         WHERE projection = $1 AND partition = $2 AND epoch = $3 AND owner_epoch = $4 AND next_offset = $5",
        projection,
        number(step.partition),
        step.epoch.uuid(),
        step.owner.0,
        step.from.get().cast_signed(),
        step.to.get().cast_signed(),
    )
    .execute(connection)
    .await?;
    Ok(moved.rows_affected() == 1)
}

#[async_trait]
impl Writer for Postgres {
    async fn claim(&self, epoch: Epoch, partition: Partition) -> Result<(Owner, Offset), Error> {
        self.take(EVENTS, epoch, partition).await
    }

    async fn claim_reads(&self, epoch: Epoch, partition: Partition) -> Result<(Owner, Offset), Error> {
        self.take(READS, epoch, partition).await
    }

    async fn owns(&self, partition: Partition, owner: Owner) -> Result<bool, Error> {
        self.is_owned(EVENTS, partition, owner).await
    }

    async fn owns_reads(&self, partition: Partition, owner: Owner) -> Result<bool, Error> {
        self.is_owned(READS, partition, owner).await
    }

    async fn write(&self, batch: &Batch) -> Result<(), Error> {
        let lists = Lists::of(&batch.rooms);
        let targets = targets(batch);
        let Some(mut transaction) = self.fenced(EVENTS, &Step::of(batch)).await? else {
            return Err(Error::Fenced {
                partition: batch.partition,
            });
        };
        let loaded = messages::messages_at(&mut transaction, self.limit, &targets).await?;
        let messages = Messages::of(batch, loaded);
        self.within(async {
            write_journal(&mut transaction, &batch.rooms).await?;
            write_messages(&mut transaction, &messages).await?;
            write_headers(&mut transaction, batch.partition, &batch.rooms).await?;
            write_lists(&mut transaction, &lists).await
        })
        .await?;
        snapshots::write(&mut transaction, self.limit, &batch.rooms).await?;
        self.within(transaction.commit()).await
    }

    async fn write_reads(
        &self,
        epoch: Epoch,
        partition: Partition,
        owner: Owner,
        from: Offset,
        to: Offset,
        reads: &[ReadMark],
    ) -> Result<(), Error> {
        let place = Step {
            epoch,
            partition,
            owner,
            from,
            to,
        };
        let mut furthest = BTreeMap::new();
        for mark in reads {
            let seq = furthest.entry((mark.room_id, mark.user_id)).or_insert(mark.seq);
            *seq = mark.seq.max(*seq);
        }
        let Some(mut transaction) = self.fenced(READS, &place).await? else {
            return Err(Error::Fenced { partition });
        };
        let rooms: Vec<Uuid> = furthest.keys().map(|(room, _)| room.uuid()).collect();
        let users: Vec<Uuid> = furthest.keys().map(|(_, user)| user.uuid()).collect();
        let seqs: Vec<i64> = furthest.values().map(|seq| seq.get().cast_signed()).collect();
        self.within(async {
            if !rooms.is_empty() {
                query!(
                    "INSERT INTO reads (room_id, user_id, seq) SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::bigint[])
                     ON CONFLICT (room_id, user_id) DO UPDATE SET seq = EXCLUDED.seq WHERE reads.seq < EXCLUDED.seq",
                    &rooms,
                    &users,
                    &seqs,
                )
                .execute(&mut *transaction)
                .await?;
            }
            transaction.commit().await
        })
        .await
    }
}

impl Step {
    const fn of(batch: &Batch) -> Self {
        Self {
            epoch: batch.epoch,
            partition: batch.partition,
            owner: batch.owner,
            from: batch.from,
            to: batch.to,
        }
    }
}

type Transaction = crate::database::Transaction<sqlx::Postgres>;

impl Postgres {
    /// A transaction that holds the partition's checkpoint; `None` when it is another's or elsewhere.
    async fn fenced(&self, projection: &str, place: &Step) -> Result<Option<Transaction>, Error> {
        self.within(async {
            let mut transaction = Transaction::begin(&self.pool, "BEGIN").await?;
            let ours = step(&mut transaction, projection, place).await?;
            Ok(ours.then_some(transaction))
        })
        .await
    }
}

async fn write_journal(connection: &mut PgConnection, rooms: &[RoomBatch]) -> Result<(), sqlx::Error> {
    let entries = || {
        rooms
            .iter()
            .flat_map(|room| room.entries.iter().map(move |new| (room.room_id, new)))
    };
    let size: usize = entries().map(|(_, new)| JOURNAL_ROW + new.entry.datum.len()).sum();
    if size == 0 {
        return Ok(());
    }
    let mut rows = Rows::with_capacity(size + JOURNAL_ROW);
    for (room_id, new) in entries() {
        rows.journal((room_id, new.event.actor.id), new.event.cid.uuid(), &new.entry);
    }
    rows.send(copy::JOURNAL, connection).await
}

async fn write_headers(
    connection: &mut PgConnection,
    partition: Partition,
    rooms: &[RoomBatch],
) -> Result<(), sqlx::Error> {
    // The last of a room, should it come twice: one statement can't touch a row twice.
    let last: BTreeMap<_, _> = rooms.iter().map(|room| (room.room_id, &room.header)).collect();
    if last.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = last.keys().map(|id| id.uuid()).collect();
    let kinds: Vec<String> = last.values().map(|header| kind_name(header.kind).to_owned()).collect();
    let names: Vec<String> = last.values().map(|header| header.name.to_string()).collect();
    let topics: Vec<String> = last.values().map(|header| header.topic.to_string()).collect();
    let owners: Vec<Option<Uuid>> = last
        .values()
        .map(|header| header.owner.map(|owner| owner.uuid()))
        .collect();
    let deleted: Vec<bool> = last.values().map(|header| header.deleted).collect();
    let heads: Vec<i64> = last.values().map(|header| header.head.get().cast_signed()).collect();
    let messages: Vec<i64> = last.values().map(|header| header.messages.cast_signed()).collect();
    let rules: Vec<i64> = last.values().map(|header| i64::from(header.rules)).collect();
    let digests: Vec<Vec<u8>> = last.values().map(|header| header.digest.as_bytes().to_vec()).collect();
    let created: Vec<i64> = last.values().map(|header| header.created_at.as_millis()).collect();
    query!(
        "INSERT INTO rooms (partition, room_id, kind, name, topic, owner, deleted, head_seq, messages, rules, digest,
                            created_at)
         SELECT $1, * FROM UNNEST($2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::boolean[],
                                  $8::bigint[], $9::bigint[], $10::bigint[], $11::bytea[], $12::bigint[])
         ON CONFLICT (room_id) DO UPDATE SET
             kind = EXCLUDED.kind, name = EXCLUDED.name, topic = EXCLUDED.topic, owner = EXCLUDED.owner,
             deleted = EXCLUDED.deleted, head_seq = EXCLUDED.head_seq, messages = EXCLUDED.messages,
             rules = EXCLUDED.rules, digest = EXCLUDED.digest, created_at = EXCLUDED.created_at",
        number(partition),
        &ids,
        &kinds,
        &names,
        &topics,
        &owners as &[Option<Uuid>],
        &deleted,
        &heads,
        &messages,
        &rules,
        &digests,
        &created,
    )
    .execute(connection)
    .await?;
    Ok(())
}
