//! Kafka dies and comes back.

use crate::model::Model;
use crate::place::{Place, eventually};
use crate::server::Server;
use crate::speech::Speech;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_kafka_killed_both_projections_go_on_when_it_is_back() {
    let server = Server::start("kafka");
    let place = Place::cluster_at(&server.variable("ROOMLOG_TEST_KAFKA")).await;
    let mut speech = Speech::new(&place, 41);
    speech.begin().await;
    let (history, live) = (place.project_history(), place.project_live());
    Model::of(&*place.log).await.is_in_history(&place.history).await;
    for _ in 0..2 {
        server.kill();
        server.start_again();
        // Whoever projects must find it again by itself; so must the one who appends here.
        eventually("the log takes records again", async || place.log.ping().await.ok()).await;
        speech.go_on(30).await;
        let model = Model::of(&*place.log).await;
        model.is_in_history(&place.history).await;
        model.is_live(&place, &place.live).await;
    }
    live.stop().await;
    history.stop().await;
    place.log.close().await;
}
