//! The people themselves, in SQLite.

use super::{Sqlite, failed};
use crate::database::Transaction;
use crate::domain::{PersonName, Timestamp, UserId};
use crate::people::rows::{PersonRow, limit_of};
use crate::people::{Act, ERASED_NAME, Error, Listing, Person, Username, Users};
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, query};
use uuid::Uuid;

const PERSON: &str = "SELECT user_id, username, display_name, disabled, is_admin FROM users";

fn person_of(row: &SqliteRow) -> Result<Person, Error> {
    PersonRow {
        user_id: row.try_get("user_id").map_err(failed)?,
        username: row.try_get("username").map_err(failed)?,
        display_name: row.try_get("display_name").map_err(failed)?,
        disabled: row.try_get("disabled").map_err(failed)?,
        is_admin: row.try_get("is_admin").map_err(failed)?,
    }
    .try_into()
}

/// `start (?, ?, …)`.
fn one_of<'a, T>(start: &str, values: impl Iterator<Item = T>) -> QueryBuilder<'a, sqlx::Sqlite>
where
    T: 'a + sqlx::Encode<'a, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    let mut builder = QueryBuilder::new(start);
    builder.push(" (");
    let mut list = builder.separated(", ");
    for value in values {
        list.push_bind(value);
    }
    builder.push(")");
    builder
}

#[async_trait]
impl Users for Sqlite {
    async fn add(&self, person: &Person, password: Option<&str>, at: Timestamp) -> Result<(), Error> {
        // One statement: of writers there is but one at a time.
        let added = query(
            "INSERT INTO users (user_id, username, display_name, password, disabled, disabled_at, is_admin, created_at)
             SELECT ?1, ?2, ?3, ?4, ?5, CASE WHEN ?5 THEN ?7 END, ?6, ?7
             WHERE NOT EXISTS (SELECT 1 FROM retired_usernames WHERE digest = ?8)
             ON CONFLICT (username) DO NOTHING",
        )
        .bind(person.id.uuid())
        .bind(person.username.as_ref().map(Username::as_str))
        .bind(person.display_name.as_str())
        .bind(password)
        .bind(person.disabled)
        .bind(person.is_admin)
        .bind(at.as_millis())
        .bind(person.username.as_ref().map(|username| username.digest().to_vec()))
        .execute(&self.file.writer)
        .await
        .map_err(failed)?;
        if added.rows_affected() == 0 {
            Err(Error::Taken)
        } else {
            Ok(())
        }
    }

    async fn meet(&self, person: &Person, at: Timestamp) -> Result<Person, Error> {
        let known = self.person(person.id).await?;
        if let Some(known) = known.filter(|known| known.disabled || known.display_name == person.display_name) {
            return Ok(known);
        }
        query(
            "INSERT INTO users (user_id, display_name, disabled, created_at) VALUES (?, ?, FALSE, ?)
             ON CONFLICT (user_id) DO UPDATE SET display_name = excluded.display_name WHERE NOT users.disabled",
        )
        .bind(person.id.uuid())
        .bind(person.display_name.as_str())
        .bind(at.as_millis())
        .execute(&self.file.writer)
        .await
        .map_err(failed)?;
        let met = self.person(person.id).await?;
        met.ok_or_else(|| Error::Corrupt(format!("person {} was added and is not there", person.id)))
    }

    async fn person(&self, id: UserId) -> Result<Option<Person>, Error> {
        let row = query(&format!("{PERSON} WHERE user_id = ?"))
            .bind(id.uuid())
            .fetch_optional(&self.file.readers)
            .await
            .map_err(failed)?;
        row.as_ref().map(person_of).transpose()
    }

    async fn people(&self, ids: &[UserId]) -> Result<Vec<Person>, Error> {
        let mut select = one_of(&format!("{PERSON} WHERE user_id IN"), ids.iter().map(|id| id.uuid()));
        let rows = select.build().fetch_all(&self.file.readers).await.map_err(failed)?;
        rows.iter().map(person_of).collect()
    }

    async fn by_username(&self, username: &Username) -> Result<Option<(Person, String)>, Error> {
        let row = query(
            "SELECT user_id, username, display_name, disabled, is_admin, password FROM users
             WHERE username = ? AND password IS NOT NULL",
        )
        .bind(username.as_str())
        .fetch_optional(&self.file.readers)
        .await
        .map_err(failed)?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some((person_of(&row)?, row.try_get("password").map_err(failed)?)))
    }

    async fn named(&self, usernames: &[Username]) -> Result<Vec<(Username, UserId)>, Error> {
        let start = "SELECT username, user_id FROM users WHERE username IN";
        let mut select = one_of(start, usernames.iter().map(Username::to_string));
        let rows = select.build().fetch_all(&self.file.readers).await.map_err(failed)?;
        rows.iter()
            .map(|row| {
                let user_id = UserId::new(row.try_get("user_id").map_err(failed)?);
                let username: String = row.try_get("username").map_err(failed)?;
                let username = Username::new(&username);
                let username = username.ok_or_else(|| Error::Corrupt(format!("username of {user_id}")))?;
                Ok((username, user_id))
            })
            .collect()
    }

    async fn list(&self, listing: &Listing, limit: usize) -> Result<Vec<Person>, Error> {
        let statement = match listing {
            Listing::All { .. } => format!("{PERSON} WHERE user_id > ? ORDER BY user_id LIMIT ?"),
            Listing::Prefix { .. } => {
                format!("{PERSON} WHERE username >= ? AND username < ? AND username > ? ORDER BY username LIMIT ?")
            }
        };
        let select = match listing {
            Listing::All { after } => query(&statement).bind(after.map_or_else(Uuid::nil, UserId::uuid)),
            Listing::Prefix { prefix, after } => query(&statement)
                .bind(prefix.as_str())
                .bind(prefix.end())
                .bind(after.as_ref().map_or("", Username::as_str)),
        };
        let select = select.bind(limit_of(limit));
        let rows = select.fetch_all(&self.file.readers).await.map_err(failed)?;
        rows.iter().map(person_of).collect()
    }

    async fn password(&self, id: UserId) -> Result<Option<String>, Error> {
        let row = query("SELECT password FROM users WHERE user_id = ?")
            .bind(id.uuid())
            .fetch_optional(&self.file.readers)
            .await
            .map_err(failed)?;
        let password = row.map(|row| row.try_get("password").map_err(failed)).transpose()?;
        Ok(password.flatten())
    }

    async fn password_is(&self, id: UserId, hash: &str) -> Result<bool, Error> {
        // Of writers there is but one at a time: whoever has written before this reads what went before that.
        let stored = self.password(id).await?;
        Ok(stored.is_some_and(|stored| stored == hash))
    }

    async fn rename(&self, id: UserId, name: &PersonName) -> Result<bool, Error> {
        let renamed = query("UPDATE users SET display_name = ? WHERE user_id = ? AND NOT disabled")
            .bind(name.as_str())
            .bind(id.uuid())
            .execute(&self.file.writer)
            .await
            .map_err(failed)?;
        Ok(renamed.rows_affected() == 1)
    }

    async fn replace_password(
        &self,
        id: UserId,
        from: &str,
        to: &str,
        keep: Option<Uuid>,
        at: Timestamp,
    ) -> Result<Option<Vec<Uuid>>, Error> {
        let done = async {
            let mut transaction = Transaction::begin(&self.file.writer, "BEGIN IMMEDIATE").await?;
            let changed = query("UPDATE users SET password = ? WHERE user_id = ? AND password = ? AND NOT disabled")
                .bind(to)
                .bind(id.uuid())
                .bind(from)
                .execute(&mut *transaction)
                .await?;
            let mut ended = None;
            if changed.rows_affected() == 1 {
                ended = Some(super::logins::end_all(&mut transaction, id, keep, at).await?);
            }
            transaction.commit().await?;
            Ok(ended)
        };
        done.await.map_err(failed)
    }

    async fn set_disabled(&self, id: UserId, disabled: bool, act: &Act) -> Result<bool, Error> {
        let done = async {
            let mut transaction = Transaction::begin(&self.file.writer, "BEGIN IMMEDIATE").await?;
            let changed = query(
                "UPDATE users SET disabled = ?2, disabled_at = CASE WHEN ?2 THEN ?3 END
                 WHERE user_id = ?1 AND disabled <> ?2 AND NOT EXISTS (SELECT 1 FROM erased WHERE erased.user_id = ?1)",
            )
            .bind(id.uuid())
            .bind(disabled)
            .bind(act.at.as_millis())
            .execute(&mut *transaction)
            .await?;
            kept_with(transaction, changed.rows_affected() == 1, act).await
        };
        done.await.map_err(failed)
    }

    async fn make_admin(&self, id: UserId, act: &Act) -> Result<bool, Error> {
        let done = async {
            let mut transaction = Transaction::begin(&self.file.writer, "BEGIN IMMEDIATE").await?;
            let changed = query("UPDATE users SET is_admin = TRUE WHERE user_id = ? AND NOT is_admin AND NOT disabled")
                .bind(id.uuid())
                .execute(&mut *transaction)
                .await?;
            kept_with(transaction, changed.rows_affected() == 1, act).await
        };
        done.await.map_err(failed)
    }

    async fn erase(&self, id: UserId, texts: bool, at: Timestamp) -> Result<bool, Error> {
        let done = async {
            let mut transaction = Transaction::begin(&self.file.writer, "BEGIN IMMEDIATE").await?;
            let found = query("SELECT username FROM users WHERE user_id = ?")
                .bind(id.uuid())
                .fetch_optional(&mut *transaction)
                .await?;
            if let Some(row) = &found {
                let username: Option<String> = row.try_get("username")?;
                let retired = username.as_deref().and_then(Username::new).map(|name| name.digest());
                erase_rows(&mut transaction, id, retired, texts, at).await?;
            }
            transaction.commit().await?;
            Ok(found.is_some())
        };
        done.await.map_err(failed)
    }

    async fn erased(&self) -> Result<Vec<(UserId, bool)>, Error> {
        let rows = query("SELECT user_id, texts FROM erased ORDER BY user_id")
            .fetch_all(&self.file.readers)
            .await
            .map_err(failed)?;
        let erased = |row: &SqliteRow| Ok((UserId::new(row.try_get("user_id")?), row.try_get("texts")?));
        rows.iter().map(|row| erased(row).map_err(failed)).collect()
    }
}

/// Ends a transaction; if something changed, with the act that changed it.
async fn kept_with(mut transaction: Transaction<sqlx::Sqlite>, changed: bool, act: &Act) -> Result<bool, sqlx::Error> {
    if changed {
        super::acts::insert(act).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(changed)
}

async fn erase_rows(
    transaction: &mut Transaction<sqlx::Sqlite>,
    id: UserId,
    retired: Option<[u8; 32]>,
    texts: bool,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    query(
        "INSERT INTO erased (user_id, texts, erased_at) VALUES (?, ?, ?)
         ON CONFLICT (user_id) DO UPDATE SET texts = erased.texts OR excluded.texts",
    )
    .bind(id.uuid())
    .bind(texts)
    .bind(at.as_millis())
    .execute(&mut **transaction)
    .await?;
    if let Some(digest) = retired {
        query("INSERT INTO retired_usernames (digest) VALUES (?) ON CONFLICT DO NOTHING")
            .bind(digest.to_vec())
            .execute(&mut **transaction)
            .await?;
    }
    query(
        "UPDATE users SET username = NULL, password = NULL, display_name = ?2, is_admin = FALSE, disabled = TRUE,
                          disabled_at = COALESCE(disabled_at, ?3)
         WHERE user_id = ?1",
    )
    .bind(id.uuid())
    .bind(ERASED_NAME)
    .bind(at.as_millis())
    .execute(&mut **transaction)
    .await?;
    query(
        "UPDATE logins SET revoked = TRUE, ended_at = COALESCE(ended_at, ?2), user_agent = NULL, address = NULL
         WHERE user_id = ?1",
    )
    .bind(id.uuid())
    .bind(at.as_millis())
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
