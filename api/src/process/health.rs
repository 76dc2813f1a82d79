//! `roomlog health`: asks the process that listens where these settings say, for whoever has no other tool at hand (an
//! image without a shell). What must hold: it ends soon, and reads a bounded answer. It opens nothing else: no store is
//! asked by it.

use super::Error;
use crate::config::{Config, millis};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Most bytes of an answer that are read.
const ANSWER_BYTES: u64 = 16 * 1024;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// Does it answer?
    Alive,
    /// Is all there that it depends on?
    Ready,
}

impl From<bool> for Question {
    fn from(ready: bool) -> Self {
        if ready { Self::Ready } else { Self::Alive }
    }
}

impl Question {
    const fn path(self) -> &'static str {
        match self {
            Self::Alive => "/livez",
            Self::Ready => "/readyz",
        }
    }
}

/// Asks it.
///
/// # Errors
/// [`Error::Unwell`] says what was answered, or that nothing was, within twice what one of its checks may take.
pub(super) async fn ask(config: &Config, question: Question) -> Result<(), Error> {
    let address = reachable(config.listen);
    let unwell = |what: String| Error::Unwell { address, what };
    let patience = millis(config.http.check_timeout_ms) * 2;
    let answer = tokio::time::timeout(patience, answer(address, question)).await;
    let answer = answer
        .map_err(|_| unwell(format!("no answer within {} ms", patience.as_millis())))?
        .map_err(|error| unwell(error.to_string()))?;
    if is_ok(&answer) {
        return Ok(());
    }
    Err(unwell(shown(&answer)))
}

async fn answer(address: SocketAddr, question: Question) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "GET {} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n",
        question.path()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Who listens on every address is asked on this machine's own.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

fn is_ok(answer: &str) -> bool {
    answer.split(' ').nth(1) == Some("200")
}

/// Status line and body.
fn shown(answer: &str) -> String {
    let status = answer.lines().next().unwrap_or_default();
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body.trim());
    format!("{status} {body}").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{is_ok, reachable, shown};

    #[test]
    fn who_listens_everywhere_is_asked_here() {
        for (listen, asked) in [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:8080", "[::1]:8080"),
            ("192.0.2.1:80", "192.0.2.1:80"),
        ] {
            let listen = listen.parse().expect("an address");
            assert_eq!(reachable(listen).to_string(), asked);
        }
    }

    #[test]
    fn an_answer_is_good_by_its_status_and_shown_with_its_body() {
        assert!(is_ok("HTTP/1.1 200 OK\r\n\r\nok"));
        let bad = "HTTP/1.1 503 Service Unavailable\r\ncontent-type: x\r\n\r\n{\"kafka\":\"down\"}";
        assert!(!is_ok(bad));
        assert_eq!(shown(bad), "HTTP/1.1 503 Service Unavailable {\"kafka\":\"down\"}");
        assert!(!is_ok(""));
    }
}
