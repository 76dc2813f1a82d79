//! Whether a reader stands still although the log goes on.
//!
//! When a broker comes back, the library now and then loses a partition: nothing of it is fetched any more, and nobody is
//! told (<https://github.com/confluentinc/librdkafka/issues/5153>, <https://github.com/fede1024/rust-rdkafka/issues/597>).
//! A new client reads on where the old one stopped. So it is asked every few seconds where the topics end, and a reader that
//! has nothing to do and has not moved since the last time, though there was more even then, begins anew.
//!
//! What must hold: a reader that is merely slow is left alone; nothing is read twice or passed over by beginning anew.

use super::Shared;
use crate::domain::{Offset, Partition};
use crate::log::{Topic, metrics};
use parking_lot::Mutex;
use rdkafka::error::KafkaResult;
use rdkafka::{Offset as KafkaOffset, TopicPartitionList};
use rustc_hash::FxHashMap;
use std::thread::JoinHandle;

/// A partition of a topic.
pub(super) type Place = (Topic, Partition);

/// What is read as it comes; dead letters are looked at when somebody asks.
const FOLLOWED: [Topic; 3] = [Topic::Events, Topic::Reads, Topic::Signals];

/// Where the topics ended when that was asked last.
#[derive(Default)]
pub(super) struct Ends(Mutex<Asked>);

#[derive(Clone, Default)]
struct Asked {
    /// How often an answer came.
    times: u64,
    of: FxHashMap<Place, Offset>,
}

impl Ends {
    /// Where a partition ended, if that is known.
    pub(super) fn of(&self, place: Place) -> Option<Offset> {
        self.0.lock().of.get(&place).copied()
    }
}

impl Shared {
    /// Asks where the topics end; what was known stays while nobody answers. Blocks.
    pub(super) fn look_at_ends(&self) {
        let found = match self.ask_ends() {
            Ok(found) => found,
            Err(error) => return tracing::debug!(%error, "where the log ends is not known for now"),
        };
        let mut asked = self.ends.0.lock();
        asked.times += 1;
        for element in found.elements() {
            let topic = self.names.find(element.topic().as_bytes());
            let partition = u16::try_from(element.partition()).map(Partition::new);
            if let (Some(topic), Ok(partition), KafkaOffset::Offset(end)) = (topic, partition, element.offset()) {
                asked
                    .of
                    .insert((topic, partition), Offset::new(end.max(0).cast_unsigned()));
            }
        }
    }

    /// One request to each broker.
    fn ask_ends(&self) -> KafkaResult<TopicPartitionList> {
        let mut list = TopicPartitionList::new();
        for topic in FOLLOWED {
            for partition in 0..self.config.partitions {
                list.add_partition_offset(self.names.of(topic), partition.into(), KafkaOffset::End)?;
            }
        }
        self.find_once(list)
    }
}

/// What a reader remembers of its last look.
#[derive(Default)]
pub(super) struct Stalls {
    times: u64,
    /// Whether it had nothing to do at some time since.
    idle: bool,
    /// Where it stood, of which there was more.
    behind: FxHashMap<Place, Offset>,
}

impl Stalls {
    /// Nothing more has come that could be read.
    pub(super) const fn nothing_came(&mut self) {
        self.idle = true;
    }

    /// The partitions that stand still, by where the reader stands now. It is looked at once each time that the ends are known
    /// anew; after a stall both looks begin anew too.
    pub(super) fn look(&mut self, ends: &Ends, stands: impl Iterator<Item = (Place, Offset)>) -> Vec<Place> {
        let asked = ends.0.lock();
        if asked.times == self.times {
            return Vec::new();
        }
        self.times = asked.times;
        let is_behind = |(place, next): &(Place, Offset)| asked.of.get(place).is_some_and(|end| end > next);
        let behind: FxHashMap<Place, Offset> = stands.filter(is_behind).collect();
        drop(asked);
        let before = std::mem::replace(&mut self.behind, behind);
        if !std::mem::take(&mut self.idle) {
            return Vec::new();
        }
        let stood = |(place, next): (&Place, &Offset)| (before.get(place) == Some(next)).then_some(*place);
        let stalled: Vec<Place> = self.behind.iter().filter_map(stood).collect();
        if !stalled.is_empty() {
            self.behind.clear();
        }
        stalled
    }
}

/// Says that a reader begins anew.
pub(super) fn told(reader: &str, stalled: &[Place]) {
    metrics::stalled();
    tracing::warn!(
        reader,
        ?stalled,
        "nothing comes although the log holds more: a new client reads on"
    );
}

/// Ends clients that were replaced where nobody waits for them: a broken one may take its time.
#[derive(Default)]
pub(super) struct Retired(Vec<JoinHandle<()>>);

impl Retired {
    pub(super) fn take(&mut self, client: impl Send + 'static) {
        self.0.retain(|ending| !ending.is_finished());
        let ending = std::thread::Builder::new().name("log-reader-end".into());
        // Without a thread it is ended here.
        self.0.extend(ending.spawn(move || drop(client)));
    }
}

impl Drop for Retired {
    fn drop(&mut self) {
        for ending in self.0.drain(..) {
            if ending.join().is_err() {
                tracing::error!("ending a reader failed");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, Ends, Place, Stalls};
    use crate::domain::{Offset, Partition};
    use crate::log::Topic;

    const HERE: Place = (Topic::Events, Partition::new(1));
    const THERE: Place = (Topic::Events, Partition::new(2));

    /// A log that is asked again and again where it ends.
    #[derive(Default)]
    struct Looked {
        ends: Ends,
        stalls: Stalls,
    }

    impl Looked {
        fn asked(&self, ends: &[(Place, u64)]) {
            let mut asked = self.ends.0.lock();
            let of = ends.iter().map(|(place, end)| (*place, Offset::new(*end))).collect();
            *asked = Asked {
                times: asked.times + 1,
                of,
            };
        }

        fn look(&mut self, stands: &[(Place, u64)]) -> Vec<Place> {
            let stands = stands.iter().map(|(place, next)| (*place, Offset::new(*next)));
            self.stalls.look(&self.ends, stands)
        }

        /// A reader that has nothing to do looks after the ends were asked.
        fn idle(&mut self, ends: &[(Place, u64)], stands: &[(Place, u64)]) -> Vec<Place> {
            self.asked(ends);
            self.stalls.nothing_came();
            self.look(stands)
        }
    }

    #[test]
    fn who_stands_still_where_there_is_more_is_stalled() {
        let mut of = Looked::default();
        let ends = [(HERE, 5), (THERE, 9)];
        assert!(of.idle(&ends, &[(HERE, 4), (THERE, 9)]).is_empty(), "seen once");
        assert_eq!(of.idle(&ends, &[(HERE, 4), (THERE, 9)]), [HERE]);
    }

    #[test]
    fn who_moves_or_has_read_all_is_not() {
        let mut of = Looked::default();
        assert!(of.idle(&[(HERE, 5), (THERE, 5)], &[(HERE, 3), (THERE, 5)]).is_empty());
        assert!(
            of.idle(&[(HERE, 9), (THERE, 9)], &[(HERE, 4), (THERE, 5)]).is_empty(),
            "one has moved, of the other there was no more before"
        );
    }

    #[test]
    fn who_had_something_to_do_all_the_time_is_not() {
        let mut of = Looked::default();
        assert!(of.idle(&[(HERE, 5)], &[(HERE, 3)]).is_empty());
        of.asked(&[(HERE, 5)]);
        assert!(of.look(&[(HERE, 3)]).is_empty());
    }

    #[test]
    fn nothing_is_seen_where_nobody_says_anew_where_the_log_ends() {
        let mut of = Looked::default();
        assert!(of.idle(&[(HERE, 5)], &[(HERE, 3)]).is_empty());
        for _ in 0..3 {
            of.stalls.nothing_came();
            assert!(of.look(&[(HERE, 3)]).is_empty());
        }
        of.asked(&[(HERE, 5)]);
        assert_eq!(of.look(&[(HERE, 3)]), [HERE]);
    }

    #[test]
    fn who_began_anew_has_its_time() {
        let mut of = Looked::default();
        let (ends, stands) = ([(HERE, 5)], [(HERE, 3)]);
        let stalled: Vec<bool> = (0..4).map(|_| !of.idle(&ends, &stands).is_empty()).collect();
        assert_eq!(stalled, [false, true, false, true]);
    }
}
