//! `GET /v1/ws`: from an HTTP request to a session (RFC 6455 §4.2).

use super::run::Session;
use super::socket::Socket;
use super::{Code, Door, Identity, Refused};
use crate::auth::{Origins, Presented, foreign, presented};
use crate::error::{Error, Name};
use crate::protocol::{MESSAGE_BYTES, SUBPROTOCOL};
use crate::server::Place;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// What a session begins as.
enum Beginning {
    /// Its token came with the request.
    As(Identity),
    /// It says who it is with its first frame.
    Unknown,
    /// It ends with a `bye` at once.
    Refused(Code),
}

/// Answers the request and begins the session.
///
/// # Errors
/// `forbidden` for a cookie from a foreign page, `bad_request` for what is no WebSocket handshake, `unavailable` while
/// it can't be known who this is.
pub async fn upgrade(
    door: &Arc<Door>,
    origins: &Origins,
    headers: &HeaderMap,
    upgrade: Option<OnUpgrade>,
    place: Option<Place>,
) -> Result<Response, Error> {
    let key = handshake_key(headers)?;
    let upgrade = upgrade.ok_or_else(|| no_handshake("the connection can't be upgraded"))?;
    let beginning = beginning(door, origins, headers).await?;
    let tasks = door.tasks.clone();
    let session_door = door.clone();
    // A task of its own until the connection is handed over, so that the session's own task stays small.
    door.tasks.spawn(async move {
        let Ok(upgraded) = upgrade.await else { return };
        let Ok(parts) = upgraded.downcast::<TokioIo<TcpStream>>() else {
            return;
        };
        let write_bytes = session_door.config.write_bytes;
        let socket = Socket::new(parts.io.into_inner(), parts.read_buf, MESSAGE_BYTES, write_bytes).await;
        tasks.spawn(live(session_door, socket, beginning, place));
    });
    Ok(switching(headers, &key))
}

fn live(
    door: Arc<Door>,
    socket: Socket,
    beginning: Beginning,
    place: Option<Place>,
) -> impl Future<Output = ()> + Send + 'static {
    let mut session = Session::new(door, socket);
    match beginning {
        Beginning::As(identity) => session.begin(identity),
        Beginning::Unknown => {}
        Beginning::Refused(code) => session.end(code),
    }
    crate::metrics::doors::session_opened();
    async move {
        session.run().await;
        drop(place);
    }
}

async fn beginning(door: &Arc<Door>, origins: &Origins, headers: &HeaderMap) -> Result<Beginning, Error> {
    let token = match presented(headers) {
        Presented::Nothing => None,
        Presented::Bearer(token) => Some(token),
        Presented::Cookie(_) if !origins.known(headers) => return Err(foreign()),
        Presented::Cookie(token) => Some(token),
    };
    if !asks_for_subprotocol(headers) {
        return Ok(Beginning::Refused(Code::Version));
    }
    let Some(token) = token else {
        return Ok(Beginning::Unknown);
    };
    match door.identify(token).await {
        Ok(identity) => Ok(Beginning::As(identity)),
        Err(Refused { error, .. }) if error.name.retryable() => Err(error),
        Err(Refused { code, .. }) => Ok(Beginning::Refused(code)),
    }
}

/// RFC 6455 §4.2.1.
fn handshake_key(headers: &HeaderMap) -> Result<HeaderValue, Error> {
    let lists = |name, word: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value: &HeaderValue| value.to_str().ok())
            .flat_map(|line| line.split(','))
            .any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    if !lists(header::CONNECTION, "upgrade") || !lists(header::UPGRADE, "websocket") {
        return Err(no_handshake(
            "this is a WebSocket: Connection: Upgrade and Upgrade: websocket are needed",
        ));
    }
    if !lists(header::SEC_WEBSOCKET_VERSION, "13") {
        return Err(no_handshake("Sec-WebSocket-Version must be 13"));
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).cloned();
    key.ok_or_else(|| no_handshake("Sec-WebSocket-Key is missing"))
}

fn no_handshake(message: &'static str) -> Error {
    Error::new(Name::BadRequest, message)
}

fn asks_for_subprotocol(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|part| part.trim() == SUBPROTOCOL)
}

fn switching(headers: &HeaderMap, key: &HeaderValue) -> Response {
    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    let answer = response.headers_mut();
    answer.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    answer.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    let accept = HeaderValue::try_from(derive_accept_key(key.as_bytes())).expect("base64 is visible ASCII");
    answer.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    if asks_for_subprotocol(headers) {
        answer.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    }
    response
}
