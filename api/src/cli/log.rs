//! The arguments of `roomlog log …`.

use clap::{Args, Subcommand, ValueEnum};
use engine::domain::{Body, RoomId};

/// What is looked at of the log.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Log {
    /// Shows records as they are appended, decoded. Ctrl-C, or a pipe that is closed, ends it with 0.
    ///
    /// What the fold says of an event is not known here: an event that everybody ignores is shown like any other. `roomlog
    /// replay` shows verdicts.
    Tail(Tail),
    /// Says what the log holds: partitions, rates, the biggest rooms, and how far the projections are behind.
    Stats(Stats),
}

/// See [`Log::Tail`].
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    /// One room alone, by its id.
    #[arg(long, value_name = "ID")]
    pub room: Option<RoomId>,
    /// One type of event alone, as clients name it: message_sent. Of other topics the record's name: Presence.
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,
    /// Which topic.
    #[arg(long, value_enum, default_value_t = Topic::Events)]
    pub topic: Topic,
    /// Begins with so many of the last records of each partition.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub last: u64,
    /// One JSON object a line.
    #[arg(long)]
    pub json: bool,
}

impl Tail {
    /// Whether the type asked for is one of this topic's, as far as that can be known.
    ///
    /// # Errors
    /// A sentence with the names there are.
    pub fn check(&self) -> Result<(), String> {
        match &self.kind {
            Some(kind) if self.topic == Topic::Events && !Body::TYPE_NAMES.contains(&kind.as_str()) => Err(format!(
                "there is no type {kind}: there are {}",
                Body::TYPE_NAMES.join(", ")
            )),
            _ => Ok(()),
        }
    }
}

/// See [`Log::Stats`].
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// How many of the biggest rooms are told.
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    pub rooms: usize,
    /// Says it as JSON.
    #[arg(long)]
    pub json: bool,
}

/// A topic by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Topic {
    /// What happened: the truth.
    Events,
    /// Read markers.
    Reads,
    /// Presence, typing, what became of accounts.
    Signals,
    /// What could not be read, as it was.
    DeadLetters,
}

impl From<Topic> for engine::log::Topic {
    fn from(topic: Topic) -> Self {
        match topic {
            Topic::Events => Self::Events,
            Topic::Reads => Self::Reads,
            Topic::Signals => Self::Signals,
            Topic::DeadLetters => Self::DeadLetters,
        }
    }
}
