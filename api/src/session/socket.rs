//! One WebSocket, seen as text inwards and an [`Outbox`] outwards.
//!
//! tungstenite reads; frames outwards are written here, because they are unmasked and so need only a header (RFC 6455
//! §5.2): what waits is put together in a buffer of the thread's and leaves in one write, so that an idle or keeping-up
//! session owns no buffer for writing. What the kernel does not take is kept, and then nothing more is read, so that
//! nothing that tungstenite answers by itself (pongs) can come in between.

use crate::edge::outbox::{Close, Outbox};
use bytes::{Buf as _, Bytes};
use futures_util::{Sink as _, Stream as _};
use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWrite as _, AsyncWriteExt as _};
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

pub(super) struct Socket {
    stream: WebSocketStream<TcpStream>,
    /// What the kernel did not take yet.
    pending: Bytes,
    /// tungstenite may have something to write.
    flush_due: bool,
    /// What was taken last was the last.
    closing: Option<Box<Close>>,
    /// Whether the kernel took something again that it had refused before, since it was asked last.
    progress: bool,
}

#[derive(Default)]
struct Scratch {
    bytes: Vec<u8>,
    frames: Vec<Bytes>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Socket {
    pub(super) async fn new(stream: TcpStream, read_already: Bytes, message_bytes: usize) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_message_size(Some(message_bytes))
            .max_frame_size(Some(message_bytes));
        let part = read_already.to_vec();
        Self {
            stream: WebSocketStream::from_partially_read(stream, part, Role::Server, Some(config)).await,
            pending: Bytes::new(),
            flush_due: false,
            closing: None,
            progress: false,
        }
    }

    /// What comes next; pending, too, while something is half written.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Inward> {
        if !self.pending.is_empty() {
            return Poll::Pending;
        }
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
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>, outbox: &Outbox, most: usize) -> Poll<io::Result<Close>> {
        loop {
            if self.flush_due {
                ready!(Pin::new(&mut self.stream).poll_flush(cx)).map_err(broken)?;
                self.flush_due = false;
            }
            ready!(self.poll_pending(cx))?;
            if let Some(close) = self.closing.take() {
                return Poll::Ready(Ok(*close));
            }
            ready!(outbox.poll_ready(cx));
            self.write_batch(cx, outbox, most)?;
        }
    }

    fn poll_pending(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.pending.is_empty() {
            let written = ready!(Pin::new(self.stream.get_mut()).poll_write(cx, &self.pending))?;
            self.pending.advance(written);
            self.progress = true;
        }
        self.pending = Bytes::new();
        Poll::Ready(Ok(()))
    }

    /// Takes what waits, joins it to one message and gives it to the kernel; keeps what the kernel does not take.
    fn write_batch(&mut self, cx: &mut Context<'_>, outbox: &Outbox, most: usize) -> io::Result<()> {
        SCRATCH.with_borrow_mut(|scratch| {
            let taken = outbox.take(&mut scratch.frames, most);
            self.closing = taken.close.map(Box::new);
            let joined = taken.bytes + scratch.frames.len().saturating_sub(1);
            if !scratch.frames.is_empty() {
                header(&mut scratch.bytes, TEXT, joined);
                join(&mut scratch.bytes, &scratch.frames);
                scratch.frames.clear();
            }
            let written = match Pin::new(self.stream.get_mut()).poll_write(cx, &scratch.bytes) {
                Poll::Ready(written) => written?,
                Poll::Pending => 0,
            };
            if written < scratch.bytes.len() {
                self.pending = Bytes::copy_from_slice(&scratch.bytes[written..]);
            }
            scratch.bytes.clear();
            if scratch.bytes.capacity() > SCRATCH_KEPT {
                *scratch = Scratch::default();
            }
            Ok(())
        })
    }

    /// Whether the kernel took something again that it had refused before, since this was asked last: a peer that reads
    /// is alive, however much still stands before our ping. (What the kernel takes at once says nothing of the peer.)
    pub(super) fn take_progress(&mut self) -> bool {
        std::mem::take(&mut self.progress)
    }

    /// Says the last words, closes, and reads on for a moment so that they arrive.
    pub(super) async fn close(mut self, bye: &[u8], code: u16, reason: &str) {
        let mut last = self.pending.to_vec();
        header(&mut last, TEXT, bye.len());
        last.extend_from_slice(bye);
        header(&mut last, CLOSE, reason.len() + 2);
        last.extend_from_slice(&code.to_be_bytes());
        last.extend_from_slice(reason.as_bytes());
        let stream = self.stream.get_mut();
        let goodbye = async {
            stream.write_all(&last).await?;
            stream.shutdown().await?;
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
