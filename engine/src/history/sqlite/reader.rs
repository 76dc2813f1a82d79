//! Reading: every answer from one snapshot (WAL: a transaction sees what was there at its first read).

use super::rows::{HEADER, JOURNAL, MESSAGE};
use super::{EVENTS, Sqlite, failed, next_offset, snapshots};
use crate::database::Transaction;
use crate::domain::{Cid, Epoch, Message, Offset, Partition, RECENT, RoomId, Seq, UserId, WINDOW};
use crate::history::plan::Loaded;
use crate::history::rows::{
    ChangeRow, HeaderRow, JournalRow, MessageRow, ReactionRow, WindowRow, assemble, corrupt, join,
};
use crate::history::{Audit, Checkpoint, Error, JournalEntry, Nearest, Page, Reader, Snapshot, StoredRoom, Upto};
use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Sqlite as Db, query, query_as, query_scalar};
use std::collections::BTreeSet;
use uuid::Uuid;

/// The lists of people of one room.
pub(super) const PEOPLE: &str =
    "SELECT room_id, user_id, 'member' AS list, role, NULL AS other, joined_at AS time FROM members WHERE room_id = ?1
     UNION ALL SELECT room_id, user_id, 'invitation', NULL, invited_by, NULL FROM invitations WHERE room_id = ?1
     UNION ALL SELECT room_id, user_id, 'ban', NULL, NULL, until FROM bans WHERE room_id = ?1
     UNION ALL SELECT room_id, user_id, 'mute', NULL, NULL, until FROM mutes WHERE room_id = ?1";

async fn room_whole(
    connection: &mut SqliteConnection,
    room: RoomId,
    next: Offset,
) -> Result<Option<(RoomId, StoredRoom)>, Error> {
    let headers: Vec<HeaderRow> = query_as(&format!("SELECT {HEADER} FROM rooms WHERE room_id = ?"))
        .bind(room.uuid())
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?;
    if headers.is_empty() {
        return Ok(None);
    }
    let changes: Vec<ChangeRow> = query_as(PEOPLE)
        .bind(room.uuid())
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?;
    let window: Vec<WindowRow> = query_as(
        "SELECT room_id, author_id, cid, seq, log_offset FROM journal WHERE room_id = ? ORDER BY seq DESC LIMIT ?",
    )
    .bind(room.uuid())
    .bind(WINDOW.cast_signed())
    .fetch_all(&mut *connection)
    .await
    .map_err(failed)?;
    let mut recent = page_of(connection, room, Page::Latest, RECENT).await?;
    recent.reverse();
    Ok(assemble(headers, changes, window, recent, next)?.pop())
}

/// The messages at these places, as they stand: those that there are.
pub(super) async fn messages_at(
    connection: &mut SqliteConnection,
    places: &BTreeSet<(RoomId, Seq)>,
) -> Result<Vec<Loaded>, Error> {
    let mut messages = Vec::with_capacity(places.len());
    for (room, seq) in places {
        let row: Option<MessageRow> =
            query_as(&format!("SELECT {MESSAGE} FROM messages WHERE room_id = ? AND seq = ?"))
                .bind(room.uuid())
                .bind(seq.get().cast_signed())
                .fetch_optional(&mut *connection)
                .await
                .map_err(failed)?;
        messages.extend(row);
    }
    with_reactions(connection, messages).await
}

async fn with_reactions(connection: &mut SqliteConnection, messages: Vec<MessageRow>) -> Result<Vec<Loaded>, Error> {
    let reactions = reactions(connection, &messages).await?;
    join(messages, reactions)
}

/// What was reacted with to these messages, in the order of emoji and people.
pub(super) async fn reactions(
    connection: &mut SqliteConnection,
    messages: &[MessageRow],
) -> Result<Vec<ReactionRow>, Error> {
    let mut reactions: Vec<ReactionRow> = Vec::new();
    for message in messages {
        let rows: Vec<ReactionRow> = query_as(
            "SELECT room_id, seq, emoji, user_id, emoji_since FROM reactions WHERE room_id = ? AND seq = ?
             ORDER BY emoji_since, since",
        )
        .bind(message.room_id)
        .bind(message.seq)
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?;
        reactions.extend(rows);
    }
    Ok(reactions)
}

/// A page, in order of seq.
pub(super) async fn page_of(
    connection: &mut SqliteConnection,
    room: RoomId,
    page: Page,
    limit: usize,
) -> Result<Vec<Loaded>, Error> {
    let (seq, comparison, order) = match page {
        Page::Latest => (i64::MAX, "<", "DESC"),
        Page::Before(seq) => (seq.get().cast_signed(), "<", "DESC"),
        Page::After(seq) => (seq.get().cast_signed(), ">", "ASC"),
    };
    let text =
        format!("SELECT {MESSAGE} FROM messages WHERE room_id = ? AND seq {comparison} ? ORDER BY seq {order} LIMIT ?");
    let mut rows: Vec<MessageRow> = query_as(&text)
        .bind(room.uuid())
        .bind(seq)
        .bind(bounded(limit))
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?;
    if !matches!(page, Page::After(_)) {
        rows.reverse();
    }
    with_reactions(connection, rows).await
}

/// A size as SQLite has it.
pub(super) fn bounded(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// The rooms of a partition that come after `after`, standing at `next`.
async fn rooms_after(
    connection: &mut SqliteConnection,
    partition: Partition,
    after: Option<RoomId>,
    limit: usize,
    next: Offset,
) -> Result<Vec<(RoomId, StoredRoom)>, Error> {
    let ids: Vec<Uuid> =
        query_scalar("SELECT room_id FROM rooms WHERE partition = ? AND room_id > ? ORDER BY room_id LIMIT ?")
            .bind(partition.get())
            .bind(start(after))
            .bind(bounded(limit))
            .fetch_all(&mut *connection)
            .await
            .map_err(failed)?;
    let mut rooms = Vec::with_capacity(ids.len());
    for id in ids {
        rooms.extend(room_whole(connection, RoomId::new(id), next).await?);
    }
    Ok(rooms)
}

/// A partition's rooms in one transaction.
struct Standing {
    transaction: Transaction<Db>,
    partition: Partition,
    next: Offset,
    after: Option<RoomId>,
}

#[async_trait]
impl Snapshot for Standing {
    fn next(&self) -> Offset {
        self.next
    }

    async fn rooms(&mut self, limit: usize) -> Result<Vec<(RoomId, StoredRoom)>, Error> {
        let rooms = rooms_after(&mut self.transaction, self.partition, self.after, limit, self.next).await?;
        self.after = rooms.last().map(|(id, _)| *id).or(self.after);
        Ok(rooms)
    }
}

#[async_trait]
impl Reader for Sqlite {
    async fn room(&self, room: RoomId, partition: Partition) -> Result<Result<StoredRoom, Offset>, Error> {
        let mut snapshot = self.snapshot().await?;
        let next = next_offset(&mut snapshot, partition).await?;
        let whole = room_whole(&mut snapshot, room, next).await?;
        snapshot.commit().await.map_err(failed)?;
        Ok(whole.map(|(_, room)| room).ok_or(next))
    }

    async fn journal(
        &self,
        room: RoomId,
        partition: Partition,
        after: Seq,
        limit: usize,
    ) -> Result<(Vec<JournalEntry>, Offset), Error> {
        let mut snapshot = self.snapshot().await?;
        let next = next_offset(&mut snapshot, partition).await?;
        let text = format!("SELECT {JOURNAL} FROM journal WHERE room_id = ? AND seq > ? ORDER BY seq LIMIT ?");
        let rows: Vec<JournalRow> = query_as(&text)
            .bind(room.uuid())
            .bind(after.get().cast_signed())
            .bind(bounded(limit))
            .fetch_all(&mut *snapshot)
            .await
            .map_err(failed)?;
        snapshot.commit().await.map_err(failed)?;
        let entries = rows.into_iter().map(JournalEntry::try_from).collect::<Result<_, _>>()?;
        Ok((entries, next))
    }

    async fn kept(&self, room: RoomId, partition: Partition, upto: Upto) -> Result<Nearest, Error> {
        let mut snapshot = self.snapshot().await?;
        let nearest = snapshots::nearest(&mut snapshot, room, partition, upto).await?;
        snapshot.commit().await.map_err(failed)?;
        Ok(nearest)
    }

    async fn find(
        &self,
        room: RoomId,
        partition: Partition,
        author: UserId,
        cid: Cid,
    ) -> Result<(Option<JournalEntry>, Offset), Error> {
        let mut snapshot = self.snapshot().await?;
        let next = next_offset(&mut snapshot, partition).await?;
        let text = format!(
            "SELECT {JOURNAL} FROM journal WHERE room_id = ? AND author_id = ? AND cid = ? ORDER BY seq LIMIT 1"
        );
        let row: Option<JournalRow> = query_as(&text)
            .bind(room.uuid())
            .bind(author.uuid())
            .bind(cid.uuid())
            .fetch_optional(&mut *snapshot)
            .await
            .map_err(failed)?;
        snapshot.commit().await.map_err(failed)?;
        Ok((row.map(JournalEntry::try_from).transpose()?, next))
    }

    async fn message(&self, room: RoomId, seq: Seq) -> Result<Option<Message>, Error> {
        let mut snapshot = self.snapshot().await?;
        let mut loaded = messages_at(&mut snapshot, &BTreeSet::from([(room, seq)])).await?;
        snapshot.commit().await.map_err(failed)?;
        Ok(loaded.pop().map(|loaded| loaded.message))
    }

    async fn deleted(&self, room: RoomId, partition: Partition, seqs: &[Seq]) -> Result<(Vec<Seq>, Offset), Error> {
        let mut snapshot = self.snapshot().await?;
        let next = next_offset(&mut snapshot, partition).await?;
        let mut deleted = Vec::new();
        for seq in seqs {
            let found: Option<bool> = query_scalar("SELECT deleted FROM messages WHERE room_id = ? AND seq = ?")
                .bind(room.uuid())
                .bind(seq.get().cast_signed())
                .fetch_optional(&mut *snapshot)
                .await
                .map_err(failed)?;
            if found == Some(true) {
                deleted.push(*seq);
            }
        }
        snapshot.commit().await.map_err(failed)?;
        Ok((deleted, next))
    }

    async fn page(&self, room: RoomId, page: Page, limit: usize) -> Result<Vec<Message>, Error> {
        let mut snapshot = self.snapshot().await?;
        let loaded = page_of(&mut snapshot, room, page, limit).await?;
        snapshot.commit().await.map_err(failed)?;
        Ok(loaded.into_iter().map(|loaded| loaded.message).collect())
    }

    async fn read_marker(&self, room: RoomId, user: UserId) -> Result<Seq, Error> {
        let seq: Option<i64> = query_scalar("SELECT seq FROM reads WHERE room_id = ? AND user_id = ?")
            .bind(room.uuid())
            .bind(user.uuid())
            .fetch_optional(&self.file.readers)
            .await
            .map_err(failed)?;
        Ok(seq.map_or(Seq::ZERO, |seq| Seq::new(seq.cast_unsigned())))
    }

    async fn read_markers(
        &self,
        room: RoomId,
        from: Seq,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<(UserId, Seq)>, Error> {
        let rows: Vec<(Uuid, i64)> = query_as(
            "SELECT user_id, seq FROM reads WHERE room_id = ?1 AND seq >= ?2 AND (?3 IS NULL OR user_id > ?3)
             ORDER BY user_id LIMIT ?4",
        )
        .bind(room.uuid())
        .bind(from.get().cast_signed())
        .bind(after.map(UserId::uuid))
        .bind(bounded(limit))
        .fetch_all(&self.file.readers)
        .await
        .map_err(failed)?;
        let markers = rows
            .into_iter()
            .map(|(user, seq)| (UserId::new(user), Seq::new(seq.cast_unsigned())));
        Ok(markers.collect())
    }

    async fn checkpoints(&self) -> Result<Vec<Checkpoint>, Error> {
        let rows: Vec<(Uuid, i64, i64)> =
            query_as("SELECT epoch, partition, next_offset FROM checkpoints WHERE projection = ? ORDER BY partition")
                .bind(EVENTS)
                .fetch_all(&self.file.readers)
                .await
                .map_err(failed)?;
        let checkpoint = |(epoch, partition, next): (Uuid, i64, i64)| {
            Ok(Checkpoint {
                epoch: Epoch::new(epoch),
                partition: Partition::new(u16::try_from(partition).map_err(|_| corrupt("checkpoint", partition))?),
                next: Offset::new(next.cast_unsigned()),
            })
        };
        rows.into_iter().map(checkpoint).collect()
    }

    async fn rooms(
        &self,
        partition: Partition,
        after: Option<RoomId>,
        limit: usize,
    ) -> Result<(Vec<(RoomId, StoredRoom)>, Offset), Error> {
        let mut snapshot = self.snapshot().await?;
        let next = next_offset(&mut snapshot, partition).await?;
        let rooms = rooms_after(&mut snapshot, partition, after, limit, next).await?;
        snapshot.commit().await.map_err(failed)?;
        Ok((rooms, next))
    }

    async fn snapshot(&self, partition: Partition) -> Result<Box<dyn Snapshot>, Error> {
        let mut transaction = self.snapshot().await?;
        let next = next_offset(&mut transaction, partition).await?;
        Ok(Box::new(Standing {
            transaction,
            partition,
            next,
            after: None,
        }))
    }

    async fn audit(&self, partition: Partition) -> Result<Box<dyn Audit>, Error> {
        self.begin_audit(partition).await
    }

    async fn ping(&self) -> Result<(), Error> {
        query("SELECT 1").execute(&self.file.readers).await.map_err(failed)?;
        Ok(())
    }
}

/// A blob that every id after `after` is greater than: the empty one is smaller than any.
pub(super) fn start(after: Option<RoomId>) -> Vec<u8> {
    after.map_or_else(Vec::new, |room| room.uuid().into_bytes().to_vec())
}
