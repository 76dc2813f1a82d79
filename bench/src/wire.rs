//! The least WebSocket client that a load of thousands needs: a socket, one read buffer, text frames.
//!
//! The load generator shares its machine with the server that is measured, so what a client costs matters more
//! here than what it can do. It trusts the server's frames.

use anyhow::{Context, Result, bail, ensure};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;

/// Opens a WebSocket; `headers` are whole lines without their ends.
pub(crate) async fn connect(address: SocketAddr, path: &str, headers: &[String]) -> Result<(Reader, Writer)> {
    let mut stream = TcpStream::connect(address).await.context("connect")?;
    stream.set_nodelay(true)?;
    let mut request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: cm9vbWxvZyBiZW5jaCBrZQ==\r\n"
    );
    for header in headers {
        request.push_str(header);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await?;

    let mut buffer = Vec::with_capacity(1024);
    let end = loop {
        ensure!(stream.read_buf(&mut buffer).await? > 0, "closed during the handshake");
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
    };
    ensure!(
        buffer.starts_with(b"HTTP/1.1 101"),
        "refused: {}",
        String::from_utf8_lossy(&buffer[..end])
    );
    buffer.drain(..end);
    let (read, write) = stream.into_split();
    Ok((
        Reader {
            stream: read,
            buffer,
            taken: 0,
        },
        Writer { stream: write },
    ))
}

/// The receiving half.
pub(crate) struct Reader {
    stream: OwnedReadHalf,
    buffer: Vec<u8>,
    taken: usize,
}

/// The sending half.
pub(crate) struct Writer {
    stream: OwnedWriteHalf,
}

impl Reader {
    /// The next text message; `None` once the server has closed.
    pub(crate) async fn message(&mut self) -> Result<Option<&[u8]>> {
        loop {
            self.buffer.drain(..self.taken);
            self.taken = 0;
            if let Some((opcode, start, end)) = frame(&self.buffer) {
                self.taken = end;
                match opcode {
                    TEXT => return Ok(Some(&self.buffer[start..end])),
                    CLOSE => return Ok(None),
                    PING => {}
                    other => bail!("unexpected frame {other:#x}"),
                }
            } else if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }
}

/// Opcode, start and end of the payload of the first whole frame.
fn frame(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (opcode, short) = (*bytes.first()? & 0x0f, *bytes.get(1)? & 0x7f);
    let (start, length): (usize, usize) = match short {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (
            10,
            usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?,
        ),
        length => (2, usize::from(length)),
    };
    let end = start.checked_add(length)?;
    (bytes.len() >= end).then_some((opcode, start, end))
}

impl Writer {
    /// Sends a text message. The mask is zero: it hides nothing from this server, and costs nothing.
    pub(crate) async fn send(&mut self, text: &str) -> Result<()> {
        let length = text.len();
        let mut out = Vec::with_capacity(length + 14);
        out.push(0x80 | TEXT);
        match u16::try_from(length) {
            Ok(short) if short < 126 => out.push(0x80 | u8::try_from(short)?),
            Ok(medium) => {
                out.push(0x80 | 126);
                out.extend_from_slice(&medium.to_be_bytes());
            }
            Err(_) => bail!("a message of {length} bytes is not for this client"),
        }
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(text.as_bytes());
        self.stream.write_all(&out).await?;
        Ok(())
    }
}

/// How often `needle` stands in `text`.
pub(crate) fn count(text: &[u8], needle: &[u8]) -> u64 {
    let (mut found, mut at) = (0, 0);
    while at + needle.len() <= text.len() {
        if text[at] == needle[0] && text[at..].starts_with(needle) {
            found += 1;
            at += needle.len();
        } else {
            at += 1;
        }
    }
    found
}

/// The number after the first `key` in `text`.
pub(crate) fn number(text: &[u8], key: &[u8]) -> Result<u64> {
    let at = text.windows(key.len()).position(|window| window == key);
    let digits = &text[at.context("a number is missing")? + key.len()..];
    let end = digits.iter().position(|byte| !byte.is_ascii_digit());
    let digits = std::str::from_utf8(&digits[..end.unwrap_or(digits.len())])?;
    digits
        .parse()
        .with_context(|| format!("not a number: {}", String::from_utf8_lossy(text)))
}
