//! Roomlog's projector: reads the log in a group, folds, and writes history and live views.
//!
//! The path of a record: [`share`] hands it to its partition's task, which decodes and folds it, and a store takes it
//! in a batch together with the offset that comes next. What must hold: a projection's position is kept beside
//! the rows it belongs to, so whatever fails, the task throws its state away and goes on from what the store says;
//! what can pass by itself is waited for, what cannot stops the projector with an [`Error`].
//! Nothing here knows sessions, and nothing judges but the fold.

pub mod archive;
mod backoff;
mod config;
mod course;
mod dead_letters;
mod error;
mod feed;
mod halt;
pub mod history;
mod lag;
pub mod live;
pub mod metrics;
pub mod rebuild;
mod rooms;
mod share;
mod status;
mod traces;
pub mod verify;
mod watch;

pub use config::Config;
pub use error::Error;
pub use status::Status;
