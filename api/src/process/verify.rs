//! `roomlog verify`: opens what is to be checked, and says what was found.

mod receipt;
mod show;

use super::bar::Bar;
use super::{Error, direct, welcome};
use crate::cli::verify::{Only, Verify};
use crate::config::{Config, Mode};
use engine::telemetry::Telemetry;
use projector::verify::{self, Live, Parts};

/// Does it, to its end.
pub(super) async fn run(config: &Config, asked: &Verify) -> Result<(), Error> {
    if asked.only == Some(Only::Live) && config.mode() == Mode::Embedded {
        return Err(Error::Impossible(
            "embedded live views are in the memory of the process that serves: there are none to check".into(),
        ));
    }
    let telemetry = Telemetry::start(&config.telemetry, "roomlog-verify")?;
    let checked = match &asked.receipt {
        Some(file) => receipt::check(config, asked, file).await,
        None => check(config, asked).await,
    };
    // The exporter blocks while it sends its last spans.
    let _ = tokio::task::spawn_blocking(move || telemetry.shutdown()).await;
    checked
}

async fn check(config: &Config, asked: &Verify) -> Result<(), Error> {
    let log = direct::log(config).await?;
    let wanted = |part| asked.only.is_none_or(|only| only == part);
    let history = if wanted(Only::History) {
        direct::History::open(config).await?
    } else {
        None
    };
    let live = if wanted(Only::Live) {
        direct::live(config, &*log)?
    } else {
        None
    };
    let parts = Parts {
        log: log.clone(),
        history: history.as_ref().map(direct::History::reader),
        live: live.map(|live| Live {
            reader: live.clone(),
            writer: live,
        }),
        whole_log: wanted(Only::Log),
    };
    let bar = Bar::new();
    let checked = verify::run(&config.projector, &parts, asked.room, &bar).await;
    drop((bar, parts));
    if let Some(history) = history {
        history.close().await;
    }
    log.close().await;
    let report = checked?;
    welcome::tell(&if asked.json {
        show::json(&report)
    } else {
        show::text(&report)
    })?;
    if report.well {
        return Ok(());
    }
    let count: u64 = report.differing.values().sum();
    Err(Error::Differs(match count {
        1 => "1 difference from the log".to_owned(),
        more => format!("{more} differences from the log"),
    }))
}
