//! PostgreSQL is away and comes back.

use crate::databases::Database;
use crate::model::Model;
use crate::place::{History, Place, eventually, variable};
use crate::proxy::Proxy;
use crate::speech::Speech;

/// What is after the user in a URL, without the path.
pub(crate) fn address(url: &str) -> String {
    let rest = url.rsplit_once("//").map_or(url, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest).to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_postgres_away_nothing_is_lost() {
    let mut place = Place::cluster().await;
    let server = variable("ROOMLOG_TEST_POSTGRES");
    let proxy = Proxy::before(&address(&server)).await;
    place.history = History::postgres_through(proxy.address, Database::new().await).await;
    let mut speech = Speech::new(&place, 21);
    speech.begin().await;
    let projector = place.project_history();
    Model::of(&*place.log).await.is_in_history(&place.history).await;
    for _ in 0..3 {
        speech.go_on(30).await;
        proxy.cut();
        speech.go_on(30).await;
        let why = eventually("it says so", async || projector.status.ready().err()).await;
        assert!(why.starts_with("history"), "{why}");
        proxy.mend();
        Model::of(&*place.log).await.is_in_history(&place.history).await;
        eventually("it is ready again", async || projector.status.ready().ok()).await;
    }
    projector.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn that_postgres_is_away_is_noticed_before_the_next_write() {
    let mut place = Place::cluster().await;
    let server = variable("ROOMLOG_TEST_POSTGRES");
    let proxy = Proxy::before(&address(&server)).await;
    place.history = History::postgres_through(proxy.address, Database::on(server).await).await;
    let mut speech = Speech::new(&place, 22);
    speech.begin().await;
    let projector = place.project_history();
    Model::of(&*place.log).await.is_in_history(&place.history).await;
    // Nobody says anything any more.
    for _ in 0..2 {
        eventually("it is ready", async || projector.status.ready().ok()).await;
        proxy.cut();
        let why = eventually("it says so", async || projector.status.ready().err()).await;
        // Whoever looks first: the watch over the store, or one of the two projections at its checkpoint.
        assert!(why.starts_with("history"), "{why}");
        proxy.mend();
    }
    eventually("it is ready again", async || projector.status.ready().ok()).await;
    speech.go_on(30).await;
    Model::of(&*place.log).await.is_in_history(&place.history).await;
    projector.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_can_be_stopped_while_postgres_is_away() {
    let mut place = Place::cluster().await;
    let server = variable("ROOMLOG_TEST_POSTGRES");
    let proxy = Proxy::before(&address(&server)).await;
    place.history = History::postgres_through(proxy.address, Database::new().await).await;
    proxy.cut();
    let projector = place.project_history();
    eventually("it says so", async || {
        projector
            .status
            .ready()
            .err()
            .filter(|why| why.contains("not available"))
    })
    .await;
    projector.stop().await;
}
