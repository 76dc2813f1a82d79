//! Lost answers, gaps, silence and close codes, over real sockets.

use crate::scripted::{ROOM, Server, ack};
use roomlog_client::{Client, Failure, Options, Start, Update, Violation};
use serde_json::json;
use std::time::Duration;
use tokio::time::timeout;

/// No test waits longer; none waits this long when all is well.
const PATIENCE: Duration = Duration::from_secs(20);

fn options(addresses: &[&String]) -> Options {
    Options::new(addresses.iter().map(|address| (*address).clone()), "token")
        .backoff(Duration::from_millis(1), Duration::from_millis(20))
}

async fn within<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it takes too long")
}

#[tokio::test]
async fn a_send_whose_answer_was_lost_goes_to_the_other_server_with_the_same_cid_and_since() {
    let ((one, first), (two, second)) = (Server::start().await, Server::start().await);
    let client = Client::start(options(&[&first, &second]));
    let mut heard = client.subscribe(ROOM, Start::Now).await.unwrap();
    // Which of the two comes first is the client's own choice.
    let (mut connection, other) = within(async {
        tokio::select! {
            connection = one.greet() => (connection, &two),
            connection = two.greet() => (connection, &one),
        }
    })
    .await;
    connection.subscribe(4, None).await;
    assert!(matches!(within(heard.next()).await, Some(Update::Snapshot(at)) if at.seq == 4));
    let (acked, ()) = within(async {
        tokio::join!(client.send(ROOM, "hello"), async {
            let lost = connection.hear().await;
            drop(connection);
            let mut connection = other.greet().await;
            let asked = connection.subscribe(5, Some(true)).await;
            assert_eq!(asked["resume"]["seq"], 4);
            let again = connection.hear().await;
            assert_eq!(again["send"], lost["send"], "cid, since and text are what they were");
            assert_eq!(again["send"]["since"], 4);
            let receipt = ack(&again["send"]["cid"], 5, true);
            connection.say(json!({ "id": again["id"], "ok": receipt })).await;
            connection.event(5).await;
            assert!(matches!(heard.next().await, Some(Update::Event(event)) if event.seq == 5));
        })
    })
    .await;
    assert_eq!(acked.map(|ack| (ack.seq, ack.duplicate)), Ok((5, true)));
    assert_eq!(client.stats().violations(), (0, vec![]));
    assert_eq!(client.stats().connections(), 2);
    client.close().await;
}

#[tokio::test]
async fn a_gap_is_counted_and_mended_on_the_same_connection() {
    let (server, address) = Server::start().await;
    let client = Client::start(options(&[&address]));
    let mut heard = client.subscribe(ROOM, Start::After(0)).await.unwrap();
    let mut connection = within(server.greet()).await;
    connection.subscribe(1, Some(true)).await;
    connection.event(1).await;
    connection.event(3).await;
    let asked = within(connection.subscribe(3, Some(true))).await;
    assert_eq!(asked["resume"]["seq"], 1);
    connection.event(2).await;
    connection.event(3).await;
    for due in 1..=3 {
        assert!(matches!(within(heard.next()).await, Some(Update::Event(event)) if event.seq == due));
    }
    let (room, seq, due) = (ROOM, 3, 2);
    assert_eq!(
        client.stats().violations(),
        (1, vec![Violation::Gap { room, seq, due }])
    );
    client.close().await;
}

#[tokio::test]
async fn a_server_that_owes_an_answer_is_left_for_another_try() {
    let (server, address) = Server::start().await;
    let client = Client::start(options(&[&address]).answer_timeout(Duration::from_millis(50)));
    let serve = async {
        let mut silent = server.greet().await;
        let lost = silent.hear().await;
        let mut connection = server.greet().await;
        let again = connection.hear().await;
        assert_eq!(again["send"]["cid"], lost["send"]["cid"]);
        let receipt = ack(&again["send"]["cid"], 1, false);
        connection.say(json!({ "id": again["id"], "ok": receipt })).await;
    };
    let (acked, ()) = within(async { tokio::join!(client.send(ROOM, "hello"), serve) }).await;
    assert_eq!(acked.unwrap().seq, 1);
    client.close().await;
}

#[tokio::test]
async fn a_server_that_says_never_is_never_asked_again() {
    let (server, address) = Server::start().await;
    let client = Client::start(options(&[&address]));
    let mut heard = client.subscribe(ROOM, Start::Now).await.unwrap();
    let connection = within(server.greet()).await;
    within(connection.close(4003)).await;
    assert!(matches!(within(heard.next()).await, Some(Update::Ended(_))));
    assert_eq!(within(heard.next()).await, None);
    assert_eq!(within(client.send(ROOM, "hello")).await, Err(Failure::Closed));
    client.close().await;
}

#[tokio::test]
async fn a_close_does_not_wait_for_a_subscriber_that_reads_no_more() {
    let (server, address) = Server::start().await;
    let client = Client::start(options(&[&address]));
    let mut heard = client.subscribe(ROOM, Start::Now).await.unwrap();
    let mut connection = within(server.greet()).await;
    connection.subscribe(0, None).await;
    assert!(matches!(within(heard.next()).await, Some(Update::Snapshot(_))));
    // More than a subscriber's queue holds: the client now waits for its reader.
    let pushing = tokio::spawn(async move {
        for seq in 1..=5_000 {
            connection.event(seq).await;
        }
        connection
    });
    within(async {
        while !heard.is_full() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    within(client.close()).await;
    pushing.abort();
}
