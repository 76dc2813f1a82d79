//! What differs between two histories, room by room and table by table, by the rows that both schemas can hold.
//!
//! A room's rows of one table are counted and digested by the server; where that differs, the rows themselves are put
//! side by side. What the server makes of other columns (the words of a message) is left out.

use super::{NEXT, NOTES, failed, run};
use crate::beside::{Difference, Differs, Error, How, Row};
use crate::domain::RoomId;
use crate::history::postgres::SCHEMA;
use sqlx::Row as _;
use sqlx::postgres::PgConnection;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The tables that say what the log says: each has a `room_id`.
pub const COMPARED: [&str; 10] = [
    "rooms",
    "members",
    "invitations",
    "bans",
    "mutes",
    "journal",
    "messages",
    "reactions",
    "mentions",
    "reads",
];
/// The others: where a projection stands, what a rebuild notes, how the schema came to be; and snapshots, which are kept at
/// whatever seqs a projector was at, and say nothing that the journal does not.
pub const NOT_COMPARED: [&str; 4] = ["checkpoints", "snapshots", NOTES, "_sqlx_migrations"];

/// A table as one schema has it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Table {
    columns: BTreeSet<String>,
    /// What its rows are found by.
    key: BTreeSet<String>,
}

type Tables = BTreeMap<String, Table>;

async fn tables(connection: &mut PgConnection, schema: &str) -> Result<Tables, Error> {
    let columns = sqlx::query(
        "SELECT c.relname::text, a.attname::text, coalesce(a.attnum = ANY (i.indkey::int2[]), false)
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
         WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p') AND a.attgenerated = ''",
    );
    let columns = columns.bind(schema).fetch_all(connection).await.map_err(failed)?;
    let mut tables = Tables::new();
    for column in columns {
        let (table, name, key): (String, String, bool) = (column.get(0), column.get(1), column.get(2));
        if NOT_COMPARED.contains(&table.as_str()) {
            continue;
        }
        let table = tables.entry(table).or_default();
        if key {
            table.key.insert(name.clone());
        }
        table.columns.insert(name);
    }
    Ok(tables)
}

/// What can be compared, and what one of the two lacks.
struct Shape {
    both: Tables,
    lacking: Vec<(String, String)>,
}

impl Shape {
    async fn of(connection: &mut PgConnection) -> Result<Self, Error> {
        let (old, mut new) = (tables(connection, SCHEMA).await?, tables(connection, NEXT).await?);
        let (mut both, mut lacking) = (Tables::new(), Vec::new());
        for (name, old) in old {
            let Some(new) = new.remove(&name) else {
                lacking.push((name, "the old history alone has this table".to_owned()));
                continue;
            };
            for (those, of) in [
                (old.columns.difference(&new.columns), "old"),
                (new.columns.difference(&old.columns), "new"),
            ] {
                let alone = those.map(|column| (format!("{name}.{column}"), format!("the {of} history alone has it")));
                lacking.extend(alone);
            }
            let columns: BTreeSet<String> = old.columns.intersection(&new.columns).cloned().collect();
            both.insert(name, Table { columns, key: new.key });
        }
        let alone = new.into_keys();
        lacking.extend(alone.map(|name| (name, "the new history alone has this table".to_owned())));
        both.retain(|_, table| table.columns.contains("room_id"));
        Ok(Self { both, lacking })
    }
}

fn list<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("\"{name}\"")).collect();
    quoted.join(", ")
}

/// All of it from one snapshot; `held`: in the open transaction, in which nothing moves.
pub(super) async fn compare(
    guard: &mut PgConnection,
    rooms: Option<&BTreeSet<RoomId>>,
    held: bool,
) -> Result<Vec<Differs>, Error> {
    if held {
        return differing(guard, rooms).await;
    }
    run(guard, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let differing = differing(guard, rooms).await;
    run(guard, "ROLLBACK").await?;
    differing
}

async fn differing(guard: &mut PgConnection, rooms: Option<&BTreeSet<RoomId>>) -> Result<Vec<Differs>, Error> {
    let shape = Shape::of(guard).await?;
    let whole = |(part, _): (String, String)| Differs { room: None, part };
    let mut found: Vec<Differs> = shape.lacking.into_iter().map(whole).collect();
    let rooms: Option<Vec<Uuid>> = rooms.map(|rooms| rooms.iter().map(|room| room.uuid()).collect());
    for (name, table) in &shape.both {
        let columns = list(&table.columns);
        let digests = |schema: &str| {
            format!(
                "SELECT room_id, count(*) AS rows, sum(hash_record_extended(ROW({columns}), 0)) AS digest
                 FROM {schema}.\"{name}\" WHERE $1::uuid[] IS NULL OR room_id = ANY ($1) GROUP BY room_id"
            )
        };
        let text = format!(
            "SELECT room_id FROM ({}) o FULL JOIN ({}) n USING (room_id)
             WHERE o.rows IS DISTINCT FROM n.rows OR o.digest IS DISTINCT FROM n.digest",
            digests(SCHEMA),
            digests(NEXT)
        );
        let differing = sqlx::query(&text)
            .bind(&rooms)
            .fetch_all(&mut *guard)
            .await
            .map_err(failed)?;
        found.extend(differing.iter().map(|row| Differs {
            room: Some(RoomId::new(row.get(0))),
            part: name.clone(),
        }));
    }
    Ok(found)
}

/// Puts the rows of one room's table side by side.
pub(super) async fn explain(guard: &mut PgConnection, at: &Differs, most: usize) -> Result<Difference, Error> {
    let shape = Shape::of(guard).await?;
    let (Some(room), Some(table)) = (at.room, shape.both.get(&at.part)) else {
        let note = shape.lacking.into_iter().find(|(part, _)| *part == at.part);
        return Ok(Difference {
            at: at.clone(),
            note: note.map(|(_, note)| note),
            differing: 0,
            rows: Vec::new(),
        });
    };
    let columns = list(&table.columns);
    let key: Vec<String> = table
        .key
        .iter()
        .filter(|name| *name != "room_id")
        .map(|name| format!("'{name}=' || \"{name}\"::text"))
        .collect();
    let key = if key.is_empty() {
        "'the row'".to_owned()
    } else {
        format!("concat_ws(', ', {})", key.join(", "))
    };
    let rows = |schema: &str| {
        format!(
            "SELECT {key} AS key, to_jsonb(t) AS row
             FROM (SELECT {columns} FROM {schema}.\"{}\" WHERE room_id = $1) t",
            at.part
        )
    };
    let text = format!(
        "SELECT key, o.row IS NULL, n.row IS NULL,
                ARRAY (SELECT f.key FROM jsonb_each(o.row) f JOIN jsonb_each(n.row) g USING (key)
                       WHERE f.value IS DISTINCT FROM g.value ORDER BY 1),
                count(*) OVER ()
         FROM ({}) o FULL JOIN ({}) n USING (key)
         WHERE o.row IS DISTINCT FROM n.row ORDER BY length(key), key LIMIT $2",
        rows(SCHEMA),
        rows(NEXT)
    );
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let found = sqlx::query(&text)
        .bind(room.uuid())
        .bind(most)
        .fetch_all(guard)
        .await
        .map_err(failed)?;
    let differing: i64 = found.first().map_or(0, |row| row.get(4));
    let rows = found.iter().map(|row| Row {
        key: row.get(0),
        how: match (row.get(1), row.get(2)) {
            (true, _) => How::NewAlone,
            (_, true) => How::OldAlone,
            _ => How::Fields(row.get(3)),
        },
    });
    Ok(Difference {
        at: at.clone(),
        note: None,
        differing: differing.cast_unsigned(),
        rows: rows.collect(),
    })
}
