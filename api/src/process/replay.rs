//! `roomlog replay`: a room's events as they happened, from a running server or straight from the log.

mod of_log;
mod of_server;
pub(super) mod people;
mod show;

use super::Error;
use super::output::Output;
use crate::cli::past::Replay;
use crate::config::Config;
use show::Page;
use std::ops::ControlFlow;
use std::time::Duration;

/// How often a replay that follows looks for more.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Does it, to its end.
pub(super) async fn run(config: &Config, asked: &Replay) -> Result<(), Error> {
    asked.check().map_err(Error::Usage)?;
    let mut shown = Shown {
        page: Page::new(asked.shown_as()),
        output: Output::default(),
    };
    shown.page.begin(asked.whose.room, shown.output.buffer());
    let told = read(config, asked, &mut shown).await;
    if let Ok(ControlFlow::Continue(())) = told {
        shown.page.end(shown.output.buffer());
    }
    // What was read is shown, also where it can't go on.
    let flushed = shown.output.flush();
    told.and(flushed).map(drop)
}

/// The first record of a replay, as a line of JSON.
///
/// # Errors
/// As [`run`]; where there is none at all, it says so.
pub(super) async fn first(config: &Config, asked: &Replay) -> Result<Vec<u8>, Error> {
    let mut first = First::default();
    let _ = read(config, asked, &mut first).await?;
    first
        .0
        .ok_or_else(|| Error::Impossible("the log holds nothing of the room there".into()))
}

async fn read(config: &Config, asked: &Replay, lines: &mut dyn Lines) -> Result<ControlFlow<()>, Error> {
    match &asked.whose.server {
        Some(server) => of_server::run(server, asked, lines).await,
        None => of_log::run(config, asked, lines).await,
    }
}

/// What takes the lines of a replay as they are read; `Break`: no more is wanted.
trait Lines: Send {
    /// One record.
    fn line(&mut self, json: &[u8]) -> Result<ControlFlow<()>, Error>;

    /// Nothing comes for a while.
    fn pause(&mut self) -> Result<ControlFlow<()>, Error>;
}

/// What was read on its way to whoever reads it.
struct Shown {
    page: Page,
    output: Output,
}

impl Lines for Shown {
    fn line(&mut self, json: &[u8]) -> Result<ControlFlow<()>, Error> {
        self.page.line(json, self.output.buffer());
        self.output.drain()
    }

    fn pause(&mut self) -> Result<ControlFlow<()>, Error> {
        self.output.flush()
    }
}

#[derive(Default)]
struct First(Option<Vec<u8>>);

impl Lines for First {
    fn line(&mut self, json: &[u8]) -> Result<ControlFlow<()>, Error> {
        self.0 = Some(json.to_vec());
        Ok(ControlFlow::Break(()))
    }

    fn pause(&mut self) -> Result<ControlFlow<()>, Error> {
        Ok(ControlFlow::Continue(()))
    }
}
