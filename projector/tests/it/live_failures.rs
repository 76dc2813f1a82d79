//! Redis loses what it held, in parts or whole, or is away.

use crate::history_failures::address;
use crate::model::Model;
use crate::place::{Live, Place, eventually, variable};
use crate::proxy::Proxy;
use crate::server::Server;
use crate::speech::{Speech, said, user};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_redis_away_nothing_is_lost() {
    let mut place = Place::cluster().await;
    let proxy = Proxy::before(&address(&variable("ROOMLOG_TEST_REDIS"))).await;
    place.live = Live::redis(&format!("redis://{}", proxy.address), place.log.epoch());
    let mut speech = Speech::new(&place, 31);
    speech.begin().await;
    let projector = place.project_live();
    Model::of(&*place.log).await.is_live(&place, &place.live).await;
    for _ in 0..3 {
        speech.go_on(30).await;
        proxy.cut();
        speech.go_on(30).await;
        let why = eventually("it says so", async || projector.status.ready().err()).await;
        assert!(why.starts_with("live"), "{why}");
        proxy.mend();
        Model::of(&*place.log).await.is_live(&place, &place.live).await;
    }
    projector.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_was_evicted_is_filled_again() {
    let place = Place::cluster().await;
    let mut speech = Speech::new(&place, 32);
    speech.begin().await.go_on(50).await;
    let (history, live) = (place.project_history(), place.project_live());
    Model::of(&*place.log).await.is_live(&place, &place.live).await;
    let room = speech.room();
    for part in [String::new(), ":window".to_owned()] {
        place.live.forget(&format!("*room:{room}{part}")).await;
        speech.says(room, user(0), said("is it still there?")).await;
        Model::of(&*place.log).await.is_live(&place, &place.live).await;
    }
    live.stop().await;
    history.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_was_killed_comes_back_empty_and_is_filled_again() {
    let mut place = Place::cluster().await;
    let server = Server::start("redis");
    place.live = Live::redis(&server.variable("ROOMLOG_TEST_REDIS"), place.log.epoch());
    let mut speech = Speech::new(&place, 33);
    speech.begin().await;
    let (history, live) = (place.project_history(), place.project_live());
    Model::of(&*place.log).await.is_live(&place, &place.live).await;
    for _ in 0..2 {
        speech.go_on(30).await;
        server.kill();
        speech.go_on(30).await;
        server.start_again();
        Model::of(&*place.log).await.is_live(&place, &place.live).await;
    }
    live.stop().await;
    history.stop().await;
}
