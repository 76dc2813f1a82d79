//! One trace from a command to every delivery, as a real Jaeger has it.

mod away;
mod jaeger;
mod kept;
mod lines;

use crate::support::cluster::Cluster;
use crate::support::wire::request_with;
use crate::support::{Person, Server, Wire, cid, eventually, so};
use jaeger::{Tree, jaeger_url, traced, tree};
use serde_json::{Value, json};

/// A cluster of two edges and both projectors.
struct Traced {
    edges: [Server; 2],
    _projectors: [Server; 2],
    cluster: Cluster,
}

impl Traced {
    /// That records so much of what begins there.
    async fn new(ratio: &str) -> Self {
        let mut cluster = Cluster::new().await;
        for (name, value) in traced(ratio) {
            cluster = cluster.with(name, value);
        }
        Self {
            _projectors: [cluster.history().await, cluster.live().await],
            edges: [cluster.edge().await, cluster.edge().await],
            cluster,
        }
    }

    /// A room with three sessions on each edge that hear it.
    async fn crowd(&self, ann: &Person) -> (String, Vec<Wire>) {
        let room = self.edges[0].room(ann, "open").await;
        let mut wires = Vec::new();
        for edge in &self.edges {
            for name in ["bea", "cid", "dot"] {
                let listener = edge.register(name).await;
                let mut wire = Wire::open(edge, &listener).await;
                wire.ask("subscribe", json!({ "room": room }))
                    .await
                    .expect("subscribed");
                wires.push(wire);
            }
        }
        (room, wires)
    }
}

/// The spans that a message has after it was appended, whoever asked for it.
fn is_whole_below_the_append(tree: &Tree, room: &str, ack: &Value) {
    let append = tree.only("append");
    assert_eq!(append.tag("span.kind"), "producer");
    assert_eq!(append.tag("messaging.system"), "kafka");
    assert_eq!(append.tag("messaging.kafka.message.key"), room);
    assert_eq!(
        append.tag("messaging.destination.partition.id"),
        ack["pos"]["partition"].to_string()
    );
    assert_eq!(append.tag("messaging.kafka.offset"), ack["pos"]["offset"].to_string());

    let tails = tree.all("tail");
    assert_eq!(tails.len(), 2, "one on each edge: {tree:?}");
    assert_ne!(tails[0].tag("roomlog.edge"), tails[1].tag("roomlog.edge"));
    for tail in &tails {
        assert_eq!((tail.parent(), tail.service()), (Some(append.id()), "roomlog-edge"));
        assert_eq!(tail.tag("span.kind"), "consumer");
        let fold = tree.child(tail, "fold");
        assert_eq!(fold.tag("roomlog.verdict"), "accepted");
        assert_eq!(fold.tag("roomlog.seq"), ack["seq"].to_string());
        let push = tree.child(tail, "push");
        assert_eq!(push.tag("roomlog.recipients"), "3");
        let deliveries = tree.children(push, "deliver");
        assert_eq!(deliveries.len(), 3, "{tree:?}");
        assert!(
            deliveries
                .iter()
                .all(|delivery| delivery.tag("roomlog.delivered") == "true")
        );
    }
    assert_eq!(tree.all("deliver").len(), 6);

    for (name, service) in [("history", "roomlog-history"), ("live", "roomlog-live")] {
        let written = tree.only(name);
        assert_eq!((written.parent(), written.service()), (Some(append.id()), service));
        assert_eq!(written.tag("roomlog.room"), room);
    }
}

/// Waits until a trace has so many spans; then what hangs on what is told of exactly those.
async fn whole(trace_id: &str, spans: usize) -> Tree {
    eventually("the trace is whole", async || {
        let tree = tree(trace_id).await?;
        so(tree.len() >= spans, &tree)?;
        Ok(tree)
    })
    .await
}

/// Command, authorise, append, ack; tail, fold and push on two edges; six deliveries; history and live.
const SPANS: usize = 4 + 2 * 3 + 6 + 2;

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_followed_from_its_frame_to_every_delivery() {
    let traced = Traced::new("1").await;
    let ann = traced.edges[0].register("ann").await;
    let (room, mut wires) = traced.crowd(&ann).await;
    let mut wire = Wire::open(&traced.edges[0], &ann).await;
    let ack = wire
        .ask("send", json!({ "room": room, "cid": cid(), "text": "hello" }))
        .await
        .expect("sent");
    for wire in &mut wires {
        wire.push("event").await;
    }
    let trace_id = ack["trace_id"].as_str().expect("a trace");
    assert_eq!(ack["trace_url"], format!("{}/trace/{trace_id}", jaeger_url()));

    let tree = whole(trace_id, SPANS).await;
    let send = tree.only("send");
    assert_eq!((send.parent(), send.service()), (None, "roomlog-edge"));
    assert_eq!(
        (send.tag("span.kind"), send.tag("roomlog.room")),
        ("server".into(), room.clone())
    );
    for name in ["authorise", "append", "ack"] {
        assert_eq!(tree.only(name).parent(), Some(send.id()), "{name}");
    }
    assert_eq!(tree.only("ack").tag("roomlog.seq"), ack["seq"].to_string());
    is_whole_below_the_append(&tree, &room, &ack);
    assert_eq!(tree.len(), SPANS, "and nothing else: {tree:?}");
    no_text_is_told(&tree, "hello");
    batches_are_linked(&tree).await;
    the_command_line_tells_it(&traced, &ann, &room, &ack);
}

/// By the trace's id, by the message's place in the log, and by a running server.
fn the_command_line_tells_it(traced: &Traced, ann: &Person, room: &str, ack: &Value) {
    let (trace_id, seq) = (ack["trace_id"].as_str().expect("an id"), ack["seq"].to_string());
    let told = traced.cluster.run(&["trace", trace_id]);
    let lines: Vec<&str> = told.lines().collect();
    assert!(lines[0].starts_with(&format!("{SPANS} spans in ")), "{told}");
    assert!(lines[0].ends_with(ack["trace_url"].as_str().expect("a URL")), "{told}");
    assert!(lines[2].starts_with("send "), "{told}");
    assert_eq!(told.matches("─ deliver ").count(), 6, "{told}");
    assert!(told.contains("recipients 3"), "{told}");

    assert_eq!(traced.cluster.run(&["trace", "--room", room, "--seq", &seq]), told);
    let server = &traced.edges[1].url;
    let asked = traced.cluster.with("ROOMLOG_TOKEN", &ann.token);
    assert_eq!(
        asked.run(&["trace", "--room", room, "--seq", &seq, "--server", server]),
        told
    );

    let json = traced.cluster.run(&["trace", trace_id, "--json"]);
    let spans: Vec<Value> = json
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!((spans.len(), &spans[0]["name"]), (SPANS, &json!("send")));

    let unknown = traced.cluster.try_run(&["trace", &"1".repeat(32)]);
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.stderr.contains("Jaeger has no trace"), "{}", unknown.stderr);
    for wrong in [&["trace"][..], &["trace", "7"], &["trace", "--room", room]] {
        assert_eq!(traced.cluster.try_run(wrong).code, Some(2), "{wrong:?}");
    }
}

fn no_text_is_told(tree: &Tree, text: &str) {
    assert!(!tree.as_json().to_string().contains(text));
}

/// What a projector wrote together is a trace of its own; each links to the other.
async fn batches_are_linked(tree: &Tree) {
    let append = tree.only("append");
    for name in ["history", "live"] {
        let links = tree.only(name).links();
        let [(batch_trace, batch_span)] = &links[..] else {
            panic!("{name} links to one batch: {links:?}");
        };
        let batch = eventually("the batch is there", async || {
            let batch = self::tree(batch_trace).await?;
            so(batch.len() == 1, &batch)?;
            Ok(batch)
        })
        .await;
        let span = batch.only(&format!("{name} batch"));
        assert_eq!(span.id(), batch_span);
        assert!(span.links().contains(&(tree.id().to_owned(), append.id().to_owned())));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_s_own_trace_goes_on_through_http_and_the_log() {
    // What begins here is never recorded: the client alone decides.
    let traced = Traced::new("0").await;
    let edge = &traced.edges[0];
    let ann = edge.register("ann").await;
    let (room, mut wires) = traced.crowd(&ann).await;
    let path = format!("/v1/rooms/{room}/messages");
    let trace = uuid::Uuid::new_v4().simple().to_string();
    let say = async |traceparent: &str| {
        let request = edge.http.post(format!("{}{path}", edge.url)).bearer_auth(&ann.token);
        let request = request
            .header("traceparent", traceparent)
            .header("tracestate", "congo=t61rcWkgMzE")
            .header("baggage", "secret=told")
            .json(&json!({ "cid": cid(), "text": "hello" }));
        let answer = request.send().await.expect("an answer");
        let told = answer.headers()["x-trace-id"].to_str().expect("ASCII").to_owned();
        let ack: Value = answer.json().await.expect("JSON");
        assert_eq!(ack["trace_id"], told.as_str());
        ack
    };
    let unwanted = uuid::Uuid::new_v4().simple().to_string();
    let unrecorded = say(&format!("00-{unwanted}-00f067aa0ba902b7-00")).await;
    assert_eq!(unrecorded["trace_id"], unwanted.as_str());
    assert_eq!(unrecorded["trace_url"], Value::Null, "there is nothing to look at");

    let ack = say(&format!("00-{trace}-00f067aa0ba902b7-01")).await;
    assert_eq!(ack["trace_id"], trace.as_str());
    for wire in &mut wires {
        wire.push("event").await;
        wire.push("event").await;
    }
    let tree = whole(&trace, SPANS).await;
    let request = tree.only("POST /v1/rooms/{room}/messages");
    assert_eq!(
        request.parent(),
        Some("00f067aa0ba902b7"),
        "below the client's own span"
    );
    assert_eq!(request.tag("http.route"), "/v1/rooms/{room}/messages");
    assert_eq!(request.tag("http.response.status_code"), "200");
    assert_eq!(tree.only("append").parent(), Some(request.id()));
    is_whole_below_the_append(&tree, &room, &ack);
    // By now everything of the one before would be there.
    assert!(self::tree(&unwanted).await.is_err(), "nobody wanted it");

    let headers = headers(&traced.cluster, &ack);
    let append = tree.only("append").id().to_owned();
    assert!(
        headers.contains(&format!("traceparent=00-{trace}-{append}-01")),
        "{headers}"
    );
    assert!(headers.contains("tracestate=congo=t61rcWkgMzE"), "{headers}");
    assert!(!headers.contains("baggage") && !headers.contains("told"), "{headers}");
}

/// The headers of an event on the log, as another tool reads them.
fn headers(cluster: &Cluster, ack: &Value) -> String {
    let topic = format!("{}.events", cluster.setting("ROOMLOG_KAFKA__PREFIX"));
    let (partition, offset) = (ack["pos"]["partition"].to_string(), ack["pos"]["offset"].to_string());
    let output = std::process::Command::new("kcat")
        .args([
            "-b",
            cluster.setting("ROOMLOG_KAFKA__BROKERS"),
            "-C",
            "-q",
            "-e",
            "-c",
            "1",
        ])
        .args(["-t", &topic, "-p", &partition, "-o", &offset, "-f", "%h"])
        .output()
        .expect("kcat runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_s_own_trace_goes_on_through_a_frame() {
    let traced = traced("0");
    let settings: Vec<(&str, &str)> = traced.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let server = Server::embedded_with(&settings).await;
    let ann = server.register("ann").await;
    let room = server.room(&ann, "open").await;
    let bearer = format!("Bearer {}", ann.token);
    let request = request_with(&server, "authorization", &bearer);
    let mut wire = Wire::connect(&server, request).await.expect("connected");
    wire.push("hello").await;
    wire.ask("subscribe", json!({ "room": room }))
        .await
        .expect("subscribed");
    let trace = uuid::Uuid::new_v4().simple().to_string();
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");
    let send = json!({ "room": room, "cid": cid(), "text": "hello" });
    let frame = json!({ "id": 70, "send": send, "trace": { "traceparent": parent, "tracestate": "a=1" } });
    wire.say(frame.to_string()).await;
    let ack = wire.reply(70).await.expect("sent");
    assert_eq!(ack["trace_id"], trace.as_str());

    // One process is all of it: one tail, one push, one delivery.
    let tree = whole(&trace, 4 + 3 + 1 + 2).await;
    assert_eq!(tree.only("send").parent(), Some("00f067aa0ba902b7"));
    assert_eq!(tree.only("append").tag("messaging.system"), "sqlite");
    assert_eq!(tree.all("deliver").len(), 1);
    assert!(tree.spans().all(|span| span.service() == "roomlog"));

    // What can't be read is passed over.
    let send = json!({ "room": room, "cid": cid(), "text": "hello" });
    for (id, trace) in [
        (71, json!("00")),
        (72, json!({ "traceparent": "00-1" })),
        (73, Value::Null),
    ] {
        wire.say(json!({ "id": id, "send": send, "trace": trace }).to_string())
            .await;
        let ack = wire.reply(id).await.expect("sent, or a duplicate");
        assert_eq!(ack["trace_id"].as_str().map(str::len), Some(32));
    }
}
