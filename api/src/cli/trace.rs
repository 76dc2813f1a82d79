//! The arguments of `roomlog trace`.

use super::past::{Format, From, Replay, To, Whose};
use clap::Args;
use engine::domain::RoomId;
use std::path::PathBuf;

/// `roomlog trace`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The trace's id, as an ack, an error or the header x-trace-id told it.
    #[arg(value_name = "TRACE_ID", required_unless_present = "room", conflicts_with_all = ["room", "seq"])]
    pub id: Option<String>,
    /// The room of a message whose trace is looked up in the log.
    #[arg(long, value_name = "ID", requires = "seq")]
    pub room: Option<RoomId>,
    /// Its seq.
    #[arg(long, value_name = "NUMBER", requires = "room")]
    pub seq: Option<u64>,
    /// Asks a running Roomlog for the message, as the person of the token, instead of the log itself.
    #[arg(long, value_name = "URL", requires = "room")]
    pub server: Option<String>,
    /// The file of an access token, for `--server`; else the variable ROOMLOG_TOKEN.
    #[arg(long, value_name = "FILE", requires = "server")]
    pub token_file: Option<PathBuf>,
    /// Where Jaeger answers; else telemetry.jaeger_url.
    #[arg(long, value_name = "URL")]
    pub jaeger: Option<String>,
    /// Prints the spans as JSON, one a line, in the order of the tree.
    #[arg(long)]
    pub json: bool,
}

impl Trace {
    /// The replay of the one event that is asked for; `None` where the trace itself is named.
    #[must_use]
    pub fn message(&self) -> Option<Replay> {
        let (room, seq) = (self.room?, self.seq?);
        Some(Replay {
            whose: Whose {
                room,
                epoch: None,
                partition: None,
                server: self.server.clone(),
                token_file: self.token_file.clone(),
            },
            from: From::seq(seq),
            to: To::seq(seq),
            format: Format::Ndjson,
            json: true,
            follow: false,
            datum: false,
        })
    }
}
