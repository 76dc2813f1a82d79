//! A history that holds everybody up, and comes back: what the projector and the pool say of it.

use crate::support::both::Site;
use crate::support::samples::Samples;
use crate::support::{eventually, so};
use serde_json::json;
use sqlx::{Connection as _, Executor as _, PgConnection};

/// So few connections that those who wait for a lock have all of them.
const SETTINGS: [(&str, &str); 4] = [
    ("ROOMLOG_PROJECTOR__MEASURE_MS", "100"),
    ("ROOMLOG_POSTGRES__MAX_CONNECTIONS", "2"),
    ("ROOMLOG_POSTGRES__ACQUIRE_MS", "300"),
    ("ROOMLOG_POSTGRES__LOCK_MS", "60000"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_projection_that_is_held_up_says_since_when() {
    let site = Site::cluster(&SETTINGS).await;
    let server = site.edge();
    let ann = server.register("ann").await;
    let room = server.room(&ann, "public").await;
    let url = site.setting("ROOMLOG_POSTGRES__URL").expect("a cluster");
    let mut holder = PgConnection::connect(url).await.expect("connected");
    let of = |projection| [("projection", projection)];
    eventually("history is level", async || {
        let seen = Samples::of(server).await;
        let lag = seen.value("roomlog_projector_lag_events", &of("history"));
        let written = seen.value("roomlog_projector_events_total", &of("history"));
        so(lag == 0.0 && written >= 2.0, (lag, written))
    })
    .await;

    holder.execute("BEGIN").await.expect("begun");
    let lock = "LOCK TABLE history.checkpoints IN ACCESS EXCLUSIVE MODE";
    holder.execute(lock).await.expect("locked");
    let path = format!("/v1/rooms/{room}/messages");
    server.done(&ann, &path, json!({ "text": "held up" })).await;
    let held_up = eventually("history says that it is behind", async || {
        let seen = Samples::of(server).await;
        let events = seen.value("roomlog_projector_lag_events", &of("history"));
        let seconds = seen.value("roomlog_projector_lag_seconds", &of("history"));
        let age = seen.value("roomlog_projector_checkpoint_age_seconds", &of("history"));
        let live = seen.value("roomlog_projector_lag_events", &of("live"));
        let timeouts = seen.value("roomlog_pool_timeouts_total", &[("pool", "history")]);
        let right = events == 1.0 && seconds >= 1.0 && age >= 1.0 && live == 0.0 && timeouts >= 1.0;
        so(right, (events, seconds, age, live, timeouts)).map(|()| seen)
    })
    .await;
    let history = [("pool", "history")];
    assert_eq!(held_up.value("roomlog_pool_max_connections", &history), 2.0);
    assert_eq!(held_up.value("roomlog_pool_connections", &history), 2.0);
    assert_eq!(held_up.value("roomlog_pool_idle_connections", &history), 0.0);
    let down = held_up.value("roomlog_dependency_up", &[("dependency", "history")]);
    assert_eq!(down, 0.0, "who asks gets no connection");

    holder.execute("ROLLBACK").await.expect("let go");
    eventually("history is level again", async || {
        let seen = Samples::of(server).await;
        let up = seen.value("roomlog_dependency_up", &[("dependency", "history")]);
        let left = ["lag_events", "lag_seconds", "checkpoint_age_seconds"]
            .map(|name| seen.value(&format!("roomlog_projector_{name}"), &of("history")));
        // What was held up is in the histogram, among those that took longer than a second.
        let bucket = "roomlog_projector_delay_seconds_bucket";
        let quick = seen.value(bucket, &[("projection", "history"), ("le", "1")]);
        let all = seen.value(bucket, &[("projection", "history"), ("le", "+Inf")]);
        so(up == 1.0 && left == [0.0; 3] && quick < all, (up, left, quick, all))
    })
    .await;
}
