//! What differs between a row as it should be and as it is: pure, column by column.
//!
//! What must hold: what people wrote (texts, names, datums) is told by its digest; what is told is bounded, what is counted
//! is not.

use super::report::{Difference, Report, Store};
use engine::domain::{Partition, RoomId, Seq, Timestamp, UserId, WindowEntry};
use engine::history::ReadMark;
use engine::history::audit::{JournalLine, List, MentionLine, MessageLine, PersonLine, ReactionLine, RoomLine};
use std::collections::BTreeMap;
use std::fmt::Display;

/// Differences as they are found.
pub(super) struct Findings {
    most: usize,
    told: Vec<Difference>,
    differing: BTreeMap<String, u64>,
    compared: BTreeMap<(Store, &'static str), u64>,
}

/// Whose rows are compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) store: Store,
    pub(super) partition: Partition,
    pub(super) room: Option<RoomId>,
    pub(super) table: &'static str,
}

impl Place {
    pub(super) const fn log(partition: Partition) -> Self {
        Self {
            store: Store::Log,
            partition,
            room: None,
            table: "events",
        }
    }

    pub(super) const fn table(self, table: &'static str) -> Self {
        Self { table, ..self }
    }

    pub(super) const fn of(self, room: RoomId) -> Self {
        Self {
            room: Some(room),
            ..self
        }
    }
}

/// One difference in words.
pub(super) struct Said {
    pub(super) row: String,
    pub(super) column: &'static str,
    pub(super) expected: String,
    pub(super) found: String,
}

impl Findings {
    /// At most so many are told one by one.
    pub(super) const fn new(most: usize) -> Self {
        Self {
            most,
            told: Vec::new(),
            differing: BTreeMap::new(),
            compared: BTreeMap::new(),
        }
    }

    /// Findings of a part, which may be thrown away or [`Findings::add`]ed.
    pub(super) fn beside(&self) -> Self {
        Self::new(self.most - self.told.len())
    }

    pub(super) fn add(&mut self, part: Self) {
        self.told.extend(part.told);
        for (name, count) in part.differing {
            *self.differing.entry(name).or_default() += count;
        }
        for (name, count) in part.compared {
            *self.compared.entry(name).or_default() += count;
        }
    }

    pub(super) fn tell(&mut self, place: Place, said: impl FnOnce() -> Said) {
        let name = format!("{}.{}", place.store.name(), place.table);
        *self.differing.entry(name).or_default() += 1;
        if self.told.len() < self.most {
            let said = said();
            self.told.push(Difference {
                store: place.store,
                partition: place.partition,
                room: place.room,
                table: place.table,
                row: said.row,
                column: said.column,
                expected: said.expected,
                found: said.found,
            });
        }
    }

    /// Holds a row as it should be (or none) against the one that is there (or none).
    pub(super) fn row<L: Line>(
        &mut self,
        place: Place,
        row: impl Fn() -> String,
        expected: Option<&L>,
        found: Option<&L>,
    ) {
        *self.compared.entry((place.store, place.table)).or_default() += 1;
        match (expected, found) {
            (None, None) => {}
            (Some(expected), Some(found)) if expected == found => {}
            (Some(expected), Some(found)) => {
                for ((column, expected), (_, found)) in expected.columns().into_iter().zip(found.columns()) {
                    if expected != found {
                        self.tell(place, || Said {
                            row: row(),
                            column,
                            expected,
                            found,
                        });
                    }
                }
            }
            (expected, _) => {
                let (expected, found) = match expected {
                    Some(_) => ("there", "missing"),
                    None => ("none", "there"),
                };
                self.tell(place, || Said {
                    row: row(),
                    column: "row",
                    expected: expected.into(),
                    found: found.into(),
                });
            }
        }
    }

    /// The same of many rows by key. What is there once too often is told as a row that should not be.
    pub(super) fn rows<K: Ord, L: Line>(
        &mut self,
        place: Place,
        name: impl Fn(&K) -> String,
        mut expected: BTreeMap<K, L>,
        found: impl IntoIterator<Item = (K, L)>,
    ) {
        for (key, line) in found {
            let wanted = expected.remove(&key);
            self.row(place, || name(&key), wanted.as_ref(), Some(&line));
        }
        for (key, line) in expected {
            self.row(place, || name(&key), Some(&line), None);
        }
    }

    pub(super) fn into_report(self, report: &mut Report) {
        report.well = self.differing.is_empty();
        report.differences = self.told;
        report.differing = self.differing;
        let name = |((store, table), count): ((Store, &str), u64)| (format!("{}.{table}", store.name()), count);
        report.compared = self.compared.into_iter().map(name).collect();
    }
}

/// A row as its columns: name, and what may be shown of its value.
pub(super) trait Line: PartialEq {
    fn columns(&self) -> Vec<(&'static str, String)>;
}

fn shown(value: impl Display) -> String {
    value.to_string()
}

fn maybe(value: Option<impl Display>) -> String {
    value.map_or_else(|| "null".to_owned(), |value| value.to_string())
}

fn time(value: Timestamp) -> String {
    value.as_millis().to_string()
}

fn times(value: Option<Timestamp>) -> String {
    maybe(value.map(Timestamp::as_millis))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |text, byte| {
        text + &format!("{byte:02x}")
    })
}

/// Hex digits of a hash that are shown: enough to tell any two apart.
const SHOWN: usize = 32;

/// What somebody wrote: two that differ are told apart, and nothing else is.
pub(super) fn hidden(bytes: impl AsRef<[u8]>) -> String {
    let bytes = bytes.as_ref();
    let hash = blake3::hash(bytes).to_hex();
    format!("{} bytes, BLAKE3 {}", bytes.len(), &hash[..SHOWN])
}

fn people(users: &[UserId]) -> String {
    users.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

impl Line for RoomLine {
    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("kind", self.kind.clone()),
            ("name", hidden(&self.name)),
            ("topic", hidden(&self.topic)),
            ("owner", maybe(self.owner)),
            ("deleted", shown(self.deleted)),
            ("head_seq", shown(self.head)),
            ("messages", shown(self.messages)),
            ("rules", shown(self.rules)),
            ("digest", hex(&self.digest)),
            ("created_at", time(self.created_at)),
        ]
    }
}

impl Line for PersonLine {
    fn columns(&self) -> Vec<(&'static str, String)> {
        match self.list {
            List::Members => vec![("role", maybe(self.role.as_deref())), ("joined_at", times(self.time))],
            List::Invitations => vec![("invited_by", maybe(self.by))],
            List::Bans | List::Mutes => vec![("until", times(self.time))],
        }
    }
}

impl Line for JournalLine {
    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("author_id", shown(self.author_id)),
            ("cid", shown(self.cid)),
            ("log_offset", shown(self.offset)),
            ("appended_at", time(self.appended_at)),
            ("digest", hex(&self.digest)),
            ("fingerprint", hex(&self.fingerprint)),
            ("datum", hidden(&self.datum)),
        ]
    }
}

impl Line for MessageLine {
    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("ordinal", shown(self.ordinal)),
            ("id", shown(self.id)),
            ("author_id", shown(self.author_id)),
            ("author_name", hidden(&self.author_name)),
            ("at", time(self.at)),
            ("text", hidden(&self.text)),
            ("edited_at", times(self.edited_at)),
            ("deleted", shown(self.deleted)),
            ("reply_to", maybe(self.reply_to)),
            ("mentions", people(&self.mentions)),
        ]
    }
}

impl Line for ReactionLine {
    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![("emoji_since", shown(self.emoji_since)), ("since", shown(self.since))]
    }
}

impl Line for MentionLine {
    fn columns(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

impl Line for ReadMark {
    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![("seq", shown(self.seq))]
    }
}

impl Line for WindowEntry {
    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("author_id", shown(self.author_id)),
            ("cid", shown(self.cid)),
            ("offset", shown(self.offset)),
        ]
    }
}

/// A message of recent: its row, and who reacted with what, in order.
#[derive(PartialEq)]
pub(super) struct RecentLine {
    pub(super) message: MessageLine,
    pub(super) reactions: Vec<(String, Vec<UserId>)>,
}

impl Line for RecentLine {
    fn columns(&self) -> Vec<(&'static str, String)> {
        let mut columns = self.message.columns();
        let one = |(emoji, users): &(String, Vec<UserId>)| format!("{emoji} {}", people(users));
        columns.push((
            "reactions",
            self.reactions.iter().map(one).collect::<Vec<_>>().join(", "),
        ));
        columns
    }
}

/// The lists of people, each a table.
const LISTS: [List; 4] = [List::Members, List::Invitations, List::Bans, List::Mutes];

/// Holds the lists of a room's people against each other.
pub(super) fn compare_people(findings: &mut Findings, place: Place, expected: Vec<PersonLine>, found: Vec<PersonLine>) {
    let of = |lines: &[PersonLine], list| -> BTreeMap<UserId, PersonLine> {
        let lines = lines.iter().filter(|line| line.list == list);
        lines.map(|line| (line.user_id, line.clone())).collect()
    };
    for list in LISTS {
        let place = place.table(list.table());
        findings.rows(place, |user| person_name(*user), of(&expected, list), of(&found, list));
    }
}

/// A row's name by its seq.
pub(super) fn seq_name(seq: Seq) -> String {
    format!("seq {seq}")
}

/// A row's name by its person.
pub(super) fn person_name(user: UserId) -> String {
    format!("user {user}")
}
