//! People in PostgreSQL, schema `people`.

use super::rows::{KeyRow, LoginRow, PersonRow};
use super::{Error, Login, People, Person, SigningKey, Username};
use crate::database::Transaction;
use crate::database::postgres::{self, Config, Durability};
use crate::domain::{Timestamp, UserId};
use async_trait::async_trait;
use sqlx::migrate::Migrator;
use sqlx::{PgPool, query, query_as, query_scalar};
use std::future::Future;
use std::time::Duration;
use uuid::Uuid;

/// Where the tables are.
pub const SCHEMA: &str = "people";
static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/postgres/people");

/// Brings the schema up to date and makes the first signing key.
///
/// # Errors
/// [`Error::Unavailable`] when the server is away, [`Error::Corrupt`] when the schema is not what this binary knows.
pub async fn migrate(config: &Config, now: Timestamp) -> Result<(), Error> {
    postgres::migrate(config, SCHEMA, &MIGRATIONS).await?;
    let people = Postgres::connect(config)?;
    people.signing_keys(&|| super::token::make_key(now)).await?;
    people.close().await;
    Ok(())
}

/// The id that a schema registry gave a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaId {
    /// Of the schema's canonical form.
    pub fingerprint: [u8; 8],
    /// Under which it was registered.
    pub subject: String,
    /// The registry's id.
    pub id: i32,
}

/// People in PostgreSQL.
#[derive(Clone, Debug)]
pub struct Postgres {
    pool: PgPool,
    limit: Duration,
}

impl Postgres {
    /// A pool of its own. Nothing is connected yet.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the URL is none.
    pub fn connect(config: &Config) -> Result<Self, Error> {
        Ok(Self {
            pool: postgres::connect(config, SCHEMA, Durability::Synchronous)?,
            limit: Duration::from_millis(config.operation_ms),
        })
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// The ids that the registry gave.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn schema_ids(&self) -> Result<Vec<SchemaId>, Error> {
        let rows = self
            .within(
                query!("SELECT fingerprint, subject, id FROM schema_ids ORDER BY fingerprint").fetch_all(&self.pool),
            )
            .await?;
        let id = |fingerprint: Vec<u8>, subject, id| {
            let fingerprint =
                <[u8; 8]>::try_from(fingerprint).map_err(|_| Error::Corrupt(format!("fingerprint of schema {id}")))?;
            Ok(SchemaId {
                fingerprint,
                subject,
                id,
            })
        };
        rows.into_iter()
            .map(|row| id(row.fingerprint, row.subject, row.id))
            .collect()
    }

    /// Keeps the ids that the registry gave, in place of what was known of the same schemas.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn keep_schema_ids(&self, ids: &[SchemaId]) -> Result<(), Error> {
        let fingerprints: Vec<Vec<u8>> = ids.iter().map(|id| id.fingerprint.to_vec()).collect();
        let subjects: Vec<String> = ids.iter().map(|id| id.subject.clone()).collect();
        let numbers: Vec<i32> = ids.iter().map(|id| id.id).collect();
        self.within(
            query!(
                "INSERT INTO schema_ids (fingerprint, subject, id) SELECT * FROM UNNEST($1::bytea[], $2::text[], $3::int[])
                 ON CONFLICT (fingerprint) DO UPDATE SET subject = EXCLUDED.subject, id = EXCLUDED.id",
                &fingerprints,
                &subjects,
                &numbers,
            )
            .execute(&self.pool),
        )
        .await?;
        Ok(())
    }

    async fn within<T>(&self, work: impl Future<Output = Result<T, sqlx::Error>> + Send) -> Result<T, Error> {
        Ok(postgres::within(self.limit, work).await?)
    }
}

#[async_trait]
impl People for Postgres {
    async fn add(&self, person: &Person, password: Option<&str>, at: Timestamp) -> Result<(), Error> {
        let added = self
            .within(
                query!(
                    "INSERT INTO users (user_id, username, display_name, password, disabled, created_at)
                     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (username) DO NOTHING",
                    person.id.uuid(),
                    person.username.as_ref().map(Username::as_str),
                    person.display_name.as_str(),
                    password,
                    person.disabled,
                    at.as_millis(),
                )
                .execute(&self.pool),
            )
            .await?;
        if added.rows_affected() == 0 {
            Err(Error::Taken)
        } else {
            Ok(())
        }
    }

    async fn person(&self, id: UserId) -> Result<Option<Person>, Error> {
        let row = self
            .within(
                query_as!(
                    PersonRow,
                    "SELECT user_id, username, display_name, disabled FROM users WHERE user_id = $1",
                    id.uuid(),
                )
                .fetch_optional(&self.pool),
            )
            .await?;
        row.map(Person::try_from).transpose()
    }

    async fn by_username(&self, username: &Username) -> Result<Option<(Person, String)>, Error> {
        let row = self
            .within(
                query!(
                    r#"SELECT user_id, username, display_name, disabled, password AS "password!" FROM users
                       WHERE username = $1 AND password IS NOT NULL"#,
                    username.as_str(),
                )
                .fetch_optional(&self.pool),
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        let person = PersonRow {
            user_id: row.user_id,
            username: row.username,
            display_name: row.display_name,
            disabled: row.disabled,
        };
        Ok(Some((Person::try_from(person)?, row.password)))
    }

    async fn add_login(&self, login: &Login, at: Timestamp) -> Result<(), Error> {
        self.within(
            query!(
                "INSERT INTO logins (login_id, user_id, refresh_digest, previous_digest, created_at, rotated_at,
                                     expires_at, revoked)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                login.id,
                login.user_id.uuid(),
                &login.refresh_digest[..],
                login.previous_digest.as_ref().map(|digest| &digest[..]),
                at.as_millis(),
                login.rotated_at.as_millis(),
                login.expires_at.as_millis(),
                login.revoked,
            )
            .execute(&self.pool),
        )
        .await?;
        Ok(())
    }

    async fn login(&self, id: Uuid) -> Result<Option<Login>, Error> {
        let row = self
            .within(
                query_as!(
                    LoginRow,
                    "SELECT login_id, user_id, refresh_digest, previous_digest, rotated_at, expires_at, revoked
                     FROM logins WHERE login_id = $1",
                    id,
                )
                .fetch_optional(&self.pool),
            )
            .await?;
        row.map(Login::try_from).transpose()
    }

    async fn rotate(
        &self,
        login: Uuid,
        from: [u8; 32],
        to: [u8; 32],
        expires_at: Timestamp,
        at: Timestamp,
    ) -> Result<bool, Error> {
        let rotated = self
            .within(
                query!(
                    "UPDATE logins SET refresh_digest = $3, previous_digest = refresh_digest, expires_at = $4,
                                       rotated_at = $5
                     WHERE login_id = $1 AND refresh_digest = $2 AND NOT revoked",
                    login,
                    &from[..],
                    &to[..],
                    expires_at.as_millis(),
                    at.as_millis(),
                )
                .execute(&self.pool),
            )
            .await?;
        Ok(rotated.rows_affected() == 1)
    }

    async fn revoke(&self, id: Uuid) -> Result<(), Error> {
        self.within(query!("UPDATE logins SET revoked = true WHERE login_id = $1", id).execute(&self.pool))
            .await?;
        Ok(())
    }

    async fn signing_keys(&self, make: &(dyn Fn() -> SigningKey + Send + Sync)) -> Result<Vec<SigningKey>, Error> {
        let select = || {
            query_as!(
                KeyRow,
                "SELECT key_id, pkcs8, created_at FROM signing_keys ORDER BY created_at DESC, key_id",
            )
            .fetch_all(&self.pool)
        };
        let mut rows = self.within(select()).await?;
        if rows.is_empty() {
            let key = make();
            // Of several that start at once, one makes the key: the statement sees none, or waits and then sees one.
            self.within(async {
                let mut transaction = Transaction::begin(&self.pool, "BEGIN").await?;
                query!("LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE")
                    .execute(&mut *transaction)
                    .await?;
                query!(
                    "INSERT INTO signing_keys (key_id, pkcs8, created_at)
                     SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT FROM signing_keys)",
                    key.id,
                    key.pkcs8,
                    key.created_at.as_millis(),
                )
                .execute(&mut *transaction)
                .await?;
                transaction.commit().await
            })
            .await?;
            rows = self.within(select()).await?;
        }
        Ok(rows.into_iter().map(SigningKey::from).collect())
    }

    async fn erased(&self) -> Result<Vec<(UserId, bool)>, Error> {
        let rows = self
            .within(query!("SELECT user_id, texts FROM erased ORDER BY user_id").fetch_all(&self.pool))
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| (UserId::new(row.user_id), row.texts))
            .collect())
    }

    async fn ping(&self) -> Result<(), Error> {
        self.within(query_scalar!(r#"SELECT 1 AS "one!""#).fetch_one(&self.pool))
            .await?;
        Ok(())
    }
}
