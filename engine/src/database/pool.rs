//! A pool of connections that tells how long one waits for them.
//!
//! What must hold: whatever takes a connection takes it here, a statement that is run on the pool itself too; a wait that
//! is given up is not counted, one that was in vain is.

use crate::metrics as of;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, StreamExt as _, TryFutureExt as _, TryStreamExt as _};
use metrics::{Counter, Histogram};
use sqlx::pool::PoolConnection;
use sqlx::{Database, Describe, Either, Execute, Executor};
use std::ops::Deref;
use std::time::Instant;

/// See the module. Cheap to clone: all clones are one.
pub(crate) struct Pool<DB: Database> {
    pool: sqlx::Pool<DB>,
    /// As metrics call it.
    name: &'static str,
    acquired: Histogram,
    timeouts: Counter,
}

impl<DB: Database> Pool<DB> {
    pub(crate) fn new(pool: sqlx::Pool<DB>, name: &'static str) -> Self {
        Self {
            pool,
            name,
            acquired: of::POOL_ACQUIRE_SECONDS.histogram_of([name]),
            timeouts: of::POOL_TIMEOUTS.counter_of([name]),
        }
    }

    /// A connection, waited for as long as the pool's settings say.
    pub(crate) async fn acquire(&self) -> Result<PoolConnection<DB>, sqlx::Error> {
        let begun = Instant::now();
        let acquired = self.pool.acquire().await;
        self.acquired.record(begun.elapsed());
        if matches!(acquired, Err(sqlx::Error::PoolTimedOut)) {
            self.timeouts.increment(1);
        }
        acquired
    }

    /// Shows how many connections there are now.
    pub(crate) fn show(&self) {
        #[allow(clippy::cast_precision_loss, reason = "shown, not counted with")]
        let idle = self.pool.num_idle() as f64;
        of::POOL_CONNECTIONS.gauge_of([self.name]).set(self.pool.size());
        of::POOL_IDLE.gauge_of([self.name]).set(idle);
        of::POOL_MOST
            .gauge_of([self.name])
            .set(self.pool.options().get_max_connections());
    }
}

impl<DB: Database> Clone for Pool<DB> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            name: self.name,
            acquired: self.acquired.clone(),
            timeouts: self.timeouts.clone(),
        }
    }
}

impl<DB: Database> std::fmt::Debug for Pool<DB> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool")
            .field("name", &self.name)
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}

impl<DB: Database> Deref for Pool<DB> {
    type Target = sqlx::Pool<DB>;

    fn deref(&self) -> &Self::Target {
        &self.pool
    }
}

/// A statement on any connection. Its answer is taken whole before the connection goes back: whoever reads more than a
/// bounded answer does so on a connection of their own.
impl<'p, DB: Database> Executor<'p> for &'_ Pool<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    type Database = DB;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Either<DB::QueryResult, DB::Row>, sqlx::Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let pool = self.clone();
        let whole = async move {
            let mut connection = pool.acquire().await?;
            let steps: Vec<_> = connection.fetch_many(query).try_collect().await?;
            Ok::<_, sqlx::Error>(stream::iter(steps.into_iter().map(Ok)))
        };
        whole.try_flatten_stream().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<DB::Row>, sqlx::Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let pool = self.clone();
        async move { pool.acquire().await?.fetch_optional(query).await }.boxed()
    }

    fn prepare_with<'e, 'q: 'e>(
        self,
        sql: &'q str,
        parameters: &'e [DB::TypeInfo],
    ) -> BoxFuture<'e, Result<DB::Statement<'q>, sqlx::Error>>
    where
        'p: 'e,
    {
        let pool = self.clone();
        async move { pool.acquire().await?.prepare_with(sql, parameters).await }.boxed()
    }

    fn describe<'e, 'q: 'e>(self, sql: &'q str) -> BoxFuture<'e, Result<Describe<DB>, sqlx::Error>>
    where
        'p: 'e,
    {
        let pool = self.clone();
        async move { pool.acquire().await?.describe(sql).await }.boxed()
    }
}
