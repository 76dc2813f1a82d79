//! A history with a room of a million messages, filled by COPY straight into its tables: no log has it, and nobody waits
//! until a million messages were sent. What is read is the same.

use anyhow::{Context, Result};
use sqlx::PgPool;
use sqlx::postgres::PgPoolCopyExt;
use std::fmt::Write as _;

/// Messages of the room.
pub(crate) const MESSAGES: u64 = 1_000_000;
/// Rows of one piece of the COPY.
const PIECE: u64 = 10_000;
/// Words of a message.
const WORDS: u64 = 12;
/// When the first message was sent; a second passes from one to the next.
const BEGIN: u64 = 1_700_000_000_000;
const SECOND: u64 = 1_000;

/// Fills the tables for a room that exists, and lets PostgreSQL take stock of them.
pub(crate) async fn fill(pool: &PgPool, room: &str) -> Result<()> {
    sqlx::query(
        "INSERT INTO history.rooms (room_id, head_seq, messages, created_at, rules, partition, deleted, kind, digest, name,
                                    topic)
         VALUES ($1::uuid, $2 + 1, $2, $3, 1, 0, false, 'open', decode(repeat('00', 16), 'hex'), 'filled', '')",
    )
    .bind(room)
    .bind(i64::try_from(MESSAGES)?)
    .bind(i64::try_from(BEGIN)?)
    .execute(pool)
    .await
    .context("the room's row")?;
    let mut sink = pool
        .copy_in_raw(
            "COPY history.messages (room_id, id, author_id, seq, ordinal, at, deleted, author_name, text, mentions)
             FROM STDIN",
        )
        .await?;
    let mut words = Vocabulary(1);
    let mut rows = String::new();
    for ordinal in 1..=MESSAGES {
        let (seq, at) = (ordinal + 1, BEGIN + ordinal * SECOND);
        write!(
            rows,
            "{room}\t{:032x}\t{:032x}\t{seq}\t{ordinal}\t{at}\tf\tsomebody\t",
            ordinal,
            ordinal % 97
        )?;
        words.sentence(&mut rows);
        rows.push_str("\t{}\n");
        if ordinal % PIECE == 0 {
            sink.send(std::mem::take(&mut rows).into_bytes()).await?;
        }
    }
    sink.finish().await?;
    for table in ["messages", "rooms"] {
        sqlx::query(&format!("VACUUM ANALYZE history.{table}"))
            .execute(pool)
            .await?;
    }
    Ok(())
}

/// Words about as often as in what people write: few of them everywhere, most of them seldom. Always the same ones.
struct Vocabulary(u64);

impl Vocabulary {
    /// A number below `bound` (a linear congruential generator: Knuth, MMIX).
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn sentence(&mut self, text: &mut String) {
        for word in 0..WORDS {
            if word > 0 {
                text.push(' ');
            }
            // Each magnitude as often as the next: rank r comes about 1/r times as often as the first.
            let magnitude = 10_u64.pow(u32::try_from(self.below(5)).unwrap_or(0) + 1);
            let rank = self.below(magnitude);
            write!(text, "w{rank}").expect("writing to a string cannot fail");
        }
    }
}

/// A word that stands in every fourth message, one in some thousand of a million, and one in some dozen.
pub(crate) const COMMON: &str = "w3";
pub(crate) const SELDOM: &str = "w700";
pub(crate) const RARE: &str = "w70007";
