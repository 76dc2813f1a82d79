//! Binary COPY (PostgreSQL's documentation, "COPY", Binary Format): the fastest way in for rows that are only added.

use crate::domain::{Message, RoomId};
use crate::history::JournalEntry;
use crate::history::plan::Place;
use sqlx::postgres::PgConnection;
use uuid::Uuid;

pub(super) const JOURNAL: &str = "COPY journal (room_id, author_id, cid, seq, log_offset, appended_at, digest, fingerprint, datum) FROM STDIN (FORMAT binary)";
const JOURNAL_COLUMNS: i16 = 9;
pub(super) const MESSAGES: &str = "COPY messages (room_id, id, author_id, seq, ordinal, at, edited_at, reply_to, deleted, author_name, text, mentions) FROM STDIN (FORMAT binary)";
const MESSAGE_COLUMNS: i16 = 12;

/// What a journal row takes besides its datum, and a message row besides its text: to size a buffer once.
pub(super) const JOURNAL_ROW: usize = 160;
pub(super) const MESSAGE_ROW: usize = 200;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// No flags, no extension.
const HEADER: [u8; 8] = [0; 8];
const TRAILER: i16 = -1;
const NULL: i32 = -1;
/// pg_type.oid of uuid.
const UUID_OID: i32 = 2950;

/// Rows on their way.
pub(super) struct Rows {
    bytes: Vec<u8>,
}

impl Rows {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        let mut buffer = Vec::with_capacity(bytes);
        buffer.extend_from_slice(SIGNATURE);
        buffer.extend_from_slice(&HEADER);
        Self { bytes: buffer }
    }

    pub(super) fn journal(&mut self, (room, author): Place, cid: Uuid, entry: &JournalEntry) {
        self.count(JOURNAL_COLUMNS);
        self.uuid(room.uuid());
        self.uuid(author.uuid());
        self.uuid(cid);
        self.long(entry.seq.get().cast_signed());
        self.long(entry.offset.get().cast_signed());
        self.long(entry.appended_at.as_millis());
        self.field(entry.digest.as_bytes());
        self.field(&entry.fingerprint);
        self.field(&entry.datum);
    }

    pub(super) fn message(&mut self, room: RoomId, message: &Message) {
        self.count(MESSAGE_COLUMNS);
        self.uuid(room.uuid());
        self.uuid(message.id.uuid());
        self.uuid(message.from.id.uuid());
        self.long(message.seq.get().cast_signed());
        self.long(message.ordinal.cast_signed());
        self.long(message.at.as_millis());
        self.optional(message.edited_at.map(|at| at.as_millis()));
        self.optional(message.reply_to.map(|seq| seq.get().cast_signed()));
        self.field(&[u8::from(message.deleted)]);
        self.field(message.from.name.as_str().as_bytes());
        self.field(message.text.as_bytes());
        self.uuids(message.mentions.iter().map(|user| user.uuid()));
    }

    /// Sends the rows; the server has checked and taken all of them, or the transaction has failed.
    pub(super) async fn send(mut self, statement: &str, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        self.count(TRAILER);
        let mut copy = connection.copy_in_raw(statement).await?;
        copy.send(self.bytes).await?;
        copy.finish().await?;
        Ok(())
    }

    fn count(&mut self, columns: i16) {
        self.bytes.extend_from_slice(&columns.to_be_bytes());
    }

    fn length(&mut self, length: usize) {
        let length = i32::try_from(length).expect("a record is far below 2 GiB");
        self.bytes.extend_from_slice(&length.to_be_bytes());
    }

    fn field(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.bytes.extend_from_slice(bytes);
    }

    fn uuid(&mut self, id: Uuid) {
        self.field(id.as_bytes());
    }

    fn long(&mut self, number: i64) {
        self.field(&number.to_be_bytes());
    }

    fn optional(&mut self, number: Option<i64>) {
        match number {
            Some(number) => self.long(number),
            None => self.bytes.extend_from_slice(&NULL.to_be_bytes()),
        }
    }

    /// An array of one dimension (none if empty): dimensions, whether nulls, type, length, lower bound, elements.
    fn uuids(&mut self, ids: impl ExactSizeIterator<Item = Uuid>) {
        const EMPTY: usize = 12;
        const ONE_DIMENSION: usize = 20;
        const ELEMENT: usize = 20;
        let count = ids.len();
        let dimensions = i32::from(count > 0);
        self.length(if count == 0 {
            EMPTY
        } else {
            ONE_DIMENSION + count * ELEMENT
        });
        for number in [dimensions, 0, UUID_OID] {
            self.bytes.extend_from_slice(&number.to_be_bytes());
        }
        if count > 0 {
            self.length(count);
            self.bytes.extend_from_slice(&1_i32.to_be_bytes());
        }
        for id in ids {
            self.uuid(id);
        }
    }
}
