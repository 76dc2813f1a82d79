//! Redis loses what it held, in parts or whole, or is away.

use crate::history_failures::address;
use crate::model::Model;
use crate::place::{Live, Place, Projector, config, eventually, variable};
use crate::proxy::Proxy;
use crate::server::Server;
use crate::speech::{Speech, created, said, user};
use engine::domain::Kind;
use projector::Config;

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

/// Whether the projector has the room at hand, or must load it: what is gone is not taken for what never was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_evicted_is_filled_again() {
    for rooms_held in [0, 100] {
        let place = Place::cluster().await;
        let mut speech = Speech::new(&place, 32);
        speech.begin().await.go_on(50).await;
        let history = place.project_history();
        let live = Projector::live(Config { rooms_held, ..config() }, place.live_parts());
        Model::of(&*place.log).await.is_live(&place, &place.live).await;
        let room = speech.room();
        for gone in [format!("*room:{room}"), format!("*room:{room}:window")] {
            place.live.forget(&gone).await;
            speech.says(room, user(0), said("is it still there?")).await;
            Model::of(&*place.log).await.is_live(&place, &place.live).await;
        }
        if rooms_held == 0 {
            // A room made again is ignored where it was: it must not begin anew where it is gone.
            place.live.forget(&format!("*room:{room}")).await;
            speech.says(room, user(0), created(Kind::Public, 1)).await;
            Model::of(&*place.log).await.is_live(&place, &place.live).await;
        }
        live.stop().await;
        history.stop().await;
    }
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
