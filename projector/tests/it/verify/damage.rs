//! Rows of history that are not as they should be: each is named, by table, row and column.

use super::{checked, settled};
use crate::place::{Kept, Place, over_both};
use crate::speech::user;
use engine::domain::{RoomId, UserId};
use projector::verify::Store;
use uuid::Uuid;

over_both!(
    every_damaged_row_is_named,
    a_flood_of_differences_is_counted_and_not_told
);

/// An id as the store's SQL has it.
pub(crate) fn literal(place: &Place, id: impl Into<Id>) -> String {
    let uuid = id.into().0;
    match &place.history.kept {
        Kept::Postgres(..) => format!("'{uuid}'"),
        Kept::Sqlite(..) => format!("unhex('{}')", uuid.simple()),
    }
}

pub(crate) struct Id(Uuid);

impl From<RoomId> for Id {
    fn from(room: RoomId) -> Self {
        Self(room.uuid())
    }
}

impl From<UserId> for Id {
    fn from(user: UserId) -> Self {
        Self(user.uuid())
    }
}

/// What is broken and mended, and how it is told.
struct Damage {
    breaks: String,
    mends: String,
    told: Vec<(&'static str, String, &'static str)>,
}

/// Puts rows aside and takes them away.
fn taken_away(table: &str, rows: &str) -> (String, String) {
    (
        format!("CREATE TABLE aside AS SELECT * FROM {table} WHERE {rows}; DELETE FROM {table} WHERE {rows}"),
        format!("INSERT INTO {table} SELECT * FROM aside; DROP TABLE aside"),
    )
}

fn damage(breaks: String, mends: String, told: &[(&'static str, &str, &'static str)]) -> Damage {
    let told = told
        .iter()
        .map(|(table, row, column)| (*table, (*row).to_owned(), *column));
    Damage {
        breaks,
        mends,
        told: told.collect(),
    }
}

/// The log of `everything`: messages at 2, 3 and 4, journal from 1; ann reacted to 2.
fn damages(place: &Place, room: RoomId) -> Vec<Damage> {
    let (ann, ben, eve) = (user(0), user(1), user(2));
    let r = literal(place, room);
    let hex = |bytes: &str| match &place.history.kept {
        Kept::Postgres(..) => format!("'\\x{bytes}'::bytea"),
        Kept::Sqlite(..) => format!("x'{bytes}'"),
    };
    let set = |table: &str, row: &str, change: &str, back: &str, told: (&'static str, &str, &'static str)| {
        damage(
            format!("UPDATE {table} SET {change} WHERE room_id = {r} AND {row}"),
            format!("UPDATE {table} SET {back} WHERE room_id = {r} AND {row}"),
            &[told],
        )
    };
    let (e, a) = (literal(place, eve), literal(place, ann));
    let gone = taken_away("journal", &format!("room_id = {r} AND seq = 3"));
    let user_row = |who: UserId| format!("user {who}");
    vec![
        set("journal", "seq = 5", "log_offset = log_offset + 7", "log_offset = log_offset - 7", ("journal", "seq 5", "log_offset")),
        set("journal", "seq = 5", "appended_at = appended_at + 1", "appended_at = appended_at - 1", ("journal", "seq 5", "appended_at")),
        set("journal", "seq = 1", &format!("author_id = {e}"), &format!("author_id = {a}"), ("journal", "seq 1", "author_id")),
        damage(
            format!("CREATE TABLE aside AS SELECT datum, digest FROM journal WHERE room_id = {r} AND seq = 2;
                     UPDATE journal SET datum = {}, digest = {} WHERE room_id = {r} AND seq = 2", hex("00ff"), hex("aabb")),
            format!("UPDATE journal SET datum = (SELECT datum FROM aside), digest = (SELECT digest FROM aside)
                     WHERE room_id = {r} AND seq = 2; DROP TABLE aside"),
            &[("journal", "seq 2", "digest"), ("journal", "seq 2", "datum")],
        ),
        damage(gone.0, gone.1, &[("journal", "seq 3", "row")]),
        damage(
            format!("INSERT INTO journal (room_id, author_id, cid, seq, log_offset, appended_at, digest, fingerprint, datum)
                     SELECT room_id, author_id, cid, 999, log_offset, appended_at, digest, fingerprint, datum
                     FROM journal WHERE room_id = {r} AND seq = 1"),
            format!("DELETE FROM journal WHERE room_id = {r} AND seq = 999"),
            &[("journal", "seq 999", "row")],
        ),
        set("messages", "seq = 2", "text = text || '!'", "text = 'one, for ben'", ("messages", "seq 2", "text")),
        set("messages", "seq = 3", "edited_at = edited_at + 5", "edited_at = edited_at - 5", ("messages", "seq 3", "edited_at")),
        set("messages", "seq = 3", "reply_to = NULL", "reply_to = 2", ("messages", "seq 3", "reply_to")),
        set("messages", "seq = 4", "ordinal = 9", "ordinal = 3", ("messages", "seq 4", "ordinal")),
        damage(
            format!("UPDATE messages SET seq = 400 WHERE room_id = {r} AND seq = 4"),
            format!("UPDATE messages SET seq = 4 WHERE room_id = {r} AND seq = 400"),
            &[("messages", "seq 4", "row"), ("messages", "seq 400", "row")],
        ),
        set("reactions", "seq = 2", "emoji_since = 1", "emoji_since = 7", ("reactions", &format!("seq 2, 👍 of {ann}"), "emoji_since")),
        damage(
            format!("UPDATE reactions SET user_id = {e} WHERE room_id = {r}"),
            format!("UPDATE reactions SET user_id = {a} WHERE room_id = {r}"),
            &[("reactions", &format!("seq 2, 👍 of {eve}"), "row"), ("reactions", &format!("seq 2, 👍 of {ann}"), "row")],
        ),
        damage(
            format!("DELETE FROM mentions WHERE room_id = {r} AND seq = 3"),
            format!("INSERT INTO mentions (user_id, room_id, seq) VALUES ({e}, {r}, 3)"),
            &[("mentions", &format!("seq 3, user {eve}"), "row")],
        ),
        damage(
            format!("UPDATE members SET role = 'member' WHERE room_id = {r} AND user_id = {a}"),
            format!("UPDATE members SET role = 'owner' WHERE room_id = {r} AND user_id = {a}"),
            &[("members", &user_row(ann), "role")],
        ),
        damage(
            format!("UPDATE members SET role = 'emperor' WHERE room_id = {r} AND user_id = {a}"),
            format!("UPDATE members SET role = 'owner' WHERE room_id = {r} AND user_id = {a}"),
            &[("members", &user_row(ann), "role")],
        ),
        damage(
            format!("DELETE FROM invitations WHERE room_id = {r}"),
            format!("INSERT INTO invitations (room_id, user_id, invited_by) VALUES ({r}, {}, {a})", literal(place, ben)),
            &[("invitations", &user_row(ben), "row")],
        ),
        damage(
            format!("UPDATE bans SET until = 5 WHERE room_id = {r}"),
            format!("UPDATE bans SET until = NULL WHERE room_id = {r}"),
            &[("bans", &user_row(user(5)), "until")],
        ),
        damage(
            format!("INSERT INTO mutes (room_id, user_id, until) VALUES ({r}, {}, NULL)", literal(place, user(5))),
            format!("DELETE FROM mutes WHERE room_id = {r} AND user_id = {}", literal(place, user(5))),
            &[("mutes", &user_row(user(5)), "row")],
        ),
        damage(
            format!("UPDATE rooms SET head_seq = head_seq + 1, topic = 'x' WHERE room_id = {r}"),
            format!("UPDATE rooms SET head_seq = head_seq - 1, topic = 'a topic' WHERE room_id = {r}"),
            &[("rooms", &format!("room {room}"), "topic"), ("rooms", &format!("room {room}"), "head_seq")],
        ),
        damage(
            format!("UPDATE reads SET seq = 2 WHERE room_id = {r} AND user_id = {e}"),
            format!("UPDATE reads SET seq = 4 WHERE room_id = {r} AND user_id = {e}"),
            &[("reads", &user_row(eve), "seq")],
        ),
        damage(
            format!("INSERT INTO reads (room_id, user_id, seq) VALUES ({r}, {}, 1)", literal(place, user(9))),
            format!("DELETE FROM reads WHERE room_id = {r} AND user_id = {}", literal(place, user(9))),
            &[("reads", &user_row(user(9)), "row")],
        ),
        stranger(place, room),
    ]
}

/// A room that the log does not hold.
fn stranger(place: &Place, room: RoomId) -> Damage {
    // One bit beside a room that is there; it is found wherever it stands, for the slices hold every id.
    let id = RoomId::new(Uuid::from_u128(room.uuid().as_u128() ^ 1));
    let (s, r) = (literal(place, id), literal(place, room));
    damage(
        format!(
            "INSERT INTO rooms (room_id, owner, head_seq, messages, created_at, rules, partition, deleted, kind, digest, name, topic)
             SELECT {s}, owner, 0, 0, created_at, rules, partition, deleted, kind, digest, name, topic FROM rooms WHERE room_id = {r}"
        ),
        format!("DELETE FROM rooms WHERE room_id = {s}"),
        &[("rooms", &format!("room {id}"), "row")],
    )
}

async fn every_damaged_row_is_named(place: Place) {
    let room = settled(&place, 41, 0).await;
    for damage in damages(&place, room) {
        place.history.order(&damage.breaks, &damage.breaks).await;
        let report = checked(&place).await;
        let told: Vec<_> = report
            .differences
            .iter()
            .map(|it| (it.table, it.row.clone(), it.column))
            .collect();
        assert_eq!(told, damage.told, "{}", damage.breaks);
        assert!(
            report
                .differences
                .iter()
                .all(|it| it.store == Store::History && it.expected != it.found)
        );
        let shown = format!("{report:?}");
        assert!(
            !shown.contains("for ben") && !shown.contains("a topic"),
            "what people wrote is not told: {shown}"
        );
        place.history.order(&damage.mends, &damage.mends).await;
    }
    let report = checked(&place).await;
    assert!(report.well, "all is mended: {report:?}");
}

async fn a_flood_of_differences_is_counted_and_not_told(place: Place) {
    settled(&place, 42, 300).await;
    let flood = "DELETE FROM journal";
    place.history.order(flood, flood).await;
    let report = checked(&place).await;
    assert!(!report.well);
    assert_eq!(report.differences.len(), 100, "the setting's default");
    assert_eq!(report.differing["history.journal"], report.log.accepted);
    assert!(report.log.accepted > 100, "the test must mean something");
}
