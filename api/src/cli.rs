//! The command line of `roomlog`.

pub mod archive;
pub mod log;
pub mod past;
pub mod rebuild;
pub mod trace;
pub mod verify;

use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// A chat engine whose only truth is a log.
#[derive(Debug, Parser)]
#[command(name = "roomlog", version, about)]
pub struct Cli {
    /// A file of settings (TOML), over the built-in defaults and under the environment.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do; `serve` when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What `roomlog` does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// An edge and both projectors in one process.
    #[default]
    Serve,
    /// An edge alone: any number of them may serve the same log.
    Edge,
    /// A projector alone: several of a kind share the partitions.
    Projector {
        /// Which projection.
        #[command(subcommand)]
        kind: Projection,
    },
    /// Makes or updates the database and the topics, and the keys that tokens are signed with.
    Migrate,
    /// The schemas of events.
    Schemas {
        /// What to do with them.
        #[command(subcommand)]
        verb: Schemas,
    },
    /// Those who run Roomlog.
    Admin {
        /// What to do with them.
        #[command(subcommand)]
        verb: Admin,
    },
    /// Makes a projection anew beside the old one, and swaps them.
    Rebuild(rebuild::Rebuild),
    /// Holds history and live views against the log, or one receipt.
    Verify(verify::Verify),
    /// Writes the log, or one room of it, into a file.
    Export(archive::Export),
    /// Fills an empty log from such a file.
    Import(archive::Import),
    /// Shows the log itself.
    Log {
        /// What of it.
        #[command(subcommand)]
        verb: log::Log,
    },
    /// Tells a room as it once stood: its people, and its latest messages with their edits and reactions of then.
    At(past::At),
    /// Tells a room's events as they happened, each with the fold's word on it.
    Replay(past::Replay),
    /// Tells what became of a message, from its command to every delivery, as Jaeger has it.
    Trace(trace::Trace),
    /// Prints the settings in force, passwords masked.
    Config,
    /// Asks the process that runs with these settings whether it is well, and fails unless it is: a container's health check.
    Health {
        /// Whether all it depends on is there too (/readyz); without, whether it answers at all (/livez).
        #[arg(long)]
        ready: bool,
    },
}

/// What is done with admins.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Admin {
    /// Makes an admin: a new account, or one that is there and has the password. The password is the variable
    /// ROOMLOG_ADMIN_PASSWORD, else the first line of stdin.
    Create {
        /// The name they sign in with.
        #[arg(long, value_name = "NAME")]
        username: String,
    },
}

/// The two projections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub enum Projection {
    /// PostgreSQL: rooms, members, messages, journal.
    History,
    /// Redis: room state, recent, presence.
    Live,
}

/// What is done with schemas.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Schemas {
    /// Registers those of the lock, and keeps their ids in the database.
    Register,
    /// Says whether registry, lock and files agree.
    Check,
    /// Prints the lock of the schema files that this binary was built from.
    Lock {
        /// Writes it there instead: schemas/lock.json.
        #[arg(long, value_name = "FILE")]
        write: Option<PathBuf>,
    },
}
