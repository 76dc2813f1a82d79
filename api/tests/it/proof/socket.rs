//! A bare session, for saying exactly what is to be said and no more.

use crate::support::DEADLINE;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::collections::VecDeque;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// An open session that has been greeted.
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    frames: VecDeque<Value>,
    /// Events that came while something else was waited for.
    passed: VecDeque<Value>,
    next_id: u64,
}

impl Socket {
    /// Connects to `host:port`.
    pub(crate) async fn open(address: &str, token: &str) -> Self {
        let mut request = format!("ws://{address}/v1/ws").into_client_request().unwrap();
        request
            .headers_mut()
            .insert("Sec-WebSocket-Protocol", HeaderValue::from_static("roomlog.v1.json"));
        request.headers_mut().insert(
            "Authorization",
            HeaderValue::from_str(&format!("Bearer {token}")).unwrap(),
        );
        let (stream, _) = connect_async(request).await.unwrap();
        let mut socket = Self {
            stream,
            frames: VecDeque::new(),
            passed: VecDeque::new(),
            next_id: 1,
        };
        socket.until(|frame| frame.get("hello").is_some()).await;
        socket
    }

    /// Sends a command; answers its id.
    pub(crate) async fn say(&mut self, name: &str, body: Value) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        let mut frame = json!({ "id": id });
        frame[name] = body;
        self.stream.send(Message::text(frame.to_string())).await.unwrap();
        id
    }

    /// Sends a command and waits for its reply; pushes before it are passed over.
    pub(crate) async fn ask(&mut self, name: &str, body: Value) -> Value {
        let id = self.say(name, body).await;
        self.until(|frame| frame["id"] == id).await
    }

    /// The next event, also if it came while something else was waited for.
    pub(crate) async fn event(&mut self) -> Value {
        let frame = match self.passed.pop_front() {
            Some(frame) => frame,
            None => self.until(|frame| frame.get("event").is_some()).await,
        };
        frame["event"].clone()
    }

    /// The first frame that fits; those before it are passed over.
    pub(crate) async fn until(&mut self, mut fits: impl FnMut(&Value) -> bool) -> Value {
        tokio::time::timeout(DEADLINE, async {
            loop {
                while let Some(frame) = self.frames.pop_front() {
                    if frame.get("ping").is_some() {
                        self.stream.send(Message::text(r#"{"pong":{}}"#)).await.unwrap();
                    }
                    if fits(&frame) {
                        return frame;
                    }
                    if frame.get("event").is_some() {
                        self.passed.push_back(frame);
                    }
                }
                let message = self.stream.next().await.expect("the session is open").unwrap();
                let text = message.into_text().unwrap();
                let frames = text.split('\n').filter(|line| !line.is_empty());
                self.frames
                    .extend(frames.map(|line| serde_json::from_str::<Value>(line).unwrap()));
            }
        })
        .await
        .expect("the frame comes")
    }

    /// Closes it as a browser's tab does.
    pub(crate) async fn close(mut self) {
        // The server may be gone already.
        let _ = self.stream.close(None).await;
    }
}
