//! A server that does what the test says, frame by frame, and nothing else.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use uuid::Uuid;

pub(crate) const EPOCH: Uuid = Uuid::from_u128(9);
pub(crate) const ROOM: Uuid = Uuid::from_u128(7);

pub(crate) struct Server(TcpListener);

pub(crate) struct Connection(WebSocketStream<TcpStream>);

impl Server {
    pub(crate) async fn start() -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("ws://{}", listener.local_addr().unwrap());
        (Self(listener), address)
    }

    /// The next connection, up to and with its greeting.
    pub(crate) async fn greet(&self) -> Connection {
        let (stream, _) = self.0.accept().await.unwrap();
        let mut connection = Connection(tokio_tungstenite::accept_hdr_async(stream, agree).await.unwrap());
        assert_eq!(connection.hear().await["auth"]["token"], "token");
        connection
            .say(json!({ "hello": { "epoch": EPOCH, "heartbeat_ms": 25_000 } }))
            .await;
        connection
    }
}

#[allow(clippy::result_large_err, reason = "the signature is the library's")]
fn agree(
    request: &Request,
    mut response: Response,
) -> Result<Response, tokio_tungstenite::tungstenite::handshake::server::ErrorResponse> {
    let protocol = request.headers()["sec-websocket-protocol"].clone();
    assert_eq!(protocol, "roomlog.v1.json");
    response.headers_mut().insert("sec-websocket-protocol", protocol);
    Ok(response)
}

impl Connection {
    pub(crate) async fn say(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    pub(crate) async fn hear(&mut self) -> Value {
        serde_json::from_str(self.0.next().await.unwrap().unwrap().to_text().unwrap()).unwrap()
    }

    /// Answers a subscription that stands at `seq`.
    pub(crate) async fn subscribe(&mut self, seq: u64, recovered: Option<bool>) -> Value {
        let asked = self.hear().await;
        let ok = json!({ "epoch": EPOCH, "seq": seq, "digest": "", "recovered": recovered });
        self.say(json!({ "id": asked["id"], "ok": ok })).await;
        asked["subscribe"].clone()
    }

    pub(crate) async fn event(&mut self, seq: u64) {
        self.say(json!({ "event": {
            "room": ROOM, "seq": seq, "pos": { "epoch": EPOCH, "partition": 0, "offset": seq },
            "event_id": Uuid::from_u128(1), "type": "message_sent", "cid": Uuid::from_u128(3), "at": 4,
            "from": { "id": Uuid::from_u128(2), "name": "ann" }, "body": { "text": "hello" },
        }}))
        .await;
    }

    pub(crate) async fn close(mut self, code: u16) {
        let frame = CloseFrame {
            code: code.into(),
            reason: "".into(),
        };
        self.0.close(Some(frame)).await.unwrap();
        while self.0.next().await.is_some_and(|message| message.is_ok()) {}
    }
}

/// What an ack carries.
pub(crate) fn ack(cid: &Value, seq: u64, duplicate: bool) -> Value {
    json!({ "cid": cid, "seq": seq, "pos": { "epoch": EPOCH, "partition": 0, "offset": seq }, "at": 4, "digest": null,
        "duplicate": duplicate, "trace_id": null })
}
