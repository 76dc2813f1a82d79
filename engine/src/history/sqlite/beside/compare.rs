//! What differs between two histories in SQLite, room by room and table by table, by the columns that both have.

use super::refused;
use crate::beside::{Difference, Differs, Error, How, Row};
use crate::domain::RoomId;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Executor, Row as _};
use std::collections::{BTreeMap, BTreeSet};

/// Of a message: the order in which partitions were written, which nobody sees.
const UNSEEN: &str = "number";
/// Kept at whatever seqs a projector was at: they say nothing that the journal does not.
const NOT_COMPARED: [&str; 1] = ["snapshots"];
const KEY_BREAK: &str = ", ";

/// A table's columns, and which of them are its key.
type Tables = BTreeMap<String, BTreeMap<String, bool>>;

async fn tables(both: &mut SqliteConnection, schema: &str) -> Result<Tables, Error> {
    let columns = format!(
        "SELECT t.name, c.name, c.pk > 0 OR c.name IN ('room_id', 'seq') AND t.name = 'messages'
         FROM {schema}.sqlite_master t JOIN pragma_table_info(t.name, '{schema}') c
         WHERE t.type = 'table'"
    );
    let columns = both.fetch_all(columns.as_str()).await.map_err(refused)?;
    let mut tables = Tables::new();
    for column in columns {
        let (table, name, key): (String, String, bool) = (column.get(0), column.get(1), column.get(2));
        if name != UNSEEN && !NOT_COMPARED.contains(&table.as_str()) {
            tables.entry(table).or_default().insert(name, key);
        }
    }
    tables.retain(|_, columns| columns.contains_key("room_id"));
    Ok(tables)
}

/// The tables of both with their common columns, and what one of the two lacks.
async fn shape(both: &mut SqliteConnection) -> Result<(Tables, Vec<(String, String)>), Error> {
    let (old, mut new) = (tables(both, "old").await?, tables(both, "main").await?);
    let (mut common, mut lacking) = (Tables::new(), Vec::new());
    for (name, mut old) in old {
        let Some(new) = new.remove(&name) else {
            lacking.push((name, "the old history alone has this table".to_owned()));
            continue;
        };
        let (mine, theirs): (BTreeSet<_>, BTreeSet<_>) = (new.keys().cloned().collect(), old.keys().cloned().collect());
        for column in mine.symmetric_difference(&theirs) {
            let of = if mine.contains(column) { "new" } else { "old" };
            lacking.push((format!("{name}.{column}"), format!("the {of} history alone has it")));
        }
        old.retain(|column, _| mine.contains(column));
        common.insert(name, old);
    }
    lacking.extend(
        new.into_keys()
            .map(|name| (name, "the new history alone has this table".to_owned())),
    );
    Ok((common, lacking))
}

fn list(columns: &BTreeMap<String, bool>) -> String {
    let quoted: Vec<String> = columns.keys().map(|name| format!("\"{name}\"")).collect();
    quoted.join(", ")
}

pub(super) async fn compare(both: &mut SqliteConnection) -> Result<Vec<Differs>, Error> {
    let (tables, lacking) = shape(both).await?;
    let whole = |(part, _): (String, String)| Differs { room: None, part };
    let mut found: Vec<Differs> = lacking.into_iter().map(whole).collect();
    for (name, columns) in &tables {
        let columns = list(columns);
        let rows = |schema: &str| format!("SELECT {columns} FROM {schema}.\"{name}\"");
        let (old, new) = (rows("old"), rows("main"));
        let text = format!(
            "SELECT DISTINCT room_id FROM (
                 SELECT * FROM ({old} EXCEPT {new}) UNION ALL SELECT * FROM ({new} EXCEPT {old})
             )"
        );
        let differing = both.fetch_all(text.as_str()).await.map_err(refused)?;
        found.extend(differing.iter().map(|row| Differs {
            room: Some(RoomId::new(row.get(0))),
            part: name.clone(),
        }));
    }
    Ok(found)
}

pub(super) async fn explain(both: &mut SqliteConnection, at: &Differs, most: usize) -> Result<Difference, Error> {
    let (tables, lacking) = shape(both).await?;
    let (Some(room), Some(columns)) = (at.room, tables.get(&at.part)) else {
        let note = lacking.into_iter().find(|(part, _)| *part == at.part);
        return Ok(Difference {
            at: at.clone(),
            note: note.map(|(_, note)| note),
            differing: 0,
            rows: Vec::new(),
        });
    };
    // As text: ids are bytes here.
    let key: Vec<String> = columns
        .iter()
        .filter(|(name, key)| **key && *name != "room_id")
        .map(|(name, _)| {
            format!("'{name}=' || CASE typeof(\"{name}\") WHEN 'blob' THEN lower(hex(\"{name}\")) ELSE \"{name}\" END")
        })
        .collect();
    let key = if key.is_empty() {
        "'the row'".to_owned()
    } else {
        key.join(&format!(" || '{KEY_BREAK}' || "))
    };
    let selected = list(columns);
    let rows = |schema: &str| {
        format!(
            "SELECT {key} AS \"the key\", {selected} FROM {schema}.\"{}\" WHERE room_id = ?1",
            at.part
        )
    };
    let fields: Vec<String> = columns
        .keys()
        .map(|name| format!("CASE WHEN o.\"{name}\" IS NOT n.\"{name}\" THEN '{name} ' ELSE '' END"))
        .collect();
    let fields = fields.join(" || ");
    let text = format!(
        "SELECT coalesce(o.\"the key\", n.\"the key\") AS found, o.\"the key\" IS NULL, n.\"the key\" IS NULL, {fields} AS fields,
                count(*) OVER ()
         FROM ({}) o FULL JOIN ({}) n ON o.\"the key\" = n.\"the key\"
         WHERE fields <> '' ORDER BY length(found), found LIMIT ?2",
        rows("old"),
        rows("main")
    );
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let query = sqlx::query(&text).bind(room.uuid()).bind(most);
    let found = query.fetch_all(both).await.map_err(refused)?;
    let differing: i64 = found.first().map_or(0, |row| row.get(4));
    let rows = found.iter().map(|row| Row {
        key: row.get(0),
        how: match (row.get(1), row.get(2)) {
            (true, _) => How::NewAlone,
            (_, true) => How::OldAlone,
            _ => How::Fields(fields_of(row.get(3))),
        },
    });
    Ok(Difference {
        at: at.clone(),
        note: None,
        differing: differing.cast_unsigned(),
        rows: rows.collect(),
    })
}

fn fields_of(text: &str) -> Vec<String> {
    text.split_whitespace().map(ToOwned::to_owned).collect()
}
