//! Time travel over both logs and both histories: wherever a walk begins and whatever is missing, the answer is what a
//! fold of the log from its beginning gives.

use crate::model::{Model, records};
use crate::place::{Place, Projector, config, over_both};
use crate::speech::{Speech, created, said, user};
use engine::codec;
use engine::domain::{Epoch, Kind, Offset, Partition, Position, Recent, Room, RoomId, Seq, Timestamp, Verdict, WINDOW};
use engine::log::{Record, Topic};
use engine::travel::{self, Asked, Config, Error, Past, Point, Source, Sources};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use uuid::Uuid;

over_both!(
    a_past_is_a_fold_from_zero,
    a_history_that_is_behind_is_gone_on_from_in_the_log,
    with_history_away_the_log_is_read,
    what_is_damaged_is_not_believed,
    each_wrong_point_has_its_own_error,
    a_fold_goes_on_from_where_it_stood,
    a_window_that_was_cut_is_whole,
);

/// Snapshots close together.
const SPACING: u64 = 5;
/// Points of each kind that a test looks at, for each seed.
const POINTS: usize = 40;

fn bounds() -> Config {
    Config {
        journal_page: 7,
        read_records: 11,
        ..Config::default()
    }
}

/// The log of a place, to be compared with.
struct Truth<'a> {
    place: &'a Place,
    records: BTreeMap<Partition, Vec<Record>>,
    rooms: Vec<RoomId>,
}

/// A room as a fold from zero leaves it.
struct Stood {
    room: Room,
    recent: Recent,
    last: Option<Position>,
}

impl<'a> Truth<'a> {
    async fn of(place: &'a Place) -> Self {
        let records = records(&*place.log, Topic::Events).await;
        let rooms = Model::of(&*place.log).await.rooms;
        Self {
            place,
            records,
            rooms: rooms.into_keys().collect(),
        }
    }

    fn partition(&self, room: RoomId) -> &[Record] {
        &self.records[&self.place.log.partition_of(room.to_string().as_bytes())]
    }

    /// Folds from zero as long as `goes_on` says so.
    fn stood(&self, id: RoomId, goes_on: impl Fn(&Room, &Record) -> bool) -> Stood {
        let mut stood = Stood {
            room: Room::new(id),
            recent: Recent::default(),
            last: None,
        };
        for record in self.partition(id) {
            if !goes_on(&stood.room, record) {
                break;
            }
            stood.take(record, self.place.log.partitions());
        }
        stood
    }

    /// A random point of a room: what is asked, and what must be answered.
    fn point(&self, random: &mut StdRng, id: RoomId) -> (Point, Stood) {
        let records = self.partition(id);
        let record = &records[random.random_range(0..records.len())];
        match random.random_range(0..3) {
            0 => {
                let offset = record.position.offset;
                let stood = self.stood(id, |_, record| record.position.offset <= offset);
                (Point::Offset(offset), stood)
            }
            1 => {
                let millis = record.position.appended_at.as_millis() + random.random_range(-1..2);
                // Never in the future.
                let last = records.last().unwrap().position.appended_at;
                let time = Timestamp::from_millis(millis).min(last);
                let stood = self.stood(id, |_, record| record.position.appended_at <= time);
                (Point::Time(time), stood)
            }
            _ => {
                let head = self.stood(id, |_, _| true).room.head().get();
                let seq = Seq::new(random.random_range(0..=head));
                (Point::Seq(seq), self.stood(id, |room, _| room.head() < seq))
            }
        }
    }

    /// Compares random points of random rooms; answers with what was folded for them.
    async fn is_told(&self, seed: u64) -> Vec<travel::Folded> {
        let mut random = StdRng::seed_from_u64(seed);
        let mut folded = Vec::new();
        for _ in 0..POINTS {
            let id = self.rooms[random.random_range(0..self.rooms.len())];
            let (point, stood) = self.point(&mut random, id);
            let told = at(self.place, id, point).await;
            let what = format!("seed {seed}, room {id}, {point:?}");
            let unsupported = self.stood(id, |_, _| true).room.unsupported();
            match told {
                Ok(past) => {
                    stood.is(&past, &what);
                    folded.push(past.folded);
                }
                Err(Error::NoRoom) => assert!(!stood.room.exists(), "{what}"),
                // Since when it is not folded any more, the journal does not say.
                Err(Error::UnsupportedRules) => assert!(unsupported, "{what}"),
                Err(error) => panic!("{what}: {error}"),
            }
        }
        assert!(folded.len() > POINTS / 2, "most points are told of");
        folded
    }
}

impl Stood {
    fn take(&mut self, record: &Record, partitions: u16) {
        let Ok(decoded) = codec::decode(record.borrowed(), partitions) else {
            return;
        };
        if decoded.event.room_id != self.room.id() {
            return;
        }
        let applied = self
            .room
            .fold(&decoded.event, decoded.rules, decoded.datum, record.position);
        if let Verdict::Accepted { seq, .. } = applied.verdict {
            let (ordinal, at) = (self.room.messages(), record.position.appended_at);
            self.recent.apply(&decoded.event, seq, ordinal, at);
            self.last = Some(record.position);
        }
    }

    fn is(&self, past: &Past, what: &str) {
        assert_eq!(past.room, self.room, "{what}");
        assert_eq!(past.recent, self.recent, "{what}");
        assert_eq!(past.last, self.last, "{what}");
        let counted = past.folded.from.get() + past.folded.events;
        assert_eq!(counted, self.room.head().get(), "{what}");
    }
}

fn sources<'a>(place: &'a Place, config: &'a Config) -> Sources<'a> {
    Sources {
        history: Some(&*place.history.reader),
        log: &*place.log,
        config,
    }
}

fn asked(room: RoomId, point: Point) -> Asked {
    Asked {
        room,
        point,
        epoch: None,
        partition: None,
        now: engine::clock::now(),
    }
}

async fn at(place: &Place, room: RoomId, point: Point) -> Result<Past, Error> {
    travel::at(sources(place, &bounds()), &asked(room, point)).await
}

/// Projects the whole log into history, with snapshots close together.
async fn project(place: &Place) {
    let config = projector::Config {
        snapshot_events: SPACING,
        ..config()
    };
    let projector = Projector::history(config, place.history_parts());
    Model::of(&*place.log).await.is_in_history(&place.history).await;
    projector.stop().await;
}

async fn order(place: &Place, what: &str) {
    place.history.order(what, what).await;
}

async fn a_past_is_a_fold_from_zero(place: Place) {
    let mut speech = Speech::new(&place, 41);
    speech.begin().await.go_on(400).await;
    project(&place).await;
    let truth = Truth::of(&place).await;
    let folded = truth.is_told(41).await;
    assert!(folded.iter().all(|folded| folded.source == Source::Journal));
    let from_snapshots = folded.iter().filter(|folded| folded.from > Seq::ZERO).count();
    assert!(from_snapshots > folded.len() / 2, "snapshots are used");
    order(&place, "DELETE FROM snapshots").await;
    let folded = truth.is_told(42).await;
    assert!(folded.iter().all(|folded| folded.from == Seq::ZERO));
}

async fn a_history_that_is_behind_is_gone_on_from_in_the_log(place: Place) {
    let mut speech = Speech::new(&place, 43);
    speech.begin().await.go_on(150).await;
    project(&place).await;
    speech.go_on(150).await;
    let folded = Truth::of(&place).await.is_told(43).await;
    for source in [Source::Journal, Source::Both] {
        assert!(folded.iter().any(|folded| folded.source == source), "{source:?}");
    }
    let long = folded.iter().filter(|folded| folded.source == Source::Both);
    assert!(
        long.filter(|folded| folded.from > Seq::ZERO).count() > 0,
        "from snapshots"
    );
}

async fn with_history_away_the_log_is_read(place: Place) {
    let mut speech = Speech::new(&place, 44);
    speech.begin().await.go_on(150).await;
    let room = speech.room();
    place.history.close().await;
    let folded = Truth::of(&place).await.is_told(44).await;
    assert!(folded.iter().all(|folded| folded.source == Source::Log));
    let few = Config {
        log_records: 3,
        ..bounds()
    };
    let (seq, head) = (Seq::new(2), speech.head(room));
    for point in [Point::Seq(head), Point::Time(engine::clock::now())] {
        let error = travel::at(sources(&place, &few), &asked(room, point))
            .await
            .unwrap_err();
        assert!(matches!(error, Error::TooFar { most: 3, .. }), "{error}");
        assert!(error.retryable());
    }
    // What is near is told even then.
    let first = Point::Seq(seq);
    let all = at(&place, room, first).await.unwrap();
    let enough = Config {
        log_records: all.next.get(),
        ..bounds()
    };
    let past = travel::at(sources(&place, &enough), &asked(room, first)).await.unwrap();
    assert_eq!(past.room, all.room);
}

async fn what_is_damaged_is_not_believed(place: Place) {
    let mut speech = Speech::new(&place, 45);
    speech.begin().await.go_on(300).await;
    project(&place).await;
    let truth = Truth::of(&place).await;
    place
        .history
        .order(
            "UPDATE snapshots SET state = substr(state, 1, length(state) - 1) WHERE seq % 2 = 0",
            "UPDATE snapshots SET state = CAST(substr(state, 1, length(state) - 1) AS BLOB) WHERE seq % 2 = 0",
        )
        .await;
    let folded = truth.is_told(45).await;
    assert!(folded.iter().all(|folded| folded.source == Source::Journal));
    let sound = folded.iter().filter(|folded| folded.from > Seq::ZERO);
    assert!(sound.clone().count() > 0 && sound.clone().all(|folded| folded.from.get() % 2 == 1));

    order(&place, "DELETE FROM snapshots").await;
    let damage = |digest| format!("UPDATE journal SET appended_at = appended_at + 1, digest = {digest} WHERE seq = 4");
    let (postgres, sqlite) = ("fingerprint || fingerprint", "CAST(fingerprint || fingerprint AS BLOB)");
    place.history.order(&damage(postgres), &damage(sqlite)).await;
    let folded = truth.is_told(46).await;
    let by_log = folded.iter().filter(|folded| folded.source == Source::Log).count();
    assert!(
        by_log > folded.len() / 2,
        "what is behind the damage is the log's to tell"
    );
}

async fn each_wrong_point_has_its_own_error(place: Place) {
    let mut speech = Speech::new(&place, 47);
    speech.begin().await.go_on(60).await;
    let room = speech.room();
    project(&place).await;
    let log = &*place.log;
    let partition = log.partition_of(room.to_string().as_bytes());
    let extents = log.extents(Topic::Events).await.unwrap();
    let high = extents
        .iter()
        .find(|extent| extent.partition == partition)
        .unwrap()
        .high;
    let error = async |asked: Asked| travel::at(sources(&place, &bounds()), &asked).await.unwrap_err();

    let end = error(asked(room, Point::Offset(high))).await;
    assert!(
        matches!(end, Error::OutOfRange { offset, high: found, .. } if offset == high && found == high),
        "{end}"
    );
    let behind = Seq::new(speech.head(room).get() + 1);
    let beyond = error(asked(room, Point::Seq(behind))).await;
    assert!(
        matches!(beyond, Error::BeyondHead { seq, head } if seq == behind && head == speech.head(room)),
        "{beyond}"
    );
    let now = Timestamp::from_millis(engine::clock::now().as_millis() + 1);
    let soon = Timestamp::from_millis(now.as_millis() + 1);
    let future = error(Asked {
        now,
        ..asked(room, Point::Time(soon))
    })
    .await;
    assert!(matches!(future, Error::Future { time, .. } if time == soon), "{future}");
    let epoch = Some(Epoch::new(Uuid::from_u128(1)));
    let other = error(Asked {
        epoch,
        ..asked(room, Point::Seq(Seq::new(1)))
    })
    .await;
    assert!(
        matches!(other, Error::OtherEpoch { found, .. } if found == log.epoch()),
        "{other}"
    );
    let elsewhere = Partition::new((partition.get() + 1) % log.partitions());
    let partition = Some(elsewhere);
    let other = error(Asked {
        partition,
        ..asked(room, Point::Seq(Seq::new(1)))
    })
    .await;
    assert!(
        matches!(other, Error::OtherPartition { asked, .. } if asked == elsewhere),
        "{other}"
    );
    for point in [Point::Seq(Seq::ZERO), Point::Time(Timestamp::from_millis(0))] {
        let before = error(asked(room, point)).await;
        assert!(matches!(before, Error::NoRoom), "{before}");
    }
    let nowhere = RoomId::new(Uuid::from_u128(0xabc));
    let never = error(asked(nowhere, Point::Time(engine::clock::now()))).await;
    assert!(matches!(never, Error::NoRoom), "{never}");

    let of_the_future = RoomId::new(Uuid::from_u128(0xdef));
    speech.says(of_the_future, user(0), created(Kind::Open, 2)).await;
    speech.says(of_the_future, user(0), said("into the void")).await;
    for _ in 0..2 {
        // History is behind, then not.
        let rules = error(asked(of_the_future, Point::Seq(Seq::new(1)))).await;
        assert!(matches!(rules, Error::UnsupportedRules), "{rules}");
        project(&place).await;
    }
}

/// Wherever a replay begins, it judges on as a fold from zero would.
async fn a_fold_goes_on_from_where_it_stood(place: Place) {
    let mut speech = Speech::new(&place, 48);
    speech.begin().await.go_on(120).await;
    project(&place).await;
    speech.go_on(60).await;
    let room = speech.room();
    let truth = Truth::of(&place).await;
    let records = truth.partition(room);
    let whole = truth.stood(room, |_, _| true);
    let end = records.last().unwrap().position.offset.next();
    for offset in (0..=end.get()).step_by(5).chain([end.get()]).map(Offset::new) {
        let past = travel::before(sources(&place, &bounds()), room, offset).await.unwrap();
        assert_eq!(past.next, offset);
        truth
            .stood(room, |_, record| record.position.offset < offset)
            .is(&past, &format!("before {offset}"));
        let mut stood = Stood {
            room: past.room,
            recent: past.recent,
            last: past.last,
        };
        let rest = records.iter().filter(|record| record.position.offset >= offset);
        rest.for_each(|record| stood.take(record, place.log.partitions()));
        assert_eq!(stood.room, whole.room, "from {offset}");
        assert_eq!(stood.recent, whole.recent, "from {offset}");
    }
    let beyond = travel::before(sources(&place, &bounds()), room, end.next()).await;
    assert!(matches!(beyond.unwrap_err(), Error::OutOfRange { .. }));
}

/// More than the window remembers: a snapshot's own is read from the journal.
async fn a_window_that_was_cut_is_whole(place: Place) {
    let mut speech = Speech::new(&place, 49);
    let room = RoomId::new(Uuid::from_u128(0xaaa));
    speech.says(room, user(0), created(Kind::Open, 1)).await;
    for number in 0..WINDOW + 200 {
        speech
            .says(room, user(u128::from(number % 3)), said(&number.to_string()))
            .await;
    }
    project(&place).await;
    let truth = Truth::of(&place).await;
    let folded = truth.is_told(49).await;
    assert!(folded.iter().any(|folded| folded.from.get() > WINDOW));
    // Of one room with three people, spread as wide as batches let them.
    assert!(folded.iter().all(|folded| folded.events <= SPACING + 7));
}
