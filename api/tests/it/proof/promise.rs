//! What one person may do to others: nothing.

use super::cluster::Cluster;
use super::socket::Socket;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Presence with intervals short enough to see it heal, and long enough for an edge that waits for its turn.
const QUICK: [(&str, &str); 2] = [
    ("ROOMLOG_EDGE__PRESENCE_REPEAT_MS", "500"),
    ("ROOMLOG_EDGE__PRESENCE_EXPIRY_MS", "6000"),
];

/// Somebody who keeps book of who is in a room, from what is pushed. What happened at about the same time comes in one
/// push.
struct Watcher {
    socket: Socket,
    there: BTreeSet<Uuid>,
    /// Who has been told to be gone so far.
    gone: Vec<Uuid>,
}

fn people(list: &Value) -> Vec<Uuid> {
    serde_json::from_value(list.clone()).expect("ids")
}

impl Watcher {
    async fn subscribe(mut socket: Socket, subscribe: Value) -> Self {
        let joined = socket.ask("subscribe", subscribe).await;
        Self {
            there: people(&joined["ok"]["presence"]["users"]).into_iter().collect(),
            socket,
            gone: Vec::new(),
        }
    }

    /// Waits until these are there and nobody else.
    async fn sees(&mut self, expected: impl IntoIterator<Item = Uuid>) {
        let expected: BTreeSet<Uuid> = expected.into_iter().collect();
        while self.there != expected {
            let push = self.socket.until(|frame| frame.get("presence").is_some()).await["presence"].take();
            for person in people(&push["joined"]) {
                assert!(self.there.insert(person), "{person} was there: {push}");
            }
            for person in people(&push["left"]) {
                assert!(self.there.remove(&person), "{person} was not there: {push}");
                self.gone.push(person);
            }
            assert_eq!(push["count"], self.there.len(), "{push}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_tabs_on_two_edges_are_one_person() {
    let cluster = Cluster::start(&QUICK).await;
    let (ann, bob) = (cluster.register("ann").await, cluster.register("bob").await);
    let room = json!(cluster.room(&ann, "tabs", "open").await);
    let subscribe = json!({ "room": room });
    let socket = Socket::open(&cluster.edges[0], &bob.token).await;
    let mut watcher = Watcher::subscribe(socket, subscribe.clone()).await;
    let mut tabs = Vec::new();
    for edge in [0, 1, 1] {
        let mut tab = Socket::open(&cluster.edges[edge], &ann.token).await;
        tab.ask("subscribe", subscribe.clone()).await;
        tabs.push(tab);
    }
    watcher.sees([ann.id, bob.id]).await;
    tabs.pop().unwrap().close().await;
    tabs.remove(0).close().await;
    // One tab is left, on the other edge. Somebody else comes and goes after the closing of the two; by the time that is
    // seen, so has been what they did.
    let carl = cluster.register("carl").await;
    let mut probe = Socket::open(&cluster.edges[1], &carl.token).await;
    probe.ask("subscribe", subscribe.clone()).await;
    watcher.sees([ann.id, bob.id, carl.id]).await;
    probe.close().await;
    watcher.sees([ann.id, bob.id]).await;
    assert_eq!(watcher.gone, [carl.id], "ann has a tab left");
    let asked = watcher.socket.ask("presence", subscribe).await;
    assert_eq!(asked["ok"]["count"], 2);
    cluster.part("kill", "edge2").await;
    watcher.sees([bob.id]).await;
    assert_eq!(watcher.gone, [carl.id, ann.id]);
}
