//! The history projection, over both kinds of place.

use crate::doubles::Freezing;
use crate::model::{Model, records};
use crate::place::{Place, Projector, config, eventually, over_both};
use crate::speech::{DAMAGES, Speech, said, user};
use engine::domain::{Epoch, Offset, Partition, Seq};
use engine::history::Batch;
use engine::log::Topic;
use projector::Error;
use projector::history::Parts;
use std::sync::atomic::Ordering;
use uuid::Uuid;

over_both!(
    a_varied_log_becomes_what_the_fold_says,
    whoever_starts_again_goes_on_from_the_checkpoint,
    a_history_that_was_thrown_away_comes_back,
    a_checkpoint_of_another_epoch_stops_it,
    a_checkpoint_beyond_the_end_stops_it,
    what_is_damaged_is_copied_and_what_is_unknown_is_skipped,
    an_event_that_the_store_refuses_keeps_its_journal_row,
    two_of_a_kind_share_the_partitions,
    one_that_was_frozen_writes_nothing_twice,
    one_that_is_fenced_and_still_in_the_group_goes_on,
);

async fn a_varied_log_becomes_what_the_fold_says(place: Place) {
    let mut speech = Speech::new(&place, 1);
    speech.begin().await.go_on(250).await;
    let projector = place.project_history();
    speech.go_on(250).await;
    Model::of(&*place.log).await.is_in_history(&place.history).await;
    assert_eq!(projector.status.ready(), Ok(()));
    projector.stop().await;
}

async fn whoever_starts_again_goes_on_from_the_checkpoint(place: Place) {
    let mut speech = Speech::new(&place, 2);
    speech.begin().await;
    for _ in 0..4 {
        let projector = place.project_history();
        speech.go_on(60).await;
        // In the middle of something, more often than not.
        projector.stop().await;
        speech.go_on(20).await;
    }
    let projector = place.project_history();
    Model::of(&*place.log).await.is_in_history(&place.history).await;
    projector.stop().await;
}

async fn a_history_that_was_thrown_away_comes_back(mut place: Place) {
    let mut speech = Speech::new(&place, 3);
    speech.begin().await.go_on(150).await;
    let projector = place.project_history();
    let model = Model::of(&*place.log).await;
    model.is_in_history(&place.history).await;
    projector.stop().await;
    place.history = place.empty_history().await;
    let projector = place.project_history();
    model.is_in_history(&place.history).await;
    projector.stop().await;
}

async fn a_checkpoint_of_another_epoch_stops_it(place: Place) {
    let other = Epoch::new(Uuid::new_v4());
    place.history.writer.claim(other, Partition::new(1)).await.unwrap();
    let error = place.project_history().error().await;
    let found = place.log.epoch();
    assert!(
        matches!(&error, Error::OtherEpoch { stored, found: log, .. } if *stored == other && *log == found),
        "{error}"
    );
}

async fn a_checkpoint_beyond_the_end_stops_it(place: Place) {
    let (epoch, partition) = (place.log.epoch(), Partition::new(1));
    let (owner, from) = place.history.writer.claim(epoch, partition).await.unwrap();
    let batch = Batch {
        epoch,
        partition,
        owner,
        from,
        to: Offset::new(1_000),
        rooms: Vec::new(),
    };
    place.history.writer.write(&batch).await.unwrap();
    let error = place.project_history().error().await;
    assert!(
        matches!(error, Error::NotOnTheLog { next, high: Offset::ZERO, .. } if next == Offset::new(1_000)),
        "{error}"
    );
}

async fn what_is_damaged_is_copied_and_what_is_unknown_is_skipped(place: Place) {
    let mut speech = Speech::new(&place, 4);
    speech.begin().await;
    for kind in 0..DAMAGES {
        speech.damaged_as(kind).await;
        speech.of_the_future().await;
    }
    let projector = place.project_history();
    Model::of(&*place.log).await.is_in_history(&place.history).await;
    projector.stop().await;
    let events = records(&*place.log, Topic::Events).await;
    let letters = records(&*place.log, Topic::DeadLetters).await;
    assert_eq!(letters.values().map(Vec::len).sum::<usize>(), DAMAGES);
    for (partition, letters) in letters {
        let damaged = events[&partition].iter().filter(|record| {
            matches!(
                engine::codec::decode(record.borrowed(), place.log.partitions()),
                Err(engine::codec::Unread::Bad(_))
            )
        });
        // The same records, as they were, in the same order: one batch's letters are appended together.
        let mut copied: Vec<_> = letters
            .iter()
            .map(|letter| (letter.key.clone(), letter.value.clone()))
            .collect();
        let mut damaged: Vec<_> = damaged
            .map(|record| (record.key.clone(), record.value.clone()))
            .collect();
        copied.sort();
        damaged.sort();
        assert_eq!(copied, damaged);
    }
}

async fn an_event_that_the_store_refuses_keeps_its_journal_row(place: Place) {
    place
        .history
        .order(
            "ALTER TABLE messages ADD CHECK (text <> 'unheard of')",
            "CREATE TRIGGER refuse BEFORE INSERT ON messages WHEN NEW.text = 'unheard of'
             BEGIN SELECT RAISE(ABORT, 'refused'); END",
        )
        .await;
    let mut speech = Speech::new(&place, 5);
    speech.begin().await;
    let room = speech.room();
    for number in 0..30 {
        let text = if number == 17 { "unheard of" } else { "heard" };
        speech.says(room, user(0), said(text)).await;
    }
    let refused = Seq::new(speech.head(room).get() - 12);
    let projector = Projector::history(
        projector::Config {
            batch_records: 100,
            batch_wait_ms: 100,
            ..config()
        },
        place.history_parts(),
    );
    let model = Model::of(&*place.log).await;
    let expected = &model.rooms[&room];
    let stored = eventually("history comes to the end", async || {
        let stored = place
            .history
            .reader
            .room(room, expected.partition)
            .await
            .unwrap()
            .ok()?;
        (stored.next == model.ends[&expected.partition]).then_some(stored)
    })
    .await;
    projector.stop().await;
    assert_eq!(
        &stored.header,
        expected.room.header().unwrap(),
        "the fold is the log's word"
    );
    assert_eq!(stored.window, expected.room.window().collect::<Vec<_>>());
    assert_eq!(stored.recent.len(), expected.recent.len());
    for message in stored.recent {
        let (deleted, text) = if message.seq == refused {
            (true, "")
        } else {
            (false, "heard")
        };
        assert_eq!(
            (message.deleted, message.text.as_str()),
            (deleted, text),
            "seq {}",
            message.seq
        );
    }
    let reader = &place.history.reader;
    let (journal, _) = reader
        .journal(room, expected.partition, Seq::ZERO, 1_000)
        .await
        .unwrap();
    assert_eq!(journal.len(), expected.journal.len(), "every seq has its journal row");
    let letters = records(&*place.log, Topic::DeadLetters).await;
    assert_eq!(letters.values().map(Vec::len).sum::<usize>(), 1);
}

async fn two_of_a_kind_share_the_partitions(place: Place) {
    let mut speech = Speech::new(&place, 6);
    speech.begin().await;
    let writers = [0, 1].map(|_| Freezing::before(place.history.writer.clone()));
    let [one, other] = writers.clone().map(|writer| {
        let writer = Parts {
            writer,
            ..place.history_parts()
        };
        Projector::history(config(), writer)
    });
    let wrote = || writers.clone().map(|writer| writer.writes.load(Ordering::SeqCst));
    Model::of(&*place.log).await.is_in_history(&place.history).await;
    let before = wrote();
    eventually("both of them write", async || {
        speech.go_on(20).await;
        let now = wrote();
        (now[0] > before[0] && now[1] > before[1]).then_some(())
    })
    .await;
    Model::of(&*place.log).await.is_in_history(&place.history).await;
    one.stop().await;
    let before = wrote();
    speech.go_on(60).await;
    Model::of(&*place.log).await.is_in_history(&place.history).await;
    assert_eq!(wrote()[0], before[0], "it was stopped");
    other.stop().await;
}

async fn one_that_was_frozen_writes_nothing_twice(place: Place) {
    let mut speech = Speech::new(&place, 7);
    speech.begin().await;
    let freezing = Freezing::before(place.history.writer.clone());
    let parts = Parts {
        writer: freezing.clone(),
        ..place.history_parts()
    };
    let zombie = Projector::history(config(), parts);
    Model::of(&*place.log).await.is_in_history(&place.history).await;
    freezing.freeze();
    speech.go_on(40).await;
    freezing.frozen().await;
    // Another takes the partition over while the first stands still in the middle of its batch.
    for partition in (0..place.log.partitions()).map(Partition::new) {
        place.history.writer.claim(place.log.epoch(), partition).await.unwrap();
    }
    let other = place.project_history();
    speech.go_on(40).await;
    freezing.thaw();
    Model::of(&*place.log).await.is_in_history(&place.history).await;
    zombie.stop().await;
    speech.go_on(40).await;
    Model::of(&*place.log).await.is_in_history(&place.history).await;
    other.stop().await;
}

async fn one_that_is_fenced_and_still_in_the_group_goes_on(place: Place) {
    let mut speech = Speech::new(&place, 8);
    speech.begin().await;
    let projector = place.project_history();
    Model::of(&*place.log).await.is_in_history(&place.history).await;
    for partition in (0..place.log.partitions()).map(Partition::new) {
        place.history.writer.claim(place.log.epoch(), partition).await.unwrap();
    }
    speech.go_on(60).await;
    Model::of(&*place.log).await.is_in_history(&place.history).await;
    projector.stop().await;
}
