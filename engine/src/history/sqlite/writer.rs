//! Writing: one transaction a batch, the checkpoint first.

use super::{EVENTS, READS, Sqlite, failed, reader, snapshots};
use crate::domain::{Epoch, Message, Offset, Partition, RoomId, Timestamp, UserId};
use crate::history::plan::{Lists, Messages, Place, targets};
use crate::history::rows::{kind_name, role_name};
use crate::history::{Batch, Error, Owner, ReadMark, RoomBatch, Writer};
use async_trait::async_trait;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Row, Sqlite as Db, query, query_scalar};
use std::collections::BTreeMap;

type Query<'q> = sqlx::query::Query<'q, Db, SqliteArguments<'q>>;

async fn run(statement: Query<'_>, connection: &mut SqliteConnection) -> Result<u64, Error> {
    Ok(statement.execute(connection).await.map_err(failed)?.rows_affected())
}

impl Sqlite {
    async fn take(&self, projection: &str, epoch: Epoch, partition: Partition) -> Result<(Owner, Offset), Error> {
        let mut transaction = self.writing().await?;
        let claimed = query(
            "INSERT INTO checkpoints (projection, partition, epoch, owner_epoch, next_offset) VALUES (?, ?, ?, 1, 0)
             ON CONFLICT (projection, partition) DO UPDATE SET owner_epoch = checkpoints.owner_epoch + 1
             WHERE checkpoints.epoch = excluded.epoch
             RETURNING owner_epoch, next_offset",
        )
        .bind(projection)
        .bind(partition.get())
        .bind(epoch.uuid())
        .fetch_optional(&mut *transaction)
        .await
        .map_err(failed)?;
        let stored = query_scalar("SELECT epoch FROM checkpoints WHERE projection = ? AND partition = ?")
            .bind(projection)
            .bind(partition.get())
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        let row = claimed.ok_or(Error::OtherEpoch {
            stored: Epoch::new(stored),
            found: epoch,
        })?;
        let next: i64 = row.try_get("next_offset").map_err(failed)?;
        Ok((
            Owner(row.try_get("owner_epoch").map_err(failed)?),
            Offset::new(next.cast_unsigned()),
        ))
    }
}

/// Moves the checkpoint, or says that it is another's.
async fn step(
    connection: &mut SqliteConnection,
    projection: &str,
    (epoch, partition, owner): (Epoch, Partition, Owner),
    (from, to): (Offset, Offset),
) -> Result<(), Error> {
    let statement = query(
        "UPDATE checkpoints SET next_offset = ?
         WHERE projection = ? AND partition = ? AND epoch = ? AND owner_epoch = ? AND next_offset = ?",
    )
    .bind(to.get().cast_signed())
    .bind(projection)
    .bind(partition.get())
    .bind(epoch.uuid())
    .bind(owner.0)
    .bind(from.get().cast_signed());
    if run(statement, connection).await? == 1 {
        Ok(())
    } else {
        Err(Error::Fenced { partition })
    }
}

impl Sqlite {
    async fn is_owned(&self, projection: &str, partition: Partition, owner: Owner) -> Result<bool, Error> {
        let found: Option<i64> =
            sqlx::query_scalar("SELECT owner_epoch FROM checkpoints WHERE projection = ? AND partition = ?")
                .bind(projection)
                .bind(partition.get())
                .fetch_optional(&self.file.readers)
                .await
                .map_err(failed)?;
        Ok(found == Some(owner.0))
    }
}

#[async_trait]
impl Writer for Sqlite {
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
        let mut transaction = self.writing().await?;
        let whose = (batch.epoch, batch.partition, batch.owner);
        step(&mut transaction, EVENTS, whose, (batch.from, batch.to)).await?;
        let loaded = reader::messages_at(&mut transaction, &targets(batch)).await?;
        let messages = Messages::of(batch, loaded);
        for room in &batch.rooms {
            write_journal(&mut transaction, room).await?;
            write_header(&mut transaction, batch.partition, room).await?;
        }
        write_messages(&mut transaction, &messages).await?;
        write_reactions(&mut transaction, &messages).await?;
        write_mentions(&mut transaction, &messages).await?;
        write_lists(&mut transaction, &Lists::of(&batch.rooms)).await?;
        snapshots::write(&mut transaction, &batch.rooms).await?;
        transaction.commit().await.map_err(failed)
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
        let mut transaction = self.writing().await?;
        step(&mut transaction, READS, (epoch, partition, owner), (from, to)).await?;
        for mark in reads {
            let statement = query(
                "INSERT INTO reads (room_id, user_id, seq) VALUES (?, ?, ?)
                 ON CONFLICT (room_id, user_id) DO UPDATE SET seq = max(reads.seq, excluded.seq)",
            )
            .bind(mark.room_id.uuid())
            .bind(mark.user_id.uuid())
            .bind(mark.seq.get().cast_signed());
            run(statement, &mut transaction).await?;
        }
        transaction.commit().await.map_err(failed)
    }
}

async fn write_journal(connection: &mut SqliteConnection, room: &RoomBatch) -> Result<(), Error> {
    for new in &room.entries {
        let statement = query(
            "INSERT INTO journal (room_id, seq, log_offset, appended_at, digest, fingerprint, datum, author_id, cid)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(room.room_id.uuid())
        .bind(new.entry.seq.get().cast_signed())
        .bind(new.entry.offset.get().cast_signed())
        .bind(new.entry.appended_at.as_millis())
        .bind(&new.entry.digest.as_bytes()[..])
        .bind(&new.entry.fingerprint[..])
        .bind(&new.entry.datum[..])
        .bind(new.event.actor.id.uuid())
        .bind(new.event.cid.uuid());
        run(statement, connection).await?;
    }
    Ok(())
}

async fn write_header(connection: &mut SqliteConnection, partition: Partition, room: &RoomBatch) -> Result<(), Error> {
    let header = &room.header;
    let statement = query(
        "INSERT INTO rooms (room_id, partition, kind, name, topic, owner, deleted, head_seq, messages, rules, digest,
                            created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (room_id) DO UPDATE SET
             kind = excluded.kind, name = excluded.name, topic = excluded.topic, owner = excluded.owner,
             deleted = excluded.deleted, head_seq = excluded.head_seq, messages = excluded.messages,
             rules = excluded.rules, digest = excluded.digest, created_at = excluded.created_at",
    )
    .bind(room.room_id.uuid())
    .bind(partition.get())
    .bind(kind_name(header.kind))
    .bind(header.name.as_str())
    .bind(header.topic.as_str())
    .bind(header.owner.map(UserId::uuid))
    .bind(header.deleted)
    .bind(header.head.get().cast_signed())
    .bind(header.messages.cast_signed())
    .bind(header.rules)
    .bind(&header.digest.as_bytes()[..])
    .bind(header.created_at.as_millis());
    run(statement, connection).await?;
    Ok(())
}

fn mentions(message: &Message) -> Vec<u8> {
    message
        .mentions
        .iter()
        .flat_map(|user| user.uuid().into_bytes())
        .collect()
}

async fn write_messages(connection: &mut SqliteConnection, messages: &Messages) -> Result<(), Error> {
    for (room, message) in &messages.sent {
        let statement = query(
            "INSERT INTO messages (room_id, seq, ordinal, id, author_id, author_name, at, text, edited_at, deleted,
                                   reply_to, mentions)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(room.uuid())
        .bind(message.seq.get().cast_signed())
        .bind(message.ordinal.cast_signed())
        .bind(message.id.uuid())
        .bind(message.from.id.uuid())
        .bind(message.from.name.as_str())
        .bind(message.at.as_millis())
        .bind(&message.text)
        .bind(message.edited_at.map(Timestamp::as_millis))
        .bind(message.deleted)
        .bind(message.reply_to.map(|seq| seq.get().cast_signed()))
        .bind(mentions(message));
        run(statement, connection).await?;
    }
    for (room, message) in &messages.changed {
        let statement = query(
            "UPDATE messages SET text = ?, mentions = ?, edited_at = ?, deleted = ? WHERE room_id = ? AND seq = ?",
        )
        .bind(&message.text)
        .bind(mentions(message))
        .bind(message.edited_at.map(Timestamp::as_millis))
        .bind(message.deleted)
        .bind(room.uuid())
        .bind(message.seq.get().cast_signed());
        run(statement, connection).await?;
    }
    Ok(())
}

async fn write_reactions(connection: &mut SqliteConnection, messages: &Messages) -> Result<(), Error> {
    for (room, seq) in &messages.buried {
        let statement = query("DELETE FROM reactions WHERE room_id = ? AND seq = ?")
            .bind(room.uuid())
            .bind(seq.get().cast_signed());
        run(statement, connection).await?;
    }
    for key in &messages.unreacted {
        let statement = query("DELETE FROM reactions WHERE room_id = ? AND seq = ? AND emoji = ? AND user_id = ?")
            .bind(key.room_id.uuid())
            .bind(key.seq.get().cast_signed())
            .bind(key.emoji.as_str())
            .bind(key.user_id.uuid());
        run(statement, connection).await?;
    }
    for (key, order) in &messages.reacted {
        let statement = query(
            "INSERT INTO reactions (room_id, seq, emoji, user_id, emoji_since, since) VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (room_id, seq, emoji, user_id)
             DO UPDATE SET emoji_since = excluded.emoji_since, since = excluded.since",
        )
        .bind(key.room_id.uuid())
        .bind(key.seq.get().cast_signed())
        .bind(key.emoji.as_str())
        .bind(key.user_id.uuid())
        .bind(order.emoji_since.get().cast_signed())
        .bind(order.since.get().cast_signed());
        run(statement, connection).await?;
    }
    Ok(())
}

async fn write_mentions(connection: &mut SqliteConnection, messages: &Messages) -> Result<(), Error> {
    let delete = "DELETE FROM mentions WHERE user_id = ? AND room_id = ? AND seq = ?";
    let insert = "INSERT INTO mentions (user_id, room_id, seq) VALUES (?, ?, ?)";
    let gone = messages.unmentioned.iter().map(|row| (delete, row));
    let come = messages.mentioned.iter().map(|row| (insert, row));
    for (text, row) in gone.chain(come) {
        let statement = query(text)
            .bind(row.user_id.uuid())
            .bind(row.room_id.uuid())
            .bind(row.seq.get().cast_signed());
        run(statement, connection).await?;
    }
    Ok(())
}

/// One list: a place's row goes, or is put there.
async fn write_list<'q, T: Copy>(
    connection: &mut SqliteConnection,
    list: &BTreeMap<Place, Option<T>>,
    delete: &'q str,
    put: &'q str,
    values: impl Fn(Query<'q>, T) -> Query<'q>,
) -> Result<(), Error> {
    let place = |statement: Query<'q>, (room, user): (RoomId, UserId)| statement.bind(room.uuid()).bind(user.uuid());
    for (&key, value) in list {
        let statement = match value {
            Some(value) => values(place(query(put), key), *value),
            None => place(query(delete), key),
        };
        run(statement, connection).await?;
    }
    Ok(())
}

async fn write_lists(connection: &mut SqliteConnection, lists: &Lists) -> Result<(), Error> {
    write_list(
        connection,
        &lists.members,
        "DELETE FROM members WHERE room_id = ? AND user_id = ?",
        "INSERT OR REPLACE INTO members (room_id, user_id, role, joined_at) VALUES (?, ?, ?, ?)",
        |statement, (role, joined_at)| statement.bind(role_name(role)).bind(joined_at.as_millis()),
    )
    .await?;
    write_list(
        connection,
        &lists.invitations,
        "DELETE FROM invitations WHERE room_id = ? AND user_id = ?",
        "INSERT OR REPLACE INTO invitations (room_id, user_id, invited_by) VALUES (?, ?, ?)",
        |statement, by| statement.bind(by.uuid()),
    )
    .await?;
    write_list(
        connection,
        &lists.bans,
        "DELETE FROM bans WHERE room_id = ? AND user_id = ?",
        "INSERT OR REPLACE INTO bans (room_id, user_id, until) VALUES (?, ?, ?)",
        |statement, until| statement.bind(until.map(Timestamp::as_millis)),
    )
    .await?;
    write_list(
        connection,
        &lists.mutes,
        "DELETE FROM mutes WHERE room_id = ? AND user_id = ?",
        "INSERT OR REPLACE INTO mutes (room_id, user_id, until) VALUES (?, ?, ?)",
        |statement, until| statement.bind(until.map(Timestamp::as_millis)),
    )
    .await
}
