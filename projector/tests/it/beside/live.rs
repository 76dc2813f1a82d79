//! Live views made anew in Redis.

use super::{another_epoch, bounds, only, rebuild_live, redis_of};
use crate::model::Model;
use crate::place::Place;
use crate::speech::{Speech, said, user};
use engine::beside::{self, Beside as _, How};
use engine::live::RedisLive;
use engine::live::redis::beside::{RedisBeside, drop_old, swap_back};
use projector::rebuild::{Error, Finish};
use std::sync::Arc;

/// A log that live views have read to its end, with projectors that go on.
async fn told(place: &Place, seed: u64) -> (Speech, crate::place::Projector) {
    let mut speech = Speech::new(place, seed);
    speech.begin().await;
    let projector = place.project_live();
    speech.go_on(300).await;
    Model::of(&*place.log).await.is_live(place, &place.live).await;
    (speech, projector)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_takes_the_others_place_while_all_go_on() {
    let place = Place::cluster().await;
    let (mut speech, projector) = told(&place, 41).await;
    let reader = place.live.reader.clone();
    let going_on = async {
        speech.go_on(300).await;
        speech
    };
    let (made, mut speech) = tokio::join!(rebuild_live(&place, Finish::Swap), going_on);
    let outcome = made.unwrap();
    assert!(outcome.swapped && outcome.is_equal(), "{outcome:?}");
    speech.go_on(100).await;
    Model::of(&*place.log).await.is_live(&place, &place.live).await;

    // Back, on, and back again: projectors hear of it, and catch up.
    let (config, partitions, limits) = (redis_of(&place), place.log.partitions(), bounds().limits());
    for _ in 0..2 {
        swap_back(&config, partitions, &limits).await.unwrap();
        speech.go_on(30).await;
        Model::of(&*place.log).await.is_live(&place, &place.live).await;
    }
    let again = rebuild_live(&place, Finish::Swap).await.unwrap_err();
    assert!(again.to_string().contains("--drop-old"), "{again}");
    let keys = place.live.keys().await.len();
    assert!(drop_old(&config, partitions, &limits).await.unwrap());
    assert!(place.live.keys().await.len() < keys, "they are gone");
    assert!(!drop_old(&config, partitions, &limits).await.unwrap());
    Model::of(&*place.log).await.is_live(&place, &place.live).await;
    let outcome = rebuild_live(&place, Finish::Swap).await.unwrap();
    assert!(outcome.swapped && outcome.is_equal(), "{outcome:?}");
    speech.go_on(30).await;
    Model::of(&*place.log).await.is_live(&place, &place.live).await;
    projector.stop().await;
    drop(reader);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_list_is_found_and_named() {
    let place = Place::cluster().await;
    let (_, projector) = told(&place, 42).await;
    projector.stop().await;
    let room = Model::of(&*place.log)
        .await
        .rooms
        .into_iter()
        .find(|(_, at)| at.journal.len() > 3)
        .unwrap();
    let id = room.0;
    // The second of its window bears another offset.
    place.live.damage_window(id, room.1.partition, 1).await;
    let outcome = rebuild_live(&place, Finish::Swap).await.unwrap();
    assert!(!outcome.swapped);
    let (difference, _) = only(&outcome);
    assert_eq!((difference.at.room, difference.at.part.as_str()), (Some(id), "window"));
    assert_eq!(difference.rows[0].how, How::Fields(vec!["offset".into()]));

    let outcome = rebuild_live(&place, Finish::SwapAnyway).await.unwrap();
    assert!(outcome.swapped && !outcome.is_equal());
    Model::of(&*place.log).await.is_live(&place, &place.live).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_folded_from_damage_is_not_carried_over() {
    let place = Place::cluster().await;
    let (mut speech, projector) = told(&place, 43).await;
    let id = speech.room();
    speech.says(id, user(0), said("it is held")).await;
    let model = Model::of(&*place.log).await;
    model.is_live(&place, &place.live).await;
    // The projector holds the room as it was; who reads finds one that is damaged.
    let partition = model.rooms[&id].partition;
    place.live.damage_window(id, partition, 0).await;
    let outcome = rebuild_live(&place, Finish::SwapAnyway).await.unwrap();
    assert!(outcome.swapped && outcome.differing == 1, "{outcome:?}");
    speech.says(id, user(0), said("and goes on")).await;
    Model::of(&*place.log).await.is_live(&place, &place.live).await;
    projector.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shadow_leaves_everything_as_it_was() {
    let place = Place::cluster().await;
    let (_, projector) = told(&place, 44).await;
    projector.stop().await;
    let before = place.live.keys().await;
    let outcome = rebuild_live(&place, Finish::Discard).await.unwrap();
    assert!(outcome.is_equal() && !outcome.swapped, "{outcome:?}");
    assert_eq!(place.live.keys().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_belongs_to_another_log_is_said_and_one_goes_at_a_time() {
    let place = Place::cluster().await;
    let (_, projector) = told(&place, 45).await;
    projector.stop().await;
    let (config, partitions, limits) = (redis_of(&place), place.log.partitions(), bounds().limits());
    let open = |epoch, anew| RedisBeside::open(&config, epoch, partitions, limits, anew);
    let of_another = open(another_epoch(), false).await.unwrap();
    let second = open(place.log.epoch(), false).await.unwrap_err();
    assert!(matches!(second, beside::Error::Busy(_)), "{second}");
    Box::new(of_another).close().await;
    let refused = rebuild_live(&place, Finish::Swap).await.unwrap_err();
    assert!(
        matches!(&refused, Error::Beside(beside::Error::Impossible(why)) if why.contains("--anew")),
        "{refused}"
    );
    Box::new(open(place.log.epoch(), true).await.unwrap()).close().await;
    let outcome = rebuild_live(&place, Finish::Swap).await.unwrap();
    assert!(outcome.swapped && outcome.is_equal(), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_saw_the_others_first_finds_the_new_ones() {
    let place = Place::cluster().await;
    let (_, projector) = told(&place, 46).await;
    // An edge of its own, which has read before the swap, and one that reads for the first time after it.
    let edge = RedisLive::new(&redis_of(&place), place.log.epoch()).unwrap();
    let model = Model::of(&*place.log).await;
    let mut live = place.live.clone();
    live.reader = Arc::new(edge);
    model.is_live(&place, &live).await;
    assert!(rebuild_live(&place, Finish::Swap).await.unwrap().swapped);
    drop_old(&redis_of(&place), place.log.partitions(), &bounds().limits())
        .await
        .unwrap();
    model.is_live(&place, &live).await;
    live.reader = Arc::new(RedisLive::new(&redis_of(&place), place.log.epoch()).unwrap());
    model.is_live(&place, &live).await;
    projector.stop().await;
}
