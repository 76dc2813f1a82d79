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
    let told = match &asked.whose.server {
        Some(server) => of_server::run(server, asked, &mut shown).await,
        None => of_log::run(config, asked, &mut shown).await,
    };
    if let Ok(ControlFlow::Continue(())) = told {
        shown.page.end(shown.output.buffer());
    }
    // What was read is shown, also where it can't go on.
    let flushed = shown.output.flush();
    told.and(flushed).map(drop)
}

/// What was read on its way to whoever reads it.
struct Shown {
    page: Page,
    output: Output,
}

impl Shown {
    /// One record.
    fn line(&mut self, json: &[u8]) -> Result<ControlFlow<()>, Error> {
        self.page.line(json, self.output.buffer());
        self.output.drain()
    }
}
