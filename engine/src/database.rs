//! What the stores on SQL share: connections with bounds, migrations, and which failures pass by themselves.
//!
//! What must hold: nothing waits for ever, for a connection, a lock or an answer; a failure of the store and a refusal of
//! the data are never taken for one another, for the first is tried again and the second is not.

mod pool;
pub mod postgres;
pub mod sqlite;

pub(crate) use pool::Pool;
use sqlx::pool::PoolConnection;
use sqlx::{Database, Executor};
use std::ops::{Deref, DerefMut};

/// A transaction on a pooled connection. Whatever ends it but [`Transaction::commit`] (an error, or a caller who waits no
/// more) ends the connection too, and the database takes everything back.
///
/// Why not sqlx's own: of a BEGIN that is given up before its answer, sqlx 0.8 keeps no note, and its pool hands the
/// connection out again with the transaction open. What comes next on it is refused, or worse, never committed.
pub(crate) struct Transaction<DB: Database> {
    connection: PoolConnection<DB>,
    committed: bool,
}

impl<DB: Database> Transaction<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    /// Begins one by `statement`.
    pub(crate) async fn begin(pool: &Pool<DB>, statement: &'static str) -> Result<Self, sqlx::Error> {
        let connection = pool.acquire().await?;
        let mut transaction = Self {
            connection,
            committed: false,
        };
        transaction.execute(statement).await?;
        Ok(transaction)
    }

    /// Ends it; what it wrote is there.
    pub(crate) async fn commit(mut self) -> Result<(), sqlx::Error> {
        self.execute("COMMIT").await?;
        self.committed = true;
        Ok(())
    }
}

impl<DB: Database> Deref for Transaction<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        &self.connection
    }
}

impl<DB: Database> DerefMut for Transaction<DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        &mut self.connection
    }
}

impl<DB: Database> Drop for Transaction<DB> {
    fn drop(&mut self) {
        if !self.committed {
            self.connection.close_on_drop();
        }
    }
}

/// What a failure means for who asked.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// Away, busy, full: later it may work.
    Away(String),
    /// The data itself was refused: the same again will be refused again.
    Refused(String),
    /// What is stored can't be read.
    Corrupt(String),
}

impl Failure {
    /// The same, said of `what`.
    fn on(self, what: impl std::fmt::Display) -> Self {
        let named = |why| format!("{what}: {why}");
        match self {
            Self::Away(why) => Self::Away(named(why)),
            Self::Refused(why) => Self::Refused(named(why)),
            Self::Corrupt(why) => Self::Corrupt(named(why)),
        }
    }

    /// A failure that has nothing to do with the kind of database.
    fn of(error: &sqlx::Error) -> Self {
        use sqlx::Error as E;
        let text = error.to_string();
        match error {
            E::ColumnDecode { .. } | E::Decode(_) | E::ColumnNotFound(_) | E::ColumnIndexOutOfBounds { .. } => {
                Self::Corrupt(text)
            }
            E::Encode(_) => Self::Refused(text),
            _ => Self::Away(text),
        }
    }
}
