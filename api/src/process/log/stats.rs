//! `roomlog log stats`: what the log holds and how fast it grows, which rooms are big, how far the projections are behind.

use super::sample::{self, Sample};
use crate::cli::log::Stats;
use crate::config::{Config, Mode};
use crate::inspect::standing::{self, Stands};
use crate::process::bar::Bar;
use crate::process::{Error, direct, welcome};
use engine::clock;
use engine::domain::{Epoch, Offset, Partition, RoomId, Timestamp};
use engine::history;
use engine::log::{Extent, Log, Topic};
use serde::Serialize;
use std::fmt::Write as _;

/// Over how many minutes back rates are told.
const MINUTES: [u64; 3] = [1, 5, 60];

#[derive(Serialize)]
struct Told {
    epoch: Epoch,
    topic: String,
    records: u64,
    /// The file's, where the log is one; Kafka does not tell a client.
    bytes: Option<u64>,
    /// Of keys and values before compression, by the sample.
    bytes_per_record: Option<u64>,
    partitions: Vec<Part>,
    /// The largest partition's records by the mean's; null of an empty log.
    skew: Option<f64>,
    rates: Vec<Rate>,
    rooms: Rooms,
    history: Lag,
    live: Lag,
}

#[derive(Serialize)]
struct Part {
    partition: Partition,
    low: Offset,
    high: Offset,
    records: u64,
}

#[derive(Serialize)]
struct Rate {
    minutes: u64,
    records: u64,
    per_second: f64,
}

#[derive(Serialize)]
struct Rooms {
    /// Whether every record was looked at; else `records` are estimates.
    exact: bool,
    looked_at: u64,
    biggest: Vec<Big>,
}

#[derive(Serialize)]
struct Big {
    room: RoomId,
    records: u64,
}

/// How far a projection is behind.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Lag {
    /// Records, over all partitions, and the partitions of which it holds nothing.
    Records { behind: u64, empty: Vec<Partition> },
    /// It could not be asked, or there is none to ask.
    Unknown(String),
}

/// Says it.
pub(super) async fn run(config: &Config, asked: &Stats) -> Result<(), Error> {
    let log = direct::log(config).await?;
    let told = gather(config, &*log, asked).await;
    log.close().await;
    let told = told?;
    welcome::tell(&if asked.json {
        serde_json::to_string(&told).expect("names and numbers are JSON")
    } else {
        text(&told)
    })
}

async fn gather(config: &Config, log: &dyn Log, asked: &Stats) -> Result<Told, Error> {
    let extents = log.extents(Topic::Events).await?;
    let records = |extent: &Extent| extent.high.get() - extent.low.get();
    let all: u64 = extents.iter().map(records).sum();
    let bar = Bar::new();
    let sample = sample::of(log, &extents, config.tools.stats_sample_records, &bar).await?;
    drop(bar);
    let largest = extents.iter().map(records).max().unwrap_or(0);
    let part = |extent: &Extent| Part {
        partition: extent.partition,
        low: extent.low,
        high: extent.high,
        records: records(extent),
    };
    Ok(Told {
        epoch: log.epoch(),
        topic: log.topic_name(Topic::Events),
        records: all,
        bytes: file_bytes(config),
        bytes_per_record: sample.bytes.checked_div(sample.records),
        partitions: extents.iter().map(part).collect(),
        skew: (all > 0).then(|| ratio(largest * extents.len() as u64, all)),
        rates: rates(log, &extents).await?,
        rooms: biggest(&sample, all, asked.rooms),
        history: history_lag(config, log, &extents).await,
        live: live_lag(config, log, &extents).await,
    })
}

#[allow(clippy::cast_precision_loss, reason = "for people: far below 2^53")]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

fn file_bytes(config: &Config) -> Option<u64> {
    if config.mode() != Mode::Embedded {
        return None;
    }
    // What was written last stands in the file beside it.
    let files = [
        engine::log::sqlite::FILE.to_owned(),
        format!("{}-wal", engine::log::sqlite::FILE),
    ];
    let sizes = files
        .iter()
        .filter_map(|file| std::fs::metadata(config.data_dir.join(file)).ok());
    Some(sizes.map(|file| file.len()).sum())
}

/// By the offsets that stood at the end so long ago.
async fn rates(log: &dyn Log, extents: &[Extent]) -> Result<Vec<Rate>, Error> {
    let now = clock::now().as_millis();
    let mut rates = Vec::with_capacity(MINUTES.len());
    for minutes in MINUTES {
        let seconds = minutes * 60;
        let since = Timestamp::from_millis(now - i64::try_from(seconds * 1_000).unwrap_or(i64::MAX));
        let records = standing::since(log, extents, since).await?.into_iter().sum();
        rates.push(Rate {
            minutes,
            records,
            per_second: ratio(records, seconds),
        });
    }
    Ok(rates)
}

fn biggest(sample: &Sample, all: u64, most: usize) -> Rooms {
    let exact = sample.records >= all;
    let scaled = |records: u64| {
        if exact || sample.records == 0 {
            return records;
        }
        let whole = u128::from(records) * u128::from(all) / u128::from(sample.records);
        u64::try_from(whole).unwrap_or(u64::MAX)
    };
    let mut biggest: Vec<Big> = sample
        .rooms
        .iter()
        .map(|(room, records)| Big {
            room: *room,
            records: scaled(*records),
        })
        .collect();
    biggest.sort_by_key(|big| (std::cmp::Reverse(big.records), big.room));
    biggest.truncate(most);
    Rooms {
        exact,
        looked_at: sample.records,
        biggest,
    }
}

/// The records from where a projection stands in each partition to the end.
fn behind(extents: &[Extent], stands: &Stands) -> Lag {
    let next = |extent: &Extent| stands.get(&extent.partition).copied();
    let empty = extents
        .iter()
        .filter(|extent| next(extent).is_none() && extent.high > extent.low);
    Lag::Records {
        behind: extents
            .iter()
            .map(|extent| standing::behind(extent, next(extent)))
            .sum(),
        empty: empty.map(|extent| extent.partition).collect(),
    }
}

async fn history_lag(config: &Config, log: &dyn Log, extents: &[Extent]) -> Lag {
    let stands = match config.mode() {
        Mode::Embedded => match direct::History::open(config).await {
            Ok(Some(history)) => {
                let stands = standing::of_history(&*history.reader(), log.epoch()).await;
                history.close().await;
                stands
            }
            Ok(None) => return Lag::Unknown("there is no history.db yet".into()),
            Err(error) => return Lag::Unknown(error.to_string()),
        },
        // Asked once: what is away is told so, and not waited for.
        Mode::Cluster => match history::postgres::Postgres::connect(&config.postgres) {
            Ok(history) => {
                let stands = standing::of_history(&history, log.epoch()).await;
                history.close().await;
                stands
            }
            Err(error) => Err(error),
        },
    };
    told(extents, stands)
}

fn told<E: std::fmt::Display>(extents: &[Extent], stands: Result<Stands, E>) -> Lag {
    match stands {
        Ok(stands) => behind(extents, &stands),
        Err(error) => Lag::Unknown(error.to_string()),
    }
}

async fn live_lag(config: &Config, log: &dyn Log, extents: &[Extent]) -> Lag {
    let views = match direct::live(config, log) {
        Ok(Some(views)) => views,
        Ok(None) => return Lag::Unknown("embedded live views are in the memory of the process that serves".into()),
        Err(error) => return Lag::Unknown(error.to_string()),
    };
    told(extents, standing::of_live(&*views, log.epoch(), extents).await)
}

fn text(told: &Told) -> String {
    let mut text = format!("{} (epoch {}): {} records", told.topic, told.epoch, told.records);
    if let Some(bytes) = told.bytes {
        let _ = write!(text, ", {bytes} bytes on disk");
    }
    if let Some(bytes) = told.bytes_per_record {
        let _ = write!(text, ", {bytes} bytes a record");
    }
    text.push_str("\n\npartition        low       high    records\n");
    for part in &told.partitions {
        let (partition, low, high) = (part.partition.get(), part.low.get(), part.high.get());
        let _ = writeln!(text, "{partition:>9} {low:>10} {high:>10} {:>10}", part.records);
    }
    if let Some(skew) = told.skew {
        let _ = writeln!(text, "the largest partition has {skew:.2} times the mean");
    }
    text.push('\n');
    for rate in &told.rates {
        let (minutes, records, rate) = (rate.minutes, rate.records, rate.per_second);
        let _ = writeln!(text, "last {minutes:>2} min: {records} records, {rate:.1} a second");
    }
    let how = match told.rooms.exact {
        true => "by every record".to_owned(),
        false => format!("estimated by {} records, spread over the log", told.rooms.looked_at),
    };
    let _ = writeln!(text, "\nbiggest rooms, {how}:");
    for big in &told.rooms.biggest {
        let _ = writeln!(text, "  {} {:>10}", big.room, big.records);
    }
    let _ = writeln!(text, "\nhistory: {}", lag(&told.history));
    let _ = write!(text, "live: {}", lag(&told.live));
    text
}

fn lag(lag: &Lag) -> String {
    match lag {
        Lag::Unknown(why) => format!("not known: {why}"),
        Lag::Records { behind: 0, .. } => "at the end of the log".to_owned(),
        Lag::Records { behind, empty } if empty.is_empty() => format!("{behind} records behind"),
        Lag::Records { behind, empty } => {
            format!(
                "{behind} records behind; it holds nothing of {} partitions",
                empty.len()
            )
        }
    }
}
