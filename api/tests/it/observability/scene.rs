//! A cluster that is watched, and people in it who do a little of everything.

use super::prometheus::Prometheus;
use crate::proof::cluster::{Cluster, Person};
use crate::proof::socket::Socket;
use crate::support::crowd::{Crowd, Talk};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// People who talk, on two edges in turn.
const PEOPLE: usize = 16;
const ROOMS: usize = 4;
/// What one of them waits between two sends.
const PAUSE: Duration = Duration::from_millis(200);
/// How often everything is done at least.
const ROUNDS: usize = 3;

/// A process that is scraped each second must not ask what it depends on for longer.
pub(crate) const HASTY: [(&str, &str); 1] = [("ROOMLOG_HTTP__CHECK_TIMEOUT_MS", "700")];

/// What is watched.
pub(crate) struct Scene {
    pub(crate) cluster: Cluster,
    pub(crate) prometheus: Prometheus,
    crowd: Crowd,
    /// Does what the crowd does not.
    pub(crate) ann: Person,
    /// Where she does it.
    pub(crate) room: Uuid,
}

impl Scene {
    /// A cluster with these settings, Prometheus beside it, and a crowd that is silent yet.
    pub(crate) async fn new(settings: &[(&str, &str)]) -> Self {
        let cluster = Cluster::start(&[settings, &HASTY].concat()).await;
        let prometheus = Prometheus::at(cluster.prometheus().await);
        let crowd = Crowd::gather(&cluster, PEOPLE, ROOMS, 2).await;
        let ann = cluster.register("ann").await;
        let room = cluster.room_of(0, &ann, "a bit of everything").await;
        Self {
            cluster,
            prometheus,
            crowd,
            ann,
            room,
        }
    }

    /// The crowd talks until it is told to stop.
    pub(crate) fn chat(&self) -> Talk {
        self.crowd.keep_talking(PAUSE)
    }

    /// Everything is done again and again, for at least so long.
    pub(crate) async fn is_lively(&self, at_least: Duration) {
        let begun = Instant::now();
        let mut rounds = 0;
        while rounds < ROUNDS || begun.elapsed() < at_least {
            self.over_a_socket().await;
            self.over_rest().await;
            rounds += 1;
        }
    }

    /// Does something while everything is done again and again: what panels show is of the last minute.
    pub(crate) async fn while_lively<T>(&self, something: impl Future<Output = T>) -> T {
        tokio::select! {
            done = something => done,
            () = self.is_lively(Duration::MAX) => unreachable!("for ever"),
        }
    }

    /// Every kind of command, and some that are refused.
    async fn over_a_socket(&self) {
        let mut wire = Socket::open(&self.cluster.edges[0], &self.ann.token).await;
        let (room, cid) = (self.room, Uuid::new_v4());
        let joined = done(&mut wire, "subscribe", json!({ "room": room })).await;
        let send = json!({ "room": room, "cid": cid, "text": "hello @person0", "since": joined["seq"] });
        let sent = done(&mut wire, "send", send.clone()).await;
        let again = done(&mut wire, "send", send).await;
        assert_eq!((&again["seq"], &again["duplicate"]), (&sent["seq"], &json!(true)));
        let seq = &sent["seq"];
        let about = |more: Value| {
            let mut body = json!({ "room": room, "cid": Uuid::new_v4(), "seq": seq });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        for (command, more) in [
            ("edit", json!({ "text": "hello again" })),
            ("react", json!({ "emoji": "👍" })),
            ("unreact", json!({ "emoji": "👍" })),
            ("read", json!({})),
            ("typing", json!({})),
            ("presence", json!({})),
            ("recent", json!({ "limit": 5 })),
        ] {
            done(&mut wire, command, about(more)).await;
        }
        let refused = wire
            .ask(
                "send",
                json!({ "room": Uuid::new_v4(), "cid": Uuid::new_v4(), "text": "?" }),
            )
            .await;
        assert_eq!(refused["error"]["name"], "not_found");
        let unknown = wire.ask("dance", json!({})).await;
        assert_eq!(unknown["error"]["name"], "unknown_command");
        let replay = done(
            &mut wire,
            "replay",
            json!({ "room": room, "from": { "offset": sent["pos"]["offset"] } }),
        )
        .await;
        wire.until(|frame| frame["replay"]["replay"] == replay["replay"]).await;
        let resume = json!({ "room": room, "resume": { "epoch": joined["epoch"], "seq": joined["seq"] } });
        done(&mut wire, "unsubscribe", json!({ "room": room })).await;
        assert_eq!(done(&mut wire, "subscribe", resume).await["recovered"], true);
        wire.close().await;
    }

    /// Reads of every kind, and some that are refused. History may be behind, or away: that is an answer too.
    async fn over_rest(&self) {
        let room = self.room;
        for path in [
            "/v1/rooms".to_owned(),
            format!("/v1/rooms/{room}"),
            format!("/v1/rooms/{room}/messages?limit=10"),
            format!("/v1/rooms/{room}/at?seq=1"),
            "/v1/search?q=hello".to_owned(),
            "/v1/auth/me".to_owned(),
            "/v1/nowhere".to_owned(),
            format!("/v1/rooms/{}", Uuid::new_v4()),
        ] {
            for edge in 0..self.cluster.edges.len() {
                self.cluster.told(edge, &self.ann, &path).await;
            }
        }
    }
}

/// A command that must succeed; what its reply carries.
pub(crate) async fn done(wire: &mut Socket, command: &str, body: Value) -> Value {
    let mut reply = wire.ask(command, body).await;
    assert!(reply["ok"].is_object(), "{command}: {reply}");
    reply["ok"].take()
}
