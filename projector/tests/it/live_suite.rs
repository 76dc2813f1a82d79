//! The live projection, over both kinds of place.

use crate::model::Model;
use crate::place::{Place, Projector, config, eventually, over_both};
use crate::speech::Speech;
use engine::domain::{Epoch, Partition};
use projector::{Config, Error};
use uuid::Uuid;

over_both!(
    a_varied_log_becomes_what_the_fold_says,
    an_empty_store_is_filled_from_history_while_both_go_on,
    whoever_starts_again_goes_on_from_the_watermark,
    what_is_flushed_under_load_is_filled_again,
    what_is_flushed_in_silence_is_noticed,
    without_history_a_short_log_fills_it,
    a_history_of_another_epoch_stops_it,
    two_of_a_kind_share_the_partitions,
);

async fn a_varied_log_becomes_what_the_fold_says(place: Place) {
    let mut speech = Speech::new(&place, 11);
    speech.begin().await.go_on(250).await;
    let projector = place.project_live();
    speech.go_on(250).await;
    Model::of(&*place.log).await.is_live(&place, &place.live).await;
    eventually("it is ready", async || projector.status.ready().ok()).await;
    projector.stop().await;
}

async fn an_empty_store_is_filled_from_history_while_both_go_on(place: Place) {
    let mut speech = Speech::new(&place, 12);
    speech.begin().await.go_on(200).await;
    let history = place.project_history();
    Model::of(&*place.log).await.is_in_history(&place.history).await;
    for _ in 0..3 {
        place.live.flush().await;
        let live = place.project_live();
        speech.go_on(80).await;
        Model::of(&*place.log).await.is_live(&place, &place.live).await;
        live.stop().await;
    }
    history.stop().await;
}

async fn whoever_starts_again_goes_on_from_the_watermark(place: Place) {
    let mut speech = Speech::new(&place, 13);
    speech.begin().await.go_on(50).await;
    let projector = place.project_live();
    Model::of(&*place.log).await.is_live(&place, &place.live).await;
    projector.stop().await;
    // Nothing can be filled from now on.
    place.history.close().await;
    let never_from_the_log = Config {
        refill_from_log_records: 0,
        ..config()
    };
    for _ in 0..3 {
        speech.go_on(30).await;
        let projector = Projector::live(never_from_the_log.clone(), place.live_parts());
        speech.go_on(30).await;
        projector.stop().await;
    }
    let projector = Projector::live(never_from_the_log, place.live_parts());
    Model::of(&*place.log).await.is_live(&place, &place.live).await;
    projector.stop().await;
}

async fn what_is_flushed_under_load_is_filled_again(place: Place) {
    let mut speech = Speech::new(&place, 14);
    speech.begin().await;
    let (history, live) = (place.project_history(), place.project_live());
    for _ in 0..4 {
        speech.go_on(50).await;
        place.live.flush().await;
    }
    speech.go_on(30).await;
    Model::of(&*place.log).await.is_live(&place, &place.live).await;
    live.stop().await;
    history.stop().await;
}

async fn what_is_flushed_in_silence_is_noticed(place: Place) {
    let mut speech = Speech::new(&place, 15);
    speech.begin().await.go_on(50).await;
    let projector = place.project_live();
    let model = Model::of(&*place.log).await;
    model.is_live(&place, &place.live).await;
    place.live.flush().await;
    model.is_live(&place, &place.live).await;
    projector.stop().await;
}

async fn without_history_a_short_log_fills_it(place: Place) {
    let mut speech = Speech::new(&place, 16);
    speech.begin().await.go_on(100).await;
    place.history.close().await;
    let projector = place.project_live();
    Model::of(&*place.log).await.is_live(&place, &place.live).await;
    projector.stop().await;
}

async fn a_history_of_another_epoch_stops_it(place: Place) {
    let other = Epoch::new(Uuid::new_v4());
    place.history.writer.claim(other, Partition::new(1)).await.unwrap();
    let error = place.project_live().error().await;
    assert!(
        matches!(&error, Error::OtherEpoch { stored, .. } if *stored == other),
        "{error}"
    );
}

async fn two_of_a_kind_share_the_partitions(place: Place) {
    let mut speech = Speech::new(&place, 17);
    speech.begin().await;
    let one = place.project_live();
    speech.go_on(80).await;
    let other = place.project_live();
    speech.go_on(80).await;
    Model::of(&*place.log).await.is_live(&place, &place.live).await;
    one.stop().await;
    speech.go_on(60).await;
    Model::of(&*place.log).await.is_live(&place, &place.live).await;
    other.stop().await;
}
