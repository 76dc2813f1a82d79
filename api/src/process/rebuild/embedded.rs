//! In the embedded mode: one process at a time has the folder, so nobody serves while history is made anew.

use super::show::Said;
use super::{Error, Parts, Store, make};
use crate::cli::rebuild::Rebuild;
use crate::config::Config;
use crate::process::shutdown::Shutdown;
use engine::history::sqlite::beside::{self, SqliteBeside};
use engine::log::Log as _;
use engine::log::sqlite;
use std::sync::Arc;

async fn open_log(config: &Config) -> Result<sqlite::Log, Error> {
    let log = sqlite::Log::open(&config.data_dir, config.embedded.clone()).await;
    log.map_err(|error| Error::Impossible(format!("{error}; stop `roomlog serve` first, if it runs there")))
}

pub(super) async fn rebuild(config: &Config, asked: &Rebuild, said: &Said, shutdown: &Shutdown) -> Result<(), Error> {
    let log = Arc::new(open_log(config).await?);
    let made = match SqliteBeside::open(&config.data_dir, log.epoch(), asked.anew).await {
        Ok(beside) => {
            let store = Arc::new(beside.store());
            let parts = Parts {
                log: log.clone(),
                store: Store::History {
                    reader: store.clone(),
                    writer: store,
                },
                beside: Box::new(beside),
            };
            make(config, asked, parts, said, shutdown).await
        }
        Err(error) => Err(error.into()),
    };
    log.close().await;
    made
}

/// What is done with an old history that was kept.
pub(super) async fn kept(config: &Config, drop: bool, said: &Said) -> Result<(), Error> {
    let log = open_log(config).await?;
    let done = if drop {
        beside::drop_old(&config.data_dir)
            .map_err(Error::from)
            .and_then(|there| said.dropped(there))
    } else {
        let back = beside::swap_back(&config.data_dir).await;
        back.map_err(Error::from).and_then(|()| said.swapped_back())
    };
    log.close().await;
    done
}
