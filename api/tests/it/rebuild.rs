//! `roomlog rebuild` as people run it: beside a cluster that works, killed, on what is damaged, and where it can't be.

mod embedded;

use crate::support::cluster::Cluster;
use crate::support::crowd::Crowd;
use crate::support::server::Ended;
use crate::support::{Person, Server, Wire, eventually, so};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _, PgConnection, Row as _};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const PAUSE: Duration = Duration::from_millis(25);
const KILLS: usize = 10;
const LIVE_KILLS: usize = 4;

/// The outcome that `--json` ends with.
fn outcome(ended: &Ended) -> Value {
    let last = ended
        .stdout
        .lines()
        .last()
        .unwrap_or_else(|| panic!("it said nothing: {}", ended.stderr));
    serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {last}"))
}

/// Runs it to its end, which must be a swap of two that are equal.
fn swaps(cluster: &Cluster, which: &str) -> Value {
    let ended = cluster.try_run(&["rebuild", which, "--json"]);
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    let outcome = outcome(&ended);
    assert_eq!(
        (&outcome["swapped"], &outcome["equal"]),
        (&json!(true), &json!(true)),
        "{outcome}"
    );
    outcome
}

async fn postgres(cluster: &Cluster) -> PgConnection {
    PgConnection::connect(cluster.setting("ROOMLOG_POSTGRES__URL"))
        .await
        .unwrap()
}

/// Somebody who reads all the time, by every way that goes to history or live views; not one answer may be a failure.
struct Readers {
    over: CancellationToken,
    tasks: JoinSet<u64>,
}

impl Readers {
    fn begin(edge: &Arc<Server>, who: &Person, room: &str) -> Self {
        let (over, mut tasks) = (CancellationToken::new(), JoinSet::new());
        let paths = [
            format!("/v1/rooms/{room}/messages?limit=100"),
            format!("/v1/rooms/{room}"),
            "/v1/rooms".to_owned(),
            "/v1/search?q=says".to_owned(),
        ];
        for path in paths {
            let (edge, who, over) = (edge.clone(), who.clone(), over.clone());
            tasks.spawn(async move {
                let mut answers = 0;
                while !over.is_cancelled() {
                    let answer = edge.get(&path, Some(&who.token)).await;
                    let status = answer.status();
                    assert!(
                        status.is_success(),
                        "GET {path}: {status} {}",
                        answer.text().await.unwrap()
                    );
                    answers += 1;
                }
                answers
            });
        }
        let (edge, who, room, stop) = (edge.clone(), who.clone(), room.to_owned(), over.clone());
        tasks.spawn(async move {
            let mut resumed = 0;
            while !stop.is_cancelled() {
                resumes(&edge, &who, &room).await;
                resumed += 1;
            }
            resumed
        });
        Self { over, tasks }
    }

    async fn stop(mut self) {
        self.over.cancel();
        while let Some(answers) = self.tasks.join_next().await {
            assert!(answers.unwrap() > 0);
        }
    }
}

/// Comes anew, and is given every event from the first.
async fn resumes(edge: &Server, who: &Person, room: &str) {
    let mut wire = Wire::open(edge, who).await;
    let first = wire.ask("subscribe", json!({ "room": room })).await.unwrap();
    wire.ask("unsubscribe", json!({ "room": room })).await.unwrap();
    let resume = json!({ "epoch": first["epoch"], "seq": 0 });
    let subscribed = wire
        .ask("subscribe", json!({ "room": room, "resume": resume }))
        .await
        .unwrap();
    assert_eq!(subscribed["recovered"], true, "{subscribed}");
    let to = wire.push("caught_up").await["seq"].as_u64().unwrap();
    assert!(to >= first["seq"].as_u64().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_notices_a_rebuild() {
    // What is further back than a few events is read from history.
    let cluster = Cluster::new().await.with("ROOMLOG_EDGE__RING_RECORDS", "8");
    let (edge, history, live) = (cluster.edge().await, cluster.history().await, cluster.live().await);
    let edge = Arc::new(edge);
    let crowd = Crowd::gather(&*edge, 6, 4, 2).await;
    crowd.say(20).await;
    let reader = edge.register("reader").await;
    let readers = Readers::begin(&edge, &reader, &crowd.rooms[0].to_string());
    let talk = crowd.keep_talking(PAUSE);
    for which in ["history", "live"] {
        let cluster = cluster.with("ROOMLOG_TELEMETRY__LEVEL", "warn");
        let swapped = tokio::task::spawn_blocking(move || swaps(&cluster, which))
            .await
            .unwrap();
        assert!(swapped["records"].as_u64().unwrap() > 0, "{swapped}");
        let acked = crowd.acked();
        eventually("sends are acked after the swap", || async {
            so(crowd.acked() > acked + 50, crowd.acked())
        })
        .await;
    }
    talk.stop().await;
    readers.stop().await;
    crowd.check().await;
    // And by another rebuild: what was written after the swap is what the log says, too.
    for which in ["history", "live"] {
        caught_up(&cluster, which).await;
        let shadow = cluster.try_run(&["rebuild", which, "--shadow", "--json"]);
        assert_eq!(shadow.code, Some(0), "{}\n{}", shadow.stdout, shadow.stderr);
        cluster.run(&["rebuild", which, "--drop-old"]);
    }
    crowd.leave().await;
    drop((edge, history, live));
}

/// Waits until a shadow finds the old one at the log's end: it then has something to compare with.
async fn caught_up(cluster: &Cluster, which: &str) {
    use engine::log::Log as _;
    if which == "live" {
        return;
    }
    let log = cluster.log().await;
    let extents = log.extents(engine::log::Topic::Events).await.unwrap();
    let end: u64 = extents.iter().map(|extent| extent.high.get()).sum();
    let mut connection = postgres(cluster).await;
    for _ in 0..6_000 {
        if committed(&mut connection, "history").await >= end {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("history never came to the end of the log");
}

/// Records of the events topic that a history is done with; none where there is no such history.
async fn committed(connection: &mut PgConnection, schema: &str) -> u64 {
    let sum =
        format!("SELECT coalesce(sum(next_offset), 0)::bigint FROM {schema}.checkpoints WHERE projection = 'events'");
    match connection.fetch_one(sum.as_str()).await {
        Ok(row) => row.get::<i64, _>(0).cast_unsigned(),
        Err(_) => 0,
    }
}

/// Records of the events topic that the views beside those that are shown are done with.
async fn walked(cluster: &Cluster) -> u64 {
    let redis = redis::Client::open(cluster.setting("ROOMLOG_REDIS__URL")).unwrap();
    let mut redis = redis.get_multiplexed_async_connection().await.unwrap();
    let sum = "local sum = 0
               for _, key in ipairs(redis.call('KEYS', ARGV[1])) do sum = sum + (redis.call('HGET', key, 'n') or 0) end
               return sum";
    let keys = format!("{}{{p:*}}:@*:watermark", cluster.setting("ROOMLOG_REDIS__PREFIX"));
    redis::Script::new(sum)
        .arg(keys)
        .invoke_async(&mut redis)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_that_is_killed_ten_times_ends_equal() {
    const SEED: u64 = 0x0EB1;
    let cluster = Cluster::new().await;
    let (edge, history) = (cluster.edge().await, cluster.history().await);
    let live = cluster.live().await;
    let crowd = Crowd::gather(&edge, 8, 6, 2).await;
    crowd.say(150).await;
    caught_up(&cluster, "history").await;
    // One record a batch, so that a kill finds it in the middle.
    let slow = cluster
        .with("ROOMLOG_PROJECTOR__REBUILD__BATCH_RECORDS", "1")
        .with("ROOMLOG_PROJECTOR__REBUILD__PARTITIONS_AT_ONCE", "1")
        .with("ROOMLOG_PROJECTOR__REBUILD__REST_RECORDS", "1")
        .with("ROOMLOG_TELEMETRY__LEVEL", "warn");
    let mut random = StdRng::seed_from_u64(SEED);
    let mut connection = postgres(&cluster).await;
    let (mut killed, mut before) = (0, 0);
    while killed < KILLS {
        let mut rebuild = slow.spawn(&["rebuild", "history", "--json"]);
        eventually(&format!("seed {SEED}, kill {killed}: it goes on"), || async {
            let mut connection = postgres(&cluster).await;
            let done = committed(&mut connection, "history_next").await;
            so(done > before, done)
        })
        .await;
        tokio::time::sleep(Duration::from_millis(random.random_range(0..120))).await;
        assert!(
            rebuild.runs(),
            "seed {SEED}: it had ended before it was killed {killed} times: {}",
            rebuild.output()
        );
        rebuild.kill();
        killed += 1;
        let done = committed(&mut connection, "history_next").await;
        assert!(
            done > before,
            "seed {SEED}: {done} after {before}: it goes on where it was"
        );
        before = done;
    }
    let ended = swaps(&cluster, "history");
    assert!(ended["records"].as_u64().unwrap() > 0);
    // Live views too: their lock lapses before the next one begins.
    let mut before = 0;
    for kill in 0..LIVE_KILLS {
        let mut rebuild = slow.spawn(&["rebuild", "live"]);
        eventually(&format!("seed {SEED}, live, kill {kill}: it goes on"), || async {
            let done = walked(&cluster).await;
            so(done > before, format!("{done} after {before}: {}", rebuild.output()))
        })
        .await;
        tokio::time::sleep(Duration::from_millis(random.random_range(0..20))).await;
        assert!(
            rebuild.runs(),
            "seed {SEED}: it had ended before it was killed: {}",
            rebuild.output()
        );
        rebuild.kill();
        before = walked(&cluster).await;
    }
    swaps(&cluster, "live");
    crowd.check().await;
    crowd.leave().await;
    drop((edge, history, live));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_differs_is_said_and_the_exit_code_says_so() {
    let cluster = Cluster::new().await.with("ROOMLOG_TELEMETRY__LEVEL", "error");
    let (edge, mut history) = (cluster.edge().await, cluster.history().await);
    let ann = edge.register("ann").await;
    let room = edge.room(&ann, "private").await;
    edge.done(
        &ann,
        &format!("/v1/rooms/{room}/messages"),
        json!({ "text": "as it was said", "cid": crate::support::cid() }),
    )
    .await;
    caught_up(&cluster, "history").await;
    history.stop().await;
    let mut connection = postgres(&cluster).await;
    let damage = format!("UPDATE history.messages SET text = 'otherwise' WHERE room_id = '{room}'");
    connection.execute(damage.as_str()).await.unwrap();

    for arguments in [&["rebuild", "history", "--shadow"][..], &["rebuild", "history"]] {
        let ended = cluster.try_run(arguments);
        assert_eq!(ended.code, Some(1), "{}\n{}", ended.stdout, ended.stderr);
        assert!(
            ended.stdout.contains(&format!(
                "room {room}, messages: 1 row differs\n  seq=2: text not the same"
            )),
            "{}",
            ended.stdout
        );
        assert!(!ended.stdout.contains("otherwise") && !ended.stderr.contains("otherwise"));
    }
    let ended = cluster.try_run(&["rebuild", "history", "--accept-differences"]);
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("--drop-old"), "{}", ended.stdout);
    history.again().await;
    let told = edge.told(&ann, &format!("/v1/rooms/{room}/messages")).await;
    assert!(told.to_string().contains("as it was said"), "{told}");
    assert!(
        cluster
            .run(&["rebuild", "history", "--swap-back"])
            .contains("is back in its place")
    );
    let again = cluster.try_run(&["rebuild", "history", "--shadow", "--accept-differences"]);
    assert_eq!(again.code, Some(2), "{}", again.stderr);
}
