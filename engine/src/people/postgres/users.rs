//! The people themselves, in PostgreSQL.

use super::Postgres;
use crate::database::Transaction;
use crate::domain::{PersonName, Timestamp, UserId};
use crate::people::rows::{PersonRow, limit_of};
use crate::people::{Act, ERASED_NAME, Error, Listing, Person, Username, Users};
use async_trait::async_trait;
use sqlx::{query, query_as, query_scalar};
use uuid::Uuid;

fn people(rows: Vec<PersonRow>) -> Result<Vec<Person>, Error> {
    rows.into_iter().map(Person::try_from).collect()
}

#[async_trait]
impl Users for Postgres {
    async fn add(&self, person: &Person, password: Option<&str>, at: Timestamp) -> Result<(), Error> {
        let added = self.within(async {
            let mut transaction = Transaction::begin(&self.pool, "BEGIN").await?;
            let added = query!(
                "INSERT INTO users (user_id, username, display_name, password, disabled, disabled_at, is_admin, created_at)
                 VALUES ($1, $2, $3, $4, $5, CASE WHEN $5 THEN $7::bigint END, $6, $7)
                 ON CONFLICT (username) DO NOTHING",
                person.id.uuid(),
                person.username.as_ref().map(Username::as_str),
                person.display_name.as_str(),
                password,
                person.disabled,
                person.is_admin,
                at.as_millis(),
            )
            .execute(&mut *transaction)
            .await?;
            // A statement of its own sees what was committed while the first waited for whoever erased the name.
            if let Some(username) = &person.username {
                let retired = query_scalar!(
                    r#"SELECT EXISTS (SELECT FROM retired_usernames WHERE digest = $1) AS "retired!""#,
                    &username.digest()[..],
                )
                .fetch_one(&mut *transaction)
                .await?;
                if retired {
                    return Ok(false);
                }
            }
            transaction.commit().await?;
            Ok(added.rows_affected() == 1)
        });
        if added.await? { Ok(()) } else { Err(Error::Taken) }
    }

    async fn meet(&self, person: &Person, at: Timestamp) -> Result<Person, Error> {
        let known = self.person(person.id).await?;
        if let Some(known) = known.filter(|known| known.disabled || known.display_name == person.display_name) {
            return Ok(known);
        }
        let upsert = query!(
            "INSERT INTO users (user_id, display_name, disabled, created_at) VALUES ($1, $2, false, $3)
             ON CONFLICT (user_id) DO UPDATE SET display_name = EXCLUDED.display_name WHERE NOT users.disabled",
            person.id.uuid(),
            person.display_name.as_str(),
            at.as_millis(),
        );
        self.within(upsert.execute(&self.pool)).await?;
        let met = self.person(person.id).await?;
        met.ok_or_else(|| Error::Corrupt(format!("person {} was added and is not there", person.id)))
    }

    async fn person(&self, id: UserId) -> Result<Option<Person>, Error> {
        let select = query_as!(
            PersonRow,
            "SELECT user_id, username, display_name, disabled, is_admin FROM users WHERE user_id = $1",
            id.uuid(),
        );
        let row = self.within(select.fetch_optional(&self.pool)).await?;
        row.map(Person::try_from).transpose()
    }

    async fn people(&self, ids: &[UserId]) -> Result<Vec<Person>, Error> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        let select = query_as!(
            PersonRow,
            "SELECT user_id, username, display_name, disabled, is_admin FROM users WHERE user_id = ANY($1)",
            &ids,
        );
        people(self.within(select.fetch_all(&self.pool)).await?)
    }

    async fn by_username(&self, username: &Username) -> Result<Option<(Person, String)>, Error> {
        let select = query!(
            r#"SELECT user_id, username, display_name, disabled, is_admin, password AS "password!" FROM users
               WHERE username = $1 AND password IS NOT NULL"#,
            username.as_str(),
        );
        let Some(row) = self.within(select.fetch_optional(&self.pool)).await? else {
            return Ok(None);
        };
        let person = PersonRow {
            user_id: row.user_id,
            username: row.username,
            display_name: row.display_name,
            disabled: row.disabled,
            is_admin: row.is_admin,
        };
        Ok(Some((Person::try_from(person)?, row.password)))
    }

    async fn named(&self, usernames: &[Username]) -> Result<Vec<(Username, UserId)>, Error> {
        let names: Vec<String> = usernames.iter().map(Username::to_string).collect();
        let select = query!(
            r#"SELECT username AS "username!", user_id FROM users WHERE username = ANY($1)"#,
            &names,
        );
        let rows = self.within(select.fetch_all(&self.pool)).await?;
        rows.into_iter()
            .map(|row| {
                let username = Username::new(&row.username);
                let username = username.ok_or_else(|| Error::Corrupt(format!("username of {}", row.user_id)))?;
                Ok((username, UserId::new(row.user_id)))
            })
            .collect()
    }

    async fn list(&self, listing: &Listing, limit: usize) -> Result<Vec<Person>, Error> {
        let limit = limit_of(limit);
        let rows = match listing {
            Listing::All { after } => {
                let select = query_as!(
                    PersonRow,
                    "SELECT user_id, username, display_name, disabled, is_admin FROM users
                     WHERE user_id > $1 ORDER BY user_id LIMIT $2",
                    after.map_or_else(Uuid::nil, UserId::uuid),
                    limit,
                );
                self.within(select.fetch_all(&self.pool)).await?
            }
            Listing::Prefix { prefix, after } => {
                let select = query_as!(
                    PersonRow,
                    r#"SELECT user_id, username, display_name, disabled, is_admin FROM users
                       WHERE username COLLATE "C" >= $1 AND username COLLATE "C" < $2 AND username COLLATE "C" > $3
                       ORDER BY username COLLATE "C" LIMIT $4"#,
                    prefix.as_str(),
                    prefix.end(),
                    after.as_ref().map_or("", Username::as_str),
                    limit,
                );
                self.within(select.fetch_all(&self.pool)).await?
            }
        };
        people(rows)
    }

    async fn password(&self, id: UserId) -> Result<Option<String>, Error> {
        let select = query_scalar!("SELECT password FROM users WHERE user_id = $1", id.uuid());
        Ok(self.within(select.fetch_optional(&self.pool)).await?.flatten())
    }

    async fn password_is(&self, id: UserId, hash: &str) -> Result<bool, Error> {
        // The lock waits for whoever is changing it.
        let select = query_scalar!("SELECT password FROM users WHERE user_id = $1 FOR SHARE", id.uuid());
        let stored = self.within(select.fetch_optional(&self.pool)).await?.flatten();
        Ok(stored.is_some_and(|stored| stored == hash))
    }

    async fn rename(&self, id: UserId, name: &PersonName) -> Result<bool, Error> {
        let update = query!(
            "UPDATE users SET display_name = $2 WHERE user_id = $1 AND NOT disabled",
            id.uuid(),
            name.as_str(),
        );
        Ok(self.within(update.execute(&self.pool)).await?.rows_affected() == 1)
    }

    async fn replace_password(
        &self,
        id: UserId,
        from: &str,
        to: &str,
        keep: Option<Uuid>,
        at: Timestamp,
    ) -> Result<Option<Vec<Uuid>>, Error> {
        self.within(async {
            let mut transaction = Transaction::begin(&self.pool, "BEGIN").await?;
            let changed = query!(
                "UPDATE users SET password = $3 WHERE user_id = $1 AND password = $2 AND NOT disabled",
                id.uuid(),
                from,
                to,
            )
            .execute(&mut *transaction)
            .await?;
            let mut ended = None;
            if changed.rows_affected() == 1 {
                // A statement of its own sees the logins that began while the first waited for the row.
                let logins = query_scalar!(
                    "UPDATE logins SET revoked = true, ended_at = $3
                     WHERE user_id = $1 AND NOT revoked AND login_id IS DISTINCT FROM $2 RETURNING login_id",
                    id.uuid(),
                    keep,
                    at.as_millis(),
                );
                ended = Some(logins.fetch_all(&mut *transaction).await?);
            }
            transaction.commit().await?;
            Ok(ended)
        })
        .await
    }

    async fn set_disabled(&self, id: UserId, disabled: bool, act: &Act) -> Result<bool, Error> {
        let set = query!(
            "WITH changed AS (
                 UPDATE users SET disabled = $2, disabled_at = CASE WHEN $2 THEN $3::bigint END
                 WHERE user_id = $1 AND disabled <> $2 AND NOT EXISTS (SELECT FROM erased WHERE erased.user_id = $1)
                 RETURNING user_id
             )
             INSERT INTO audit (audit_id, at, actor_id, action, target_id, detail)
             SELECT $4, $3, $5, $6, $7, $8 FROM changed",
            id.uuid(),
            disabled,
            act.at.as_millis(),
            act.id,
            act.actor_id.uuid(),
            act.action,
            act.target_id,
            act.detail,
        );
        Ok(self.within(set.execute(&self.pool)).await?.rows_affected() == 1)
    }

    async fn make_admin(&self, id: UserId, act: &Act) -> Result<bool, Error> {
        let make = query!(
            "WITH changed AS (
                 UPDATE users SET is_admin = true WHERE user_id = $1 AND NOT is_admin AND NOT disabled RETURNING user_id
             )
             INSERT INTO audit (audit_id, at, actor_id, action, target_id, detail)
             SELECT $2, $3, $4, $5, $6, $7 FROM changed",
            id.uuid(),
            act.id,
            act.at.as_millis(),
            act.actor_id.uuid(),
            act.action,
            act.target_id,
            act.detail,
        );
        Ok(self.within(make.execute(&self.pool)).await?.rows_affected() == 1)
    }

    async fn erase(&self, id: UserId, texts: bool, at: Timestamp) -> Result<bool, Error> {
        self.within(async {
            let mut transaction = Transaction::begin(&self.pool, "BEGIN").await?;
            let found = query_scalar!("SELECT username FROM users WHERE user_id = $1 FOR UPDATE", id.uuid())
                .fetch_optional(&mut *transaction)
                .await?;
            if let Some(username) = &found {
                let retired = username.as_deref().and_then(Username::new).map(|name| name.digest());
                erase_rows(&mut transaction, id, retired, texts, at).await?;
            }
            transaction.commit().await?;
            Ok(found.is_some())
        })
        .await
    }

    async fn erased(&self) -> Result<Vec<(UserId, bool)>, Error> {
        let select = query!("SELECT user_id, texts FROM erased ORDER BY user_id");
        let rows = self.within(select.fetch_all(&self.pool)).await?;
        Ok(rows
            .into_iter()
            .map(|row| (UserId::new(row.user_id), row.texts))
            .collect())
    }
}

async fn erase_rows(
    transaction: &mut Transaction<sqlx::Postgres>,
    id: UserId,
    retired: Option<[u8; 32]>,
    texts: bool,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    query!(
        "INSERT INTO erased (user_id, texts, erased_at) VALUES ($1, $2, $3)
         ON CONFLICT (user_id) DO UPDATE SET texts = erased.texts OR EXCLUDED.texts",
        id.uuid(),
        texts,
        at.as_millis(),
    )
    .execute(&mut **transaction)
    .await?;
    if let Some(digest) = retired {
        query!(
            "INSERT INTO retired_usernames (digest) VALUES ($1) ON CONFLICT DO NOTHING",
            &digest[..]
        )
        .execute(&mut **transaction)
        .await?;
    }
    query!(
        "UPDATE users SET username = NULL, password = NULL, display_name = $2, is_admin = false, disabled = true,
                          disabled_at = COALESCE(disabled_at, $3)
         WHERE user_id = $1",
        id.uuid(),
        ERASED_NAME,
        at.as_millis(),
    )
    .execute(&mut **transaction)
    .await?;
    query!(
        "UPDATE logins SET revoked = true, ended_at = COALESCE(ended_at, $2), user_agent = NULL, address = NULL
         WHERE user_id = $1",
        id.uuid(),
        at.as_millis(),
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
