//! The arguments of `roomlog at` and `roomlog replay`: whose past, from where it is read, and points of it.

use clap::{Args, ValueEnum};
use engine::domain::{Epoch, Offset, Partition, RoomId, Seq, Timestamp};
use engine::travel::Point;
use std::path::PathBuf;
use std::str::FromStr;
use uuid::Uuid;

/// Whose past is told, and by whom.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Whose {
    /// The room, by its id.
    #[arg(long, value_name = "ID")]
    pub room: RoomId,
    /// The log's life that the points were kept with: another one is refused.
    #[arg(long, value_name = "ID")]
    pub epoch: Option<Uuid>,
    /// The partition that offsets were kept with: another one than the room's is refused.
    #[arg(long, value_name = "NUMBER")]
    pub partition: Option<u16>,
    /// Asks a running Roomlog, as the person of the token. Without it the log that the settings name is read, by whoever may
    /// read it: everything is told then, also what was deleted or erased since.
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// The file of an access token, for `--server`; else the variable ROOMLOG_TOKEN.
    #[arg(long, value_name = "FILE", requires = "server")]
    pub token_file: Option<PathBuf>,
}

impl Whose {
    /// The life of the log, if it was named.
    #[must_use]
    pub fn epoch(&self) -> Option<Epoch> {
        self.epoch.map(Epoch::new)
    }

    /// The partition, if it was named.
    #[must_use]
    pub fn partition(&self) -> Option<Partition> {
        self.partition.map(Partition::new)
    }
}

/// `roomlog at`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// Whose past.
    #[command(flatten)]
    pub whose: Whose,
    /// When.
    #[command(flatten)]
    pub when: When,
    /// Says it as JSON, as `GET /v1/rooms/{room}/at` does.
    #[arg(long)]
    pub json: bool,
}

/// One point.
#[derive(Args, Clone, Copy, Debug, PartialEq, Eq)]
#[group(required = true, multiple = false)]
pub struct When {
    /// After the record at this offset of the room's partition.
    #[arg(long, value_name = "NUMBER")]
    offset: Option<u64>,
    /// After everything that was appended then or earlier: RFC 3339, or milliseconds since 1970.
    #[arg(long, value_name = "TIME")]
    time: Option<Time>,
    /// After the room's event of this seq.
    #[arg(long, value_name = "NUMBER")]
    seq: Option<u64>,
}

impl When {
    /// The one that is given; clap sees to it that it is one.
    #[must_use]
    pub fn point(&self) -> Option<Point> {
        point(self.offset, self.time, self.seq)
    }
}

/// `roomlog replay`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Whose past.
    #[command(flatten)]
    pub whose: Whose,
    /// Where it begins.
    #[command(flatten)]
    pub from: From,
    /// Where it ends.
    #[command(flatten)]
    pub to: To,
    /// How it is shown.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// The same as `--format ndjson`.
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Goes on with what is appended, until it is interrupted.
    #[arg(long, conflicts_with_all = ["to_offset", "to_time", "to_seq"])]
    pub follow: bool,
    /// Adds the bytes of each event (base64), for ndjson: with them anyone can compute the digests again.
    #[arg(long)]
    pub datum: bool,
}

impl Replay {
    /// How it is shown.
    #[must_use]
    pub const fn shown_as(&self) -> Format {
        if self.json { Format::Ndjson } else { self.format }
    }

    /// Whether the arguments go together.
    ///
    /// # Errors
    /// A sentence that says which don't.
    pub fn check(&self) -> Result<(), String> {
        if self.follow && self.shown_as() == Format::Html {
            return Err("a page of HTML has an end: --follow goes with ndjson or table".into());
        }
        if self.datum && self.shown_as() != Format::Ndjson {
            return Err("--datum goes with --format ndjson".into());
        }
        Ok(())
    }
}

/// The first record; the room's beginning where nothing is said.
#[derive(Args, Clone, Copy, Debug, PartialEq, Eq)]
#[group(id = "from", multiple = false)]
pub struct From {
    /// From this offset of the room's partition.
    #[arg(long, value_name = "NUMBER")]
    from_offset: Option<u64>,
    /// From what was appended then or later: RFC 3339, or milliseconds since 1970.
    #[arg(long, value_name = "TIME")]
    from_time: Option<Time>,
    /// From the room's event of this seq.
    #[arg(long, value_name = "NUMBER")]
    from_seq: Option<u64>,
}

impl From {
    /// From the room's event of this seq.
    pub(super) const fn seq(seq: u64) -> Self {
        Self {
            from_offset: None,
            from_time: None,
            from_seq: Some(seq),
        }
    }

    /// The one that is given, if any is.
    #[must_use]
    pub fn point(&self) -> Option<Point> {
        point(self.from_offset, self.from_time, self.from_seq)
    }
}

/// The end; the log's end as it is now where nothing is said.
#[derive(Args, Clone, Copy, Debug, PartialEq, Eq)]
#[group(id = "to", multiple = false)]
pub struct To {
    /// To the record before this offset.
    #[arg(long, value_name = "NUMBER")]
    to_offset: Option<u64>,
    /// To what was appended then at the latest.
    #[arg(long, value_name = "TIME")]
    to_time: Option<Time>,
    /// To the room's event of this seq.
    #[arg(long, value_name = "NUMBER")]
    to_seq: Option<u64>,
}

impl To {
    /// To the room's event of this seq.
    pub(super) const fn seq(seq: u64) -> Self {
        Self {
            to_offset: None,
            to_time: None,
            to_seq: Some(seq),
        }
    }

    /// The one that is given, if any is.
    #[must_use]
    pub fn point(&self) -> Option<Point> {
        point(self.to_offset, self.to_time, self.to_seq)
    }
}

fn point(offset: Option<u64>, time: Option<Time>, seq: Option<u64>) -> Option<Point> {
    let offset = offset.map(|offset| Point::Offset(Offset::new(offset)));
    let time = time.map(|Time(time)| Point::Time(time));
    let seq = seq.map(|seq| Point::Seq(Seq::new(seq)));
    offset.or(time).or(seq)
}

/// How a replay is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A JSON object a line, as `GET /v1/rooms/{room}/events` has them.
    Ndjson,
    /// A line of text each.
    Table,
    /// One page that needs nothing else.
    Html,
}

/// A time as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time(pub Timestamp);

impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let millis = text.parse().ok().or_else(|| rfc3339(text));
        let millis = millis.ok_or("neither RFC 3339 (2026-01-31T23:59:59Z) nor milliseconds since 1970")?;
        Ok(Self(Timestamp::from_millis(millis)))
    }
}

/// Milliseconds of a time of RFC 3339 §5.6; digits beyond milliseconds are cut.
fn rfc3339(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let zone = time.find(['Z', 'z', '+', '-'])?;
    let (time, zone) = time.split_at(zone);
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    // A leap second counts as the first of the next minute.
    let within = (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
    if !(within && hour < 24 && minute < 60 && second <= 60) {
        return None;
    }
    let digits = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let millis: i64 = digits.then(|| format!("{fraction:0<3}")[..3].parse().ok())??;
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    Some((seconds - zone_seconds(zone)?) * 1_000 + millis)
}

/// Numbers of exactly so many digits.
fn numbers(text: &str, between: char, digits: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(between);
    let mut found = [0; 3];
    for (number, digits) in found.iter_mut().zip(digits) {
        let part = parts.next().filter(|part| part.len() == digits)?;
        *number = part
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| part.parse().ok())??;
    }
    parts.next().is_none().then_some(found)
}

/// How far a zone is before UTC.
fn zone_seconds(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let [hours, minutes, _] = numbers(&format!("{}:00", zone.get(1..)?), ':', [2, 2, 2])?;
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

const fn days_of(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days of the proleptic Gregorian calendar, by years that begin in March
/// (<https://howardhinnant.github.io/date_algorithms.html>, `days_from_civil`).
const fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::Time;

    fn millis(text: &str) -> Result<i64, String> {
        text.parse::<Time>().map(|Time(time)| time.as_millis())
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, expected) in [
            ("0", 0),
            ("1767225599001", 1_767_225_599_001),
            ("1970-01-01T00:00:00Z", 0),
            ("2025-12-31T23:59:59.001Z", 1_767_225_599_001),
            ("2025-12-31T23:59:59.0019999z", 1_767_225_599_001),
            ("2000-02-29 00:00:00.5Z", 951_782_400_500),
            ("2024-03-01T01:30:00+01:30", 1_709_251_200_000),
            ("2024-02-29T23:00:00-01:00", 1_709_251_200_000),
            ("1969-12-31T23:59:59Z", -1_000),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000),
        ] {
            assert_eq!(millis(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "now",
            "2025-12-31",
            "2025-12-31T23:59:59",
            "2025-13-01T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "2025-1-01T00:00:00Z",
            "2025-01-01T24:00:00Z",
            "2025-01-01T00:00Z",
            "2025-01-01T00:00:00.Z",
            "2025-01-01T00:00:00+1",
            "2025-01-01T00:00:00+é0:00",
            "+025-01-01T00:00:00Z",
        ] {
            assert!(millis(text).is_err(), "{text}");
        }
    }
}
