//! The promises of the log, over a million events: whatever is replayed, travelled to, built anew or verified says what the
//! load generator says must have come of them.
//!
//! One story, for filling a log takes minutes: each step leaves the system as sound as it found it.

#![allow(clippy::unwrap_used, reason = "a test that fails should say where")]
#![allow(clippy::print_stdout, reason = "what takes minutes says how far it is")]

mod rebuilt;
mod replayed;
mod scene;
#[allow(dead_code, unused_macros, unused_imports, reason = "the other tests need more of it")]
#[path = "../it/support/mod.rs"]
mod support;
mod travelled;
mod verified;

use scene::Scene;
use std::time::Instant;

#[tokio::test(flavor = "multi_thread")]
async fn a_million_events_keep_every_promise() {
    let begun = Instant::now();
    let told = |what: &str| println!("{:>4} s  {what}", begun.elapsed().as_secs());
    told("the log is filled");
    let scene = Scene::filled().await;
    told("the projections take it in");
    scene.caught_up().await;
    told("every room is replayed over HTTP");
    replayed::every_room_over_http(&scene).await;
    told("rooms are replayed over a socket and on the command line");
    replayed::some_over_every_door(&scene).await;
    told("rooms are told as they stood at random points");
    travelled::at_random_points(&scene).await;
    told("everything is verified");
    verified::everything_is_well(&scene);
    told("history is built anew under load, killed ten times");
    rebuilt::under_load_and_killed_ten_times(&scene).await;
    told("everything is verified again");
    verified::everything_is_well(&scene);
    told("what is damaged is found");
    verified::what_is_damaged_is_found(&scene).await;
    told("done");
}
