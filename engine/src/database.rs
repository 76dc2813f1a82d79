//! What the stores on SQL share: connections with bounds, migrations, and which failures pass by themselves.
//!
//! What must hold: nothing waits for ever, for a connection, a lock or an answer; a failure of the store and a refusal of
//! the data are never taken for one another, for the first is tried again and the second is not.

pub mod postgres;
pub mod sqlite;

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
