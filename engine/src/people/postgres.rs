//! People in PostgreSQL, schema `people`: the connection, the keys and the registry's ids; the rest by what it is about.

mod acts;
mod logins;
mod users;

use super::rows::KeyRow;
use super::{Error, People, SigningKey};
use crate::database::postgres::{self, Config, Durability};
use crate::database::{Pool, Transaction};
use crate::domain::Timestamp;
use async_trait::async_trait;
use sqlx::migrate::Migrator;
use sqlx::{Postgres as Pg, query, query_as, query_scalar};
use std::future::Future;
use std::time::Duration;

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
    pool: Pool<Pg>,
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

    /// Shows what its pool is like now.
    pub fn show(&self) {
        self.pool.show();
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

    async fn ping(&self) -> Result<(), Error> {
        self.within(query_scalar!(r#"SELECT 1 AS "one!""#).fetch_one(&self.pool))
            .await?;
        Ok(())
    }
}
