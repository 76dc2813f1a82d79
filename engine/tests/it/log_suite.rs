//! What every log must do, whatever it is made of.

mod groups;
mod imports;
mod ranges;
mod records;
mod tails;

pub(crate) use groups::*;
pub(crate) use imports::*;
pub(crate) use ranges::*;
pub(crate) use records::*;
pub(crate) use tails::*;

use bytes::Bytes;
use engine::domain::{Offset, Partition, Position};
use engine::log::{Error, Extent, Handler, Log, Outgoing, RangeLimits, Record, RecordRef, Topic};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long a test waits for what must come: only a failing test takes it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const P0: Partition = Partition::new(0);

pub(crate) const PARTITIONS: u16 = 4;

const ALL: RangeLimits = RangeLimits {
    max_records: 100_000,
    max_bytes: usize::MAX,
};

/// A log of a test's own, and whatever must live as long.
pub(crate) struct Place {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) _keep: Box<dyn std::any::Any + Send>,
}

pub(crate) fn outgoing(partition: Partition, key: &str, value: &str) -> Outgoing {
    Outgoing {
        topic: Topic::Events,
        partition,
        key: Some(Bytes::copy_from_slice(key.as_bytes())),
        value: Some(Bytes::copy_from_slice(value.as_bytes())),
        headers: vec![("schema", Bytes::from_static(b"12345678"))],
    }
}

pub(crate) async fn append_texts(
    log: &dyn Log,
    partition: Partition,
    texts: impl Iterator<Item = usize>,
) -> Vec<Position> {
    let mut positions = Vec::new();
    for i in texts {
        let position = log.append(outgoing(partition, "room", &i.to_string())).await;
        positions.push(position.expect("appended"));
    }
    positions
}

/// What a tail told.
#[derive(Debug)]
pub(crate) enum Told {
    Record(Topic, Record),
    End(Topic, Partition, Offset),
    #[allow(dead_code, reason = "shown when a test fails")]
    Lost(Partition, Error),
}

pub(crate) struct Teller(pub(crate) mpsc::UnboundedSender<Told>);

impl Handler for Teller {
    fn on_record(&mut self, topic: Topic, record: RecordRef<'_>) {
        let _ = self.0.send(Told::Record(topic, record.to_record()));
    }

    fn on_end(&mut self, topic: Topic, partition: Partition, next: Offset) {
        let _ = self.0.send(Told::End(topic, partition, next));
    }

    fn on_lost(&mut self, _topic: Topic, partition: Partition, error: &Error) {
        let _ = self.0.send(Told::Lost(partition, error.clone()));
    }
}

pub(crate) struct Heard(pub(crate) mpsc::UnboundedReceiver<Told>);

impl Heard {
    pub(crate) async fn next(&mut self) -> Told {
        let told = tokio::time::timeout(PATIENCE, self.0.recv()).await;
        told.expect("the tail tells something in time").expect("the tail runs")
    }

    pub(crate) async fn records(&mut self, count: usize) -> Vec<Record> {
        let mut records = Vec::new();
        while records.len() < count {
            if let Told::Record(_, record) = self.next().await {
                records.push(record);
            }
        }
        records
    }
}

pub(crate) fn listen() -> (Box<Teller>, Heard) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Box::new(Teller(sender)), Heard(receiver))
}

pub(crate) fn text(record: &Record) -> String {
    String::from_utf8(record.value.clone().expect("a value").to_vec()).expect("text")
}

pub(crate) async fn extent(log: &dyn Log, topic: Topic, partition: Partition) -> Extent {
    let extents = log.extents(topic).await.expect("extents");
    assert_eq!(extents.len(), usize::from(log.partitions()));
    *extents
        .iter()
        .find(|extent| extent.partition == partition)
        .expect("each")
}

/// The tests of this suite, over what `$open` opens.
macro_rules! log_suite {
    ($open:path: $($name:ident),* $(,)?) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let place = $open().await;
            crate::log_suite::$name(&place.log).await;
            place.log.close().await;
        })*
    };
    ($open:path) => {
        log_suite!($open:
            a_tail_hears_what_was_acked_where_the_ack_said,
            a_record_comes_back_as_it_was,
            a_tombstone_has_no_value,
            a_record_without_a_key_has_none,
            appenders_at_once_lose_nothing,
            a_tail_begins_in_the_middle,
            a_tail_of_two_topics_tells_them_apart,
            the_end_is_told,
            a_stopped_tail_drops_its_handler,
            two_members_share_the_partitions,
            a_member_that_leaves_hands_over,
            a_member_goes_back,
            a_range_has_bounds,
            a_range_outside_the_log_is_an_error,
            a_reader_walks_on_and_on,
            a_reader_passes_over_other_keys,
            readers_are_given_up_in_the_middle,
            a_reader_outside_the_log_is_told,
            an_offset_is_found_by_time,
            extents_grow,
            an_import_keeps_times_and_order,
            an_import_needs_an_empty_log,
            an_import_that_wrote_nothing_leaves_nothing,
            a_closed_log_refuses,
            it_answers_a_ping,
        );
    };
}

pub(crate) use log_suite;
