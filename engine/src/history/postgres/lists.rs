//! The four lists of people: members, invitations, bans, mutes.

use crate::domain::{Timestamp, UserId};
use crate::history::plan::{Lists, Place};
use crate::history::rows::role_name;
use sqlx::postgres::PgConnection;
use sqlx::query;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The rows that go and those that come of one list, column by column.
struct Columns<T> {
    gone: (Vec<Uuid>, Vec<Uuid>),
    rooms: Vec<Uuid>,
    users: Vec<Uuid>,
    values: Vec<T>,
}

fn columns<T: Copy>(list: &BTreeMap<Place, Option<T>>) -> Columns<T> {
    let mut columns = Columns {
        gone: (Vec::new(), Vec::new()),
        rooms: Vec::new(),
        users: Vec::new(),
        values: Vec::new(),
    };
    for ((room, user), value) in list {
        if let Some(value) = value {
            columns.rooms.push(room.uuid());
            columns.users.push(user.uuid());
            columns.values.push(*value);
        } else {
            columns.gone.0.push(room.uuid());
            columns.gone.1.push(user.uuid());
        }
    }
    columns
}

/// Takes rows away and puts rows in place, each by one statement, if there are any.
macro_rules! write_list {
    ($connection:expr, $columns:expr, $delete:literal, $insert:literal, $($values:expr),+ $(,)?) => {
        let columns = $columns;
        if !columns.gone.0.is_empty() {
            query!($delete, &columns.gone.0, &columns.gone.1).execute(&mut *$connection).await?;
        }
        if !columns.rooms.is_empty() {
            query!($insert, &columns.rooms, &columns.users, $($values),+).execute(&mut *$connection).await?;
        }
    };
}

pub(super) async fn write_lists(connection: &mut PgConnection, lists: &Lists) -> Result<(), sqlx::Error> {
    let members = columns(&lists.members);
    let roles: Vec<String> = members
        .values
        .iter()
        .map(|(role, _)| role_name(*role).to_owned())
        .collect();
    let joined: Vec<i64> = members
        .values
        .iter()
        .map(|(_, joined_at)| joined_at.as_millis())
        .collect();
    write_list!(
        connection,
        members,
        "DELETE FROM members l USING UNNEST($1::uuid[], $2::uuid[]) AS gone (room_id, user_id)
         WHERE l.room_id = gone.room_id AND l.user_id = gone.user_id",
        "INSERT INTO members (room_id, user_id, role, joined_at)
         SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::bigint[])
         ON CONFLICT (room_id, user_id) DO UPDATE SET role = EXCLUDED.role, joined_at = EXCLUDED.joined_at",
        &roles,
        &joined,
    );
    let invitations = columns(&lists.invitations);
    let inviters: Vec<Uuid> = invitations.values.iter().map(|by: &UserId| by.uuid()).collect();
    write_list!(
        connection,
        invitations,
        "DELETE FROM invitations l USING UNNEST($1::uuid[], $2::uuid[]) AS gone (room_id, user_id)
         WHERE l.room_id = gone.room_id AND l.user_id = gone.user_id",
        "INSERT INTO invitations (room_id, user_id, invited_by)
         SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::uuid[])
         ON CONFLICT (room_id, user_id) DO UPDATE SET invited_by = EXCLUDED.invited_by",
        &inviters,
    );
    let bans = columns(&lists.bans);
    let until = millis(&bans.values);
    write_list!(
        connection,
        bans,
        "DELETE FROM bans l USING UNNEST($1::uuid[], $2::uuid[]) AS gone (room_id, user_id)
         WHERE l.room_id = gone.room_id AND l.user_id = gone.user_id",
        "INSERT INTO bans (room_id, user_id, until)
         SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::bigint[])
         ON CONFLICT (room_id, user_id) DO UPDATE SET until = EXCLUDED.until",
        &until as &[Option<i64>],
    );
    let mutes = columns(&lists.mutes);
    let until = millis(&mutes.values);
    write_list!(
        connection,
        mutes,
        "DELETE FROM mutes l USING UNNEST($1::uuid[], $2::uuid[]) AS gone (room_id, user_id)
         WHERE l.room_id = gone.room_id AND l.user_id = gone.user_id",
        "INSERT INTO mutes (room_id, user_id, until)
         SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::bigint[])
         ON CONFLICT (room_id, user_id) DO UPDATE SET until = EXCLUDED.until",
        &until as &[Option<i64>],
    );
    Ok(())
}

fn millis(until: &[Option<Timestamp>]) -> Vec<Option<i64>> {
    until.iter().map(|until| until.map(Timestamp::as_millis)).collect()
}
