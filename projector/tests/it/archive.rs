//! A log goes into a file and back into an empty log, of the other kind and with another number of partitions, and nothing that
//! people see of it changes; what can't be so is refused.

use crate::model::{Model, records};
use crate::place::{Place, over_both};
use crate::rebuild::everything;
use crate::speech::{Speech, created, said, user};
use crate::verify::{Heard, checked};
use apache_avro::types::Value;
use apache_avro::{Reader, Writer};
use engine::codec::{self, Wire};
use engine::domain::{Digest, Kind, RoomId, Seq, Timestamp};
use engine::log::{self, Log, Topic};
use projector::Config;
use projector::archive::{Error, Manifest, export, import, manifest_path};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use uuid::Uuid;

over_both!(
    one_room_goes_alone,
    a_damaged_archive_is_refused_before_anything_is_written,
    an_archive_of_which_an_event_is_missing_stops_where_it_is,
    a_manifest_that_promises_otherwise_leaves_half_an_import,
    a_log_that_is_not_empty_takes_no_archive,
    a_room_of_newer_rules_is_not_exported_by_half,
);

/// A log in which everything has happened, with records between that count for nobody.
async fn filled(place: &Place, seed: u64, more: usize) -> (Speech, RoomId) {
    let mut speech = Speech::new(place, seed);
    let room = everything(&mut speech, place).await;
    for number in 0..3 {
        let open = RoomId::new(Uuid::from_u128(0xa00 + number));
        speech.says(open, user(0), created(Kind::Open, 1)).await;
    }
    speech.go_on(more).await;
    (speech, room)
}

fn wires(wire: Wire) -> impl Fn([u8; 8]) -> Result<Wire, String> + Send + Sync {
    move |_| Ok(wire)
}

async fn exported(log: &Arc<dyn Log>, room: Option<RoomId>, file: &Path) -> Result<Manifest, Error> {
    export(&Config::default(), log, room, file, &Heard::default()).await
}

async fn imported(place: &Place, file: &Path) -> Result<Manifest, Error> {
    import(&place.log, &wires(place.wire), file, &Heard::default()).await
}

/// An embedded log of its own, with so many partitions.
async fn embedded(partitions: u16) -> (Arc<dyn Log>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let config = log::sqlite::Config {
        partitions,
        ..log::sqlite::Config::default()
    };
    let log = log::sqlite::Log::open(folder.path(), config).await.unwrap();
    (Arc::new(log), folder)
}

/// What people see of every accepted event, by room and seq.
async fn seen(log: &dyn Log) -> BTreeMap<(RoomId, Seq), (Digest, Timestamp, Vec<u8>)> {
    let model = Model::of(log).await;
    let mut times = BTreeMap::new();
    for (partition, records) in records(log, Topic::Events).await {
        times.extend(
            records
                .iter()
                .map(|record| ((partition, record.position.offset), record.position.appended_at)),
        );
    }
    let mut all = BTreeMap::new();
    for (id, room) in model.rooms {
        for (seq, offset, digest, datum) in room.journal {
            all.insert((id, seq), (digest, times[&(room.partition, offset)], datum));
        }
    }
    all
}

fn ends(manifest: &Manifest) -> Vec<(RoomId, Seq, Digest, u64)> {
    manifest
        .rooms
        .iter()
        .map(|head| (head.room, head.head, head.digest, head.messages))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_moves_from_a_file_to_a_cluster_and_back() {
    let (small, cluster) = (Place::embedded().await, Place::cluster().await);
    let (_, room) = filled(&small, 71, 600).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("small.avro");
    let manifest = exported(&small.log, None, &file).await.unwrap();
    let before = seen(&*small.log).await;
    assert_eq!(manifest.events, before.len() as u64);
    assert!(before.len() > 150, "the test must mean something");
    assert_eq!(
        manifest,
        serde_json::from_slice(&std::fs::read(manifest_path(&file)).unwrap()).unwrap()
    );

    assert_eq!(imported(&cluster, &file).await.unwrap(), manifest);
    assert_eq!(
        seen(&*cluster.log).await,
        before,
        "seq, digest, time and bytes of every event"
    );
    // Nothing of it is new to the projections, and the log goes on as any other.
    let model = Model::of(&*cluster.log).await;
    let (history, live) = (cluster.project_history(), cluster.project_live());
    model.is_in_history(&cluster.history).await;
    model.is_live(&cluster, &cluster.live).await;
    let report = checked(&cluster).await;
    assert!(report.well && report.log.ignored.is_empty(), "{report:?}");
    let mut speech = Speech::new(&cluster, 72);
    let another = RoomId::new(Uuid::from_u128(0xccc));
    let at = speech.says(another, user(0), created(Kind::Open, 1)).await.appended_at;
    assert!(at >= manifest.to.unwrap(), "the log's own times again");
    history.stop().await;
    live.stop().await;

    let back = folder.path().join("back.avro");
    let manifest_back = exported(&cluster.log, None, &back).await.unwrap();
    let (log, _folder) = embedded(7).await;
    import(&log, &wires(Wire::SingleObject), &back, &Heard::default())
        .await
        .unwrap();
    let mut after = seen(&*log).await;
    after.retain(|(room, _), _| *room != another);
    assert_eq!(after, before);
    let mut left = ends(&manifest_back);
    left.retain(|(room, ..)| *room != another);
    assert_eq!(left, ends(&manifest));
    assert!(left.iter().any(|(id, ..)| *id == room));
}

async fn one_room_goes_alone(place: Place) {
    let (_, room) = filled(&place, 73, 200).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("room.avro");
    let manifest = exported(&place.log, Some(room), &file).await.unwrap();
    let mut before = seen(&*place.log).await;
    before.retain(|(id, _), _| *id == room);
    assert_eq!(
        (manifest.rooms.len(), manifest.room, manifest.events),
        (1, Some(room), before.len() as u64)
    );
    let (log, _folder) = embedded(3).await;
    import(&log, &wires(Wire::SingleObject), &file, &Heard::default())
        .await
        .unwrap();
    assert_eq!(seen(&*log).await, before);
    let nowhere = RoomId::new(Uuid::from_u128(0x404));
    let missing = exported(&place.log, Some(nowhere), &folder.path().join("none.avro")).await;
    assert!(matches!(missing, Err(Error::NoSuchRoom(id)) if id == nowhere));
    let again = exported(&place.log, Some(room), &file).await.unwrap_err();
    assert!(again.to_string().contains("nothing is written over"), "{again}");
    let left: Vec<PathBuf> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    assert_eq!(left.len(), 2, "what failed leaves no file: {left:?}");
}

/// An archive of a log of the other kind.
async fn archive(folder: &TempDir) -> (PathBuf, Manifest) {
    let source = Place::embedded().await;
    filled(&source, 74, 100).await;
    let file = folder.path().join("archive.avro");
    let manifest = exported(&source.log, None, &file).await.unwrap();
    (file, manifest)
}

fn rewrite(file: &Path, manifest: &Manifest) {
    std::fs::write(manifest_path(file), serde_json::to_vec(manifest).unwrap()).unwrap();
}

async fn a_damaged_archive_is_refused_before_anything_is_written(place: Place) {
    let folder = tempfile::tempdir().unwrap();
    let (file, manifest) = archive(&folder).await;
    let sound = std::fs::read(&file).unwrap();
    let mut damaged = sound.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    std::fs::write(&file, &damaged).unwrap();
    let refused = imported(&place, &file).await.unwrap_err();
    assert!(
        matches!(&refused, Error::Damaged { why, .. } if why.contains("it was damaged")),
        "{refused}"
    );
    std::fs::write(&file, &sound[..middle]).unwrap();
    assert!(matches!(imported(&place, &file).await, Err(Error::Damaged { .. })));
    std::fs::write(&file, &sound).unwrap();
    let newer = Manifest {
        format: 2,
        ..manifest.clone()
    };
    rewrite(&file, &newer);
    let refused = imported(&place, &file).await.unwrap_err();
    assert!(refused.to_string().contains("format 2"), "{refused}");
    rewrite(&file, &manifest);
    imported(&place, &file).await.expect("the log is empty still");
}

async fn an_archive_of_which_an_event_is_missing_stops_where_it_is(place: Place) {
    const MISSING: usize = 20;
    let folder = tempfile::tempdir().unwrap();
    let (file, manifest) = archive(&folder).await;
    let bytes = std::fs::read(&file).unwrap();
    let reader = Reader::new(&bytes[..]).unwrap();
    let schema = reader.writer_schema().clone();
    let mut values: Vec<Value> = reader.map(Result::unwrap).collect();
    values.remove(MISSING);
    let mut writer = Writer::new(&schema, Vec::new()).unwrap();
    for value in values {
        writer.append_value(value).unwrap();
    }
    let bytes = writer.into_inner().unwrap();
    let mut forged = manifest;
    forged.file.bytes = bytes.len() as u64;
    forged.file.blake3 = blake3::hash(&bytes).to_hex().to_string();
    std::fs::write(&file, &bytes).unwrap();
    rewrite(&file, &forged);
    let stopped = imported(&place, &file).await.unwrap_err();
    let Error::Differs { number, why, .. } = &stopped else {
        panic!("{stopped}")
    };
    assert!(*number > MISSING as u64 && why.contains("digest"), "{stopped}");
    let again = imported(&place, &file).await.unwrap_err();
    assert!(again.to_string().contains("needs an empty log"), "{again}");
}

async fn a_manifest_that_promises_otherwise_leaves_half_an_import(place: Place) {
    let folder = tempfile::tempdir().unwrap();
    let (file, manifest) = archive(&folder).await;
    let mut forged = manifest;
    forged.rooms[0].messages += 1;
    rewrite(&file, &forged);
    let refused = imported(&place, &file).await.unwrap_err();
    let room = forged.rooms[0].room.to_string();
    assert!(
        matches!(&refused, Error::NotAll(why) if why.contains(&room)),
        "{refused}"
    );
}

async fn a_log_that_is_not_empty_takes_no_archive(place: Place) {
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = archive(&folder).await;
    let mut speech = Speech::new(&place, 75);
    let room = RoomId::new(Uuid::from_u128(0xbbb));
    speech.says(room, user(0), created(Kind::Open, 1)).await;
    let refused = imported(&place, &file).await.unwrap_err();
    assert!(refused.to_string().contains("needs an empty log"), "{refused}");
    speech.says(room, user(0), said("and it goes on")).await;
    assert_eq!(seen(&*place.log).await.len(), 2);
}

async fn a_room_of_newer_rules_is_not_exported_by_half(place: Place) {
    let (mut speech, room) = filled(&place, 76, 0).await;
    let newer = RoomId::new(Uuid::from_u128(0x2222));
    speech.says(newer, user(0), created(Kind::Open, 2)).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("all.avro");
    let refused = exported(&place.log, None, &file).await;
    assert!(matches!(refused, Err(Error::Unsupported(id)) if id == newer));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");
    let others = exported(&place.log, Some(room), &file).await.unwrap();
    assert_eq!(others.rooms.len(), 1);
    assert!(codec::room_of_key(others.rooms[0].room.to_string().as_bytes()).is_some());
}
