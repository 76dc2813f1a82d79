//! How a log of the corpus is written: its events, what is damaged of them, and, by hand, what must be said of each.

use super::file::{About, End, Log, Record, Said, to_hex};
use super::replay::Replay;
use crate::fold::words::{Step, moment, user};
use engine::codec::{Wire, encode};
use engine::domain::{Body, Offset, Partition, RULES, RoomId, Timestamp};

/// A log so far.
pub(crate) struct Script {
    log: Log,
    replay: Replay,
    wire: Wire,
    /// Seconds after the log began.
    now: i64,
    /// Of the next record alone, in place of the clock: ms after the log began.
    exactly: Option<i64>,
}

/// A record before it is appended, to be damaged.
pub(crate) struct Raw {
    /// Where it is put, if not where its key says.
    pub(crate) partition: Option<Partition>,
    pub(crate) key: Option<String>,
    pub(crate) schema: Vec<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
}

impl Raw {
    /// Damages the value.
    pub(crate) fn value(&mut self) -> &mut Vec<u8> {
        self.value.as_mut().expect("a value")
    }
}

impl Script {
    /// A log as the cluster has it.
    pub(crate) fn of(about: &str, room: RoomId) -> Self {
        let about = About {
            about: about.to_owned(),
            room,
            partition: Partition::new(3),
        };
        let end = End {
            header: None,
            people: Vec::new(),
            window: (0, Vec::new()),
            recent: Vec::new(),
        };
        Self {
            replay: Replay::of(&about),
            log: Log {
                about,
                records: Vec::new(),
                end,
            },
            wire: Wire::Confluent { id: 7 },
            now: 0,
            exactly: None,
        }
    }

    /// The same as embedded mode has it.
    pub(crate) fn embedded(self) -> Self {
        let wire = Wire::SingleObject;
        Self { wire, ..self }
    }

    /// When the next record is appended, in ms after the log began.
    pub(crate) fn at_millis(self, millis: i64) -> Self {
        let exactly = Some(millis);
        Self { exactly, ..self }
    }

    pub(crate) fn accepts(self, steps: impl IntoIterator<Item = Step>) -> Self {
        let accepted = |said: &Said| matches!(said, Said::Accepted { .. });
        steps
            .into_iter()
            .fold(self, |script, step| script.append(&step, "", |_| {}, accepted))
    }

    pub(crate) fn ignores(self, why: &str, steps: impl IntoIterator<Item = Step>) -> Self {
        let ignored = |said: &Said| matches!(said, Said::Ignored { reason, .. } if reason == why);
        steps
            .into_iter()
            .fold(self, |script, step| script.append(&step, "", |_| {}, ignored))
    }

    /// It is the event at `of`, sent again.
    pub(crate) fn knows_again(self, of: u64, step: Step) -> Self {
        let known = |said: &Said| matches!(said, Said::Ignored { original: Some((seq, _)), .. } if seq.get() == of);
        self.append(&step, "", |_| {}, known)
    }

    pub(crate) fn finds_bad(self, why: &str, how: &str, step: Step, damage: impl FnOnce(&mut Raw)) -> Self {
        self.append(&step, how, damage, |said| *said == Said::Bad(why.to_owned()))
    }

    pub(crate) fn finds_future(self, how: &str, step: Step, damage: impl FnOnce(&mut Raw)) -> Self {
        self.append(&step, how, damage, |said| *said == Said::Future)
    }

    /// Other bytes that say the same.
    pub(crate) fn accepts_spelled(self, how: &str, step: Step, spell: impl FnOnce(&mut Raw)) -> Self {
        self.append(&step, how, spell, |said| matches!(said, Said::Accepted { .. }))
    }

    fn append(
        mut self,
        step: &Step,
        how: &str,
        damage: impl FnOnce(&mut Raw),
        expected: impl Fn(&Said) -> bool,
    ) -> Self {
        let number = self.log.records.len() as u64 + 1;
        self.now = step.at.unwrap_or(self.now + 1);
        let at = match self.exactly.take() {
            Some(millis) => Timestamp::from_millis(moment(0).as_millis() + millis),
            None => moment(self.now),
        };
        let event = step.event(self.log.about.room, number);
        let encoded = encode(&event, RULES).expect("numbers below 2^63");
        let mut raw = Raw {
            partition: None,
            key: Some(event.room_id.to_string()),
            schema: vec![encoded.fingerprint.to_vec()],
            value: Some(self.wire.wrap(&encoded).to_vec()),
        };
        damage(&mut raw);
        let mut record = Record {
            says: says(step, how),
            partition: raw.partition,
            // A partition is shared: between two records of a room there are others.
            offset: Offset::new(number * 3),
            at,
            key: raw.key,
            schema: raw.schema.iter().map(|schema| to_hex(schema)).collect(),
            value: raw.value.as_deref().map(to_hex),
            verdict: Said::Future,
        };
        record.verdict = self.replay.take(&record);
        assert!(
            expected(&record.verdict),
            "{number}: {}: {:?}",
            record.says,
            record.verdict
        );
        self.log.records.push(record);
        self
    }

    pub(crate) fn end(mut self) -> Log {
        self.log.end = self.replay.end();
        self.log
    }
}

/// People that steps are done to, for whoever reads a file.
const PEOPLE: [&str; 6] = ["owner", "mod", "ann", "bob", "eve", "stranger"];
/// So much of a text is shown.
const EXCERPT: usize = 40;

fn says(step: &Step, how: &str) -> String {
    let mut text = format!("{} {}", step.actor, step.body.type_name());
    if let Some(whom) = step.body.towards() {
        let name = PEOPLE.into_iter().find(|name| user(name) == whom);
        text += &format!(" {}", name.unwrap_or("somebody"));
    }
    if let Body::MessageSent { text: said, .. } | Body::MessageEdited { text: said, .. } = &step.body {
        text += &format!(" {:?}", said.as_str().chars().take(EXCERPT).collect::<String>());
    }
    if let Some(target) = step.body.target() {
        text += &format!(" at {}", target.seq);
    }
    let cid = step.cid.map(|cid| format!(", cid {cid}"));
    let since = step.since.map(|since| format!(", since {since}"));
    let how = (!how.is_empty()).then(|| format!(": {how}"));
    [cid, since, how]
        .into_iter()
        .flatten()
        .fold(text, |text, more| text + &more)
}
