//! A history that is made anew from the log holds the same rows as the old one, table by table.

use crate::model::Model;
use crate::place::{History, Kept, Place, Projector, config, eventually, over_both};
use crate::reads::marks;
use crate::speech::{Speech, created, said, user};
use engine::domain::{
    Body, Emoji, Kind, MessageText, Removal, Role, RoomId, RoomName, RoomTopic, Seq, Target, Timestamp, UserId,
};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Executor, Row};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

over_both!(a_history_made_anew_holds_the_same_rows);

async fn a_history_made_anew_holds_the_same_rows(mut place: Place) {
    let mut speech = Speech::new(&place, 9);
    speech.begin().await;
    let room = everything(&mut speech, &place).await;
    let projector = place.project_history();
    speech.go_on(300).await;
    let model = Model::of(&*place.log).await;
    is_read(&place, &model, room).await;
    projector.stop().await;
    let old = rows(&place.history).await;
    for (table, rows) in &old {
        assert!(!rows.is_empty(), "{table}: the test must mean something");
    }

    place.history = place.empty_history().await;
    // In batches that begin and end elsewhere.
    let large = projector::Config {
        batch_records: 1_000,
        batch_wait_ms: 50,
        ..config()
    };
    let projector = Projector::history(large, place.history_parts());
    is_read(&place, &model, room).await;
    projector.stop().await;
    let new = rows(&place.history).await;
    assert!(old.keys().eq(new.keys()));
    for (table, rows) in &old {
        assert_eq!(rows, &new[table], "{table}");
    }
}

/// History stands at the end of both topics.
pub(crate) async fn is_read(place: &Place, model: &Model, room: RoomId) {
    model.is_in_history(&place.history).await;
    eventually("the last marker is there", async || {
        let marker = place.history.reader.read_marker(room, user(2)).await.ok()?;
        (marker == Seq::new(4)).then_some(())
    })
    .await;
}

/// One event of every type at least, accepted; the room in which most of it happened.
pub(crate) async fn everything(speech: &mut Speech, place: &Place) -> RoomId {
    let (ann, ben, eve) = (user(0), user(1), user(2));
    let id = RoomId::new(Uuid::from_u128(0xeee));
    let mut types: BTreeSet<&str> = BTreeSet::new();
    let happened = std::iter::once((ann, created(Kind::Private, 1)))
        .chain(what_is_said())
        .chain(who_is_there());
    for (number, (actor, body)) in happened.enumerate() {
        types.insert(body.type_name());
        speech.says(id, actor, body).await;
        assert_eq!(speech.head(id).get(), number as u64 + 1, "it is accepted");
    }
    let direct = RoomId::direct(ann, ben);
    let begin = Body::RoomCreated {
        kind: Kind::Direct,
        name: RoomName::new("direct").unwrap(),
        topic: RoomTopic::new("").unwrap(),
        rules: 1,
        peer: Some(ben),
    };
    speech.says(direct, ann, begin).await;
    speech.says(direct, ben, said("hello")).await;
    let gone = RoomId::new(Uuid::from_u128(0xddd));
    speech.says(gone, ann, created(Kind::Public, 1)).await;
    speech.says(gone, ann, said("the end")).await;
    types.insert(Body::RoomDeleted.type_name());
    speech.says(gone, ann, Body::RoomDeleted).await;
    assert_eq!(types.len(), TYPES, "every type of event");
    marks(place, direct, ann, 2).await;
    marks(place, id, eve, 3).await;
    marks(place, id, eve, 4).await;
    id
}

/// Messages at 2, 3 and 4, what becomes of them, and their reactions.
fn what_is_said() -> Vec<(UserId, Body)> {
    let (ann, ben, eve) = (user(0), user(1), user(2));
    let target = |seq: u64| Target {
        seq: Seq::new(seq),
        author_id: ann,
    };
    let react = |seq| Body::ReactionAdded {
        target: target(seq),
        emoji: Emoji::new("👍").unwrap(),
    };
    let unreact = |seq| Body::ReactionRemoved {
        target: target(seq),
        emoji: Emoji::new("👍").unwrap(),
    };
    let mentioning = |text: &str, reply_to: Option<u64>, mentions: &[UserId]| Body::MessageSent {
        text: MessageText::new(text).unwrap(),
        reply_to: reply_to.map(Seq::new),
        mentions: mentions.to_vec(),
    };
    let edit = Body::MessageEdited {
        target: target(3),
        text: MessageText::new("two, for eve alone").unwrap(),
        mentions: vec![eve],
    };
    vec![
        (ann, mentioning("one, for ben", None, &[ben])),
        (ann, mentioning("two, for both", Some(2), &[ben, eve])),
        (ann, said("three")),
        (ann, Body::MemberInvited { user_id: ben }),
        (ben, Body::MemberJoined),
        (ben, react(2)),
        (ann, react(2)),
        (ben, unreact(2)),
        (ann, edit),
        (ann, Body::MessageDeleted { target: target(4) }),
    ]
}

/// Who is let in, given a role, silenced and sent away.
fn who_is_there() -> Vec<(UserId, Body)> {
    let (ann, ben, eve) = (user(0), user(1), user(2));
    let far = Timestamp::from_millis(i64::MAX / 2);
    let role = Role::Moderator;
    let remove = |user_id, removal| (ann, Body::MemberRemoved { user_id, removal });
    let mute = |user_id, until| (ann, Body::MemberMuted { user_id, until });
    let renamed = Body::RoomUpdated {
        name: RoomName::new("Another name").ok(),
        topic: RoomTopic::new("a topic").ok(),
        rules: None,
    };
    vec![
        (ann, Body::MemberInvited { user_id: eve }),
        (ann, Body::RoleChanged { user_id: ben, role }),
        mute(ben, Some(far)),
        (ann, Body::MemberUnmuted { user_id: ben }),
        mute(eve, None),
        remove(ben, Removal::Kick),
        remove(ben, Removal::Ban { until: Some(far) }),
        (ann, Body::MemberUnbanned { user_id: ben }),
        remove(user(5), Removal::Ban { until: None }),
        (ann, renamed),
        (eve, Body::MemberJoined),
        (eve, Body::MemberLeft),
        (ann, Body::MemberInvited { user_id: ben }),
    ]
}

/// Types of events that there are.
const TYPES: usize = 16;

/// Every row of every table but who wrote it, in order, as text. Snapshots stand where batches ended, which says nothing:
/// what can be read through them is `travel`'s to compare.
async fn rows(history: &History) -> BTreeMap<String, Vec<String>> {
    match &history.kept {
        Kept::Postgres(database, _) => {
            let mut connection = database.beside().await;
            connection.execute("SET search_path = history").await.unwrap();
            let tables = "SELECT table_name::text FROM information_schema.tables
                          WHERE table_schema = 'history' AND table_name NOT IN ('_sqlx_migrations', 'snapshots')";
            let tables = connection.fetch_all(tables).await.unwrap();
            let mut all = BTreeMap::new();
            for table in tables {
                let table: String = table.get(0);
                let text = format!("SELECT (to_jsonb(t) - 'owner_epoch')::text FROM {table} t ORDER BY 1");
                all.insert(table, texts(&mut connection, &text).await);
            }
            all
        }
        Kept::Sqlite(path, _) => {
            let options = SqliteConnectOptions::new().filename(path);
            let mut connection = options.connect().await.unwrap();
            let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'words*'
                              AND name NOT IN ('_sqlx_migrations', 'sqlite_sequence', 'snapshots')";
            let tables = connection.fetch_all(tables).await.unwrap();
            let mut all = BTreeMap::new();
            for table in tables {
                let table: String = table.get(0);
                // The number of a message is the order in which partitions were written.
                let columns = format!(
                    "SELECT group_concat('quote(' || name || ')', ' || '','' || ') FROM pragma_table_info('{table}')
                     WHERE name NOT IN ('owner_epoch', 'number')"
                );
                let columns: String = connection.fetch_one(columns.as_str()).await.unwrap().get(0);
                let text = format!("SELECT {columns} FROM {table} ORDER BY 1");
                all.insert(table, texts(&mut connection, &text).await);
            }
            let vocabulary = "CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab (main, words, instance)";
            connection.execute(vocabulary).await.unwrap();
            let words = "SELECT quote(m.room_id) || m.seq || ',' || v.term || ',' || v.offset
                         FROM temp.vocabulary v JOIN messages m ON m.number = v.doc ORDER BY 1";
            all.insert("words".to_owned(), texts(&mut connection, words).await);
            all
        }
    }
}

async fn texts<'c, E, D>(connection: &'c mut E, text: &str) -> Vec<String>
where
    D: sqlx::Database,
    for<'e> &'e mut E: Executor<'e, Database = D>,
    for<'d> String: sqlx::Decode<'d, D> + sqlx::Type<D>,
    usize: sqlx::ColumnIndex<D::Row>,
{
    let rows = connection.fetch_all(text).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}
