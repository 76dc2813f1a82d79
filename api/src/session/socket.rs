//! One WebSocket, seen as text inwards and an [`Outbox`] outwards.
//!
//! tungstenite reads; frames outwards are written here, because they are unmasked and so need only a header (RFC 6455
//! §5.2): what waits is put together in a buffer of the thread's and leaves in one write, so that an idle or keeping-up
//! session owns no buffer for writing. Whoever has queued something may write it, under the socket's lock; what the
//! kernel does not take is kept, what tungstenite answers by itself (pongs) comes behind it, and nothing more is read.

use crate::edge::outbox::{Close, Outbox, Sink, Taken};
use crate::edge::traces::Delivery;
use crate::metrics::doors;
use bytes::{Buf as _, Bytes, BytesMut};
use futures_util::{Sink as _, Stream as _};
use parking_lot::Mutex;
use socket2::SockRef;
use std::cell::RefCell;
use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as WsError, Message, Utf8Bytes};

/// Read at once; a longer message gets a buffer of its length while it is read.
const READ_BUFFER: usize = 2 * 1024;
/// tungstenite itself writes pongs and nothing else.
const WRITE_BUFFER: usize = 1024;
/// A thread's buffer above this size is given back after use.
const SCRATCH_KEPT: usize = 128 * 1024;
/// How long a closed socket is read on, so that its last words are not lost to a reset.
const LINGER: Duration = Duration::from_secs(2);
/// And how much.
const LINGER_BYTES: usize = 1024 * 1024;

const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const FIN: u8 = 0x80;

/// What came.
#[derive(Debug)]
pub(super) enum Inward {
    /// A message of text.
    Text(Utf8Bytes),
    /// A ping or pong of the WebSocket itself.
    Alive,
    /// Not a text message within bounds.
    Bad,
    /// The peer has closed, or the connection broke.
    Gone,
}

/// The socket as everyone who may write to it shares it.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    /// Bytes of frames that leave in one write, at least one frame.
    most: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What the kernel did not take yet.
    pending: BytesMut,
    /// Whether the kernel took something again that it had refused before, since it was asked last.
    progress: bool,
}

/// How far writing came.
enum Flushed {
    /// Nothing waits in the socket, and nothing more waited in the outbox.
    All,
    /// The kernel takes no more for now.
    Stuck,
    /// All is written and the session must end.
    Closing(Close),
}

impl Wire {
    /// Writes what the kernel did not take, then what waits in the outbox.
    fn write(&self, outbox: &Outbox) -> io::Result<Flushed> {
        let mut state = self.state.lock();
        loop {
            if !self.write_pending(&mut state)? {
                return Ok(Flushed::Stuck);
            }
            let taken = SCRATCH.with_borrow_mut(|scratch| self.write_batch(&mut state, outbox, scratch))?;
            match taken.close {
                _ if taken.more || !state.pending.is_empty() => {}
                Some(close) => return Ok(Flushed::Closing(close)),
                None => return Ok(Flushed::All),
            }
        }
    }

    /// False while the kernel takes no more.
    fn write_pending(&self, state: &mut State) -> io::Result<bool> {
        if state.pending.is_empty() {
            return Ok(true);
        }
        while !state.pending.is_empty() {
            let written = self.try_write(&state.pending)?;
            if written == 0 {
                return Ok(false);
            }
            state.pending.advance(written);
            state.progress = true;
        }
        state.pending = BytesMut::new();
        Ok(true)
    }

    /// Takes what waits, joins it to one message and gives it to the kernel; keeps what the kernel does not take.
    fn write_batch(&self, state: &mut State, outbox: &Outbox, scratch: &mut Scratch) -> io::Result<Taken> {
        let taken = outbox.take(&mut scratch.frames, &mut scratch.deliveries, self.most);
        if scratch.frames.is_empty() {
            return Ok(taken);
        }
        let joined = taken.bytes + scratch.frames.len() - 1;
        header(&mut scratch.bytes, TEXT, joined);
        join(&mut scratch.bytes, &scratch.frames);
        scratch.frames.clear();
        doors::frames(taken.kinds);
        let written = self.try_write(&scratch.bytes);
        if let Ok(written) = written {
            state.pending.extend_from_slice(&scratch.bytes[written..]);
            // What the kernel did not take yet is the socket's, and leaves before anything else.
            scratch.deliveries.drain(..).for_each(Delivery::delivered);
        }
        scratch.deliveries.clear();
        scratch.bytes.clear();
        if scratch.bytes.capacity() > SCRATCH_KEPT {
            *scratch = Scratch::default();
        }
        written.map(|_| taken)
    }

    /// How much the kernel takes now.
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self.stream.try_write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            Ok(0) => Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                doors::sent(written);
                Ok(written)
            }
            broken => broken,
        }
    }
}

impl Sink for Wire {
    fn flush(&self, outbox: &Outbox) -> bool {
        // Of an error the session's own task hears by its own write.
        matches!(self.write(outbox), Ok(Flushed::All))
    }
}

/// What tungstenite reads from and, answering pings, writes to.
#[derive(Debug)]
struct Half(Arc<Wire>);

impl AsyncRead for Half {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let stream = &self.0.stream;
        loop {
            ready!(stream.poll_read_ready(cx))?;
            match stream.try_read(buffer.initialize_unfilled()) {
                Ok(read) => {
                    doors::received(read);
                    buffer.advance(read);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

/// It writes whole frames, and few of them: they are answers, and nothing is read while something waits. So what the
/// kernel does not take is kept, and leaves with the next write.
impl AsyncWrite for Half {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut state = self.0.state.lock();
        let written = if self.0.write_pending(&mut state)? {
            self.0.try_write(bytes)?
        } else {
            0
        };
        state.pending.extend_from_slice(&bytes[written..]);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A session's own socket.
pub(super) struct Socket {
    stream: WebSocketStream<Half>,
    wire: Arc<Wire>,
    /// tungstenite may have something to write.
    flush_due: bool,
}

#[derive(Default)]
struct Scratch {
    bytes: Vec<u8>,
    frames: Vec<Bytes>,
    deliveries: Vec<Delivery>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Socket {
    /// Reads messages up to `message_bytes`, and writes about `write_bytes` at once.
    pub(super) async fn new(stream: TcpStream, read_already: Bytes, message_bytes: usize, write_bytes: usize) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_message_size(Some(message_bytes))
            .max_frame_size(Some(message_bytes));
        let wire = Arc::new(Wire {
            stream,
            most: write_bytes,
            state: Mutex::default(),
        });
        let half = Half(wire.clone());
        let part = read_already.to_vec();
        Self {
            stream: WebSocketStream::from_partially_read(half, part, Role::Server, Some(config)).await,
            wire,
            flush_due: false,
        }
    }

    /// For others who write.
    pub(super) fn sink(&self) -> Arc<dyn Sink> {
        self.wire.clone()
    }

    /// Whether the kernel has not taken yet what it was given: then nothing is read.
    pub(super) fn is_stuck(&self) -> bool {
        !self.wire.state.lock().pending.is_empty()
    }

    /// What comes next.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Inward> {
        let message = ready!(Pin::new(&mut self.stream).poll_next(cx));
        Poll::Ready(match message {
            Some(Ok(Message::Text(text))) => Inward::Text(text),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                self.flush_due = true;
                Inward::Alive
            }
            Some(Ok(Message::Close(_))) | None => Inward::Gone,
            Some(Ok(Message::Binary(_) | Message::Frame(_))) => Inward::Bad,
            Some(Err(WsError::Capacity(_) | WsError::Utf8(_) | WsError::Protocol(_))) => Inward::Bad,
            Some(Err(_)) => Inward::Gone,
        })
    }

    /// Writes what waits in the outbox. Ready when the session must end: with the reason, or the error of the socket.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>, outbox: &Outbox) -> Poll<io::Result<Close>> {
        if self.flush_due {
            ready!(Pin::new(&mut self.stream).poll_flush(cx)).map_err(broken)?;
            self.flush_due = false;
        }
        loop {
            match self.wire.write(outbox)? {
                Flushed::All => ready!(outbox.poll_ready(cx)),
                Flushed::Stuck => ready!(self.wire.stream.poll_write_ready(cx))?,
                Flushed::Closing(close) => return Poll::Ready(Ok(close)),
            }
        }
    }

    /// Whether the kernel took something again that it had refused before, since this was asked last: a peer that reads
    /// is alive, however much still stands before our ping. (What the kernel takes at once says nothing of the peer.)
    pub(super) fn take_progress(&mut self) -> bool {
        std::mem::take(&mut self.wire.state.lock().progress)
    }

    /// Says the last words, closes, and reads on for a moment so that they arrive. The outbox was abandoned before: so
    /// nobody else writes any more.
    pub(super) async fn close(self, bye: &[u8], code: u16, reason: &str) {
        let mut last = std::mem::take(&mut self.wire.state.lock().pending).to_vec();
        header(&mut last, TEXT, bye.len());
        last.extend_from_slice(bye);
        header(&mut last, CLOSE, reason.len() + 2);
        last.extend_from_slice(&code.to_be_bytes());
        last.extend_from_slice(reason.as_bytes());
        let mut stream = Half(self.wire.clone());
        let goodbye = async {
            let mut rest = &last[..];
            while !rest.is_empty() {
                self.wire.stream.writable().await?;
                rest = &rest[self.wire.try_write(rest)?..];
            }
            SockRef::from(&self.wire.stream).shutdown(Shutdown::Write)?;
            let mut buffer = [0; 1024];
            let mut most = LINGER_BYTES;
            loop {
                let read = stream.read(&mut buffer).await?;
                if read == 0 || read > most {
                    return io::Result::Ok(());
                }
                most -= read;
            }
        };
        // Whoever does not listen to the end misses it.
        let _ = tokio::time::timeout(LINGER, goodbye).await;
    }
}

fn broken(error: WsError) -> io::Error {
    match error {
        WsError::Io(error) => error,
        other => io::Error::other(other),
    }
}

/// RFC 6455 §5.2: an unmasked frame's head.
#[allow(clippy::cast_possible_truncation, reason = "each arm knows its bound")]
fn header(bytes: &mut Vec<u8>, opcode: u8, length: usize) {
    bytes.push(FIN | opcode);
    match length {
        0..=125 => bytes.push(length as u8),
        126..=0xffff => {
            bytes.push(126);
            bytes.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            bytes.push(127);
            bytes.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}

fn join(bytes: &mut Vec<u8>, frames: &[Bytes]) {
    for (i, frame) in frames.iter().enumerate() {
        if i > 0 {
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(frame);
    }
}
