//! A WebSocket client that shows every frame as it came.

use super::DEADLINE;
use super::server::{Person, Server};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::collections::VecDeque;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// A connection. Pings are answered while frames are awaited.
pub(crate) struct Wire {
    socket: WebSocketStream<TcpStream>,
    frames: VecDeque<Value>,
    /// The close frame's code, once it came.
    pub(crate) closed: Option<u16>,
    next_id: u64,
    /// Whether pings are answered.
    pub(crate) polite: bool,
    /// Pings that came.
    pings: usize,
}

/// A handshake's request, with the subprotocol.
pub(crate) fn request(server: &Server) -> Request {
    let mut request = server.ws_url().into_client_request().expect("a URL");
    let protocol = HeaderValue::from_static("roomlog.v1.json");
    request.headers_mut().insert("sec-websocket-protocol", protocol);
    request
}

/// The same with a header more.
pub(crate) fn request_with(server: &Server, name: &'static str, value: &str) -> Request {
    let mut request = request(server);
    request
        .headers_mut()
        .insert(name, HeaderValue::from_str(value).expect("a header"));
    request
}

impl Wire {
    /// Connects as somebody, and hears hello.
    pub(crate) async fn open(server: &Server, who: &Person) -> Self {
        let bearer = format!("Bearer {}", who.token);
        let mut wire = Self::connect(server, request_with(server, "authorization", &bearer))
            .await
            .expect("connected");
        let hello = wire.push("hello").await;
        assert_eq!(hello["user"]["id"], who.id.as_str());
        wire
    }

    /// Connects with a request of one's own.
    pub(crate) async fn connect(server: &Server, request: Request) -> Result<Self, Box<Error>> {
        Self::connect_with(server, request, None).await
    }

    /// The same, with a receive buffer that is soon full.
    pub(crate) async fn connect_with(
        server: &Server,
        request: Request,
        receive_buffer: Option<u32>,
    ) -> Result<Self, Box<Error>> {
        let address = server.url.trim_start_matches("http://").parse().expect("an address");
        let socket = TcpSocket::new_v4().expect("a socket");
        if let Some(bytes) = receive_buffer {
            socket.set_recv_buffer_size(bytes).expect("set");
        }
        let stream = socket.connect(address).await.expect("connected");
        stream.set_nodelay(true).expect("set");
        let (socket, _) = client_async(request, stream).await.map_err(Box::new)?;
        Ok(Self {
            socket,
            frames: VecDeque::new(),
            closed: None,
            next_id: 1,
            polite: true,
            pings: 0,
        })
    }

    /// Sends a text as it is.
    pub(crate) async fn say(&mut self, text: impl Into<String>) {
        self.message(Message::text(text.into())).await;
    }

    /// Sends a message as it is. That the server has closed already is no error here: what it said is still to be read.
    pub(crate) async fn message(&mut self, message: Message) {
        let _ = self.socket.send(message).await;
    }

    /// Gives a command without waiting; its id.
    pub(crate) async fn give(&mut self, command: &str, body: Value) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.say(json!({ "id": id, command: body }).to_string()).await;
        id
    }

    /// Gives a command and waits for its reply: `Ok` carries `ok`, `Err` the error.
    pub(crate) async fn ask(&mut self, command: &str, body: Value) -> Result<Value, Value> {
        let id = self.give(command, body).await;
        self.reply(id).await
    }

    /// The reply to a command; other frames stay.
    pub(crate) async fn reply(&mut self, id: u64) -> Result<Value, Value> {
        let mut reply = self
            .find(|frame| frame["id"] == id)
            .await
            .unwrap_or_else(|| panic!("closed, no reply to {id}"));
        match reply.get_mut("ok") {
            Some(ok) => Ok(ok.take()),
            None => Err(reply["error"].take()),
        }
    }

    /// The next push of this name; other frames stay.
    pub(crate) async fn push(&mut self, name: &str) -> Value {
        let push = self
            .find(|frame| frame.get(name).is_some() && frame.get("id").is_none())
            .await;
        push.unwrap_or_else(|| panic!("closed with {:?}, no {name}", self.closed))[name].take()
    }

    /// Whether a push of this name has been read and not been asked for.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.frames.iter().any(|frame| frame.get(name).is_some())
    }

    /// The last words: what `bye` said; the close frame carries the same code.
    pub(crate) async fn bye(&mut self) -> Value {
        let bye = self.push("bye").await;
        while self.read().await {}
        assert_eq!(self.closed.map(u64::from), bye["code"].as_u64(), "{bye}");
        bye
    }

    /// The next frame; `None` once the connection is closed.
    pub(crate) async fn frame(&mut self) -> Option<Value> {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Some(frame);
            }
            if !self.read().await {
                return None;
            }
        }
    }

    /// Waits until so many pings more have come.
    pub(crate) async fn pinged(&mut self, times: usize) {
        let enough = self.pings + times;
        while self.pings < enough {
            assert!(self.read().await, "closed with {:?}", self.closed);
        }
    }

    async fn find(&mut self, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        loop {
            if let Some(at) = self.frames.iter().position(&wanted) {
                return self.frames.remove(at);
            }
            if !self.read().await {
                return None;
            }
        }
    }

    /// Reads one message; false once the connection is closed.
    async fn read(&mut self) -> bool {
        let message = tokio::time::timeout(DEADLINE, self.socket.next()).await;
        match message.expect("a message in time") {
            Some(Ok(Message::Text(text))) => {
                for line in text.lines() {
                    let frame: Value = serde_json::from_str(line).expect("a frame is JSON");
                    if frame.get("ping").is_some() {
                        self.pings += 1;
                        if self.polite {
                            self.say(r#"{"pong":{}}"#).await;
                        }
                    } else {
                        self.frames.push_back(frame);
                    }
                }
                true
            }
            Some(Ok(Message::Close(frame))) => {
                self.closed = frame.map(|frame| frame.code.into());
                true
            }
            Some(Ok(_)) => true,
            Some(Err(_)) | None => false,
        }
    }
}
