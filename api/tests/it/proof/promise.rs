//! What one person may do to others: nothing.

use super::cluster::{Cluster, Person};
use super::socket::Socket;
use serde_json::{Value, json};

/// Presence with intervals short enough to see it heal.
const QUICK: [(&str, &str); 2] = [
    ("ROOMLOG_EDGE__PRESENCE_REPEAT_MS", "1000"),
    ("ROOMLOG_EDGE__PRESENCE_EXPIRY_MS", "6000"),
];

/// Whether a push tells of this person among those who came or went: presence is batched, so others may be told with them.
fn tells(frame: &Value, list: &str, person: &Person) -> bool {
    let people = frame["presence"][list].as_array();
    people.is_some_and(|people| people.contains(&json!(person.id)))
}

async fn count(socket: &mut Socket, room: &Value) -> Value {
    socket.ask("presence", json!({ "room": room })).await["ok"]["count"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn three_tabs_on_two_edges_are_one_person() {
    let cluster = Cluster::start(&QUICK).await;
    let (ann, bob) = (cluster.register("ann").await, cluster.register("bob").await);
    let room = json!(cluster.room(&ann, "tabs", "open").await);
    let subscribe = json!({ "room": room });
    let mut watcher = Socket::open(&cluster.edges[0], &bob.token).await;
    watcher.ask("subscribe", subscribe.clone()).await;
    let mut tabs = Vec::new();
    for edge in [0, 1, 1] {
        let mut tab = Socket::open(&cluster.edges[edge], &ann.token).await;
        tab.ask("subscribe", subscribe.clone()).await;
        tabs.push(tab);
    }
    let joined = watcher.until(|frame| tells(frame, "joined", &ann)).await;
    assert_eq!(joined["presence"]["count"], 2, "{joined}");
    tabs.pop().unwrap().close().await;
    tabs.remove(0).close().await;
    // One tab is left, on the other edge. A probe's own coming and going passes through the same signals after the
    // closing of the two, so by the time it is seen they have been seen too.
    let carl = cluster.register("carl").await;
    let mut probe = Socket::open(&cluster.edges[1], &carl.token).await;
    probe.ask("subscribe", subscribe.clone()).await;
    watcher.until(|frame| tells(frame, "joined", &carl)).await;
    probe.close().await;
    let left = watcher
        .until(|frame| frame["presence"].get("left").is_some_and(|left| left != &json!([])))
        .await;
    assert_eq!(left["presence"]["left"], json!([carl.id]), "ann has a tab left");
    assert_eq!(count(&mut watcher, &room).await, 2);
    cluster.part("kill", "edge2").await;
    let left = watcher.until(|frame| tells(frame, "left", &ann)).await;
    assert_eq!(left["presence"]["count"], 1);
}
