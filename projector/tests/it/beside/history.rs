//! History made anew in PostgreSQL.

use super::{
    Readers, another_epoch, beside_history, bounds, is_at_end, look, only, postgres_of, rebuild_history, rows, schemas,
    tables,
};
use crate::model::Model;
use crate::place::{PATIENCE, Place};
use crate::reads::marks;
use crate::speech::{Speech, said, user};
use engine::beside::{self, Beside as _, How};
use engine::domain::{Offset, Partition};
use engine::history::postgres::beside::{COMPARED, NOT_COMPARED, PostgresBeside, drop_old, swap_back};
use engine::history::{self, Batch, Writer as _};
use projector::rebuild::{Error, Finish};
use sqlx::Executor;
use std::time::Duration;

/// A log that history has read to its end, with a projector that goes on.
async fn told(place: &Place, seed: u64) -> (Speech, crate::place::Projector) {
    let mut speech = Speech::new(place, seed);
    speech.begin().await;
    let projector = place.project_history();
    speech.go_on(300).await;
    let room = speech.room();
    marks(place, room, user(1), 2).await;
    is_at_end(place).await;
    (speech, projector)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_takes_the_others_place_while_all_go_on() {
    let place = Place::cluster().await;
    let (mut speech, projector) = told(&place, 31).await;
    let readers = Readers::begin(&place, &Model::of(&*place.log).await, 4);
    let going_on = async {
        speech.go_on(300).await;
        speech
    };
    let (made, mut speech) = tokio::join!(rebuild_history(&place, Finish::Swap), going_on);
    let outcome = made.unwrap();
    assert!(outcome.swapped && outcome.is_equal(), "{outcome:?}");
    let mut connection = look(&place).await;
    assert_eq!(schemas(&mut connection).await, ["history", "history_old"]);
    // The projector and the pools are those of before.
    speech.go_on(100).await;
    Model::of(&*place.log).await.is_in_history(&place.history).await;
    assert!(readers.stop().await > 0);
    projector.stop().await;

    // Once more is refused while the old one is kept, and then it is not kept.
    let config = postgres_of(&place.history);
    let again = rebuild_history(&place, Finish::Swap).await.unwrap_err();
    assert!(again.to_string().contains("--drop-old"), "{again}");
    assert!(drop_old(&config, &bounds().limits()).await.unwrap());
    assert!(!drop_old(&config, &bounds().limits()).await.unwrap());
    assert_eq!(schemas(&mut connection).await, ["history", "history_next"]);
    let outcome = rebuild_history(&place, Finish::Swap).await.unwrap();
    assert!(outcome.swapped && outcome.is_equal(), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_sees_both_however_often_they_are_swapped() {
    const SWAPS: usize = 20;
    let place = Place::cluster().await;
    let (mut speech, projector) = told(&place, 32).await;
    let outcome = rebuild_history(&place, Finish::Swap).await.unwrap();
    assert!(outcome.swapped, "{outcome:?}");
    let readers = Readers::begin(&place, &Model::of(&*place.log).await, 4);
    let config = postgres_of(&place.history);
    for _ in 0..SWAPS {
        speech.go_on(10).await;
        swap_back(&config, &bounds().limits()).await.unwrap();
    }
    speech.go_on(50).await;
    Model::of(&*place.log).await.is_in_history(&place.history).await;
    assert!(readers.stop().await > 0);
    projector.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_row_is_found_and_named() {
    let place = Place::cluster().await;
    let (_, projector) = told(&place, 33).await;
    projector.stop().await;
    let mut connection = look(&place).await;
    let damage = "UPDATE history.messages SET text = 'not what was said', deleted = false
                  WHERE (room_id, seq) = (SELECT room_id, seq FROM history.messages WHERE NOT deleted ORDER BY 1, 2 LIMIT 1)
                  RETURNING room_id, seq";
    let damaged = connection.fetch_one(damage).await.unwrap();
    let (room, seq): (uuid::Uuid, i64) = (sqlx::Row::get(&damaged, 0), sqlx::Row::get(&damaged, 1));

    let outcome = rebuild_history(&place, Finish::Swap).await.unwrap();
    assert!(!outcome.swapped);
    let (difference, key) = only(&outcome);
    assert_eq!(difference.at.room.unwrap().uuid(), room);
    assert_eq!((difference.at.part.as_str(), key), ("messages", format!("seq={seq}")));
    assert_eq!(difference.rows[0].how, How::Fields(vec!["text".into()]));
    assert!(!format!("{outcome:?}").contains("not what was said"), "no text leaves");
    assert_eq!(schemas(&mut connection).await, ["history", "history_next"]);

    // A row too many, and one that is gone.
    let more =
        "INSERT INTO history.mutes (room_id, user_id) SELECT room_id, gen_random_uuid() FROM history.rooms LIMIT 1";
    connection.execute(more).await.unwrap();
    let gone = "DELETE FROM history.journal WHERE (room_id, seq) = (SELECT room_id, seq FROM history.journal LIMIT 1)";
    connection.execute(gone).await.unwrap();
    let outcome = rebuild_history(&place, Finish::Swap).await.unwrap();
    assert!(!outcome.swapped);
    let how = |part: &str| {
        let found = outcome.differences.iter().find(|one| one.at.part == part);
        found.unwrap_or_else(|| panic!("{part}: {outcome:?}")).rows[0]
            .how
            .clone()
    };
    assert_eq!((how("mutes"), how("journal")), (How::OldAlone, How::NewAlone));
    assert_eq!(outcome.differing, 3);

    let outcome = rebuild_history(&place, Finish::SwapAnyway).await.unwrap();
    assert!(outcome.swapped && !outcome.is_equal());
    Model::of(&*place.log).await.is_in_history(&place.history).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shadow_leaves_everything_as_it_was() {
    let place = Place::cluster().await;
    let (_, projector) = told(&place, 34).await;
    projector.stop().await;
    let mut connection = look(&place).await;
    let before = rows(&mut connection, "history").await;
    let outcome = rebuild_history(&place, Finish::Discard).await.unwrap();
    assert!(outcome.is_equal() && !outcome.swapped, "{outcome:?}");
    connection
        .execute("UPDATE history.rooms SET topic = topic || '!'")
        .await
        .unwrap();
    let outcome = rebuild_history(&place, Finish::Discard).await.unwrap();
    assert!(!outcome.is_equal() && !outcome.swapped);
    assert!(
        outcome.differences.iter().all(|one| one.at.part == "rooms"),
        "{outcome:?}"
    );
    connection
        .execute("UPDATE history.rooms SET topic = left(topic, -1)")
        .await
        .unwrap();
    assert_eq!(rows(&mut connection, "history").await, before);
    assert_eq!(schemas(&mut connection).await, ["history"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_belongs_to_another_log_is_said() {
    let place = Place::cluster().await;
    let (_, projector) = told(&place, 35).await;
    projector.stop().await;
    let config = postgres_of(&place.history);
    let limits = bounds().limits();
    let of_another = PostgresBeside::open(&config, another_epoch(), limits, false)
        .await
        .unwrap();
    Box::new(of_another).close().await;
    let refused = rebuild_history(&place, Finish::Swap).await.unwrap_err();
    assert!(
        refused.to_string().contains("another epoch") && refused.to_string().contains("--anew"),
        "{refused}"
    );
    Box::new(beside_history(&place, true).await.unwrap()).close().await;
    // And the old one: nothing in it can be compared.
    let mut connection = look(&place).await;
    connection
        .execute("UPDATE history.checkpoints SET epoch = gen_random_uuid()")
        .await
        .unwrap();
    let outcome = rebuild_history(&place, Finish::Swap).await.unwrap();
    assert!(
        !outcome.swapped && outcome.notes[0].contains("was built from log"),
        "{outcome:?}"
    );
    let outcome = rebuild_history(&place, Finish::SwapAnyway).await.unwrap();
    assert!(outcome.swapped);
    Model::of(&*place.log).await.is_in_history(&place.history).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_rebuild_at_a_time() {
    let place = Place::cluster().await;
    let first = beside_history(&place, false).await.unwrap();
    let second = rebuild_history(&place, Finish::Swap).await.unwrap_err();
    assert!(matches!(second, Error::Beside(beside::Error::Busy(_))), "{second}");
    Box::new(first).close().await;
    rebuild_history(&place, Finish::Discard).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_meets_the_swap_is_refused_whole() {
    let place = Place::cluster().await;
    let (_, projector) = told(&place, 36).await;
    projector.stop().await;
    let (epoch, partition) = (place.log.epoch(), Partition::new(0));
    let mut beside = beside_history(&place, false).await.unwrap();
    let new = beside.store();
    // Both stand at the same place, with the same number of claims: nothing but the fence tells the two apart.
    let (owner, next) = place.history.writer.claim(epoch, partition).await.unwrap();
    let mut connection = look(&place).await;
    new.claim(epoch, partition).await.unwrap();
    connection
        .execute(
            "UPDATE history_next.checkpoints n SET owner_epoch = o.owner_epoch, next_offset = o.next_offset
                  FROM history.checkpoints o WHERE (n.projection, n.partition) = (o.projection, o.partition)",
        )
        .await
        .unwrap();
    let before = rows(&mut connection, "history").await;
    beside.hold().await.unwrap();
    let writer = place.history.writer.clone();
    let to = Offset::new(next.get() + 1);
    let batch = Batch {
        epoch,
        partition,
        owner,
        from: next,
        to,
        rooms: Vec::new(),
    };
    let write = tokio::spawn(async move { writer.write(&batch).await });
    // It waits in the middle of its first statement.
    crate::place::eventually("the writer waits", async || {
        let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'history.checkpoints'::regclass";
        let waits: i64 = sqlx::Row::get(&connection.fetch_one(waits).await.unwrap(), 0);
        (waits > 0).then_some(())
    })
    .await;
    beside.swap().await.unwrap();
    let written = tokio::time::timeout(PATIENCE, write).await.unwrap().unwrap();
    assert!(matches!(written, Err(history::Error::Fenced { .. })), "{written:?}");
    assert_eq!(
        rows(&mut connection, "history_old").await,
        before,
        "nothing reached the old one"
    );
    let stands = place.history.reader.checkpoints().await.unwrap();
    assert_eq!(
        stands.iter().find(|at| at.partition == partition).unwrap().next,
        next,
        "nor the new one"
    );
    Box::new(beside).close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_reads_for_long_is_waited_for() {
    let place = Place::cluster().await;
    let (_, projector) = told(&place, 37).await;
    let mut snapshot = place.history.reader.snapshot(Partition::new(0)).await.unwrap();
    let before = snapshot.rooms(1).await.unwrap();
    let release = async {
        // The swap has been tried by then: readers who come later are let through between two tries.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        place.history.reader.checkpoints().await.unwrap();
        let rest = snapshot.rooms(1_000).await.unwrap();
        drop(snapshot);
        rest
    };
    let (made, _) = tokio::join!(rebuild_history(&place, Finish::Swap), release);
    assert!(made.unwrap().swapped);
    assert!(before.len() <= 1);
    projector.stop().await;
}

#[tokio::test]
async fn every_table_is_compared_or_known_not_to_be() {
    let place = Place::cluster().await;
    let mut connection = look(&place).await;
    for table in tables(&mut connection, "history").await {
        let known = COMPARED.contains(&table.as_str()) || NOT_COMPARED.contains(&table.as_str());
        assert!(
            known,
            "{table}: does a rebuild compare it? Say so in history/postgres/beside/compare.rs"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_new_one_has_every_index_and_nothing_of_the_rebuild() {
    let place = Place::cluster().await;
    let mut speech = Speech::new(&place, 38);
    speech.begin().await;
    let room = speech.room();
    speech.says(room, user(0), said("some words")).await;
    let projector = place.project_history();
    is_at_end(&place).await;
    let mut connection = look(&place).await;
    let indexes = "SELECT string_agg(indexdef, E'\\n' ORDER BY indexname) FROM pg_indexes WHERE schemaname = 'history'";
    let before: String = sqlx::Row::get(&connection.fetch_one(indexes).await.unwrap(), 0);
    let of_old = tables(&mut connection, "history").await;
    assert!(rebuild_history(&place, Finish::Swap).await.unwrap().swapped);
    let after: String = sqlx::Row::get(&connection.fetch_one(indexes).await.unwrap(), 0);
    assert_eq!(after, before);
    assert_eq!(tables(&mut connection, "history").await, of_old);
    projector.stop().await;
}
