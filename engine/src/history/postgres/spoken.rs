//! What is said: messages by COPY, what changes of them, their reactions, and whom they mention.

use super::copy::{self, MESSAGE_ROW, Rows};
use crate::domain::Timestamp;
use crate::history::plan::{Mention, Messages};
use sqlx::postgres::PgConnection;
use sqlx::query;
use uuid::Uuid;

/// Writes what a batch makes of messages, of their reactions and of whom they mention.
pub(super) async fn write_messages(connection: &mut PgConnection, messages: &Messages) -> Result<(), sqlx::Error> {
    if !messages.sent.is_empty() {
        let size: usize = messages
            .sent
            .iter()
            .map(|(_, message)| MESSAGE_ROW + message.text.len())
            .sum();
        let mut rows = Rows::with_capacity(size + MESSAGE_ROW);
        for (room_id, message) in &messages.sent {
            rows.message(*room_id, message);
        }
        rows.send(copy::MESSAGES, connection).await?;
    }
    // Mentions are arrays, which UNNEST would flatten: changed messages are few, one statement each.
    for (room_id, message) in &messages.changed {
        let mentions: Vec<Uuid> = message.mentions.iter().map(|user| user.uuid()).collect();
        query!(
            "UPDATE messages SET text = $3, mentions = $4, edited_at = $5, deleted = $6 WHERE room_id = $1 AND seq = $2",
            room_id.uuid(),
            message.seq.get().cast_signed(),
            message.text,
            &mentions,
            message.edited_at.map(Timestamp::as_millis),
            message.deleted,
        )
        .execute(&mut *connection)
        .await?;
    }
    write_reactions(connection, messages).await?;
    write_mentions(connection, messages).await
}

async fn write_reactions(connection: &mut PgConnection, messages: &Messages) -> Result<(), sqlx::Error> {
    if !messages.buried.is_empty() {
        let rooms: Vec<Uuid> = messages.buried.iter().map(|(room, _)| room.uuid()).collect();
        let seqs: Vec<i64> = messages.buried.iter().map(|(_, seq)| seq.get().cast_signed()).collect();
        query!(
            "DELETE FROM reactions r USING UNNEST($1::uuid[], $2::bigint[]) AS gone (room_id, seq)
             WHERE r.room_id = gone.room_id AND r.seq = gone.seq",
            &rooms,
            &seqs,
        )
        .execute(&mut *connection)
        .await?;
    }
    if !messages.unreacted.is_empty() {
        let keys = &messages.unreacted;
        let rooms: Vec<Uuid> = keys.iter().map(|key| key.room_id.uuid()).collect();
        let seqs: Vec<i64> = keys.iter().map(|key| key.seq.get().cast_signed()).collect();
        let emoji: Vec<String> = keys.iter().map(|key| key.emoji.to_string()).collect();
        let users: Vec<Uuid> = keys.iter().map(|key| key.user_id.uuid()).collect();
        query!(
            "DELETE FROM reactions r
             USING UNNEST($1::uuid[], $2::bigint[], $3::text[], $4::uuid[]) AS gone (room_id, seq, emoji, user_id)
             WHERE r.room_id = gone.room_id AND r.seq = gone.seq AND r.emoji = gone.emoji AND r.user_id = gone.user_id",
            &rooms,
            &seqs,
            &emoji,
            &users,
        )
        .execute(&mut *connection)
        .await?;
    }
    if !messages.reacted.is_empty() {
        let keys = || messages.reacted.iter().map(|(key, _)| key);
        let rooms: Vec<Uuid> = keys().map(|key| key.room_id.uuid()).collect();
        let seqs: Vec<i64> = keys().map(|key| key.seq.get().cast_signed()).collect();
        let emoji: Vec<String> = keys().map(|key| key.emoji.to_string()).collect();
        let users: Vec<Uuid> = keys().map(|key| key.user_id.uuid()).collect();
        let emoji_since: Vec<i64> = messages
            .reacted
            .iter()
            .map(|(_, order)| order.emoji_since.get().cast_signed())
            .collect();
        let since: Vec<i64> = messages
            .reacted
            .iter()
            .map(|(_, order)| order.since.get().cast_signed())
            .collect();
        query!(
            "INSERT INTO reactions (room_id, seq, emoji, user_id, emoji_since, since)
             SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::text[], $4::uuid[], $5::bigint[], $6::bigint[])
             ON CONFLICT (room_id, seq, emoji, user_id)
             DO UPDATE SET emoji_since = EXCLUDED.emoji_since, since = EXCLUDED.since",
            &rooms,
            &seqs,
            &emoji,
            &users,
            &emoji_since,
            &since,
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn write_mentions(connection: &mut PgConnection, messages: &Messages) -> Result<(), sqlx::Error> {
    let columns = |rows: &[Mention]| -> (Vec<Uuid>, Vec<Uuid>, Vec<i64>) {
        let users = rows.iter().map(|row| row.user_id.uuid()).collect();
        let rooms = rows.iter().map(|row| row.room_id.uuid()).collect();
        let seqs = rows.iter().map(|row| row.seq.get().cast_signed()).collect();
        (users, rooms, seqs)
    };
    if !messages.unmentioned.is_empty() {
        let (users, rooms, seqs) = columns(&messages.unmentioned);
        query!(
            "DELETE FROM mentions m USING UNNEST($1::uuid[], $2::uuid[], $3::bigint[]) AS gone (user_id, room_id, seq)
             WHERE m.user_id = gone.user_id AND m.room_id = gone.room_id AND m.seq = gone.seq",
            &users,
            &rooms,
            &seqs,
        )
        .execute(&mut *connection)
        .await?;
    }
    if !messages.mentioned.is_empty() {
        let (users, rooms, seqs) = columns(&messages.mentioned);
        query!(
            "INSERT INTO mentions (user_id, room_id, seq) SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::bigint[])",
            &users,
            &rooms,
            &seqs,
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
