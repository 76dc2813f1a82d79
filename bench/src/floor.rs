//! The floor under every fan-out: frames made beforehand, written to sockets without blocking, by one thread.
//!
//! Runs as a process of its own so that its CPU can be told from the load's. It answers a WebSocket handshake, says
//! `ok` once, and from then on only writes what its standard input orders.

use anyhow::{Context, Result, bail};
use std::io::{BufRead, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

/// Accepts `sockets` connections, then writes as ordered. An order is `ROOMS RATE SECONDS PAYLOAD`: at `RATE` a second,
/// the frame goes to every socket of one of `ROOMS` equal groups in turn.
pub(crate) fn serve(sockets: usize) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", listener.local_addr()?)?;
    let mut held = Vec::with_capacity(sockets);
    while held.len() < sockets {
        let (mut stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        let mut request = [0; 1024];
        let length = stream.read(&mut request)?;
        if !request[..length].ends_with(b"\r\n\r\n") {
            bail!("a handshake came in parts");
        }
        stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")?;
        stream.write_all(&text_frame(br#"{"id":1,"ok":{}}"#)?)?;
        stream.set_nonblocking(true)?;
        held.push(stream);
    }
    for order in std::io::stdin().lock().lines() {
        let order = order?;
        let mut words = order.splitn(4, ' ');
        let mut number = || {
            words
                .next()
                .and_then(|word| word.parse::<u32>().ok())
                .context("ROOMS RATE SECONDS")
        };
        let (rooms, rate, seconds) = (number()?, number()?, number()?);
        let frame = text_frame(words.next().context("PAYLOAD")?.as_bytes())?;
        run(&mut held, &frame, rooms as usize, rate, seconds)?;
        writeln!(out, "done")?;
    }
    Ok(())
}

fn run(sockets: &mut [TcpStream], frame: &[u8], rooms: usize, rate: u32, seconds: u32) -> Result<()> {
    let (begun, each) = (Instant::now(), Duration::from_secs(1) / rate);
    for message in 0..rate * seconds {
        std::thread::sleep((each * message).saturating_sub(begun.elapsed()));
        for socket in sockets.iter_mut().skip(message as usize % rooms).step_by(rooms) {
            match socket.write(frame) {
                Ok(written) if written == frame.len() => {}
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error.into()),
                _ => bail!("a listener is too slow for the floor"),
            }
        }
    }
    Ok(())
}

fn text_frame(payload: &[u8]) -> Result<Vec<u8>> {
    let mut frame = vec![0x81];
    match u8::try_from(payload.len()) {
        Ok(short) if short < 126 => frame.push(short),
        _ => {
            frame.push(126);
            frame.extend_from_slice(&u16::try_from(payload.len())?.to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    Ok(frame)
}

/// A floor process and the pipe for its orders.
pub(crate) struct Floor {
    child: Child,
    orders: ChildStdin,
    answers: std::io::BufReader<std::process::ChildStdout>,
    /// Where it listens.
    pub address: std::net::SocketAddr,
}

impl Floor {
    /// Starts one for that many sockets.
    pub(crate) fn start(sockets: usize) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["floor", &sockets.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = child.stdin.take().context("stdin")?;
        let mut answers = std::io::BufReader::new(child.stdout.take().context("stdout")?);
        let mut address = String::new();
        answers.read_line(&mut address)?;
        Ok(Self {
            child,
            orders,
            answers,
            address: address.trim().parse()?,
        })
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Orders a run and waits for its end.
    pub(crate) fn run(&mut self, rooms: usize, rate: u32, seconds: u32, payload: &str) -> Result<()> {
        writeln!(self.orders, "{rooms} {rate} {seconds} {payload}")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        if answer.trim() != "done" {
            bail!("the floor ended early");
        }
        Ok(())
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        // As in `cluster::Process`.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
