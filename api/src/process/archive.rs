//! `roomlog export` and `roomlog import`.

use super::bar::Bar;
use super::waiting::Patience;
use super::{Error, direct, stores, welcome};
use crate::cli::archive::{Export, Import};
use crate::config::{Config, Mode};
use crate::edge::wire::Wire;
use engine::log::Log;
use engine::people;
use engine::telemetry::Telemetry;
use projector::archive::{self, Manifest, manifest_path};
use std::path::Path;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// `roomlog export`.
pub(super) async fn export(config: &Config, asked: &Export) -> Result<(), Error> {
    let telemetry = Telemetry::start(&config.telemetry, "roomlog-export")?;
    let exported = write(config, asked).await;
    end(telemetry).await;
    tell(&exported?, &asked.file, "exported", asked.json)
}

async fn write(config: &Config, asked: &Export) -> Result<Manifest, Error> {
    let log = direct::log(config).await?;
    let bar = Bar::new();
    let exported = archive::export(&config.projector, &log, asked.room, &asked.file, &bar).await;
    drop(bar);
    log.close().await;
    Ok(exported?)
}

/// `roomlog import`.
pub(super) async fn import(config: &Config, asked: &Import) -> Result<(), Error> {
    let telemetry = Telemetry::start(&config.telemetry, "roomlog-import")?;
    let imported = read(config, asked).await;
    end(telemetry).await;
    tell(&imported?, &asked.file, "imported", asked.json)
}

async fn read(config: &Config, asked: &Import) -> Result<Manifest, Error> {
    let (log, wire): (Arc<dyn Log>, Wire) = match config.mode() {
        Mode::Embedded => (Arc::new(direct::embedded_log(config).await?), Wire::SingleObject),
        Mode::Cluster => {
            let wire = registered(config).await?;
            (Arc::new(direct::kafka_log(config).await?), wire)
        }
    };
    let wires = |fingerprint| {
        let unregistered = || "a schema has no id in the registry: run `roomlog schemas register`".to_owned();
        wire.of(fingerprint).ok_or_else(unregistered)
    };
    let bar = Bar::new();
    let imported = archive::import(&log, &wires, &asked.file, &bar).await;
    drop(bar);
    log.close().await;
    Ok(imported?)
}

/// The registry's ids, as the database of people keeps them.
async fn registered(config: &Config) -> Result<Wire, Error> {
    let (patience, never) = (Patience::bounded(&config.startup), CancellationToken::new());
    let people = people::postgres::Postgres::connect(&config.postgres)?;
    let ask = async || people.schema_ids().await;
    let ids = patience.ask("PostgreSQL", &never, ask).await;
    people.close().await;
    stores::wire(&ids?)
}

async fn end(telemetry: Telemetry) {
    // The exporter blocks while it sends its last spans.
    let _ = tokio::task::spawn_blocking(move || telemetry.shutdown()).await;
}

fn tell(manifest: &Manifest, file: &Path, done: &str, json: bool) -> Result<(), Error> {
    if json {
        return welcome::tell(&serde_json::to_string(manifest).expect("names and numbers are JSON"));
    }
    welcome::tell(&format!(
        "{done} {} events of {} rooms, {} bytes: {} and {}",
        manifest.events,
        manifest.rooms.len(),
        manifest.file.bytes,
        file.display(),
        manifest_path(file).display()
    ))
}
