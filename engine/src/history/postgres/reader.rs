//! Reading: every answer from one snapshot.

use super::messages::{self, latest_messages, messages_at, reactions};
use super::{Postgres, next_offset, number, snapshots};
use crate::database::Transaction;
use crate::database::postgres::within;
use crate::domain::{Cid, Epoch, Message, Offset, Partition, RECENT, RoomId, Seq, UserId, WINDOW};
use crate::history::rows::{ChangeRow, HeaderRow, JournalRow, MessageRow, ReactionRow, WindowRow, assemble, join};
use crate::history::{Audit, Checkpoint, Error, JournalEntry, Nearest, Page, Reader, Snapshot, StoredRoom, Upto};
use async_trait::async_trait;
use sqlx::postgres::PgConnection;
use sqlx::{Postgres as Pg, query, query_as, query_scalar};
use std::collections::BTreeSet;
use std::time::Duration;
use uuid::Uuid;

/// The rows of whole rooms, as they come.
struct RoomRows {
    headers: Vec<HeaderRow>,
    changes: Vec<ChangeRow>,
    window: Vec<WindowRow>,
    messages: Vec<MessageRow>,
    reactions: Vec<ReactionRow>,
}

impl RoomRows {
    async fn read(connection: &mut PgConnection, rooms: &[Uuid]) -> Result<Self, sqlx::Error> {
        let headers = query_as!(
            HeaderRow,
            "SELECT room_id, kind, name, topic, owner, deleted, head_seq, messages, rules, digest, created_at
             FROM rooms WHERE room_id = ANY($1) ORDER BY room_id",
            rooms,
        )
        .fetch_all(&mut *connection)
        .await?;
        let messages = latest_messages(connection, rooms, RECENT).await?;
        let reactions = reactions(connection, &messages).await?;
        Ok(Self {
            headers,
            changes: changes(connection, rooms).await?,
            window: window(connection, rooms).await?,
            messages,
            reactions,
        })
    }

    fn assemble(self, next: Offset) -> Result<Vec<(RoomId, StoredRoom)>, Error> {
        let recent = join(self.messages, self.reactions)?;
        assemble(self.headers, self.changes, self.window, recent, next)
    }
}

pub(super) async fn changes(connection: &mut PgConnection, rooms: &[Uuid]) -> Result<Vec<ChangeRow>, sqlx::Error> {
    query_as!(
        ChangeRow,
        r#"SELECT room_id AS "room_id!", user_id AS "user_id!", list AS "list!", role, other, time
           FROM (
               SELECT room_id, user_id, 'member' AS list, role, NULL::uuid AS other, joined_at AS time
                   FROM members WHERE room_id = ANY($1)
               UNION ALL SELECT room_id, user_id, 'invitation', NULL, invited_by, NULL
                   FROM invitations WHERE room_id = ANY($1)
               UNION ALL SELECT room_id, user_id, 'ban', NULL, NULL, until FROM bans WHERE room_id = ANY($1)
               UNION ALL SELECT room_id, user_id, 'mute', NULL, NULL, until FROM mutes WHERE room_id = ANY($1)
           ) AS people"#,
        rooms,
    )
    .fetch_all(connection)
    .await
}

/// The last accepted events of each room, newest first.
async fn window(connection: &mut PgConnection, rooms: &[Uuid]) -> Result<Vec<WindowRow>, sqlx::Error> {
    query_as!(
        WindowRow,
        r#"SELECT j.room_id AS "room_id!", j.author_id AS "author_id!", j.cid AS "cid!", j.seq AS "seq!",
                  j.log_offset AS "log_offset!"
           FROM UNNEST($1::uuid[]) AS r (room_id)
           CROSS JOIN LATERAL (
               SELECT room_id, author_id, cid, seq, log_offset FROM journal
               WHERE journal.room_id = r.room_id ORDER BY seq DESC LIMIT $2
           ) AS j
           ORDER BY j.room_id, j.seq DESC"#,
        rooms,
        WINDOW.cast_signed(),
    )
    .fetch_all(connection)
    .await
}

/// A size as PostgreSQL has it.
pub(super) fn bounded(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// The rooms of a partition that come after `after`.
async fn rooms_after(
    connection: &mut PgConnection,
    partition: Partition,
    after: Option<RoomId>,
    limit: usize,
) -> Result<RoomRows, sqlx::Error> {
    let rooms = query_scalar!(
        "SELECT room_id FROM rooms WHERE partition = $1 AND ($2::uuid IS NULL OR room_id > $2)
                 ORDER BY room_id LIMIT $3",
        number(partition),
        after.map(RoomId::uuid),
        bounded(limit),
    )
    .fetch_all(&mut *connection)
    .await?;
    RoomRows::read(connection, &rooms).await
}

/// A partition's rooms in one transaction.
struct Standing {
    transaction: Transaction<Pg>,
    limit: Duration,
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
        let read = rooms_after(&mut self.transaction, self.partition, self.after, limit);
        let rooms = within(self.limit, read).await?.assemble(self.next)?;
        self.after = rooms.last().map(|(id, _)| *id).or(self.after);
        Ok(rooms)
    }
}

#[async_trait]
impl Reader for Postgres {
    async fn room(&self, room: RoomId, partition: Partition) -> Result<Result<StoredRoom, Offset>, Error> {
        let read = async {
            let mut snapshot = self.snapshot().await?;
            let next = next_offset(&mut snapshot, partition).await?;
            let rows = RoomRows::read(&mut snapshot, &[room.uuid()]).await?;
            snapshot.commit().await?;
            Ok((rows, next))
        };
        let (rows, next) = self.within(read).await?;
        Ok(rows.assemble(next)?.pop().map(|(_, room)| room).ok_or(next))
    }

    async fn journal(
        &self,
        room: RoomId,
        partition: Partition,
        after: Seq,
        limit: usize,
    ) -> Result<(Vec<JournalEntry>, Offset), Error> {
        let read = async {
            let mut snapshot = self.snapshot().await?;
            let next = next_offset(&mut snapshot, partition).await?;
            let rows = query_as!(
                JournalRow,
                "SELECT seq, log_offset, appended_at, digest, fingerprint, datum FROM journal
                 WHERE room_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
                room.uuid(),
                after.get().cast_signed(),
                bounded(limit),
            )
            .fetch_all(&mut *snapshot)
            .await?;
            snapshot.commit().await?;
            Ok((rows, next))
        };
        let (rows, next) = self.within(read).await?;
        let entries = rows.into_iter().map(JournalEntry::try_from).collect::<Result<_, _>>()?;
        Ok((entries, next))
    }

    async fn kept(&self, room: RoomId, partition: Partition, upto: Upto) -> Result<Nearest, Error> {
        let read = async {
            let mut snapshot = self.snapshot().await?;
            let nearest = snapshots::nearest(&mut snapshot, room, partition, upto).await?;
            snapshot.commit().await?;
            Ok(nearest)
        };
        self.within(read).await
    }

    async fn find(
        &self,
        room: RoomId,
        partition: Partition,
        author: UserId,
        cid: Cid,
    ) -> Result<(Option<JournalEntry>, Offset), Error> {
        let read = async {
            let mut snapshot = self.snapshot().await?;
            let next = next_offset(&mut snapshot, partition).await?;
            let row = query_as!(
                JournalRow,
                "SELECT seq, log_offset, appended_at, digest, fingerprint, datum FROM journal
                 WHERE room_id = $1 AND author_id = $2 AND cid = $3 ORDER BY seq LIMIT 1",
                room.uuid(),
                author.uuid(),
                cid.uuid(),
            )
            .fetch_optional(&mut *snapshot)
            .await?;
            snapshot.commit().await?;
            Ok((row, next))
        };
        let (row, next) = self.within(read).await?;
        Ok((row.map(JournalEntry::try_from).transpose()?, next))
    }

    async fn message(&self, room: RoomId, seq: Seq) -> Result<Option<Message>, Error> {
        let mut snapshot = self.within(self.snapshot()).await?;
        let mut loaded = messages_at(&mut snapshot, self.limit, &BTreeSet::from([(room, seq)])).await?;
        self.within(snapshot.commit()).await?;
        Ok(loaded.pop().map(|loaded| loaded.message))
    }

    async fn deleted(&self, room: RoomId, partition: Partition, seqs: &[Seq]) -> Result<(Vec<Seq>, Offset), Error> {
        let seqs: Vec<i64> = seqs.iter().map(|seq| seq.get().cast_signed()).collect();
        let read = async {
            let mut snapshot = self.snapshot().await?;
            let next = next_offset(&mut snapshot, partition).await?;
            let deleted = query_scalar!(
                "SELECT seq FROM messages WHERE room_id = $1 AND seq = ANY($2) AND deleted",
                room.uuid(),
                &seqs,
            )
            .fetch_all(&mut *snapshot)
            .await?;
            snapshot.commit().await?;
            Ok((deleted, next))
        };
        let (deleted, next) = self.within(read).await?;
        Ok((
            deleted.into_iter().map(|seq| Seq::new(seq.cast_unsigned())).collect(),
            next,
        ))
    }

    async fn page(&self, room: RoomId, page: Page, limit: usize) -> Result<Vec<Message>, Error> {
        let read = messages::page(&self.pool, room, page, bounded(limit));
        let (messages, reactions) = self.within(read).await?;
        Ok(join(messages, reactions)?
            .into_iter()
            .map(|loaded| loaded.message)
            .collect())
    }

    async fn read_marker(&self, room: RoomId, user: UserId) -> Result<Seq, Error> {
        let seq = self
            .within(
                query_scalar!(
                    "SELECT seq FROM reads WHERE room_id = $1 AND user_id = $2",
                    room.uuid(),
                    user.uuid(),
                )
                .fetch_optional(&self.pool),
            )
            .await?;
        Ok(seq.map_or(Seq::ZERO, |seq| Seq::new(seq.cast_unsigned())))
    }

    async fn read_markers(
        &self,
        room: RoomId,
        from: Seq,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<(UserId, Seq)>, Error> {
        let rows = self
            .within(
                query!(
                    "SELECT user_id, seq FROM reads
                     WHERE room_id = $1 AND seq >= $2 AND ($3::uuid IS NULL OR user_id > $3)
                     ORDER BY user_id LIMIT $4",
                    room.uuid(),
                    from.get().cast_signed(),
                    after.map(UserId::uuid),
                    bounded(limit),
                )
                .fetch_all(&self.pool),
            )
            .await?;
        let markers = rows
            .into_iter()
            .map(|row| (UserId::new(row.user_id), Seq::new(row.seq.cast_unsigned())));
        Ok(markers.collect())
    }

    async fn checkpoints(&self) -> Result<Vec<Checkpoint>, Error> {
        let rows = self
            .within(
                query!(
                    "SELECT epoch, partition, next_offset FROM checkpoints WHERE projection = $1 ORDER BY partition",
                    super::EVENTS,
                )
                .fetch_all(&self.pool),
            )
            .await?;
        let checkpoint = |epoch, partition: i16, next: i64| Checkpoint {
            epoch: Epoch::new(epoch),
            partition: Partition::new(partition.cast_unsigned()),
            next: Offset::new(next.cast_unsigned()),
        };
        Ok(rows
            .into_iter()
            .map(|row| checkpoint(row.epoch, row.partition, row.next_offset))
            .collect())
    }

    async fn rooms(
        &self,
        partition: Partition,
        after: Option<RoomId>,
        limit: usize,
    ) -> Result<(Vec<(RoomId, StoredRoom)>, Offset), Error> {
        let read = async {
            let mut snapshot = self.snapshot().await?;
            let next = next_offset(&mut snapshot, partition).await?;
            let rows = rooms_after(&mut snapshot, partition, after, limit).await?;
            snapshot.commit().await?;
            Ok((rows, next))
        };
        let (rows, next) = self.within(read).await?;
        Ok((rows.assemble(next)?, next))
    }

    async fn snapshot(&self, partition: Partition) -> Result<Box<dyn Snapshot>, Error> {
        let begin = async {
            let mut transaction = self.snapshot().await?;
            let next = next_offset(&mut transaction, partition).await?;
            Ok((transaction, next))
        };
        let (transaction, next) = self.within(begin).await?;
        Ok(Box::new(Standing {
            transaction,
            limit: self.limit,
            partition,
            next,
            after: None,
        }))
    }

    async fn audit(&self, partition: Partition) -> Result<Box<dyn Audit>, Error> {
        self.begin_audit(partition).await
    }

    async fn ping(&self) -> Result<(), Error> {
        self.within(query_scalar!(r#"SELECT 1 AS "one!""#).fetch_one(&self.pool))
            .await?;
        Ok(())
    }
}
